"""The alarm's actor on a full disk: nobody waits in silence until there is room."""

from engine.ports.journal import Request
from engine.values import Fix, PersonId
from tests.engine.alarm.test_actor import Rig
from tests.engine.dispatch.ledger import DAMAGED, FULL, SILENT

HERON = PersonId("heron")
MANY = 1_000


def test_a_press_whose_rows_find_no_room_reaches_hq_bug_it_waited_in_silence() -> None:
    """Its signal was recorded and its device answered: nobody would repeat it."""
    rig = Rig()
    rig.ledger.fault = lambda _: FULL
    rig.press("k1")
    assert rig.unkept == ["k1"]
    assert rig.done[-1].failed
    rig.ledger.fault = lambda _: ""
    rig.press("k1")
    rig.press("k2")
    assert rig.kinds()[0] == "AlarmRaised"
    assert rig.unkept == ["k1"]
    rig.ledger.fault = lambda _: FULL
    rig.press("k3")
    assert rig.unkept == ["k1", "k3"]


def test_whoever_acts_on_a_full_disk_is_answered_that_it_is_full() -> None:
    """And not that nobody answered, which the console says of an engine that hangs."""
    rig = Rig()
    rig.press("k1")
    rig.ledger.fault = lambda _: FULL
    rig.acknowledge("full")
    assert (rig.done[-1].failed, rig.done[-1].is_full) == (True, True)
    rig.ledger.fault = lambda _: DAMAGED
    rig.acknowledge("damaged")
    assert (rig.done[-1].is_full, rig.done[-1].is_damaged) == (False, True)
    rig.ledger.fault = lambda _: SILENT
    rig.acknowledge("silent", run_s=120)
    assert (rig.done[-1].failed, rig.done[-1].is_full) == (True, False)
    rig.ledger.fault = lambda _: ""
    rig.acknowledge("again")
    assert not rig.done[-1].failed


def test_a_deadline_whose_rows_find_no_room_is_said_too() -> None:
    """The next officer is not paged meanwhile, and the probe's row may fit."""
    rig = Rig()
    rig.press("k1")
    rig.ledger.fault = lambda _: FULL
    rig.world.run(70)
    assert any(command.startswith("tick/") for command in rig.unkept)


def test_a_full_disk_is_asked_now_and_then_bug_it_was_asked_without_end() -> None:
    """Each look for what is due followed to a place that the journal had already."""
    rig = Rig()
    rig.press("k1")
    moved = Fix(lat_deg=41.4, lon_deg=69.4, at=rig.world.now())
    assert rig.board.move(HERON, moved)
    while "PositionFollowed" not in rig.kinds():
        rig.world.run(1)
    asked: list[Request] = []

    def full(request: Request) -> str:
        asked.append(request)
        return FULL if len(asked) < MANY else ""

    rig.ledger.fault = full
    rig.world.run(120)
    assert rig.unkept, "the next officer is due"
    assert len(asked) < 120
