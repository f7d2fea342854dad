"""The far end of a line: two virtual modems in one network, and its telephones."""

import re
import threading
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple, Self

from adapters.modem import pdu_decode
from adapters.modem.pdu import Deliver
from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_links import PtyLink
from adapters.modem.virtual_network import VirtualNetwork
from engine.clock import SystemClock

SIMS = ("+46700000001", "+46700000002")
REPORT_S = 0.01
_NAMED = re.compile(r"M(\d+)R(\d+)")


class Arrived(NamedTuple):
    """One message at a telephone: the SIM that sent it, and its words."""

    sim: str
    text: str


class Phone:
    """A member of the network: whoever has a telephone, and no modem of ours."""

    def __init__(self, number: str, arrived: Callable[[Arrived], None]) -> None:
        self.number, self._arrived = number, arrived

    def deliver(self, pdu: str, length: int, arrived: Callable[[], None]) -> None:
        del length
        message = pdu_decode.decode(pdu)
        assert isinstance(message, Deliver)
        self._arrived(Arrived(message.sender.text, message.user_data.text))
        arrived()

    def report(self, pdu: str, length: int, *, after_s: float) -> None:
        raise AssertionError((pdu, length, after_s))


class FarEnd:
    """What the network has delivered, by the effect that a text names."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.by_id = folder, folder / "by-id"
        self.by_id.mkdir()
        clock = SystemClock()
        self.network = VirtualNetwork(clock=clock, report_s=REPORT_S)
        self.modems = [
            VirtualModem(
                sim,
                clock=clock,
                network=self.network,
                link=PtyLink(self.by_id / f"usb-{name}-if00-port0"),
            )
            for sim, name in zip(SIMS, ("one", "two"), strict=True)
        ]
        self._lock = threading.Lock()
        self._come: set[int] = set()
        self._arrived: defaultdict[tuple[int, int], list[Arrived]] = defaultdict(list)

    def __enter__(self) -> Self:
        for modem in self.modems:
            modem.start()
        return self

    def __exit__(self, *_: object) -> None:
        for modem in self.modems:
            modem.stop()

    def has_telephone(self, number: str) -> None:
        """Let somebody have this number."""
        self.network.join(Phone(number, self._keep))

    def arrived(self, message: int, repeat: int) -> list[Arrived]:
        """Return what has come of one attempt to tell somebody."""
        with self._lock:
            return list(self._arrived[message, repeat])

    def has_come(self, message: int) -> bool:
        """Say whether a message has come, the first time or as a repeat."""
        return message in self._come

    def _keep(self, arrived: Arrived) -> None:
        named = _NAMED.search(arrived.text)
        assert named is not None
        with self._lock:
            self._arrived[int(named[1]), int(named[2])].append(arrived)
            self._come.add(int(named[1]))
