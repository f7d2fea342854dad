"""Orders over rows and restarts: by connection, else by SMS, or given up."""

from dataclasses import replace

import pytest

from adapters.devices.gt06 import Gt06
from adapters.devices.tk103 import Tk103
from adapters.devices.watch import Watch
from engine.dispatch.actor import Planned
from engine.dispatch.body import decode_body
from engine.errors import NO_ROOM, PAGE_UNREAD
from engine.intake.judge import Judge
from engine.intake.orders.actor import NOT_KNOWN, Give, Orders, Reached
from engine.intake.orders.lines import Line, Lines, writer_of
from engine.journal.memory import Medium
from engine.ports.device import DeviceCommand, DeviceOrder, WireProtocol
from engine.roster.model import Number
from engine.supervision.actor import SupervisedActor
from engine.supervision.child import ChildSpec
from engine.supervision.link import Link
from engine.values import DeviceId, Instant
from tests.engine.dispatch.ledger import DAMAGED, FULL, LOST, SILENT, Ledger
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import HERONS, ROSTER, STRANGERS, judge_of
from tests.fakes import START
from tests.simulation.runtime import World

LOCATE = DeviceCommand.LOCATE
SIM = Number("+998460000099")
DEVICES = tuple(
    replace(one, wire_protocol="tk103", number=SIM) if one.device == HERONS else one
    for one in ROSTER.devices
)


def allowing(judge: Judge, *commands: DeviceCommand) -> Judge:
    registry = judge.registry()
    protocols = {
        name: replace(one, device_commands=frozenset(commands))
        for name, one in registry.protocols.items()
    }
    allowed = replace(registry, protocols=protocols)
    return replace(judge, registry=lambda: allowed)


class Sent(SupervisedActor[object]):
    """Stands for the dispatcher."""

    def __init__(self, *, link: Link, texts: list[tuple[str, str]]) -> None:
        super().__init__(link=link)
        self.texts = texts

    def handle(self, message: object) -> None:
        assert isinstance(message, Planned)
        for body in (decode_body(row.body) for row in message.rows):
            self.texts.append((body.address, body.text(START)))


class Rig:
    """One process; `again` is the next one over the same rows."""

    def __init__(
        self,
        *commands: DeviceCommand,
        medium: Medium | None = None,
        now: Instant = START,
    ) -> None:
        self.commands = commands
        self.world = World(1, now)
        self.medium = medium or Medium()
        self.ledger = Ledger(self.world, self.medium)
        roster = replace(ROSTER, devices=DEVICES)
        self.judge = allowing(judge_of(roster, clock=self.world), *commands)
        self.texts: list[tuple[str, str]] = []
        self.written: list[bytes] = []
        self.answers: list[str | None] = []
        self.tree = tree_in(self.world)
        self.lines = Lines(self._reached)
        self.wires: dict[str, WireProtocol] = {"tk103": Tk103(), "gt06": Gt06()}
        arguments = {
            "judge": self.judge,
            "lines": self.lines,
            "wires": self.wires,
            "journal": self.ledger,
            "readers": self.ledger,
        }
        children = [
            ChildSpec(name="dispatcher", actor=Sent, arguments={"texts": self.texts}),
            ChildSpec(name="orders", actor=Orders, arguments=arguments),
        ]
        grow(self.tree, self.world, children)

    def again(self) -> "Rig":
        return Rig(*self.commands, medium=self.medium, now=self.world.now())

    def connect(self, wire: WireProtocol | None = None) -> Line:
        line = Line(wire or Tk103(), self.written.append)
        self.lines.here(HERONS, line)
        self.world.run(0.1)
        return line

    def give(
        self, command: DeviceCommand = LOCATE, device: DeviceId = HERONS
    ) -> str | None:
        give = Give(
            order_id=f"order-{len(self.answers)}",
            device=device,
            command=command,
            every_s=60,
            by="alder",
            answered=self.answers.append,
        )
        assert self.tree.names.tell("orders", give)
        self.world.run(0.1)
        return self.answers[-1]

    def facts(self) -> list[str]:
        rows = self.ledger.store.reader().stream("order/order-0")
        return [row.kind.removeprefix("Order") for row in rows]

    def _reached(self, device: DeviceId) -> None:
        self.tree.names.tell("orders", Reached(device=device))


def test_a_connected_device_is_asked_at_once() -> None:
    rig = Rig(LOCATE)
    rig.connect()
    assert rig.give() is None
    assert rig.written == [f"({HERONS}AP00)".encode()]
    assert rig.facts() == ["Given", "Sent"]
    rig.world.run(600)
    assert len(rig.written) == 1
    assert rig.texts == []


def test_one_that_is_away_is_asked_when_it_comes() -> None:
    rig = Rig(LOCATE)
    rig.give()
    assert rig.facts() == ["Given"]
    rig.world.run(30)
    rig.connect()
    assert rig.facts() == ["Given", "Sent"]
    assert rig.lines.wanted == frozenset()


def test_after_a_minute_its_sim_gets_an_sms() -> None:
    rig = Rig(LOCATE)
    rig.give()
    rig.world.run(55)
    assert rig.texts == []
    rig.world.run(15)
    assert rig.texts == [(SIM, "*getposl*")]
    rig.world.run(600)
    assert len(rig.texts) == 1
    rig.connect()
    assert rig.written == []


def test_a_session_that_knows_its_device_writes_in_its_form() -> None:
    rig, wire = Rig(LOCATE), Watch()
    session = wire.session()
    session.feed(b"[3G*123456789012345*0002*LK]", START)
    rig.lines.here(HERONS, Line(writer_of(wire, session), rig.written.append))
    rig.give()
    assert rig.written == [f"[3G*{HERONS}*0002*CR]".encode()]


class Mistaken(Tk103):
    """A wire protocol that raises, or says something else, over an order."""

    said: object = None

    def order(self, order: DeviceOrder) -> bytes | None:
        if self.said is None:
            raise KeyError(order.device)
        return self.said  # type: ignore[return-value] # what is tried


class MistakenBySms(Tk103):
    def order_by_sms(self, order: DeviceOrder) -> str | None:
        raise KeyError(order.device)


@pytest.mark.parametrize("said", [None, "(AP00)"])
def test_a_wire_protocol_that_makes_a_mistake_leaves_the_order_to_the_sms(
    said: object, caplog: pytest.LogCaptureFixture
) -> None:
    """It ended the actor, and with it the connection of every device, again and again.

    Whoever came back met the order that waited.
    """
    rig, wire = Rig(LOCATE), Mistaken()
    wire.said = said
    rig.connect(wire)
    assert rig.give() is None
    rig.world.run(30)
    rig.connect(wire)
    assert rig.facts() == ["Given"]
    rig.world.run(70)
    assert rig.texts == [(SIM, "*getposl*")]
    assert rig.written == []
    (told,) = caplog.records
    assert vars(told)["protocol"] == "Mistaken.order"
    assert HERONS not in told.getMessage()


def test_an_order_that_no_sms_can_say_waits_for_the_connection() -> None:
    rig = Rig(LOCATE)
    rig.wires["tk103"] = MistakenBySms()
    rig.give()
    rig.world.run(90)
    rig.connect()
    assert rig.facts() == ["Given", "Sent"]
    assert rig.texts == []


def test_an_interval_goes_by_sms_too() -> None:
    rig = Rig(DeviceCommand.INTERVAL)
    rig.give(DeviceCommand.INTERVAL)
    rig.world.run(70)
    assert rig.texts == [(SIM, "*routetrack*99*")]
    assert rig.facts() == ["Given", "Sent"]


def test_an_address_that_is_no_more_written_to_leaves_the_order_to_the_sms() -> None:
    rig = Rig(LOCATE)
    rig.lines.here(HERONS, Line(Tk103(), rig.written.append, lambda: False))
    rig.give()
    assert rig.facts() == ["Given"]
    rig.world.run(70)
    assert (rig.written, rig.texts) == ([], [(SIM, "*getposl*")])


def test_where_nobody_knows_the_words_it_waits_for_a_day() -> None:
    rig = Rig(DeviceCommand.VIBRATE)
    rig.give(DeviceCommand.VIBRATE)
    rig.world.run(23 * 3600)
    assert rig.facts() == ["Given"]
    assert rig.texts == []
    rig.world.run(2 * 3600)
    assert rig.facts() == ["Given", "GivenUp"]
    rig.connect()
    assert rig.written == []


def test_it_outlives_kill_9() -> None:
    rig = Rig(LOCATE)
    rig.give()
    after = rig.again()
    after.connect()
    assert after.written == [f"({HERONS}AP00)".encode()]
    assert after.facts() == ["Given", "Sent"]


@pytest.mark.parametrize("command", list(DeviceCommand))
def test_what_the_action_protocol_does_not_allow_is_refused(
    command: DeviceCommand,
) -> None:
    rig = Rig()
    rig.connect()
    assert rig.give(command) == "the action protocol does not allow this command"
    assert rig.written == []
    assert rig.facts() == []


def test_what_is_not_allowed_any_more_is_not_sent_bug_it_waited_for_the_device() -> (
    None
):
    rig = Rig(LOCATE)
    rig.give()
    after = Rig(medium=rig.medium, now=rig.world.now())
    after.connect()
    after.world.run(70)
    assert (after.written, after.texts) == ([], [])
    assert after.facts() == ["Given"]
    after.world.run(24 * 3600)
    assert after.facts() == ["Given", "GivenUp"]


def test_a_device_that_is_out_of_the_roster_is_asked_once_it_is_back_in_it() -> None:
    rig = Rig(LOCATE)
    rig.give()
    before = rig.judge.board.roster()
    rig.judge.board.replace(replace(before, devices=()))
    rig.connect()
    rig.world.run(10)
    assert rig.written == []
    assert rig.facts() == ["Given"]
    rig.judge.board.replace(before)
    rig.world.run(10)
    assert rig.facts() == ["Given", "Sent"]


def test_a_strangers_device_is_not_asked() -> None:
    assert Rig(LOCATE).give(device=STRANGERS) == "no such device is enrolled"


@pytest.mark.parametrize(("fault", "said"), [(FULL, NO_ROOM), (DAMAGED, PAGE_UNREAD)])
def test_what_could_not_be_recorded_is_said_and_not_sent(fault: str, said: str) -> None:
    rig = Rig(LOCATE)
    rig.connect()
    rig.ledger.fault = lambda _: fault
    assert rig.give() == said, "it said to give it again, and not what is wrong"
    assert rig.written == []


@pytest.mark.parametrize("fault", [SILENT, LOST, FULL])
def test_what_was_written_is_not_written_again_bug_at_each_report_of_the_device(
    fault: str,
) -> None:
    rig = Rig(LOCATE)
    rig.give()
    rig.ledger.fault = lambda _: fault
    for _ in range(20):
        rig.connect()
        rig.world.run(1)
    assert len(rig.written) == 1
    rig.ledger.fault = lambda _: ""
    rig.world.run(10)
    assert rig.facts() == ["Given", "Sent"]
    rig.connect()
    assert len(rig.written) == 1
    asked = len(rig.ledger.asked)
    rig.world.run(60)
    assert len(rig.ledger.asked) == asked


def test_an_order_whose_recording_had_no_answer_goes_out_bug_after_a_restart() -> None:
    rig = Rig(LOCATE)
    rig.connect()
    rig.ledger.fault = lambda _: LOST
    assert rig.give() == NOT_KNOWN
    rig.ledger.fault = lambda _: ""
    rig.world.run(10)
    assert len(rig.written) == 1
    assert rig.facts() == ["Given", "Sent"]
    after = rig.again()
    after.connect()
    assert after.written == []


def test_an_order_that_never_became_durable_is_not_sent() -> None:
    rig = Rig(LOCATE)
    rig.connect()
    rig.ledger.fault = lambda _: SILENT
    assert rig.give() == NOT_KNOWN
    rig.world.run(60)
    rig.ledger.fault = lambda _: ""
    rig.world.run(25 * 3600)
    assert rig.written == []


def test_an_order_of_yesterday_is_not_sent_though_it_could_not_be_given_up() -> None:
    rig = Rig(LOCATE)
    rig.give()
    rig.ledger.fault = lambda _: FULL
    rig.world.run(25 * 3600)
    rig.connect()
    rig.world.run(10)
    rig.ledger.fault = lambda _: ""
    rig.world.run(10)
    assert (rig.written, rig.texts) == ([], [])
    assert rig.facts() == ["Given", "GivenUp"]


def test_a_wire_protocol_that_knows_no_commands_gets_none() -> None:
    rig = Rig(LOCATE)
    rig.connect(Gt06())
    rig.give()
    assert rig.written == []
    assert rig.facts() == ["Given"]


def test_an_old_connection_that_ends_late_takes_no_new_one_with_it() -> None:
    rig = Rig(LOCATE)
    old, _ = rig.connect(), rig.connect()
    rig.lines.gone(HERONS, old)
    rig.give()
    assert len(rig.written) == 1
