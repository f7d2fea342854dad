"""A modem that has started anew and says no word of it, behind an adapter that stays.

A SIM800 on a weak supply does, at its fastest rate found by itself: `RDY` and the rest
are not said then. What it forgets is what its stored profile says otherwise.
"""

import itertools
from contextlib import suppress
from pathlib import Path

import pytest

from adapters.modem.driver import SerialModem
from engine.errors import ModemError, ModemSilentError
from engine.ports.modem import InboundSms, LateAnswer, SendResult, StatusReport
from tests.adapters.modem.rig import OUTSIDE, Rig, rig
from tests.adapters.modem.scripted import (
    OK,
    SILENCE,
    WORKS,
    Answer,
    ScriptedModem,
    driver_of,
)
from tests.fakes import ManualClock


def starts_anew(r: Rig, *, echo: bool, pdu_mode: bool) -> None:
    """Forget what was set, without a line; the profile has stored these two."""
    r.modem.state.restart()
    r.modem.state.settings.echo = echo
    r.modem.state.settings.pdu_mode = pdu_mode


@pytest.mark.parametrize("pdu_mode", [True, False])
def test_nothing_is_handed_to_it_bug_it_was_sent_to_the_number_of_its_length(
    tmp_path: Path, *, pdu_mode: bool
) -> None:
    """In text mode `AT+CMGS=17` names a telephone, and all of it counted as sent.

    Right after a message its mode is not asked: the echo says it.
    """
    with rig(tmp_path) as r:
        r.submit("zero")
        r.events(bool)
        assert r.sent_texts() == ["zero"]
        starts_anew(r, echo=True, pdu_mode=pdu_mode)
        with pytest.raises(ModemSilentError, match="started anew"):
            r.submit("one")
        assert r.submit("two").result is SendResult.SENT
        assert r.sent.get() == (OUTSIDE, "two")
        assert r.sent.empty()
        assert r.telemetry.counts["modem_restarts_total"] == 1
        (report,) = r.events(bool)
        assert isinstance(report, StatusReport), "it is told again where they go"


def test_a_look_at_it_finds_it_and_is_no_failure(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        starts_anew(r, echo=True, pdu_mode=True)
        assert r.driver.health().registered
        assert r.submit().result is SendResult.SENT


def test_one_whose_profile_has_no_echo_is_found_by_its_text_mode(
    tmp_path: Path,
) -> None:
    with rig(tmp_path) as r:
        starts_anew(r, echo=False, pdu_mode=False)
        r.driver.health()
        assert r.submit("two").result is SendResult.SENT
        assert r.sent.get() == (OUTSIDE, "two")


@pytest.mark.parametrize("echo", [True, False])
@pytest.mark.parametrize("times", [1, 2])
def test_one_is_asked_its_mode_before_a_message_bug_it_went_to_the_number_of_its_length(
    tmp_path: Path, *, echo: bool, times: int
) -> None:
    """Without echo it was found 30 s later; nor was it after two starts in a row."""
    with rig(tmp_path) as r:
        for _ in range(times):
            r.driver.health()
            r.driver.poll(drain=False)
            starts_anew(r, echo=echo, pdu_mode=False)
        assert r.submit("one").result is SendResult.SENT
        assert r.sent.get() == (OUTSIDE, "one")
        assert r.sent.empty()
        assert r.telemetry.counts["modem_restarts_total"] == times
        (report,) = r.events(bool)
        assert isinstance(report, StatusReport), "it is told again where they go"


def test_one_that_has_forgotten_its_routing_alone_is_brought_up_bug_it_told_nothing(
    tmp_path: Path,
) -> None:
    with rig(tmp_path) as r:
        starts_anew(r, echo=False, pdu_mode=True)
        r.driver.health()
        r.modem.inject(OUTSIDE, "SOS")
        (told,) = r.events(bool)
        assert isinstance(told, InboundSms)
        assert told.text == "SOS"


def _scripted(clock: ManualClock, **said: str) -> tuple[SerialModem, ScriptedModem]:
    answers: dict[str, Answer] = {
        f"AT+{name}?": f"\r\n+{name}: {told}\r\n{OK}" for name, told in said.items()
    }
    modem = ScriptedModem(clock, WORKS | answers)
    driver = driver_of(modem)
    driver.open()
    modem.commands.clear()
    return driver, modem


def _sends(driver: SerialModem) -> SendResult:
    return driver.submit(OUTSIDE, "one", validity_min=5).result


def test_of_messages_in_a_row_the_first_alone_is_asked_for(clock: ManualClock) -> None:
    driver, modem = _scripted(clock, CMGF="0")
    for _ in range(3):
        assert _sends(driver) is SendResult.SENT
    clock.advance(2)
    assert _sends(driver) is SendResult.SENT
    asked = [one.partition("=")[0] for one in modem.commands]
    assert asked == ["AT+CMGF?", *["AT+CMGS"] * 3, "AT+CMGF?", "AT+CMGS"]


@pytest.mark.parametrize("said", [{}, {"CMGF": "1"}])
def test_one_that_does_not_tell_its_mode_is_set_to_it_before_a_message(
    clock: ManualClock, said: dict[str, str]
) -> None:
    """Brought up for an answer that it gives whatever it was set to, it would send
    none, or each a second late."""
    driver, modem = _scripted(clock, **said)
    driver.health()
    driver.health()
    assert "ATE0" not in modem.commands
    assert _sends(driver) is SendResult.SENT
    assert modem.commands[-2] == "AT+CMGF=0"


@pytest.mark.parametrize("answer", [SILENCE, "\r\nERROR\r\n"])
def test_nothing_is_handed_to_one_that_neither_tells_nor_takes_its_mode(
    clock: ManualClock, answer: str
) -> None:
    driver, modem = _scripted(clock, CMGF="0")
    modem.answers |= dict.fromkeys(("AT+CMGF?", "AT+CMGF=0"), answer)
    with pytest.raises(ModemError, match=r"CMGF|PDU mode"):
        _sends(driver)
    assert modem.pdus == []


def test_one_that_changes_its_routing_by_itself_is_brought_up_for_it_now_and_then(
    clock: ManualClock,
) -> None:
    driver, modem = _scripted(clock, CNMI="2,1,0,1,0")
    told = itertools.count()
    modem.answers["AT+CNMI?"] = lambda _: f"\r\n+CNMI: 1,{next(told)}\r\n{OK}"
    for _ in range(21):
        driver.health()
        clock.advance(30)
    assert modem.commands.count("ATE0") == 2


@pytest.mark.parametrize("forgets", [3, 24])
def test_one_that_starts_anew_thrice_is_brought_up_each_time_bug_it_told_nothing(
    clock: ManualClock, forgets: int
) -> None:
    """On a weak supply one start follows another. Who never keeps it sends as well."""
    driver, modem = _scripted(clock, CNMI="2,1,0,1,0")
    is_set = [True]

    def sets(_: str) -> str:
        is_set.append(True)
        return OK

    def tells(_: str) -> str:
        routing = "2,1,0,1,0" if is_set else "0,0,0,0,0"
        return f"\r\n+CNMI: {routing}\r\n{OK}"

    modem.answers |= {"AT+CNMI=2,1,0,1,0": sets, "AT+CNMI?": tells}
    for _ in range(forgets):
        is_set.clear()
        driver.health()
        assert is_set or forgets > 3
        clock.advance(30)
    assert modem.commands.count("ATE0") == (3 if forgets == 3 else 4)


@pytest.mark.parametrize("told", ["(1)", "\x11", "3"])
def test_one_that_tells_another_mode_than_before_is_set_to_it_bug_it_was_believed(
    clock: ManualClock, told: str
) -> None:
    """The line may have spoilt the digit: only what it said once it was set is sure."""
    driver, modem = _scripted(clock, CMGF="0")
    modem.answers["AT+CMGF?"] = f"\r\n+CMGF: {told}\r\n{OK}"
    assert _sends(driver) is SendResult.SENT
    assert modem.commands[-2] == "AT+CMGF=0"


def test_one_that_tells_its_mode_and_no_ok_sends_soon_bug_a_message_waited_five_seconds(
    clock: ManualClock,
) -> None:
    driver, modem = _scripted(clock, CMGF="0")
    modem.answers["AT+CMGF?"] = "\r\n+CMGF: 0\r\n"
    begun_s = clock.boottime_s()
    assert _sends(driver) is SendResult.SENT
    assert clock.boottime_s() - begun_s < 1.5


def test_a_word_on_the_line_sets_no_mode_bug_a_message_was_handed_to_text_mode(
    clock: ManualClock,
) -> None:
    """As the second line of a text that came straight, while the modem takes its time.

    A second behind any line it was taken to have answered OK.
    """
    driver, modem = _scripted(clock, CMGF="0")

    def refuses(_: str) -> str:
        modem.say("\r\nhello\r\n")
        modem.say("\r\nERROR\r\n", after_s=1.5)
        return SILENCE

    modem.answers |= {"AT+CMGF?": OK, "AT+CMGF=0": refuses}
    with suppress(ModemError):
        _sends(driver)
    assert modem.pdus == []


@pytest.mark.parametrize("said", [{"CMGF": "0"}, {}])
def test_a_late_refusal_is_not_the_answer_about_the_mode(
    clock: ManualClock, said: dict[str, str]
) -> None:
    driver, modem = _scripted(clock, **said)
    modem.sent = SILENCE
    first = driver.submit(OUTSIDE, "one", validity_min=5, late_s=25)
    assert first.may_follow

    def late(text: str) -> str:
        told = "\r\n+CMGF: 0\r\n" if text.endswith("?") else ""
        return f"\r\n+CMS ERROR: 38\r\n{told}{OK}"

    modem.answers |= {"AT+CMGF?" if said else "AT+CMGF=0": late}
    modem.sent = "\r\n+CMGS: 9\r\n\r\nOK\r\n"
    assert _sends(driver) is SendResult.SENT
    (told,) = driver.poll(drain=False)
    assert isinstance(told, LateAnswer)
    assert told.outcome.code == "38"


def test_a_refusal_of_the_question_is_no_earlier_messages_bug_that_counted_as_refused(
    clock: ManualClock,
) -> None:
    """It may have been sent all the same, and who was told so wrote again."""
    driver, modem = _scripted(clock, CMGF="0")
    modem.sent = SILENCE
    assert driver.submit(OUTSIDE, "one", validity_min=5, late_s=25).may_follow
    modem.answers["AT+CMGF?"] = "\r\n+CMS ERROR: 500\r\n"
    modem.sent = "\r\n+CMGS: 9\r\n\r\nOK\r\n"
    began_s = clock.boottime_s()
    _sends(driver)
    assert modem.pdus[1:], "it was set to its mode, and took the message"
    assert clock.boottime_s() - began_s < 10
    assert driver.poll(drain=False) == []


@pytest.mark.parametrize("ending", ["", OK])
def test_a_late_refusal_is_noted_though_the_answer_about_the_mode_lacks_its_ok(
    clock: ManualClock, ending: str
) -> None:
    driver, modem = _scripted(clock, CMGF="0")
    modem.sent = SILENCE
    assert driver.submit(OUTSIDE, "one", validity_min=5, late_s=25).may_follow
    modem.answers["AT+CMGF?"] = f"\r\n+CMS ERROR: 38\r\n\r\n+CMGF: 0\r\n{ending}"
    modem.sent = "\r\n+CMGS: 9\r\n\r\nOK\r\n"
    assert _sends(driver) is SendResult.SENT
    (told,) = driver.poll(drain=False)
    assert isinstance(told, LateAnswer)
    assert (told.outcome.code, told.number) == ("38", 1)


def test_one_that_echoes_whatever_it_is_told_has_not_started_anew(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS)

    def echoed(line: str) -> str:
        answer = WORKS.get(line, modem.otherwise)
        assert isinstance(answer, str)
        return f"{line}\r\n{answer}"

    modem.answers = dict.fromkeys(WORKS, echoed)
    driver = driver_of(modem)
    driver.open()
    brought_up = modem.commands.count("ATE0")
    driver.health()
    assert driver.submit(OUTSIDE, "one", validity_min=5).result is SendResult.SENT
    assert modem.commands.count("ATE0") == brought_up


def test_one_that_echoes_what_asks_for_a_message_alone_still_sends(
    clock: ManualClock,
) -> None:
    """Brought up for it once: it would else be so at each message, and send none."""
    modem = ScriptedModem(clock, WORKS)
    driver = driver_of(modem)
    driver.open()
    echoes = {f"AT+CMGS={n}": f"AT+CMGS={n}\r\n> " for n in range(160)}
    modem.answers |= echoes
    with pytest.raises(ModemSilentError, match="started anew"):
        driver.submit(OUTSIDE, "one", validity_min=5)
    for text in ("two", "three"):
        sent = driver.submit(OUTSIDE, text, validity_min=5)
        assert sent.result is SendResult.SENT


def test_one_that_starts_anew_again_is_found_again(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.submit("zero")
        assert r.sent_texts() == ["zero"]
        for text in ("one", "two"):
            starts_anew(r, echo=True, pdu_mode=False)
            with pytest.raises(ModemSilentError, match="started anew"):
                r.submit(text)
            assert r.submit(text).result is SendResult.SENT
            assert r.sent.get() == (OUTSIDE, text)


def test_nothing_is_deleted_in_a_store_that_it_has_forgotten_bug_an_sos_was(
    tmp_path: Path,
) -> None:
    """It reads another store by itself then, and its places were taken for ours."""
    with rig(tmp_path) as r:
        for text in ("SOS", "one", "two"):
            r.modem.inject(OUTSIDE, text)
        assert len(r.events(lambda found: len(found) == 3)) == 3
        stores = r.modem.state.stores
        stores["ME"] = {0: stores["SM"].pop(2), 1: stores["SM"].pop(3)}
        r.modem.state.settings.memories = ("ME", "ME", "ME")
        found: set[str] = set()
        for _ in range(2):
            for event in r.driver.poll(drain=True):
                assert isinstance(event, InboundSms)
                found.add(event.text)
                r.driver.delete(event.slot)
        assert found == {"SOS", "one", "two"}
