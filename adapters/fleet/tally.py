"""What a fleet has sent and what was acknowledged, by wire protocol."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from math import exp, log


class Latencies:
    """Times from sending to the answer, in buckets that are 5 % wide."""

    def __init__(self) -> None:
        """Start with none."""
        self._buckets: Counter[int] = Counter()
        self.max_s = 0.0

    def add(self, seconds: float) -> None:
        """Take one time."""
        self._buckets[round(log(max(seconds, _LEAST_S)) / _WIDTH)] += 1
        self.max_s = max(self.max_s, seconds)

    def take(self, other: "Latencies") -> None:
        """Take all times of another."""
        self._buckets.update(other._buckets)  # noqa: SLF001 - of this class
        self.max_s = max(self.max_s, other.max_s)

    def at(self, ratio: float) -> float | None:
        """Return the time that a ratio of all did not exceed, in s; None of none."""
        wanted = ratio * self._buckets.total()
        passed = 0
        for bucket in sorted(self._buckets):
            passed += self._buckets[bucket]
            if passed >= wanted:
                return min(exp(bucket * _WIDTH), self.max_s)
        return None

    def plain(self) -> dict[str, float | None]:
        """Return p50, p99 and the longest in milliseconds."""
        p50, p99 = self.at(0.5), self.at(0.99)
        return {
            "p50_ms": _ms(p50),
            "p99_ms": _ms(p99),
            "max_ms": _ms(self.max_s if p50 is not None else None),
        }


@dataclass(slots=True, kw_only=True)
class Tally:
    """What the devices of one wire protocol have come to.

    `due` counts what has an answer at all: few wire protocols answer everything.
    `connected` is of now, or of when the fleet hung up. `strange` are bytes that were
    no answer to anything.
    """

    devices: int = 0
    connected: int = 0
    sent: int = 0
    due: int = 0
    acknowledged: int = 0
    sos_sent: int = 0
    sos_due: int = 0
    sos_acknowledged: int = 0
    repeated: int = 0
    refused: int = 0
    lost: int = 0
    strange: int = 0
    reports: Latencies = field(default_factory=Latencies)
    sos: Latencies = field(default_factory=Latencies)

    def add(self, other: "Tally") -> None:
        """Take all of another."""
        for name in COUNTED:
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reports.take(other.reports)
        self.sos.take(other.sos)

    @property
    def open(self) -> int:
        """How much waits for an answer that its wire protocol has."""
        return self.due - self.acknowledged

    @property
    def sos_open(self) -> int:
        """How many presses wait for an answer that their wire protocol has."""
        return self.sos_due - self.sos_acknowledged

    def plain(self) -> dict[str, object]:
        """Return everything as JSON has it."""
        counts = {name: getattr(self, name) for name in COUNTED}
        return {
            **counts,
            "sos_unacknowledged": self.sos_open,
            "report_latency": self.reports.plain(),
            "sos_latency": self.sos.plain(),
        }


def total(tallies: Mapping[str, Tally]) -> Tally:
    """Return all of them as one."""
    whole = Tally()
    for tally in tallies.values():
        whole.add(tally)
    return whole


def _ms(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds * 1000, 2)


COUNTED = (
    "devices",
    "connected",
    "sent",
    "due",
    "acknowledged",
    "sos_sent",
    "sos_due",
    "sos_acknowledged",
    "repeated",
    "refused",
    "lost",
    "strange",
)
_LEAST_S = 1e-6
_WIDTH = log(1.05)
