"""`natalia modem virtual`: virtual modems that a person or a script can play with."""

import json
import signal
import sys
import threading
from contextlib import ExitStack
from pathlib import Path
from queue import SimpleQueue
from types import FrameType
from typing import Annotated

import typer
from rich.console import Console
from rich.text import Text

from adapters.modem.host_clock import HostClock
from adapters.modem.pdu_fields import encode_address
from adapters.modem.typed import TOO_LONG, lines_of
from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_console import HELP, VirtualConsole, script_of
from adapters.modem.virtual_faults import Faults, switch_names
from adapters.modem.virtual_links import Link, link_of
from adapters.modem.virtual_network import DELIVERED, FAILED, PENDING, VirtualNetwork
from adapters.modem.waking import next_of
from engine.errors import DataError, unreadable

_OUTSIDE = {"delivered": DELIVERED, "pending": PENDING, "failed": FAILED}
_FIRST_NUMBER = 46700000001
_LINES = (
    "Examples:",
    "$ natalia modem virtual",
    "$ natalia modem virtual --link pty:/tmp/modem",
    "$ natalia modem virtual --link tcp:127.0.0.1:5000",
    "$ natalia modem virtual -n +46700000001 -n +46700000002",
    "$ natalia modem virtual --set drop_cmgs=0.5 --set latency_s=2.5",
    "$ natalia modem virtual --script faults.txt",
    (
        "Talk to it: natalia modem console PORT, or any terminal program whose"
        " lines end with CR, then"
        ' AT+CMGF=1 and AT+CMGS="+46701740690", a text and Ctrl-Z.'
    ),
    "A script has SECONDS COMMAND on each line, with the console's commands: "
    + ", ".join(line.split()[0] for line in HELP.splitlines())
    + ".",
    f"Switches: {', '.join(switch_names())}.",
)
EXAMPLES = "\n\n".join(_LINES)


Numbers = Annotated[
    list[str] | None,
    typer.Option("--number", "-n", help="A SIM's number; repeat for more modems."),
]
Links = Annotated[
    list[str] | None,
    typer.Option(
        "--link",
        "-l",
        help="pty, pty:PATH, tcp:HOST:PORT, unix:PATH or abstract:NAME, in order.",
    ),
]
Switches = Annotated[
    list[str] | None, typer.Option("--set", help="SWITCH=VALUE, on all modems.")
]
Script = Annotated[
    Path | None,
    # Whether it may be read is said below, with what to do about it.
    typer.Option(readable=False, help="Commands with times."),
]
Pin = Annotated[str, typer.Option(help="What the SIMs want before they work.")]
Outside = Annotated[
    str,
    typer.Option(
        help="What becomes of messages to others: delivered, pending or failed."
    ),
]
Quiet = Annotated[bool, typer.Option("--quiet", help="Do not show the dialogue.")]
AsJson = Annotated[
    bool, typer.Option("--json", help="One JSON object a line, for programs.")
]


def virtual(
    numbers: Numbers = None,
    links: Links = None,
    switches: Switches = None,
    script: Script = None,
    pin: Pin = "",
    outside: Outside = "delivered",
    *,
    quiet: Quiet = False,
    as_json: AsJson = False,
) -> None:
    """Run virtual GSM modems until `quit`, Ctrl-C or SIGTERM."""
    try:
        settings = _pairs(switches or [])
        steps = script_of(_text_of(script)) if script else ()
        cables = _cables(numbers or [], links or [])
        status = _outside(outside)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    show = _Show(as_json=as_json, quiet=quiet)
    clock = HostClock()
    network = VirtualNetwork(
        clock=clock,
        on_message=lambda sender, to, text, _: show.message(sender, to, text),
        outside=status,
    )
    with ExitStack() as stack:
        modems = []
        for number, link in cables:
            faults = Faults()
            for name, value in settings:
                faults.set(name, value)
            modem = VirtualModem(
                number,
                clock=clock,
                network=network,
                link=link,
                faults=faults,
                pin=pin,
                watch=show.watcher(number),
                on_call=show.call,
            )
            modems.append(_plugged_in(modem, stack))
            show.plugged(number, modem.port)
        _serve(VirtualConsole(modems), steps, show, clock)


def _cables(numbers: list[str], links: list[str]) -> list[tuple[str, Link]]:
    """Pair each number with a link; made up where there are too few."""
    count = max(1, len(links))
    wanted = numbers or [f"+{_FIRST_NUMBER + i}" for i in range(count)]
    for number in wanted:
        encode_address(number)
    if len(set(wanted)) < len(wanted):
        message = "each --number is another one"
        raise ValueError(message)
    made = [link_of(address) for address in links]
    if len(made) > len(wanted):
        message = "there are more --link than --number"
        raise ValueError(message)
    made += [link_of("pty") for _ in wanted[len(made) :]]
    return list(zip(wanted, made, strict=True))


def _plugged_in(modem: VirtualModem, stack: ExitStack) -> VirtualModem:
    try:
        return stack.enter_context(modem)
    except OSError as error:
        message = f"{modem.port or modem.number}: {error.strerror or error}"
        raise typer.BadParameter(message, param_hint="--link") from error


def _outside(name: str) -> int:
    if name not in _OUTSIDE:
        message = f"--outside is one of {', '.join(_OUTSIDE)}"
        raise ValueError(message)
    return _OUTSIDE[name]


def _serve(
    console: VirtualConsole,
    steps: tuple[tuple[float, str], ...],
    show: "_Show",
    clock: HostClock,
) -> None:
    """Run script and console until somebody says that it is enough."""
    # An event's lock may be held by the very step that the signal interrupts.
    ended: SimpleQueue[None] = SimpleQueue()

    def end(number: int, frame: FrameType | None) -> None:
        del number, frame
        ended.put(None)

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)

    def play() -> None:
        for seconds, command in steps:
            clock.sleep(seconds)
            if not _run(console, command, show):
                ended.put(None)
                return

    def read() -> None:
        for line in lines_of(sys.stdin):
            if line is None:
                show.said(TOO_LONG)
            elif not _run(console, line, show):
                ended.put(None)
                return

    for job in (play, read):
        threading.Thread(target=job, daemon=True).start()
    next_of(ended)


def _run(console: VirtualConsole, line: str, show: "_Show") -> bool:
    answer = console.run(line)
    if answer:
        show.said(answer)
    return answer is not None


def _text_of(script: Path) -> str:
    try:
        return script.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(script.name, None, "--script", unreadable(error)) from error


def _pairs(switches: list[str]) -> list[tuple[str, str]]:
    pairs = []
    for text in switches:
        name, equals, value = text.partition("=")
        if not equals:
            message = "--set takes SWITCH=VALUE"
            raise ValueError(message)
        Faults().set(name, value)
        pairs.append((name, value))
    return pairs


class _Show:
    """Shows what goes on: for people in colours, for programs as JSON lines."""

    def __init__(self, *, as_json: bool, quiet: bool) -> None:
        self._as_json = as_json
        self._quiet = quiet
        self._console = Console(highlight=False, soft_wrap=True)
        self._lock = threading.Lock()

    def plugged(self, number: str, port: str) -> None:
        if self._as_json:
            self._json("plugged", number=number, port=port)
        else:
            self._line(f"{number} {port}", "bold green")

    def watcher(self, number: str) -> "_Watcher":
        return _Watcher(self, number)

    def dialogue(self, number: str, direction: str, text: str) -> None:
        if self._quiet:
            return
        if self._as_json:
            self._json("dialogue", number=number, direction=direction, text=text)
        else:
            style = "cyan" if direction == "<-" else "default"
            self._line(f"{number[-4:]} {direction} {text}", style)

    def message(self, sender: str, to: str, text: str) -> None:
        if self._as_json:
            self._json("message", sender=sender, to=to, text=text)
        else:
            self._line(f"{sender} to {to}: {text}", "bold yellow")

    def call(self, sender: str, to: str) -> None:
        if self._as_json:
            self._json("call", sender=sender, to=to)
        else:
            self._line(f"{sender} calls {to}", "bold yellow")

    def said(self, text: str) -> None:
        if self._as_json:
            self._json("console", text=text)
        else:
            self._line(text, "magenta")

    def _json(self, kind: str, **values: str) -> None:
        with self._lock:
            typer.echo(json.dumps({"kind": kind, **values}))

    def _line(self, text: str, style: str) -> None:
        with self._lock:
            self._console.print(Text(text, style=style))


class _Watcher:
    """Names the modem whose dialogue is shown."""

    def __init__(self, show: _Show, number: str) -> None:
        self._show = show
        self._number = number

    def __call__(self, direction: str, text: str) -> None:
        self._show.dialogue(self._number, direction, text)
