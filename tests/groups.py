"""Which tests share a worker where there are several, and in which order they run.

One worker takes all that starts processes and mostly waits for them, one after another,
since they share ports and daemons. Another one begins with the crashes, which last
longest and whose engines listen wherever there is room. The others compute, file by
file: since the first waits so much there are more of them than processors. What an
engine may take is measured when those are done. The browser's come last: Playwright
leaves its event loop in its thread.
"""

from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[1]
TURNS = {"processes": 0, "crashes": 0, "limits": 2, "browser": 3}
_ALONE = {"test_crashes.py": "crashes", "test_limits.py": "limits"}
_STARTS_PROCESSES = {"clients", "deploy", "process"}


class ByGroup(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """A scheduler of xdist whose scopes are our groups."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(ROOT / nodeid.partition("::")[0])


@cache
def group_of(path: Path) -> str:
    """Return the group of a file's tests."""
    if path.name in _ALONE:
        return _ALONE[path.name]
    folders = set(path.relative_to(ROOT).parts)
    if "browser" in folders:
        return "browser"
    if folders & _STARTS_PROCESSES or "mark.process" in path.read_text("utf-8"):
        return "processes"
    return path.as_posix()
