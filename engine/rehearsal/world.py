"""How the world of a rehearsal is supposed to behave: the what-if. Pure."""

from dataclasses import dataclass, replace
from datetime import timedelta

from engine.values import Signal


@dataclass(frozen=True, slots=True, kw_only=True)
class WhatIf:
    """How the world is supposed to behave; times count from the raise.

    As many at HQ verify, and say before the close that the defender is safe, as the
    action protocol wants people to. `acknowledged`, `coming`, `verified` and `closed`
    are None where nobody ever does; `colleagues` is how many there are at all. Who has
    taken it notes something each `attends`, which is not told; None: does nothing more.
    With `declines` the nearest turns it down then, and it is the next who comes.
    It begins with `trigger`. Somebody asks to call it off at `cancelled`, with the code
    of force where it is `forced`; each `moves` the device is a kilometre farther.
    With `published` the defender has consented to it, and HQ approves it then.
    """

    trigger: Signal = Signal.SOS

    acknowledged: timedelta | None = timedelta(seconds=90)
    coming: timedelta | None = timedelta(minutes=4)
    verified: timedelta | None = timedelta(minutes=8)
    closed: timedelta | None = timedelta(minutes=45)
    attends: timedelta | None = timedelta(minutes=15)
    declines: timedelta | None = None
    cancelled: timedelta | None = None
    forced: bool = False
    moves: timedelta | None = None
    published: timedelta | None = None
    modem_down: bool = False
    position_missing: bool = False
    colleagues: int = 12

    def with_nobody(self) -> "WhatIf":
        """Return the same world in which nobody answers."""
        asleep = self.with_hq_asleep()
        return replace(asleep, acknowledged=None, coming=None, declines=None)

    def with_hq_asleep(self) -> "WhatIf":
        """Return the same world in which HQ takes it and falls asleep over it."""
        return replace(self, verified=None, published=None, closed=None, attends=None)
