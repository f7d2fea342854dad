"""One outstanding command, and what comes unasked in between, torn or whole."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modem.at import command_prefix
from adapters.modem.dialogue import Dialogue
from adapters.modem.heard import ModemInterruptedError, Unsolicited
from engine.errors import ModemSilentError
from tests.adapters.modem.scripted import ScriptedModem
from tests.fakes import ManualClock

REPORT = "0006030B916407214365F7621142227115006211422271250000"


def _dialogue(answers: dict[str, str]) -> tuple[Dialogue, ScriptedModem]:
    clock = ManualClock()
    modem = ScriptedModem(clock, dict(answers))
    return Dialogue(modem, clock), modem


class _Babbler(ScriptedModem):
    """Has always more to say."""

    said = ""
    octets = 0

    def read(self, timeout_s: float) -> bytes:
        heard = super().read(0)
        self.octets += 4096
        assert self.octets <= 16 << 20, "somebody reads it to the end"
        self.clock.advance(min(timeout_s, 0.001))
        return heard or (self.said * 4096)[:4096].encode()


@pytest.mark.slow
@pytest.mark.parametrize("said", [">", "OK\r\n", "\r\n", "x", "RING\r\n", "> \r\n"])
def test_a_modem_that_babbles_is_one_that_does_not_answer(said: str) -> None:
    modem = _Babbler(ManualClock())
    modem.said = said
    dialogue = Dialogue(modem, modem.clock)
    modem.say('+CMTI: "SM",17\r\n')
    with pytest.raises(ModemSilentError):
        dialogue.command("AT", deadline_s=5)
    with pytest.raises(ModemSilentError):
        dialogue.wait(0)
    assert modem.octets <= 4 << 20
    assert len(dialogue.unsolicited) <= 1000


def test_an_answer_that_never_ends_is_none() -> None:
    modem = _Babbler(ManualClock())
    modem.said = "0011AA\r\n"
    dialogue = Dialogue(modem, modem.clock)
    reply = dialogue.result(deadline_s=1e6, prefix="+CMGL")
    assert (reply.final, reply.lines) == (None, ())


@given(st.integers(1, 20))
def test_a_line_that_comes_in_two_pieces_is_one_line(cut: int) -> None:
    dialogue, modem = _dialogue({})
    line = '\r\n+CMTI: "SM",17\r\n'
    modem.say(line[:cut])
    dialogue.wait(0)
    modem.say(line[cut:])
    dialogue.wait(0)
    assert list(dialogue.unsolicited) == [Unsolicited(line='+CMTI: "SM",17')]


def test_a_report_whose_pdu_comes_later_is_one_report() -> None:
    dialogue, modem = _dialogue({})
    modem.say("\r\n+CDS: 25\r\n")
    assert not dialogue.wait(0)
    modem.say(f"{REPORT}\r\n")
    assert dialogue.wait(0)
    assert list(dialogue.unsolicited) == [Unsolicited(line="+CDS: 25", pdu=REPORT)]


@pytest.mark.parametrize("between", ["^RSSI: 17", '+CMTI: "SM",3', "RING"])
def test_a_line_before_its_pdu_does_not_cost_a_message_that_is_stored_nowhere(
    between: str,
) -> None:
    dialogue, modem = _dialogue({})
    modem.say(f"\r\n+CMT: ,24\r\n\r\n{between}\r\n{REPORT}\r\n")
    assert dialogue.wait(0)
    assert list(dialogue.unsolicited) == [
        Unsolicited(line=between),
        Unsolicited(line="+CMT: ,24", pdu=REPORT),
    ]


def test_an_answer_between_a_message_and_its_pdu_is_one() -> None:
    said = f"\r\n+CMT: ,24\r\n+CSQ: 17,99\r\n{REPORT}\r\n\r\nOK\r\n"
    dialogue, _ = _dialogue({"AT+CSQ": said})
    assert dialogue.command("AT+CSQ", deadline_s=5).lines == ("+CSQ: 17,99",)
    assert list(dialogue.unsolicited) == [Unsolicited(line="+CMT: ,24", pdu=REPORT)]


def test_a_report_inside_an_answer_is_taken_out_of_it() -> None:
    said = f"\r\n+CMGL: 1,1,,5\r\n+CDS: 25\r\n{REPORT}\r\n0011AA\r\n\r\nOK\r\n"
    dialogue, _ = _dialogue({"AT+CMGL=4": said})
    reply = dialogue.command("AT+CMGL=4", deadline_s=5)
    assert reply.lines == ("+CMGL: 1,1,,5", "0011AA")
    assert list(dialogue.unsolicited) == [Unsolicited(line="+CDS: 25", pdu=REPORT)]


def test_a_stale_final_result_does_not_answer_the_next_command() -> None:
    dialogue, _ = _dialogue(
        {"AT+CMGR=9": "\r\nERROR\r\nOK\r\n", "AT+CSQ": "\r\n+CME ERROR: 4\r\n"}
    )
    assert not dialogue.command("AT+CMGR=9", deadline_s=5).ok
    assert not dialogue.command("AT+CSQ", deadline_s=5).ok


def test_the_echo_is_no_answer_wherever_it_stands() -> None:
    dialogue, _ = _dialogue({"AT+CGMM": "AT+CGMM\r\r\nVM-1\r\n\r\nOK\r\n"})
    assert dialogue.command("AT+CGMM", deadline_s=5).lines == ("VM-1",)


def test_silence_ends_at_the_deadline_and_beats_meanwhile() -> None:
    dialogue, modem = _dialogue({"AT+CMGL=4": ""})
    beats: list[float] = []
    start_s = modem.clock.boottime_s()
    reply = dialogue.command(
        "AT+CMGL=4", deadline_s=20, beat=lambda: beats.append(modem.clock.boottime_s())
    )
    assert reply.final is None
    assert modem.clock.boottime_s() - start_s == pytest.approx(20)
    assert len(beats) == 1 + 20


def test_a_flood_is_bounded() -> None:
    dialogue, modem = _dialogue({})
    for _ in range(5000):
        modem.say("\r\n^RSSI:21\r\n")
    dialogue.catch_up()
    assert len(dialogue.unsolicited) == 1000


def test_an_interrupt_ends_whatever_waits_once() -> None:
    dialogue, _ = _dialogue({"AT": ""})
    dialogue.interrupted = True
    with pytest.raises(ModemInterruptedError):
        dialogue.command("AT", deadline_s=5)
    assert dialogue.command("AT", deadline_s=1).final is None


@pytest.mark.parametrize(
    ("command", "prefix"),
    [
        ("AT+CREG?", "+CREG"),
        ('AT+CPMS="SM"', "+CPMS"),
        ("AT", ""),
        ("AT^CURC=0", "^CURC"),
    ],
)
def test_a_commands_prefix_is_found(command: str, prefix: str) -> None:
    assert command_prefix(command) == prefix
