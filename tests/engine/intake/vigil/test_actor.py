"""The vigil over rows and restarts: what does not come is recorded once, in time."""

from datetime import timedelta

import pytest
from msgspec import structs

from engine.intake.absence import SOURCE_ABSENCE, absence_command, absence_of
from engine.intake.vigil.actor import Vigil
from engine.intake.vigil.attendance import Attendance
from engine.intake.vigil.silence import MERCY_MAX
from engine.journal.memory import Medium, MemoryReader
from engine.ports.journal import Append, HeadRow, InboundRow, Record, Request
from engine.ports.latest import Attend
from engine.roster.model import Roster
from engine.supervision.child import ChildSpec
from engine.values import Instant, Signal
from tests.engine.dispatch.ledger import FULL, LOST, SILENT, Ledger
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import HERONS, Meter, at_heron, judge_of
from tests.fakes import START
from tests.simulation.runtime import World

BEAT_S = 600.0
AT_RISK = "daily 00:00-00:00"
AGREED = at_heron(heartbeat_s=BEAT_S)


class Rig:
    """One process of the vigil; `again` is the next one over the same rows."""

    def __init__(
        self,
        roster: Roster = AGREED,
        medium: Medium | None = None,
        now: Instant = START,
        alive_at: Instant | None = None,
    ) -> None:
        self.world = World(1, now)
        self.medium = medium or Medium()
        self.ledger = Ledger(self.world, self.medium)
        self.judge = judge_of(roster, clock=self.world)
        rows = self.ledger.store.reader().attendance()
        self.attendance = Attendance(alive_at or now, rows)
        self.meter = Meter()
        tree = tree_in(self.world)
        arguments = {
            "board": self.judge.board,
            "attendance": self.attendance,
            "journal": self.ledger,
            "readers": self.ledger,
            "telemetry": self.meter,
        }
        child = ChildSpec(name="vigil", actor=Vigil, arguments=arguments)
        grow(tree, self.world, [child])

    def again(self, after_s: float) -> "Rig":
        """Start the next process, so long after this one was killed."""
        alive_at = self.world.now()
        now = alive_at.plus(timedelta(seconds=after_s))
        return Rig(self.judge.board.roster(), self.medium, now, alive_at)

    def hear(self) -> None:
        self.attendance.heard(HERONS, self.world.now())

    def keep(self) -> None:
        """Make durable whom it heard, as the register does."""
        seen = tuple(self.attendance.differing().values())
        self.ledger.store.commit([Attend(seen=seen)], self.world.now())

    def is_overdue(self) -> bool:
        """Say what the list of devices says."""
        return HERONS in (self.attendance.overdue or ())

    def noticed(self) -> list[InboundRow]:
        rows = self.ledger.store.reader().inbound(untaken_only=True)
        return [row for row in rows if row.source == SOURCE_ABSENCE]


def tells_of_silence(request: Request) -> bool:
    return isinstance(request, Append) and bool(request.records)


@pytest.mark.parametrize(("window", "kind"), [("", "notice"), (AT_RISK, "real")])
def test_a_silent_device_raises_at_risk_and_else_shows_at_hq(
    window: str, kind: str
) -> None:
    rig = Rig(at_heron(heartbeat_s=BEAT_S, window=window))
    rig.world.run(BEAT_S - 1)
    assert rig.noticed() == []
    rig.world.run(4)
    (row,) = rig.noticed()
    absence = absence_of(row.body)
    assert absence is not None
    assert absence.signal is Signal.SILENT
    command = absence_command(row, absence, rig.judge)
    assert command is not None
    assert (command.kind, command.subject) == (kind, "heron")
    assert command.press.text.startswith("Heartbeat overdue: heard ")
    rig.world.run(BEAT_S * 10)
    assert len(rig.noticed()) == 1, "once is enough"


def test_a_row_in_which_a_bit_has_changed_ends_no_vigil_bug_nor_the_engine(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Its device is watched from then on, as one that was just enrolled."""
    rig = Rig()
    rig.world.run(60)
    whole = MemoryReader.heads

    def changed(reader: MemoryReader, prefix: str, *, open_only: bool) -> list[HeadRow]:
        rows = whole(reader, prefix, open_only=open_only)
        head = structs.replace(rows[0].head, status="heare")
        return [structs.replace(rows[0], head=head)]

    monkeypatch.setattr(MemoryReader, "heads", changed)
    rig = rig.again(0)
    monkeypatch.undo()
    rig.world.run(BEAT_S - 1)
    assert rig.noticed() == []
    rig.world.run(4)
    assert len(rig.noticed()) == 1


def test_a_device_that_speaks_is_left_in_peace() -> None:
    rig = Rig()
    for _ in range(20):
        rig.world.run(BEAT_S - 10)
        rig.hear()
    assert rig.noticed() == []
    assert rig.meter.shown["heartbeats_overdue", ""] == 0


def test_a_deadline_outlives_kill_9() -> None:
    rig = Rig()
    rig.world.run(BEAT_S - 60)
    rig.hear()
    rig.world.run(BEAT_S - 100)
    after = rig.again(after_s=5)
    after.world.run(80)
    assert after.noticed() == []
    after.world.run(20)
    assert len(after.noticed()) == 1


def test_an_outage_of_ours_is_no_silence_of_theirs() -> None:
    rig = Rig()
    rig.world.run(BEAT_S - 60)
    after = rig.again(after_s=8 * 3600)
    after.world.run(300)
    assert after.noticed() == []
    after.world.run(120)
    assert len(after.noticed()) == 1


def test_a_sleep_amid_a_look_is_no_silence_of_theirs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Whoever was looked at after it was overdue, by a deadline not yet put off."""
    rig = Rig()
    rig.world.run(BEAT_S / 2)
    rig.hear()
    alive, sleeps_s = rig.attendance.alive, [8 * 3600.0]

    def asked_alive(now: Instant) -> Instant:
        before = alive(now)
        if sleeps_s:
            rig.world.suspend(sleeps_s.pop())
        return before

    monkeypatch.setattr(rig.attendance, "alive", asked_alive)
    rig.world.run(300)
    assert not sleeps_s
    assert rig.noticed() == []
    rig.hear()
    rig.world.run(BEAT_S - 10)
    assert rig.noticed() == []
    rig.world.run(20)
    assert len(rig.noticed()) == 1


def test_a_machine_that_sleeps_again_and_again_finds_them_silent_all_the_same() -> None:
    """Each sleep left them five minutes more, and none was noticed."""
    rig = Rig()
    awake_s = 60.0
    for _ in range(int((BEAT_S + MERCY_MAX.total_seconds()) / awake_s)):
        assert rig.noticed() == []
        rig.world.run(awake_s)
        rig.world.suspend(3600.0)
    rig.world.run(awake_s)
    assert len(rig.noticed()) == 1


def test_whoever_is_heard_between_two_sleeps_has_time_to_come_back_after_each() -> None:
    rig = Rig()
    for _ in range(10):
        rig.world.suspend(3600.0)
        rig.world.run(BEAT_S + MERCY_MAX.total_seconds() - 30)
        rig.hear()
        rig.world.run(10)
    assert rig.noticed() == []


@pytest.mark.parametrize("slept_s", [12.0, 3600.0])
def test_a_word_right_before_a_sleep_counts(slept_s: float) -> None:
    """No look had seen it, and its device was told as silent as the machine woke."""
    rig = Rig()
    rig.world.suspend(3600.0)
    rig.world.run(BEAT_S + MERCY_MAX.total_seconds() - 3)
    rig.hear()
    rig.world.suspend(slept_s)
    rig.world.run(BEAT_S)
    assert rig.noticed() == []
    rig.world.run(60)
    assert len(rig.noticed()) == (slept_s < MERCY_MAX.total_seconds())


@pytest.mark.parametrize("slept_s", [12.0, 60.0, 8 * 3600.0])
def test_a_word_that_is_read_as_the_machine_wakes_counts(slept_s: float) -> None:
    """What lay in the socket was taken for one of before, and its device for silent."""
    rig = Rig()
    rig.hear()
    rig.world.run(BEAT_S - 10)
    rig.world.suspend(slept_s)
    rig.hear()
    rig.world.suspend(0.005)  # the vigil's thread is not the first to go on
    rig.world.run(BEAT_S - 10)
    assert rig.noticed() == []
    assert not rig.is_overdue()
    rig.hear()
    rig.world.run(BEAT_S - 10)
    assert rig.noticed() == []


@pytest.mark.parametrize("outage_s", [5.0, 120.0, 8 * 3600.0])
def test_a_device_heard_just_before_an_outage_is_not_overdue_after_it(
    outage_s: float,
) -> None:
    rig = Rig()
    rig.world.run(BEAT_S - 60)
    rig.hear()
    rig.world.run(30)
    rig.keep()

    after = rig.again(after_s=outage_s)

    after.world.run(BEAT_S - 60)
    assert not after.is_overdue()
    assert after.noticed() == []
    after.world.run(30 + 300 + 10)
    assert after.is_overdue()
    assert len(after.noticed()) == 1


@pytest.mark.parametrize("after_s", [1.0, 3600.0])
def test_a_device_that_was_overdue_is_overdue_after_kill_9(after_s: float) -> None:
    rig = Rig()
    rig.hear()
    rig.keep()
    rig.world.run(BEAT_S + 10)
    assert rig.is_overdue()
    after = rig.again(after_s)
    after.world.run(1)
    assert after.is_overdue()
    after.hear()
    after.world.run(3)
    assert not after.is_overdue()


def test_a_machine_that_slept_has_heard_nobody_fall_silent() -> None:
    rig = Rig()
    rig.hear()
    rig.world.run(10)
    rig.hear()
    # What a process sees that was frozen for an hour: nobody has looked since.
    rig.attendance.alive(rig.world.now().plus(-timedelta(hours=1)))
    rig.world.run(60)
    assert rig.noticed() == []
    assert not rig.is_overdue()


def test_what_was_reported_is_not_reported_by_the_next_process() -> None:
    rig = Rig()
    rig.world.run(BEAT_S + 10)
    assert len(rig.noticed()) == 1
    after = rig.again(after_s=1)
    after.world.run(BEAT_S * 3)
    assert len(after.noticed()) == 1


def test_a_full_disk_delays_the_report_and_does_not_lose_it() -> None:
    rig = Rig()

    rig.ledger.fault = lambda request: FULL if tells_of_silence(request) else ""
    rig.world.run(BEAT_S + 60)
    rig.ledger.fault = lambda _: ""
    assert rig.noticed() == []
    rig.world.run(5)
    assert len(rig.noticed()) == 1


@pytest.mark.parametrize("fault", [FULL, SILENT, LOST])
@pytest.mark.parametrize("nth", range(1, 4))
def test_killed_right_after_the_journal_refused_any_request_the_silence_is_not_lost(
    fault: str, nth: int
) -> None:
    rig = Rig()
    rig.world.run(BEAT_S - 1)
    told = len(rig.ledger.asked)
    rig.ledger.fault = lambda _: fault if len(rig.ledger.asked) == told + nth else ""
    rig.world.run(1.5)
    assert len(rig.ledger.asked) > told

    after = rig.again(after_s=1)
    after.world.run(BEAT_S)

    assert len(after.noticed()) == 1


def test_a_silence_and_the_row_that_it_was_reported_are_one_request() -> None:
    rig = Rig()
    rig.world.run(BEAT_S + 10)
    requests = [one for one in rig.ledger.asked if tells_of_silence(one)]
    assert [type(one) for one in requests] == [Append]
    assert not any(isinstance(one, Record) for one in rig.ledger.asked)


def test_a_device_without_an_agreement_may_be_silent() -> None:
    rig = Rig(at_heron(heartbeat_s=None, window=AT_RISK))
    rig.world.run(BEAT_S * 100)
    assert rig.noticed() == []


def test_a_device_that_leaves_the_roster_is_not_waited_for() -> None:
    rig = Rig()
    rig.world.run(60)
    rig.judge.board.replace(at_heron(heartbeat_s=None))
    rig.world.run(BEAT_S * 2)
    assert rig.noticed() == []
    assert rig.ledger.store.reader().heads("silence/", open_only=True) == []


def test_heartbeats_cost_the_journal_a_few_rows() -> None:
    rig = Rig()
    before = len(rig.ledger.asked)
    for _ in range(600):
        rig.world.run(1)
        rig.hear()
    assert len(rig.ledger.asked) - before <= 11


@pytest.mark.parametrize("outage_s", [5.0, 20.0])
def test_a_start_after_a_sleep_finds_nobody_silent_for_what_the_machine_slept(
    outage_s: float,
) -> None:
    """The next process knew of no sleep, and took a word of before it for the last."""
    rig = Rig()
    rig.hear()
    rig.world.run(10)
    rig.keep()
    rig.world.suspend(3600.0)
    rig.world.run(60)
    after = rig.again(outage_s)
    after.world.run(BEAT_S - 80)
    assert after.noticed() == []
    after.world.run(MERCY_MAX.total_seconds() + 80)
    assert len(after.noticed()) == 1


def test_a_shorter_heartbeat_that_a_start_brings_counts_for_who_is_silent_since() -> (
    None
):
    rig = Rig(at_heron(heartbeat_s=BEAT_S * 100))
    rig.hear()
    rig.world.run(10)
    rig.keep()
    now = rig.world.now()
    after = Rig(AGREED, rig.medium, now.plus(timedelta(seconds=5)), now)
    after.world.run(BEAT_S + MERCY_MAX.total_seconds() + 5)
    assert len(after.noticed()) == 1
