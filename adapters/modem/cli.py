"""`natalia modem`: real modems probed and used by hand, virtual ones to play with."""

import json
import platform
import sys
import threading
from collections.abc import Callable, Sequence
from dataclasses import asdict, replace
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import typer

from adapters.modem.cli_virtual import EXAMPLES, virtual
from adapters.modem.compose import fit_text
from adapters.modem.driver import SerialModem
from adapters.modem.host_clock import HostClock
from adapters.modem.options import ModemOptions
from adapters.modem.probe import probe as ask_all
from adapters.modem.redact import Stream, redact
from adapters.modem.redact import number as redact_number
from adapters.modem.transport import SerialTransport
from adapters.modem.typed import TOO_LONG, at_line, typed_lines
from engine.errors import DataError, ModemError, unreadable
from engine.ports.modem import InboundSms, ModemEvent, SendResult, StatusReport
from engine.values import printable

EXIT_REJECTED = 1
EXIT_UNKNOWN = 6
_POLL_S = 1.0
_VALIDITY_MAX = 63 * 7 * 24 * 60  # TS 23.040, 9.2.3.12.1


def _examples(*commands: str) -> str:
    # Only blank lines break lines in an epilogue.
    return "\n\n".join(("Examples:", *(f"$ {one}" for one in commands)))


app = typer.Typer(
    add_completion=False,
    name="modem",
    help="Probe, use and imitate GSM modems.",
    epilog=_examples(
        "natalia modem probe /dev/serial/by-id/usb-Quectel_EG25-G-if02-port0",
        'natalia modem send /dev/ttyUSB2 +46701740690 "test"',
        "natalia modem virtual --link pty:/tmp/modem",
    ),
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
app.command(epilog=EXAMPLES)(virtual)

Port = Annotated[
    str,
    typer.Argument(help="/dev/serial/by-id/..., /dev/ttyUSB2, or socket://HOST:PORT."),
]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON on standard output.")]
PinFile = Annotated[
    Path | None,
    # Whether it may be read is said below, with what to do about it.
    typer.Option(readable=False, help="File with the SIM's PIN, tried once at most."),
]
Baud = Annotated[int, typer.Option(help="Speed; means nothing to USB modems.")]
Reveal = Annotated[bool, typer.Option("--reveal", help="Show numbers in full.")]


class _NoTelemetry:
    """Measures for nobody."""

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Count nothing."""

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set nothing."""

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Observe nothing."""


def _modem(
    port: str,
    pin_file: Path | None,
    baud: int,
    watch: Callable[[str, str], None] | None = None,
    *,
    waits_for_parts: bool = True,
) -> SerialModem:
    pin = _pin(pin_file)
    tried = str(pin_file.with_suffix(".tried")) if pin_file else ""
    options = ModemOptions(pin=pin, pin_file=tried, baud=baud)
    if not waits_for_parts:
        options = replace(options, multipart_s=0.0)
    return SerialModem(
        port,
        clock=HostClock(),
        telemetry=_NoTelemetry(),
        options=options,
        watch=watch,
    )


def _pin(file: Path | None) -> str:
    try:
        return file.read_text(encoding="ascii").strip() if file else ""
    except OSError as error:
        name = "" if file is None else file.name
        raise DataError(name, None, "--pin-file", unreadable(error)) from error
    except UnicodeDecodeError as error:
        message = "the file cannot be read as a PIN"
        raise typer.BadParameter(message, param_hint="--pin-file") from error


@app.command(
    epilog=_examples(
        "natalia modem probe /dev/serial/by-id/usb-Quectel_EG25-G-if02-port0",
        "natalia modem probe --json /dev/ttyUSB2 > report.json",
    )
)
def probe(port: Port, *, baud: Baud = 115200, as_json: AsJson = False) -> None:
    """Ask a modem who it is and what it can; nothing is sent or changed.

    The report can go to support as it is: of numbers only the ends are shown.
    """
    answers = ask_all(SerialTransport(port, baud=baud), HostClock())
    asked_by = {
        "natalia": version("natalia-engine"),
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.release()}",
        # By-id names end in a serial number, which may be the IMEI.
        "port": redact(port),
    }
    if as_json:
        told = [asdict(answer) for answer in answers]
        typer.echo(json.dumps(asked_by | {"answers": told}, indent=1))
        return
    for key, value in asked_by.items():
        typer.echo(f"{key:12} {value}")
    for answer in answers:
        head = f"{answer.question:12} {answer.took_s * 1000:7.1f} ms  {answer.final}"
        typer.echo(head)
        for line in answer.lines:
            typer.echo(f"{'':24}{printable(line)}")


@app.command(
    epilog=_examples(
        "natalia modem status /dev/ttyUSB2",
        "natalia modem status /dev/ttyUSB2 --pin-file pin.txt --json",
    )
)
def status(
    port: Port,
    *,
    pin_file: PinFile = None,
    baud: Baud = 115200,
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """Bring a modem up as the engine does and say how it is."""
    modem = _modem(port, pin_file, baud)
    try:
        health = asdict(modem.open())
    finally:
        modem.close()
    if not reveal:
        for key in ("imei", "sim"):
            health[key] = redact_number(health[key]) if health[key] else None
    if as_json:
        typer.echo(json.dumps(health))
        return
    for key, value in health.items():
        told = "not told" if value is None else printable(str(value))
        typer.echo(f"{key:14} {told}")


@app.command(
    epilog=_examples(
        'natalia modem send /dev/ttyUSB2 +46701740690 "test"',
        'natalia modem send /dev/ttyUSB2 +46701740690 "test" --wait 60 --show',
    )
)
def send(
    port: Port,
    to: Annotated[str, typer.Argument(help="A number with country code.")],
    text: Annotated[str, typer.Argument(help="What fits one message.")],
    *,
    wait: Annotated[float, typer.Option(help="Seconds to wait for the report.")] = 30.0,
    validity: Annotated[
        int, typer.Option(help="Minutes that it may live.", min=1, max=_VALIDITY_MAX)
    ] = 30,
    pin_file: PinFile = None,
    baud: Baud = 115200,
    show: Annotated[bool, typer.Option("--show", help="Show the dialogue.")] = False,
    as_json: AsJson = False,
) -> None:
    """Send one message and wait for its status report.

    A text that is too long loses its end, and is said to.

    Exit codes: 0 sent, 1 rejected, 6 unknown: it may or may not have been sent.
    """
    part = fit_text(text)
    if part.cut:
        typer.echo(f"too long for one message, cut to: {part.text}", err=True)
    clock = HostClock()
    modem = _modem(port, pin_file, baud, _shown if show else None)
    report: StatusReport | None = None
    try:
        modem.open()
        outcome = modem.submit(to, text, validity_min=validity)
        deadline_s = clock.boottime_s() + wait
        while (
            outcome.result is SendResult.SENT
            and report is None
            and clock.boottime_s() < deadline_s
        ):
            modem.wait(_POLL_S)
            for event in modem.poll(drain=False):
                if isinstance(event, StatusReport) and (
                    event.reference == outcome.reference
                ):
                    report = event
    finally:
        modem.close()
    if as_json:
        said = asdict(outcome) | {"report": report.outcome if report else None}
        typer.echo(json.dumps(said))
    else:
        told = ", ".join(filter(None, (outcome.code, outcome.fault)))
        code = f" ({told})" if told else ""
        typer.echo(f"{outcome.result}{code} {outcome.reason}".rstrip())
        if outcome.result is SendResult.SENT:
            typer.echo(f"report: {report.outcome if report else 'none yet'}")
    match outcome.result:
        case SendResult.REJECTED:
            raise typer.Exit(EXIT_REJECTED)
        case SendResult.UNKNOWN:
            raise typer.Exit(EXIT_UNKNOWN)
        case SendResult.SENT:
            return


@app.command(
    epilog=_examples(
        "natalia modem inbox /dev/ttyUSB2",
        "natalia modem inbox /dev/ttyUSB2 --delete --reveal --json",
        "natalia modem inbox /dev/ttyUSB2 --own --delete",
    )
)
def inbox(
    port: Port,
    *,
    delete: Annotated[
        bool, typer.Option("--delete", help="Delete what was shown.")
    ] = False,
    own: Annotated[
        bool, typer.Option("--own", help="Only the SIM's own drafts and sent copies.")
    ] = False,
    pin_file: PinFile = None,
    baud: Baud = 115200,
    reveal: Reveal = False,
    as_json: AsJson = False,
) -> None:
    """Show what lies in the modem's stores; without --delete it stays there.

    A long message of which parts are missing is shown with its holes marked. Drafts
    and copies of what was sent, which fill a store as well, are named without words.
    """
    modem = _modem(port, pin_file, baud, waits_for_parts=False)
    try:
        modem.open()
        events = modem.poll(drain=True)
        if not as_json:
            _show_rest(events, own=modem.own, of_own=own)
        for event in () if own else events:
            if isinstance(event, InboundSms):
                _show_message(event, reveal=reveal, as_json=as_json)
                if delete:
                    modem.delete(event.slot)
            elif isinstance(event, StatusReport) and delete and event.slot:
                modem.delete(event.slot)
        for slot in modem.own:
            _show_own(slot, as_json=as_json)
            if delete:
                modem.delete(slot)
    finally:
        modem.close()


def _show_rest(
    events: Sequence[ModemEvent], *, own: Sequence[str], of_own: bool
) -> None:
    """Say what takes places and is not shown, or that nothing does."""
    reports = sum(isinstance(one, StatusReport) and bool(one.slot) for one in events)
    if of_own:
        if not own:
            typer.echo("no draft and no copy of what was sent lies there")
    elif reports:
        typer.echo(f"reports of delivery, which the engine takes out: {reports}")
    elif not (own or any(isinstance(one, InboundSms) for one in events)):
        typer.echo("nothing lies there")


def _show_own(slot: str, *, as_json: bool) -> None:
    """Say that a place is taken by a draft, or by a copy of what was sent."""
    if as_json:
        typer.echo(json.dumps({"slot": slot, "sender": "", "flags": ["own"]}))
    else:
        typer.echo(f"{slot:8} the SIM's own: a draft, or a copy of what it sent")


def _show_message(message: InboundSms, *, reveal: bool, as_json: bool) -> None:
    sender = message.sender if reveal else redact_number(message.sender)
    at = str(message.sent_at) if message.sent_at else None
    if as_json:
        said = {
            "slot": message.slot,
            "sender": sender,
            "sent_at": at,
            "text": message.text,
            "part": message.part,
            "flags": message.flags,
        }
        typer.echo(json.dumps(said))
        return
    flags = f" [{', '.join(message.flags)}]" if message.flags else ""
    # Whoever knows the number writes it: it must not command the terminal.
    typer.echo(printable(f"{message.slot:8} {at or 'no time':24} {sender}{flags}"))
    typer.echo(f"         {printable(message.text)}")


@app.command(
    epilog=_examples(
        "natalia modem console /dev/ttyUSB2",
        "echo AT+CSQ | natalia modem console /dev/ttyUSB2",
    )
)
def console(port: Port, *, baud: Baud = 115200, reveal: Reveal = False) -> None:
    """Talk AT to a modem; what it says is shown as it comes.

    A line is sent with CR. Ctrl-Z hands a message's text over, which suspends nothing
    here; so does a line that ends with ^Z, from a file say. A line of ^[ or Esc alone
    is ESC. End with end-of-file (Ctrl-D).
    """
    transport = SerialTransport(port, baud=baud)
    transport.open()
    ended = threading.Event()

    stream = Stream()

    def listen() -> None:
        while not ended.is_set():
            try:
                data = transport.read(_POLL_S)
            except ModemError as error:
                typer.echo(str(error), err=True)
                return
            text = data.decode("latin-1").replace("\r\n", "\n").replace("\r", "\n")
            typer.echo(text if reveal else stream.feed(text), nl=False)

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        with typed_lines(sys.stdin) as lines:
            for line in lines:
                if line is None:
                    typer.echo(TOO_LONG, err=True)
                else:
                    transport.write(at_line(line))
        ended.wait(_POLL_S)
    finally:
        ended.set()
        transport.interrupt()
        listener.join(_POLL_S)
        transport.close()


def _shown(direction: str, text: str) -> None:
    typer.echo(f"{direction} {redact(text)}", err=True)
