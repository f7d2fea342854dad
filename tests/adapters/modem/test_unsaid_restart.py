"""A modem that has started anew and says no word of it, behind an adapter that stays.

A SIM800 on a weak supply does, at its fastest rate found by itself: `RDY` and the rest
are not said then. What it forgets is what its stored profile says otherwise.
"""

from pathlib import Path

import pytest

from engine.errors import ModemSilentError
from engine.ports.modem import InboundSms, SendResult, StatusReport
from tests.adapters.modem.rig import OUTSIDE, Rig, rig
from tests.adapters.modem.scripted import WORKS, ScriptedModem, driver_of
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
    """In text mode `AT+CMGS=17` names a telephone, and all of it counted as sent."""
    with rig(tmp_path) as r:
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
