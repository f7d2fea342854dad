"""Who says what when: a fleet is the same every time for the same seed."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta

from adapters.fleet.handsets import device_name, mixed
from adapters.fleet.said import Handset, Said
from engine.values import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """What a fleet is to do.

    Each device reports its place every `every_s`; the whole fleet presses
    `sos_per_minute` times a minute, at no regular times. `for_s` 0 is for ever.
    """

    fleet: int
    names: Sequence[str]
    every_s: float
    sos_per_minute: float
    for_s: float = 0.0
    seed: int = 1
    centre_deg: tuple[float, float] = (41.3, 69.2)


class Carrier:
    """Who carries one device: walks about, and reports from wherever they are."""

    def __init__(self, number: int, handset: Handset, wish: Wish) -> None:
        """Start within ten kilometres or so of the centre."""
        self._dice = random.Random(f"{wish.seed}/{number}")  # noqa: S311 - a walk
        self.device = device_name(number)
        self.handset = handset
        self.first_s = self._dice.uniform(0, wish.every_s)
        lat_deg, lon_deg = wish.centre_deg
        self._lat_deg = lat_deg + self._dice.uniform(-0.1, 0.1)
        self._lon_deg = lon_deg + self._dice.uniform(-0.1, 0.1)
        self._serial = 0

    def says(self, at: Instant, *, sos: bool) -> Said:
        """Return the next report, some steps further on."""
        self._serial += 1
        self._lat_deg += self._dice.uniform(-_STEP_DEG, _STEP_DEG)
        self._lon_deg += self._dice.uniform(-_STEP_DEG, _STEP_DEG)
        return Said(
            device=self.device,
            at=at,
            lat_deg=self._lat_deg,
            lon_deg=self._lon_deg,
            serial=self._serial,
            sos=sos,
        )

    def patience(self) -> timedelta:
        """Return how long to wait before a lost connection is tried again."""
        return timedelta(seconds=self._dice.uniform(1, 5))


def carriers(wish: Wish) -> list[Carrier]:
    """Return the fleet, wire protocols by turns."""
    handsets = mixed(wish.fleet, wish.names)
    return [Carrier(number, one, wish) for number, one in enumerate(handsets)]


def presses(wish: Wish) -> Iterator[tuple[float, int]]:
    """Yield when after the start which device presses; without end."""
    if wish.sos_per_minute <= 0 or wish.fleet <= 0:
        return
    dice = random.Random(f"{wish.seed}/presses")  # noqa: S311 - a plan
    at_s = 0.0
    while True:
        at_s += dice.expovariate(wish.sos_per_minute / 60)
        yield at_s, dice.randrange(wish.fleet)


_STEP_DEG = 0.0005
