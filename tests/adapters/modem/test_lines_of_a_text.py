"""What a stranger's text in text mode holds, or has not: none of it is the modem's."""

import pytest

from adapters.modem.pdu import Deliver
from adapters.modem.pdu_encode import encode_deliver
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.pdu_text import Concat, build
from engine.intake.replies import is_whole
from engine.ports.modem import (
    LateAnswer,
    ModemEvent,
    SendResult,
    StatusReport,
)
from tests.adapters.modem.scripted import OK
from tests.adapters.modem.straight import opened, texts, told_of
from tests.fakes import ManualClock

SENDER, OTHER = "+46701234567", "+46707654321"
HEADER = f'\r\n+CMT: "{SENDER}",,"26/12/01,10:00:00+04"\r\n'
STAMPS = '"26/12/01,10:00:00+04","26/12/01,10:00:01+04"'
END = "[2/2 missing]"


def _straight(text: str, concat: Concat | None = None) -> str:
    data = build(text, Charset.GSM7, concat=concat)
    pdu, length = encode_deliver(
        Deliver(sender=Address(text=OTHER, toa=0x91), user_data=data)
    )
    return f"+CMT: ,{length}\r\n{pdu}\r\n"


@pytest.mark.parametrize("first", ["", "hello\r\n"])
@pytest.mark.parametrize(
    "lines",
    [
        f'+CDS: 6,3,"{SENDER}",145,{STAMPS},0\r\n',
        f"+CDS: 25\r\n0006030B916407214365F7{'11112211220040' * 2}00\r\n",
    ],
)
def test_a_text_that_begins_with_a_report_delivers_nothing_bug_a_stranger_wrote_one(
    clock: ManualClock, lines: str, first: str
) -> None:
    """A text's first line was the modem's, where it looked so."""
    told = told_of(clock, f"{HEADER}{first}{lines}bye\r\n")
    assert [one.outcome for one in told if isinstance(one, StatusReport)] == ["pending"]
    assert SENDER in [sender for sender, _ in texts(told)]


@pytest.mark.parametrize("first", ["", "hello\r\n"])
def test_a_pdu_in_a_text_is_not_whole_bug_it_was_a_message_of_whom_a_stranger_liked(
    clock: ManualClock, first: str
) -> None:
    said = _straight("K7F2 safe juniper")
    told = texts(told_of(clock, f"{HEADER}{first}{said}"))
    assert told == [
        (SENDER, first.strip() + END),
        (OTHER, f"K7F2 safe juniper{END}"),
    ]
    assert not any(is_whole(text) for _, text in told)
    assert texts(told_of(clock, f"\r\n{said}")) == [(OTHER, "K7F2 safe juniper")]


def test_a_part_in_a_text_is_part_of_nobodys_message_bug_it_took_a_true_ones_place(
    clock: ManualClock,
) -> None:
    def part(number: int, text: str) -> str:
        concat = Concat(reference=7, total=2, number=number)
        return _straight(text, concat)

    driver, modem = opened(clock)
    modem.say("\r\n" + part(1, "I am not hurt. "))
    assert not driver.poll(drain=False)
    modem.say(f"{HEADER}hello\r\n" + part(2, "All is well"))
    told = texts(list(driver.poll(drain=False)))
    assert told == [(SENDER, "hello" + END), (OTHER, "All is well" + END)]
    clock.advance(2)
    modem.say("\r\n" + part(2, "They have a knife"))
    told = texts(list(driver.poll(drain=False)))
    assert told == [(OTHER, "I am not hurt. They have a knife")]


@pytest.mark.parametrize("first", ["", "hello\r\n"])
@pytest.mark.parametrize("header", ["+CMT: ,30", "+CMT: hi", "+CDS: 25"])
def test_words_behind_a_header_in_a_text_are_told_bug_they_were_nobodys_octets(
    clock: ManualClock, header: str, first: str
) -> None:
    told = texts(told_of(clock, f"{HEADER}{first}{header}\r\nSOS help me\r\nnow\r\n"))
    assert told[0][0] == SENDER
    assert f"{header}\nSOS help me" in told[0][1]
    told = texts(told_of(clock, f"{HEADER}{first}{_straight('hi')}SOS\r\n"))
    assert told[0] == (SENDER, f"{first.strip()}\nSOS".strip() + END)


def test_words_behind_a_report_of_one_line_are_told_bug_they_became_the_reports(
    clock: ManualClock,
) -> None:
    report = f'+CDS: 6,3,"{SENDER}",145,{STAMPS},0'
    told = texts(told_of(clock, f"{HEADER}hello\r\n{report}\r\nSOS\r\n"))
    assert told == [(SENDER, f"hello\nSOS{END}")]


@pytest.mark.parametrize(
    "line",
    [f"{OTHER}: they are here", "*SOS: at home", "#Help=now", "!help: 41.3,69.2"],
)
def test_a_line_with_a_sign_and_a_colon_is_told_bug_the_sos_in_it_was_lost(
    clock: ManualClock, line: str
) -> None:
    said = f"{HEADER}hello\r\n{line}\r\n\r\n%CTZV: 4\r\n+CREG: 2\r\n"
    assert texts(told_of(clock, said)) == [(SENDER, f"hello\n{line}{END}")]


def test_a_line_behind_many_places_in_a_text_is_told_bug_it_was_of_the_next_look(
    clock: ManualClock,
) -> None:
    places = "".join(f'+CMTI: "SM",{place}\r\n' for place in range(5))
    told = texts(told_of(clock, f"{HEADER}hello\r\n{places}SOS\r\n"))
    assert told == [(SENDER, f"hello\nSOS{END}")]


def test_two_answers_in_a_text_answer_no_two_messages_bug_the_first_counted_as_sent(
    clock: ManualClock,
) -> None:
    driver, modem = opened(clock)
    modem.sent = ""
    assert driver.submit(SENDER, "one", validity_min=5, late_s=25).may_follow
    modem.sent = f"{HEADER}hello\r\n+CMGS: 9\r\n{OK}\r\n+CMGS: 10\r\n{OK}"
    second = driver.submit(SENDER, "two", validity_min=5, late_s=25)
    assert (second.result, second.retry) == (SendResult.UNKNOWN, True)
    told = driver.poll(drain=False)
    late = [(one.number, one.outcome.result) for one in told if type(one) is LateAnswer]
    assert late == [(1, SendResult.UNKNOWN)]


@pytest.mark.parametrize("asks", ["health", "submit", "wait", "gone"])
def test_an_empty_text_is_told_as_it_is_bug_it_took_the_next_answer_for_its_words(
    clock: ManualClock, asks: str
) -> None:
    driver, modem = opened(clock)
    modem.answers["AT+CREG?"] = f"\r\n+CREG: 0,3\r\n{OK}"
    modem.say(HEADER)
    told: list[ModemEvent] = []
    match asks:
        case "health":
            assert not driver.health().registered
        case "submit":
            sent = driver.submit(SENDER, "one", validity_min=5)
            assert sent.result is SendResult.SENT
        case "wait":
            assert driver.wait(10)
        case _:
            driver.wait(0.5)
            driver.close()
            told += driver.unstored()
            driver.open()
    told += driver.poll(drain=False)
    assert texts(told) == [(SENDER, END)]
    assert not driver.poll(drain=False)


@pytest.mark.parametrize("asks", ["health", "wait"])
def test_a_first_line_that_comes_a_moment_later_is_told_and_answers_nothing(
    clock: ManualClock, asks: str
) -> None:
    driver, modem = opened(clock)
    modem.say(HEADER)
    modem.say("SOS\r\n", after_s=3 / 4)
    assert driver.health().registered if asks == "health" else driver.wait(5)
    told = list(driver.poll(drain=False))
    assert texts(told) == [(SENDER, f"SOS{END}")]


def test_a_line_later_than_a_look_is_one_more_of_its_senders_bug_the_sos_was_lost(
    clock: ManualClock,
) -> None:
    driver, modem = opened(clock)
    modem.say(f"{HEADER}hello\r\n")
    modem.say("SOS\r\n", after_s=3 / 4)
    assert texts(list(driver.poll(drain=False))) == [(SENDER, "hello" + END)]
    assert driver.wait(5)
    assert texts(list(driver.poll(drain=False))) == [(SENDER, "SOS" + END)]
    modem.say("noise\r\n", after_s=2)
    driver.wait(5)
    assert not driver.poll(drain=False)


@pytest.mark.parametrize("asked", ["", "\r\nERROR\r\n"])
def test_a_text_has_the_mode_set_before_a_message_bug_none_was_asked_behind_another(
    clock: ManualClock, asked: str
) -> None:
    """Another program has set the second port; the message went to the number 17."""
    driver, modem = opened(clock)
    if asked:
        modem.answers["AT+CMGF?"] = asked
        driver.open()
    assert driver.submit(SENDER, "one", validity_min=5).result is SendResult.SENT
    modem.say(f"{HEADER}hello\r\n")
    modem.commands.clear()
    driver.poll(drain=False)
    assert driver.submit(SENDER, "two", validity_min=5).result is SendResult.SENT
    assert "AT+CMGF=0" in modem.commands
