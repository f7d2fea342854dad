"""The auditor's rounds over a real journal, beside the engine that writes it."""

from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, cast

import pytest

from engine.auditor.findings import Ground
from engine.auditor.watch import OVER, Watch
from engine.auditor.ways import ByChannel, ByModem
from engine.errors import DeliveryError, EngineError
from engine.journal.backup import back_up
from engine.journal.sqlite import SqliteStore
from engine.ports.channel import Notification, Receipt
from engine.ports.journal import Append, Head, NewEvent
from engine.ports.modem import SendResult, SubmitOutcome
from engine.values import ChannelName, CommandId, Instant
from tests.fakes import START, ManualClock

if TYPE_CHECKING:
    from engine.ports.modem import ModemDriver


@dataclass
class Ear:
    """A way that keeps what it is told, and fails where it shall."""

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


def unwatched() -> None: ...


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
    watch.on_look = lambda _, failed: failures.append(failed)
    engine.write()
    engine.clock.advance(1.0)
    watch.look()
    assert failures == [1]
    assert len(ear.heard) == 1


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


def test_the_auditor_writes_nothing(engine: Engine, tmp_path: Path) -> None:
    engine.write()
    position = engine.store.position
    watch = watch_on(tmp_path, engine.clock)
    watch.look()
    watch.close()
    assert engine.store.position == position


class Box:
    """A channel that keeps what it is given."""

    name = ChannelName("own")
    timeout_s = 1.0

    def __init__(self, *refused: str) -> None:
        self.refused = refused
        self.sent: list[Notification] = []

    def send(self, notification: Notification) -> Receipt:
        if notification.address in self.refused:
            raise DeliveryError(self.name, "550 no such user", retry=False)
        self.sent.append(notification)
        return Receipt(reference="")

    def check(self) -> None: ...

    def interrupt(self) -> None: ...

    def close(self) -> None: ...


def test_a_channel_reaches_every_address_under_keys_of_its_own() -> None:
    box = Box()
    ByChannel(box, ["one@hq.example", "two@hq.example"], ManualClock()).tell(
        "words", unwatched
    )
    assert [n.address for n in box.sent] == ["one@hq.example", "two@hq.example"]
    assert len({n.key for n in box.sent}) == 2
    assert {n.text for n in box.sent} == {"words"}


def test_an_address_that_is_refused_does_not_keep_the_next_one() -> None:
    box = Box("gone@hq.example")
    way = ByChannel(box, ["gone@hq.example", "duty@hq.example"], ManualClock())
    assert way.tell("words", unwatched) == 1
    assert [n.address for n in box.sent] == ["duty@hq.example"]


def test_a_channel_that_reaches_nobody_is_no_way() -> None:
    addresses = ["gone@hq.example", "left@hq.example"]
    with pytest.raises(DeliveryError):
        ByChannel(Box(*addresses), addresses, ManualClock()).tell("words", unwatched)


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
        on_look=lambda _, failed: failures.append(failed),
    )
    engine.write(due_s=10.0)
    engine.live(watch, 200)
    assert sum(failures) == 1, "once, and not again before five minutes are over"
    assert len(box.sent) == 1


def test_a_number_that_a_modem_refuses_does_not_keep_the_next_one() -> None:
    called: list[str] = []
    lost = SubmitOutcome(result=SendResult.REJECTED, code="21")

    class Refusing:
        def open(self, *, beat: object) -> None: ...

        def close(self) -> None: ...

        def fit(self, _: object) -> str:
            return "words"

        def submit(self, number: str, _: str, **__: object) -> SubmitOutcome:
            called.append(number)
            if number.endswith("1"):
                modem = "own"
                raise DeliveryError(modem, "no such number", retry=False)
            is_out = number.endswith("2")
            return lost if is_out else SubmitOutcome(result=SendResult.SENT)

    driver = cast("ModemDriver", Refusing())
    beats: list[str] = []
    way = ByModem(driver, ["+15005550001", "+15005550002", "+15005550006"])
    assert way.tell("words", lambda: beats.append("beat")) == 2
    assert called == ["+15005550001", "+15005550002", "+15005550006"]
    assert len(beats) == 3, "systemd hears of each"
    with pytest.raises(EngineError):
        ByModem(driver, ["+15005550002"]).tell("words", unwatched)


def test_a_modem_is_opened_for_a_message_and_given_back() -> None:
    from tests.simulation.farends import Network  # noqa: PLC0415 - one use
    from tests.simulation.modem import SimModem  # noqa: PLC0415 - likewise
    from tests.simulation.runtime import Life, World  # noqa: PLC0415 - likewise

    world = World(1)
    network = Network(world)
    network.contact = lambda *_: None
    network.confirmed = lambda *_: None
    network.on_arrival = lambda *_: None
    modem = SimModem(network, network.hardware["modem-1"], Life(world))
    world.call(lambda: ByModem(modem, ["+15005550006"]).tell("words", unwatched))
    assert [(number, text) for _, _, number, text in network.arrived] == [
        ("+15005550006", "words")
    ]


def test_the_engines_time_is_read_off_its_last_commit() -> None:
    from engine.auditor.watch import EngineTime  # noqa: PLC0415 - the one use

    time = EngineTime()
    time.take(Instant(5_000), 10.0)
    assert time.now(Instant(0), 12.5) == Instant(7_500)
    time.take(Instant(5_000), 70.0)
    assert time.silent_s(71.0) == 61.0
