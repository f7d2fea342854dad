"""A channel that does what its list says."""

from collections.abc import Callable
from dataclasses import dataclass, field

from engine.errors import DeliveryError, DeliveryUnknownError
from engine.ports.channel import Message, PersonalMessage, PublicMessage, Receipt
from engine.values import ChannelName
from tests.simulation.runtime import World


def refused(*, retry: bool) -> DeliveryError:
    return DeliveryError("email", "refused", retry=retry)


EMAIL = ChannelName("email")
SILENCE = DeliveryUnknownError("email", "no answer")


@dataclass
class Medium:
    """A channel that does what its list says, then sends."""

    world: World
    sent: list[Message] = field(default_factory=list)
    faults: list[BaseException] = field(default_factory=list)
    seen: Callable[[], object] = lambda: None
    states: list[object] = field(default_factory=list)
    is_there: bool = True
    checks: int = 0
    rests: int = 0
    takes_s: float = 0.0
    checking_s: float = 0.0
    closed: int = 0
    name: ChannelName = EMAIL
    carries: type[PersonalMessage] | type[PublicMessage] = PersonalMessage
    timeout_s: float = 10.0

    def send(self, message: Message) -> Receipt:
        self.sent.append(message)
        self.states.append(self.seen())
        self.world.sleep(self.takes_s)
        if self.faults:
            raise self.faults.pop(0)
        return Receipt(reference="ref-1")

    def check(self) -> None:
        self.checks += 1
        self.world.sleep(self.checking_s)
        if not self.is_there:
            raise refused(retry=True)

    def rest(self) -> None:
        self.rests += 1

    def interrupt(self) -> None: ...

    def close(self) -> None:
        self.closed += 1
