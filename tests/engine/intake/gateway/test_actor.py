"""A gateway that is replaced leaves nobody connected to it."""

import socket
from collections.abc import Callable, Sequence
from random import Random
from threading import Event

import pytest

from adapters.devices import gt06_encode
from adapters.devices.gt06 import Gt06
from adapters.devices.osmand import Osmand
from engine.clock import SystemClock
from engine.descriptors import Needs, shared_out
from engine.health import Health
from engine.intake.gateway.actor import Gateway
from engine.intake.gateway.certificates import CertificateWatch
from engine.intake.gateway.door import Door
from engine.intake.gateway.listener_watch import ListenerWatch, Listening
from engine.intake.orders.lines import Lines
from engine.intake.vigil.attendance import Attendance
from engine.ports.journal import Request
from engine.supervision.event_loop import SILENT_MAX_S, LoopStuckError
from engine.supervision.link import Link
from engine.supervision.tree import Tree
from tests.engine.dispatch.ledger import Ledger
from tests.engine.intake.reports import HERONS, Meter, judge_of, report
from tests.fakes import START
from tests.simulation.runtime import World

PATIENCE_S = 5.0
NEEDS = Needs(listeners=1, modems=0, lanes=0, devices=2)


def test_a_device_is_not_left_speaking_to_a_gateway_that_has_ended() -> None:
    listening = socket.create_server(("127.0.0.1", 0))
    lines = Lines(lambda _: None)
    gateway = _gateway(listening, lines)
    gateway.started()
    with listening, socket.create_connection(listening.getsockname()) as device:
        device.settimeout(PATIENCE_S)
        device.sendall(gt06_encode.log_in(HERONS))
        assert device.recv(100), "the log-in is answered"
        assert HERONS in lines
        gateway.stopping()
        assert device.recv(100) == b"", "it connects again, and is heard"
    assert HERONS not in lines, "no order is written to nobody"


class Clock(SystemClock):
    """The engine's own, which a test sets forward."""

    ahead_s = 0.0

    def boottime_s(self) -> float:
        return super().boottime_s() + self.ahead_s


def test_a_loop_that_stood_still_and_goes_on_serves_nobody_beside_its_successor() -> (
    None
):
    clock = Clock(None)
    listening = socket.create_server(("127.0.0.1", 0))
    gateway = _gateway(listening, Lines(lambda _: None), clock=clock)
    gateway.started()
    with listening, socket.create_connection(listening.getsockname()) as device:
        device.settimeout(PATIENCE_S)
        device.sendall(gt06_encode.log_in(HERONS))
        assert device.recv(100), "the log-in is answered"
        goes_on = Event()

        def stand_still() -> None:
            goes_on.wait(PATIENCE_S)

        def look_each_second() -> None:
            for _ in range(int(2 * SILENT_MAX_S)):
                clock.ahead_s += 1
                gateway.woke()

        gateway._loop.soon(stand_still)
        with pytest.raises(LoopStuckError):
            look_each_second()
        goes_on.set()
        assert device.recv(100) == b"", "it connects again, to the successor"
    gateway.stopping()


def test_hq_hears_of_an_sos_that_the_disk_has_not_taken_for_ten_seconds() -> None:
    world = World(1)
    told: list[Request] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        ledger = Ledger(world)
        ledger.submit = lambda *_: None  # type: ignore[method-assign]
        gateway = _gateway(listening, Lines(lambda _: None), ledger, told.extend)
        gateway.started()
        try:
            gateway._door.let_in([report()], lambda _: None)
            world.run(9)
            gateway.woke()
            assert told == []
            world.run(1)
            gateway.woke()
            assert [type(one).__name__ for one in told] == ["Record"]
        finally:
            gateway.stopping()


def test_a_trackers_port_knows_which_wire_protocols_carry_a_secret() -> None:
    trackers, phones = (socket.create_server(("127.0.0.1", 0)) for _ in range(2))
    with trackers, phones:
        gateway = _gateway(trackers, Lines(lambda _: None), phones=phones)
        gateway.started()
        gateway.stopping()
    assert gateway._door.with_secret == {"osmand"}


def _gateway(
    listening: socket.socket,
    lines: Lines,
    ledger: Ledger | None = None,
    not_recorded: Callable[[Sequence[Request]], None] = lambda _: None,
    clock: SystemClock | None = None,
    phones: socket.socket | None = None,
) -> Gateway:
    ledger = Ledger(World(1)) if ledger is None else ledger
    world = ledger.clock
    door = Door(
        judge=judge_of(clock=world),
        journal=ledger,
        clock=world,
        telemetry=Meter(),
        hint=lambda _: True,
        recorded=lambda _: None,
        not_recorded=not_recorded,
        attendance=Attendance(START),
    )
    clock = SystemClock(None) if clock is None else clock
    link = Link(
        "gateway", Tree(clock=clock, chance=Random(1).random), changed=lambda _: None
    )
    health = Health(Meter())
    return Gateway(
        link=link,
        streams={"gt06": (Gt06(), listening)},
        https={} if phones is None else {"osmand": (Osmand(), phones)},
        tls=dict,
        certificates=CertificateWatch(dict, health, Meter()),
        lines=lines,
        door=door,
        telemetry=Meter(),
        listening=Listening(
            watch=ListenerWatch(health, clock, lambda _: None, lambda _: None),
            shares=lambda: shared_out(4_096, NEEDS),
        ),
    )
