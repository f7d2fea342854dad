"""When somebody has said that they are at risk: windows in their own local time. Pure.

Inside one, what would be a nuisance on any other day (a flat battery, silence, a
jammed device) raises as the action protocol says.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from engine.values import Instant

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_CLOCK = r"([01]\d|2[0-3]):([0-5]\d)"
_WEEKLY = re.compile(rf"(daily|[a-z]{{3}}(?:[-,][a-z]{{3}})*) {_CLOCK}-{_CLOCK}")
_DATED = re.compile(
    rf"(\d{{4}}-\d\d-\d\d) {_CLOCK} to (\d{{4}}-\d\d-\d\d) {_CLOCK}", re.ASCII
)
_EXAMPLES = '"mon-fri 22:00-06:00" or "2026-12-01 18:00 to 2026-12-02 06:00"'
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskWindow:
    """One window as it was written: on days of the week, or from one date to another.

    `days` count from Monday = 0 and are those on which it begins; one that ends at or
    before its beginning goes on into the next day. Without `days` it is dated.
    """

    text: str
    days: frozenset[int] = frozenset()
    begins: time
    ends: time
    first: date | None = None
    last: date | None = None

    def spans(self, around: date, zone: ZoneInfo) -> Iterable[tuple[Instant, Instant]]:
        """Return beginning and end of what begins a week round a day, by beginning.

        Where clocks are put back a time of day comes twice, and where they are put on
        one that is left out has two readings: the earlier of two beginnings and the
        later of two ends count, so that a window never loses an hour.
        """
        if self.first is not None and self.last is not None:
            return [self._span(self.first, self.last, zone)]
        days = (around + timedelta(days=n) for n in range(-2, _WEEK + 1))
        over = timedelta(days=1 if self.ends <= self.begins else 0)
        return [
            self._span(day, day + over, zone)
            for day in days
            if day.weekday() in self.days
        ]

    def _span(self, first: date, last: date, zone: ZoneInfo) -> tuple[Instant, Instant]:
        begins = _readings(first, self.begins, zone)
        ends = _readings(last, self.ends, zone)
        return min(begins), max(ends)


def _readings(day: date, clock: time, zone: ZoneInfo) -> tuple[Instant, Instant]:
    """Return which moments a time of day may be; the same one but on two nights."""
    first = datetime.combine(day, clock, zone)
    second = first.replace(fold=1)
    return Instant.from_datetime(first), Instant.from_datetime(second)


def read_window(text: str) -> RiskWindow:
    """Read a window.

    Raises:
        ValueError: it is none; the text says what is expected, never what was read.

    """
    weekly = _WEEKLY.fullmatch(text)
    if weekly is not None:
        days, *clock = weekly.groups()
        h1, m1, h2, m2 = map(int, clock)
        return RiskWindow(
            text=text, days=_days(days), begins=time(h1, m1), ends=time(h2, m2)
        )
    dated = _DATED.fullmatch(text)
    if dated is None:
        message = f"must be written like {_EXAMPLES}"
        raise ValueError(message)
    on, h_on, m_on, off, h_off, m_off = dated.groups()
    try:
        first, last = date.fromisoformat(on), date.fromisoformat(off)
    except ValueError as error:
        message = "names a day that no calendar has"
        raise ValueError(message) from error
    begins, ends = time(int(h_on), int(m_on)), time(int(h_off), int(m_off))
    if (last, ends) <= (first, begins):
        message = "must end after it begins"
        raise ValueError(message)
    # A week round the last days of the calendar would leave it.
    if not 2000 <= first.year <= last.year <= 9000:  # noqa: PLR2004 - see above
        message = "names a year that nobody can mean"
        raise ValueError(message)
    return RiskWindow(text=text, begins=begins, ends=ends, first=first, last=last)


def at_risk(windows: Iterable[RiskWindow], zone: str, now: Instant) -> bool:
    """Say whether a moment lies in one of the windows; their end is outside."""
    # By numbers: who is on duty is asked all day long, of some thirty spans each.
    now_ms = now.ms
    for begins, ends in _near(windows, zone, now):
        if begins.ms <= now_ms < ends.ms:
            return True
    return False


def risk_ends(windows: Iterable[RiskWindow], zone: str, now: Instant) -> Instant | None:
    """Return when the last of the windows ends that a moment lies in, if any."""
    near = _near(windows, zone, now)
    return max((ends for begins, ends in near if begins <= now < ends), default=None)


def next_risk(windows: Iterable[RiskWindow], zone: str, now: Instant) -> Instant | None:
    """Return when the next window begins, after `now`; None where none is to come."""
    near = _near(windows, zone, now)
    return min((begins for begins, _ in near if begins > now), default=None)


def _near(
    windows: Iterable[RiskWindow], zone: str, now: Instant
) -> Iterator[tuple[Instant, Instant]]:
    today = now.to_datetime().astimezone(ZoneInfo(zone)).date()
    for window in windows:
        yield from _spans(window, zone, today)


@lru_cache(maxsize=4096)
def _spans(
    window: RiskWindow, zone: str, today: date
) -> tuple[tuple[Instant, Instant], ...]:
    """Return what a window comes to round a day: asked for by each page and press."""
    return tuple(window.spans(today, ZoneInfo(zone)))


def _days(text: str) -> frozenset[int]:
    if text == "daily":
        return frozenset(range(_WEEK))
    found: set[int] = set()
    for part in text.split(","):
        first, _, last = part.partition("-")
        if first not in DAYS or (last or first) not in DAYS:
            message = f"names a day that is none of {' '.join(DAYS)}"
            raise ValueError(message)
        begins, ends = DAYS.index(first), DAYS.index(last or first)
        count = (ends - begins) % _WEEK + 1
        found |= {(begins + n) % _WEEK for n in range(count)}
    return frozenset(found)
