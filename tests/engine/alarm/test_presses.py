"""Of very many presses those are kept that somebody decides by."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.alarm.force import is_shown
from engine.alarm.presses import KEPT_MAX, LATEST, with_press
from engine.alarm.state import Press, SourceDoubt
from engine.values import Instant, ReportKey, Signal
from tests.engine.alarm.scene import ENDED_BY_ONE, Scene, press_of, raise_of
from tests.fakes import START

MOST = st.sampled_from([Signal.SOS, Signal.REMOVED, Signal.FALL])


@st.composite
def floods(draw: st.DrawFn) -> list[Press]:
    """Return presses of which most are alike and any may differ."""
    count = draw(st.integers(1, 4 * KEPT_MAX))
    odd = draw(
        st.dictionaries(
            st.integers(0, count - 1),
            st.tuples(
                st.frozensets(st.sampled_from(Signal), max_size=4),
                st.sampled_from([None, *SourceDoubt]),
                st.booleans(),
                st.booleans(),
            ),
        )
    )
    common = (frozenset({draw(MOST)}), SourceDoubt.UNKNOWN_DEVICE, False, False)
    presses = []
    for number in range(count):
        signals, doubt, duress, unseen = odd.get(number, common)
        press = replace(
            press_of(f"k{number}", START, tuple(sorted(signals))),
            at=Instant(START.ms + number),
            doubt=doubt,
            duress=duress,
            unseen=unseen,
        )
        presses.append(press)
    return presses


def kept_of(presses: list[Press]) -> tuple[Press, ...]:
    kept: tuple[Press, ...] = (presses[0],)
    for press in presses[1:]:
        kept = with_press(kept, press, ENDED_BY_ONE)
    return kept


@given(floods())
def test_what_is_decided_by_all_presses_is_decided_by_those_that_are_kept(
    presses: list[Press],
) -> None:
    kept = kept_of(presses)
    for some in (presses, kept):
        assert some[0] == presses[0]
        assert {one for press in some for one in press.signals} == {
            one for press in presses for one in press.signals
        }
        assert {press.doubt for press in some} == {press.doubt for press in presses}
    shown = [
        next((one for one in reversed(some) if is_shown(one, ENDED_BY_ONE)), None)
        for some in (presses, kept)
    ]
    assert shown[0] == shown[1]
    assert list(kept[-LATEST:]) == presses[-LATEST:]


@given(floods())
def test_a_flood_is_kept_within_a_bound_and_in_its_order(presses: list[Press]) -> None:
    kept = kept_of(presses)
    assert len(kept) <= KEPT_MAX
    assert list(kept) == [press for press in presses if press in kept]


def test_nothing_is_left_out_before_there_are_too_many() -> None:
    presses = [press_of(f"k{number}") for number in range(KEPT_MAX + 1)]
    assert list(kept_of(presses[:-1])) == presses[:-1]
    assert list(kept_of(presses)) == [presses[0], *presses[-LATEST:]]


def test_a_case_counts_what_it_does_not_keep_bug_each_press_cost_more() -> None:
    scene = Scene().raised()
    for number in range(5 * KEPT_MAX):
        scene.do(raise_of(press_of(f"again-{number}")))
    alarm = scene.state()
    assert alarm.press_count == 5 * KEPT_MAX + 1
    assert len(alarm.presses) <= KEPT_MAX
    assert alarm.presses[-1].key == ReportKey(f"again-{5 * KEPT_MAX - 1}")
