"""A driver, a virtual modem and the network between them, wired for a test."""

import queue
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from adapters.modem.driver import SerialModem
from adapters.modem.options import ModemOptions
from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_faults import Faults
from adapters.modem.virtual_links import PtyLink
from adapters.modem.virtual_network import VirtualNetwork
from engine.clock import SystemClock
from engine.errors import ModemError
from engine.ports.modem import ModemEvent, SubmitOutcome
from engine.values import Instant

ALICE = "+46700000001"
BOB = "+46700000002"
OUTSIDE = "+46701234567"
ALARM = (
    "SOS K7F2 Heron 41.31151,69.27974 +-20m, 2 min ago. Not confirmed. Do not go"
    " alone. Answer K7F2 1 coming 2 cannot 3 need help. Lantern"
)
QUICK = ModemOptions(
    command_s=0.4,
    prompt_s=0.4,
    storage_s=0.4,
    answer_s=0.2,
    sim_ready_s=2.0,
    settle_s=2.0,
    multipart_s=0.1,
)


@dataclass(slots=True)
class CountingTelemetry:
    """Keeps what was counted."""

    counts: Counter[str] = field(default_factory=Counter)

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        del labels
        self.counts[name] += int(amount)

    def gauge(self, name: str, value: float, **labels: str) -> None:
        del name, value, labels

    def observe(self, name: str, value: float, **labels: str) -> None:
        del name, value, labels


@dataclass(slots=True)
class Rig:
    """One driver on one virtual modem; `sent` is what reached the network."""

    driver: SerialModem
    modem: VirtualModem
    network: VirtualNetwork
    sent: "queue.SimpleQueue[tuple[str, str]]"
    telemetry: CountingTelemetry
    beats: list[int] = field(default_factory=list)

    def submit(
        self, text: str = ALARM, *, to: str = OUTSIDE, late_s: float = 2.0
    ) -> SubmitOutcome:
        return self.driver.submit(
            to,
            text,
            validity_min=30,
            beat=lambda: self.beats.append(1),
            late_s=late_s,
        )

    def sent_texts(self) -> list[str]:
        texts = []
        while not self.sent.empty():
            texts.append(self.sent.get()[1])
        return texts

    def events(
        self, enough: Callable[[Sequence[ModemEvent]], bool], *, drain: bool = False
    ) -> list[ModemEvent]:
        """Poll until enough has come; at most about three seconds."""
        found: list[ModemEvent] = []
        for _ in range(30):
            found += self.driver.poll(drain=drain)
            if enough(found):
                break
            self.driver.wait(0.1)
        return found


@contextmanager
def rig(
    folder: Path,
    *,
    options: ModemOptions = QUICK,
    faults: Faults | None = None,
    pin: str = "",
    opened: bool = True,
) -> Iterator[Rig]:
    """Wire a rig whose pty stands under a name that stays."""
    clock = SystemClock()
    sent: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()

    def on_message(sender: str, to: str, text: str, at: Instant) -> None:
        del sender, at
        sent.put((to, text))

    network = VirtualNetwork(clock=clock, on_message=on_message, report_s=0.01)
    telemetry = CountingTelemetry()
    name = folder / "usb-virtual-if00-port0"
    with VirtualModem(
        ALICE,
        clock=clock,
        network=network,
        link=PtyLink(name),
        faults=faults,
        pin=pin,
    ) as modem:
        driver = SerialModem(
            str(name), clock=clock, telemetry=telemetry, options=options
        )
        try:
            if opened:
                driver.open()
            yield Rig(driver, modem, network, sent, telemetry)
        finally:
            driver.close()


def fails(call: Callable[[], object], kind: type[ModemError]) -> bool:
    """Return whether a call raises this error."""
    try:
        call()
    except kind:
        return True
    return False
