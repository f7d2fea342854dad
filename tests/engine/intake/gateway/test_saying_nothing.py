"""Separators by the thousand, which say nothing, beside devices that say something."""

import asyncio

from adapters.devices.gps103 import Gps103, Gps103Udp
from engine.intake.gateway.guard import Guard
from engine.intake.gateway.tcp import DeviceConnection
from engine.intake.gateway.turns import WAITING_MAX
from engine.intake.gateway.udp import DeviceDatagrams
from engine.intake.orders.lines import Lines
from tests.engine.intake.gateway.test_tcp import Wire, is_enrolled
from tests.engine.intake.gateway.test_turns import PLACE, Scene

SEPARATORS = b";" * (WAITING_MAX + 1)


def test_a_stranger_who_sends_them_has_no_place_give_way_bug_of_everybody() -> None:
    async def scene() -> None:
        it, wire = Scene(), Wire()
        it.let_in(PLACE)
        lines, guard = Lines(lambda _: None), Guard(is_enrolled)
        connection = DeviceConnection(
            Gps103(), it.turns, it.clock, it.meter, lambda *_: None, guard, lines
        )
        connection.connection_made(wire)
        connection.received(SEPARATORS * 3)
        for _ in range(1_000):
            await asyncio.sleep(0)
        assert "reports_shed_total" not in it.meter.counted
        assert it.answers == [True]
        assert it.door.reports == [PLACE]
        connection.connection_lost(None)

    asyncio.run(scene())


def test_nor_has_one_datagram_of_them() -> None:
    async def scene() -> None:
        it = Scene()
        it.let_in(PLACE)
        datagrams = DeviceDatagrams(
            Gps103Udp(),
            it.turns,
            it.clock,
            lines=Lines(lambda _: None),
            is_enrolled=is_enrolled,
            soon=lambda job: job(),
        )
        datagrams.datagram_received(SEPARATORS, ("192.0.2.1", 5))
        await asyncio.sleep(0)
        assert "reports_shed_total" not in it.meter.counted
        assert it.answers == [True]

    asyncio.run(scene())
