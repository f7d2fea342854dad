"""What a status report says of a message (TP-ST, TS 23.040, 9.2.3.15)."""

import pytest

from engine.ports.modem import InboundSms, StatusReport
from tests.adapters.modem.scripted import WORKS, ScriptedModem, driver_of
from tests.fakes import ManualClock


@pytest.mark.parametrize(
    ("status", "outcome"),
    [
        (0x00, "delivered"),
        (0x01, "pending"),  # forwarded, and the centre cannot confirm delivery
        (0x02, "pending"),  # replaced by the centre
        (0x03, "failed"),  # reserved: to be taken for *service rejected*
        (0x0F, "failed"),
        (0x10, "pending"),  # the centre's own
        (0x1F, "pending"),
        (0x20, "pending"),
        (0x25, "pending"),
        (0x26, "failed"),
        (0x2F, "failed"),
        (0x30, "pending"),
        (0x3F, "pending"),
        (0x40, "failed"),
        (0x7F, "failed"),
        (0x80, "failed"),
        (0xFF, "failed"),
    ],
)
def test_only_what_a_telephone_has_received_is_delivered_bug_so_was_what_nobody_knows(
    clock: ManualClock, status: int, outcome: str
) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    report = f"0006030B916407214365F7{'11112211220040' * 2}{status:02X}"
    modem.say(f"\r\n+CDS: 25\r\n{report}\r\n")
    (told,) = driver.poll(drain=False)
    assert isinstance(told, StatusReport)
    assert (told.reference, told.status, told.outcome) == (3, status, outcome)


@pytest.mark.parametrize("octets_lost", range(1, 24))
def test_a_report_that_has_lost_its_status_reports_nothing_bug_it_said_delivered(
    clock: ManualClock, octets_lost: int
) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    report = f"0006030B916407214365F7{'11112211220040' * 2}30"
    modem.say(f"\r\n+CDS: 25\r\n{report[: -2 * octets_lost]}\r\n")
    (told,) = driver.poll(drain=False)
    assert isinstance(told, InboundSms)
    assert "undecodable" in told.flags


@pytest.mark.parametrize("lost", range(8, 51))
def test_a_report_that_has_lost_a_digit_reports_nothing_bug_it_said_delivered(
    clock: ManualClock, lost: int
) -> None:
    """Some centres write TP-PI behind the status, which is taken for it then."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    report = f"0006030B916407214365F7{'11112211220040' * 2}6000"
    modem.say(f"\r\n+CDS: 26\r\n{report[:lost]}{report[lost + 1 :]}\r\n")
    (told,) = driver.poll(drain=False)
    assert isinstance(told, InboundSms)
    assert "undecodable" in told.flags


@pytest.mark.parametrize("lost", range(1, 26))
def test_a_report_that_has_lost_an_octet_says_not_delivered_bug_what_followed_said_so(
    clock: ManualClock, lost: int
) -> None:
    """It was given up, and TP-PI, which is 0, stood where its status had been."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    report = f"0006030B916407214365F7{'11112211220040' * 2}4600"
    modem.say(f"\r\n+CDS: 26\r\n{report[: 2 * lost]}{report[2 * lost + 2 :]}\r\n")
    for told in driver.poll(drain=False):
        assert getattr(told, "outcome", "") != "delivered"


@pytest.mark.parametrize("announced", [25, 33])
@pytest.mark.parametrize("lost", [0, 1])
def test_a_modem_that_counts_the_centre_too_reports_deliveries_bug_it_reported_none(
    clock: ManualClock, announced: int, lost: int
) -> None:
    """Each rung that waits for a delivery would be climbed, whoever had the page."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    report = f"07916407000000F006030B916407214365F7{'11112211220040' * 2}00"
    kept = report[: 2 * 20] + report[2 * (20 + lost) :] + "00" * (lost > 0)
    modem.say(f"\r\n+CDS: {announced + lost}\r\n{kept}\r\n")
    (told,) = driver.poll(drain=False)
    assert isinstance(told, StatusReport)
    assert told.outcome == ("pending" if lost else "delivered")
