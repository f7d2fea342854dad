"""What is wrong with the engine just now, in one place: for readiness and alerts."""

import threading
from collections.abc import Callable
from dataclasses import dataclass

from engine.ports.measures import DegradedReason
from engine.ports.telemetry import Telemetry

ALL_CHANNELS_DOWN = "all_channels_down"
BY_MODEM = frozenset({"sms", "call"})
HOLDS_S = 600.0
"""Longer than the longest wait before a repeat: as long as something is owed, the next
failure comes before this one is forgotten."""
ALONE_MAX = 64
"""Of so many recipients it is kept that they alone are refused."""


class Health:
    """Reasons for being degraded, each with the components that cause it.

    Any thread. Component names are the operator's own (modems, channels, children).
    """

    def __init__(self, telemetry: Telemetry) -> None:
        """Start without a complaint; `telemetry` shows each reason."""
        self._telemetry = telemetry
        self._tell_nobody = frozenset[str]()
        self._lock = threading.RLock()
        self._wrong: dict[str, set[str]] = {}
        self._routes: dict[str, bool] = {}
        self._modems: set[str] = set()
        self._standings: dict[str, Standing] = {}

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
            self.report(reason, name, wrong=not is_up)
            if name in self._tell_nobody:
                return
            self._routes[name] = is_up
            if reason == DegradedReason.MODEM_DOWN:
                self._modems.add(name)
            all_down = not any(self._routes.values())
            self.report(ALL_CHANNELS_DOWN, "every route", wrong=all_down)

    def is_down(self, channel: str) -> bool:
        """Say whether nothing leaves by a channel just now, as far as is known."""
        with self._lock:
            if channel in BY_MODEM:
                return not any(map(self._routes.get, self._modems))
            return channel in self._wrong.get(DegradedReason.CHANNEL_DOWN, ())

    def tells_people(self, name: str) -> bool:
        """Say whether colleagues, officers or HQ may be told by a channel."""
        return name not in self._tell_nobody

    def tells_nobody(self, channels: frozenset[str]) -> None:
        """Take which channels tell the world, and so neither colleagues nor HQ."""
        with self._lock:
            self._tell_nobody = channels
            for name in channels & self._routes.keys():
                del self._routes[name]

    def forget(self, name: str) -> None:
        """Take a modem or channel that is not configured any more for gone.

        One that is configured anew begins without what its messages have shown.
        """
        with self._lock:
            self._standings.pop(name, None)
            for reason, components in self._wrong.items():
                if name in components:
                    self.report(reason, name, wrong=False)
            if self._routes.pop(name, None) is not None and self._routes:
                all_down = not any(self._routes.values())
                self.report(ALL_CHANNELS_DOWN, "every route", wrong=all_down)

    def standing(self, name: str) -> "Standing":
        """Return what messages have shown of a channel; one for all its lanes."""
        with self._lock:
            return self._standings.setdefault(name, Standing())

    def reasons(self) -> dict[str, tuple[str, ...]]:
        """Return the present reasons and their components, sorted."""
        with self._lock:
            return {
                reason: tuple(sorted(components))
                for reason, components in sorted(self._wrong.items())
                if components
            }


class Standing:
    """When a channel's message last failed, and to whom it sends none.

    Any lane's thread: each value is written as a whole, under the lock where two
    belong together.

    A server that greets and then refuses each message is not up: a check alone does
    not say so against them. Nor is one down that refuses one recipient, while it takes
    messages to another; of many a refusal does not say which of them it is.
    """

    def __init__(self) -> None:
        """Begin with nothing held against it."""
        self._failed_s: float | None = None
        self._sent_s: float | None = None
        self._said: frozenset[str] = frozenset()
        self._lock = threading.Lock()
        self._refused: dict[str, _Refusal] = {}
        self._alone: dict[str, _Refusal] = {}

    def is_news(self, wrong: str | None) -> bool:
        """Take why it cannot be used, None where it can; say whether that is new.

        Each reason is new once for as long as it lasts: two may take turns for hours.
        """
        said = self._said
        self._said = frozenset() if wrong is None else said | {wrong}
        return self._said != said

    def sent(self, address: str, now_s: float) -> None:
        """Take it that a message to somebody was accepted; boot time.

        Whoever was refused since the one before it was alone in that.
        """
        with self._lock:
            self._failed_s, self._sent_s = None, now_s
            self._alone = dict(
                [*self._alone.items(), *self._refused.items()][-ALONE_MAX:]
            )
            self._alone.pop(address, None)
            self._refused = {}

    def is_refused_alone(self, address: str, now_s: float) -> bool:
        """Take it that a message to somebody was refused; say whether others are not.

        So it is where one to another was taken since they were refused first, or not
        long before. Two who are refused, and nobody taken between, are not alone.
        """
        with self._lock:
            known = self._alone.get(address)
            if known is not None and now_s - known.last_s < HOLDS_S:
                known.last_s = now_s
                return True
            one = self._refused.get(address)
            if one is None or now_s - one.last_s >= HOLDS_S:
                sent_s = self._sent_s
                is_after = sent_s is not None and now_s - sent_s < HOLDS_S
                one = self._refused[address] = _Refusal(is_after=is_after, last_s=now_s)
            one.last_s = now_s
            return one.is_after and len(self._refused) == 1

    def failed(self, now_s: float) -> None:
        """Take it that a message was not, or that nobody can say; boot time."""
        self._failed_s = now_s

    def believes_check(self, now_s: float) -> bool:
        """Say whether a check that passes is enough to call the channel up."""
        return self._failed_s is None or now_s - self._failed_s >= HOLDS_S


@dataclass(slots=True)
class _Refusal:
    """Since when somebody is refused: soon after another was not, or nobody knows."""

    is_after: bool
    last_s: float
