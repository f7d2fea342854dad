"""A store that holds something and refuses to be read: not taken for empty."""

import pytest

from engine.errors import ModemSilentError
from engine.ports.modem import InboundSms
from tests.adapters.modem.scripted import WORKS, Answer, ScriptedModem, driver_of
from tests.adapters.modem.test_storage import DRAFT, LISTED, ONE_USED, driver_and_modem
from tests.fakes import ManualClock

ONE_IN_SM = '\r\n+CPMS: "SM",1,30,"SM",1,30,"SM",1,30\r\n\r\nOK\r\n'
BROKEN = "\r\n+CMS ERROR: 320\r\n"
REFUSED: dict[str, Answer] = {
    "AT+CPMS=" + ",".join([f'"{store}"'] * count): BROKEN
    for store in ("SM", "ME")
    for count in (1, 2, 3)
}
HELLO = "07816407000000F0100B916407214365F70111621142222134040C416650DA0485C76B104D06"


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
    driver = driver_of(ScriptedModem(clock, WORKS | REFUSED))
    driver.open()
    with pytest.raises(ModemSilentError):
        driver.poll(drain=True)


@pytest.mark.parametrize(
    ("stores", "said"), [("SM", "+CMTI: ,2"), ("SR", '+CDSI: "SM",0')]
)
def test_of_one_that_selects_no_store_what_it_has_is_read_bug_it_was_asked_for_ever(
    clock: ManualClock, stores: str, said: str
) -> None:
    """It named the store that it had, which nobody had selected, a thousand times."""
    offered = WORKS["AT+CPMS=?"]
    assert isinstance(offered, str)
    answers: dict[str, Answer] = {
        "AT+CPMS=?": offered.replace('("SM"', f'("SM","{stores}"', 1),
        "AT+CPMS?": ONE_IN_SM,
        "AT+CMGR=2": f"\r\n+CMGR: 0,,30\r\n{HELLO}\r\n\r\nOK\r\n",
    }
    modem = ScriptedModem(clock, WORKS | REFUSED | answers)
    driver = driver_of(modem)
    driver.open()
    modem.say(f"\r\n{said}\r\n")
    modem.commands.clear()
    found = [
        one.text for one in driver.poll(drain=False) if isinstance(one, InboundSms)
    ]
    assert found == ["ALARM ack 42"] * (said == "+CMTI: ,2")
    assert len(modem.commands) < 9


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
