"""The auditor's rounds over a real journal, beside the engine that writes it."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path

import pytest

from engine.auditor.findings import Ground
from engine.auditor.watch import OVER, Watch
from engine.auditor.ways import ByChannel
from engine.errors import DeliveryError
from engine.journal.backup import back_up
from engine.journal.sqlite import SqliteStore
from engine.ports.journal import Append, Head, NewEvent
from engine.values import CommandId, Instant
from tests.engine.auditor.test_ways import Box
from tests.fakes import START, ManualClock


@dataclass
class Ear:
    """A way that keeps what it is told, and fails where it shall."""

    name = "ear"
    heard: list[str] = field(default_factory=list)
    is_down: bool = False

    tries: int = 0

    def tell(self, text: str, _: object = None) -> int:
        self.tries += 1
        if self.is_down:
            way = "ear"
            raise DeliveryError(way, "down", retry=True)
        self.heard.append(text)
        return 0


@dataclass
class Engine:
    """Writes as the engine does: heads, and its probe's empty appends."""

    store: SqliteStore
    clock: ManualClock
    serial: int = 0

    def write(self, due_s: float | None = None, *, is_open: bool = True) -> None:
        self.serial += 1
        now = self.clock.now()
        due = None if due_s is None else now.plus(timedelta(seconds=due_s))
        append = Append(
            stream="alarm/a",
            expected_seq=self.serial - 1,
            epoch=self.store.epoch,
            command_id=CommandId(str(self.serial)),
            events=(NewEvent(kind="AlarmRaised", body=b"{}"),),
            head=Head(status="notifying", is_open=is_open, next_due=due),
        )
        self.store.commit([append], now)

    def live(self, watch: Watch, seconds: float) -> None:
        """Let the engine's probe and the auditor do their rounds for a while."""
        for _ in range(round(seconds / 5)):
            self.clock.advance(5.0)
            probe = Append(
                stream="probe",
                expected_seq=0,
                epoch=self.store.epoch,
                command_id=CommandId("p"),
                events=(),
                head=Head(status="probe", is_open=False),
            )
            self.store.commit([probe], self.clock.now())
            watch.look()


@pytest.fixture
def engine(tmp_path: Path) -> Engine:
    store = SqliteStore(tmp_path / "journal.db", ballast_bytes=0)
    return Engine(store, ManualClock())


def watch_on(tmp_path: Path, clock: ManualClock, *ears: Ear) -> Watch:
    return Watch(path=tmp_path / "journal.db", clock=clock, ways=ears)


def test_what_gets_on_is_not_shouted(engine: Engine, tmp_path: Path) -> None:
    ear = Ear()
    watch = watch_on(tmp_path, engine.clock, ear)
    engine.write(due_s=600.0)
    engine.live(watch, 300)
    assert ear.heard == []


def test_a_missed_deadline_is_shouted_once_and_again_after_five_minutes(
    engine: Engine, tmp_path: Path
) -> None:
    ear = Ear()
    watch = watch_on(tmp_path, engine.clock, ear)
    engine.write(due_s=10.0)
    engine.live(watch, 60)
    assert len(ear.heard) == 1
    assert "alarm/a" in ear.heard[0]
    engine.live(watch, 300)
    assert len(ear.heard) == 2


def test_a_check_in_that_is_over_is_shouted_and_whose_it_is_is_not(
    engine: Engine, tmp_path: Path
) -> None:
    ear = Ear()
    watch = watch_on(tmp_path, engine.clock, ear)
    timer = Append(
        stream="check-in/heron",
        expected_seq=0,
        epoch=engine.store.epoch,
        command_id=CommandId("t"),
        events=(NewEvent(kind="CheckInStarted", body=b"{}"),),
        head=Head(status="running", is_open=True, next_due=engine.clock.now()),
    )
    engine.store.commit([timer], engine.clock.now())
    engine.live(watch, 290)
    assert ear.heard == []
    engine.live(watch, 20)
    (said,) = ear.heard
    assert "a check-in is over" in said
    assert "heron" not in said


def test_the_end_of_it_is_told(engine: Engine, tmp_path: Path) -> None:
    ear = Ear()
    watch = watch_on(tmp_path, engine.clock, ear)
    engine.write(due_s=10.0)
    engine.live(watch, 60)
    engine.write(due_s=600.0)
    engine.live(watch, 10)
    assert ear.heard[1:] == [OVER]


def test_an_engine_that_writes_nothing_is_shouted_also_without_an_alarm(
    engine: Engine, tmp_path: Path
) -> None:
    ear = Ear()
    watch = watch_on(tmp_path, engine.clock, ear)
    engine.live(watch, 10)
    engine.clock.advance(61.0)
    assert [f.ground for f in watch.look()] == [Ground.ENGINE_SILENT]
    assert len(ear.heard) == 1


def test_a_new_engine_has_a_minute_for_its_first_row_bug_it_was_silent_at_once(
    engine: Engine, tmp_path: Path
) -> None:
    ear = Ear()
    watch = watch_on(tmp_path, engine.clock, ear)
    engine.clock.advance(3600.0)
    assert watch.look() == ()
    engine.clock.advance(61.0)
    assert [one.ground for one in watch.look()] == [Ground.ENGINE_SILENT]


def test_a_wall_clock_that_jumps_an_hour_ahead_raises_no_false_shout(
    engine: Engine, tmp_path: Path
) -> None:
    ear = Ear()
    ahead = ManualClock(START.plus(timedelta(hours=1)))
    watch = watch_on(tmp_path, ahead, ear)
    engine.write(due_s=600.0)
    for _ in range(20):
        engine.live(watch, 5)
        ahead.advance(5.0)
    assert ear.heard == []


def test_a_journal_that_is_not_there_is_shouted(tmp_path: Path) -> None:
    ear = Ear()
    watch = watch_on(tmp_path, ManualClock(), ear)
    assert [f.ground for f in watch.look()] == [Ground.JOURNAL_UNREADABLE]
    assert "cannot be read" in ear.heard[0]


def test_a_restored_journal_is_looked_at_bug_the_one_that_was_moved_away_was(
    engine: Engine, tmp_path: Path
) -> None:
    ear, path = Ear(), tmp_path / "journal.db"
    watch = watch_on(tmp_path, engine.clock, ear)
    engine.write(due_s=600.0)
    back_up(path, tmp_path / "backup.db", lambda _, __: None)
    engine.live(watch, 30)
    engine.store.close()
    path.rename(tmp_path / "old.db")
    (tmp_path / "backup.db").rename(path)
    for beside in ("-wal", "-shm"):
        (tmp_path / f"journal.db{beside}").rename(tmp_path / f"old.db{beside}")
    engine.store = SqliteStore(path, ballast_bytes=0)
    engine.live(watch, 300)
    assert ear.heard == []
    engine.live(watch, 600)
    assert "alarm/a" in ear.heard[0]


def test_a_single_look_goes_by_the_wall_clock(engine: Engine, tmp_path: Path) -> None:
    engine.write(due_s=10.0)
    engine.clock.advance(120.0)
    ear = Ear()
    found = watch_on(tmp_path, engine.clock, ear).look(once=True)
    assert [f.ground for f in found] == [Ground.ENGINE_SILENT, Ground.OVERDUE]
    assert "writes nothing since 120 s; nobody has looked" in ear.heard[0]
    assert "alarm/a since 110 s" in ear.heard[0]


def test_one_way_that_fails_does_not_keep_the_others(
    engine: Engine, tmp_path: Path
) -> None:
    deaf, ear = Ear(is_down=True), Ear()
    watch = watch_on(tmp_path, engine.clock, deaf, ear)
    failures: list[int] = []
    watch.on_shout = failures.append
    engine.write()
    engine.clock.advance(1.0)
    watch.look()
    assert failures == [1]
    assert len(ear.heard) == 1


def test_what_stands_still_is_shown_before_anybody_is_told_bug_a_way_that_hung(
    engine: Engine, tmp_path: Path
) -> None:
    """Ten numbers of a modem that is silent are twenty minutes."""
    shown: list[int] = []

    @dataclass
    class Slow(Ear):
        def tell(self, text: str, _: object = None) -> int:
            assert shown == [1], "Prometheus and the log know already"
            return super().tell(text)

    ear = Slow()
    watch = watch_on(tmp_path, engine.clock, ear)
    watch.on_look = lambda found: shown.append(len(found))
    engine.write()
    engine.clock.advance(1.0)
    watch.look()
    assert len(ear.heard) == 1


def test_a_way_that_tells_nobody_is_named_with_why_bug_the_log_said_nothing(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    watch = watch_on(tmp_path, engine.clock, Ear(is_down=True))
    engine.write()
    engine.clock.advance(1.0)
    watch.look()
    assert "ear told nobody: ear: down" in caplog.text


def test_what_no_way_could_tell_is_told_soon_after_one_is_back(
    engine: Engine, tmp_path: Path
) -> None:
    ear = Ear(is_down=True)
    watch = watch_on(tmp_path, engine.clock, ear)
    engine.write(due_s=10.0)
    engine.live(watch, 80)
    assert (ear.tries, ear.heard) == (2, []), "at once, and every 30 s"
    ear.is_down = False
    engine.live(watch, 30)
    assert len(ear.heard) == 1
    engine.live(watch, 200)
    assert len(ear.heard) == 1, "told: from here on every five minutes"


def test_an_end_that_no_way_could_tell_is_told_later(
    engine: Engine, tmp_path: Path
) -> None:
    ear = Ear()
    watch = watch_on(tmp_path, engine.clock, ear)
    engine.write(due_s=10.0)
    engine.live(watch, 60)
    ear.is_down = True
    engine.write(due_s=6000.0)
    engine.live(watch, 10)
    ear.is_down = False
    engine.live(watch, 120)
    assert ear.heard[1:] == [OVER]


def test_a_way_that_fails_in_its_own_manner_keeps_no_other_from_being_tried(
    engine: Engine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    class Broken:
        name = "broken"

        def tell(self, _text: str, _beat: object) -> int:
            address = "duty@hq.example"
            raise KeyError(address)

    ear, failures = Ear(), list[int]()
    watch = Watch(
        path=tmp_path / "journal.db",
        clock=engine.clock,
        ways=[Broken(), ear],
        on_shout=failures.append,
    )
    engine.write(due_s=10.0)
    engine.live(watch, 60)
    assert len(ear.heard) == 1
    assert sum(failures) == 1
    assert "broken told nobody: KeyError at " in caplog.text
    assert "duty@" not in caplog.text


def test_the_auditor_writes_nothing(engine: Engine, tmp_path: Path) -> None:
    engine.write()
    position = engine.store.position
    watch = watch_on(tmp_path, engine.clock)
    watch.look()
    watch.close()
    assert engine.store.position == position


def test_a_refused_address_is_counted_and_the_way_has_told(
    engine: Engine, tmp_path: Path
) -> None:
    box = Box("gone@hq.example")
    way = ByChannel(box, ["gone@hq.example", "duty@hq.example"], engine.clock)
    failures: list[int] = []
    watch = Watch(
        path=tmp_path / "journal.db",
        clock=engine.clock,
        ways=[way],
        on_shout=failures.append,
    )
    engine.write(due_s=10.0)
    engine.live(watch, 200)
    assert sum(failures) == 1, "once, and not again before five minutes are over"
    assert len(box.sent) == 1


def test_the_engines_time_is_read_off_its_last_commit() -> None:
    from engine.auditor.watch import EngineTime  # noqa: PLC0415 - the one use

    time = EngineTime()
    time.take(Instant(5_000), 10.0)
    assert time.now(Instant(0), 12.5) == Instant(7_500)
    time.take(Instant(5_000), 70.0)
    assert time.silent_s(71.0) == 61.0
