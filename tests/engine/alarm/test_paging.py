"""What an acknowledgement leaves alone."""

from dataclasses import replace
from datetime import timedelta

from engine.alarm.paging import needless_pages
from engine.protocol.model import Audience, Condition
from tests.engine.alarm.scene import ENDED_BY_ONE, Scene


def test_what_has_gone_out_is_not_taken_back() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.run(60)
    scene.settle_all()
    scene.run(60)
    waiting = set(scene.waiting())
    assert waiting
    assert set(needless_pages(scene.state())) <= waiting


def test_only_paging_asks_again_what_one_acknowledgement_answers() -> None:
    """A mail to HQ that the file repeats until then is no page: it is a record."""
    steps = tuple(
        replace(
            step,
            every=timedelta(minutes=1),
            rounds=None,
            stopped_by=(Condition.ACKNOWLEDGED,),
        )
        if step.to is Audience.HQ
        else step
        for step in ENDED_BY_ONE.steps
    )
    scene = Scene(protocol=replace(ENDED_BY_ONE, steps=steps)).raised()
    scene.settle_all()
    scene.run(60)
    mails = {
        event.effect
        for event in scene.planned(Audience.HQ)
        if event.effect in scene.waiting()
    }
    assert mails
    scene.acknowledge()
    assert mails <= set(scene.waiting())
