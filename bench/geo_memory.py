"""Bytes a person that a peer holds, measured in a process that has nothing else.

`python -m bench.geo_memory MODULE PEOPLE` prints a number: what resident memory grew by
while the peer was built, or what its server says.
"""

from __future__ import annotations

import gc
import subprocess
import sys
from pathlib import Path

from bench.geo_world import World
from bench.peers.peer import find_peers


def resident_bytes() -> int:
    """Return this process's resident memory."""
    pages = int(Path("/proc/self/statm").read_text("ascii").split()[1])
    return pages * 4_096


def bytes_a_person(module: str, people: int) -> float | None:
    """Measure in a process of its own; None where that fails."""
    command = [sys.executable, "-m", "bench.geo_memory", module, str(people)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return float(done.stdout) if done.returncode == 0 else None


def main(module: str, people: int) -> None:
    """Build one peer and print what it took."""
    (found,) = find_peers([module])
    assert found.peer is not None, found.reason
    world = World()
    crowd = world.people(people)
    found.peer.build(*world.people(50))
    gc.collect()
    before = resident_bytes()
    index = found.peer.build(*crowd)
    gc.collect()
    told = getattr(index, "bytes_used", None)
    used = told() if told is not None else resident_bytes() - before
    print(used / people)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]))
