"""A planned effect that cannot be read ends nobody but itself."""

import pytest
from msgspec import structs

from engine.dispatch.actor import Idle, Planned, Take
from engine.dispatch.queue import Queue
from engine.health import Health
from engine.ports.journal import EffectRow
from engine.supervision.actor import SupervisedActor
from engine.supervision.child import ChildSpec
from engine.supervision.link import Link
from tests.engine.dispatch.ledger import Ledger, row_of
from tests.engine.dispatch.wiring import dispatcher_on
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import Meter
from tests.simulation.runtime import World


class Modem(SupervisedActor[Take]):
    """Takes what it is given, and asks for more."""

    def __init__(self, *, link: Link, taken: list[str]) -> None:
        super().__init__(link=link)
        self._taken = taken

    def started(self) -> None:
        self._ask()

    def handle(self, message: Take) -> None:
        self._taken.append(message.row.effect_id)
        self._ask()

    def _ask(self) -> None:
        idle = Idle(worker=self.link.name, channels=("sms",))
        self.link.tree.names.tell("dispatcher", idle)


def damaged(effect: str, avoid_route: str = "") -> EffectRow:
    return structs.replace(row_of(effect, avoid_route=avoid_route, repeat=5), body=b"{")


@pytest.mark.parametrize("avoid_route", ["", "modem-3"])
def test_with_two_modems_idle_it_does_not_end_the_dispatcher_at_each_look(
    avoid_route: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Which is the better of the two was asked of its address."""
    world, taken = World(1), list[str]()
    ledger, tree, meter = Ledger(world), tree_in(world), Meter()
    told: list[object] = []
    dispatcher = dispatcher_on(ledger, told.append, meter=meter, health=Health(meter))
    modems = [
        ChildSpec(name=name, actor=Modem, arguments={"taken": taken})
        for name in ("modem-1", "modem-2")
    ]
    grow(tree, world, [dispatcher, *modems])
    rows = (damaged("e1", avoid_route), row_of("e2"))
    ledger.plan(*rows)
    tree.names.tell("dispatcher", Planned(rows=rows))
    world.run(1)
    assert sorted(taken) == ["e1", "e2"]
    assert "dispatcher failed" not in caplog.text


def test_a_repeat_that_cannot_be_read_has_its_place_in_the_queue() -> None:
    queue = Queue()
    queue.offer(damaged("e1", "modem-1"))
    taken = queue.take(("sms",), lambda _: False)
    assert taken is not None
    assert taken.effect_id == "e1"
