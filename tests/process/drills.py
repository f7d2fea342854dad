"""`natalia drill` in a process of its own, and who answers it from a telephone."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager

from tests.rig import Rig

BELOW, BROKEN_OFF = 4, 130
Drill = subprocess.Popen[str]
Row = dict[str, object]


@contextmanager
def drilling(rig: Rig, *words: str) -> Iterator[Drill]:
    """Start an exercise for Heron as an operator would, in a process of its own."""
    rig.password("aspen")
    state = ("--state", str(rig.state), "--minutes", "5", *words)
    program = [sys.executable, "-m", "engine", "drill", *state]
    drill = subprocess.Popen(
        [*program, "--for", "heron", "--by", "aspen"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with drill:
        try:
            yield drill
        finally:
            drill.kill()


def exercise(rig: Rig, kind: str = "exercise") -> Row:
    """Return the row of the list that is one, or that is of another kind."""
    (row,) = [row for row in rig.alarms() if row["kind"] == kind]
    return row


def answer(rig: Rig, person: str, what: str, sender: str | None = None) -> int:
    """Answer with the code that somebody was sent; return when, in ms of UTC."""
    sms = rig.sms_to(person)
    assert sms is not None
    code = re.search(r"\b([0-9A-Z]{4})(?: and)?\s1", sms.text)
    assert code is not None, sms.text
    at_ms = rig.clock.now().ms
    rig.modems[0].inject(sender or sms.number, f"{code[1]} {what}")
    return at_ms
