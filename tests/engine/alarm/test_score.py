"""What an exercise was worth, person by person, and that it never publishes."""

from datetime import timedelta

from engine.alarm.events import ActRefused, RecipientsChosen
from engine.alarm.refusals import RefusalGround
from engine.alarm.score import FULL, PersonScore, score
from engine.alarm.state import Kind, ReplyKind
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.values import EffectId, OperatorId
from tests.engine.alarm.scene import PROTOCOLS, Scene


def exercise() -> Scene:
    return Scene(kind=Kind.EXERCISE).raised()


def effect_to(scene: Scene, person: str) -> EffectId:
    return next(one for one in scene.state().effects if f".{person}." in one)


def of(scene: Scene, person: str) -> PersonScore:
    return next(one for one in score(scene.events).people if one.person == person)


def test_whoever_answers_at_once_has_every_point() -> None:
    scene = exercise()
    scene.now = scene.now.plus(timedelta(seconds=4))
    scene.settle(effect_to(scene, "c1"), EffectState.ACCEPTED)
    scene.now = scene.now.plus(timedelta(seconds=2))
    scene.settle(effect_to(scene, "c1"), EffectState.DELIVERED)
    scene.now = scene.now.plus(timedelta(seconds=30))
    scene.reply("c1", ReplyKind.COMING)
    found = of(scene, "c1")
    assert (found.sent_s, found.delivered_s, found.answered_s) == (4.0, 6.0, 36.0)
    assert (found.reply, found.points) == (ReplyKind.COMING, FULL)


def test_people_stand_as_they_were_chosen_bug_the_farthest_was_the_first() -> None:
    scene = exercise()
    scene.run(181, each_due=scene.settle_all)
    rounds = [
        [one.person for one in event.chosen]
        for event in scene.events
        if isinstance(event, RecipientsChosen) and event.audience is Audience.NEAREST
    ]
    called = [
        one.person
        for one in score(scene.events).people
        if one.audience is Audience.NEAREST
    ]
    assert len(rounds) > 1
    assert called == [person for chosen in rounds for person in chosen]


def test_points_are_lost_for_each_thing_that_did_not_happen() -> None:
    scene = exercise()
    scene.settle(effect_to(scene, "c2"), EffectState.ACCEPTED)
    scene.settle(effect_to(scene, "c3"), EffectState.DELIVERED)
    scene.settle(effect_to(scene, "c4"), EffectState.REJECTED)
    scene.reply("c5", ReplyKind.COMING, authentic=False)
    assert [of(scene, c).points for c in ("c1", "c2", "c3", "c4", "c5")] == [
        0,
        1,
        2,
        0,
        0,
    ]
    scene.now = scene.now.plus(timedelta(seconds=121))
    scene.reply("c3", ReplyKind.CANNOT)
    assert of(scene, "c3").points == FULL - 1, "it was late"


def test_an_answer_proves_that_it_arrived() -> None:
    scene = exercise()
    scene.settle(effect_to(scene, "c1"), EffectState.UNKNOWN)
    scene.reply("c1", ReplyKind.COMING)
    assert of(scene, "c1").points == FULL


def test_hq_is_scored_by_how_soon_it_took_the_case() -> None:
    scene = exercise()
    assert score(scene.events).acknowledged_s is None
    assert score(scene.events).hq_points == 0
    scene.now = scene.now.plus(timedelta(seconds=61))
    scene.acknowledge()
    found = score(scene.events)
    assert (found.acknowledged_s, found.hq_points) == (61.0, FULL - 1)
    # The nearest five, the officer who was paged and took it, and HQ.
    assert found.percent == round(100 * 2 * (FULL - 1) / (FULL * 7))


def paged(scene: Scene) -> list[PersonScore]:
    people = score(scene.events).people
    return [one for one in people if one.audience is Audience.DUTY]


def test_each_officer_who_was_paged_is_scored_for_themselves() -> None:
    """All of them were one line: HQ."""
    scene = exercise()
    scene.settle_all(EffectState.DELIVERED)
    scene.run(61, each_due=lambda: scene.settle_all(EffectState.DELIVERED))
    scene.now = scene.now.plus(timedelta(seconds=20))
    first, second = paged(scene)
    assert [one.points for one in (first, second)] == [2, 2]
    scene.acknowledge(by=OperatorId(second.person))
    slept, took = paged(scene)
    assert (slept.points, slept.of, slept.spared, slept.took_it) == (2, 5, False, False)
    assert (took.points, took.of, took.spared, took.took_it) == (5, 5, False, True)
    assert took.answered_s is not None
    assert took.answered_s > 60, "within a minute of their page, if not of the raise"


def test_an_officer_whose_minute_was_not_over_when_another_took_it_had_no_part() -> (
    None
):
    scene = exercise()
    scene.run(61, each_due=lambda: scene.settle_all(EffectState.DELIVERED))
    first, second = paged(scene)
    scene.acknowledge(by=OperatorId(first.person))
    took, spared = paged(scene)
    assert (took.points, took.took_it) == (FULL - 1, True)
    assert (spared.person, spared.spared, spared.of) == (second.person, True, 2)


def test_an_officer_who_answers_by_sms_has_answered_and_not_taken_it() -> None:
    scene = exercise()
    (officer,) = paged(scene)
    scene.reply(officer.person, ReplyKind.COMING)
    (found,) = paged(scene)
    assert (found.points, found.took_it, found.spared) == (FULL, False, False)


def test_whoever_is_told_late_has_their_two_minutes_from_then_on() -> None:
    """Nobody of a wider search could ever have every point."""
    scene = exercise()
    scene.run(181, each_due=scene.settle_all)
    late = score(scene.events).people[-1]
    assert (late.audience, late.points) == (Audience.NEAREST, 1)
    scene.now = scene.now.plus(timedelta(seconds=100))
    scene.reply(late.person, ReplyKind.COMING)
    found = of(scene, late.person)
    assert (found.points, found.answered_s) == (FULL, 281.0)


def test_all_that_could_be_done_is_a_hundred_percent() -> None:
    scene = exercise()
    scene.acknowledge()
    for person in ("c1", "c2", "c3", "c4", "c5"):
        scene.reply(person, ReplyKind.COMING)
    assert score(scene.events).percent == 100


def test_nothing_is_scored_of_nothing() -> None:
    assert score([]).percent == 0


def test_an_exercise_says_so_in_every_message_and_is_never_published() -> None:
    for name in sorted(PROTOCOLS):
        scene = Scene(kind=Kind.EXERCISE, protocol=PROTOCOLS[name]).raised()
        scene.settle_all()
        scene.acknowledge()
        scene.verify()
        scene.approve()
        scene.run(600, each_due=scene.settle_all)
        assert scene.planned(Audience.PUBLIC) == []
        grounds = [e.ground for e in scene.events if isinstance(e, ActRefused)]
        assert RefusalGround.NOT_REAL in grounds
        for event in scene.planned():
            assert event.body.text(scene.now).startswith("EXERCISE ")
