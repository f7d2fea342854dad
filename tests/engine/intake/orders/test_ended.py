"""What was given to an instance that has ended, durable after its successor came."""

from engine.ports.journal import Append, Request
from tests.engine.dispatch.ledger import LATE
from tests.engine.intake.orders.test_actor import LOCATE, SIM, Rig
from tests.engine.intake.reports import HERONS


def late(request: Request) -> str:
    return LATE if isinstance(request, Append) else ""


def given_to_one_that_ended() -> Rig:
    rig = Rig(LOCATE)
    rig.ledger.fault = late
    rig.give()
    ref = rig.tree.names.lookup("dispatcher")
    assert ref is not None
    ref.tell("what nobody understands")
    rig.world.run(2)
    assert rig.tree.names.lookup("orders") is not None
    rig.ledger.land()
    rig.ledger.fault = lambda _: ""
    assert rig.facts() == ["Given"]
    return rig


def test_it_is_given_to_its_device_within_half_a_minute_bug_after_a_restart() -> None:
    """It waited for the next start, and would have gone out then by itself."""
    rig = given_to_one_that_ended()
    rig.connect()
    rig.world.run(31)
    assert rig.written == [f"({HERONS}AP00)".encode()]
    assert rig.facts() == ["Given", "Sent"]
    rig.world.run(600)
    assert len(rig.written) == 1


def test_it_goes_by_sms_where_the_device_is_away() -> None:
    rig = given_to_one_that_ended()
    rig.world.run(70)
    assert rig.texts == [(SIM, "*getposl*")]
    assert rig.facts() == ["Given", "Sent"]


def test_a_look_that_cannot_read_is_made_again() -> None:
    rig = given_to_one_that_ended()
    rig.connect()
    rig.ledger.read_errors = 1
    rig.world.run(61)
    assert rig.ledger.read_errors == 0
    assert rig.facts() == ["Given", "Sent"]


def test_with_nothing_to_do_rows_are_looked_at_and_nothing_is_asked() -> None:
    rig = Rig(LOCATE)
    rig.world.run(3600)
    assert rig.ledger.asked == []
