"""Messages of which the serial line, or the modem, has lost octets."""

import pytest

from adapters.modem.driver import SerialModem
from adapters.modem.pdu import Deliver
from adapters.modem.pdu_encode import encode_deliver, encode_submit, submit
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.pdu_text import Concat, build
from engine.errors import ModemSilentError
from engine.intake.replies import is_whole
from engine.ports.modem import InboundSms, StatusReport
from tests.adapters.modem.scripted import (
    OK,
    SILENCE,
    WORKS,
    Answer,
    ScriptedModem,
    driver_of,
)
from tests.fakes import ManualClock

HELLO = "07816407000000F0100B916407214365F70111621142222134040C416650DA0485C76B104D06"
SAID = "ALARM ack 42"
TWO_USED = "\r\n+CPMS: 2,30,0,30,0,30\r\n\r\nOK\r\n"
READ = f"\r\n+CMGR: 0,,30\r\n{HELLO}\r\n\r\nOK\r\n"


SENDER = Address(text="+46701234567", toa=0x91)


def _delivered(text: str, number: int = 0) -> tuple[str, int]:
    concat = Concat(reference=7, total=2, number=number) if number else None
    data = build(text, Charset.GSM7, concat=concat)
    return encode_deliver(Deliver(sender=SENDER, user_data=data))


def _listed(*pdus: str) -> str:
    lines = (f"+CMGL: {at},0,,30\r\n{pdu}\r\n" for at, pdu in enumerate(pdus, 1))
    return f"\r\n{''.join(lines)}\r\nOK\r\n"


def _driver(clock: ManualClock, answers: dict[str, Answer]) -> SerialModem:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers |= {'AT+CPMS="ME"': TWO_USED, "AT+CMGD=1": OK, **answers}
    return driver


def _told(driver: SerialModem) -> list[tuple[str, str]]:
    found = [one for one in driver.poll(drain=True) if isinstance(one, InboundSms)]
    return [(one.slot, one.text) for one in found]


@pytest.mark.parametrize(
    "came",
    [
        HELLO[:-12],
        HELLO[:20],
        HELLO[:40] + HELLO[44:],
        HELLO[:30] + "\xff" + HELLO[31:],
    ],
)
def test_what_was_lost_on_the_way_is_read_again_bug_its_place_was_freed(
    clock: ManualClock, came: str
) -> None:
    driver = _driver(clock, {"AT+CMGL=4": _listed(came, HELLO), "AT+CMGR=1": READ})
    assert _told(driver) == [("ME:1", SAID), ("ME:2", SAID)]


@pytest.mark.parametrize("came", [HELLO[:50], HELLO[:30] + "\xff" + HELLO[31:], ""])
def test_one_that_is_read_by_its_place_is_read_again_as_well(
    clock: ManualClock, came: str
) -> None:
    answers = iter([f"\r\n+CMGR: 0,,30\r\n{came}\r\n\r\nOK\r\n", READ])
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers["AT+CMGR=3"] = lambda _: next(answers)
    modem.say('\r\n+CMTI: "SM",3\r\n')
    (told,) = driver.poll(drain=False)
    assert isinstance(told, InboundSms)
    assert (told.slot, told.text) == ("SM:3", SAID)


@pytest.mark.parametrize("again", ["\r\n+CMS ERROR: 321\r\n", _listed("06")])
def test_what_cannot_be_read_again_is_told_as_it_came(
    clock: ManualClock, again: str
) -> None:
    driver = _driver(
        clock, {"AT+CMGL=4": _listed(HELLO[:-12], HELLO), "AT+CMGR=1": again}
    )
    assert [slot for slot, _ in _told(driver)] == ["ME:1", "ME:2"]


def test_a_late_answer_is_not_the_next_places_bug_that_was_freed_unread(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    (first, _), (second, _) = _delivered("SOS Vasagatan"), _delivered("K7F2 help")

    def late(_: str) -> str:
        modem.say(f"\r\n+CMGR: 0,,30\r\n{first}\r\n\r\nOK\r\n", after_s=20.05)
        return SILENCE

    def slow(_: str) -> str:
        modem.say(f"\r\n+CMGR: 0,,30\r\n{second}\r\n\r\nOK\r\n", after_s=0.3)
        return SILENCE

    modem.answers |= {
        'AT+CPMS="ME"': TWO_USED,
        "AT+CMGL=4": _listed(first[:-6], second[:-6]),
        "AT+CMGR=1": late,
        "AT+CMGR=2": slow,
    }
    with pytest.raises(ModemSilentError, match=r"AT\+CMGR"):
        driver.poll(drain=True)
    assert "AT+CMGR=2" not in modem.commands


def test_a_silence_at_what_is_asked_again_costs_one_look_bug_it_cost_one_a_message(
    clock: ManualClock,
) -> None:
    """An hour was to pass before the engine sent an SOS that had come meanwhile."""
    cut = [_delivered(f"message {at}")[0][:-6] for at in range(200)]
    silent: dict[str, Answer] = {f"AT+CMGR={at}": SILENCE for at in range(201)}
    driver = _driver(clock, {"AT+CMGL=4": _listed(*cut), **silent})
    began_s = clock.boottime_s()
    with pytest.raises(ModemSilentError):
        driver.poll(drain=True)
    assert len(_told(driver)) == len(cut)
    assert clock.boottime_s() - began_s < 30


def test_a_draft_that_lies_there_cut_is_asked_for_once_bug_at_each_look(
    clock: ManualClock,
) -> None:
    draft, _ = encode_submit(submit("+46701234567", build("shall we", Charset.GSM7)))
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers |= {
        'AT+CPMS="ME"': TWO_USED,
        "AT+CMGL=4": _listed(draft[:-4]),
        "AT+CMGR=1": f"\r\n+CMGR: 2,,30\r\n{draft[:-4]}\r\n\r\nOK\r\n",
    }
    for _ in range(3):
        driver.poll(drain=True)
    assert modem.commands.count("AT+CMGR=1") == 1


SHIFTED = "SOS help me, I am at Vasagatan 12 behind the station. " * 2
NATIONAL = Address(text="0701234567", toa=0x81)


def _shifted() -> tuple[str, str, int]:
    """Return a call for help, how it comes without an octet, and its length."""
    data = build(SHIFTED, Charset.GSM7)
    smsc = Address(text="+46704001234", toa=0x91)
    said = Deliver(sender=NATIONAL, user_data=data, smsc=smsc)
    whole, length = encode_deliver(said)
    return whole, whole[:6] + whole[8:], length


def test_an_sos_that_is_a_report_without_an_octet_is_read_again_bug_it_was_freed(
    clock: ManualClock,
) -> None:
    """Its sender's length then stands for its type: ten digits are a status report."""
    whole, came, length = _shifted()
    driver = _driver(
        clock,
        {
            "AT+CMGL=4": f"\r\n+CMGL: 1,0,,{length}\r\n{came}\r\n\r\nOK\r\n",
            "AT+CMGR=1": f"\r\n+CMGR: 0,,{length}\r\n{whole}\r\n\r\nOK\r\n",
        },
    )
    assert _told(driver) == [("ME:1", SHIFTED)]


def test_one_that_came_straight_is_shown_bug_it_was_a_report_to_nobody(
    clock: ManualClock,
) -> None:
    _, came, length = _shifted()
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.say(f"\r\n+CMT: ,{length}\r\n{came}\r\n")
    (told,) = driver.poll(drain=False)
    assert isinstance(told, InboundSms)
    assert (told.pdu, "undecodable" in told.flags) == (came, True)


def test_a_report_with_fewer_octets_than_its_header_says_is_read_again(
    clock: ManualClock,
) -> None:
    report = f"0006030B916407214365F7{'11112211220040' * 2}6000"
    came = report[:48] + report[50:]
    driver = _driver(
        clock,
        {
            "AT+CMGL=4": f"\r\n+CMGL: 1,0,,26\r\n{came}\r\n\r\nOK\r\n",
            "AT+CMGR=1": f"\r\n+CMGR: 0,,26\r\n{report}\r\n\r\nOK\r\n",
        },
    )
    told = [one for one in driver.poll(drain=True) if isinstance(one, StatusReport)]
    assert {one.outcome for one in told} == {"failed"}


def test_a_modem_whose_headers_miscount_is_asked_for_one_message_again_and_no_more(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    pdus = [_delivered(f"message {at}")[0] for at in range(20)]
    modem.answers |= {
        'AT+CPMS="ME"': TWO_USED,
        "AT+CMGL=4": _listed(*pdus).replace(",,30", ",,99"),
        "AT+CMGR=1": f"\r\n+CMGR: 0,,99\r\n{pdus[0]}\r\n\r\nOK\r\n",
    }
    assert len(_told(driver)) == len(pdus)
    assert [one for one in modem.commands if "AT+CMGR" in one] == ["AT+CMGR=1"]


def test_a_store_that_is_not_counted_is_listed_bug_the_next_ones_count_was_its(
    clock: ManualClock,
) -> None:
    counts = '\r\n+CPMS: "ME",,,"SM",0,30,"SM",0,30\r\n\r\nOK\r\n'
    driver = _driver(clock, {'AT+CPMS="ME"': counts, "AT+CMGL=4": _listed(HELLO)})
    assert ("ME:1", SAID) in _told(driver)


def test_a_store_that_is_not_counted_is_known_by_its_name_bug_another_was_read(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.commands.clear()
    counts = '\r\n+CPMS: "ME",,,"ME",,,"ME",0,30\r\n\r\nOK\r\n'
    modem.answers |= {"AT+CPMS?": counts, "AT+CMGR=3": READ}
    modem.say('\r\n+CMTI: "SM",3\r\n')
    driver.poll(drain=False)
    assert modem.commands == ["AT+CPMS?", 'AT+CPMS="SM"', "AT+CMGR=3"]


def test_what_is_full_is_the_store_of_arrivals_whatever_is_not_counted_before_it(
    clock: ManualClock,
) -> None:
    counts = '\r\n+CPMS: "ME",1,30,"SM",,,"SM",28,30\r\n\r\nOK\r\n'
    health = _driver(clock, {"AT+CPMS?": counts}).health()
    assert (health.storage_used, health.storage_size) == (28, 30)


def _straight(clock: ManualClock, *pdus: str) -> str:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    for pdu in pdus:
        modem.say(f"\r\n+CMT: ,30\r\n{pdu}\r\n")
    (told,) = driver.poll(drain=False)
    assert isinstance(told, InboundSms)
    return told.text


@pytest.mark.parametrize("octets_lost", [1, 4, 9])
def test_a_text_that_has_lost_its_end_calms_nobody_bug_it_did(
    clock: ManualClock, octets_lost: int
) -> None:
    """The word of force may have stood there."""
    whole, _ = _delivered("K7F2 safe juniper")
    text = _straight(clock, whole[: -2 * octets_lost])
    assert "K7F2 safe juniper".startswith(text.removesuffix("[2/2 missing]"))
    assert not is_whole(text)
    assert is_whole(_straight(clock, whole))


def test_a_part_that_has_lost_its_end_says_so_in_the_whole(clock: ManualClock) -> None:
    first, _ = _delivered("K7F2 I am ", number=1)
    second, _ = _delivered("safe juniper", number=2)
    text = _straight(clock, first, second[:-8])
    assert text == "K7F2 I am safe ju[2/2 missing]"
    assert _straight(clock, first[:-4], second) == "K7F2 I [1/2 missing]safe juniper"


@pytest.mark.parametrize("header", ["0500040702", "0500030700"])
def test_a_header_that_cannot_be_read_may_have_been_a_parts(
    clock: ManualClock, header: str
) -> None:
    part, _ = _delivered("K7F2 safe", number=2)
    assert not is_whole(_straight(clock, part.replace("0500030702", header)))


def test_data_have_no_hole_in_them_since_a_trackers_octets_are_counted(
    clock: ManualClock,
) -> None:
    data = build("\x08\x01abc", Charset.DATA)
    whole, _ = encode_deliver(Deliver(sender=SENDER, user_data=data, dcs=4))
    assert _straight(clock, whole[:-2]) == "\x08\x01ab"


def test_a_text_that_came_as_data_and_lost_its_end_calms_nobody_bug_it_did(
    clock: ManualClock,
) -> None:
    data = build("K7F2 safe juniper", Charset.DATA)
    whole, _ = encode_deliver(Deliver(sender=SENDER, user_data=data, dcs=4))
    assert _straight(clock, whole[:-16]) == "K7F2 safe[2/2 missing]"


def test_a_modem_that_has_forgotten_pdu_mode_is_set_to_it_bug_the_sender_was_lost(
    clock: ManualClock,
) -> None:
    """It started anew and said nothing, with a profile that somebody had stored."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    is_text = [True]
    words = (
        '+CMGR: "REC UNREAD","+46701234567",,"26/12/01,10:00:00+04"\r\nhelp me\r\nnow'
    )

    def set_mode(_: str) -> str:
        is_text.clear()
        return OK

    modem.answers |= {
        'AT+CPMS="ME"': "\r\n+CPMS: 1,30,0,30,0,30\r\n\r\nOK\r\n",
        "AT+CMGF=0": set_mode,
        "AT+CMGL=4": lambda _: "\r\nERROR\r\n" if is_text else _listed(HELLO),
        "AT+CMGR=0": "\r\n+CMS ERROR: 321\r\n",
        "AT+CMGR=1": lambda _: f"\r\n{words}\r\n\r\nOK\r\n" if is_text else READ,
    }
    assert _told(driver) == [("ME:1", SAID)]
    modem.commands.clear()
    driver.poll(drain=False)
    assert "AT+CNMI=2,1,0,1,0" in modem.commands


def test_a_modem_that_stays_in_text_mode_is_told_as_it_speaks(
    clock: ManualClock,
) -> None:
    words = '\r\n+CMGL: 1,"REC UNREAD","+46701234567"\r\nhelp\r\n\r\nOK\r\n'
    driver = _driver(clock, {"AT+CMGL=4": words})
    (told,) = (one for one in driver.poll(drain=True) if isinstance(one, InboundSms))
    assert (told.slot, told.pdu) == ("ME:1", "help")


@pytest.mark.parametrize(
    "warning", ["UNDER-VOLTAGE WARNNING", "UNDER-VOLTAGE WARNING", "DST: 1"]
)
def test_a_word_without_a_sign_before_the_pdu_is_not_the_pdu_bug_it_was_lost(
    clock: ManualClock, warning: str
) -> None:
    """SIM800 writes these whenever it likes, and no store has what came straight."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.say(f"\r\n+CMT: ,30\r\n{warning}\r\n{HELLO}\r\n")
    (told,) = driver.poll(drain=False)
    assert isinstance(told, InboundSms)
    assert told.text == SAID


def test_a_modem_that_falls_for_its_supply_is_brought_up_anew(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.say("\r\nUNDER-VOLTAGE POWER DOWN\r\n")
    driver.poll(drain=False)
    modem.commands.clear()
    driver.poll(drain=False)
    assert "AT+CMGF=0" in modem.commands
