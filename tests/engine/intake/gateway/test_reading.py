"""Who is read at once, and who waits: how much of each is received."""

import asyncio

from adapters.devices import gt06_encode
from engine.intake.gateway import tcp
from engine.ports.device import ReportKind
from tests.engine.intake.gateway.test_tcp import LOG_IN, SOS, Rig

OF_A_STRANGER = gt06_encode.log_in("990000000000011")


def test_who_has_not_said_who_they_are_is_read_in_the_turn_of_their_network() -> None:
    async def scene() -> None:
        rig = Rig()
        rig.connection.received(OF_A_STRANGER)
        assert rig.gate.reports == []
        assert not rig.wire.is_reading()
        rig.gate.work()
        assert len(rig.gate.reports) == 1
        assert rig.wire.is_reading()
        assert rig.gate.whose == ["192.0.2.1 "]
        rig.connection.connection_lost(None)

    asyncio.run(scene())


def test_an_enrolled_device_is_read_at_once_from_its_log_in_on() -> None:
    """It waited behind the flood of others who share its address."""

    async def scene() -> None:
        rig = Rig()
        rig.connection.received(LOG_IN + SOS)
        assert len(rig.gate.reports) == 2
        rig.connection.received(SOS)
        assert len(rig.gate.reports) == 3
        rig.connection.received(SOS * 20)
        assert rig.gate.whose == ["192.0.2.1 004999010640018"]
        rig.gate.work()
        rig.connection.connection_lost(None)

    asyncio.run(scene())


def test_a_name_counts_in_what_comes_first_alone() -> None:
    async def scene() -> None:
        rig = Rig()
        rig.say(OF_A_STRANGER)
        rig.connection.received(b"004999010640018 ")
        assert len(rig.gate.jobs) == 1
        rig.connection.connection_lost(None)
        rig.gate.work()

    asyncio.run(scene())


def test_where_too_much_waits_hq_is_shown_what_is_not_read_of_who_hangs_up() -> None:
    """It was forgotten, and many devices say an SOS once and expect no answer."""

    async def scene() -> None:
        rig = Rig()
        rig.connection.received(OF_A_STRANGER)
        rig.gate.crowded = True
        rig.connection.connection_lost(None)
        rig.gate.work()
        (shown,) = rig.gate.reports
        assert (shown.kind, shown.device) == (ReportKind.UNDECODABLE, None)
        assert shown.raw == OF_A_STRANGER
        rig.gate.answer(is_durable=True)
        assert rig.meter.counted["unread_let_go_total"] == 1

    asyncio.run(scene())


def test_a_bounded_part_is_received_at_once_and_all_that_tls_has() -> None:
    async def scene() -> None:
        rig = Rig()
        assert len(rig.connection.get_buffer(0)) == tcp.OVER_TLS_BYTES
        buffer = rig.connection.get_buffer(-1)
        assert len(buffer) == tcp.RECEIVED_BYTES
        buffer[: len(LOG_IN)] = LOG_IN
        rig.connection.buffer_updated(len(LOG_IN))
        rig.gate.work()
        assert len(rig.gate.reports) == 1
        rig.connection.connection_lost(None)

    asyncio.run(scene())
