"""The auditor's own ways to people: none of them is the engine's."""

import logging
from collections.abc import Callable, Sequence
from typing import Protocol, TypeVar

from engine.errors import DeliveryUnknownError, EngineError
from engine.ports.channel import Channel, PersonalMessage
from engine.ports.clock import Clock
from engine.ports.modem import ModemDriver, SendResult
from engine.supervision.failure import Failure
from engine.values import ChannelName, EffectId

logger = logging.getLogger(__name__)

SUBJECT = "AUDITOR: alarms stand still"
LATE_S = 60.0
VALIDITY_MIN = 60
_SMS = "sms"
_Whom = TypeVar("_Whom")


class Way(Protocol):
    """One way to people; `tell` raises where it is no way now."""

    @property
    def name(self) -> str:
        """What the log calls it: of the configuration, and nothing of people."""

    def tell(self, text: str, beat: Callable[[], None]) -> int:
        """Tell everybody whom this way reaches; may block for a minute for each.

        Returns how many were not told, although somebody was; else it raises. `beat`
        is called after each of them.
        """


class ByChannel:
    """E-mail, a webhook: whatever is a channel."""

    def __init__(
        self, channel: Channel[PersonalMessage], addresses: Sequence[str], clock: Clock
    ) -> None:
        """Take the channel and whom it shall reach."""
        self._channel, self._addresses, self._clock = channel, addresses, clock
        self.name: str = channel.name

    def tell(self, text: str, beat: Callable[[], None]) -> int:
        """Send to each address, whatever became of the one before."""
        now = self._clock.now()
        said = [
            PersonalMessage(
                key=EffectId(f"auditor.{now.ms}.{number}"),
                channel=ChannelName(self._channel.name),
                address=address,
                text=text,
                subject=SUBJECT,
                planned_at=now,
            )
            for number, address in enumerate(self._addresses)
        ]
        try:
            return _each(self.name, self._channel.send, said, beat)
        finally:
            self._rest()

    def _rest(self) -> None:
        try:
            self._channel.rest()
        except Exception as error:  # noqa: BLE001 - what was told stays told
            logger.error("%s failed: %s", self.name, Failure.of(error))  # noqa: TRY400 - its text may quote the message


class ByModem:
    """A modem of the auditor's own; opened for each message, closed after it."""

    def __init__(self, name: str, driver: ModemDriver, numbers: Sequence[str]) -> None:
        """Take the driver; nothing is opened yet."""
        self.name = name
        self._driver, self._numbers = driver, numbers

    def tell(self, text: str, beat: Callable[[], None]) -> int:
        """Send to each number, whatever became of the one before."""
        self._driver.open(beat=beat)
        try:
            fitting = self._driver.fit([((1, text),)])

            def send(number: str) -> None:
                outcome = self._driver.submit(
                    number,
                    fitting,
                    validity_min=VALIDITY_MIN,
                    beat=beat,
                    late_s=LATE_S,
                )
                if outcome.result is not SendResult.SENT:
                    raise DeliveryUnknownError(_SMS, outcome.result.value)

            return _each(self.name, send, self._numbers, beat)
        finally:
            self._driver.close()


def _each(
    name: str,
    send: Callable[[_Whom], object],
    people: Sequence[_Whom],
    beat: Callable[[], None],
) -> int:
    """Send to each, and return how many failed; where all did, raise the last one's."""
    failed, last = 0, None
    for number, one in enumerate(people, start=1):
        try:
            send(one)
        except Exception as error:  # noqa: BLE001 - an adapter's, whatever it is
            failed, last = failed + 1, error
            why = error if isinstance(error, EngineError) else Failure.of(error)
            # By its place in the configuration: an address is somebody's.
            told = (name, number, len(people), why)
            logger.warning("%s: its address %s of %s was not told: %s", *told)
        beat()
    if last is not None and failed == len(people):
        raise last
    return failed
