"""One story: an alarm while modems are at fault, the mending, and what came of it."""

import itertools
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from tests.line.cases import Fault
from tests.line.far_end import SIMS, FarEnd
from tests.line.hurry import SPEED, HurriedClock
from tests.line.judge import NO_REASON, attempts, breaches
from tests.line.line import Effect, Line

T = TypeVar("T")
ANSWER_S = 0.1
IN_MID_SEND_S = 0.05
"""So long a modem sends, and in its midst something befalls it; the host's time."""
BROKEN_S = 1.0 * SPEED
"""How long nobody mends anything, in the engine's seconds."""
QUIET_S = 200.0
"""Beyond the two minutes after which a modem owes nothing any more."""
HOUR_TAKES_S = 5.0
AT_ONCE = 12
"""Each has a dozen threads, beside which other tests have to keep their times."""
NOT_SO = "not so"
TURNS, STALLED_S = 5, 0.3
"""How often a story is played on a host that stands still for so long."""
MORE, MORE_AFTER_S = 4, 0.6 * SPEED
BOUND_S = 40.0 * SPEED
"""Generous: what is judged is the truth, not the host."""
CARD = "+46701740606"


@dataclass(frozen=True, slots=True, kw_only=True)
class Story:
    """Faults that befall the first modem, or both."""

    faults: tuple[Fault, ...]
    both: bool

    @property
    def name(self) -> str:
        names = ", ".join(fault.name for fault in self.faults)
        return f"{names} of {'both' if self.both else 'one'}"

    @property
    def lingers(self) -> bool:
        """Whether what it does to one message shows when others follow."""
        return any(fault.hides and not fault.befalls for fault in self.faults)

    @property
    def afflicted(self) -> int:
        return 2 if self.both else 1


def play(story: Story, folder: Path) -> list[str]:
    """Play it, and return what was wrong with it.

    Where the host stood still for so long that an answer may have been too late, what
    was too late is no fault of the line: it is played again. What is untrue always is.
    """
    folder.mkdir()
    for turn in range(TURNS):
        wrong, stalled_s = _play(story, folder / str(turn))
        is_late = all(each.startswith((NOT_SO, NO_REASON)) for each in wrong)
        if not wrong or not is_late or stalled_s < STALLED_S:
            break
    return [f"{story.name}: {each}" for each in wrong]


def _play(story: Story, folder: Path) -> tuple[list[str], float]:
    folder.mkdir()
    hides = any(fault.hides for fault in story.faults)
    hiding = frozenset(
        f"modem-{number + 1}" for number in range(story.afflicted) if hides
    )
    with FarEnd(folder) as far_end:
        at_fault = far_end.modems[: story.afflicted]
        if any(fault.befalls for fault in story.faults):
            for modem in far_end.modems:
                modem.faults.latency_s = ANSWER_S
        for fault, modem in itertools.product(story.faults, at_fault):
            if not fault.befalls:
                fault.begin(modem)
        with Line(far_end, HurriedClock()) as line:
            return _alarm(line, story, hiding), line.stalled_s


def _alarm(line: Line, story: Story, hiding: frozenset[str]) -> list[str]:
    at_fault = line.far_end.modems[: story.afflicted]
    told = _befall(line, story)
    for number, modem in enumerate(at_fault):
        modem.inject(CARD, f"SOS {number}")

    def all_told() -> bool:
        return all(map(line.far_end.has_come, told))

    by_the_other = line.until(all_told, BROKEN_S if story.both else BOUND_S)
    if story.lingers:
        told += _goes_on(line)
    for fault, modem in itertools.product(story.faults, at_fault):
        fault.mend(modem)
    holds = {
        "everybody is told by the other modem": by_the_other or story.both,
        "everybody is told once it is mended": line.until(all_told, BOUND_S),
        "both modems are used again": _both_send(line),
        "from then on all is sent": _all_is_sent(line),
        "an SOS that came in is recorded": line.until(
            lambda: _has_read(line, story.afflicted), BOUND_S
        ),
        "all is settled": line.until(line.is_settled, BOUND_S),
    }
    broken = [f"{NOT_SO}: {what}" for what, so in holds.items() if not so]
    return broken + breaches(line, hiding)


def _goes_on(line: Line) -> list[int]:
    """Send more while answers are owed, late and missing."""
    told: list[int] = []
    for _ in range(MORE):
        told += line.alarm(2)
        line.until(lambda: False, MORE_AFTER_S)
    return told


def _befall(line: Line, story: Story) -> list[int]:
    """Raise the alarm; what befalls modems comes while they send."""
    befalling = [fault for fault in story.faults if fault.befalls]
    if befalling:
        assert line.until(lambda: len(line.telemetry.up) == len(SIMS), BOUND_S)
    told = line.alarm(2)
    if befalling:
        line.until(lambda: False, IN_MID_SEND_S * SPEED)
    for fault in befalling:
        for modem in line.far_end.modems[: story.afflicted]:
            fault.begin(modem)
    return told + line.alarm(2)


def _both_send(line: Line) -> bool:
    """Send until each modem's own outcome says that it has sent one."""
    before = line.planned

    def both() -> bool:
        return len({route for route, one in line.sent if one > before}) == len(SIMS)

    wait_s, ends_s = SPEED, line.clock.boottime_s() + BOUND_S
    while line.clock.boottime_s() < ends_s:
        line.alarm(2)
        if line.until(both, wait_s):
            return True
        wait_s = min(2 * wait_s, QUIET_S)
    return False


def _all_is_sent(line: Line) -> bool:
    """Say whether messages to others are all sent at once, and known to be."""
    if not line.until(line.is_settled, BOUND_S):
        return False
    told = line.alarm(4)
    line.until(line.is_settled, BOUND_S)
    with line.readers.reader() as reader:
        effects = (Effect(message=message, repeat=0) for message in told)
        made = [one for effect in effects for one in attempts(reader, effect)]
    return [one.outcome for one in made] == ["accepted"] * len(told)


def _has_read(line: Line, count: int) -> bool:
    with line.readers.reader() as reader:
        rows = reader.inbound(untaken_only=False)
    return all(any(b"SOS %d" % n in row.body for row in rows) for n in range(count))


def play_all(
    stories: Sequence[Story], folder: Path, *, at_once: int = AT_ONCE
) -> list[str]:
    """Play many stories beside each other; return what was wrong with any."""
    return _beside_each_other(play, stories, folder, at_once)


def play_an_hour(faults: Sequence[Fault], folder: Path) -> list[str]:
    """Leave a modem at fault for an hour, once for each; return what was wrong."""
    return _beside_each_other(_play_an_hour, faults, folder, AT_ONCE)


def _beside_each_other(
    play_one: Callable[[T, Path], list[str]],
    all_: Sequence[T],
    folder: Path,
    at_once: int,
) -> list[str]:
    with ThreadPoolExecutor(at_once) as pool:
        folders = [folder / str(number) for number, _ in enumerate(all_)]
        return [each for wrong in pool.map(play_one, all_, folders) for each in wrong]


def _play_an_hour(fault: Fault, folder: Path) -> list[str]:
    """Return what was wrong with what followed.

    The hour passes in moments, in which the other modem is too slow for its engine:
    only what comes after it is judged, and that nothing is untrue.
    """
    folder.mkdir()
    clock = HurriedClock()
    everybody = frozenset({"modem-1", "modem-2"})
    with FarEnd(folder) as far_end, Line(far_end, clock) as line:
        assert line.until(lambda: len(line.telemetry.up) == len(SIMS), BOUND_S)
        fault.begin(far_end.modems[0])
        line.alarm(2)
        clock.run(3600.0 / HOUR_TAKES_S)
        line.until(lambda: False, 3600.0)
        clock.run(SPEED)
        fault.mend(far_end.modems[0])
        found = [] if _both_send(line) else ["not both modems are used again"]
        if not line.until(line.is_settled, BOUND_S):
            found.append("something is never settled")
        return [f"{fault.name}: {each}" for each in found + breaches(line, everybody)]
