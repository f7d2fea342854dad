"""`natalia modem`, against virtual modems: what it prints, what it hides."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from typer.testing import CliRunner

from adapters.modem import pdu_text
from adapters.modem.cli import app
from adapters.modem.driver import SerialModem
from adapters.modem.pdu import Deliver
from adapters.modem.pdu import StatusReport as StatusReportPdu
from adapters.modem.pdu_encode import encode_deliver, encode_status_report
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.pdu_text import Concat
from adapters.modem.redact import Stream, redact
from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_console import VirtualConsole, script_of
from adapters.modem.virtual_state import StoredMessage
from engine.clock import SystemClock
from engine.ports.modem import SendResult
from tests.adapters.modem.rig import ALICE, BOB, OUTSIDE, QUICK, CountingTelemetry

RUN = "from adapters.modem.cli import app; app()"


@pytest.fixture
def modem() -> Iterator[VirtualModem]:
    with VirtualModem(ALICE, clock=SystemClock()) as one:
        yield one


def test_a_probe_tells_what_the_modem_says_and_no_number(modem: VirtualModem) -> None:
    result = CliRunner().invoke(app, ["probe", modem.port])
    assert result.exit_code == 0
    assert "AT+CNMI=?" in result.stdout
    assert '+CPMS: ("SM","ME","MT","SR")' in result.stdout
    assert "natalia      " in result.stdout
    programs = CliRunner().invoke(app, ["probe", modem.port, "--json"])
    report = json.loads(programs.stdout)
    assert report["natalia"]
    assert {"question": "AT", "final": "ok"}.items() <= report["answers"][0].items()
    for secret in (modem.state.imei, modem.state.imsi, modem.state.iccid):
        assert secret not in result.stdout
        assert secret not in programs.stdout


def test_a_report_does_not_say_where_the_modem_stands(modem: VirtualModem) -> None:
    modem.state.settings.registration_modes["+CREG"] = 2
    said = CliRunner().invoke(app, ["probe", modem.port]).stdout
    assert "+CREG: 2,1,****,****,7" in said
    assert redact("+CEREG: 2,5,17A0,1D6E01,13") == "+CEREG: 2,5,****,****,13"
    assert redact('^X;+CGREG: 1,"0017"') == "^X;+CGREG: 1,****"
    assert redact("+CREG: (0-2)") == "+CREG: (0-2)"


def test_a_status_is_there_for_people_and_for_programs(modem: VirtualModem) -> None:
    people = CliRunner().invoke(app, ["status", modem.port])
    assert "registered     True" in people.stdout
    programs = CliRunner().invoke(app, ["status", modem.port, "--json", "--reveal"])
    assert json.loads(programs.stdout)["imei"] == modem.state.imei


def test_sending_says_how_it_ended_by_word_and_exit_code(modem: VirtualModem) -> None:
    sent = CliRunner().invoke(app, ["send", modem.port, OUTSIDE, "test", "--wait", "5"])
    assert sent.exit_code == 0
    assert sent.stdout.split() == ["sent", "report:", "delivered"]
    modem.faults.cms, modem.faults.cms_rate = 38, 1
    rejected = CliRunner().invoke(app, ["send", modem.port, OUTSIDE, "test", "--json"])
    assert rejected.exit_code == 1
    assert json.loads(rejected.stdout)["code"] == "38"
    modem.faults.cms = 332
    unknown = CliRunner().invoke(app, ["send", modem.port, OUTSIDE, "test"])
    assert unknown.exit_code == 6


def test_the_inbox_shows_keeps_and_deletes(modem: VirtualModem) -> None:
    modem.inject(BOB, "K7F2 1")
    shown = CliRunner().invoke(app, ["inbox", modem.port])
    assert "K7F2 1" in shown.stdout
    assert BOB not in shown.stdout
    deleted = CliRunner().invoke(
        app, ["inbox", modem.port, "--delete", "--reveal", "--json"]
    )
    assert json.loads(deleted.stdout)["sender"] == BOB
    assert (
        CliRunner().invoke(app, ["inbox", modem.port]).stdout == "nothing lies there\n"
    )


def test_an_inbox_is_empty_only_where_nothing_lies(modem: VirtualModem) -> None:
    """A store full of reports, and an SOS beside no draft, were said to be nothing."""
    at = SystemClock().now().to_datetime()
    report = StatusReportPdu(
        reference=7,
        recipient=Address(text=OUTSIDE, toa=0x91),
        sent_at=at,
        discharged_at=at,
        status=0,
        more_messages=False,
    )
    pdu, length = encode_status_report(report)
    kept = StoredMessage(status=1, pdu=pdu, length=length)
    modem.state.stores["SM"][2] = kept
    shown = CliRunner().invoke(app, ["inbox", modem.port]).stdout
    assert shown == "reports of delivery, which the engine takes out: 1\n"
    modem.inject(BOB, "SOS")
    shown = CliRunner().invoke(app, ["inbox", modem.port, "--own"]).stdout
    assert shown == "no draft and no copy of what was sent lies there\n"
    CliRunner().invoke(app, ["inbox", modem.port, "--delete"])
    shown = CliRunner().invoke(app, ["inbox", modem.port]).stdout
    assert shown == "nothing lies there\n"


def test_a_message_commands_no_terminal_and_turns_no_order(modem: VirtualModem) -> None:
    modem.inject(BOB, "K7F2 1\x1b]0;x\x07\x9b2J\u202ecall\nSM:9  a line of its own")
    shown = CliRunner().invoke(app, ["inbox", modem.port], color=True).stdout
    assert r"K7F2 1\x1b]0;x\x07\x9b2J\u202ecall\nSM:9  a line of its own" in shown
    assert len(shown.splitlines()) == 2


def test_the_inbox_shows_and_deletes_drafts_bug_a_store_full_of_them_looked_empty(
    modem: VirtualModem,
) -> None:
    """An old SIM brings them along; they take the places of answers and alarms."""
    unsent, sent = 2, 3
    draft = "0011000B911326880736F40000AA05C8329BFD06"
    for index, status in ((3, unsent), (4, sent)):
        kept = StoredMessage(status=status, pdu=draft, length=19)
        modem.state.stores["SM"][index] = kept
    modem.inject(BOB, "K7F2 1")
    shown = CliRunner().invoke(app, ["inbox", modem.port]).stdout
    assert shown.count("the SIM's own") == 2
    assert "SM:3 " in shown
    assert "K7F2 1" in shown
    words = ["inbox", modem.port, "--own", "--delete", "--json"]
    told = CliRunner().invoke(app, words).stdout
    slots = [json.loads(line)["slot"] for line in told.splitlines()]
    assert slots == ["SM:3", "SM:4"]
    assert len(modem.state.stores["SM"]) == 1, "what came in is the engine's to take up"


def test_the_inbox_shows_a_message_with_holes_bug_was_not_shown(
    modem: VirtualModem,
) -> None:
    part = pdu_text.build(
        "the first ", Charset.GSM7, concat=Concat(reference=7, total=2, number=1)
    )
    modem.deliver(
        *encode_deliver(Deliver(sender=Address(text=BOB, toa=0x91), user_data=part))
    )
    shown = CliRunner().invoke(app, ["inbox", modem.port, "--delete"])
    assert "the first [2/2 missing]" in shown.stdout
    assert "incomplete]" in shown.stdout
    assert modem.state.stores["SM"] == {}


def test_a_text_that_loses_its_end_is_said_to_bug_was_cut_in_silence(
    modem: VirtualModem,
) -> None:
    text = "x" * 160
    for words, said in ((text, ""), (f"{text}END", f"cut to: {text}\n")):
        sent = CliRunner().invoke(app, ["send", modem.port, OUTSIDE, words])
        assert sent.exit_code == 0
        assert sent.stderr.endswith(said)
        assert bool(sent.stderr) is bool(said)


def test_a_pin_file_that_is_none_is_refused_bug_traceback(
    modem: VirtualModem, tmp_path: Path
) -> None:
    file = tmp_path / "pin"
    file.write_bytes(b"\xff\xfe1234")
    result = CliRunner().invoke(app, ["status", modem.port, "--pin-file", str(file)])
    assert result.exit_code == 2
    assert "cannot be read as a PIN" in result.stderr


@pytest.mark.parametrize("minutes", ["0", "-5", "635041", "99999999999999999"])
def test_a_validity_that_no_message_has_is_refused(
    modem: VirtualModem, minutes: str
) -> None:
    words = ["send", modem.port, OUTSIDE, "test", "--validity", minutes]
    assert CliRunner().invoke(app, words).exit_code == 2


def test_a_console_carries_a_conversation(modem: VirtualModem) -> None:
    said = "AT+CSQ\nAT+CMGF=1\n" + f'AT+CMGS="{OUTSIDE}"\nhej^Z\n'
    result = CliRunner().invoke(app, ["console", modem.port], input=said)
    assert "+CSQ: 21,99" in result.stdout
    assert "+CMGS: 1" in result.stdout


def test_a_number_that_comes_in_pieces_is_hidden_bug_shown_in_two() -> None:
    stream = Stream()
    assert stream.feed('\nOK\n+CLIP: "+4670') == "\nOK\n"
    assert stream.feed('1234567",145\n') == '+CLIP: "+467***67",145\n'
    assert stream.feed("> ") == "> "
    assert stream.feed("+4670") == ""
    assert stream.feed("1234567") == ""
    assert stream.feed("") == "+467***67"
    assert stream.feed("") == ""


def test_redaction_leaves_no_pin_no_pdu_and_no_number() -> None:
    assert redact('AT+CPIN="1234"') == "AT+CPIN=****"
    assert redact("at+cpin=1234;+CSQ") == "at+cpin=****;+CSQ"
    assert redact('AT+CLCK="SC",1,"1234"') == "AT+CLCK=****"
    assert redact('AT+CPWD="SC","1234","4321"') == "AT+CPWD=****"
    assert redact("+CPIN: SIM PIN") == "+CPIN: SIM PIN"
    assert redact('+CLIP: "+46701234567",145') == '+CLIP: "+467***67",145'
    pdu = "0011000B916407281553F80000AA0AE8329BFD4697D9EC37"
    assert redact(pdu) == "<PDU, 24 octets>"
    assert redact("+CSQ: 21,99") == "+CSQ: 21,99"


def test_the_consoles_commands_switch_and_act(modem: VirtualModem) -> None:
    console = VirtualConsole([modem])
    assert console.run("set drop_cmgs 0.5") == "drop_cmgs = 0.5"
    assert "* drop_cmgs = 0.5" in (console.run("switches") or "")
    assert "there are: latency_s" in (console.run("set nonsense 1") or "")
    assert "number" in (console.run("set latency_s -1") or "")
    assert "rate, 0 to 1" in (console.run("set drop_cmgs 7") or "")
    assert "number" in (console.run("set cms abc") or "")
    assert "number" in (console.run("set latency_s nan") or "")
    assert console.run('sms +46700000002 "K7F2 1"') == ""
    assert console.run("modem 2") == "modem: there are 1 modems"
    assert console.run("unplug") == "unplugged"
    assert console.run("replug") == modem.port
    assert console.run("") == ""
    assert console.run("'") == "cannot read this: No closing quotation"
    assert console.run("quit") is None


def test_a_script_is_seconds_and_commands() -> None:
    assert script_of("0.5 set hang on # now\n\n2 restart") == (
        (0.5, "set hang on"),
        (2.0, "restart"),
    )
    said = script_of("1 sms +467 'room #4' # where\n# nothing\n")
    assert said == ((1.0, "sms +467 'room #4'"),)
    for wrong in (
        "1 sms +467 'room",
        "restart",
        "-1 restart",
        "nan restart",
        "inf restart",
        "1",
    ):
        with pytest.raises(ValueError, match="line 2"):
            script_of(f"1 restart\n{wrong}")


@pytest.mark.process
def test_virtual_modems_run_alone_joined_scripted_and_end_on_a_signal(
    tmp_path: Path,
) -> None:
    script = tmp_path / "script"
    script.write_text('0 sms +46709999999 "from the script"\n')
    process = subprocess.Popen(
        [
            *(sys.executable, "-c", RUN, "virtual", "--json", "--script", str(script)),
            *("-n", ALICE, "-n", BOB, "--link", f"pty:{tmp_path / 'modem'}"),
        ],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        assert process.stdin is not None
        first = json.loads(process.stdout.readline())
        assert first == {
            "kind": "plugged",
            "number": ALICE,
            "port": str(tmp_path / "modem"),
        }
        driver = SerialModem(
            first["port"],
            clock=SystemClock(),
            telemetry=CountingTelemetry(),
            options=QUICK,
        )
        driver.open()
        assert driver.submit(BOB, "hej", validity_min=5).result is SendResult.SENT
        driver.close()
        lines = iter(process.stdout.readline, "")
        message = next(line for line in lines if '"message"' in line)
        assert json.loads(message)["text"] == "hej"
        process.stdin.write("switches\n")
        process.stdin.flush()
        assert any("latency_s" in line for line in iter(process.stdout.readline, ""))
        process.send_signal(signal.SIGTERM)
        assert process.wait(5) == 0
        assert not (tmp_path / "modem").is_symlink()
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


def test_wrong_usage_says_what_would_be_right() -> None:
    for arguments in (
        ["--set", "nonsense=1"],
        ["--link", "usb"],
        ["--outside", "lost"],
        ["--number", "somebody"],
        ["--number", ALICE, "--number", ALICE],
        ["--link", "pty:/natalia-none/modem"],
        ["--link", "unix:/natalia-none/modem"],
        ["--link", "tcp:192.0.2.1:5000"],
    ):
        result = CliRunner().invoke(app, ["virtual", *arguments])
        assert result.exit_code == 2


@pytest.mark.parametrize(
    "words", [[], ["probe"], ["status"], ["send"], ["inbox"], ["console"], ["virtual"]]
)
def test_every_help_has_an_example(words: list[str]) -> None:
    result = CliRunner().invoke(app, [*words, "--help"])
    assert result.exit_code == 0
    assert f"$ natalia modem {' '.join(words)}".rstrip() in result.stdout
