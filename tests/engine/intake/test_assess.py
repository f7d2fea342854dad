"""What each report means, as a table: nothing silences an SOS."""

from dataclasses import replace
from datetime import timedelta
from math import inf, nan

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.alarm.state import Kind, KnownPlace, PlaceSource, SourceDoubt
from engine.intake.assess import (
    HQ_ALONE,
    Outcome,
    assess,
    report_key,
)
from engine.intake.doubts import clock_doubtful, plausible
from engine.ports.device import ReportKind
from engine.values import Fix, Instant, Signal
from tests.engine.intake.reports import (
    HERON,
    ROSTER,
    SECOND,
    SOS,
    STRANGERS,
    Said,
    fix,
    report,
)
from tests.fakes import START
from tests.strategies import FIXES, INSTANTS, SIGNALS, maybe

PERSON = ROSTER.person(HERON)
RAISE = frozenset({Signal.SOS, Signal.REMOVED})
LAST = fix(41.3, 69.2, at=START.plus(-60 * SECOND))
QUIET = frozenset(Signal) - HQ_ALONE - {Signal.CANCEL, Signal.CHECK_IN}


def place_of(said: Said, last: Fix | None = LAST) -> KnownPlace:
    return assess(report(**said), PERSON, RAISE, last).place


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({}, Outcome.ALARM),
        ({"signals": frozenset({Signal.REMOVED})}, Outcome.ALARM),
        ({"fix": None}, Outcome.ALARM),
        ({"fix": None, "device_at": None}, Outcome.ALARM),
        ({"buffered": True}, Outcome.ALARM),
        ({"checksum_ok": False}, Outcome.ALARM),
        ({"authentic": False}, Outcome.ALARM),
        ({"device_at": START.plus(timedelta(days=-8000))}, Outcome.ALARM),
        ({"kind": ReportKind.UNDECODABLE}, Outcome.ALARM),
        ({"signals": frozenset({Signal.SOS, Signal.CANCEL})}, Outcome.ALARM),
        ({"signals": SOS | QUIET}, Outcome.ALARM),
        ({"signals": frozenset({Signal.CANCEL})}, Outcome.CANCEL),
        ({"signals": frozenset({Signal.TAMPERED})}, Outcome.NOTICE),
        ({"signals": frozenset({Signal.FALL})}, Outcome.NOTICE),
        ({"signals": frozenset({Signal.UNKNOWN})}, Outcome.NOTICE),
        (
            {"signals": frozenset(), "kind": ReportKind.UNDECODABLE, "fix": None},
            Outcome.NOTICE,
        ),
        ({"signals": frozenset()}, Outcome.POSITION),
        ({"signals": frozenset(), "fix": None}, Outcome.NOTHING),
        ({"signals": QUIET}, Outcome.POSITION),
        ({"signals": QUIET, "fix": None}, Outcome.NOTHING),
        ({"signals": frozenset({Signal.CHECK_IN})}, Outcome.CHECK_IN),
        ({"signals": SOS | {Signal.CHECK_IN}}, Outcome.ALARM),
    ],
)
def test_a_known_devices_report_comes_to(said: Said, outcome: Outcome) -> None:
    assert assess(report(**said), PERSON, RAISE, None).outcome is outcome


@pytest.mark.parametrize(
    ("said", "outcome"),
    [
        ({}, Outcome.ALARM),
        ({"device": None}, Outcome.ALARM),
        ({"signals": frozenset({Signal.FALL})}, Outcome.NOTICE),
        ({"signals": frozenset({Signal.CANCEL})}, Outcome.CANCEL),
        ({"signals": frozenset()}, Outcome.NOTHING),
        ({"signals": QUIET}, Outcome.NOTHING),
        ({"signals": frozenset(), "kind": ReportKind.UNDECODABLE}, Outcome.STRAY),
        ({"signals": frozenset(), "kind": ReportKind.NOISE}, Outcome.NOTHING),
    ],
)
def test_a_strangers_report_comes_to(said: Said, outcome: Outcome) -> None:
    given: Said = {"device": STRANGERS, **said}
    assessed = assess(report(**given), None, None, None)
    assert assessed.outcome is outcome
    assert assessed.press.doubt is SourceDoubt.UNKNOWN_DEVICE


def test_the_action_protocol_and_nobody_else_says_what_raises() -> None:
    fall = report(signals=frozenset({Signal.FALL}))
    assert assess(fall, PERSON, RAISE, None).outcome is Outcome.NOTICE
    only_fall = frozenset({Signal.FALL})
    assert assess(fall, PERSON, only_fall, None).outcome is Outcome.ALARM
    assert assess(report(), PERSON, only_fall, None).outcome is Outcome.NOTICE
    overspeed = frozenset({Signal.OVERSPEED})
    assert assess(report(signals=overspeed), PERSON, overspeed, None).kind is Kind.REAL


def test_every_signal_is_either_shown_to_a_person_or_kept_quiet() -> None:
    assert HQ_ALONE.isdisjoint(QUIET)
    assert HQ_ALONE | QUIET | {Signal.CANCEL, Signal.CHECK_IN} == set(Signal)
    for signal in (Signal.VEHICLE, Signal.LOW_BATTERY, Signal.HARSH_DRIVING):
        assert signal in QUIET


@pytest.mark.parametrize(
    ("said", "word"),
    [
        ({"buffered": True}, "late"),
        ({"device_at": START.plus(-301 * SECOND)}, "clock_doubtful"),
        ({"device_at": START.plus(301 * SECOND)}, "clock_doubtful"),
        ({"checksum_ok": False}, "checksum_failed"),
        ({"kind": ReportKind.UNDECODABLE}, "undecodable"),
        ({"fix": fix(0.001, -0.001)}, "place_doubtful"),
        ({"fix": None, "doubtful_fix": fix()}, "place_doubtful"),
    ],
)
def test_what_is_odd_is_said_on_the_press_and_nothing_else_is(
    said: Said, word: str
) -> None:
    press = assess(report(**said), PERSON, RAISE, None).press
    odd = {
        name
        for name in (
            "late",
            "clock_doubtful",
            "place_doubtful",
            "checksum_failed",
            "undecodable",
        )
        if getattr(press, name)
    }
    assert odd == {word}


def test_failed_authentication_is_a_doubt_about_the_source() -> None:
    doubt = assess(report(authentic=False), PERSON, RAISE, None).press.doubt
    assert doubt is SourceDoubt.FAILED_AUTHENTICATION
    assert assess(report(authentic=True), PERSON, RAISE, None).press.doubt is None
    assert assess(report(), PERSON, RAISE, None).press.doubt is None


@given(st.integers(-400, 400))
def test_a_clock_is_doubtful_beyond_five_minutes_either_way(off_s: int) -> None:
    said = report(device_at=START.plus(off_s * SECOND))
    assert clock_doubtful(said) == (abs(off_s) > 300)


def test_a_buffered_report_is_late_and_its_clock_is_believed() -> None:
    old = START.plus(timedelta(hours=-3))
    assessed = assess(
        report(buffered=True, device_at=old, fix=fix(at=old)), PERSON, RAISE, None
    )
    assert assessed.press.late
    assert not assessed.press.clock_doubtful
    assert assessed.place.at == old


def test_a_doubtful_clocks_position_counts_as_now() -> None:
    wrong = START.plus(timedelta(days=-8000))
    place = place_of({"device_at": wrong, "fix": fix(at=wrong)}, None)
    assert (place.source, place.at) == (PlaceSource.DEVICE, START)


def test_a_fix_of_the_future_counts_as_now() -> None:
    later = START.plus(120 * SECOND)
    assert place_of({"device_at": later, "fix": fix(at=later)}).at == START


@pytest.mark.parametrize(
    ("said", "last", "source"),
    [
        ({}, LAST, PlaceSource.DEVICE),
        ({"fix": None}, LAST, PlaceSource.LAST_FIX),
        ({"fix": None}, None, PlaceSource.DECLARED),
        ({"fix": fix(0.0, 0.0)}, LAST, PlaceSource.LAST_FIX),
        ({"fix": fix(0.0, 0.0)}, None, PlaceSource.DECLARED),
        ({"fix": fix(-41.3, -69.3)}, LAST, PlaceSource.LAST_FIX),
        ({"fix": None, "doubtful_fix": fix()}, LAST, PlaceSource.LAST_FIX),
        ({"fix": fix(nan, 69.0)}, LAST, PlaceSource.LAST_FIX),
        ({"fix": fix(91.0, 69.0)}, None, PlaceSource.DECLARED),
        ({"checksum_ok": False, "fix": fix()}, LAST, PlaceSource.DEVICE),
        ({"checksum_ok": False, "fix": fix(-41.3)}, LAST, PlaceSource.LAST_FIX),
        (
            {"buffered": True, "fix": fix(at=START.plus(-3600 * SECOND))},
            LAST,
            PlaceSource.LAST_FIX,
        ),
    ],
)
def test_the_best_place_there_is_counts(
    said: Said, last: Fix | None, source: PlaceSource
) -> None:
    assert place_of(said, last).source is source


def test_without_fix_roster_or_declared_place_nowhere_is_said() -> None:
    stranger: Said = {"device": STRANGERS, "fix": None}
    assert assess(report(**stranger), None, None, None).place.source is (
        PlaceSource.NOWHERE
    )


def test_a_doubtful_place_is_shown_where_there_is_no_other_and_never_kept() -> None:
    said = report(device=STRANGERS, fix=None, doubtful_fix=fix())
    assessed = assess(said, None, None, None)
    assert assessed.place.lat_deg == 41.31151
    assert assessed.press.place_doubtful
    assert assessed.fix is None


@pytest.mark.parametrize("accuracy_m", [nan, inf, -1.0])
def test_an_impossible_accuracy_is_none_bug_a_text_could_not_be_made(
    accuracy_m: float,
) -> None:
    assessed = assess(report(fix=fix(accuracy_m=accuracy_m)), PERSON, RAISE, None)
    assert assessed.place.accuracy_m is None
    assert assessed.fix is not None
    assert assessed.fix.accuracy_m is None


@pytest.mark.parametrize(
    ("after_s", "lat_deg", "is_plausible"),
    [(60, 41.4, True), (60, 42.0, False), (3600, 50.0, True), (3600, 52.0, False)],
)
def test_faster_than_any_aeroplane_is_a_jump(
    *, after_s: int, lat_deg: float, is_plausible: bool
) -> None:
    there = fix(lat_deg, at=START.plus(after_s * SECOND))
    assert plausible(there, fix()) is is_plausible


@given(FIXES, maybe(FIXES))
def test_plausibility_is_decided_for_any_two_fixes(one: Fix, last: Fix | None) -> None:
    plausible(one, last)


# The key of a report ---------------------------------------------------------------


def test_a_buffered_frame_again_is_the_same_report_whenever_it_comes() -> None:
    once = report(buffered=True)
    again = replace(once, received_at=START.plus(timedelta(days=3)))
    assert report_key(once) == report_key(again)


@pytest.mark.parametrize("sequence", [None, 3])
@pytest.mark.parametrize(
    ("first_s", "again_s", "is_one"),
    [
        (0, 600, True),
        (0, 601, False),
        (0, 86_400, False),
        (86_400, 86_420, True),
        (86_400, 87_001, False),
    ],
)
def test_a_press_is_not_lost_because_the_clock_of_its_device_stands_still(
    first_s: int, again_s: int, sequence: int | None, *, is_one: bool
) -> None:
    def key(after_s: int) -> str:
        at = START.plus(after_s * SECOND)
        return report_key(report(sequence=sequence, received_at=at))

    assert (key(first_s) == key(again_s)) is is_one


@pytest.mark.parametrize(("again_s", "is_one"), [(599, True), (1200, False)])
def test_a_second_press_at_a_fix_in_local_time_is_heard_bug_the_same_for_ever(
    again_s: int, *, is_one: bool
) -> None:
    """Indoors, in Tashkent: both presses have the time of the last fix, hours ahead."""
    first = report(device_at=START.plus(timedelta(hours=5)))
    again = replace(first, received_at=START.plus(again_s * SECOND))
    assert (report_key(first) == report_key(again)) is is_one


@pytest.mark.parametrize(
    "said",
    [
        {"raw": b"other"},
        {"device": STRANGERS},
        {"part": 1},
        {"protocol": "h02"},
    ],
)
def test_another_frame_device_part_or_protocol_is_another_report(said: Said) -> None:
    assert report_key(report()) != report_key(report(**said))


def test_a_counter_without_a_time_is_itself_for_ten_minutes_since_it_wraps() -> None:
    def key(after_s: int) -> str:
        at = START.plus(after_s * SECOND)
        return report_key(report(device_at=None, sequence=7, received_at=at))

    assert key(0) == key(20)
    assert key(0) != key(601)


def test_neither_time_nor_counter_makes_each_frame_a_press_of_its_own() -> None:
    def key(after_ms: int) -> str:
        at = START.plus(timedelta(milliseconds=after_ms))
        return report_key(report(device_at=None, received_at=at))

    assert key(0) != key(1)


@given(
    signals=st.frozensets(SIGNALS, max_size=4),
    kind=st.sampled_from(ReportKind),
    sent=maybe(FIXES),
    last=maybe(FIXES),
    received_at=INSTANTS,
    device_at=maybe(INSTANTS),
    known=st.booleans(),
    buffered=st.booleans(),
)
def test_whatever_else_is_said_a_trigger_raises(
    *,
    signals: frozenset[Signal],
    kind: ReportKind,
    sent: Fix | None,
    last: Fix | None,
    received_at: Instant,
    device_at: Instant | None,
    known: bool,
    buffered: bool,
) -> None:
    said = report(
        signals=signals,
        kind=kind,
        fix=sent,
        received_at=received_at,
        device_at=device_at,
        buffered=buffered,
    )
    assessed = assess(said, PERSON if known else None, RAISE, last)
    assert (assessed.outcome is Outcome.ALARM) == bool(signals & RAISE)
    if assessed.fix is not None:
        assert plausible(assessed.fix, last)
        assert assessed.fix.at <= said.received_at


def test_a_jump_is_believed_once_a_later_report_agrees_with_it() -> None:
    """One wrong position, believed once, made every true one doubtful for hours."""
    there = fix(lat_deg=-33.9, lon_deg=18.4, at=START)
    later = START.plus(timedelta(minutes=5))
    first = assess(report(fix=there), PERSON, RAISE, LAST)
    assert first.press.place_doubtful
    assert (first.fix, first.doubted) == (None, there)
    again = assess(report(fix=there), PERSON, RAISE, LAST, None, first.doubted)
    assert again.press.place_doubtful, "the same report proves nothing"
    near = fix(lat_deg=-33.91, lon_deg=18.41, at=later)
    said = report(fix=near, received_at=later, device_at=later)
    second = assess(said, PERSON, RAISE, LAST, None, first.doubted)
    assert not second.press.place_doubtful
    assert second.fix == near


def test_nothing_makes_0_0_a_place() -> None:
    nowhere = fix(lat_deg=0.0, lon_deg=0.0, at=START)
    later = START.plus(timedelta(minutes=5))
    again = fix(lat_deg=0.0, lon_deg=0.0, at=later)
    said = report(fix=again, received_at=later, device_at=later)
    assert assess(said, PERSON, RAISE, LAST, None, nowhere).press.place_doubtful


def test_a_press_has_its_readings_and_not_what_the_device_answered() -> None:
    attributes = {"heart_rate_bpm": "142", "said": "OK,password", "status": "0x05"}
    press = assess(report(attributes=attributes), PERSON, RAISE, None).press
    assert press.readings == (("heart_rate_bpm", "142"),)
