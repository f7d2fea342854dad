"""What arrives straight at a modem that has forgotten PDU mode: no store has it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modem.at import announces_pdu, may_follow
from adapters.modem.pdu import Deliver
from adapters.modem.pdu_encode import encode_deliver
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.pdu_text import build
from adapters.modem.text_mode import straight
from engine.intake.replies import is_whole
from engine.ports.modem import (
    InboundSms,
    LateAnswer,
    SendResult,
    StatusReport,
)
from engine.values import Instant
from tests.adapters.modem.scripted import OK, WORKS
from tests.adapters.modem.straight import opened, told_of
from tests.fakes import ManualClock

SENDER = "+46701234567"
HEADER = f'+CMT: "{SENDER}",,"26/12/01,10:00:00+04"'
LENGTHS = f'+CMT: "{SENDER}","","26/12/01,10:00:00+04",145,4,0,0,"+4670",145,11'
HELLO = "07816407000000F0100B916407214365F70111621142222134040C416650DA0485C76B104D06"
READ = f"\r\n+CMGR: 0,,30\r\n{HELLO}\r\n"


@pytest.mark.parametrize("header", [HEADER, LENGTHS])
@pytest.mark.parametrize(
    "text", ["SOS help me", "#SOS#", "*HQ,1234,SOS#", "+SOS", "SOS 41.3,69.2"]
)
def test_an_sos_in_text_mode_has_its_sender_and_words_bug_it_had_neither(
    clock: ManualClock, header: str, text: str
) -> None:
    """It was shown as an empty message of nobody; one with a sign was lost."""
    (told,) = told_of(clock, f"\r\n{header}\r\n{text}\r\n")
    assert isinstance(told, InboundSms)
    assert (told.sender, told.text) == (SENDER, f"{text}[2/2 missing]")
    assert told.sent_at is not None
    assert told.sent_at == Instant.parse("2026-12-01T09:00:00Z")


@pytest.mark.parametrize(
    "stamp",
    ["", '"2026/12/01 10:00:00+04"', "26/12/01,10:00:00+04", '"26/12/01,10:00+04"'],
)
@pytest.mark.parametrize("text", ["SOS help me", "#SOS#", "*HQ,1234,SOS#"])
def test_one_with_another_stamp_has_them_as_well_bug_it_was_taken_for_a_pdu(
    clock: ManualClock, stamp: str, text: str
) -> None:
    (told,) = told_of(clock, f'\r\n+CMT: "{SENDER}","",{stamp}\r\n{text}\r\n')
    assert isinstance(told, InboundSms)
    assert (told.sender, told.text) == (SENDER, f"{text}[2/2 missing]")
    assert told.sent_at is None


@pytest.mark.parametrize("name", ['"",', '"Anna",', '"",""', '"Anna, my mum",', ","])
def test_a_pdu_behind_one_field_more_is_read_bug_it_was_told_as_its_octets(
    clock: ManualClock, name: str
) -> None:
    """Its SOS was hexadecimal digits to everybody, and of the name, or of nobody."""
    (told,) = told_of(clock, f"\r\n+CMT: {name},30\r\n{HELLO}\r\n")
    assert isinstance(told, InboundSms)
    assert (told.sender, told.text) == (SENDER, "ALARM ack 42")


@pytest.mark.parametrize("text", ["Start", "RING", "ring", "sms ready"])
def test_a_text_that_is_a_word_of_the_modems_is_told_bug_it_was_lost(
    clock: ManualClock, text: str
) -> None:
    """Nobody had it: it was taken for a call, or for a start of the modem."""
    said = f"\r\n{HEADER}\r\n{text}\r\n"
    (told,) = told_of(clock, f"{said}\r\n^RSSI:21\r\n")
    assert isinstance(told, InboundSms)
    assert (told.sender, told.text) == (SENDER, f"{text}[2/2 missing]")


@pytest.mark.parametrize("line", ["#SOS#", "*HQ,1234,SOS#", "+SOS", "+4670123 call"])
def test_a_second_line_with_a_sign_is_told_bug_the_sos_in_it_was_lost(
    clock: ManualClock, line: str
) -> None:
    said = f"\r\n{HEADER}\r\nhello\r\n{line}\r\n\r\n+CIEV: 2,1\r\n%CTZV: 4\r\n"
    (told,) = told_of(clock, said)
    assert isinstance(told, InboundSms)
    assert told.text == f"hello\n{line}[2/2 missing]"


def test_one_that_came_while_the_modem_was_lost_is_told_as_well(
    clock: ManualClock,
) -> None:
    driver, modem = opened(clock)
    modem.say(f"\r\n{HEADER}\r\nSOS\r\n")
    driver.wait(1)
    modem.gone = True
    (told,) = driver.unstored()
    assert isinstance(told, InboundSms)
    assert (told.sender, told.text) == (SENDER, "SOS[2/2 missing]")


def test_an_sos_in_its_second_line_is_told_with_it(clock: ManualClock) -> None:
    said = f"\r\n{HEADER}\r\nhello\r\nSOS\r\n\r\n^RSSI:21\r\n"
    (told,) = told_of(clock, said + f"\r\n+CMT: ,30\r\n{HELLO}\r\nnoise\r\n")[:1]
    assert isinstance(told, InboundSms)
    assert told.text == "hello\nSOS[2/2 missing]"


def test_a_text_is_no_answer_about_the_mode_bug_a_message_was_handed_to_text_mode(
    clock: ManualClock,
) -> None:
    driver, modem = opened(clock)
    is_set: list[bool] = []

    def tells(_: str) -> str:
        came = "" if is_set else f"\r\n{HEADER}\r\n+CMGF: 0\r\n"
        return f"{came}\r\n+CMGF: {0 if is_set else 1}\r\n{OK}"

    def sets(_: str) -> str:
        is_set.append(True)
        return OK

    is_set.append(True)
    modem.answers |= {"AT+CMGF?": tells, "AT+CMGF=0": sets}
    driver.open()
    is_set.clear()
    assert driver.submit(SENDER, "one", validity_min=5).result is SendResult.SENT
    assert is_set
    (told,) = driver.poll(drain=False)
    assert isinstance(told, InboundSms)
    assert told.text == "+CMGF: 0[2/2 missing]"


@pytest.mark.parametrize("comes", ["before", "while it is asked"])
def test_no_line_of_a_text_says_the_mode_bug_a_message_was_handed_to_text_mode(
    clock: ManualClock, comes: str
) -> None:
    """A stranger's second line said PDU mode: a page of an SOS went to number 17."""
    driver, modem = opened(clock)
    modem.answers["AT+CMGF?"] = f"\r\n+CMGF: 0\r\n{OK}"
    driver.open()
    modes = [1]
    text, more = f"\r\n{HEADER}\r\nhello\r\n", f"+CMGF: 0\r\n{OK}"

    def tells(_: str) -> str:
        if comes != "before":
            modem.say(text + more)
        modem.say(f"\r\n+CMGF: {modes[-1]}\r\n{OK}", after_s=1 / 8)
        return ""

    def sets(_: str) -> str:
        modes.append(0)
        return OK

    def takes(_: str) -> str:
        assert modes[-1] == 0
        return "\r\n+CMGS: 7\r\n\r\nOK\r\n"

    modem.answers |= {"AT+CMGF?": tells, "AT+CMGF=0": sets}
    modem.sent = takes
    if comes == "before":
        modem.say(text)
        modem.say(more, after_s=1 / 64)
    assert driver.submit(SENDER, "one", validity_min=5).result is SendResult.SENT
    told = driver.poll(drain=False)[0]
    assert isinstance(told, InboundSms)
    assert told.text.startswith("hello")


@pytest.mark.parametrize(
    "text", ["OK", "ERROR", "+CMS ERROR: 197", "+CMS ERROR: 1", "+CMGS: 9", "AT+CMGF?"]
)
@pytest.mark.parametrize("first", ["", "hello\r\n"])
def test_a_text_answers_no_message_bug_its_number_of_an_error_counted_as_sent(
    clock: ManualClock, text: str, first: str
) -> None:
    """Nor was it told to anybody. The modem has started anew by then: all is open."""
    driver, modem = opened(clock)
    modem.sent = f"\r\n{HEADER}\r\n{first}{text}\r\n"
    outcome = driver.submit(SENDER, "one", validity_min=5, late_s=25)
    assert (outcome.result, outcome.retry) == (SendResult.UNKNOWN, True)
    (told,) = driver.poll(drain=False)
    assert isinstance(told, InboundSms)
    assert told.text.startswith(first.strip() or text)


@pytest.mark.parametrize("line", ["+CMGS: 9", "+CMS ERROR: 1", "+CMS ERROR: 197"])
@pytest.mark.parametrize("again", [False, True])
def test_no_line_of_a_text_is_a_late_answer_bug_a_page_counted_as_sent_or_refused(
    clock: ManualClock, line: str, *, again: bool
) -> None:
    """Who is silent has started anew, maybe, and hands on what a stranger wrote."""
    driver, modem = opened(clock)
    modem.answers["AT+CMGF?"] = f"\r\n+CMGF: 0\r\n{OK}"
    driver.open()
    modem.sent = ""
    assert driver.submit(SENDER, "one", validity_min=5, late_s=25).may_follow
    modem.say(f"\r\n{HEADER}\r\nhello\r\n{line}\r\n{OK}")
    modem.sent = "\r\n+CMGS: 7\r\n\r\nOK\r\n"
    if again:
        second = driver.submit(SENDER, "two", validity_min=5, late_s=25)
        assert second.reference != 9
        assert second.result is not SendResult.REJECTED
    told = driver.poll(drain=False)
    late = [one.outcome.result for one in told if isinstance(one, LateAnswer)]
    assert set(late) <= {SendResult.UNKNOWN}
    assert InboundSms in map(type, told)


@pytest.mark.parametrize(
    "lines",
    [
        f'+CDS: 6,3,"{SENDER}",145,"26/12/01,10:00:00+04","26/12/01,10:00:01+04",0',
        f"+CDS: 25\r\n0006030B916407214365F7{'11112211220040' * 2}00",
    ],
)
def test_no_line_of_a_text_tells_of_a_delivery_bug_a_stranger_wrote_one(
    clock: ManualClock, lines: str
) -> None:
    told = told_of(clock, f"\r\n{HEADER}\r\nhello\r\n{lines}\r\n")
    assert [one.outcome for one in told if isinstance(one, StatusReport)] == ["pending"]
    told = told_of(clock, f"\r\n{lines}\r\n")
    assert [getattr(one, "outcome", "") for one in told] == ["delivered"]


def test_a_refusal_behind_a_text_leaves_open_what_has_become_of_a_message(
    clock: ManualClock,
) -> None:
    driver, modem = opened(clock)
    modem.sent = f"\r\n{HEADER}\r\nhello\r\n\r\n+CMS ERROR: 1\r\n"
    outcome = driver.submit(SENDER, "one", validity_min=5, late_s=25)
    assert (outcome.result, outcome.retry) == (SendResult.UNKNOWN, True)
    modem.sent = "\r\n+CMGS: 7\r\n\r\nOK\r\n"
    sent = driver.submit(SENDER, "one", validity_min=5, late_s=25)
    assert sent.result is SendResult.SENT


@pytest.mark.parametrize("asks", ["nothing", "health", "submit"])
@pytest.mark.parametrize("after_s", [1 / 512, 0.125])
def test_a_line_that_comes_a_moment_later_is_told_bug_the_sos_in_it_was_lost(
    clock: ManualClock, after_s: float, asks: str
) -> None:
    """A packet of the bus ends anywhere; a slow line takes a fifth of a second."""
    driver, modem = opened(clock)
    modem.say(f"\r\n{HEADER}\r\nplease come\r\n")
    modem.say("SOS\r\n", after_s=after_s)
    match asks:
        case "health":
            assert driver.health().registered
        case "submit":
            sent = driver.submit(SENDER, "one", validity_min=5)
            assert sent.result is SendResult.SENT
        case _:
            assert driver.wait(1)
    (told,) = driver.poll(drain=False)
    assert isinstance(told, InboundSms)
    assert told.text == "please come\nSOS[2/2 missing]"


@pytest.mark.parametrize("asked", ["AT+CSQ", "AT"])
def test_a_line_that_comes_before_an_answer_is_told_bug_the_answer_had_the_sos_in_it(
    clock: ManualClock, asked: str
) -> None:
    """At a look at its health, and where it is brought up, as its mode is another."""
    driver, modem = opened(clock)
    modem.answers["AT+CMGF?"] = f"\r\n+CMGF: 0\r\n{OK}"
    driver.open()

    def takes_its_time(text: str) -> str:
        if asked == "AT+CSQ":
            modem.say(f"\r\n{HEADER}\r\nhello\r\n")
            modem.say("SOS\r\n", after_s=1 / 16)
        modem.say(str(WORKS[text]), after_s=1 / 8)
        return ""

    modem.answers[asked] = takes_its_time
    if asked == "AT":
        modem.answers["AT+CMGF?"] = f"\r\n+CMGF: 1\r\n{OK}"
        modem.say(f"\r\n{HEADER}\r\nhello\r\n")
        modem.say("SOS\r\n", after_s=1 / 16)
    driver.health()
    (told,) = driver.poll(drain=False)
    assert isinstance(told, InboundSms)
    assert told.text == "hello\nSOS[2/2 missing]"


def test_a_word_of_safety_in_text_mode_calms_nobody(clock: ManualClock) -> None:
    """The word of force may have stood in a line that something else has taken."""
    (told,) = told_of(clock, f"\r\n{HEADER}\r\nK7F2 safe juniper\r\n")
    assert isinstance(told, InboundSms)
    assert not is_whole(told.text)


def test_a_text_of_ucs2_is_spelt_and_kept_as_it_came(clock: ManualClock) -> None:
    """A modem in text mode writes Cyrillic, and then numbers too, as hex."""
    wide = SENDER.encode("utf-16-be").hex().upper()
    sos = "\u0421\u041e\u0421"
    came = sos.encode("utf-16-be").hex().upper()
    header = HEADER.replace(SENDER, wide)
    (told,) = told_of(clock, f"\r\n{header}\r\n{came}\r\n")
    assert isinstance(told, InboundSms)
    assert (told.sender, told.text) == (SENDER, f"{sos} {came}[2/2 missing]")


def test_a_report_in_text_mode_takes_no_answer_for_its_pdu_bug_it_took_the_next_line(
    clock: ManualClock,
) -> None:
    driver, modem = opened(clock)
    stamps = '"26/12/01,10:00:00+04","26/12/01,10:00:05+04"'
    modem.say(f'\r\n+CDS: 6,7,"{SENDER}",145,{stamps},0\r\n')
    modem.say('\r\n+CMTI: "SM",3\r\n')
    modem.answers["AT+CMGR=3"] = f"\r\n+CMGR: 0,,30\r\n{HELLO}\r\n{OK}"
    report, message = driver.poll(drain=False)
    assert isinstance(report, StatusReport)
    assert (report.reference, report.recipient, report.outcome) == (
        *(7, SENDER),
        "delivered",
    )
    assert isinstance(message, InboundSms)
    assert (message.slot, message.text) == ("SM:3", "ALARM ack 42")


def test_a_text_of_hex_is_no_pdu_bug_it_had_the_sender_that_stood_in_it(
    clock: ManualClock,
) -> None:
    forged, _ = encode_deliver(
        Deliver(
            sender=Address(text=SENDER, toa=0x91),
            user_data=build("K7F2 coming", Charset.GSM7),
        )
    )
    driver, modem = opened(clock)
    is_text = [True]

    def set_mode(_: str) -> str:
        is_text.clear()
        return OK

    words = f'\r\n+CMGR: "REC UNREAD","+4670",,"26/12/01,10:00:00+04"\r\n{forged}\r\n'
    modem.answers |= {
        "AT+CMGF=0": set_mode,
        "AT+CMGR=3": lambda _: f"{words if is_text else READ}{OK}",
    }
    modem.say('\r\n+CMTI: "SM",3\r\n')
    (told,) = driver.poll(drain=False)
    assert isinstance(told, InboundSms)
    assert (told.slot, told.text) == ("SM:3", "ALARM ack 42")


@pytest.mark.parametrize("zone", ["", "+99", "-99", "+04"])
@pytest.mark.parametrize("day", ["26/12/01", "26/13/01", "00/00/00"])
def test_a_stamp_that_is_none_costs_the_stamp_alone(day: str, zone: str) -> None:
    told = straight(f'+CMT: "{SENDER}",,"{day},10:00:00{zone}"', "SOS")
    assert isinstance(told, InboundSms)
    assert (told.sent_at is None) == ((day, zone) != ("26/12/01", "+04"))


@given(
    prefix=st.sampled_from(["+CMT: ", "+CDS: ", "+CBM: "]),
    end=st.text(st.sampled_from('+CMTDS: ",/0123456789-AF'), max_size=60),
    text=st.text(max_size=40),
)
def test_no_header_and_no_text_make_it_fail(prefix: str, end: str, text: str) -> None:
    for line in (prefix + end, prefix + '"26/12/01,10:00:00+04"' + end):
        announces_pdu(line)
        may_follow(text, line)
        straight(line, text)


def test_an_announced_pdu_is_none_of_text_mode() -> None:
    for line in ("+CMT: ,30", '+CMT: "Alice",30', "+CDS: 25", "+CMT: 0"):
        assert announces_pdu(line)
        assert straight(line, HELLO) is None
