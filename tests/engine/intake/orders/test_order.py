"""An order as facts: what is still to be sent."""

import pytest
from msgspec import structs

from engine.intake.orders.order import Fact, fact_event, fold, given_event
from engine.ports.device import DeviceCommand, DeviceOrder
from engine.ports.journal import NewEvent, StoredEvent
from engine.values import CommandId, DeviceId
from tests.fakes import START

ORDER = DeviceOrder(
    device=DeviceId("d"), command=DeviceCommand.LOCATE, every_s=None, at=START
)
STREAM = "order/one"


def stored(seq: int, event: NewEvent) -> StoredEvent:
    return StoredEvent(
        position=seq,
        stream=STREAM,
        seq=seq,
        epoch=1,
        command_id=CommandId(str(seq)),
        kind=event.kind,
        version=1,
        at=START,
        body=event.body,
        hash=b"",
    )


GIVEN = stored(1, given_event(ORDER, "alder"))


def test_what_was_given_waits() -> None:
    given = fold(STREAM, [GIVEN])
    assert given is not None
    assert (given.order, given.by, given.order_id) == (ORDER, "alder", "one")


@pytest.mark.parametrize("fact", [Fact.SENT, Fact.GIVEN_UP])
def test_what_was_sent_or_given_up_waits_no_more(fact: Fact) -> None:
    assert fold(STREAM, [GIVEN, stored(2, fact_event(fact))]) is None


def test_a_command_of_a_newer_engine_is_left_alone() -> None:
    newer = structs.replace(GIVEN, body=GIVEN.body.replace(b"locate", b"dance"))
    assert newer.body != GIVEN.body
    assert fold(STREAM, [newer]) is None
