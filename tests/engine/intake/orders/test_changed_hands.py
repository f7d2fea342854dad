"""An order that waits while its device changes hands: not for the next carrier."""

from dataclasses import replace

from msgspec import structs

from engine.intake.orders.order import fold, given_event
from engine.ports.device import DeviceOrder
from engine.roster.model import Roster
from engine.values import PersonId
from tests.engine.intake.orders.test_actor import LOCATE, Rig
from tests.engine.intake.orders.test_order import STREAM, stored
from tests.engine.intake.reports import HERON, HERONS
from tests.fakes import START

LAPWING = PersonId("lapwing")


def carried_by(person: PersonId, roster: Roster) -> Roster:
    devices = (
        replace(one, person=person) if one.device == HERONS else one
        for one in roster.devices
    )
    return replace(roster, devices=tuple(devices))


def test_it_is_not_sent_to_another_carrier_bug_both_ways_it_was() -> None:
    """Theirs allows it as well, and nobody has asked where they are."""
    rig = Rig(LOCATE)
    rig.give()
    board = rig.judge.board
    board.replace(carried_by(LAPWING, board.roster()))
    rig.connect()
    rig.world.run(300)
    assert (rig.written, rig.texts) == ([], [])
    rig.world.run(24 * 3600)
    assert rig.facts() == ["Given", "GivenUp"]


def test_nor_after_a_restart_and_it_is_once_they_have_it_again() -> None:
    rig = Rig(LOCATE)
    rig.give()
    after = rig.again()
    board = after.judge.board
    board.replace(carried_by(LAPWING, board.roster()))
    after.connect()
    assert after.written == []
    board.replace(carried_by(HERON, board.roster()))
    after.world.run(10)
    assert after.written == [f"({HERONS}AP00)".encode()]
    assert after.facts() == ["Given", "Sent"]


def test_a_row_of_an_earlier_engine_says_of_nobody_that_it_is_theirs() -> None:
    order = DeviceOrder(device=HERONS, command=LOCATE, every_s=None, at=START)
    row = stored(1, given_event(order, "alder"))
    without = row.body.replace(b'"carrier":null,', b"")
    assert without != row.body
    given = fold(STREAM, [structs.replace(row, body=without)])
    assert given is not None
    assert given.carrier is None
