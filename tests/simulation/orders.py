"""What HQ asks of a device: at once, once it is there again, or by SMS; over a kill.

The device answers an order with a report of its own, which comes on a connection of its
own: it is not to be given the same order again for that.
"""

from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING, cast

from engine.intake.orders.actor import Give
from engine.intake.orders.lines import Line
from engine.intake.orders.order import PREFIX, fold
from engine.ports.device import DeviceCommand, DeviceReport
from engine.roster.model import Number
from engine.values import DeviceId, EffectId, PersonId
from tests.simulation.devices import devices
from tests.simulation.disk import Disk
from tests.simulation.plan import Item
from tests.simulation.tasks import Wait
from tests.simulation.wire import WIRE, words_of

if TYPE_CHECKING:
    from engine.ports.device import WireProtocol
    from tests.simulation.day import Day

CARRIER = PersonId("dowitcher")
"""Whose action protocol lets HQ ask where their device is, and nothing else."""
SIM = Number("+15005550007")
OPEN_S = 30.0
"""So long a connection of theirs stays open after a report."""
ANSWER_WITHIN_S, PRESSED_AGAIN_S, PRESSES_MAX = 15.0, 60.0, 10
LOOKS, LOOK_S = 60, 600.0


class Asked:
    """Keeps what HQ was told is queued, and what was written to the device."""

    def __init__(self) -> None:
        self.given: list[str] = []
        self.queued: set[str] = set()
        self.written: Counter[str] = Counter()
        """How often each order was, by its words."""

    def is_over(self, disk: Disk) -> bool:
        """Say whether nothing of what is queued waits any more."""
        streams = disk.medium.streams
        rows = [streams.get(PREFIX + one) for one in self.queued]
        return all(row is not None and not row.head.is_open for row in rows)

    def broken(
        self, disk: Disk, starts: int, *, is_enrolled: bool
    ) -> Iterator[tuple[str, str]]:
        """Yield which invariants are broken at the end of the day, and how.

        Args:
            disk: with all rows.
            starts: how often the orders' actor began.
            is_enrolled: whether the device is in the roster to the end.

        """
        for order_id in self.given:
            name = PREFIX + order_id
            stream = disk.medium.streams.get(name)
            if stream is None:
                if order_id in self.queued:
                    yield "I1", "an order that is queued is in no row"
                continue
            given = fold(name, stream.events[:1])
            assert given is not None
            times = self.written[words_of(given.order)]
            if times > starts:
                yield "I4", "an order is given again and again"
            if order_id in self.queued and stream.head.is_open and is_enrolled:
                yield "I2", "an order waits, and its device is there"
            way = stream.events[-1].body
            by_sms = EffectId(f"order.{order_id}") in disk.medium.effects
            if (b"connection" in way and not times) or (b"sms" in way and not by_sms):
                yield "I12", "an order is shown as sent that nobody has written"


def _is_there(day: "Day", item: Item) -> None:
    """The device has just spoken, and speaks again and again."""
    _speaks(day)
    _asks(day, item)
    _until_over(day, item)


def _is_away(day: "Day", item: Item) -> None:
    """It is not there, and comes back `s` seconds later."""
    _asks(day, item)
    day.world.sleep(item.s)
    _speaks(day)
    _until_over(day, item)


def _gets_it_by_sms(day: "Day", item: Item) -> None:
    """It is not there at all, and its SIM has a number."""
    roster, device = day.host.roster, DeviceId(devices()[CARRIER][1])
    numbered = tuple(
        replace(one, number=SIM) if one.device == device else one
        for one in roster.devices
    )
    day.host.put_in_force(replace(roster, devices=numbered))
    _asks(day, item)
    _until_over(day, item)


def _is_asked_twice(day: "Day", item: Item) -> None:
    """Whoever asks sees nothing of it, and asks once more `s` seconds later."""
    _speaks(day)
    _asks(day, item)
    day.world.sleep(item.s)
    _asks(day, item)
    _until_over(day, item)


def _is_refused(day: "Day", item: Item) -> None:
    """What the action protocol does not allow is asked of no device."""
    _speaks(day)
    if _asks(day, item, DeviceCommand.VIBRATE):
        day.watching.found("I13", "a device is asked what its file does not allow")
    day.host.orders_wait = False
    day.struck(item.what)


ORDERS: dict[str, Callable[["Day", Item], None]] = {
    "order": _is_there,
    "order_away": _is_away,
    "order_by_sms": _gets_it_by_sms,
    "order_twice": _is_asked_twice,
    "order_refused": _is_refused,
}


def _speaks(day: "Day") -> None:
    report = day.devices.report(Item(0.0, "input", "walks", CARRIER))
    day.devices.send(report)


def _asks(
    day: "Day", item: Item, command: DeviceCommand = DeviceCommand.LOCATE
) -> bool:
    """Have an officer ask until it is queued; say whether it is.

    They press again where they were answered that it is not, or nothing: each time it
    is another order.
    """
    day.devices.connected = lambda report: _opens(day, item, report)
    day.people.others[SIM] = lambda _: _answers(day, item)
    day.host.orders_wait = True
    for _ in range(PRESSES_MAX):
        order_id = f"hq{len(day.asked.given)}"
        day.asked.given.append(order_id)
        answers: list[str | None] = []
        waits: list[Wait] = []

        def answered(
            why_not: str | None,
            answers: list[str | None] = answers,
            waits: list[Wait] = waits,
        ) -> None:
            answers.append(why_not)
            day.world.wake(waits)

        give = Give(
            order_id=order_id,
            device=DeviceId(devices()[CARRIER][1]),
            command=command,
            every_s=None,
            by="alder",
            answered=answered,
        )
        if day.host.names.tell("orders", give):
            day.world.park(ANSWER_WITHIN_S, waits)
        if answers and answers[0] is None:
            day.asked.queued.add(order_id)
            return True
        if command is not DeviceCommand.LOCATE and answers:
            return False
        day.world.sleep(PRESSED_AGAIN_S)
    return False


def _opens(day: "Day", item: Item, report: DeviceReport) -> None:
    """A report of theirs comes on a connection, on which they can be written to."""
    device = report.device
    if device != devices()[CARRIER][1] or day.host.roster.device(device) is None:
        return
    until_s = day.world.boottime_s() + OPEN_S

    def write(data: bytes) -> None:
        day.asked.written[data.decode()] += 1
        _answers(day, item)

    def is_open() -> bool:
        return day.world.boottime_s() < until_s

    day.host.lines.here(
        device, Line(wire=cast("WireProtocol", WIRE), write=write, is_open=is_open)
    )


def _answers(day: "Day", item: Item) -> None:
    """Have the device say where it is, some seconds after it was asked."""

    def answer() -> None:
        day.world.sleep(item.n)
        _speaks(day)

    day.world.begin(answer, "device")


def _until_over(day: "Day", item: Item) -> None:
    for _ in range(LOOKS):
        day.world.sleep(LOOK_S)
        if day.asked.is_over(day.disk):
            break
        if item.what != "order_by_sms":
            _speaks(day)
    day.host.orders_wait = False
    if day.asked.queued and day.asked.is_over(day.disk):
        day.struck(item.what)
