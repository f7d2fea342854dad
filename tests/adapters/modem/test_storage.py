"""What lies in a modem's stores: found, read and deleted where it is, nowhere else."""

import itertools
from pathlib import Path

import pytest

from adapters.modem.driver import SerialModem
from adapters.modem.options import ModemOptions
from adapters.modem.pdu import Deliver
from adapters.modem.pdu_encode import encode_deliver
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.pdu_text import Concat, build
from engine.errors import ModemGoneError, ModemSilentError
from engine.ports.modem import InboundSms, SendResult
from tests.adapters.modem.rig import BOB, rig
from tests.adapters.modem.scripted import (
    OK,
    SILENCE,
    WORKS,
    Answer,
    ScriptedModem,
    driver_of,
)
from tests.fakes import ManualClock

NUMBER = "+46701234567"
HELLO = "07816407000000F0100B916407214365F70111621142222134040C416650DA0485C76B104D06"
ONE_USED = "\r\n+CPMS: 1,30,0,30,0,30\r\n\r\nOK\r\n"
DRAFT = "0011000B916407281553F80000AA0AE8329BFD4697D9EC37"
LISTED = f"\r\n+CMGL: 3,0,,30\r\n{HELLO}\r\n\r\nOK\r\n"


def driver_and_modem(
    clock: ManualClock, answers: dict[str, Answer]
) -> tuple[ScriptedModem, list[InboundSms]]:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers |= answers
    modem.commands.clear()
    found = [e for e in driver.poll(drain=True) if isinstance(e, InboundSms)]
    for message in found:
        driver.delete(message.slot)
    return modem, found


def test_a_store_that_cannot_be_selected_is_neither_read_nor_deleted_in(
    clock: ManualClock,
) -> None:
    modem, found = driver_and_modem(
        clock, {'AT+CPMS="ME"': "\r\n+CMS ERROR: 302\r\n", "AT+CMGL=4": LISTED}
    )
    assert found == []
    assert "AT+CMGL=4" not in modem.commands
    assert not [c for c in modem.commands if c.startswith("AT+CMGD")]


def test_a_store_that_is_busy_after_a_submit_is_asked_again(clock: ManualClock) -> None:
    busy = itertools.chain(["\r\n+CME ERROR: 515\r\n"] * 2, itertools.repeat(ONE_USED))
    modem, found = driver_and_modem(
        clock,
        {
            'AT+CPMS="ME"': lambda _: next(busy),
            "AT+CMGL=4": LISTED,
            "AT+CMGD=3": OK,
        },
    )
    assert [message.slot for message in found] == ["ME:3"]
    selected = [c for c in modem.commands if c.startswith(("AT+CPMS=", "AT+CMGD"))]
    assert selected[-2:] == ['AT+CPMS="ME"', "AT+CMGD=3"]


def test_a_modem_without_a_list_is_read_by_index(clock: ManualClock) -> None:
    modem, found = driver_and_modem(
        clock,
        {
            "AT+CPMS?": '\r\n+CPMS: "SM",1,30,"SM",1,30,"SM",1,30\r\n\r\nOK\r\n',
            "AT+CMGL=4": "\r\n+CMS ERROR: 303\r\n",
            "AT+CMGR=2": f"\r\n+CMGR: 0,,30\r\n{HELLO}\r\n\r\nOK\r\n",
            "AT+CMGD=2": OK,
        },
    )
    assert [message.slot for message in found] == ["SM:2"]
    assert "AT+CMGR=3" not in modem.commands


def test_a_message_of_our_own_that_lies_in_storage_is_nobodys_answer(
    clock: ManualClock,
) -> None:
    _, found = driver_and_modem(
        clock,
        {
            'AT+CPMS="ME"': ONE_USED,
            "AT+CMGL=4": f"\r\n+CMGL: 1,2,,23\r\n{DRAFT}\r\n\r\nOK\r\n",
        },
    )
    assert found == []


def test_what_came_straight_outlives_a_store_that_hangs_bug_it_was_lost(
    clock: ManualClock,
) -> None:
    """No store has it, and the network was told that we do."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers |= {'AT+CPMS="ME"': ONE_USED, "AT+CMGL=4": SILENCE}
    modem.say(f"\r\n+CMT: ,30\r\n{HELLO}\r\n")
    with pytest.raises(ModemSilentError):
        driver.poll(drain=True)
    assert driver.answers()
    (message,) = driver.poll(drain=False)
    assert isinstance(message, InboundSms)
    assert message.slot == ""
    assert driver.poll(drain=False) == []


def _half(text: str, number: int) -> str:
    concat = Concat(reference=7, total=2, number=number)
    part = Deliver(
        sender=Address(text=NUMBER, toa=0x91),
        user_data=build(text, Charset.UCS2, concat=concat),
        dcs=8,
    )
    return encode_deliver(part)[0]


def _direct_half(clock: ManualClock) -> tuple[ScriptedModem, SerialModem]:
    """Return a modem that has handed on the first half of a message directly."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.say(f"\r\n+CMT: ,30\r\n{_half('we are ', 1)}\r\n")
    assert driver.poll(drain=False) == []
    second = f"0,,30\r\n{_half('at the dam', 2)}\r\n\r\nOK\r\n"
    modem.answers |= {
        'AT+CPMS="ME"': ONE_USED,
        "AT+CMGR=3": f"\r\n+CMGR: {second}",
        "AT+CMGL=4": f"\r\n+CMGL: 3,{second}",
        "AT+CMGD=3": OK,
    }
    return modem, driver


def _texts(driver: SerialModem, *, drain: bool) -> list[str]:
    found = driver.poll(drain=drain)
    return [one.text for one in found if isinstance(one, InboundSms)]


def test_a_half_that_no_store_has_outlives_a_look_up_that_hangs_bug_it_was_lost(
    clock: ManualClock,
) -> None:
    """The other half was read, and then the modem fell silent at the next message."""
    modem, driver = _direct_half(clock)
    modem.answers["AT+CMGR=4"] = SILENCE
    modem.say('\r\n+CMTI: "ME",3\r\n\r\n+CMTI: "ME",4\r\n')
    with pytest.raises(ModemSilentError):
        driver.poll(drain=False)
    assert driver.answers()
    assert _texts(driver, drain=True) == ["we are at the dam"]


def test_a_half_that_no_store_has_outlives_a_modem_that_is_brought_up_anew(
    clock: ManualClock,
) -> None:
    modem, driver = _direct_half(clock)
    driver.reopen()
    modem.say('\r\n+CMTI: "ME",3\r\n')
    assert _texts(driver, drain=False) == ["we are at the dam"]


def test_a_half_that_is_read_again_before_its_place_is_free_is_the_same_message(
    clock: ManualClock,
) -> None:
    """It was told by itself after a while, as one of which a part is missing."""
    modem, driver = _direct_half(clock)
    modem.say('\r\n+CMTI: "ME",3\r\n')
    (first,) = driver.poll(drain=False)
    (again,) = driver.poll(drain=True)
    assert first == again, "by slot and octets the journal knows it"
    assert isinstance(again, InboundSms)
    driver.delete(again.slot)
    modem.answers |= {"AT+CMGL=4": OK}
    clock.advance(1e6)
    assert _texts(driver, drain=True) == []


def test_what_cannot_be_decoded_is_shown_with_its_octets(clock: ManualClock) -> None:
    _, found = driver_and_modem(
        clock,
        {
            'AT+CPMS="ME"': ONE_USED,
            "AT+CMGL=4": "\r\n+CMGL: 1,1,,2\r\n0003\r\n\r\nOK\r\n",
            "AT+CMGD=1": OK,
        },
    )
    (message,) = found
    assert message.pdu == "0003"
    assert "undecodable" in message.flags


def test_a_modem_that_still_boots_is_given_time_for_its_pdu_mode(
    clock: ManualClock,
) -> None:
    booting = itertools.chain(["\r\nERROR\r\n"] * 2, itertools.repeat(OK))
    modem = ScriptedModem(clock, WORKS | {"AT+CMGF=0": lambda _: next(booting)})
    modem.say("\r\n+CPIN: READY\r\n\r\nCall Ready\r\n\r\nSMS Ready\r\n", after_s=1)
    driver = driver_of(modem)
    assert driver.open().registered
    driver.poll(drain=False)
    assert driver.submit(NUMBER, "hej", validity_min=5).result is SendResult.SENT


def _then_silent(modem: ScriptedModem, half: str) -> None:
    """Announce a part at place 3, and a message at 4 at which the modem hangs."""
    stored = f"0,,30\r\n{half}\r\n\r\nOK\r\n"
    modem.answers |= {
        'AT+CPMS="ME"': ONE_USED,
        "AT+CMGR=3": f"\r\n+CMGR: {stored}",
        "AT+CMGR=4": SILENCE,
        "AT+CMGL=4": f"\r\n+CMGL: 3,{stored}",
    }
    modem.say('\r\n+CMTI: "ME",3\r\n\r\n+CMTI: "ME",4\r\n')


def test_a_part_with_a_call_for_help_outlives_a_look_up_that_hangs_bug_it_waited(
    clock: ManualClock,
) -> None:
    """It came three minutes later, as a message of which a part is missing."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem, ModemOptions(urgent_words=("sos",)))
    driver.open()
    _then_silent(modem, _half("SOS at ", 1))
    with pytest.raises(ModemSilentError):
        driver.poll(drain=False)
    assert driver.answers()
    assert _texts(driver, drain=True) == ["SOS at [2/2 missing]"]
    assert _texts(driver, drain=True) == []


def test_a_half_that_another_message_ends_outlives_a_look_up_that_hangs_bug_it_was_lost(
    clock: ManualClock,
) -> None:
    """Some devices give every message one reference, and no store had the first."""
    modem, driver = _direct_half(clock)
    _then_silent(modem, _half("I am well", 1))
    with pytest.raises(ModemSilentError):
        driver.poll(drain=False)
    assert driver.answers()
    assert _texts(driver, drain=True) == ["we are [2/2 missing]"]


def test_of_many_that_are_announced_a_few_are_read_at_one_look(
    clock: ManualClock,
) -> None:
    """An SOS waited to be sent until all of a flood had been read."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers |= {'AT+CPMS="ME"': ONE_USED}
    for place in range(10):
        modem.answers[f"AT+CMGR={place}"] = f"\r\n+CMGR: 0,,24\r\n{HELLO}\r\n\r\nOK\r\n"
        modem.say(f'\r\n+CMTI: "ME",{place}\r\n')
    looks = []
    while driver.wait(0):
        looks.append(len(_texts(driver, drain=False)))
    assert looks == [4, 4, 2]


def test_what_a_look_at_the_whole_store_has_read_is_not_looked_up_again(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers |= {'AT+CPMS="ME"': ONE_USED, "AT+CMGL=4": LISTED}
    for place in range(10):
        modem.say(f'\r\n+CMTI: "ME",{place}\r\n')
    assert len(_texts(driver, drain=True)) == 1
    assert not driver.wait(0)


def test_a_place_that_was_read_before_a_restart_is_another_ones_by_now(
    clock: ManualClock,
) -> None:
    """The SIM may have been exchanged, and nobody have read what lies there."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers |= {'AT+CPMS="ME"': ONE_USED, "AT+CMGL=4": LISTED, "AT+CMGD=3": OK}
    assert len(_texts(driver, drain=True)) == 1
    modem.say("\r\nRDY\r\n")
    driver.delete("ME:3")
    assert "AT+CMGD=3" not in modem.commands
    assert len(_texts(driver, drain=False)) == 1
    driver.delete("ME:3")
    assert "AT+CMGD=3" in modem.commands


def test_what_came_before_a_restart_was_noticed_is_read_at_once(tmp_path: Path) -> None:
    """Nothing announced it; a call for help lay there for 45 s."""
    with rig(tmp_path) as r:
        r.modem.restart()
        r.modem.inject(BOB, "SOS")
        assert r.driver.wait(2)
        assert r.submit("hej").result is SendResult.SENT
        assert r.driver.wait(0)
        assert [getattr(e, "text", "") for e in r.events(bool)] == ["SOS"]


def test_what_a_look_that_failed_has_read_is_not_deleted_for_what_lay_there(
    clock: ManualClock,
) -> None:
    """The modem had started anew, and nobody had been given what it held now."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers |= {
        "AT+CPMS?": '\r\n+CPMS: "SM",1,30,"SM",1,30,"SM",1,30\r\n\r\nOK\r\n',
        "AT+CMGL=4": LISTED,
        "AT+CMGD=3": OK,
    }
    assert len(_texts(driver, drain=True)) == 1
    modem.say("\r\nRDY\r\n")
    assert driver.wait(0)
    modem.answers |= {'AT+CPMS="ME"': SILENCE}
    with pytest.raises(ModemSilentError):
        driver.poll(drain=True)
    assert driver.poll(drain=False) == []
    assert not driver.delete("SM:3")
    assert "AT+CMGD=3" not in modem.commands
    modem.answers |= {'AT+CPMS="ME"': WORKS['AT+CPMS="ME"']}
    assert len(_texts(driver, drain=True)) == 1
    assert driver.delete("SM:3")


@pytest.mark.parametrize(
    "said",
    [
        f"\r\n+CMT: ,24\r\n{HELLO}\r\n",
        '\r\nRING\r\n\r\n+CLIP: "+46701234567",145\r\n',
    ],
    ids=["message", "call"],
)
def test_what_no_store_has_outlives_a_port_that_is_lost_over_its_answer(
    clock: ManualClock, said: str
) -> None:
    """`AT+CNMA` and `AT+CHUP` found it gone, and it was forgotten with them."""
    modem = ScriptedModem(clock, WORKS | {"AT+CSMS=1": OK})
    driver = driver_of(modem)
    driver.open()
    modem.say(said)
    assert driver.wait(0)
    modem.goes_at_write = True
    with pytest.raises(ModemGoneError):
        driver.poll(drain=False)
    assert len(driver.unstored()) == 1
    assert not driver.unstored()


def test_a_store_that_is_read_place_by_place_beats_meanwhile(
    clock: ManualClock,
) -> None:
    """Each answer came within a second; over 255 of them the actor was given up."""
    used = '\r\n+CPMS: "SM",255,255,"SM",255,255,"SM",255,255\r\n\r\nOK\r\n'
    modem = ScriptedModem(clock, WORKS | {"AT+CPMS?": used})
    modem.answers["AT+CMGL=4"] = "\r\n+CMS ERROR: 303\r\n"

    def slowly(_: str) -> str:
        modem.say(f"\r\n+CMGR: 0,,24\r\n{HELLO}\r\n\r\nOK\r\n", after_s=0.4)
        return SILENCE

    modem.answers |= {f"AT+CMGR={place}": slowly for place in range(256)}
    driver = driver_of(modem)
    beats_s: list[float] = []
    driver.open(beat=lambda: beats_s.append(clock.boottime_s()))
    assert len(_texts(driver, drain=True)) == 255
    pairs = itertools.pairwise([*beats_s, clock.boottime_s()])
    assert max(after_s - before_s for before_s, after_s in pairs) <= 1.5


def test_what_no_store_has_is_returned_where_the_port_was_lost_before_a_look(
    clock: ManualClock,
) -> None:
    """It waited until the modem came back, which may be never."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.say(f"\r\n+CMT: ,24\r\n{HELLO}\r\n")
    assert driver.wait(0)
    modem.gone = True
    with pytest.raises(ModemGoneError):
        driver.poll(drain=False)
    driver.close()
    assert len(driver.unstored()) == 1


def test_a_look_that_gives_way_leaves_the_rest_to_the_next_which_reads_it_all(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS | {'AT+CPMS="ME"': ONE_USED})
    driver = driver_of(modem)
    driver.open()
    modem.answers |= {
        "AT+CPMS?": ONE_USED,
        "AT+CMGR=3": f"\r\n+CMGR: 0,,30\r\n{HELLO}\r\n\r\nOK\r\n",
        "AT+CMGL=4": LISTED,
    }
    modem.say('\r\n+CMTI: "ME",3\r\n')
    modem.commands.clear()
    assert not driver.poll(drain=False, gives_way=lambda: True)
    assert modem.commands == []
    assert driver.wait(0), "there is something to be read"
    assert _texts(driver, drain=False)


def test_a_store_that_is_busy_keeps_nothing_urgent_waiting(clock: ManualClock) -> None:
    busy: dict[str, Answer] = {'AT+CPMS="ME"': "\r\n+CME ERROR: 515\r\n"}
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers |= busy
    modem.say('\r\n+CMTI: "ME",3\r\n')
    began_s = clock.boottime_s()
    assert not driver.poll(
        drain=False, gives_way=lambda: clock.boottime_s() > began_s + 0.4
    )
    assert clock.boottime_s() - began_s < 1
