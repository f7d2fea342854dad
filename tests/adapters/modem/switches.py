"""The virtual modem's switches as the fault tests throw them."""

import time
from collections.abc import Callable
from pathlib import Path

from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_faults import Faults
from adapters.modem.virtual_links import PtyLink
from engine.ports.modem import SendResult

SWITCHES = {
    "latency_s": "0.05",
    "command_s": "0.01",
    "drop_cmgs": "0.5",
    "drop_ok": "0.2",
    "late_cmgs_s": "0.2",
    "owed_cmgs_s": "0.2",
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

_SENT, _REFUSED, _UNKNOWN = SendResult.SENT, SendResult.REJECTED, SendResult.UNKNOWN
# What becomes of four messages, None where one is not handed over. All others are sent:
# neither a fault of arrivals nor of how the modem talks changes that.
MAKES_OF_FOUR: dict[str, tuple[SendResult | None, ...]] = {
    "drop_cmgs": (_SENT, _UNKNOWN, _SENT, _UNKNOWN),
    "cms_rate": (_SENT, _REFUSED, _SENT, _REFUSED),
    "no_prompt": (_SENT, None, _SENT, None),
    "creg": (_REFUSED,) * 4,
    "no_credit": (_REFUSED,) * 4,
}


def made_of_four(*names: str) -> tuple[SendResult | None, ...] | None:
    """Return what switches make of four messages; None where two disturb sending."""
    disturbing = [name for name in names if name in MAKES_OF_FOUR]
    if len(disturbing) > 1:
        return None
    return MAKES_OF_FOUR[disturbing[0]] if disturbing else (_SENT,) * 4


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
NOT_SWITCHED_HERE = {"hang", "late", "owed", "cms"}


def mend(faults: Faults, name: str) -> None:
    """Make what a switch has broken whole again."""
    healthy = {"creg": "1"}.get(name, "off" if SWITCHES[name] == "on" else "0")
    faults.set(name, healthy)
