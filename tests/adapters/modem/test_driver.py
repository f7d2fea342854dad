"""The driver over a pty: it sends, it hears, it tells the truth about both."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from adapters.modem.driver import SerialModem
from adapters.modem.options import ModemOptions
from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_links import PtyLink, SocketLink
from engine.clock import SystemClock
from engine.errors import (
    ConfigError,
    ModemBusyError,
    ModemError,
    ModemGoneError,
)
from engine.ports.modem import (
    InboundSms,
    IncomingCall,
    ModemDriver,
    RingResult,
    SendResult,
    StatusReport,
)
from tests.adapters.modem.rig import (
    ALARM,
    ALICE,
    BOB,
    OUTSIDE,
    QUICK,
    CountingTelemetry,
    rig,
)


def test_a_modem_that_is_brought_up_says_who_it_is(tmp_path: Path) -> None:
    with rig(tmp_path, opened=False) as r:
        driver: ModemDriver = r.driver
        health = driver.open(beat=lambda: None)
    assert health.registered
    assert health.signal_dbm == -71
    assert health.operator == "Virtual Mobile"
    assert health.imei == r.modem.state.imei
    assert health.sim == r.modem.state.iccid
    assert (health.storage_used, health.storage_size) == (0, 30)
    assert health.model == "VM-1"


def test_a_message_is_sent_with_its_reference_and_its_report(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        outcome = r.submit()
        assert outcome.result is SendResult.SENT
        assert r.sent_texts() == [ALARM]
        (report,) = r.events(bool)
    assert isinstance(report, StatusReport)
    assert report.reference == outcome.reference
    assert report.recipient == OUTSIDE
    assert report.outcome == "delivered"
    assert report.slot is None


def test_a_message_is_handed_over_within_a_millisecond_or_so(tmp_path: Path) -> None:
    handed: list[float] = []
    with rig(tmp_path) as r:
        r.network._on_message = lambda *_: handed.append(time.perf_counter())
        taken = []
        for _ in range(50):
            start = time.perf_counter()
            r.submit()
            taken.append(handed[-1] - start)
    assert sorted(taken)[25] < 0.005


def test_references_wrap_at_256(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        references = [r.submit("x").reference for _ in range(260)]
    assert references[254:258] == [255, 0, 1, 2]


def test_a_text_that_is_too_long_loses_its_end_and_is_counted(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        assert r.submit("SOS " + "x" * 200).result is SendResult.SENT
        (text,) = r.sent_texts()
        assert r.telemetry.counts["modem_texts_cut_total"] == 1
    assert len(text) == 160
    assert text.startswith("SOS ")


def test_a_number_that_is_none_is_rejected_before_a_byte_is_written(
    tmp_path: Path,
) -> None:
    with rig(tmp_path) as r:
        outcome = r.submit(to="call me")
        assert outcome.result is SendResult.REJECTED
        assert not outcome.retry
        assert "call me" not in outcome.reason
        assert r.sent_texts() == []


@pytest.mark.parametrize("text", ["K7F2 1", "Иду, 20 минут \U0001f198", "åäö €[]"])
def test_what_arrives_is_announced_read_and_stays_until_deleted(
    tmp_path: Path, text: str
) -> None:
    with rig(tmp_path) as r:
        r.modem.inject(BOB, text)
        assert r.driver.wait(2)
        (message,) = r.driver.poll(drain=False)
        assert isinstance(message, InboundSms)
        assert (message.sender, message.text) == (BOB, text)
        assert r.driver.poll(drain=False) == []
        assert r.driver.poll(drain=True) == [message]
        r.driver.delete(message.slot)
        assert r.driver.poll(drain=True) == []


def test_a_long_message_arrives_whole(tmp_path: Path) -> None:
    text = "Иду. " * 40
    with rig(tmp_path) as r:
        r.modem.inject(BOB, text)
        (message,) = r.events(bool)
        assert isinstance(message, InboundSms)
        assert message.text == text
        assert message.part is None
        r.driver.delete(message.slot)
        assert r.modem.state.stores["SM"] == {}


def test_what_lay_in_storage_before_is_found_at_the_first_drain(tmp_path: Path) -> None:
    with rig(tmp_path, opened=False) as r:
        r.modem.inject(BOB, "before anybody listened")
        r.driver.open()
        (message,) = r.driver.poll(drain=True)
    assert isinstance(message, InboundSms)
    assert message.text == "before anybody listened"


def test_what_lay_in_the_other_store_is_found_too(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem.inject(BOB, "moved")
        assert r.driver.wait(2)
        stores = r.modem.state.stores
        stores["ME"][0] = stores["SM"].pop(1)
        (message,) = r.driver.poll(drain=True)
        assert isinstance(message, InboundSms)
        assert message.slot == "ME:0"
        r.driver.delete(message.slot)
        assert stores["ME"] == {}
        r.modem.inject(BOB, "arrives where it should")
        assert r.driver.wait(2)
        (message,) = r.driver.poll(drain=False)
        assert isinstance(message, InboundSms)
        assert message.slot == "SM:1"


def test_two_modems_write_to_each_other(tmp_path: Path) -> None:
    with (
        rig(tmp_path) as r,
        VirtualModem(BOB, clock=SystemClock(), network=r.network) as other,
    ):
        second = SerialModem(
            other.port, clock=SystemClock(), telemetry=r.telemetry, options=QUICK
        )
        second.open()
        r.submit("hej", to=BOB)
        assert second.wait(2)
        (message,) = second.poll(drain=False)
        second.close()
    assert isinstance(message, InboundSms)
    assert (message.sender, message.text) == (ALICE, "hej")


def test_a_call_is_hung_up_and_told(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem.ring(BOB)
        assert r.driver.wait(2)
        (call,) = r.events(bool)
        assert r.modem.state.call == ""
        assert r.submit().result is SendResult.SENT
    assert isinstance(call, IncomingCall)
    assert call.caller in {BOB, None}


def test_a_call_rings_and_is_hung_up(tmp_path: Path) -> None:
    called: list[str] = []
    with rig(tmp_path) as r:
        r.modem._calls._on_call = lambda _, to: called.append(to)
        start = time.perf_counter()
        assert r.driver.ring(OUTSIDE, seconds=0.3) is RingResult.RANG
        assert time.perf_counter() - start >= 0.3
        assert r.modem.state.call == ""
    assert called == [OUTSIDE]


def test_a_call_that_is_taken_ends_the_ringing(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem._calls.takes_after_s = 0.1
        start = time.perf_counter()
        assert r.driver.ring(OUTSIDE, seconds=30) is RingResult.RANG
    assert time.perf_counter() - start < 5


def test_a_restart_in_mid_session_is_noticed_and_mended(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem.restart()
        assert r.driver.wait(2)
        r.driver.poll(drain=False)
        assert r.telemetry.counts["modem_restarts_total"] == 1
        assert r.submit().result is SendResult.SENT
        (report,) = r.events(bool)
        assert isinstance(report, StatusReport)


def test_a_restart_while_a_message_waits_makes_it_unknown(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem.faults.latency_s = 30
        timer = threading.Timer(0.1, r.modem.restart)
        timer.start()
        outcome = r.submit(late_s=20)
        timer.join()
    assert outcome.result is SendResult.UNKNOWN
    assert outcome.reason == "the modem has started anew"


def test_unplugging_while_a_message_waits_makes_it_unknown(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem.faults.latency_s = 30
        timer = threading.Timer(0.1, r.modem.unplug)
        timer.start()
        outcome = r.submit(late_s=20)
        timer.join()
        assert outcome.result is SendResult.UNKNOWN
        with pytest.raises(ModemGoneError):
            r.submit()


def test_an_unplugged_modem_is_opened_again_under_its_name(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem.unplug()
        with pytest.raises(ModemGoneError):
            r.submit()
        assert not r.driver.recover(2)
        r.modem.replug()
        assert r.driver.recover(2)
        assert r.submit().result is SendResult.SENT


def test_a_modem_under_another_name_is_found_by_its_imei(tmp_path: Path) -> None:
    other = tmp_path / "a-modem-that-is-not-it"
    with (
        rig(
            tmp_path,
            options=ModemOptions(
                command_s=0.4, answer_s=0.2, by_id_folder=str(tmp_path)
            ),
        ) as r,
        VirtualModem(BOB, clock=SystemClock(), link=PtyLink(other)),
    ):
        r.modem.unplug()
        r.modem.replug(PtyLink(tmp_path / "usb-virtual-if02-port0"))
        with pytest.raises(ModemGoneError):
            r.driver.poll(drain=False)
        assert r.driver.open().imei == r.modem.state.imei
        assert r.submit().result is SendResult.SENT


def test_another_modem_under_the_same_name_is_taken_unless_the_imei_is_configured(
    tmp_path: Path,
) -> None:
    with rig(tmp_path) as r:
        first = r.modem.state.imei
        r.modem.state.imei = "490154203237518"
        assert r.driver.open().imei == "490154203237518"
        r.driver.close()
        options = ModemOptions(imei=first)
        picky = SerialModem(
            r.driver.port,
            clock=SystemClock(),
            telemetry=r.telemetry,
            options=options,
        )
        with pytest.raises(ModemGoneError, match="another modem"):
            picky.open()
        picky.close()


def test_an_interrupt_ends_a_wait_at_once(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem.faults.latency_s = 30
        timer = threading.Timer(0.1, r.driver.interrupt)
        timer.start()
        start = time.perf_counter()
        outcome = r.submit(late_s=20)
        timer.join()
    assert outcome.result is SendResult.UNKNOWN
    assert time.perf_counter() - start < 2


def test_a_long_wait_beats_at_least_once_a_second(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem.faults.latency_s = 2.5
        assert r.submit(late_s=10).result is SendResult.SENT
        assert len(r.beats) >= 2


def test_a_busy_port_names_its_holder(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        second = SerialModem(
            r.driver.port, clock=SystemClock(), telemetry=CountingTelemetry()
        )
        with pytest.raises(ModemBusyError, match=f"pid {os.getpid()}"):
            second.open()


HOLD = """
import serial, sys
held = serial.Serial(sys.argv[1], exclusive=True)
print("held", flush=True)
sys.stdin.read()
"""


def test_a_port_that_another_process_holds_names_it(tmp_path: Path) -> None:
    link = PtyLink(tmp_path / "port")
    with VirtualModem(ALICE, clock=SystemClock(), link=link) as modem:
        driver = SerialModem(
            modem.port, clock=SystemClock(), telemetry=CountingTelemetry()
        )
        holder = subprocess.Popen(
            [sys.executable, "-c", HOLD, modem.port],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert holder.stdout is not None
            assert holder.stdout.readline() == "held\n"
            named = rf"held by python\S* \(pid {holder.pid}\)"
            with pytest.raises(ModemBusyError, match=named):
                driver.open()
        finally:
            holder.communicate("")
        driver.open()
        assert driver.submit(OUTSIDE, "hej", validity_min=5).result is SendResult.SENT
        driver.close()


def test_a_port_that_is_not_there_is_gone(tmp_path: Path) -> None:
    driver = SerialModem(
        str(tmp_path / "none"), clock=SystemClock(), telemetry=CountingTelemetry()
    )
    with pytest.raises(ModemGoneError):
        driver.open()
    with pytest.raises(ModemGoneError):
        driver.submit(OUTSIDE, "x", validity_min=5)
    driver.close()


def test_a_driver_speaks_over_tcp_too() -> None:
    link = SocketLink("tcp:127.0.0.1:0")
    with VirtualModem(ALICE, clock=SystemClock(), link=link) as modem:
        driver = SerialModem(
            modem.port, clock=SystemClock(), telemetry=CountingTelemetry()
        )
        driver.open()
        outcome = driver.submit(OUTSIDE, "hej", validity_min=5)
        driver.close()
    assert outcome.result is SendResult.SENT


def test_an_unknown_setting_is_a_configuration_error() -> None:
    with pytest.raises(ConfigError, match=r"modem\.bauds"):
        ModemOptions.from_mapping({"bauds": 9600})
    with pytest.raises(ConfigError, match=r"modem\.command_s"):
        ModemOptions.from_mapping({"command_s": "5"})
    with pytest.raises(ConfigError, match=r"modem.pin: expected 4 to 8 digits"):
        ModemOptions.from_mapping({"pin": "12"})
    options = ModemOptions.from_mapping({"command_s": 5, "stores": ["ME"]})
    assert (options.command_s, options.stores) == (5.0, ("ME",))


def test_no_number_and_no_text_is_in_an_error(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem.unplug()
        with pytest.raises(ModemError) as raised:
            r.submit("Heron is in danger", to=OUTSIDE)
    chain = [raised.value, raised.value.__cause__]
    assert not any(OUTSIDE in str(e) or "Heron" in str(e) for e in chain)
