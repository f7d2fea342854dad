"""Who is read at once, and who waits: how much of each is received."""

import asyncio

import pytest

from adapters.devices import gt06_encode
from engine.intake.gateway import tcp
from engine.ports.device import ReportKind
from tests import own_time
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

    own_time.run(scene())


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

    own_time.run(scene())


def test_a_name_counts_in_what_comes_first_alone() -> None:
    async def scene() -> None:
        rig = Rig()
        rig.say(OF_A_STRANGER)
        rig.connection.received(b"004999010640018 ")
        assert len(rig.gate.jobs) == 1
        rig.connection.connection_lost(None)
        rig.gate.work()

    own_time.run(scene())


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

    own_time.run(scene())


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

    own_time.run(scene())


def test_who_waits_long_for_a_turn_costs_no_round_of_the_loop_meanwhile(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Each of thousands was looked at in every round, once ten seconds had passed."""
    monkeypatch.setattr(tcp, "HALF_FRAME_S", 0.01)
    looks: list[float] = []
    look = tcp.DeviceConnection._look

    def counted(one: tcp.DeviceConnection, loop: asyncio.AbstractEventLoop) -> None:
        looks.append(loop.time())
        look(one, loop)

    monkeypatch.setattr(tcp.DeviceConnection, "_look", counted)

    async def scene() -> None:
        rig = Rig()
        rig.connection.received(OF_A_STRANGER)
        await asyncio.sleep(0.2)
        assert len(looks) <= 20
        rig.connection.connection_lost(None)
        rig.gate.work()

    own_time.run(scene())


def test_what_came_while_the_half_before_it_waited_is_not_cut_off_from_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It lay in the kernel, since nothing is received of who waits."""
    monkeypatch.setattr(tcp, "HALF_FRAME_S", 0.05)

    async def scene() -> None:
        rig = Rig()
        rig.connection.received(OF_A_STRANGER[:-6])
        await asyncio.sleep(0.1)
        rig.gate.work()
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        rig.connection.received(OF_A_STRANGER[-6:])
        rig.gate.work()
        (whole,) = rig.gate.reports
        assert whole.kind is ReportKind.LOGIN
        rig.connection.connection_lost(None)

    own_time.run(scene())
