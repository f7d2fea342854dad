"""An exercise that was found false calls nobody more; a real alarm is none of it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.commands import Acknowledge
from engine.alarm.events import AcknowledgementLapsed, ActRefused, VerdictGiven
from engine.alarm.evolve import fold
from engine.alarm.lease import is_held_for_good, lease_due, wakes_at
from engine.alarm.played import is_played_out
from engine.alarm.refusals import RefusalGround
from engine.alarm.rows import head_of
from engine.alarm.schedule import WATCH, next_due
from engine.alarm.state import Alarm, Ask, Kind, ReplyKind, Truth
from engine.auditor.findings import View, findings
from engine.ports.journal import EffectState
from engine.protocol.model import ActionProtocol, Audience
from tests.engine.alarm.scene import ALDER, ENDED_BY_ONE, PROTOCOLS, Scene, head_row

CALLED = (Audience.NEAREST, Audience.CONTACTS)
ASKED = (*CALLED, Audience.DUTY, Audience.ASKED, Audience.SILENT)
DAY_S = 86_400.0
RULED = pytest.mark.parametrize("name", ["protest", "street_attack", "quorum"])


def taken(protocol: ActionProtocol = ENDED_BY_ONE, kind: Kind = Kind.EXERCISE) -> Scene:
    """Return a case that somebody has, and whose first messages have gone out."""
    scene = Scene(protocol=protocol, kind=kind).raised()
    scene.acknowledge()
    scene.settle_all()
    return scene


def let_be(protocol: ActionProtocol = ENDED_BY_ONE) -> Scene:
    """Return an exercise that one operator has found false."""
    scene = taken(protocol)
    scene.verify(Truth.FALSE)
    assert is_played_out(scene.state())
    return scene


def grounds(scene: Scene) -> list[RefusalGround]:
    return [e.ground for e in scene.events if isinstance(e, ActRefused)]


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_one_operator_ends_what_an_exercise_calls_by_any_sample_bug_eight_more(
    name: str,
) -> None:
    """A quorum did not: later steps called people, and the lease paged the rota."""
    scene = let_be(PROTOCOLS[name])
    before = len(scene.planned(*ASKED))
    scene.run(DAY_S, each_due=scene.settle_all)
    assert len(scene.planned(*ASKED)) == before
    assert scene.of(AcknowledgementLapsed) == []
    assert scene.state().acknowledged is not None
    scene.close()
    assert not scene.state().is_open, "held to the end, so that it can be closed"
    assert set(scene.told(Audience.TOLD)) >= set(scene.told(Audience.NEAREST))


def test_not_even_what_a_file_plans_whatever_was_found_calls_anybody() -> None:
    steps = tuple(
        replace(step, stopped_by=()) if step.to in CALLED else step
        for step in ENDED_BY_ONE.steps
    )
    scene = let_be(replace(ENDED_BY_ONE, steps=steps))
    before = len(scene.planned(*CALLED))
    scene.run(DAY_S, each_due=scene.settle_all)
    assert len(scene.planned(*CALLED)) == before
    real = taken(replace(ENDED_BY_ONE, steps=steps), Kind.REAL)
    real.verify(Truth.FALSE)
    real.run(300, each_due=real.settle_all)
    assert len(real.planned(*CALLED)) > before, "what a file plans, it means"


def test_what_waits_is_taken_back_also_where_an_end_takes_two() -> None:
    scene = Scene(protocol=PROTOCOLS["protest"], kind=Kind.EXERCISE).raised()
    scene.acknowledge()
    near = [e.effect for e in scene.planned(Audience.NEAREST)]
    scene.verify(Truth.FALSE)
    states = {scene.state().effects[effect].state for effect in near}
    assert states == {EffectState.WITHDRAWN}


def test_the_end_of_a_shift_pages_nobody_for_it() -> None:
    scene = let_be()
    scene.run(60)
    until = scene.now.plus(timedelta(minutes=10))
    command = Acknowledge(command_id=scene.command_id(), by=ALDER, until=until)
    scene.do(command)
    assert grounds(scene) == [], "the commands that are printed are all done"
    assert lease_due(scene.state()) is None


def test_its_clear_columns_say_that_nothing_is_to_fall_due_and_no_auditor_shouts() -> (
    None
):
    scene = let_be()
    scene.settle_all()
    scene.run(WATCH.total_seconds())
    head = head_of(scene.state(), next_due(scene.state(), scene.now))
    assert (head.status, head.next_due) == ("following_up_without_lease", None)
    assert is_held_for_good(scene.state())
    assert wakes_at(head, scene.now) is None
    row = structs.replace(head_row(scene.state()), head=head)
    assert findings(View(heads=(row,)), scene.now) == ()
    scene.close()
    assert not is_held_for_good(scene.state())


@RULED
def test_a_real_alarm_takes_its_quorum_and_its_lease_as_ever(name: str) -> None:
    scene = taken(PROTOCOLS[name], Kind.REAL)
    scene.verify(Truth.FALSE)
    assert len(scene.of(VerdictGiven)) == 1
    assert scene.state().truth is not Truth.FALSE
    scene.verify(Truth.FALSE)
    assert grounds(scene) == [RefusalGround.ALREADY_DONE]
    assert_is_leased(scene)


@pytest.mark.parametrize("kind", [kind for kind in Kind if kind is not Kind.EXERCISE])
def test_nothing_else_that_was_found_false_is_held_for_good(kind: Kind) -> None:
    scene = taken(kind=kind)
    scene.verify(Truth.FALSE)
    assert scene.state().truth is Truth.FALSE
    assert_is_leased(scene)


def assert_is_leased(scene: Scene) -> None:
    """Say that its acknowledgement ends, and that the rota is paged then."""
    alarm = scene.state()
    assert alarm.protocol.lease is not None
    assert lease_due(alarm) == scene.now.plus(alarm.protocol.lease)
    assert not is_played_out(alarm)
    assert not is_held_for_good(alarm)


@RULED
def test_that_an_exercise_is_true_takes_as_many_as_the_file_says(name: str) -> None:
    scene = taken(PROTOCOLS[name])
    scene.verify()
    assert len(scene.of(VerdictGiven)) == 1
    assert scene.state().truth is Truth.VERIFYING
    scene.verify(Truth.FALSE)
    assert is_played_out(scene.state()), "also against what they said before"


@RULED
def test_who_answers_that_it_is_real_has_hq_paged_and_one_operator_ends_that_too(
    name: str,
) -> None:
    scene = let_be(PROTOCOLS[name])
    pages = len(scene.planned(Audience.DUTY))
    scene.reply("c1", ReplyKind.REAL)
    assert scene.state().ask is Ask.DISPUTED
    assert not is_played_out(scene.state())
    scene.run(60, each_due=scene.settle_all)
    assert len(scene.planned(Audience.DUTY)) > pages
    again(scene)


def again(scene: Scene) -> None:
    """Take it and find it false once more, as the command line does."""
    scene.acknowledge()
    scene.settle_all()
    scene.verify(Truth.FALSE)
    assert grounds(scene) == []
    assert is_played_out(scene.state())
    scene.verify(Truth.FALSE)
    assert grounds(scene) == [RefusalGround.ALREADY_DONE]


def test_a_further_press_and_a_sign_of_force_since_are_not_passed_over() -> None:
    scene = let_be()
    scene.run(600)
    scene.raised("k2")
    assert scene.state().acknowledged is None
    assert not is_played_out(scene.state())
    again(scene)
    scene.run(1)
    scene.reply("c1", ReplyKind.COMING, duress=True)
    assert not is_played_out(scene.state())


def test_one_voice_of_a_journal_from_before_does_not_stand_in_the_way() -> None:
    scene = taken(PROTOCOLS["quorum"])
    said = VerdictGiven(at=scene.now, by=ALDER, truth=Truth.FALSE)
    before: Alarm | None = fold(scene.id, scene.state(), said)
    scene.alarm = before
    scene.verify(Truth.FALSE)
    assert grounds(scene) == []
    assert is_played_out(scene.state())


def test_an_exercise_that_was_found_real_is_not_played_out() -> None:
    scene = Scene(kind=Kind.EXERCISE).raised()
    scene.acknowledge()
    scene.verify(Truth.VERIFIED)
    assert scene.state().verified is not None
    assert not is_played_out(scene.state())


@pytest.mark.parametrize(("later_s", "is_over"), [(-1, True), (0, False), (1, False)])
def test_a_sign_of_force_since_the_verdict_contradicts_it_and_an_earlier_one_does_not(
    later_s: int, *, is_over: bool
) -> None:
    scene = Scene(kind=Kind.EXERCISE).raised()
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    alarm = scene.state()
    assert alarm.verified is not None
    danger = alarm.verified.at.plus(timedelta(seconds=later_s))
    assert is_played_out(structs.replace(alarm, danger_at=danger)) is is_over
