"""Hours in which no modem sends, or each says no: what waits, and what is tried."""

from dataclasses import replace
from datetime import timedelta

from msgspec import structs

from engine.alarm.events import NotificationPlanned
from engine.alarm.repeats import due_repeats
from engine.alarm.rows import plans_of
from engine.dispatch.queue import Queue
from engine.ports.journal import EffectRow, EffectState
from engine.protocol.model import ActionProtocol, Audience, Step
from engine.values import AlarmId, StepId
from tests.engine.alarm.scene import ENDED_BY_ONE, ROWAN, Scene

HOUR_S = 3_600.0


def rows_of(scene: Scene) -> tuple[EffectRow, ...]:
    return plans_of(scene.state(), tuple(scene.events))


def unsent(hours: float) -> Scene:
    """Return an alarm of which nothing could be sent so far."""
    scene = Scene().raised()
    scene.run(hours * HOUR_S)
    return scene


def test_one_page_to_each_officer_waits_however_long_nothing_is_sent() -> None:
    scene = unsent(8)
    waiting = [
        (event.person, event.channel)
        for event in scene.planned(Audience.DUTY)
        if event.effect in scene.waiting()
    ]
    assert sorted(waiting) == sorted(set(waiting))
    assert scene.state().fired[StepId("duty")].rounds > 400, "the rota goes on"


def test_a_new_sos_waits_for_no_more_after_eight_hours_than_after_ten_minutes() -> None:
    def before_the_first(hours: float) -> int:
        old, new = unsent(hours), Scene(id=AlarmId("a2"))
        new.now = old.now
        queue = Queue()
        for planned in (*rows_of(old), *rows_of(new.raised())):
            queue.offer(planned)
        before = 0
        while (row := queue.take(("sms",), lambda _: False)) is not None:
            if row.alarm == "alarm/a2":
                break
            before += 1
        return before

    assert before_the_first(8) == before_the_first(1 / 6) < 10


def test_once_a_page_has_gone_out_the_next_round_sends_another() -> None:
    scene = unsent(1)
    pages = scene.planned(Audience.DUTY)
    scene.settle_all()
    scene.run(180)
    assert len(scene.planned(Audience.DUTY)) == len(pages) + 3 * 2


def refused(seconds: float) -> Scene:
    """Return an alarm of which every message was refused for now."""
    scene = Scene().raised()

    def refuse() -> None:
        for effect in scene.waiting():
            scene.settle(effect, EffectState.REJECTED, retry=True)

    refuse()
    scene.run(seconds, each_due=refuse)
    return scene


def test_the_latest_round_counts_whatever_was_written_down_last() -> None:
    scene = refused(600)
    later, alarm = scene.now.plus(timedelta(hours=1)), scene.state()
    backwards = structs.replace(alarm, effects=dict(list(alarm.effects.items())[::-1]))
    due = {effect.effect for effect in due_repeats(alarm, later)}
    assert {effect.effect for effect in due_repeats(backwards, later)} == due


def test_who_is_told_by_a_later_round_is_not_told_by_an_earlier_one_again() -> None:
    scene = refused(HOUR_S)
    latest: dict[tuple[str, str, str], int] = {}
    repeated = 0
    for event in scene.of(NotificationPlanned):
        assert isinstance(event, NotificationPlanned)
        whom = (event.step, event.person, event.channel)
        assert event.round >= latest.get(whom, 0)
        latest[whom] = event.round
        repeated += event.repeat > 0
    assert repeated > 100, "what is refused for now is tried again"


# somebody at HQ has it ----------------------------------------------------------------


def pages_left(scene: Scene) -> list[tuple[str, str]]:
    """Return to whom, and by what, a page still waits."""
    waiting = scene.waiting()
    return sorted(
        (event.person, event.channel)
        for event in scene.planned(Audience.DUTY)
        if event.effect in waiting
    )


def test_each_officer_who_has_not_been_paged_hears_of_what_another_one_has() -> None:
    scene = unsent(1)
    scene.acknowledge()
    assert pages_left(scene) == [("alder", "sms"), ("rowan", "sms"), ("spruce", "sms")]


def paged_once() -> Scene:
    """Return a case of which alder alone has been paged before nothing was sent."""
    scene = Scene().raised()
    scene.settle_all()
    scene.run(HOUR_S)
    return scene


def test_who_was_paged_is_not_paged_again_for_what_somebody_has() -> None:
    scene = paged_once()
    colleagues = set(scene.waiting()) - {e.effect for e in scene.planned(Audience.DUTY)}
    assert ("alder", "sms") in pages_left(scene)
    scene.acknowledge(ROWAN)
    assert pages_left(scene) == [("rowan", "sms"), ("spruce", "sms")]
    assert colleagues, "the search for them is slow as well"
    assert colleagues <= set(scene.waiting()), "and nobody takes it back"


def test_what_hq_has_not_seen_pages_each_of_them_once_more() -> None:
    scene = paged_once()
    scene.acknowledge(ROWAN)
    scene.run(HOUR_S)
    assert len(pages_left(scene)) == 6, "nobody has attended to it, and all are paged"
    scene.acknowledge(ROWAN)
    assert pages_left(scene) == [("alder", "sms"), ("rowan", "sms"), ("spruce", "sms")]


def test_an_officer_whose_page_was_not_delivered_has_not_been_paged() -> None:
    for state in (EffectState.UNDELIVERED, EffectState.UNKNOWN, EffectState.REJECTED):
        scene = Scene().raised()
        scene.settle_all(state)
        scene.run(HOUR_S)
        scene.acknowledge(ROWAN)
        assert ("alder", "sms") in pages_left(scene)


def test_an_officer_who_can_only_be_rung_is_rung() -> None:
    (duty,) = (step for step in ENDED_BY_ONE.steps if step.to is Audience.DUTY)
    rings = replace(duty, channels=("call",))
    scene = Scene(protocol=with_step(rings)).raised()
    scene.settle_all()
    scene.run(HOUR_S)
    scene.acknowledge()
    assert [person for person, _ in pages_left(scene)] == ["alder", "rowan", "spruce"]


def test_pages_that_no_acknowledgement_stops_are_for_something_else() -> None:
    (duty,) = (step for step in ENDED_BY_ONE.steps if step.to is Audience.DUTY)
    scene = Scene(protocol=with_step(replace(duty, stopped_by=()))).raised()
    scene.run(HOUR_S)
    before = pages_left(scene)
    scene.acknowledge()
    assert pages_left(scene) == before
    assert len(before) == 6


def with_step(changed: Step) -> ActionProtocol:
    steps = tuple(changed if s.id == changed.id else s for s in ENDED_BY_ONE.steps)
    return replace(ENDED_BY_ONE, steps=steps)
