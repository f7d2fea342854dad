"""The roster as it is now: whose an address is."""

from engine.roster.board import Board
from engine.roster.model import Roster
from engine.roster.sample import sample_roster
from tests.engine.intake.reports import Meter
from tests.fakes import ManualClock

NOBODYS = "+46701740698"


def test_an_address_is_nobodys_that_the_roster_in_force_has_nowhere() -> None:
    """In a roster of nobody none is: it may be one that was lost."""
    roster = sample_roster()
    board = Board(roster, (), clock=ManualClock(), telemetry=Meter())
    numbers = [number for one in roster.people for number in one.numbers]
    others = [a.address for one in roster.people for a in one.addresses]
    assert numbers
    assert others
    assert not any(board.is_nobodys(one) for one in (*numbers, *others))
    assert board.is_nobodys(NOBODYS)
    board.replace(Roster())
    assert not board.is_nobodys(NOBODYS)
