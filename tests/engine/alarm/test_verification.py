"""Who is believed: a quorum, a deadline with its default, and people for the rest."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.events import (
    ActRefused,
    AlarmPresumed,
    AlarmVerified,
    QuorumReached,
    VerdictGiven,
    VerificationAsked,
)
from engine.alarm.refusals import RefusalGround
from engine.alarm.schedule import next_due
from engine.alarm.state import Ask, ReplyKind, Said, SourceDoubt, Truth
from engine.alarm.verification import answer_due, counted, judges_of
from engine.protocol.model import (
    ActionProtocol,
    Audience,
    Fallback,
    Verification,
    Voice,
)
from tests.engine.alarm.scene import ALDER, PROTOCOLS, ROWAN, Scene

QUORUM = replace(PROTOCOLS["quorum"], all_clear_needs=1)
RULE = QUORUM.verification
assert RULE is not None


def ruled(**changes: object) -> ActionProtocol:
    """Return the sample with its rule changed."""
    assert RULE is not None
    rule: Verification = replace(RULE, **changes)  # type: ignore[arg-type] # by name
    return replace(QUORUM, verification=rule)


def attended(**changes: object) -> ActionProtocol:
    """Return the same, as if HQ attended to it for days: else it pages each minute."""
    return replace(ruled(**changes), lease=None)


def scene_of(protocol: ActionProtocol = QUORUM) -> Scene:
    scene = Scene(protocol=protocol).raised()
    scene.settle_all()
    return scene


def acknowledged(protocol: ActionProtocol = QUORUM) -> Scene:
    scene = scene_of(protocol)
    scene.acknowledge()
    return scene


def refusals(scene: Scene) -> list[RefusalGround]:
    return [e.ground for e in scene.events if isinstance(e, ActRefused)]


def test_one_colleague_is_not_enough_and_two_are() -> None:
    scene = scene_of()
    scene.reply("c1", ReplyKind.REAL)
    assert scene.state().truth is Truth.UNVERIFIED
    scene.reply("c2", ReplyKind.REAL)
    assert scene.state().truth is Truth.VERIFIED
    (reached,) = scene.of(QuorumReached)
    assert isinstance(reached, QuorumReached)
    assert reached.names == ("c1", "c2")


def test_the_same_colleague_twice_is_one_voice() -> None:
    scene = scene_of()
    scene.reply("c1", ReplyKind.REAL)
    scene.reply("c1", ReplyKind.REAL)
    assert scene.of(QuorumReached) == []


def test_an_unproven_answer_is_shown_and_does_not_count() -> None:
    scene = scene_of()
    scene.reply("c1", ReplyKind.REAL)
    events = scene.reply("c2", ReplyKind.REAL, authentic=False)
    scene.reply("stranger", ReplyKind.REAL)
    assert len(events) == 1
    assert scene.state().truth is Truth.UNVERIFIED
    assert [said.name for said in scene.state().voices] == ["c1"]


def test_a_colleague_and_an_operator_make_a_quorum() -> None:
    scene = acknowledged()
    scene.verify(by=ALDER)
    assert scene.state().truth is Truth.VERIFYING
    assert [type(e) for e in scene.events[-1:]] == [VerdictGiven]
    scene.reply("c3", ReplyKind.REAL)
    assert scene.state().truth is Truth.VERIFIED


def test_an_operator_who_answers_from_the_rota_as_well_is_one_person() -> None:
    scene = acknowledged()
    scene.verify(by=ALDER)
    scene.reply("alder", ReplyKind.REAL)
    assert scene.state().truth is Truth.VERIFYING


def test_one_operator_says_the_same_once() -> None:
    scene = acknowledged()
    scene.verify(by=ALDER)
    scene.verify(by=ALDER)
    assert refusals(scene) == [RefusalGround.ALREADY_DONE]
    assert scene.state().truth is Truth.VERIFYING


def test_what_is_decided_is_not_decided_again_but_may_be_decided_otherwise() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.verify(by=ALDER)
    scene.verify(by=ROWAN)
    assert refusals(scene) == [RefusalGround.ALREADY_DONE]
    scene.verify(Truth.FALSE, ROWAN)
    assert scene.state().truth is Truth.FALSE
    assert len(scene.of(AlarmVerified)) == 2


def test_only_those_count_whom_the_action_protocol_names() -> None:
    scene = scene_of(ruled(of=frozenset({Voice.HQ})))
    scene.reply("c1", ReplyKind.REAL)
    scene.reply("c2", ReplyKind.REAL)
    assert counted(scene.state(), Truth.VERIFIED) == ()
    assert scene.state().truth is Truth.UNVERIFIED


def test_colleagues_alone_never_make_an_alarm_false() -> None:
    scene = acknowledged()
    for person in ("c1", "c2", "c3"):
        scene.reply(person, ReplyKind.FALSE)
    assert scene.state().truth is Truth.VERIFYING
    scene.verify(Truth.FALSE, ALDER)
    assert scene.state().truth is Truth.FALSE
    assert scene.state().is_open, "false is not closed"


def test_contradicting_answers_go_to_a_person_and_page_hq_again() -> None:
    scene = acknowledged()
    scene.reply("c1", ReplyKind.REAL)
    pages = len(scene.planned(Audience.DUTY))
    scene.reply("c2", ReplyKind.FALSE)
    state = scene.state()
    assert (state.ask, state.acknowledged) == (Ask.DISPUTED, None)
    scene.run(60)
    assert len(scene.planned(Audience.DUTY)) == pages + 2
    scene.reply("c3", ReplyKind.REAL)
    scene.reply("c4", ReplyKind.REAL)
    assert scene.state().truth is Truth.VERIFYING, "no quorum outvotes a contradiction"


def test_whoever_changes_their_mind_contradicts_themselves() -> None:
    scene = scene_of()
    scene.reply("c1", ReplyKind.REAL)
    scene.reply("c1", ReplyKind.FALSE)
    assert scene.state().ask is Ask.DISPUTED


def test_in_a_dispute_an_operator_decides_alone() -> None:
    scene = acknowledged()
    scene.reply("c1", ReplyKind.REAL)
    scene.reply("c2", ReplyKind.FALSE)
    scene.acknowledge(ROWAN)
    scene.verify(Truth.VERIFIED, ROWAN)
    assert (scene.state().truth, scene.state().ask) == (Truth.VERIFIED, None)
    assert len(scene.of(AlarmVerified)) == 1
    scene.reply("c4", ReplyKind.REAL)
    assert scene.state().ask is None, "what was settled stays settled"


def test_whose_word_began_a_dispute_does_not_settle_it_as_false() -> None:
    scene = acknowledged()
    scene.reply("c1", ReplyKind.REAL)
    scene.verify(Truth.FALSE, ALDER)
    scene.acknowledge(ALDER)
    scene.verify(Truth.FALSE, ALDER)
    assert refusals(scene) == [RefusalGround.SAME_OPERATOR]
    scene.verify(Truth.FALSE, ROWAN)
    assert scene.state().truth is Truth.FALSE


def test_whose_word_began_a_dispute_may_take_it_back() -> None:
    scene = acknowledged()
    scene.reply("c1", ReplyKind.REAL)
    scene.verify(Truth.FALSE, ALDER)
    assert scene.state().ask is Ask.DISPUTED
    scene.acknowledge(ALDER)
    scene.verify(Truth.VERIFIED, ALDER)
    assert refusals(scene) == []
    assert scene.state().truth is Truth.VERIFIED


def test_more_who_say_the_same_decide_nothing_anew() -> None:
    scene = scene_of()
    for person in ("c1", "c2", "c3", "c4"):
        scene.reply(person, ReplyKind.REAL)
    assert len(scene.of(QuorumReached)) == 1


def test_after_the_end_nobody_is_asked_what_is_true() -> None:
    scene = acknowledged()
    scene.close(ALDER)
    assert not scene.state().is_open
    scene.reply("c1", ReplyKind.REAL)
    scene.reply("c2", ReplyKind.FALSE)
    assert scene.of(VerificationAsked) == []


def test_a_late_contradiction_of_what_was_verified_holds_publication_back() -> None:
    scene = acknowledged()
    scene.reply("c1", ReplyKind.REAL)
    scene.reply("c2", ReplyKind.REAL)
    scene.reply("c3", ReplyKind.FALSE)
    scene.acknowledge()
    scene.approve(ROWAN)
    assert refusals(scene) == [RefusalGround.DISPUTED]
    assert scene.planned(Audience.PUBLIC) == []


def test_a_dispute_after_the_approval_stops_a_post_that_has_not_run() -> None:
    slow = tuple(
        replace(step, delay=timedelta(minutes=10)) if step.id == "publish" else step
        for step in QUORUM.steps
    )
    scene = acknowledged(replace(QUORUM, steps=slow))
    scene.verify(by=ALDER)
    scene.reply("c2", ReplyKind.REAL)
    scene.approve(ROWAN)
    scene.reply("c3", ReplyKind.FALSE)
    scene.run(3600, each_due=scene.settle_all)
    assert scene.planned(Audience.PUBLIC) == []


@pytest.mark.parametrize("by", [ALDER, ROWAN])
def test_no_operator_of_the_quorum_approves(by: str) -> None:
    scene = acknowledged()
    scene.verify(by=ALDER)
    scene.verify(by=ROWAN)
    assert scene.state().truth is Truth.VERIFIED
    scene.approve(ALDER if by == ALDER else ROWAN)
    assert refusals(scene) == [RefusalGround.SAME_OPERATOR]


def test_only_operators_whose_word_made_it_verified_are_its_judges() -> None:
    scene = acknowledged()
    said = tuple(
        Said(name=name, voice=voice, truth=truth, at=scene.now)
        for name, voice, truth in (
            ("c1", Voice.COLLEAGUES, Truth.VERIFIED),
            ("alder", Voice.HQ, Truth.VERIFIED),
            ("rowan", Voice.HQ, Truth.FALSE),
        )
    )
    assert judges_of(structs.replace(scene.state(), voices=said)) == {"alder"}


def test_without_a_quorum_to_reach_every_word_is_counted() -> None:
    scene = Scene().raised()
    assert scene.state().protocol.verification is None
    scene.settle_all()
    scene.reply("c1", ReplyKind.REAL)
    assert counted(scene.state(), Truth.VERIFIED) == ("c1",)


def test_a_dispute_is_no_matter_of_time() -> None:
    scene = scene_of(attended(otherwise=Fallback.TREAT_AS_REAL))
    assert answer_due(scene.state()) is not None
    scene.reply("c1", ReplyKind.REAL)
    scene.reply("c2", ReplyKind.FALSE)
    assert scene.state().ask is Ask.DISPUTED
    assert answer_due(scene.state()) is None


def test_where_nobody_has_said_so_in_time_the_officers_on_duty_are_asked() -> None:
    scene = acknowledged()
    scene.run(899, each_due=scene.settle_all)
    assert scene.of(VerificationAsked) == []
    pages = len(scene.planned(Audience.DUTY))
    scene.run(2)
    state = scene.state()
    assert (state.ask, state.acknowledged) == (Ask.OVERDUE, None)
    assert state.is_open
    assert len(scene.planned(Audience.DUTY)) == pages + 2
    scene.acknowledge()
    scene.verify(by=ALDER)
    assert scene.state().truth is Truth.VERIFIED, "the person asked decides alone"


def test_where_nobody_has_said_so_in_time_it_may_count_as_real() -> None:
    scene = scene_of(attended(otherwise=Fallback.TREAT_AS_REAL))
    scene.run(901, each_due=scene.settle_all)
    assert scene.state().truth is Truth.PRESUMED
    assert len(scene.of(AlarmPresumed)) == 1
    scene.acknowledge()
    scene.run(86_400 * 3, each_due=scene.settle_all)
    scene.approve(ROWAN)
    assert refusals(scene) == [RefusalGround.NOT_VERIFIED]
    assert scene.planned(Audience.PUBLIC) == []
    assert scene.state().is_open


def unproven(otherwise: Fallback = Fallback.TREAT_AS_REAL) -> Scene:
    """Return an alarm of somebody who may be anybody, unanswered to its deadline."""
    scene = Scene(protocol=attended(otherwise=otherwise))
    scene.raised(doubt=SourceDoubt.FAILED_AUTHENTICATION)
    scene.run(901, each_due=scene.settle_all)
    return scene


def test_silence_does_not_bring_colleagues_to_an_unproven_sender_but_asks_hq() -> None:
    scene = unproven()
    assert scene.told(Audience.NEAREST) == []
    assert scene.of(AlarmPresumed) == []
    assert scene.state().ask is Ask.OVERDUE
    scene.acknowledge()
    scene.run(86_400 * 3, each_due=scene.settle_all)
    assert scene.told(Audience.NEAREST) == []
    scene.verify()
    assert scene.told(Audience.NEAREST)


def test_once_the_defenders_own_device_speaks_silence_counts_as_real_after_all() -> (
    None
):
    scene = unproven()
    scene.raised("own")
    assert scene.told(Audience.NEAREST)
    assert scene.state().truth is Truth.PRESUMED
    assert len(scene.of(AlarmPresumed)) == 1


def test_where_the_action_protocol_trusts_anybody_silence_counts_as_real() -> None:
    protocol = replace(ruled(otherwise=Fallback.TREAT_AS_REAL), trust_unconfirmed=True)
    scene = Scene(protocol=protocol).raised(doubt=SourceDoubt.UNKNOWN_DEVICE)
    scene.run(901, each_due=scene.settle_all)
    assert scene.state().truth is Truth.PRESUMED


def test_the_deadline_stands_in_the_schedule_and_a_press_does_not_move_it() -> None:
    scene = acknowledged()
    scene.settle_all()
    scene.run(400)
    scene.raised("again")
    scene.acknowledge()
    scene.settle_all()
    due = next_due(scene.state(), scene.now)
    assert due is not None
    assert due.since(scene.state().raised_at) <= timedelta(seconds=900)


def test_after_a_reopening_the_question_is_asked_anew() -> None:
    scene = acknowledged()
    scene.reply("c1", ReplyKind.REAL)
    scene.close()
    scene.now = scene.now.plus(timedelta(hours=2))
    scene.raised("again")
    scene.reply("c2", ReplyKind.REAL)
    assert scene.of(QuorumReached) == [], "voices of the case before do not count"
    assert next_due(scene.state(), scene.now) is not None
    scene.reply("c1", ReplyKind.REAL)
    assert scene.state().truth is Truth.VERIFIED


def test_whoever_was_told_is_asked_once_more_whether_it_is_real() -> None:
    scene = scene_of()
    scene.reply("c2", ReplyKind.CANNOT)
    scene.run(121, each_due=scene.settle_all)
    assert scene.told(Audience.ASKED) == ["c1", "c3", "c4", "c5"]
    text = scene.planned(Audience.ASKED)[0].body.text(scene.now)
    assert text.startswith("code-c1 Heron: is the alarm of 03:00 real?")
    assert text.endswith("sign-c1")
    scene.reply("c1", ReplyKind.REAL)
    scene.reply("c3", ReplyKind.REAL)
    scene.run(600, each_due=scene.settle_all)
    assert len(scene.told(Audience.ASKED)) == 4, "what is settled is not asked again"


def test_whoever_has_not_answered_is_asked_again_and_nobody_else() -> None:
    steps = tuple(
        replace(step, to=Audience.SILENT) if step.id == "ask" else step
        for step in QUORUM.steps
    )
    scene = scene_of(replace(QUORUM, steps=steps))
    scene.reply("c2", ReplyKind.COMING)
    scene.reply("c4", ReplyKind.REAL)
    scene.run(121, each_due=scene.settle_all)
    assert scene.told(Audience.SILENT) == ["c1", "c3", "c5"]
