"""The door: what must be durable is, before the device hears that it is."""

from dataclasses import replace
from math import nan

import pytest

from adapters.devices.osmand import Osmand
from engine.alarm.messages import Moved
from engine.intake.actor import SOURCE_QUIET, Heard
from engine.intake.gateway import door
from engine.intake.gateway.door import OVERDUE_S, Door
from engine.intake.gateway.strays import OF_ONE_ADDRESS, OF_ONE_PROTOCOL
from engine.intake.vigil.attendance import Attendance
from engine.ports.device import DeviceReport, HttpRequest, ReportKind
from engine.ports.journal import Place, Record, Reply, Request, Unknown
from engine.values import DeviceId, PersonId, PlaceDoubt, ReportKey, Signal
from tests.engine.dispatch.ledger import FULL, LOST, SILENT, Ledger
from tests.engine.intake.reports import (
    HERON,
    HERONS,
    STRANGERS,
    Meter,
    fix,
    judge_of,
    report,
)
from tests.fakes import START, ManualClock

STRAY = report(kind=ReportKind.UNDECODABLE, device=None, signals=frozenset(), fix=None)
POSITION = report(signals=frozenset())
LOGIN = report(kind=ReportKind.LOGIN, signals=frozenset(), fix=None)


class Late(Ledger):
    """Answers in the order of asking, when a test says that the commit is done."""

    def __init__(self) -> None:
        super().__init__(ManualClock())
        self.waiting: list[tuple[Request, Reply]] = []

    def submit(self, request: Request, reply: Reply) -> None:
        if self.fault(request) == FULL:
            reply(Unknown(reason="full", is_full=True))
            return
        self.waiting.append((request, reply))

    def commit(self) -> None:
        waiting, self.waiting = self.waiting, []
        for request, reply in waiting:
            reply(self.ask(request, 1.0))


class Rig:
    def __init__(self) -> None:
        self.ledger, self.meter = Late(), Meter()
        self.heard: list[Heard] = []
        self.moved: list[Moved] = []
        self.recorded: list[ReportKey] = []
        self.not_recorded: list[Request] = []
        self.answers: list[bool] = []
        self.judge = judge_of()
        self.attendance = Attendance(START)
        self.door = Door(
            judge=self.judge,
            journal=self.ledger,
            clock=self.ledger.clock,
            telemetry=self.meter,
            hint=self._hint,
            recorded=self.recorded.append,
            not_recorded=self.not_recorded.extend,
            attendance=self.attendance,
        )
        self.door.wake = self.door.answer_done

    def _hint(self, heard: Heard | Moved) -> bool:
        if isinstance(heard, Heard):
            self.heard.append(heard)
        else:
            self.moved.append(heard)
        return True

    def let_in(self, *reports: DeviceReport) -> None:
        self.door.let_in(reports, self.answers.append)

    def commit(self) -> None:
        self.ledger.commit()
        self.door.committed(1)

    def kinds(self) -> list[str]:
        return [type(request).__name__ for request, _ in self.ledger.waiting]


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_an_sos_is_answered_only_after_it_is_durable(rig: Rig) -> None:
    rig.let_in(report())
    assert rig.answers == []
    assert rig.heard == []
    assert rig.door.has_signals()
    rig.commit()
    assert not rig.door.has_signals()
    assert rig.answers == [True]
    (heard,) = rig.heard
    assert heard.reports == (report(),)
    assert len(rig.recorded) == 1


def test_a_plain_position_is_answered_after_its_row_is_on_disk(rig: Rig) -> None:
    rig.let_in(POSITION)
    assert rig.kinds() == ["Place"]
    assert rig.answers == []
    rig.commit()
    assert rig.answers == [True]
    assert rig.heard == []
    assert rig.moved == [Moved(people=frozenset({PersonId("heron")}))]


@pytest.mark.parametrize(
    "said",
    [
        LOGIN,
        report(kind=ReportKind.HEARTBEAT, signals=frozenset(), fix=None),
        replace(POSITION, device=STRANGERS),
    ],
)
def test_what_needs_no_disk_is_answered_at_once(rig: Rig, said: DeviceReport) -> None:
    rig.let_in(said)
    assert rig.answers == [True]
    assert rig.ledger.waiting == []


@pytest.mark.parametrize("fault", [SILENT, LOST, FULL])
@pytest.mark.parametrize("said", [report(), POSITION])
def test_what_may_not_be_durable_is_not_answered_so_that_the_device_repeats(
    rig: Rig, fault: str, said: DeviceReport
) -> None:
    rig.ledger.fault = lambda _: fault
    rig.let_in(said)
    rig.commit()
    assert rig.answers == [False]
    assert rig.heard == []


def test_a_frame_of_several_reports_is_answered_once_and_for_all_of_them(
    rig: Rig,
) -> None:
    rig.ledger.fault = lambda r: SILENT if isinstance(r, Place) else ""
    rig.let_in(report(), replace(POSITION, part=1), LOGIN)
    rig.commit()
    assert rig.answers == [False]
    assert len(rig.heard) == 1, "the SOS among them is acted on all the same"


def test_many_frames_of_one_commit_are_one_hint(rig: Rig) -> None:
    for number in range(50):
        rig.let_in(report(raw=bytes([number])))
    rig.commit()
    assert rig.answers == [True] * 50
    assert [len(heard.reports) for heard in rig.heard] == [50]


def test_the_same_frame_again_is_answered_and_marked_as_repeated(rig: Rig) -> None:
    for _ in range(2):
        rig.let_in(report())
        rig.commit()
    assert rig.answers == [True, True]
    assert rig.heard[0].repeated == ()
    assert len(rig.heard[1].repeated) == 1


def test_a_signal_that_messages_nobody_is_kept_as_taken(rig: Rig) -> None:
    rig.let_in(report(signals=frozenset({Signal.OVERSPEED})))
    (record,) = [r for r, _ in rig.ledger.waiting if isinstance(r, Record)]
    assert record.source == SOURCE_QUIET
    rig.commit()
    reader = rig.ledger.store.reader()
    assert len(reader.inbound(untaken_only=False)) == 1
    assert reader.inbound(untaken_only=True) == []
    assert rig.heard == []


def test_a_believed_fix_moves_the_person_and_a_doubtful_one_does_not(rig: Rig) -> None:
    rig.let_in(report())
    heron = rig.judge.board.fix_of(HERON)
    assert heron is not None
    rig.let_in(report(raw=b"jump", fix=fix(lat_deg=-60.0)))
    assert rig.judge.board.fix_of(HERON) == heron


@pytest.mark.parametrize("device", [None, STRANGERS])
def test_half_a_frame_of_nobody_we_know_is_recorded_for_hq(
    rig: Rig, device: DeviceId | None
) -> None:
    half = replace(STRAY, device=device)
    rig.let_in(half)
    assert rig.answers == []
    rig.commit()
    assert rig.answers == [True]
    assert [heard.reports for heard in rig.heard] == [(half,)]


def test_a_babbler_fills_no_journal_and_what_is_not_shown_is_counted(rig: Rig) -> None:
    for number in range(1000):
        rig.let_in(replace(STRAY, raw=number.to_bytes(2)))
    assert rig.kinds() == ["Record"] * OF_ONE_PROTOCOL.at_once
    unshown = 1000 - OF_ONE_PROTOCOL.at_once
    assert rig.answers == [True] * unshown
    assert rig.meter.counted["strays_unshown_total"] == unshown
    rig.let_in(replace(STRAY, device=HERONS), report(device=STRANGERS))
    more = rig.kinds()[OF_ONE_PROTOCOL.at_once :]
    assert more.count("Record") == 2, "a known device and an SOS are never too many"


def test_a_flooding_address_takes_no_room_from_another(rig: Rig) -> None:
    for number in range(100):
        half = replace(STRAY, raw=number.to_bytes(2))
        rig.door.let_in((half,), rig.answers.append, "192.0.2.1")
    assert rig.kinds() == ["Record"] * OF_ONE_ADDRESS.at_once
    rig.door.let_in((STRAY,), rig.answers.append, "192.0.2.2")
    assert rig.kinds() == ["Record"] * (OF_ONE_ADDRESS.at_once + 1)
    sos = report(device=STRANGERS)
    rig.door.let_in((sos,), rig.answers.append, "192.0.2.1")
    assert rig.kinds()[-1] == "Record", "an SOS is never too many"


def test_noise_reaches_no_disk(rig: Rig) -> None:
    rig.let_in(replace(STRAY, kind=ReportKind.NOISE))
    assert rig.ledger.waiting == []


def test_half_a_character_in_a_devices_json_does_not_cost_the_sos_bug_lost(
    rig: Rig,
) -> None:
    body = (
        b'{"device_id":"x","location":{"timestamp":"2026-11-25T03:00:00Z",'
        b'"event":"\\ud800","coords":{"latitude":1,"longitude":2},'
        b'"extras":{"alarm":"\\ud800sos"}}}'
    )
    request = HttpRequest(
        method="POST",
        path="/",
        query="",
        headers={"content-type": "application/json"},
        body=body,
    )
    decoded = Osmand().decode(request, START)
    assert any(Signal.SOS in one.signals for one in decoded.reports)
    rig.let_in(*decoded.reports)
    rig.commit()
    assert rig.answers == [True]
    assert len(rig.heard) == 1


def test_every_word_of_an_enrolled_device_counts_as_a_heartbeat(rig: Rig) -> None:
    beat = report(kind=ReportKind.HEARTBEAT, signals=frozenset(), fix=None)
    rig.let_in(beat)
    assert rig.attendance.last(HERONS) == beat.received_at


def test_neither_a_stranger_nor_a_forger_keeps_a_device_alive(rig: Rig) -> None:
    rig.let_in(report(device=STRANGERS), report(authentic=False))
    assert rig.attendance.last(STRANGERS) is None
    assert rig.attendance.last(HERONS) is None


def test_when_too_much_waits_positions_go_first_and_an_sos_never(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "PLACES_WAITING_MAX", 10)
    for number in range(100):
        rig.let_in(replace(POSITION, raw=bytes([number])))
    assert rig.kinds() == ["Place"] * 10
    assert rig.answers == [False] * 90, "unanswered, so that the device says it again"
    rig.let_in(report())
    assert "Record" in rig.kinds()
    rig.commit()
    assert rig.answers.count(True) == 11
    rig.let_in(POSITION)
    assert rig.kinds() == ["Place"], "once there is room they are kept again"


def test_gathered_places_are_told_together_and_a_signal_among_them_at_once(
    rig: Rig,
) -> None:
    for said in (POSITION, report(), POSITION):
        rig.door.gather((said,), rig.answers.append)
    assert rig.kinds() == ["Record", "Place"], "its own place shares its commit"

    rig.door.hand_on()

    assert rig.kinds() == ["Record", "Place", "Place", "Place"]
    rig.commit()
    assert rig.answers == [True, True, True]


def test_a_position_that_cannot_be_is_kept_beside_the_one_that_is_believed(
    rig: Rig,
) -> None:
    board = rig.judge.board
    rig.let_in(POSITION)
    believed = board.fix_of(HERON)
    rig.commit()
    jump = replace(POSITION, fix=fix(lat_deg=-33.9, lon_deg=18.4), raw=b"jump")
    rig.let_in(jump)
    assert board.fix_of(HERON) == believed
    assert board.doubted_of(HERON) == jump.fix
    assert rig.kinds() == ["Doubt"]
    assert rig.answers == [True], "answered once it is durable"
    rig.commit()
    assert rig.answers == [True, True]
    reader = rig.ledger.store.reader()
    assert list(reader.doubts()) == [board.doubt_of(HERON)]
    assert [place.fix for place in reader.places()] == [believed]
    assert len(rig.moved) == 1, "nobody moves by what is not believed"


def test_a_place_that_the_device_calls_invalid_is_kept_with_that_mark(rig: Rig) -> None:
    rig.let_in(replace(POSITION, fix=None, doubtful_fix=fix()))
    rig.commit()
    assert rig.answers == [True]
    (kept,) = rig.ledger.store.reader().doubts()
    assert (kept.fix, kept.why) == (fix(), PlaceDoubt.INVALID)


def test_a_doubtful_place_shares_the_commit_of_its_sos(rig: Rig) -> None:
    rig.let_in(report(fix=fix(0.0, 0.0)))
    assert rig.kinds() == ["Record", "Doubt"]
    rig.commit()
    assert rig.answers == [True]


def test_a_place_that_is_no_number_is_answered_and_has_no_row(rig: Rig) -> None:
    rig.let_in(replace(POSITION, fix=fix(lat_deg=nan)))
    assert rig.answers == [True]
    assert rig.kinds() == []


def test_doubtful_places_give_way_under_load_like_all(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "PLACES_WAITING_MAX", 2)
    for _ in range(4):
        rig.let_in(replace(POSITION, fix=None, doubtful_fix=fix()))
    assert rig.kinds() == ["Doubt", "Doubt"]
    rig.commit()
    assert rig.answers == [False, False, True, True]


def keys_of(requests: list[Request]) -> list[ReportKey]:
    return [one.key for one in requests if isinstance(one, Record)]


def test_hq_hears_once_of_an_sos_that_the_disk_keeps_waiting_bug_silence(
    rig: Rig,
) -> None:
    rig.let_in(report(), POSITION)
    rig.ledger.clock.sleep(OVERDUE_S - 0.1)
    rig.door.look()
    assert rig.not_recorded == []
    rig.ledger.clock.sleep(0.1)
    for _ in range(3):
        rig.door.look()
    assert len(keys_of(rig.not_recorded)) == 1
    assert rig.answers == [], "the device hears nothing that is not so"
    rig.commit()
    assert rig.answers == [True]
    assert rig.recorded == keys_of(rig.not_recorded), "it is off the list again"


def test_an_sos_that_the_device_repeats_meanwhile_waits_since_the_first(
    rig: Rig,
) -> None:
    rig.let_in(report())
    rig.ledger.clock.sleep(OVERDUE_S / 2)
    rig.let_in(report())
    rig.ledger.clock.sleep(OVERDUE_S / 2)
    rig.door.look()
    assert len(rig.not_recorded) == 1


@pytest.mark.parametrize("said", [POSITION, STRAY, LOGIN])
def test_nobody_is_woken_for_what_is_no_sos(rig: Rig, said: DeviceReport) -> None:
    rig.let_in(said)
    rig.ledger.clock.sleep(60)
    rig.door.look()
    assert rig.not_recorded == []


@pytest.mark.parametrize("fault", ["", FULL])
def test_what_has_its_answer_waits_no_more(rig: Rig, fault: str) -> None:
    rig.ledger.fault = lambda _: fault
    rig.let_in(report())
    rig.commit()
    rig.ledger.clock.sleep(60)
    rig.door.look()
    assert rig.not_recorded == []
