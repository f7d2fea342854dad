"""What a step waits for, and what ends it."""

from dataclasses import replace

from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.roster.model import Word
from tests.engine.alarm.forced import CAREFUL
from tests.engine.alarm.scene import Scene


def test_an_answer_to_a_cancel_that_did_not_go_out_is_no_matter_after_the_end() -> None:
    scene = Scene(protocol=replace(CAREFUL, all_clear_needs=1)).raised()
    scene.cancel(Word.SAFE)
    scene.acknowledge()
    (answer,) = scene.planned(Audience.DEFENDER)
    scene.settle(answer.effect, EffectState.REJECTED, retry=True)
    (_, again) = scene.planned(Audience.DEFENDER)
    scene.close()
    scene.settle(again.effect, EffectState.REJECTED, retry=True)
    scene.run(3_600)
    later = {event.step for event in scene.planned(Audience.DEFENDER)[2:]}
    assert later == {"ended"}
