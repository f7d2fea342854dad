"""The virtual modem's switches as the fault tests throw them."""

import time
from collections.abc import Callable
from pathlib import Path

from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_faults import Faults
from adapters.modem.virtual_links import PtyLink

# What a switch makes of a run of four messages. A fault of arrivals changes no send.
SWITCHES = {
    "latency_s": "0.05",
    "command_s": "0.01",
    "drop_cmgs": "0.5",
    "drop_ok": "0.2",
    "late_cmgs_s": "0.2",
    "storage_full": "on",
    "lost_cmti": "1",
    "cdsi_wrong_store": "on",
    "cms_rate": "0.5",
    "creg": "3",
    "echo": "on",
    "cr_only": "on",
    "flood_s": "0.01",
    "urc_inside": "on",
    "duplicate": "1",
    "shuffle": "on",
    "no_credit": "on",
    "garbage": "1",
    "no_prompt": "0.5",
    "no_report": "1",
    "sim_busy_s": "0.3",
}


def _move(modem: VirtualModem) -> None:
    modem.replug(PtyLink(Path(modem.port).with_name("usb-other-if00-port0")))


def _hang(modem: VirtualModem) -> None:
    modem.faults.hang = True
    time.sleep(0.3)  # noqa: TID251 - the modem is what hangs
    modem.faults.hang = False


# What happens to a modem once, in a moment, and is over.
EVENTS: dict[str, Callable[[VirtualModem], None]] = {
    "replugged": VirtualModem.replug,
    "replugged under another name": _move,
    "restarted": VirtualModem.restart,
    "called": lambda modem: modem.ring("+46701740606"),
    "written to": lambda modem: modem.inject("+46701740606", "K7F2 1 " + "x" * 200),
    "hung for a moment": _hang,
}
NOT_SWITCHED_HERE = {"hang", "late", "cms"}


def mend(faults: Faults, name: str) -> None:
    """Make what a switch has broken whole again."""
    healthy = {"creg": "1"}.get(name, "off" if SWITCHES[name] == "on" else "0")
    faults.set(name, healthy)
