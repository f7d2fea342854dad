"""A press after an end in appearance: a case of its own, as after a true end."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from msgspec import structs

from engine.alarm.case_events import PressedAnew
from engine.alarm.cases import OpenCases, standing_of
from engine.alarm.casework import AGAIN, handing_due, occasion_of
from engine.alarm.commands import (
    CountAsTold,
    HearOfPress,
)
from engine.alarm.events import AlarmRaised
from engine.alarm.force import begun_after, with_press_elsewhere
from engine.alarm.state import Act, Force, ReplyKind, Response, Safe
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.roster.model import Word
from engine.values import AlarmId, CommandId, Signal, StepId
from tests.engine.alarm.forced import CAREFUL, forced
from tests.engine.alarm.lives import ACTS, PROTOCOL, lived
from tests.engine.alarm.many_lives import ENDS
from tests.engine.alarm.scene import (
    ALARM,
    ALDER,
    ROWAN,
    Scene,
    press_of,
    raise_of,
)
from tests.fakes import START

CLOSED_FOR_GOOD = ["seen safe", "close the first"]
"""After a word of force too: a word more begins a case of which they know nothing."""
OPEN_BESIDE = [*CLOSED_FOR_GOOD, "cancel", "reopen the first"]


@pytest.mark.slow
@pytest.mark.timeout(600)  # half a minute alone, minutes beside much else
@settings(max_examples=150, deadline=None)
@given(
    acts=st.lists(
        st.tuples(st.integers(0, 200), st.sampled_from(sorted(ACTS))), max_size=8
    ),
    ends=st.sampled_from(ENDS),
)
@example(acts=[(0, act) for act in (*OPEN_BESIDE, "press")], ends=ENDS[0])
@example(
    acts=[(0, act) for act in (*OPEN_BESIDE, "cancel", "close the last")], ends=ENDS[1]
)
def test_whatever_follows_the_end_the_defenders_telephone_sees_the_same(
    acts: list[tuple[int, str]], ends: EffectState
) -> None:
    after_safe, after_duress = (lived(word, acts, ends) for word in Word)
    assert after_safe.to_defender() == after_duress.to_defender()


PRESSED = [(600, "press"), (60, "cancel"), (60, "close the last"), (5, "a day passes")]


def test_a_press_after_either_end_has_a_code_and_questions_of_its_own() -> None:
    for word in Word:
        life = lived(word, PRESSED)
        life.days(30)
        asked = [
            (case.id, event.step)
            for case in life.seen
            for event in case.planned(Audience.DEFENDER)
            if event.body.text(event.at).startswith("code-")
        ]
        days = ["day-1", "day-3", "day-7", "day-30"]
        assert asked == [(case, day) for case in ("a1", "a2") for day in days]
        texts = {
            text.split(b":")[0] for _, step, text in life.to_defender() if "day" in step
        }
        assert texts == {b"code-0", b"code-1"}


def test_after_an_end_in_appearance_both_cases_are_under_force_and_go_on() -> None:
    life = lived(Word.DURESS, PRESSED[:1])
    first, second = (case.state() for case in life.cases.values())
    assert first.is_open
    assert second.force == {Force.SECOND_SIGNAL}
    assert first.force == {Force.DURESS_WORD, Force.SECOND_SIGNAL}
    assert first.links == {second.id}
    assert second.links == {first.id}
    assert first.acknowledged is None, "HQ has to look at both"
    assert second.after == (), "the first knows"
    life.acknowledge()
    life.cancel()
    life.close(-1, ALDER)
    assert life.cases[second.id].state().is_open, "one person's word is not enough"


def test_a_cancel_after_hq_opened_the_first_again_is_answered_alike_bug_by_news() -> (
    None
):
    acts = [(600, "press"), (60, "reopen the first"), (5, "verify the last")]
    after_safe, after_duress = (lived(word, [*acts, (60, "cancel")]) for word in Word)
    assert after_safe.to_defender() == after_duress.to_defender()
    for life in (after_safe, after_duress):
        assert [case.state().cancel_requests for case in life.seen] == [1, 1]


def test_colleagues_wait_for_no_countdown_after_an_end_in_appearance_bug_they_did() -> (
    None
):
    protocol = replace(PROTOCOL, countdown=timedelta(minutes=1))
    for after, waits in (((), True), ((AlarmId("a0"),), False)):
        scene = Scene(protocol=protocol)
        scene.do(structs.replace(raise_of(press_of(), protocol), after=after))
        assert (StepId("colleagues") not in scene.state().fired) == waits


def test_after_a_true_end_a_press_is_under_no_force() -> None:
    life = lived(Word.SAFE, PRESSED[:1])
    first, second = (case.state() for case in life.cases.values())
    assert not first.is_open
    assert second.force == frozenset()
    assert first.links == second.links == frozenset()


def test_what_was_said_before_the_press_ends_neither_case() -> None:
    life = lived(Word.DURESS, [(60, "seen safe"), (60, "press")])
    first = life.cases[AlarmId("a1")]
    assert first.state().safe == ()
    first.acknowledge()
    first.close(ROWAN)
    assert first.state().is_open


def test_what_was_said_before_a_press_to_the_second_ends_no_first_bug_it_did() -> None:
    life = lived(Word.DURESS, [(600, "press"), (60, "seen safe"), (60, "press")])
    first, second = life.cases.values()
    assert len(second.state().presses) == 2
    assert second.state().after == ()
    assert first.state().safe == ()
    assert first.state().acknowledged is not None, "HQ hears of it from the second"
    first.close(ROWAN)
    assert first.state().is_open
    for one in ("seen safe", "close the first"):
        ACTS[one](life)
    assert not first.state().is_open, "said since"


@pytest.mark.parametrize("in_first", [False, True])
def test_a_word_of_force_in_either_case_takes_back_what_was_said_in_both_bug_in_one(
    *, in_first: bool
) -> None:
    life = lived(Word.DURESS, [(600, "press")])
    first, second = life.cases.values()
    for case in (first, second):
        case.reply("c1", ReplyKind.SAFE)
    life.run(60)
    ACTS["confirm the first" if in_first else "cancel"](life)
    assert Force.DURESS_WORD in (first if in_first else second).state().force
    assert first.state().after == second.state().after == ()
    life.acknowledge()
    for case in (first, second):
        case.close(ROWAN)
        assert case.state().is_open, "said before the word"


def test_an_earlier_case_hears_of_each_press_until_it_knows_the_last() -> None:
    life = lived(Word.DURESS, [(600, "press"), (60, "seen safe")])
    first, second = life.cases.values()
    life.hears = False
    for _ in range(2):
        life.run(1)
        life.press()
    assert second.state().after == (first.id,)
    assert len(first.state().safe) == 1
    life.hears = True
    life.run(30)
    assert second.state().after == ()
    assert first.state().safe == ()
    heard = [event for event in first.events if isinstance(event, PressedAnew)]
    assert len(heard) == 2


def test_being_told_of_an_earlier_press_counts_for_no_later_one() -> None:
    life = lived(Word.DURESS, [(600, "press")])
    first, second = life.cases.values()
    life.hears = False
    life.press()
    now = occasion_of(second.state())
    late = CountAsTold(command_id=CommandId("late"), other=first.id, occasion="1/0")
    second.do(late)
    assert second.state().after == (first.id,)
    second.do(structs.replace(late, command_id=CommandId("now"), occasion=now))
    assert second.state().after == ()


@pytest.mark.parametrize("word", Word)
def test_an_earlier_case_that_did_not_hear_of_the_press_is_told_again(
    word: Word,
) -> None:
    life = lived(word, [])
    life.hears = False
    life.run(600)
    life.press()
    first, second = life.cases.values()
    is_forced = word is Word.DURESS
    assert second.state().after == ((first.id,) if is_forced else ())
    assert Force.SECOND_SIGNAL not in first.state().force
    life.hears = True
    life.run(60)
    assert second.state().after == ()
    assert (Force.SECOND_SIGNAL in first.state().force) == is_forced
    assert len(first.of(AlarmRaised)) == len(second.of(AlarmRaised)) == 1


def test_every_earlier_case_hears_of_a_press_and_each_once() -> None:
    again = [(600, "press"), (60, "cancel"), (60, "close the last")]
    life = lived(Word.DURESS, [*again, (600, "restart"), (1, "press")])
    first, second, third = (case.state() for case in life.cases.values())
    assert third.links == {first.id, second.id}
    assert third.id in first.links
    assert third.id in second.links
    events = life.cases[first.id].events
    heard = [event.other for event in events if isinstance(event, PressedAnew)]
    assert heard == [second.id, third.id]


def test_a_case_that_is_over_indeed_hears_of_a_press_and_stays_over() -> None:
    scene = Scene(protocol=CAREFUL).raised()
    scene.acknowledge()
    scene.confirm_safe(ROWAN)
    scene.close()
    before = scene.state()
    assert not before.is_open
    scene.do(HearOfPress(command_id=CommandId("h"), other=AlarmId("b")))
    after = scene.state()
    assert (after.force, after.danger_at) == (before.force, before.danger_at)
    assert after.links == {AlarmId("b")}


def test_a_word_of_force_after_an_end_in_appearance_joins_the_case_that_goes_on() -> (
    None
):
    scene = forced()
    scene.acknowledge()
    scene.close()
    book = OpenCases()
    book.note(standing_of(scene.state()))
    word = replace(press_of("word", scene.now, (Signal.CANCEL,)), duress=True)
    silent = raise_of(word, CAREFUL)
    assert book.join(silent, AlarmId("own")) == (ALARM, silent)
    help_too = replace(word, signals=(Signal.SOS,))
    shown = raise_of(help_too, CAREFUL)
    assert book.join(shown, AlarmId("own")) == (
        AlarmId("own"),
        structs.replace(shown, after=(ALARM,)),
    )


def test_a_press_that_is_offered_again_finds_the_case_that_it_began() -> None:
    scene = forced()
    scene.acknowledge()
    scene.close()
    book = OpenCases()
    book.note(standing_of(scene.state()))
    again = raise_of(press_of())
    assert book.join(again, ALARM) == (ALARM, again)


def test_whoever_has_to_tell_another_case_of_a_press_has_a_deadline_for_it() -> None:
    case = Scene().raised().state()
    assert handing_due(case, START) is None
    untold = structs.replace(case, after=(AlarmId("b"),))
    assert handing_due(untold, START) == START.plus(AGAIN)


@pytest.mark.parametrize(
    ("waited_s", "again_s"), [(0, 5), (20, 5), (60, 15), (1_200, 300), (86_400, 300)]
)
def test_a_case_that_takes_nothing_is_told_ever_more_slowly(
    waited_s: int, again_s: int
) -> None:
    begun = structs.replace(Scene().raised().state(), after=(AlarmId("b"),))
    anew = structs.replace(begun, danger_at=START.plus(timedelta(hours=2)))
    merged = structs.replace(
        begun,
        after=(),
        response=Response.CLOSED,
        merged_into=AlarmId("b"),
        closed=Act(by=ALDER, at=START.plus(timedelta(hours=1))),
    )
    for alarm, hours in ((begun, 0), (merged, 1), (anew, 2)):
        now = START.plus(timedelta(hours=hours, seconds=waited_s))
        assert handing_due(alarm, now) == now.plus(timedelta(seconds=again_s))


@pytest.mark.parametrize(
    ("siblings", "signs", "again"),
    [
        ({"a"}, {Force.SECOND_SIGNAL}, False),
        ({"b"}, {Force.SECOND_SIGNAL}, True),
        ({"a"}, set(), True),
    ],
)
def test_a_press_elsewhere_is_a_sign_of_force_the_first_time(
    siblings: set[str], signs: set[Force], *, again: bool
) -> None:
    earlier = structs.replace(
        forced().state(),
        force=frozenset(signs),
        siblings=frozenset(map(AlarmId, siblings)),
        safe=(Safe(name="c1", at=START),) * 3,
        safe_heard=1,
    )
    later = earlier.opened_at.plus(timedelta(hours=1))
    told = with_press_elsewhere(earlier, AlarmId("a"), later)
    assert (told.danger_at == later) == again
    assert (told.safe, told.safe_heard) == (earlier.safe, 3), "what comes now counts"
    over = structs.replace(earlier, seen=structs.replace(earlier.seen, closed=later))
    told = with_press_elsewhere(over, AlarmId("a"), later)
    assert (told.safe, told.safe_heard) == ((), 0), "and here nobody has seen them"
    begun = begun_after(earlier, (AlarmId("a"), AlarmId("b")), later)
    assert begun.danger_at == later, "one of both has not been heard of"
    both = structs.replace(earlier, siblings=frozenset({AlarmId("a"), AlarmId("b")}))
    begun = begun_after(both, (AlarmId("a"), AlarmId("b")), later)
    assert (begun.danger_at == later) == (not signs)


def test_a_press_that_joins_names_no_case_to_itself() -> None:
    scene = Scene().raised()
    press = structs.replace(raise_of(press_of("k2")), after=(ALARM, AlarmId("b")))
    scene.do(press)
    assert scene.state().after == (AlarmId("b"),)


def test_a_cancel_after_the_end_is_not_confirmed_once_hq_opens_it_again() -> None:
    acts = ["press", "confirm the last", "close by the other", "cancel"]
    seen = []
    for word in Word:
        life = lived(word, [(7_200, act) for act in (*acts, "reopen the last")])
        life.run(60)
        seen.append([step for _, step, _ in life.to_defender()])
    assert seen[0] == seen[1]
    assert seen[0].count("confirm-cancel") == 1, "that of the first case"


@pytest.mark.parametrize("then", ["said to be held", "close the first as detained"])
def test_who_is_detained_is_asked_no_more_after_either_end(then: str) -> None:
    seen = []
    for word in Word:
        life = lived(word, [(60, "confirmed by the other"), (60, then)])
        life.days(4)
        seen.append(life.to_defender())
    assert seen[0] == seen[1]
    assert not any("day-" in step for _, step, _ in seen[0])


def test_a_sign_of_force_in_one_case_refuses_no_close_that_was_taken_before() -> None:
    acts = ["press", "verify the last", "confirm the last", "confirm the first"]
    seen = [
        lived(word, [(190, act) for act in (*acts, "close the last")]).to_defender()
        for word in Word
    ]
    assert seen[0] == seen[1]
