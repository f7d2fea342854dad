"""Bench and simulator run in the environment of the unit file."""

import subprocess
import sys

from tools import deployed

PROGRAM = """
import os
from tools import deployed
deployed.run_so()
print(os.environ["GLIBC_TUNABLES"])
"""


def test_a_process_begins_anew_once_in_the_units_environment() -> None:
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM],
        env={"PATH": "/usr/bin:/bin"},
        cwd=deployed.UNIT.parent.parent,
        capture_output=True,
        text=True,
        check=True,
        timeout=30,
    )
    wanted = deployed.environment()
    assert done.stdout.split() == [wanted["GLIBC_TUNABLES"]]
