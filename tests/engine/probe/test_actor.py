"""Ready means a round trip through inbox, journal and timer, not an open port."""

import pytest

from engine.health import Health
from engine.ports.journal import Reply, Request
from engine.probe.actor import FRESH_S, Probe, Readiness
from engine.supervision.child import ChildSpec
from engine.timers.actor import Timers
from tests.engine.dispatch.ledger import DAMAGED, FULL, SILENT, Ledger
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import Meter
from tests.simulation.runtime import World


class SlowLedger(Ledger):
    """Writes at once, and answers after a while."""

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self.world, self.answers_after_s = world, 0.0

    def submit(self, request: Request, reply: Reply) -> None:
        answer = self.ask(request, 1.0)
        if not self.answers_after_s:
            reply(answer)
            return

        def late() -> None:
            self.world.sleep(self.answers_after_s)
            reply(answer)

        self.world.begin(late, "journal")


class Rig:
    def __init__(self, *, with_timers: bool = True) -> None:
        self.world = World(1)
        self.ledger = SlowLedger(self.world)
        self.meter = Meter()
        self.health = Health(self.meter)
        self.readiness = Readiness(self.world.boottime_s)
        self.jump_s = 0.0
        probe = ChildSpec(
            name="probe",
            actor=Probe,
            arguments={
                "journal": self.ledger,
                "readiness": self.readiness,
                "health": self.health,
                "telemetry": self.meter,
                "jump_s": lambda: self.jump_s,
            },
        )
        timers = [ChildSpec(name="timers", actor=Timers)] if with_timers else []
        grow(tree_in(self.world), self.world, [*timers, probe], run_s=2)

    def fail(self, fault: str) -> None:
        self.ledger.fault = lambda _: fault
        self.world.run(FRESH_S + 6)


def test_it_is_ready_after_its_first_round_trip_and_stays_so() -> None:
    rig = Rig()
    assert rig.readiness.is_fresh()
    rig.world.run(600)
    assert rig.readiness.is_fresh()
    assert rig.health.reasons() == {}
    assert rig.meter.shown["ready", ""] == 1.0


def test_a_journal_that_does_not_answer_is_not_ready_and_says_why() -> None:
    rig = Rig()
    rig.fail(SILENT)
    assert not rig.readiness.is_fresh()
    assert set(rig.health.reasons()) == {"journal_slow"}
    rig.fail("")
    assert rig.readiness.is_fresh()
    assert rig.health.reasons() == {}


def test_a_full_disk_is_no_reason_to_kill_the_engine_bug_the_watchdog_starved() -> None:
    """It tells HQ from memory, and might not start anew on such a disk."""
    rig = Rig()
    for _ in range(10):
        rig.fail(FULL)
        assert rig.readiness.is_fresh(), "the trip has come back"
        assert rig.meter.shown["ready", ""] == 0.0, "and nothing was recorded"
        assert set(rig.health.reasons()) == {"journal_slow", "disk_full"}
    rig.fail("")
    assert rig.health.reasons() == {}
    assert rig.meter.shown["ready", ""] == 1.0


@pytest.mark.parametrize("answers_after_s", [2.0, 6.0, 12.0, 45.0])
def test_a_journal_that_answers_late_is_slow_bug_only_up_to_five_seconds(
    answers_after_s: float,
) -> None:
    rig = Rig()
    rig.ledger.answers_after_s = answers_after_s
    for _ in range(30):
        rig.world.run(8)
        assert set(rig.health.reasons()) == {"journal_slow"}
    rig.ledger.answers_after_s = 0.0
    rig.world.run(answers_after_s + 6)
    assert rig.health.reasons() == {}
    assert rig.readiness.is_fresh()


@pytest.mark.parametrize("answers_after_s", [6.0, 15.0, 25.0, 40.0])
def test_a_slow_journal_is_no_reason_to_kill_the_engine_bug_the_watchdog_starved(
    answers_after_s: float,
) -> None:
    """It tells people late; one that is killed each half minute tells nobody."""
    rig = Rig()
    rig.ledger.answers_after_s = answers_after_s
    rig.world.run(60)
    for _ in range(60):
        rig.world.run(5)
        assert rig.readiness.is_fresh(), "answers come back, each of them late"
        assert rig.meter.shown["ready", ""] == 0.0, "and nobody can rely on it"
        assert set(rig.health.reasons()) == {"journal_slow"}
    rig.fail(SILENT)
    rig.world.run(answers_after_s)
    assert not rig.readiness.is_fresh(), "one that hangs has to be started anew"


def test_a_disk_that_is_full_and_slow_is_called_full_and_kills_no_engine() -> None:
    rig = Rig()
    rig.ledger.answers_after_s = 8.0
    rig.fail(FULL)
    assert set(rig.health.reasons()) == {"journal_slow", "disk_full"}
    assert rig.readiness.is_fresh()


def test_a_page_that_cannot_be_read_kills_no_engine_and_is_not_ready() -> None:
    """HQ is told from memory meanwhile, and the next engine could do no more."""
    rig = Rig()
    rig.fail(DAMAGED)
    assert rig.readiness.is_fresh()
    assert rig.meter.shown["ready", ""] == 0.0
    assert "disk_full" not in rig.health.reasons(), "room would mend nothing"
    assert "journal_slow" not in rig.health.reasons(), "no case comes by waiting"


def test_without_timers_nothing_comes_back() -> None:
    rig = Rig(with_timers=False)
    rig.world.run(60)
    assert not rig.readiness.is_fresh()


def test_a_jump_of_the_wall_clock_shows_until_it_is_over() -> None:
    rig = Rig()
    rig.jump_s = -3600.0
    rig.world.run(6)
    assert set(rig.health.reasons()) == {"clock_jumped"}
    assert rig.meter.shown["clock_offset_seconds", ""] == -3600.0
    assert rig.readiness.is_fresh(), "deadlines do not hang on the wall clock"
    rig.jump_s = 0.0
    rig.world.run(6)
    assert rig.health.reasons() == {}


def test_the_probe_leaves_no_row_behind() -> None:
    rig = Rig()
    rig.world.run(600)
    assert rig.ledger.store.reader().position() == 0
