"""Asks a wire protocol what an order is in its own words, and survives its mistakes.

One of somebody else's that raises here would end who asks, and with it every device's
connection: once for each time that its device comes back.
"""

import logging
from collections.abc import Callable
from typing import TypeVar

from engine.ports.device import DeviceOrder

T = TypeVar("T", bytes, str)
MISTAKE = "a wire protocol made a mistake over an order; it is not written that way"

logger = logging.getLogger(__name__)


class Asking:
    """Asks, and tells of each wire protocol's mistake once: it is asked for a day."""

    def __init__(self) -> None:
        """Start with nothing told."""
        self._told: set[str] = set()

    def ask(
        self, say: Callable[[DeviceOrder], object], order: DeviceOrder, kind: type[T]
    ) -> T | None:
        """Return what `say` says; None where it knows nothing, or makes a mistake."""
        try:
            said = say(order)
        except BaseException:  # noqa: BLE001 - an adapter's; must not cost anybody's connection
            self._tell(say, None)
            return None
        if said is None or isinstance(said, kind):
            return said
        self._tell(say, f"{kind.__name__} is due: {type(said).__name__}")
        return None

    def _tell(self, say: Callable[[DeviceOrder], object], slip: str | None) -> None:
        protocol = getattr(say, "__qualname__", type(say).__name__)
        if protocol not in self._told:
            self._told.add(protocol)
            extra = {"protocol": protocol, "problem": slip or "it raised"}
            logger.error(MISTAKE, exc_info=slip is None, extra=extra)
