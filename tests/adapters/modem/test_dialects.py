"""The driver against other makers' dialects, as captured, and the field's stories.

The stories are those of the field transcripts beside the repository; each test is
named for what was seen and asserts what its lesson asks for.
"""

import itertools

import pytest

from adapters.modem.bring_up import Session
from adapters.modem.options import ModemOptions
from engine.errors import ModemError, ModemSilentError
from engine.ports.modem import (
    InboundSms,
    SendResult,
    StatusReport,
)
from tests.adapters.modem.scripted import (
    OK,
    SILENCE,
    WORKS,
    Answer,
    ScriptedModem,
    driver_of,
)
from tests.adapters.modem.vectors import transcripts
from tests.fakes import ManualClock

NUMBER = "+46701234567"
REPORT = "0006030B916407214365F7621142227115006211422271250000"
HELLO = "07816407000000F0100B916407214365F70111621142222134040C416650DA0485C76B104D06"


def _vendors() -> dict[str, dict[str, Answer]]:
    tables: dict[str, dict[str, Answer]] = {}
    for reply in transcripts()["replies"]:
        if "fakemodems" in reply["source"] and "raw" in reply:
            tables.setdefault(reply["vendor"], {})[reply["command"]] = reply["raw"]
    return tables


@pytest.mark.parametrize(
    "vendor",
    [
        "Huawei K3715",
        "Huawei E1752",
        "WAVECOM MODEM MULTIBAND 900E 1800",
        "QUALCOMM M6280 (ZTE modem)",
        "ZTE K3565-Z",
    ],
)
def test_a_captured_dialect_is_brought_up_and_sends(
    clock: ManualClock, vendor: str
) -> None:
    refuses = "COMMAND NOT SUPPORT\r\n" if "Huawei" in vendor else "ERROR\r\n"
    needed = {"AT": "OK\r\n", "AT+CMGF=0": "OK\r\n", "AT+CREG?": "+CREG: 0,1\r\nOK\r\n"}
    # What was captured asks for the stores, and selects none.
    needed |= {f'AT+CPMS="{store}"': "OK\r\n" for store in ("SM", "ME")}
    modem = ScriptedModem(
        clock,
        {**needed, **_vendors()[vendor]},
        otherwise=refuses,
        prompt="\r\n> ",
        sent='+ZPASR: "UMTS"\r\n+CMGS: 183\r\nOK\r\n',
    )
    driver = driver_of(modem)
    assert driver.open().registered
    outcome = driver.submit(NUMBER, "hej", validity_min=5)
    assert outcome.reference == 183
    assert driver.poll(drain=True) == []


def _phonesim(clock: ManualClock) -> ScriptedModem:
    """Build ofono's phonesim from its captured session."""
    session = transcripts()["simulator_sessions"][0]["exchanges"]
    answers: dict[str, Answer] = {
        asked: said
        for asked, said in session
        if asked.startswith("AT") and "(" not in asked
    }
    answers |= {
        "AT+CMGF=0": OK,
        "AT+CMGD=1": OK,
        "AT+CMGR=9": "\r\nERROR\r\nOK\r\n",
        'AT+CPMS="SM"': "\r\n+CPMS: 1,99,1,99,1,99\r\n\r\nOK\r\n",
        "AT+CMGL=4": "\r\n+CMS ERROR: 321\r\n",
        "AT+CNMI=2,1,0,0,0": OK,
    }
    return ScriptedModem(clock, answers, sent="\r\n+CMGS: 0\r\n\r\nOK\r\n")


def test_phonesim_refuses_a_bare_at_and_works_all_the_same(clock: ManualClock) -> None:
    modem = _phonesim(clock)
    driver = driver_of(modem)
    driver.open()
    assert driver.submit(NUMBER, "hellohello", validity_min=5).reference == 0
    modem.say('\r\n+CMTI: "SM",1\r\n')
    (message,) = driver.poll(drain=False)
    assert isinstance(message, InboundSms)
    assert message.text == "ALARM ack 42"
    driver.delete(message.slot)
    modem.say('\r\n+CMTI: "SM",9\r\n')
    assert driver.poll(drain=False) == []
    assert driver.submit(NUMBER, "after ERROR and OK", validity_min=5).reference == 0


def test_android_ends_lines_with_cr_alone_and_refuses_nearly_all(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(
        clock,
        {
            "AT+CPIN?": "+CPIN: READY\rOK\r",
            "AT+CFUN=1": 'OK\r+CSQ: 2147483647,99,68\r+CREG: 1,"2142","0000B804",7\r',
            "AT+CMGF=0": "OK\r",
            "AT+CREG?": '+CREG: 2,1,"2142","0000B804",7\rOK\r',
            "AT+COPS?": "+COPS: 0,2,311740\rOK\r",
        },
        otherwise="+CME ERROR: 4\r",
        prompt="> \r",
        sent=f"+CMGS: 3\rOK\r+CDS: 25\r{REPORT}\r",
    )
    driver = driver_of(modem)
    health = driver.open()
    assert (health.registered, health.operator) == (True, "311740")
    assert driver.submit(NUMBER, "hej", validity_min=5).reference == 3
    (report,) = driver.poll(drain=False)
    assert isinstance(report, StatusReport)
    assert (report.reference, report.outcome) == (3, "delivered")


def test_wavecom_knows_two_stores_and_answers_its_pin_without_ok(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(
        clock,
        WORKS
        | {
            "AT+CPIN?": "\r\n+CPIN: READY\r\n",
            'AT+CPMS="SM","SM","SM"': "\r\nERROR\r\n",
            'AT+CPMS="SM","SM"': "\r\n+CPMS: 14,50,14,50\r\n\r\nOK\r\n",
        },
    )
    driver = driver_of(modem)
    driver.open()
    assert 'AT+CPMS="SM","SM"' in modem.commands
    assert driver.submit(NUMBER, "hej", validity_min=5).result is SendResult.SENT


def test_a_sim_that_is_busy_after_its_pin_is_waited_for(clock: ManualClock) -> None:
    busy = itertools.chain(["\r\n+CME ERROR: 14\r\n"] * 4, itertools.repeat(OK))
    modem = ScriptedModem(clock, WORKS | {"AT+CMGF=0": lambda _: next(busy)})
    start_s = clock.boottime_s()
    driver_of(modem).open()
    assert clock.boottime_s() - start_s >= 7


def test_a_huawei_that_hangs_on_a_list_is_given_up_within_its_deadline(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(
        clock,
        WORKS
        | {
            "AT+CMGL=4": SILENCE,
            "AT+CPMS?": '\r\n+CPMS: "SM",25,25,"SM",25,25,"SM",25,25\r\n\r\nOK\r\n',
        },
    )
    driver = driver_of(modem)
    driver.open()
    start_s = clock.boottime_s()
    with pytest.raises(ModemSilentError):
        driver.poll(drain=True)
    assert clock.boottime_s() - start_s <= 21
    assert driver.recover(0)
    assert driver.submit(NUMBER, "hej", validity_min=5).result is SendResult.SENT


def test_an_empty_store_is_never_listed(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    for _ in range(10):
        driver.poll(drain=True)
    assert "AT+CMGL=4" not in modem.commands


@pytest.mark.parametrize("urc", ['^SMMEMFULL: "SM"', "+CMTI: ,-1"])
def test_an_announcement_without_a_place_is_a_hint_to_look(
    clock: ManualClock, urc: str
) -> None:
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    modem.answers |= {
        "AT+CPMS?": '\r\n+CPMS: "SM",1,25,"SM",1,25,"SM",1,25\r\n\r\nOK\r\n',
        "AT+CMGL=4": f"\r\n+CMGL: 0,0,,30\r\n{HELLO}\r\n\r\nOK\r\n",
    }
    modem.say(f"\r\n{urc}\r\n")
    assert driver.wait(1)
    (message,) = driver.poll(drain=False)
    assert isinstance(message, InboundSms)
    assert message.slot == "SM:0"


def test_a_vendor_line_glued_in_front_of_the_echo_is_no_answer(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(
        clock,
        WORKS
        | {"AT+CPIN?": "\r\n^SRVST:2\r\nAT+CPIN?\r\r\n+CPIN: READY\r\n\r\nOK\r\n"},
    )
    assert driver_of(modem).open().registered


def test_only_the_packet_side_being_registered_is_enough(clock: ManualClock) -> None:
    modem = ScriptedModem(
        clock,
        WORKS
        | {
            "AT+CREG?": "\r\n+CREG: 0,0\r\n\r\nOK\r\n",
            "AT+CGREG?": "\r\n+CGREG: 0,1\r\n\r\nOK\r\n",
            "AT+CEREG?": "\r\n+CEREG: 0,1\r\n\r\nOK\r\n",
        },
    )
    assert driver_of(modem).open().registered


def test_a_registration_that_is_told_in_between_answers_no_question(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(
        clock, WORKS | {"AT+CREG?": "\r\n+CREG: 1\r\n\r\n+CREG: 2,3\r\n\r\nOK\r\n"}
    )
    assert not driver_of(modem).open().registered


@pytest.mark.parametrize(
    "boot", ["RDY", "SMS Ready", "*ATREADY: 1", "^BOOT:12345678,0,0", "+CPIN: READY"]
)
def test_a_boot_line_while_a_message_waits_makes_it_unknown_at_once(
    clock: ManualClock, boot: str
) -> None:
    modem = ScriptedModem(clock, WORKS, sent=SILENCE)
    driver = driver_of(modem)
    driver.open()
    modem.say(f"\r\n{boot}\r\n", after_s=20)
    start_s = clock.boottime_s()
    outcome = driver.submit(NUMBER, "hej", validity_min=5, late_s=120)
    assert outcome.result is SendResult.UNKNOWN
    assert clock.boottime_s() - start_s < 30


def test_an_answer_after_a_hundred_seconds_still_counts(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS, sent=SILENCE)
    driver = driver_of(modem)
    driver.open()
    beats: list[float] = []
    modem.say("\r\n+CMGS: 99\r\n\r\nOK\r\n", after_s=100)
    outcome = driver.submit(
        NUMBER, "hej", validity_min=5, beat=lambda: beats.append(clock.boottime_s())
    )
    assert outcome.reference == 99
    gaps = [later - earlier for earlier, later in itertools.pairwise(beats)]
    assert max(gaps) <= 1.0
    assert len(beats) >= 98


def test_silence_is_unknown_after_two_minutes_and_not_before(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS, sent=SILENCE)
    driver = driver_of(modem)
    driver.open()
    start_s = clock.boottime_s()
    outcome = driver.submit(NUMBER, "hej", validity_min=5)
    assert outcome.result is SendResult.UNKNOWN
    assert 120 <= clock.boottime_s() - start_s < 122


def test_ok_without_a_reference_is_unknown(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS, sent='\r\n+CMTI: "SM",1\r\n\r\nOK\r\n')
    driver = driver_of(modem)
    driver.open()
    outcome = driver.submit(NUMBER, "hej", validity_min=5)
    assert outcome.result is SendResult.UNKNOWN


def test_a_call_that_ends_is_no_answer_to_a_message(clock: ManualClock) -> None:
    modem = ScriptedModem(
        clock, WORKS, sent="\r\nNO CARRIER\r\n\r\n+CMGS: 5\r\n\r\nOK\r\n"
    )
    driver = driver_of(modem)
    driver.open()
    assert driver.submit(NUMBER, "hej", validity_min=5).reference == 5


def test_a_bare_line_before_the_reference_is_no_answer(clock: ManualClock) -> None:
    modem = ScriptedModem(
        clock, WORKS, sent="\r\nPB DONE?\r\n\r\n+CMGS: 5\r\n\r\nOK\r\n"
    )
    driver = driver_of(modem)
    driver.open()
    assert driver.submit(NUMBER, "hej", validity_min=5).reference == 5


def test_ok_in_place_of_the_prompt_sends_nothing(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS, prompt=OK)
    driver = driver_of(modem)
    driver.open()
    with pytest.raises(ModemSilentError, match="no prompt"):
        driver.submit(NUMBER, "hej", validity_min=5)
    assert modem.pdus == []


def test_a_radio_that_is_off_is_switched_on(clock: ManualClock) -> None:
    modem = ScriptedModem(
        clock, WORKS | {"AT+CFUN?": "\r\n+CFUN: 4\r\n\r\nOK\r\n", "AT+CFUN=1": OK}
    )
    driver_of(modem).open()
    assert "AT+CFUN=1" in modem.commands
    on = ScriptedModem(clock, WORKS)
    driver_of(on).open()
    assert "AT+CFUN=1" not in on.commands


def test_reports_kept_in_storage_are_asked_for_only_where_direct_ones_are_refused(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(
        clock,
        WORKS
        | {
            "AT+CNMI=?": "\r\n+CNMI: (0-2),(0,1),(0,2),(0,2),(0,1)\r\n\r\nOK\r\n",
            "AT+CNMI=2,1,0,2,0": OK,
        },
    )
    driver_of(modem).open()
    asked = [c for c in modem.commands if c.startswith("AT+CNMI=") and "?" not in c]
    assert asked == ["AT+CNMI=2,1,0,2,0"]


def test_a_modem_that_wants_acknowledgements_gets_one_each(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS | {"AT+CSMS=1": OK, "AT+CNMA": OK})
    driver = driver_of(modem)
    driver.open()
    modem.say(f"\r\n+CDS: 25\r\n{REPORT}\r\n")
    (report,) = driver.poll(drain=False)
    assert isinstance(report, StatusReport)
    assert modem.commands.count("AT+CNMA") == 1


def test_a_modem_that_wants_no_acknowledgement_gets_none(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS | {"AT+CSMS=0": OK, "AT+CNMA": OK})
    driver = driver_of(modem)
    driver.open()
    modem.say(f"\r\n+CDS: 25\r\n{REPORT}\r\n")
    (report,) = driver.poll(drain=False)
    assert isinstance(report, StatusReport)
    assert "AT+CNMA" not in modem.commands


@pytest.mark.parametrize(
    ("pin_answer", "words"),
    [
        ("+CPIN: SIM PUK", "SIM PUK"),
        ("+CME ERROR: 10", "no SIM"),
        ("+CPIN: SIM PIN", "wants a PIN"),
    ],
)
def test_a_sim_that_cannot_be_used_says_why(
    clock: ManualClock, pin_answer: str, words: str
) -> None:
    ending = "" if "ERROR" in pin_answer else "\r\n\r\nOK"
    modem = ScriptedModem(clock, WORKS | {"AT+CPIN?": f"\r\n{pin_answer}{ending}\r\n"})
    with pytest.raises(ModemError, match=words):
        driver_of(modem).open()


def test_no_optional_command_stops_a_modem_from_being_brought_up(
    clock: ManualClock,
) -> None:
    needed = {"AT": OK, "AT+CMGF=0": OK, "AT+CREG?": WORKS["AT+CREG?"]}
    modem = ScriptedModem(clock, needed)
    driver = driver_of(modem, ModemOptions(smsc="+46700000000"))
    assert driver.open().registered
    assert driver.submit(NUMBER, "hej", validity_min=5).result is SendResult.SENT


def test_a_session_knows_its_sim_by_the_best_that_it_was_told() -> None:
    assert Session(iccid="8946", imsi="240").sim == "8946"
    assert Session(imsi="240").sim == "240"
    assert Session().sim is None
