"""What is wrong with the engine just now, in one place: for readiness and alerts."""

import threading
from collections.abc import Callable

from engine.ports.telemetry import Telemetry

ALL_CHANNELS_DOWN = "all_channels_down"


class Health:
    """Reasons for being degraded, each with the components that cause it.

    Any thread. Component names are the operator's own (modems, channels, children).
    """

    def __init__(self, telemetry: Telemetry) -> None:
        """Start without a complaint."""
        self._telemetry = telemetry
        self._lock = threading.RLock()
        self._wrong: dict[str, set[str]] = {}
        self._routes: dict[str, bool] = {}

    def report(self, reason: str, component: str, *, wrong: bool) -> None:
        """Take a component's word on one reason."""
        with self._lock:
            components = self._wrong.setdefault(reason, set())
            if wrong:
                components.add(component)
            else:
                components.discard(component)
            self._telemetry.gauge("degraded", float(bool(components)), reason=reason)

    def teller(self, reason: str, component: str) -> Callable[[bool], None]:
        """Return what takes a component's word on one reason, again and again."""
        return lambda wrong: self.report(reason, component, wrong=wrong)

    def route(self, name: str, reason: str, *, is_up: bool) -> None:
        """Take a route's word on whether it can send; all down is a reason of its own.

        Args:
            name: the modem or channel.
            reason: what its being down is called, `modem_down` or `channel_down`.
            is_up: its word.

        """
        with self._lock:  # held to the end: the last word must be the latest
            self._routes[name] = is_up
            all_down = not any(self._routes.values())
            self.report(reason, name, wrong=not is_up)
            self.report(ALL_CHANNELS_DOWN, "every route", wrong=all_down)

    def reasons(self) -> dict[str, tuple[str, ...]]:
        """Return the present reasons and their components, sorted."""
        with self._lock:
            return {
                reason: tuple(sorted(components))
                for reason, components in sorted(self._wrong.items())
                if components
            }
