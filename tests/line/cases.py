"""Which faults befall a line's modems, and how each is mended."""

import itertools
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_links import PtyLink
from tests.adapters.modem.switches import EVENTS, SWITCHES, mend
from tests.line.line import PIN

Act = Callable[[VirtualModem], None]


def _nothing(_: VirtualModem) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One fault: how it begins, how somebody mends it, and whether it hides outcomes.

    One that `befalls` comes while messages are on their way; any other is there when
    the engine starts.
    """

    name: str
    begin: Act
    mend: Act = _nothing
    befalls: bool = False
    hides: bool = False


def _switch(name: str, value: str, *, hides: bool = False) -> Fault:
    return Fault(
        name=name if value == SWITCHES[name] else f"{name} {value}",
        begin=lambda modem: modem.faults.set(name, value),
        mend=lambda modem: mend(modem.faults, name),
        hides=hides,
    )


def _refusal(code: int) -> Fault:
    def begin(modem: VirtualModem) -> None:
        modem.faults.cms = code
        modem.faults.cms_rate = 1.0

    return Fault(
        name=f"cms {code}",
        begin=begin,
        mend=lambda modem: mend(modem.faults, "cms_rate"),
        hides=code == NETWORK_TIMEOUT,
    )


def _moves(modem: VirtualModem) -> None:
    port = Path(modem.port)
    modem.replug(PtyLink(port.with_name(f"moved-{port.name}")))


def _hangs(modem: VirtualModem) -> None:
    modem.faults.hang = True


def _hears(modem: VirtualModem) -> None:
    modem.faults.hang = False


NETWORK_TIMEOUT = 332
MOVED = "replugged under another name"
HIDING = {"drop_cmgs"}
VANISHING = {
    "replugged",
    MOVED,
    "restarted",
    "hung for a moment",
}
FOREIGN_PIN = "4711"
LATE_S = "2"
"""Beyond the time in which an answer is waited for, by the host's clock."""
SWITCHED = [
    _switch(name, value, hides=name in HIDING) for name, value in SWITCHES.items()
]
# What a switch does at its worst: always, or for longer than anybody waits.
HARSH = [
    _switch("drop_cmgs", "1", hides=True),
    _switch("late_cmgs_s", LATE_S, hides=True),
    _switch("owed_cmgs_s", LATE_S, hides=True),
    _switch("no_prompt", "1"),
]
BEFALLING = [
    *(
        Fault(name=name, begin=begin, befalls=True, hides=name in VANISHING)
        for name, begin in (EVENTS | {MOVED: _moves}).items()
    ),
    Fault(name="hangs", begin=_hangs, mend=_hears, befalls=True, hides=True),
    Fault(
        name="unplugged",
        begin=VirtualModem.unplug,
        mend=VirtualModem.replug,
        befalls=True,
        hides=True,
    ),
    Fault(
        name="asks for its PIN",
        begin=lambda modem: modem.want_pin(PIN),
        befalls=True,
    ),
    Fault(
        name="asks for a PIN that nobody has",
        begin=lambda modem: modem.want_pin(FOREIGN_PIN),
        mend=lambda modem: modem.want_pin(""),
        befalls=True,
    ),
    Fault(
        name="asks for its PUK",
        begin=VirtualModem.want_puk,
        mend=lambda modem: modem.want_pin(""),
        befalls=True,
    ),
]
# Every class of the policy table that another try may help. 197 says that the network
# has the message already, which nobody here can know better.
REFUSING = [_refusal(code) for code in (21, 38, 41, 208, 322, 331, 332, 500, 517)]
FAULTS = [*SWITCHED, *HARSH, *BEFALLING, *REFUSING]
_PAIRED = [*SWITCHED, *HARSH, *BEFALLING, *map(_refusal, (38, NETWORK_TIMEOUT, 500))]


def _go_together(one: Fault, other: Fault) -> bool:
    """Say whether two faults are not one switch in two positions."""
    switches = [fault.name.split()[0].removesuffix("_rate") for fault in (one, other)]
    return one.befalls or other.befalls or switches[0] != switches[1]


PAIRS: list[tuple[Fault, ...]] = [
    pair for pair in itertools.combinations(_PAIRED, 2) if _go_together(*pair)
]
SAMPLE = PAIRS[::80]
_EVERY, _BATCH = 8, 16
"""Of the pairs, in the tests; `tests.line.every_pair` plays them all."""


def batches(first: int) -> list[list[tuple[Fault, ...]]]:
    """Return every eighth pair, from one of the first eight on, some at a time."""
    some = PAIRS[first::_EVERY]
    return [some[start : start + _BATCH] for start in range(0, len(some), _BATCH)]
