"""The orders' actor: queues what HQ asks of devices, and sends it when it can.

Given twice is harmless for each of these commands, so what may have been sent is sent
again after a crash. Without one it is not: a device that answers an order with a report
would be given the order at each report.
"""

import logging
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, assert_never

from engine.dispatch.actor import Planned
from engine.dispatch.body import EffectBody, encode_body
from engine.dispatch.queue import RANK_CHECK_IN
from engine.errors import JournalError, not_done
from engine.intake.judge import Judge
from engine.intake.orders.asking import Asking
from engine.intake.orders.lines import Lines
from engine.intake.orders.order import (
    GIVEN_UP_AFTER,
    PREFIX,
    SMS_AFTER,
    Fact,
    Given,
    closed_head,
    fact_event,
    fold,
    given_event,
    open_head,
)
from engine.ports.device import DeviceCommand, DeviceOrder, TakesOrders
from engine.ports.journal import (
    Append,
    Appended,
    EffectClass,
    EffectRow,
    JournalAccess,
    JournalReader,
    ReaderLender,
    Unknown,
)
from engine.protocol.texts import Segment
from engine.supervision.actor import SupervisedActor
from engine.supervision.failure import Failure
from engine.supervision.link import Link
from engine.values import CommandId, DeviceId, EffectId, Instant, PersonId

logger = logging.getLogger(__name__)

LOOK = timedelta(seconds=5)
ROWS = timedelta(seconds=30)
"""How often what waits is looked for in the rows: what was given may be durable only
after whoever was asked for it had ended."""
APPEND_TIMEOUT_S = 10.0
CONNECTION = "connection"
NOT_RECORDED = "it could not be recorded; give it again"
NOT_KNOWN = "it is not known yet whether it is queued; given again it may come twice"


@dataclass(frozen=True, slots=True, kw_only=True)
class Give:
    """HQ's request; `answered` is told why not, or None where it is queued.

    `order_id` is the request's own: given twice it is queued once.
    """

    order_id: str
    device: DeviceId
    command: DeviceCommand
    every_s: int | None
    by: str
    answered: Callable[[str | None], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A device for whom something waits has just connected."""

    device: DeviceId


class Orders(SupervisedActor[Give | Reached]):
    """All orders that wait, from the rows of their streams."""

    bound: ClassVar[int] = 1_000

    def __init__(
        self,
        *,
        link: Link,
        judge: Judge,
        lines: Lines,
        wires: Mapping[str, object],
        journal: JournalAccess,
        readers: ReaderLender,
    ) -> None:
        """Take the connections, and the wire protocols by name for what SMS says."""
        super().__init__(link=link)
        self._judge, self._lines, self._wires = judge, lines, wires
        self._journal, self._readers, self._asking = journal, readers, Asking()
        self._waiting: dict[str, Given] = {}
        # Given, and written to the device, without an answer of the journal.
        self._doubtful: dict[str, Given] = {}
        self._ending: dict[str, Append] = {}
        self._unread: set[str] = set()
        self._ask_again_at: Instant | None = None
        self._rows_at = link.clock.now()

    def started(self) -> None:
        """Take up what waits, from the rows."""
        self._read_waiting()
        self._look_round()

    def handle(self, message: Give | Reached) -> None:
        """Queue an order, or send what waits for a device."""
        match message:
            case Give():
                message.answered(self._give(message))
            case Reached():
                self._look_round()
            case _:
                assert_never(message)

    def woke(self) -> None:
        """Look whether a device is there, or its SIM's turn has come."""
        self._look_round()

    def rescan(self) -> None:
        """Look round: a hint was lost."""
        self._look_round()

    def _refusal(self, device_id: DeviceId, command: DeviceCommand) -> str | None:
        """Return why a device is not asked that, as things are now."""
        roster = self._judge.board.roster()
        device = roster.device(device_id)
        person = None if device is None else roster.person(device.person)
        if person is None:
            return "no such device is enrolled"
        protocol = self._judge.registry().of(person.action_protocol)
        if command not in protocol.device_commands:
            return "the action protocol does not allow this command"
        return None

    def _carrier(self, device_id: DeviceId) -> PersonId | None:
        device = self._judge.board.roster().device(device_id)
        return None if device is None else device.person

    def _give(self, message: Give) -> str | None:
        refused = self._refusal(message.device, message.command)
        if refused is not None:
            return refused
        order = DeviceOrder(
            device=message.device,
            command=message.command,
            every_s=message.every_s,
            at=self.clock.now(),
        )
        given = Given(
            order_id=message.order_id,
            order=order,
            by=message.by,
            carrier=self._carrier(message.device),
        )
        append = Append(
            stream=PREFIX + given.order_id,
            expected_seq=0,
            epoch=self._journal.epoch,
            command_id=CommandId("given"),
            events=(given_event(order, given.by, given.carrier),),
            head=open_head(order),
        )
        answer = self._journal.ask(append, APPEND_TIMEOUT_S)
        self.beat()
        if isinstance(answer, Unknown) and not answer.is_unwritten:
            self._doubtful[given.order_id] = given
            self._look_round()
            return NOT_KNOWN
        if not isinstance(answer, Appended):
            why = not_done(answer) if isinstance(answer, Unknown) else None
            return why or NOT_RECORDED
        self._waiting[given.order_id] = given
        self._look_round()
        return None

    def _look_round(self) -> None:
        now = self.clock.now()
        if self._ask_again_at is None or now >= self._ask_again_at:
            self._ask_again_at = now.plus(LOOK)
            self._ask_again()
        if now >= self._rows_at:
            with suppress(JournalError):
                self._read_waiting()
        for given in list(self._waiting.values()):
            if given.order_id not in self._ending:
                self._send(given, now)
        self._lines.wanted = frozenset(
            one.order.device
            for one in self._waiting.values()
            if one.order_id not in self._ending
        )
        is_idle = not (self._waiting or self._doubtful)
        self.wake_at(self._rows_at if is_idle else now.plus(LOOK))

    def _read_waiting(self) -> None:
        """Take up what the rows say is waiting, and we do not know of."""
        self._rows_at = self.clock.now().plus(ROWS)
        with self._readers.reader() as reader:
            for row in reader.heads(PREFIX, open_only=True):
                order_id = row.stream.removeprefix(PREFIX)
                if order_id in self._waiting:
                    continue
                given = self._legible(row.stream, reader)
                if given is not None:
                    self._waiting[order_id] = given
                    self._doubtful.pop(order_id, None)

    def _legible(self, stream: str, reader: JournalReader) -> Given | None:
        """Return what is still to be sent; one that cannot be read is logged once.

        Failing at it, the orders would end the engine at each start: everybody's SOS
        would be lost to a damaged page on which one order lies.
        """
        try:
            return fold(stream, reader.stream(stream))
        except (JournalError, ValueError, KeyError, TypeError) as error:
            if stream not in self._unread:
                logger.error("an order cannot be read: %s", Failure.of(error))  # noqa: TRY400 - its text may quote the row
            self._unread.add(stream)
            return None

    def _send(self, given: Given, now: Instant) -> None:
        order, waited = given.order, now.since(given.order.at)
        if waited >= GIVEN_UP_AFTER:
            self._over(given, Fact.GIVEN_UP)
        elif given.carrier not in {None, self._carrier(order.device)}:
            return  # meant for who had it then: it may give away who has it now
        elif self._refusal(order.device, order.command) is not None:
            return  # whoever carries it may have agreed to no light by now
        elif self._lines.send(order):
            self._over(given, Fact.SENT, CONNECTION)
        elif waited >= SMS_AFTER:
            row = self._sms(given)
            if row is not None:
                self._over(given, Fact.SENT, "sms", (row,))

    def _ask_again(self) -> None:
        """Find out what the journal did not answer; nothing is sent anew for that.

        What was given and is durable after all goes out now, lest it did so by
        itself after the next start.
        """
        now = self.clock.now()
        with suppress(JournalError):
            for order_id, given in list(self._doubtful.items()):
                found = self._stored(order_id)
                if found is not None:
                    self._waiting[order_id] = found
                if found or now.since(given.order.at) >= GIVEN_UP_AFTER:
                    del self._doubtful[order_id]
        for order_id, append in list(self._ending.items()):
            if not self._end(order_id, append):
                return  # still silent: no use in waiting for each

    def _stored(self, order_id: str) -> Given | None:
        with self._readers.reader() as reader:
            return fold(PREFIX + order_id, reader.stream(PREFIX + order_id))

    def _sms(self, given: Given) -> EffectRow | None:
        """Return the SMS to the device's SIM; None where nobody knows its words."""
        device = self._judge.board.roster().device(given.order.device)
        wire = None if device is None else self._wires.get(device.wire_protocol)
        if device is None or device.number is None or not isinstance(wire, TakesOrders):
            return None
        text = self._asking.ask(wire.order_by_sms, given.order, str)
        if text is None:
            return None
        body = EffectBody(
            address=device.number,
            language="en",
            segments=(Segment(priority=1, text=text),),
        )
        return EffectRow(
            effect_id=EffectId(f"order.{given.order_id}"),
            alarm=PREFIX + given.order_id,
            effect_class=EffectClass.SAFETY,
            channel="sms",
            rank=RANK_CHECK_IN,
            planned_at=self.clock.now(),
            body=encode_body(body),
        )

    def _over(
        self, given: Given, fact: Fact, way: str = "", plans: tuple[EffectRow, ...] = ()
    ) -> None:
        append = Append(
            stream=PREFIX + given.order_id,
            expected_seq=given.seq,
            epoch=self._journal.epoch,
            command_id=CommandId("over"),
            events=(fact_event(fact, way),),
            head=closed_head(fact),
            plans=plans,
        )
        if way == CONNECTION:
            self._ending[given.order_id] = append
        self._end(given.order_id, append)

    def _end(self, order_id: str, append: Append) -> bool:
        """Have it written that an order is over; False where the journal is silent."""
        answer = self._journal.ask(append, APPEND_TIMEOUT_S)
        self.beat()
        if isinstance(answer, Unknown):
            return False
        if not isinstance(answer, Appended):
            with suppress(JournalError):
                if self._stored(order_id) is not None:
                    return True  # asked again in a moment
        self._ending.pop(order_id, None)
        del self._waiting[order_id]
        if isinstance(answer, Appended) and append.plans:
            self.link.tree.names.tell("dispatcher", Planned(rows=append.plans))
        return True
