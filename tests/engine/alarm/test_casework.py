"""Cases handed over, linked and merged: nobody who was told is lost on the way."""

from dataclasses import replace
from datetime import timedelta

from msgspec import structs

from engine.alarm.case_events import (
    AlarmsLinked,
    CaseHandedOver,
    PeopleHandedOn,
    PeopleTakenIn,
    TakenIn,
)
from engine.alarm.casework import AGAIN, handing_due, people_of, with_casework
from engine.alarm.commands import (
    Close,
    HandOver,
    HandPeopleOn,
    Link,
    TakeIn,
    TakeReply,
)
from engine.alarm.events import ActRefused, AlarmClosed, AlarmReopened
from engine.alarm.handing import pass_on
from engine.alarm.messages import Done, Forward
from engine.alarm.refusals import RefusalGround
from engine.alarm.schedule import next_due
from engine.alarm.state import CloseReason, FalseClass, Held, ReplyKind, Response
from engine.ports.journal import EffectState
from engine.protocol.model import LEASE, Audience
from engine.roster.model import Word
from engine.values import AlarmId, CommandId, StepId
from tests.engine.alarm.scene import ALARM, ALDER, ENDED_BY_ONE, PROTOCOLS, ROWAN, Scene

OTHER = AlarmId("b2")


def acknowledged() -> Scene:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    return scene


def merged() -> Scene:
    scene = acknowledged()
    merge(scene)
    return scene


def merge(scene: Scene) -> None:
    scene.do(
        Close(
            command_id=scene.command_id(),
            by=ALDER,
            reason=CloseReason.DUPLICATE,
            into=OTHER,
        )
    )


def hand_over(scene: Scene) -> None:
    scene.do(
        HandOver(command_id=scene.command_id(), by=ALDER, to=ROWAN, note="call at 6")
    )


def refusals(scene: Scene) -> list[RefusalGround]:
    return [e.ground for e in scene.events if isinstance(e, ActRefused)]


# handed over, linked --------------------------------------------------------------


def test_a_case_is_handed_over_with_a_note_and_without_a_gap() -> None:
    scene = acknowledged()
    hand_over(scene)
    state = scene.state()
    assert state.acknowledged is not None
    assert state.acknowledged.by == ROWAN
    assert state.operators == {ALDER, ROWAN}
    (event,) = scene.of(CaseHandedOver)
    assert isinstance(event, CaseHandedOver)
    assert event.note == "call at 6"
    before = len(scene.planned(Audience.DUTY))
    scene.run(LEASE.total_seconds() - 1, each_due=scene.settle_all)
    assert len(scene.planned(Audience.DUTY)) == before, "nobody is paged for it"


def test_handing_over_counts_as_attending_to_the_case() -> None:
    scene = Scene(protocol=replace(Scene().protocol, lease=timedelta(minutes=10)))
    scene.raised()
    scene.settle_all()
    scene.acknowledge()
    scene.run(500, each_due=scene.settle_all)
    hand_over(scene)
    scene.run(500, each_due=scene.settle_all)
    assert scene.state().acknowledged is not None
    scene.run(200, each_due=scene.settle_all)
    assert scene.state().acknowledged is None, "whoever took it over does nothing"


def test_only_a_case_that_somebody_has_is_handed_over() -> None:
    scene = Scene().raised()
    hand_over(scene)
    assert refusals(scene) == [RefusalGround.NOT_ACKNOWLEDGED]
    scene.acknowledge(ROWAN)
    hand_over(scene)
    assert refusals(scene)[1:] == [RefusalGround.ALREADY_DONE]
    scene.close()
    hand_over(scene)
    assert refusals(scene)[2:] == [RefusalGround.ALARM_CLOSED]


def test_two_cases_are_linked_once_and_never_with_themselves() -> None:
    scene = acknowledged()
    for other in (OTHER, OTHER, ALARM):
        scene.do(Link(command_id=scene.command_id(), by=ALDER, other=other))
    assert scene.state().links == {OTHER}
    assert len(scene.of(AlarmsLinked)) == 1
    assert refusals(scene) == [RefusalGround.ALREADY_DONE] * 2


def test_a_closed_case_is_linked_too() -> None:
    scene = acknowledged()
    scene.close()
    scene.do(Link(command_id=scene.command_id(), by=ALDER, other=OTHER))
    assert scene.state().links == {OTHER}


# merged ---------------------------------------------------------------------------


def test_who_was_told_of_a_merged_case_hears_of_no_end_from_it() -> None:
    scene = merged()
    assert not scene.state().is_open
    scene.run(600, each_due=scene.settle_all)
    assert scene.planned(Audience.TOLD) == []


def test_they_are_handed_on_until_the_other_case_has_them() -> None:
    scene = merged()
    people = people_of(scene.state())
    assert people is not None
    by_name = {one.person: one for one in people.people}
    assert {"c1", "c2", "c3", "c4", "c5", "hq-1"} <= set(by_name)
    assert by_name["c1"].code == "code-c1"
    assert by_name["c1"].ways == (("sms", "+1555c1"),)
    assert next_due(scene.state(), scene.now) == scene.now.plus(timedelta(seconds=5))
    handed = HandPeopleOn(command_id=CommandId("h"), into=OTHER)
    scene.do(handed)
    after_care = scene.now.plus(timedelta(days=1))
    assert next_due(scene.state(), scene.now) == after_care
    assert people_of(scene.state()) is None
    assert scene.do(handed) == ()


def taking() -> tuple[Scene, TakeIn]:
    """Return the case that goes on, and whom it is to take in."""
    other = merged()
    people = people_of(other.state())
    assert people is not None
    scene = Scene(colleagues=())
    scene.raised()
    scene.settle_all()
    scene.acknowledge()
    return scene, structs.replace(people, other=OTHER)


def stops(scene: Scene) -> set[str]:
    return set(scene.told(Audience.TOLD))


def test_the_case_that_goes_on_tells_them_of_its_end() -> None:
    scene, take_in = taking()
    scene.do(take_in)
    assert len(scene.of(PeopleTakenIn)) == 1
    assert scene.state().links == {OTHER}
    scene.close()
    assert {"c1", "c2", "c3", "c4", "c5"} <= stops(scene)
    texts = {e.person: e.body.text(scene.now) for e in scene.planned(Audience.TOLD)}
    assert texts["c1"].startswith("code-c1 Heron"), "by the code that they know"


def test_whoever_is_taken_in_after_the_end_hears_of_it_at_once() -> None:
    scene, take_in = taking()
    scene.close()
    assert "c1" not in stops(scene)
    scene.do(take_in)
    assert {"c1", "c2", "c3", "c4", "c5"} <= stops(scene)


def test_the_answer_of_one_who_was_taken_in_counts() -> None:
    scene, take_in = taking()
    scene.do(take_in)
    scene.reply("c1", ReplyKind.COMING)
    assert scene.state().told["c1"].reply is ReplyKind.COMING


def test_where_the_other_case_is_not_there_they_hear_of_the_end_from_this_one() -> None:
    scene = merged()
    gone = HandPeopleOn(command_id=CommandId("h"), into=OTHER, missing=True)
    scene.do(gone)
    assert len(scene.of(PeopleHandedOn)) == 1
    assert {"c1", "c2", "c3", "c4", "c5"} <= stops(scene)


def test_under_force_one_person_merges_nothing_away() -> None:
    scene = acknowledged()
    scene.cancel(Word.DURESS)
    scene.acknowledge()
    merge(scene)
    (closed,) = scene.of(AlarmClosed)
    assert isinstance(closed, AlarmClosed)
    assert closed.apparent
    assert scene.state().is_open
    assert people_of(scene.state()) is None


def test_a_merged_case_that_is_opened_again_goes_on_by_itself() -> None:
    scene = merged()
    scene.reopen()
    assert scene.state().merged_into is None
    scene.acknowledge()
    scene.close()
    assert {"c1", "c2"} <= stops(scene)


def test_people_are_handed_on_along_a_chain_of_cases() -> None:
    scene, take_in = taking()
    merge(scene)
    scene.do(HandPeopleOn(command_id=CommandId("h"), into=OTHER))
    assert people_of(scene.state()) is None
    scene.do(structs.replace(take_in, other=AlarmId("c3")))
    again = people_of(scene.state())
    assert again is not None
    assert "c1" in {one.person for one in again.people}


def test_what_was_being_sent_at_the_merge_is_handed_on_as_well() -> None:
    scene = Scene().raised()
    attempted = next(e for e in scene.waiting() if ".c1." in e)
    scene.settle(attempted, EffectState.ATTEMPTING)
    scene.acknowledge()
    merge(scene)
    people = people_of(scene.state())
    assert people is not None
    assert [one.person for one in people.people] == ["c1"]


# what the actor does about it ------------------------------------------------------


def test_the_directory_is_told_of_people_and_of_late_answers() -> None:
    scene, told = merged(), list[Forward]()
    reply = TakeReply(
        command_id=CommandId("r"),
        person="c1",
        reply=ReplyKind.COMING,
        authentic=True,
        channel="sms",
    )
    pass_on(scene.state(), reply, told.append)
    assert [one.alarm_id for one in told] == [OTHER, OTHER]
    people, late = told
    assert isinstance(people.command, TakeIn)
    assert late.command == reply
    assert people.answered is not None
    people.answered(Done(failed=True))
    assert len(told) == 2, "asked again when the deadline comes"
    people.answered(Done(alarm=scene.state()))
    assert told[2].alarm_id == ALARM
    assert isinstance(told[2].command, HandPeopleOn)
    assert not told[2].command.missing
    people.answered(Done())
    assert isinstance(told[3].command, HandPeopleOn)
    assert told[3].command.missing


def test_nothing_is_passed_on_by_a_case_of_its_own() -> None:
    scene, told = acknowledged(), list[Forward]()
    pass_on(
        scene.state(),
        Link(command_id=CommandId("l"), by=ALDER, other=OTHER),
        told.append,
    )
    pass_on(None, HandPeopleOn(command_id=CommandId("h"), into=OTHER), told.append)
    assert told == []


def test_a_false_alarm_keeps_how_it_came_about_until_it_is_opened_again() -> None:
    scene = Scene(protocol=PROTOCOLS["street_attack"]).raised()
    scene.settle_all()
    scene.acknowledge()
    scene.confirm_safe(ROWAN)
    scene.do(
        Close(
            command_id=scene.command_id(),
            by=ALDER,
            reason=CloseReason.FALSE_ALARM,
            false_class=FalseClass.BY_MISTAKE,
        )
    )
    assert scene.state().false_class is FalseClass.BY_MISTAKE
    scene.reopen()
    assert scene.state().false_class is None


def test_a_cancel_after_the_end_opens_nothing_and_a_forced_one_does_in_silence() -> (
    None
):
    scene = acknowledged()
    scene.close()
    scene.cancel()
    assert scene.of(AlarmReopened) == []
    assert not scene.state().is_open
    scene.cancel(Word.DURESS)
    (reopened,) = scene.of(AlarmReopened)
    assert isinstance(reopened, AlarmReopened)
    assert (reopened.silent, reopened.apparent) == (True, False)
    assert scene.state().is_open


def test_a_forced_cancel_of_an_open_case_opens_nothing_again() -> None:
    scene = acknowledged()
    scene.cancel(Word.DURESS)
    assert scene.of(AlarmReopened) == []


def test_whoever_knows_of_both_cases_keeps_what_they_have_said_of_this_one() -> None:
    alarm = acknowledged().state()
    told = structs.replace(alarm.told["c1"], reply=ReplyKind.COMING)
    alarm = structs.replace(alarm, told={**alarm.told, "c1": told})
    theirs = [taken_in("c1"), taken_in("stranger")]
    event = PeopleTakenIn(at=alarm.opened_at, other=OTHER, people=tuple(theirs))
    after = with_casework(alarm, event)
    assert after.told["c1"] == told
    assert after.told["stranger"].code == "code-stranger"
    assert after.taken_in == tuple(theirs)


def taken_in(person: str) -> TakenIn:
    return TakenIn(
        person=person,
        alias=person.title(),
        audience=Audience.NEAREST,
        language="en",
        sign="sign",
        code=f"code-{person}",
        zone="UTC",
        ways=(("sms", "+1"),),
    )


def test_a_merged_case_that_is_open_again_hands_nobody_on() -> None:
    alarm = merged().state()
    assert people_of(alarm) is not None
    assert people_of(structs.replace(alarm, response=Response.NOTIFYING)) is None
    assert people_of(structs.replace(alarm, handed_on=True)) is None
    assert people_of(structs.replace(alarm, merged_into=None)) is None


def test_who_links_or_hands_over_attends_to_the_case() -> None:
    alarm = acknowledged().state()
    later = alarm.opened_at.plus(timedelta(hours=1))
    linked = with_casework(alarm, AlarmsLinked(at=later, by=ALDER, other=OTHER))
    assert linked.attended_at == later
    over = CaseHandedOver(at=later, by=ALDER, to=ROWAN, note="yours")
    assert with_casework(alarm, over).acknowledged == Held(by=ROWAN, at=later)
    ends = later.plus(timedelta(hours=2))
    shift = with_casework(alarm, replace(over, until=ends))
    assert shift.acknowledged == Held(by=ROWAN, at=later, until=ends)
    lapsed = with_casework(structs.replace(alarm, acknowledged=None), over)
    assert lapsed.acknowledged is None, "a lease that was over is given to nobody"
    assert lapsed.attended_at == later


def test_hq_hears_of_a_merged_cases_end_where_its_file_says_so() -> None:
    (stop,) = (s for s in ENDED_BY_ONE.steps if s.to is Audience.TOLD)
    hq = replace(stop, id=StepId("hq-end"), to=Audience.HQ, channels=("email",))
    scene = Scene(
        protocol=replace(ENDED_BY_ONE, steps=(*ENDED_BY_ONE.steps, hq))
    ).raised()
    scene.settle_all()
    scene.acknowledge()
    merge(scene)
    scene.run(60, each_due=scene.settle_all)
    assert [one.person for one in scene.planned() if one.step == "hq-end"] == ["hq-1"]
    assert scene.planned(Audience.TOLD) == []


def test_a_case_looks_again_while_an_earlier_one_has_not_heard_of_it() -> None:
    scene = Scene().raised()
    alone = scene.state()
    assert handing_due(alone, scene.now) is None
    later = structs.replace(alone, after=(AlarmId("earlier"),))
    assert handing_due(later, scene.now) == scene.now.plus(AGAIN)
