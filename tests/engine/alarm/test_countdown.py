"""The countdown: in it colleagues and contacts wait, whatever step theirs follows."""

from engine.roster.model import Word
from tests.engine.alarm.scene import Scene
from tests.engine.alarm.test_steps import RULE, protocol, told

WRITTEN = 'channels = ["email"]\ntext = "hq"\n'


def test_colleagues_wait_for_it_also_in_a_step_after_one_for_hq_bug_they_did_not() -> (
    None
):
    """What the defender signs says so of every step; whom force calls wait for none."""
    head = f'countdown_s = 10\n{RULE}\n[[step]]\nid = "first"\nto = "hq"\n{WRITTEN}'
    scene = Scene(protocol=protocol('after = "first"', head)).raised()
    assert told(scene) == []
    scene.run(9)
    assert told(scene) == []
    scene.run(2)
    assert len(told(scene)) == 5
    pressed = Scene(protocol=protocol('after = "first"', head)).raised().raised("again")
    assert told(pressed)
    by_force = head.replace("\nto =", '\nafter = "duress"\nto =')
    forced = Scene(protocol=protocol('after = "first"', by_force)).raised()
    forced.cancel(Word.DURESS)
    assert told(forced)
