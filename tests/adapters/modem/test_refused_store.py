"""A store that holds something and refuses to be read: not taken for empty."""

import pytest

from engine.errors import ModemSilentError
from tests.adapters.modem.scripted import WORKS, Answer, ScriptedModem, driver_of
from tests.adapters.modem.test_storage import DRAFT, LISTED, ONE_USED, driver_and_modem
from tests.fakes import ManualClock

ONE_IN_SM = '\r\n+CPMS: "SM",1,30,"SM",1,30,"SM",1,30\r\n\r\nOK\r\n'
BROKEN = "\r\n+CMS ERROR: 320\r\n"


@pytest.mark.parametrize(
    "answers",
    [
        {"AT+CPMS?": ONE_IN_SM, 'AT+CPMS="SM"': ONE_USED, "AT+CMGL=4": BROKEN},
        {'AT+CPMS="SM"': BROKEN},
    ],
)
def test_a_store_that_refuses_to_be_read_is_not_taken_for_empty_bug_it_was(
    clock: ManualClock, answers: dict[str, Answer]
) -> None:
    """An SOS lay there, and nobody was told that it could not be read."""
    with pytest.raises(ModemSilentError):
        driver_and_modem(clock, answers)


def test_a_modem_that_selects_no_store_at_all_is_not_taken_for_empty(
    clock: ManualClock,
) -> None:
    """From the start on it refused, and nobody knew where its messages arrive."""
    refused: dict[str, Answer] = {
        "AT+CPMS=" + ",".join([f'"{store}"'] * count): BROKEN
        for store in ("SM", "ME")
        for count in (1, 2, 3)
    }
    driver = driver_of(ScriptedModem(clock, WORKS | refused))
    driver.open()
    with pytest.raises(ModemSilentError):
        driver.poll(drain=True)


def test_what_another_store_has_comes_where_the_one_for_arrivals_refuses(
    clock: ManualClock,
) -> None:
    _, found = driver_and_modem(
        clock,
        {'AT+CPMS="SM"': BROKEN, 'AT+CPMS="ME"': ONE_USED, "AT+CMGL=4": LISTED},
    )
    assert [message.slot for message in found] == ["ME:3"]


def test_a_store_of_one_draft_that_is_read_by_index_refuses_nothing(
    clock: ManualClock,
) -> None:
    read = f"\r\n+CMGR: 2,,23\r\n{DRAFT}\r\n\r\nOK\r\n"
    _, found = driver_and_modem(
        clock, {"AT+CPMS?": ONE_IN_SM, "AT+CMGL=4": BROKEN, "AT+CMGR=2": read}
    )
    assert found == []
