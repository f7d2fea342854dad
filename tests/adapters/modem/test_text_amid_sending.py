"""A text that comes straight while messages are sent: the modem is in text mode."""

import pytest

from adapters.modem.driver import SerialModem
from adapters.modem.heard import ModemRestartedError
from engine.ports.modem import SendResult
from tests.adapters.modem.scripted import OK, ScriptedModem
from tests.adapters.modem.straight import opened, texts, told_of
from tests.adapters.modem.test_lines_of_a_text import END, HEADER, SENDER, STAMPS
from tests.fakes import ManualClock

TEXT = f"{HEADER}hello\r\n"


def sends(driver: SerialModem, text: str) -> SendResult:
    return driver.submit(SENDER, text, validity_min=5, late_s=25).result


def test_one_that_lies_in_the_port_has_it_brought_up_bug_a_page_went_to_a_number(
    clock: ManualClock,
) -> None:
    """Between two messages that follow at once no mode was asked, and none read."""
    driver, modem = opened(clock)
    assert sends(driver, "one") is SendResult.SENT
    modem.commands.clear()
    modem.say(TEXT)
    sends(driver, "two")
    assert "AT+CMGF=0" in modem.commands[: modem.commands.index("AT+CMGS=17")]


@pytest.mark.parametrize("pause_s", [0, 5])
def test_one_that_comes_before_the_prompt_sends_nothing_bug_a_page_went_to_a_number(
    clock: ManualClock, pause_s: float
) -> None:
    driver, modem = opened(clock)
    assert sends(driver, "one") is SendResult.SENT
    clock.advance(pause_s)
    modem.prompt = f"{TEXT}> "
    with pytest.raises(ModemRestartedError, match="takes the length for a number"):
        sends(driver, "two")
    assert texts(list(driver.poll(drain=False))) == [(SENDER, f"hello{END}")]


@pytest.mark.parametrize(
    ("said", "later", "words"),
    [
        pytest.param("", "", "", id="empty"),
        pytest.param("", "come\r\n", "come", id="its line comes a moment later"),
        pytest.param("> \r\ncome\r\n", "", "come", id="begins with a prompt"),
        pytest.param("hi\r\n> \r\nSOS\r\n", "", "hi\nSOS", id="has one in it"),
    ],
)
def test_one_with_no_line_before_the_prompt_sends_nothing_bug_a_page_went_to_a_number(
    clock: ManualClock, said: str, later: str, words: str
) -> None:
    """What it says is heard before whoever gives up the port closes it."""
    driver, modem = opened(clock)
    modem.prompt = f"{HEADER}{said}\r\n> "
    modem.say(later, after_s=3 / 4)
    with pytest.raises(ModemRestartedError, match="takes the length for a number"):
        sends(driver, "one")
    assert not modem.pdus
    told = list(driver.unstored())
    driver.close()
    assert texts([*told, *driver.unstored()]) == [(SENDER, f"{words}{END}")]


def test_answers_are_owed_behind_one_at_a_prompt_bug_a_refused_page_counted_as_sent(
    clock: ManualClock,
) -> None:
    """Another program may have set the mode: the modem has not started anew."""
    driver, modem = opened(clock)
    modem.sent = ""
    assert sends(driver, "one") is SendResult.UNKNOWN
    modem.prompt = f"{TEXT}> "
    with pytest.raises(ModemRestartedError):
        sends(driver, "two")
    modem.prompt = "\r\n> "
    modem.sent = f"\r\n+CMGS: 9\r\n{OK}\r\n+CMS ERROR: 38\r\n"
    assert sends(driver, "two") is SendResult.REJECTED


def test_answers_before_one_are_owed_no_more_bug_a_page_that_was_sent_was_unknown(
    clock: ManualClock,
) -> None:
    driver, modem = opened(clock)
    modem.sent = ""
    assert sends(driver, "one") is SendResult.UNKNOWN

    def second(_: str) -> str:
        modem.say(f"{TEXT}+CMGS: 10\r\n{OK}", after_s=1)
        return f"\r\n+CMGS: 9\r\n{OK}"

    modem.sent = second
    assert sends(driver, "two") is SendResult.UNKNOWN
    modem.sent = f"\r\n+CMGS: 11\r\n{OK}"
    assert sends(driver, "three") is SendResult.SENT


def _answers_late(driver: SerialModem, modem: ScriptedModem, second: str) -> SendResult:
    """Send one that is answered with the second, and that with the third."""
    modem.sent = ""
    assert sends(driver, "one") is SendResult.UNKNOWN
    modem.sent = second
    assert sends(driver, "two") is SendResult.UNKNOWN
    modem.sent = f"\r\n+CMGS: 10\r\n{OK}\r\n+CMS ERROR: 38\r\n"
    return sends(driver, "three")


def test_answers_that_are_owed_are_so_behind_a_text_bug_a_refused_page_counted_as_sent(
    clock: ManualClock,
) -> None:
    driver, modem = opened(clock)
    result = _answers_late(driver, modem, f"{TEXT}+CMGS: 9\r\n{OK}")
    assert result is SendResult.REJECTED


@pytest.mark.parametrize(
    "first", ["*ping: come to the cellar", "#lat:41.3", "OK", "RING", "+CMGS: 9"]
)
def test_its_first_line_may_come_between_two_looks_bug_it_was_told_as_an_empty_one(
    clock: ManualClock, first: str
) -> None:
    driver, modem = opened(clock)
    modem.say(HEADER)
    modem.say(f"{first}\r\n", after_s=0.05)
    told: list[tuple[str, str]] = []
    for _ in range(8):
        if driver.wait(0):
            told += texts(list(driver.poll(drain=False)))
        clock.advance(0.2)
    assert told == [(SENDER, f"{first}{END}")]


def test_an_empty_one_is_told_by_looks_alone(clock: ManualClock) -> None:
    driver, modem = opened(clock)
    modem.say(HEADER)
    told: list[tuple[str, str]] = []
    for _ in range(8):
        if driver.wait(0):
            told += texts(list(driver.poll(drain=False)))
        clock.advance(0.2)
    assert [sender for sender, _ in told] == [SENDER]


def test_words_behind_a_report_of_one_line_are_the_texts_whatever_they_say(
    clock: ManualClock,
) -> None:
    report = f'+CDS: 6,3,"{SENDER}",145,{STAMPS},0'
    said = f"{HEADER}hello\r\n{report}\r\nhe has a knife, cellar\r\n"
    ((sender, text),) = texts(told_of(clock, said))
    assert sender == SENDER
    assert text.startswith("hello\nhe has a knife, cellar")
