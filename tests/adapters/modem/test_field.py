"""What was reported from the field: each transcript is a scenario, somewhere."""

import importlib
import threading
import time
from pathlib import Path

import pytest

from adapters.modem.options import ModemOptions
from engine.ports.modem import InboundSms, SendResult
from tests.adapters.modem.rig import rig
from tests.adapters.modem.scripted import WORKS, Answer, ScriptedModem, driver_of
from tests.adapters.modem.test_dialects import HELLO
from tests.adapters.modem.vectors import transcripts
from tests.fakes import ManualClock

NUMBER = "+46701234567"
# By the end of the report's address: where its scenario is, and what it is called.
SCENARIOS = {
    "asterisk-chan-quectel/pull/75": (
        "test_faults",
        "test_a_report_in_the_wrong_store_is_found",
    ),
    "asterisk-chan-dongle/issues/47": (
        "test_dialects",
        "test_an_announcement_without_a_place_is_a_hint_to_look",
    ),
    "T-SIM7600X/issues/63": (
        "test_dialects",
        "test_an_announcement_without_a_place_is_a_hint_to_look",
    ),
    "gammu/issues/550": ("test_field", "test_index_zero_of_the_other_store_is_read"),
    "python-gsmmodem/issues/11": (
        "test_dialects",
        "test_a_sim_that_is_busy_after_its_pin_is_waited_for",
    ),
    "gammu/issues/93": (
        "test_storage",
        "test_a_store_that_is_busy_after_a_submit_is_asked_again",
    ),
    "gammu/issues/4": (
        "test_dialects",
        "test_a_huawei_that_hangs_on_a_list_is_given_up_within_its_deadline",
    ),
    "gammu/issues/323": (
        "test_dialects",
        "test_a_huawei_that_hangs_on_a_list_is_given_up_within_its_deadline",
    ),
    "gammu/issues/687": (
        "test_field",
        "test_a_reset_that_takes_the_modem_off_the_bus_is_waited_out",
    ),
    "gammu/issues/525": (
        "test_field",
        "test_a_reset_that_takes_the_modem_off_the_bus_is_waited_out",
    ),
    "gammu/issues/146": (
        "test_faults",
        "test_a_flood_of_lines_stops_neither_sending_nor_hearing",
    ),
    "gammu/issues/126": (
        "test_dialects",
        "test_a_vendor_line_glued_in_front_of_the_echo_is_no_answer",
    ),
    "SIM7000-LTE-Shield/issues/103": (
        "test_field",
        "test_one_that_is_registered_and_may_not_send_says_so_by_its_code",
    ),
    "SIM7000-LTE-Shield/issues/50": (
        "test_dialects",
        "test_only_the_packet_side_being_registered_is_enough",
    ),
    "GPRS_SIM900/issues/39": (
        "test_storage",
        "test_a_modem_that_still_boots_is_given_time_for_its_pdu_mode",
    ),
    "LilyGo-Modem-Series/issues/138": (
        "test_dialects",
        "test_a_boot_line_while_a_message_waits_makes_it_unknown_at_once",
    ),
    "python-gsmmodem/issues/64": (
        "test_dialects",
        "test_no_optional_command_stops_a_modem_from_being_brought_up",
    ),
    "gammu/issues/747": (
        "test_field",
        "test_a_temporary_failure_that_lasts_is_each_time_worth_another_route",
    ),
    "test_modem.py": (
        "test_field",
        "test_vendor_lines_between_pdu_and_reference_are_no_answer",
    ),
}


def test_every_transcript_of_the_field_is_a_scenario() -> None:
    addresses = [one["url"] for one in transcripts()["field_transcripts"]]
    for address in addresses:
        (end,) = (end for end in SCENARIOS if address.endswith(end))
        where, name = SCENARIOS[end]
        module = importlib.import_module(f"tests.adapters.modem.{where}")
        assert callable(getattr(module, name))
    assert len(addresses) == len(SCENARIOS)


def test_index_zero_of_the_other_store_is_read(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers["AT+CMGR=0"] = f"\r\n+CMGR: 0,,30\r\n{HELLO}\r\n\r\nOK\r\n"
    modem.say('\r\n+CMTI: "ME",0\r\n')
    assert driver.wait(1)
    (message,) = driver.poll(drain=False)
    assert isinstance(message, InboundSms)
    assert message.slot == "ME:0"


def test_vendor_lines_between_pdu_and_reference_are_no_answer(
    clock: ManualClock,
) -> None:
    said = '\r\n+ZDONR: "METEOR",272,3,"CS_ONLY","ROAM_OFF"\r\n+ZPASR: "UMTS"\r\n'
    modem = ScriptedModem(clock, WORKS, sent=f"{said}+CMGS: 1\r\n\r\nOK\r\n")
    driver = driver_of(modem)
    driver.open()
    assert driver.submit(NUMBER, "hej", validity_min=5).reference == 1


def test_one_that_is_registered_and_may_not_send_says_so_by_its_code(
    clock: ManualClock,
) -> None:
    answers: dict[str, Answer] = {
        "AT+CREG?": "\r\n+CREG: 1,3\r\n\r\nOK\r\n",
        "AT+CGREG?": "\r\n+CGREG: 0,5\r\n\r\nOK\r\n",
    }
    modem = ScriptedModem(clock, WORKS | answers, sent="\r\n+CMS ERROR: 500\r\n")
    driver = driver_of(modem)
    assert driver.open().registered
    outcome = driver.submit(NUMBER, "hej", validity_min=5)
    assert (outcome.result, outcome.code) == (SendResult.REJECTED, "500")
    assert outcome.retry, "on another route"


def test_a_temporary_failure_that_lasts_is_each_time_worth_another_route(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS, sent="\r\n+CMS ERROR: 41\r\n")
    driver = driver_of(modem)
    driver.open()
    for _ in range(50):
        outcome = driver.submit(NUMBER, "hej", validity_min=5)
        assert (outcome.result, outcome.code) == (SendResult.REJECTED, "41")
        assert outcome.retry


@pytest.mark.slow
@pytest.mark.parametrize("away_s", [0.2, 1.5])
def test_a_reset_that_takes_the_modem_off_the_bus_is_waited_out(
    tmp_path: Path, away_s: float
) -> None:
    options = ModemOptions(command_s=0.4, answer_s=0.2, settle_s=10)
    with rig(tmp_path, options=options) as r:
        r.modem.unplug()
        back = threading.Timer(away_s, r.modem.replug)
        back.start()
        began_s = time.perf_counter()
        assert r.driver.recover(3)
        back.join()
        assert time.perf_counter() - began_s >= away_s
        assert r.submit().result is SendResult.SENT
