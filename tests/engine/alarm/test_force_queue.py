"""When one modem sends what is for the defender: the same after either word."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import timedelta

import pytest

from engine.alarm.events import NotificationPlanned
from engine.alarm.schedule import next_due
from engine.dispatch.queue import RANK_AGAIN, RANK_DISTRESS, Queue
from engine.ports.journal import EffectRow, EffectState
from engine.protocol.model import ActionProtocol, Audience
from engine.roster.model import Word
from engine.values import EffectId, StepId
from tests.engine.alarm.forced import CAREFUL, forced, scene_of
from tests.engine.alarm.scene import Scene
from tests.engine.alarm.test_repeated_pages import row_like

SMS_S, CALL_S = 3, 40
BY_MODEM = ("sms", "call")


@dataclass
class Telephone:
    """The defender's, which a modem with much else to send cannot reach at first."""

    scene: Scene
    fate: EffectState
    refusals: int
    tried_s: list[float] = field(default_factory=list)
    queue: Queue = field(default_factory=Queue)
    planned: dict[EffectId, NotificationPlanned] = field(default_factory=dict)

    def run(self, seconds: int) -> list[float]:
        """Return after how many seconds each try began."""
        began = self.scene.now
        self._look()
        while self.scene.now < began.plus(timedelta(seconds=seconds)):
            row = self.queue.take(BY_MODEM, nothing)
            if row is None:
                self._wait(1)
                continue
            planned, fate = self.planned[row.effect_id], EffectState.ACCEPTED
            if planned.audience is Audience.DEFENDER:
                self.tried_s.append(self.scene.now.since(began).total_seconds())
                fate = self.fate if len(self.tried_s) <= self.refusals else fate
            if row.channel == "call":
                self._wait(CALL_S, lambda: self.queue.hurries(BY_MODEM, nothing))
            else:
                self._wait(SMS_S)
            is_refused = fate is EffectState.REJECTED
            self.scene.settle(row.effect_id, fate, retry=is_refused)
            self._look()
        return self.tried_s

    def _wait(self, seconds: int, is_ended: Callable[[], bool] = bool) -> None:
        until = self.scene.now.plus(timedelta(seconds=seconds))
        while self.scene.now < until and not is_ended():
            now = self.scene.now.plus(timedelta(seconds=1))
            due = next_due(self.scene.state(), self.scene.now)
            self.scene.now = now if due is None else min(now, due)
            self.scene.tick()
            self._look()

    def _look(self) -> None:
        waiting = set(self.scene.waiting())
        for one in self.scene.planned():
            if one.effect in waiting and one.effect not in self.planned:
                self.planned[one.effect] = one
                self.queue.offer(row_like(one, self.scene.id))


def nothing(row: EffectRow) -> bool:
    del row
    return False


def tried_s(
    word: Word,
    protocol: ActionProtocol,
    refusals: int = 0,
    fate: EffectState = EffectState.REJECTED,
) -> list[float]:
    scene = scene_of(protocol)
    scene.settle_all()
    scene.cancel(word)
    return Telephone(scene, fate, refusals).run(200)


def named(name: str) -> ActionProtocol:
    steps = (
        replace(step, id=StepId(name)) if step.id == "confirm-cancel" else step
        for step in CAREFUL.steps
    )
    return replace(CAREFUL, steps=tuple(steps))


@pytest.mark.parametrize("name", ["a-cancel", "tell-cancel"])
def test_the_name_of_a_step_has_no_colleague_told_before_the_defender(
    name: str,
) -> None:
    """Of the same moment it was the alphabet by which one was, and only under force."""
    true, false = (tried_s(word, named(name)) for word in (Word.SAFE, Word.DURESS))
    assert true == false
    assert len(true) == 1


@pytest.mark.parametrize(
    ("fate", "refusals"),
    [
        (EffectState.REJECTED, 1),
        (EffectState.REJECTED, 5),
        (EffectState.UNKNOWN, 1),
        (EffectState.UNKNOWN, 2),
    ],
)
def test_what_is_sent_to_the_defender_again_waits_for_none_whom_force_has_called(
    fate: EffectState, refusals: int
) -> None:
    """It came behind all of them, and their calls; after a true word there are none.

    What its modem has begun it waits for.
    """
    true, false = (
        tried_s(word, CAREFUL, refusals, fate) for word in (Word.SAFE, Word.DURESS)
    )
    assert len(true) == len(false) == refusals + 1
    assert true[:2] == false[:2]
    for one, other in zip(true, false, strict=True):
        assert abs(one - other) <= SMS_S


def test_whom_force_has_called_goes_behind_the_defender_for_ever() -> None:
    scene = forced()
    for _ in range(4):
        for effect in scene.waiting():
            scene.settle(effect, EffectState.REJECTED, retry=True)
        scene.run(60)
    to_defender = {one.rank for one in scene.planned(Audience.DEFENDER)}
    called = [one for one in scene.planned() if one.step == "more"]
    assert to_defender == {RANK_DISTRESS}
    assert min(one.rank for one in called) > RANK_DISTRESS
    assert {one.rank for one in called if one.repeat > 1} == {RANK_AGAIN}
