"""The dispatcher and a route's attempts, wired to a ledger as the engine wires them."""

from collections.abc import Callable, Iterable

from engine.dispatch.abandoned import counted_in
from engine.dispatch.actor import Dispatcher
from engine.dispatch.attempts import Attempts
from engine.dispatch.outcomes import Settled
from engine.dispatch.retired import IsNobodys
from engine.health import Health
from engine.ports.channel import Message, PersonalMessage
from engine.protocol.lint_slips import KNOWN_CHANNELS
from engine.supervision.child import ChildSpec
from tests.engine.dispatch.ledger import Ledger
from tests.engine.intake.reports import Meter

Told = Callable[[Settled], None]


def dispatcher_on(
    ledger: Ledger,
    told: Told,
    *,
    meter: Meter,
    health: Health,
    channels: Iterable[str] = KNOWN_CHANNELS,
) -> ChildSpec:
    """Return the dispatcher; `told` gets each attempt that it finds unknown."""
    return ChildSpec(
        name="dispatcher",
        actor=Dispatcher,
        arguments={
            "journal": ledger,
            "readers": ledger,
            "telemetry": meter,
            "health": health,
            "settled": told,
            "channels": lambda: channels,
        },
    )


def attempts_on(
    ledger: Ledger,
    route: str,
    told: Told,
    *,
    health: Health | None = None,
    meter: Meter | None = None,
    is_nobodys: IsNobodys = lambda _: False,
    carries: type[Message] = PersonalMessage,
) -> Attempts:
    """Return what writes the life of the effects that this route sends."""
    health = health or Health(Meter())
    return Attempts(
        route=route,
        journal=ledger,
        readers=ledger,
        told=told,
        full=health.teller("disk_full", route),
        uncounted=counted_in(meter or Meter()),
        is_nobodys=is_nobodys,
        carries=carries,
        misrouted=health.teller("channel_misrouted", route),
    )
