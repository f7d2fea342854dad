"""A case that somebody is forced to end: what the tests of force begin with."""

from dataclasses import replace
from datetime import timedelta

from engine.protocol.model import ActionProtocol
from engine.roster.model import Word
from tests.engine.alarm.scene import PROTOCOLS, Scene

CAREFUL = PROTOCOLS["careful"]
ATTENDED = replace(CAREFUL, lease=None)
"""As if somebody at HQ attended to it for days: else it would be one page a minute."""


def scene_of(protocol: ActionProtocol = CAREFUL) -> Scene:
    scene = Scene(protocol=protocol).raised()
    scene.settle_all()
    scene.now = scene.now.plus(timedelta(minutes=2))
    scene.acknowledge()
    return scene


def forced(protocol: ActionProtocol = CAREFUL) -> Scene:
    scene = scene_of(protocol)
    scene.cancel(Word.DURESS)
    return scene
