"""How long a thread keeps the interpreter's lock while others wait for it.

Python takes the lock from a thread after an interval, 5 ms where nobody says otherwise.
Beside one thread that computes without end a short one is right: each time that an SOS
on its way gives the lock up it waits an interval to get it back, and it does so dozens
of times. Beside dozens of threads that all have a little to do, a thousand alarms at
once, a longer one is: each of those that wait wakes up once in an interval to ask for
the lock, and handing it on costs more than the work in between.
"""

import sys
from collections.abc import Callable
from typing import Final

from engine.load import Load

SHORT_S: Final = 0.0002
"""After 0.1 ms an SOS beside a hog is answered no sooner, and a thousand alarms that
come beside it take half as long again."""

LONG_S: Final = 0.002
"""5 ms do no more for a flood, and beside a hog it takes two to four times as long."""

SPREAD: Final = 6.0
"""Over so many threads the computing must be spread for the lock to be kept long. In
a flood of alarms 4 to 12 were seen; among 2,000 reports a second beside a hog 3, and
5.6 at the most."""


class Interpreter:
    """Fits the interval to what the threads do."""

    def __init__(
        self, set_interval_s: Callable[[float], None] = sys.setswitchinterval
    ) -> None:
        """Begin with the short interval."""
        self._set_interval_s = set_interval_s
        set_interval_s(SHORT_S)

    def follow(self, load: Load) -> None:
        """Set the interval by what a look has found."""
        self._set_interval_s(LONG_S if load.lasting_spread >= SPREAD else SHORT_S)
