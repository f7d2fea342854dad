"""An order to a device as facts: given, sent one way or other, or given up. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from engine.ports.device import DeviceCommand, DeviceOrder
from engine.ports.journal import Head, NewEvent, StoredEvent
from engine.stored import read_plain, write_plain
from engine.values import DeviceId, Instant, PersonId

PREFIX = "order/"
# So long it waits for the device to be connected before its SIM gets an SMS.
SMS_AFTER = timedelta(seconds=60)
GIVEN_UP_AFTER = timedelta(hours=24)
KNOWN = frozenset(command.value for command in DeviceCommand)


class Fact(StrEnum):
    """What happened to an order."""

    GIVEN = "OrderGiven"
    SENT = "OrderSent"
    GIVEN_UP = "OrderGivenUp"


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """An order with who gave it, and the seq of its last fact.

    `carrier` is who carried the device then; None in a row of an earlier engine.
    """

    order_id: str
    order: DeviceOrder
    by: str
    carrier: PersonId | None = None
    seq: int = 1


def given_event(
    order: DeviceOrder, by: str, carrier: PersonId | None = None
) -> NewEvent:
    """Return the fact that an order was given."""
    body = {
        "device": order.device,
        "carrier": carrier,
        "command": order.command.value,
        "every_s": order.every_s,
        "at_ms": order.at.ms,
        "by": by,
    }
    return NewEvent(kind=Fact.GIVEN.value, body=write_plain(body))


def fact_event(fact: Fact, way: str = "") -> NewEvent:
    """Return a later fact; `way` is `connection` or `sms`."""
    return NewEvent(kind=fact.value, body=write_plain({"way": way}))


def fold(stream: str, rows: Iterable[StoredEvent]) -> Given | None:
    """Return what is still to be sent; None where nothing is, or cannot be read."""
    given: Given | None = None
    for row in rows:
        if row.kind != Fact.GIVEN.value:
            return None
        said = read_plain(row.body)
        if said["command"] not in KNOWN:
            return None  # of a newer engine
        order = DeviceOrder(
            device=DeviceId(said["device"]),
            command=DeviceCommand(said["command"]),
            every_s=said["every_s"],
            at=Instant(said["at_ms"]),
        )
        order_id = stream.removeprefix(PREFIX)
        carrier = said.get("carrier")
        given = Given(
            order_id=order_id,
            order=order,
            by=said["by"],
            carrier=None if carrier is None else PersonId(carrier),
            seq=row.seq,
        )
    return given


def open_head(order: DeviceOrder) -> Head:
    """Return the clear columns of one that waits."""
    return Head(status="waiting", is_open=True, next_due=order.at.plus(GIVEN_UP_AFTER))


def closed_head(fact: Fact) -> Head:
    """Return the clear columns of one that is over."""
    return Head(status="sent" if fact is Fact.SENT else "given_up", is_open=False)
