"""The machine slept past the end of a timer: what came meanwhile is read first."""

from engine.roster.model import Word
from tests.engine.dispatch.ledger import SILENT
from tests.engine.intake.checkins.test_actor import HOUR, Rig, minutes


def test_what_came_while_the_machine_slept_is_read_before_anybody_is_missed() -> None:
    """They were missed at once, with their word that they are back in the modem."""
    rig = Rig()
    rig.say(HOUR, Word.SAFE)
    rig.world.run(minutes(30))
    rig.world.suspend(8 * 3600.0)
    rig.world.run(30)
    assert rig.missed() == []
    rig.say(word=Word.SAFE)
    rig.world.run(minutes(600))
    assert rig.missed() == []


def test_where_nothing_came_meanwhile_they_are_missed_a_minute_later() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(30))
    rig.world.suspend(8 * 3600.0)
    rig.world.run(70)
    assert len(rig.missed()) == 1


def test_a_journal_that_hangs_is_no_sleep_by_which_nobody_would_be_missed() -> None:
    rig = Rig()
    rig.say(HOUR)
    rig.world.run(minutes(60))
    rig.ledger.fault, rig.ledger.takes_s = lambda _: SILENT, 10.0
    rig.world.run(minutes(6))
    asked = [one for one in rig.ledger.asked if getattr(one, "records", ())]
    assert asked
