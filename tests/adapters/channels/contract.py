"""What every channel over TCP must do, against a real far end on loopback.

A channel's test module makes a class that inherits `ChannelContract` and gives the
fixture `rig`.
"""

import socket
import threading
import time
import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from adapters.demo.farends.shelf import Mode, Switch
from engine.errors import ConfigError, DeliveryError, DeliveryUnknownError
from engine.metrics import Metrics
from engine.ports.channel import Channel, Message, PersonalMessage, PublicMessage
from engine.values import ChannelName, EffectId, Instant, PublicText

ADDRESS = "heron.person@example.org"
TEXT = "SOS K7F2 Heron 41.31151,69.27974 +-20m.\nÄ second line, Шеф.\n.dot"

NOTIFICATION = PersonalMessage(
    key=EffectId("alarm:42/notify/1/person:heron/email"),
    channel=ChannelName("tested"),
    address=ADDRESS,
    text=TEXT,
    subject="Message for Lantern",
    language="en",
    planned_at=Instant(0),
    data={"alarm": "42"},
)


MADE: list[Channel[Any]] = []
"""What this test has made; the fixture `closes_channels` closes it."""


class LoopbackClock:
    """The machine's clock, moved by `ahead_s`."""

    ahead_s = 0.0

    def now(self) -> Instant:
        """Return UTC."""
        seconds = time.clock_gettime(time.CLOCK_REALTIME) + self.ahead_s
        return Instant(int(seconds * 1000))

    def boottime_s(self) -> float:
        """Return seconds since the machine's start."""
        return time.clock_gettime(time.CLOCK_BOOTTIME)

    def sleep(self, seconds: float) -> None:
        """Refuse: no channel sleeps."""
        raise AssertionError(seconds)


@dataclass(kw_only=True)
class Rig:
    """A channel class, the options that reach its far end, and what that has got."""

    cls: Callable[..., Channel[Any]]
    options: Mapping[str, object]
    address_key: str
    switch: Switch
    kept: Callable[[], int]
    carries: type[Message] = PersonalMessage
    clock: LoopbackClock = field(default_factory=LoopbackClock)
    metrics: Metrics = field(
        default_factory=lambda: Metrics({"channel": ["tested"]}, strict=True)
    )

    def channel(self, **options: object) -> Channel[Any]:
        """Make the channel, some options changed."""
        made = self.cls(
            "tested",
            {**self.options, **options},
            clock=self.clock,
            telemetry=self.metrics,
        )
        MADE.append(made)
        return made

    def unreachable(self) -> Mapping[str, object]:
        """Return options for a port where nobody listens."""
        with socket.create_server(("127.0.0.1", 0)) as closed:
            port = closed.getsockname()[1]
        if self.address_key == "url":
            return {"url": f"http://127.0.0.1:{port}"}
        return {"port": port}

    def elsewhere(self) -> Mapping[str, object]:
        """Return options for another machine (TEST-NET-1, RFC 5737)."""
        if self.address_key == "url":
            return {"url": "https://192.0.2.1/"}
        return {"host": "192.0.2.1"}

    def now(self) -> Any:
        """Return a message planned now, of the kind that the channel carries."""
        now = self.clock.now()
        if self.carries is PersonalMessage:
            return replace(NOTIFICATION, planned_at=now)
        return PublicMessage(
            key=NOTIFICATION.key,
            channel=NOTIFICATION.channel,
            address=ADDRESS,
            text=PublicText(TEXT),
            language="en",
            planned_at=now,
        )


def assert_keeps_silent(error: BaseException) -> None:
    """Hold that neither recipient nor text shows, however the error is printed."""
    for chained in (True, False):
        shown = "".join(traceback.format_exception(error, chain=chained))
        for secret in (ADDRESS, "heron", "Heron", "41.31151", "Lantern"):
            assert secret not in shown.replace("contract.py", "")


class ChannelContract:
    """Inherit, and give `rig`."""

    def test_a_notification_arrives_and_has_a_reference(self, rig: Rig) -> None:
        receipt = rig.channel().send(rig.now())
        assert receipt.reference
        assert ADDRESS not in receipt.reference
        assert rig.kept() == 1

    def test_the_same_channel_sends_again_and_again(self, rig: Rig) -> None:
        channel = rig.channel()
        for number in range(3):
            key = EffectId(f"alarm:42/notify/{number}")
            channel.send(replace(rig.now(), key=key))
        assert rig.kept() == 3

    def test_a_refusal_is_certain_and_final(self, rig: Rig) -> None:
        rig.switch.turn(Mode.REFUSE)
        with pytest.raises(DeliveryError) as refusal:
            rig.channel().send(rig.now())
        assert refusal.value.retry is False
        assert refusal.value.channel == "tested"
        assert rig.kept() == 0
        assert_keeps_silent(refusal.value)

    def test_a_port_where_nobody_listens_is_certain_and_worth_a_retry(
        self, rig: Rig
    ) -> None:
        channel = rig.channel(**rig.unreachable())
        with pytest.raises(DeliveryError) as failure:
            channel.send(rig.now())
        assert failure.value.retry is True
        assert_keeps_silent(failure.value)
        with pytest.raises(DeliveryError):
            channel.check()

    def test_a_connection_lost_after_the_data_is_unknown(self, rig: Rig) -> None:
        rig.switch.turn(Mode.DROP)
        with pytest.raises(DeliveryUnknownError) as doubt:
            rig.channel().send(rig.now())
        assert rig.kept() == 1
        assert_keeps_silent(doubt.value)

    def test_a_silent_far_end_is_unknown_after_the_time_out(self, rig: Rig) -> None:
        rig.switch.turn(Mode.HANG)
        channel = rig.channel(**_quick(rig))
        with pytest.raises(DeliveryUnknownError) as doubt:
            channel.send(rig.now())
        assert rig.kept() == 1
        assert_keeps_silent(doubt.value)

    def test_an_interrupt_ends_a_blocked_send_and_leaves_it_unknown(
        self, rig: Rig
    ) -> None:
        rig.switch.turn(Mode.HANG)
        channel = rig.channel()
        ended: list[Exception] = []

        def send() -> None:
            try:
                channel.send(rig.now())
            except (DeliveryError, DeliveryUnknownError) as error:
                ended.append(error)

        sender = threading.Thread(target=send)
        sender.start()
        began_s = rig.clock.boottime_s()
        while rig.kept() == 0:
            assert rig.clock.boottime_s() - began_s < 5
        channel.interrupt()
        sender.join(2)
        assert not sender.is_alive()
        assert [type(error) for error in ended] == [DeliveryUnknownError]

    def test_an_interrupt_while_nothing_is_sent_spoils_nothing(self, rig: Rig) -> None:
        channel = rig.channel()
        channel.interrupt()
        channel.send(rig.now())
        channel.interrupt()
        channel.send(replace(rig.now(), key=EffectId("another")))
        assert rig.kept() == 2

    def test_a_check_sends_nothing(self, rig: Rig) -> None:
        rig.channel().check()
        assert rig.kept() == 0

    def test_closing_gives_back_and_a_restarted_actor_sends_again(
        self, rig: Rig
    ) -> None:
        channel = rig.channel()
        channel.send(rig.now())
        channel.close()
        channel.close()
        channel.send(replace(rig.now(), key=EffectId("another")))
        assert rig.kept() == 2
        channel.close()

    def test_the_phases_are_measured(self, rig: Rig) -> None:
        rig.channel().send(rig.now())
        shown = rig.metrics.expose()[0].decode()
        for phase in ("connect", "request", "answer"):
            labels = f'{{channel="tested",phase="{phase}"}}'
            line = f"natalia_channel_phase_seconds_count{labels} 1.0"
            assert line in shown

    def test_only_loopback_refuses_any_other_address(self, rig: Rig) -> None:
        rig.channel(only_loopback=True).send(rig.now())
        with pytest.raises(ConfigError) as refusal:
            rig.channel(only_loopback=True, **rig.elsewhere())
        assert refusal.value.key == f"channel.tested.options.{rig.address_key}"
        assert "192.0.2.1" not in str(refusal.value)

    def test_an_unknown_option_is_named_with_the_nearest_known_one(
        self, rig: Rig
    ) -> None:
        with pytest.raises(ConfigError) as fault:
            rig.channel(conect_timeout_s=3)
        assert fault.value.key == "channel.tested.options.conect_timeout_s"
        assert "connect_timeout_s" in fault.value.cure

    def test_a_missing_option_is_named(self, rig: Rig) -> None:
        with pytest.raises(ConfigError) as fault:
            rig.cls("tested", {}, clock=rig.clock, telemetry=rig.metrics)
        assert fault.value.key.startswith("channel.tested.options.")

    def test_a_wrong_option_is_named_and_its_value_not_shown(self, rig: Rig) -> None:
        with pytest.raises(ConfigError) as fault:
            rig.channel(read_timeout_s="hunter2")
        assert fault.value.key == "channel.tested.options.read_timeout_s"
        assert "hunter2" not in str(fault.value)

    def test_the_whole_time_out_covers_its_phases(self, rig: Rig) -> None:
        channel = rig.channel(connect_timeout_s=1, read_timeout_s=2)
        assert 3 < channel.timeout_s < 300


def _quick(rig: Rig) -> Mapping[str, object]:
    quick = {"read_timeout_s": 0.2}
    return quick if rig.address_key == "url" else {**quick, "accept_timeout_s": 0.2}
