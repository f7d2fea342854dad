"""Which tests share a worker where there are several, and in which order they run.

What starts processes mostly waits for them, so there are more workers than processors.
Three begin with such tests: what runs clients and daemons, and the first half of
`tests/process`, one after another, since they share ports and daemons; the other half;
and the crashes, which last longest. The others compute, file by file, the longest files
first. The browser's come amid them, and whoever runs those ends with them: Playwright
leaves its event loop in its thread. What an engine may take is measured last, when the
computing is done. A worker that is alone runs the browser's last.
"""

import os
from functools import cache
from pathlib import Path

from xdist.scheduler import LoadScopeScheduling
from xdist.workermanage import WorkerController

ROOT = Path(__file__).parents[1]
_ALONE = {"test_crashes.py": "crashes", "test_limits.py": "limits"}
_STARTS_PROCESSES = {"clients", "deploy", "process"}
_HALF = "test_e"
"""From this name on the files of `tests/process` are the other half."""
_LONG = {
    "test_day.py",
    "test_dev.py",
    "test_faults.py",
    "test_faults_of_both_modems.py",
    "test_faults_of_one_modem.py",
    "test_sqlite_faults.py",
    "test_texts_fit.py",
}
_TURNS = {"processes": 0, "rigs": 0, "crashes": 0, "browser": 2, "limits": 4}
_LAST = 5
_IS_ALONE = os.environ.get("PYTEST_XDIST_WORKER_COUNT", "1") == "1"


class ByGroup(LoadScopeScheduling):  # type: ignore[misc] # xdist has no types
    """A scheduler of xdist whose scopes are our groups."""

    def _split_scope(self, nodeid: str) -> str:
        return group_of(ROOT / nodeid.partition("::")[0])

    def _reschedule(self, node: WorkerController) -> None:
        if "browser" in self.assigned_work[node] and len(self.nodes) > 1:
            node.shutdown()  # once it has done what it was given
            return
        super()._reschedule(node)


@cache
def group_of(path: Path) -> str:
    """Return the group of a file's tests."""
    if path.name in _ALONE:
        return _ALONE[path.name]
    folders = set(path.relative_to(ROOT).parts)
    if "browser" in folders:
        return "browser"
    if "process" in folders and path.name > _HALF:
        return "rigs"
    if folders & _STARTS_PROCESSES or "mark.process" in path.read_text("utf-8"):
        return "processes"
    return path.as_posix()


def turn_of(path: Path) -> int:
    """Return the turn at which a file's tests are handed out; the first is 0."""
    if _IS_ALONE and group_of(path) == "browser":
        return _LAST
    return _TURNS.get(group_of(path), 1 if path.name in _LONG else 3)
