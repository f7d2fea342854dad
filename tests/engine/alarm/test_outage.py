"""Hours in which no modem sends, or each says no: what waits, and what is tried."""

from dataclasses import replace
from datetime import timedelta

from engine.alarm.events import NotificationPlanned
from engine.alarm.repeats import due_repeats
from engine.alarm.rows import plans_of
from engine.dispatch.queue import Queue
from engine.ports.journal import EffectRow, EffectState
from engine.protocol.model import Audience
from engine.values import AlarmId, StepId
from tests.engine.alarm.scene import Scene

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
    backwards = replace(alarm, effects=dict(list(alarm.effects.items())[::-1]))
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
