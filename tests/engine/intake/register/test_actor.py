"""The register over rows and restarts: what devices were heard outlives the process."""

from datetime import timedelta

import pytest

from engine.intake.register.actor import ROWS_MAX, Register
from engine.intake.vigil.attendance import Attendance
from engine.journal.memory import Medium
from engine.ports.latest import Attend
from engine.supervision.child import ChildSpec
from engine.values import DeviceId, Instant
from tests.engine.dispatch.ledger import FULL, LOST, SILENT, Ledger
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import HERONS
from tests.fakes import START
from tests.simulation.runtime import World


class Rig:
    """One process of the register; `again` is the next one over the same rows."""

    def __init__(self, medium: Medium | None = None, now: Instant = START) -> None:
        self.world = World(1, now)
        self.medium = medium or Medium()
        self.ledger = Ledger(self.world, self.medium)
        rows = self.ledger.store.reader().attendance()
        self.attendance = Attendance(now, rows)
        arguments = {"attendance": self.attendance, "journal": self.ledger}
        child = ChildSpec(name="register", actor=Register, arguments=arguments)
        self.root = grow(tree_in(self.world), self.world, [child])

    def again(self) -> "Rig":
        """Start the next process, a minute after this one was killed."""
        return Rig(self.medium, self.world.now().plus(timedelta(minutes=1)))

    def hear(self, device: DeviceId = HERONS) -> Instant:
        now = self.world.now()
        self.attendance.heard(device, now, 0.4)
        return now

    def asked(self) -> list[Attend]:
        return [one for one in self.ledger.asked if isinstance(one, Attend)]


def test_a_device_that_was_heard_once_is_known_after_kill_9() -> None:
    rig = Rig()
    heard_at = rig.hear()
    rig.world.run(1)

    after = rig.again()

    assert after.attendance.last(HERONS) == heard_at
    assert after.attendance.battery_ratio(HERONS) == 0.4
    after.world.run(60)
    assert after.asked() == [], "what the rows say already is not written again"


def test_a_device_that_speaks_every_second_costs_a_row_each_half_minute() -> None:
    rig = Rig()
    for _ in range(300):
        rig.hear()
        rig.world.run(1)
    assert 10 <= len(rig.asked()) <= 11
    after = rig.again()
    last = after.attendance.last(HERONS)
    assert last is not None
    assert after.world.now().since(last) <= timedelta(seconds=60 + 32)


def test_thousands_of_devices_cost_one_request_a_second() -> None:
    rig = Rig()
    for number in range(4 * ROWS_MAX):
        rig.hear(DeviceId(f"d{number}"))
    rig.world.run(6)
    sizes = [len(request.seen) for request in rig.asked()]
    assert sizes == [ROWS_MAX] * 4
    assert len(rig.again().ledger.store.reader().attendance()) == 4 * ROWS_MAX


@pytest.mark.parametrize("fault", [FULL, SILENT, LOST])
def test_what_the_journal_did_not_take_is_given_again(fault: str) -> None:
    rig = Rig()
    rig.ledger.fault = lambda _: fault
    heard_at = rig.hear()
    rig.world.run(5)
    assert len(rig.asked()) > 1
    rig.ledger.fault = lambda _: ""
    rig.world.run(1.5)
    assert rig.again().attendance.last(HERONS) == heard_at


def test_an_orderly_stop_keeps_the_last_second() -> None:
    rig = Rig()
    rig.hear()
    rig.world.run(5)
    heard_at = rig.hear()
    rig.world.run(0.2)

    rig.root.stop(within_s=1.0)

    assert rig.again().attendance.last(HERONS) == heard_at
