"""A case that somebody is forced to end: what the tests of force begin with."""

from datetime import timedelta

from engine.roster.model import Word
from tests.engine.alarm.scene import PROTOCOLS, Scene

CAREFUL = PROTOCOLS["careful"]


def scene_of() -> Scene:
    scene = Scene(protocol=CAREFUL).raised()
    scene.settle_all()
    scene.now = scene.now.plus(timedelta(minutes=2))
    scene.acknowledge()
    return scene


def forced() -> Scene:
    scene = scene_of()
    scene.cancel(Word.DURESS)
    return scene
