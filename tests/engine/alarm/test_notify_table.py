"""Whom a round, a climb, a repeat or a stop message is for, one condition at a time."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.commands import Recipient
from engine.alarm.effects import Effect
from engine.alarm.events import (
    Chosen,
    NotificationPlanned,
    RecipientsChosen,
    StepFired,
)
from engine.alarm.ladder import Climb
from engine.alarm.notify import plan_climb, plan_latecomers, plan_repeat, plan_round
from engine.alarm.outgoing import with_notification, with_recipients
from engine.alarm.schedule import DueRound
from engine.alarm.state import Alarm, ReplyKind, Response, Said, Truth
from engine.dispatch.queue import RANK_CALL, RANK_DISTRESS
from engine.ports.journal import EffectState
from engine.protocol.model import Audience, Step, Voice
from engine.values import AlarmId, EffectId, StepId
from tests.engine.alarm.scene import ENDED_BY_ONE, Scene, colleague
from tests.fakes import START

PLANNED = {event.effect: event for event in Scene().raised().planned()}


def raised() -> Alarm:
    return Scene().raised().state()


def first(alarm: Alarm, audience: Audience = Audience.NEAREST) -> Effect:
    return next(e for e in alarm.effects.values() if e.audience is audience)


def step_to(audience: Audience, **changes: object) -> Step:
    (model,) = (s for s in ENDED_BY_ONE.steps if s.to is Audience.TOLD)
    changes = {"after": "raised", "requires": (), "stopped_by": ()} | changes
    return replace(model, id=StepId("again"), to=audience, **changes)  # type: ignore[arg-type] # by name


def again(
    alarm: Alarm, audience: Audience, channels: tuple[str, ...]
) -> list[tuple[str, str, str]]:
    """Return whom a step that writes to known people writes to, and where."""
    due = DueRound(step=step_to(audience, channels=channels), round=1)
    fired, *planned = plan_round(alarm, due, {}, START)
    assert isinstance(fired, StepFired)
    people = [e for e in planned if isinstance(e, NotificationPlanned)]
    assert fired.found == len({e.person for e in people})
    return [(e.person, e.channel, e.body.address) for e in people]


def two() -> Alarm:
    """Return a case of which one colleague was told by SMS, another by e-mail."""
    alarm = raised()
    by_sms = structs.replace(first(alarm), person="c1", channel="sms", address="+1")
    by_mail = structs.replace(
        first(alarm), person="c2", channel="email", address="c2@x"
    )
    effects = {EffectId("e1"): by_sms, EffectId("e2"): by_mail}
    told = {name: alarm.told[name] for name in ("c1", "c2")}
    return structs.replace(alarm, effects=effects, told=told)


def test_somebody_is_written_to_again_where_they_were_told_before() -> None:
    assert again(two(), Audience.ASKED, ("sms", "email")) == [
        ("c1", "sms", "+1"),
        ("c2", "email", "c2@x"),
    ]


def test_a_number_takes_calls_and_messages_and_an_address_neither() -> None:
    assert again(two(), Audience.ASKED, ("call",)) == [("c1", "call", "+1")]
    alarm = two()
    rung = structs.replace(alarm.effects[EffectId("e1")], channel="call")
    alarm = structs.replace(alarm, effects={EffectId("e1"): rung})
    assert again(alarm, Audience.ASKED, ("sms",)) == [("c1", "sms", "+1")]
    assert again(alarm, Audience.ASKED, ("email",)) == []


def test_whoever_is_on_a_ladder_is_written_to_on_a_rung_that_was_not_tried() -> None:
    alarm = two()
    told = structs.replace(alarm.told["c1"], ways=(("sms", "+1"), ("email", "c1@x")))
    alarm = structs.replace(alarm, told={"c1": told})
    assert again(alarm, Audience.ASKED, ("email",)) == [("c1", "email", "c1@x")]
    assert again(alarm, Audience.ASKED, ("matrix",)) == []


@pytest.mark.parametrize(
    ("changes", "asked", "silent"),
    [
        ({}, True, True),
        ({"ended": True}, False, False),
        ({"reply": ReplyKind.CANNOT}, False, False),
        ({"reply": ReplyKind.COMING}, True, False),
        ({"audience": Audience.CONTACTS}, True, True),
        ({"audience": Audience.HQ}, False, False),
    ],
)
def test_who_is_asked_again_and_who_has_been_silent(
    changes: dict[str, object], *, asked: bool, silent: bool
) -> None:
    alarm = two()
    told = structs.replace(alarm.told["c1"], **changes)
    alarm = structs.replace(alarm, told={"c1": told})
    assert bool(again(alarm, Audience.ASKED, ("sms",))) is asked
    assert bool(again(alarm, Audience.SILENT, ("sms",))) is silent


def test_whose_voice_stands_on_the_case_is_not_silent() -> None:
    voices = (Said(name="c1", voice=Voice.COLLEAGUES, truth=Truth.VERIFIED, at=START),)
    other = structs.replace(voices[0], name="c9")
    for said, silent in ((voices, []), ((other,), ["c1"]), ((other, *voices), [])):
        alarm = structs.replace(two(), voices=said)
        found = again(alarm, Audience.SILENT, ("sms",))
        assert [person for person, _, _ in found] == silent


def stopped(alarm: Alarm, channels: tuple[str, ...]) -> list[tuple[str, str, str]]:
    return again(alarm, Audience.TOLD, channels)


def reached_by(channel: str, ways: tuple[tuple[str, str], ...] = ()) -> Alarm:
    """Return a case of which one person was told, by one channel alone."""
    alarm = two()
    effect = structs.replace(
        alarm.effects[EffectId("e1")],
        channel=channel,
        address=f"to-{channel}",
        state=EffectState.ACCEPTED,
    )
    told = {"c1": structs.replace(alarm.told["c1"], ways=ways)}
    return structs.replace(alarm, effects={EffectId("e1"): effect}, told=told)


def test_whoever_was_rung_reads_of_the_end() -> None:
    rung = reached_by("call")
    assert stopped(rung, ("sms", "email")) == [("c1", "sms", "to-call")]
    assert stopped(rung, ("email",)) == []
    assert stopped(reached_by("sms"), ("call",)) == [], "a ring says nothing of an end"


def test_whom_the_way_of_an_end_has_not_reached_is_found_on_another_rung() -> None:
    ways = (("matrix", "@c1"), ("sms", "+1"), ("email", "c1@x"))
    alarm = reached_by("matrix", ways)
    assert stopped(alarm, ("sms",)) == [("c1", "sms", "+1")]
    assert stopped(alarm, ("matrix", "sms")) == [("c1", "matrix", "to-matrix")]
    assert stopped(structs.replace(alarm, told={}), ("sms",)) == []
    by_ring = reached_by("matrix", (("call", "+1"),))
    assert stopped(by_ring, ("call",)) == [], "nobody is rung for an end"


@pytest.mark.parametrize(
    ("changes", "ways"),
    [
        ({}, 1),
        ({"merged_into": AlarmId("b2")}, 0),
        ({"response": Response.NOTIFYING}, 0),
        ({"fired": {}}, 0),
    ],
)
def test_a_stop_message_goes_after_who_was_reached_late_where_there_was_one(
    changes: dict[str, object], ways: int
) -> None:
    scene = Scene().raised()
    late = scene.waiting()[0]
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    scene.run(60, each_due=scene.settle_all)
    stops = [e for e in scene.state().effects.values() if e.audience is Audience.TOLD]
    gone = next(e for e in stops if e.person == scene.state().effects[late].person)
    effects = {k: e for k, e in scene.state().effects.items() if e is not gone}
    alarm = structs.replace(scene.state(), effects=effects)
    alarm = structs.replace(alarm, **changes)
    found = plan_latecomers(alarm, scene.now)
    assert len(found) == ways


def test_a_step_that_does_not_begin_at_the_end_stops_nobody() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    early = step_to(Audience.TOLD, channels=("sms",))
    protocol = replace(ENDED_BY_ONE, steps=(*ENDED_BY_ONE.steps[:1], early))
    fired = {early.id: next(iter(scene.state().fired.values()))}
    alarm = structs.replace(scene.state(), protocol=protocol, fired=fired)
    assert not protocol.begins_at_close(early)
    assert plan_latecomers(alarm, scene.now) == []


def test_nobody_hears_of_an_end_while_it_is_open_whatever_an_old_file_says() -> None:
    minute = timedelta(minutes=1)
    early = step_to(Audience.TOLD, channels=("sms",), delay=minute)
    protocol = replace(ENDED_BY_ONE, steps=(*ENDED_BY_ONE.steps, early))
    scene = Scene(protocol=protocol).raised()
    scene.settle_all()
    scene.run(600, each_due=scene.settle_all)
    assert scene.planned(Audience.TOLD) == []


def test_a_climb_names_the_rung_below_and_needs_somebody_to_climb() -> None:
    alarm = raised()
    effect = first(alarm)
    step = alarm.protocol.step(effect.step)
    assert step is not None
    climb = Climb(step=step, effect=effect, channel="call", address="+9", at=START)
    (planned,) = plan_climb(alarm, climb, START)
    assert isinstance(planned, NotificationPlanned)
    assert (planned.climbs, planned.channel) == (effect.effect, "call")
    assert plan_climb(structs.replace(alarm, told={}), climb, START) == []


def test_a_repeat_needs_its_step_and_its_person() -> None:
    alarm = raised()
    effect = first(alarm)
    (planned,) = plan_repeat(alarm, effect, START)
    assert isinstance(planned, NotificationPlanned)
    assert (planned.repeat_of, planned.repeat) == (effect.effect, 1)
    assert plan_repeat(structs.replace(alarm, told={}), effect, START) == []
    assert plan_repeat(alarm, structs.replace(effect, step=StepId("gone")), START) == []


# What is entered -------------------------------------------------------------------


def test_a_repeat_and_a_climb_mark_what_they_follow_and_nothing_else() -> None:
    alarm = raised()
    one, other = list(alarm.effects)[:2]
    planned = replace(PLANNED[one], effect=EffectId("new"))
    plain = with_notification(alarm, planned)
    assert plain.effects[one] == alarm.effects[one]
    assert plain.effects[EffectId("new")].planned_at == planned.at

    repeated = with_notification(alarm, replace(planned, repeat_of=one))
    assert repeated.effects[one] == structs.replace(alarm.effects[one], repeated=True)
    climbed = with_notification(alarm, replace(planned, climbs=one))
    assert climbed.effects[one] == structs.replace(alarm.effects[one], climbed=True)
    for entered in (repeated, climbed):
        assert entered.effects[other] == alarm.effects[other]

    gone = replace(planned, repeat_of=EffectId("gone"), climbs=EffectId("gone too"))
    assert with_notification(alarm, gone).effects == plain.effects


def test_somebody_told_keeps_their_entry_until_they_have_heard_of_an_end() -> None:
    alarm = raised()
    known = structs.replace(alarm.told["c1"], reply=ReplyKind.COMING)
    chosen = tuple(
        Chosen(
            person=person,
            alias="New",
            language="sv",
            sign="s",
            code="c",
            distance_m=1.0,
            place_age=None,
            declared=False,
        )
        for person in ("c1", "c99")
    )
    event = RecipientsChosen(
        at=START,
        step=StepId("near"),
        round=2,
        audience=Audience.NEAREST,
        chosen=chosen,
    )
    alarm = structs.replace(alarm, told={"c1": known})
    entered = with_recipients(alarm, event).told
    assert entered["c1"] == known
    assert entered["c99"].alias == "New"

    ended = structs.replace(alarm, told={"c1": structs.replace(known, ended=True)})
    assert with_recipients(ended, event).told["c1"].reply is None
    public = replace(event, audience=Audience.PUBLIC)
    assert with_recipients(ended, public).told == ended.told


@pytest.mark.parametrize("state", [EffectState.PLANNED, EffectState.ACCEPTED])
def test_a_round_of_known_people_is_found_whatever_became_of_their_message(
    state: EffectState,
) -> None:
    alarm = two()
    effects = {
        key: structs.replace(one, state=state) for key, one in alarm.effects.items()
    }
    assert (
        len(again(structs.replace(alarm, effects=effects), Audience.ASKED, ("sms",)))
        == 1
    )


# What a message is -----------------------------------------------------------------


def round_of(
    alarm: Alarm, recipients: tuple[Recipient, ...], channels: tuple[str, ...]
) -> tuple[RecipientsChosen, list[NotificationPlanned]]:
    (near,) = (s for s in ENDED_BY_ONE.steps if s.id == "colleagues")
    due = DueRound(step=replace(near, channels=channels), round=1)
    events = plan_round(alarm, due, {(near.id, 1): recipients}, START)
    chosen = next(e for e in events if isinstance(e, RecipientsChosen))
    return chosen, [e for e in events if isinstance(e, NotificationPlanned)]


def test_short_messages_go_before_calls_and_the_nearest_before_the_next() -> None:
    both = (("sms", "+1"), ("call", "+1"))
    people = tuple(
        structs.replace(colleague(f"p{n}", n), addresses=both)
        for n in range(RANK_CALL - RANK_DISTRESS + 5)
    )
    _, planned = round_of(raised(), people, ("sms", "call"))
    ranks = [one.rank for one in planned if one.channel == "sms"]
    expected = [min(RANK_DISTRESS + n, RANK_CALL - 1) for n in range(len(people))]
    assert ranks == expected
    assert {one.rank for one in planned if one.channel == "call"} == {RANK_CALL}


def test_who_was_told_before_keeps_their_code_and_no_ways_without_a_ladder() -> None:
    alarm = raised()
    known = structs.replace(colleague("c1", 1.0), code="another")
    chosen, _ = round_of(alarm, (known, colleague("new", 2.0)), ("sms",))
    codes = {one.person: one.code for one in chosen.chosen}
    assert codes == {"c1": alarm.told["c1"].code, "new": "code-new"}
    assert {one.ways for one in chosen.chosen} == {()}


def test_nobody_hears_of_an_end_of_whom_the_case_knows_nothing() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    told = {k: v for k, v in scene.state().told.items() if k != "c1"}
    (stop,) = (s for s in ENDED_BY_ONE.steps if s.to is Audience.TOLD)
    due = DueRound(step=stop, round=9)
    _, *stops = plan_round(structs.replace(scene.state(), told=told), due, {}, START)
    people = {one.person for one in stops if isinstance(one, NotificationPlanned)}
    assert "c2" in people
    assert "c1" not in people


def test_news_for_everyone_passes_over_who_has_heard_of_an_end() -> None:
    scene = Scene().raised()
    scene.settle_all()
    ended = structs.replace(scene.state().told["c1"], ended=True)
    alarm = structs.replace(scene.state(), told={**scene.state().told, "c1": ended})

    def people_of(audience: Audience) -> set[str]:
        due = DueRound(step=step_to(audience, channels=("sms",)), round=1)
        _, *planned = plan_round(alarm, due, {}, START)
        return {one.person for one in planned if isinstance(one, NotificationPlanned)}

    assert people_of(Audience.TOLD) - people_of(Audience.EVERYONE) == {"c1"}


@pytest.mark.parametrize("audience", [Audience.NEAREST, Audience.PUBLIC])
def test_english_stands_beside_what_nobody_reviewed_unless_the_world_reads_it(
    audience: Audience,
) -> None:
    swedish = structs.replace(colleague("c9", 1.0), language="sv")
    (near,) = (s for s in ENDED_BY_ONE.steps if s.id == "colleagues")
    due = DueRound(step=replace(near, to=audience), round=1)
    found = {(near.id, 1): (swedish,)}
    *_, planned = plan_round(raised(), due, found, START)
    assert isinstance(planned, NotificationPlanned)
    assert planned.body.language == "sv"
    assert bool(planned.english) is (audience is Audience.NEAREST)
