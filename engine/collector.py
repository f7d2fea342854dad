"""How long the search for cycles keeps everything else waiting.

Python looks for cycles of garbage with its lock held. A whole search visits each
object: 90 ms where ten thousand devices are connected, in which an SOS would wait. What
has survived a search that took long is therefore frozen: later ones leave it out, and
whatever is in no cycle is freed all the same. Should the process come to twice its
size, garbage may be among the frozen: it is thawed for one search.
"""

import gc
import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

LONG_S: Final = 0.01
GROWN: Final = 2.0
YOUNG: Final = 4_000
"""New objects after which the youngest are searched, 1 ms. After 700, which is Python's
own number, a thousand alarms at once spend a tenth of their time on searches, and a
start with ten thousand open ones a fifth."""

_STATM: Final = Path("/proc/self/statm")
_WHOLE: Final = 2


def resident_bytes() -> int:
    """Return what this process holds in memory (Linux)."""
    pages = _STATM.read_text(encoding="ascii").split()[1]
    return int(pages) * resource.getpagesize()


class Collector:
    """Keeps the searches short; `noted` is called in whichever thread searches."""

    def __init__(
        self,
        now_s: Callable[[], float],
        *,
        freeze: Callable[[], None] = gc.freeze,
        thaw: Callable[[], None] = gc.unfreeze,
        resident_bytes: Callable[[], int] = resident_bytes,
    ) -> None:
        """Freeze what there is by now; `now_s` never goes back."""
        self._freeze, self._thaw = freeze, thaw
        self._resident_bytes, self._now_s = resident_bytes, now_s
        self._begun_s = now_s()
        self._is_thawed = False
        self._settle()

    def listen(self) -> None:
        """Take part in each search from now on."""
        gc.callbacks.append(self.noted)

    def noted(self, phase: str, info: Mapping[str, int]) -> None:
        """Take that a search begins or has ended, as `gc.callbacks` tell it."""
        if info["generation"] < _WHOLE:
            return
        if phase == "start":
            self._begun_s = self._now_s()
        elif self._is_thawed:
            self._settle()
        elif self._now_s() - self._begun_s >= LONG_S:
            self._freeze()
            if self._resident_bytes() >= GROWN * self._settled_bytes:
                self._is_thawed = True
                self._thaw()

    def _settle(self) -> None:
        self._freeze()
        self._is_thawed = False
        self._settled_bytes = self._resident_bytes()
