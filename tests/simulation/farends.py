"""The far ends: a network with telephones, modems on it, servers. They outlive us.

What a far end answers and what it does are two things, and the plan parts them: a
message may arrive while the modem says nothing.
"""

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from engine.errors import DeliveryError, DeliveryUnknownError
from engine.modems.inbound import record_of
from engine.ports.channel import Message, PersonalMessage, PublicMessage, Receipt
from engine.ports.modem import InboundSms, LateAnswer
from engine.values import ChannelName, ReportKey
from tests.simulation.modem import Hardware
from tests.simulation.runtime import Life, World

if TYPE_CHECKING:
    from collections.abc import Callable


@dataclass(slots=True)
class Server:
    """A mail server, a webhook, a Mastodon."""

    name: str
    down_until_s: float = 0.0
    next_faults: deque[str] = field(default_factory=deque)
    busy: set[str] = field(default_factory=set)
    """The lanes that just now send."""


class Network:
    """Everything beyond us. `contact` is told just before and after each contact."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.hardware = {n: Hardware(n) for n in ("modem-1", "modem-2")}
        self.servers = {n: Server(n) for n in ("email", "webhook", "mastodon")}
        self.arrived: list[tuple[float, str, str, str]] = []
        self.counts: Counter[str] = Counter()
        self.came: dict[ReportKey, float] = {}
        """When each short message to us came, by the key that its row will have."""
        self.twice = 0
        """So many of the next short messages to us come twice."""
        self.contact: Callable[[Life, str, str, str, str], None]
        self.confirmed: Callable[[str, str], None]
        self.rejected: Callable[[str], None] = lambda _: None
        """Told which route has certainly not sent what it was contacted for."""
        self.on_arrival: Callable[[str, str, str], None]
        self.on_fault: Callable[[str], None]
        self.on_ring: Callable[[str, str], None]
        """Told `before` a modem rings and `after` it has hung up, and which."""

    def arrive(self, channel: str, address: str, text: str) -> None:
        """A message is at its recipient's."""
        self.arrived.append((self.world.boottime_s(), channel, address, text))
        self.on_arrival(channel, address, text)

    def send_in(self, sender: str, text: str) -> None:
        """Somebody sends us a short message; the first modem that is there gets it.

        A network that has not heard that it came sends it again.
        """
        self._store(sender, text)
        if self.twice:
            self.twice -= 1
            self.on_fault("arrives_twice")
            self._store(sender, text)

    def _store(self, sender: str, text: str) -> None:
        now_s = self.world.boottime_s()
        there = [h for h in self.hardware.values() if h.gone_until_s <= now_s]
        hardware = (there or list(self.hardware.values()))[0]
        self.counts["inbound"] += 1
        number = self.counts["inbound"]
        sms = InboundSms(
            slot=str(number),
            sender=sender,
            text=text,
            sent_at=self.world.now(),
            pdu=f"pdu-{number}",
        )
        hardware.stored.append(sms)
        self.came[record_of(sms, self.world.now()).key] = now_s
        if hardware.is_open:
            hardware.announced[str(number)] = None

    def is_busy(self, route: str) -> bool:
        """Say whether a route is sending."""
        hardware = self.hardware.get(route)
        if hardware is not None:
            return hardware.is_busy
        return any(route in server.busy for server in self.servers.values())

    def is_any_free(self, routes: Iterable[str], now_s: float) -> bool:
        """Say whether one of these routes is there and sends nothing."""
        for route in routes:
            hardware = self.hardware.get(route)
            is_gone = hardware is not None and hardware.gone_until_s > now_s
            if not (is_gone or self.is_busy(route)):
                return True
        return False

    def unplug(self, hardware: Hardware, seconds: float) -> None:
        """Take a modem away for so long."""
        back_s = self.world.boottime_s() + seconds
        hardware.gone_until_s = max(hardware.gone_until_s, back_s)
        hardware.times_gone += 1
        hardware.opened_by = None  # plugged in again it is another port
        hardware.owes_until_s = 0.0
        hardware.events = [e for e in hardware.events if not isinstance(e, LateAnswer)]
        # So that the world's time does not run past the moment of its return.
        self.world.begin(lambda: self.world.sleep(seconds + 0.001), "unplugged")

    def restore(self) -> None:
        """End every fault."""
        self.twice = 0
        for hardware in self.hardware.values():
            hardware.gone_until_s = hardware.no_call_until_s = 0.0
            hardware.keeps_messages = 0
            hardware.store_hangs_until_s = 0.0
            hardware.next_faults.clear()
        for server in self.servers.values():
            server.down_until_s = 0.0
            server.next_faults.clear()


class SimChannel:
    """Implements `engine.ports.channel.Channel` over a `Server`."""

    timeout_s = 10.0

    def __init__(self, network: Network, server: Server, life: Life, lane: str) -> None:
        self.name = ChannelName(server.name)
        is_public = server.name == "mastodon"
        self.carries = PublicMessage if is_public else PersonalMessage
        self._network, self._server, self._life = network, server, life
        self._lane = lane
        server.busy.discard(lane)

    def send(self, message: Message) -> Receipt:
        """Send; what the plan has in store comes first."""
        network, server = self._network, self._server
        self.check()
        fault = server.next_faults.popleft() if server.next_faults else ""
        if fault:
            network.on_fault(fault)
        if fault in {"refused", "rejected"}:
            raise DeliveryError(self.name, "5xx", retry=fault == "refused")
        address, text = message.address, message.text
        network.contact(self._life, self._lane, "before", address, text)
        server.busy.add(self._lane)
        try:
            self._life.sleep(10.0 if fault.startswith("hang") else 0.3)
        finally:
            server.busy.discard(self._lane)
        if fault != "hang_lost":
            network.arrive(server.name, address, text)
        network.contact(self._life, self._lane, "after", address, text)
        if fault.startswith("hang"):
            raise DeliveryUnknownError(self.name, "no answer")
        network.confirmed(self._lane, "accepted")
        return Receipt(reference="r")

    def check(self) -> None:
        """Say whether the server is there."""
        if self._life.boottime_s() < self._server.down_until_s:
            self._network.on_fault("down")
            raise DeliveryError(self.name, "refused", retry=True)

    def rest(self) -> None:
        """Nothing is kept."""

    def interrupt(self) -> None:
        """Nothing hangs here for longer than its time-out."""

    def close(self) -> None:
        """Nothing is held."""
