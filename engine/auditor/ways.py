"""The auditor's own ways to people: none of them is the engine's."""

from collections.abc import Sequence
from typing import Protocol

from engine.ports.channel import Channel, Notification
from engine.ports.clock import Clock
from engine.ports.modem import ModemDriver
from engine.values import ChannelName, EffectId

SUBJECT = "AUDITOR: alarms stand still"
LATE_S = 60.0
VALIDITY_MIN = 60


class Way(Protocol):
    """One way to people; `tell` raises an `EngineError` where it is no way now."""

    def tell(self, text: str) -> None:
        """Tell everybody whom this way reaches; may block for a minute."""


class ByChannel:
    """E-mail, a webhook: whatever is a channel."""

    def __init__(
        self, channel: Channel, addresses: Sequence[str], clock: Clock
    ) -> None:
        """Take the channel and whom it shall reach."""
        self._channel, self._addresses, self._clock = channel, addresses, clock

    def tell(self, text: str) -> None:
        """Send to each address."""
        now = self._clock.now()
        for number, address in enumerate(self._addresses):
            self._channel.send(
                Notification(
                    key=EffectId(f"auditor.{now.ms}.{number}"),
                    channel=ChannelName(self._channel.name),
                    address=address,
                    text=text,
                    subject=SUBJECT,
                    planned_at=now,
                )
            )


class ByModem:
    """A modem of the auditor's own; opened for each message, closed after it."""

    def __init__(self, driver: ModemDriver, numbers: Sequence[str]) -> None:
        """Take the driver; nothing is opened yet."""
        self._driver, self._numbers = driver, numbers

    def tell(self, text: str) -> None:
        """Send to each number."""
        self._driver.open(beat=_nobody_waits)
        try:
            fitting = self._driver.fit([((1, text),)])
            for number in self._numbers:
                self._driver.submit(
                    number,
                    fitting,
                    validity_min=VALIDITY_MIN,
                    beat=_nobody_waits,
                    late_s=LATE_S,
                )
        finally:
            self._driver.close()


def _nobody_waits() -> None:
    """No supervisor looks at the auditor's progress; systemd does."""
