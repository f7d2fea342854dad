"""Lives by the thousand, and longer ones: what the property's test takes a part of.

    python -m tests.engine.alarm.many_lives --minutes 30 --seed 1

The life of a number is the same again, and of every second one nothing that is written
to the defender is known to have gone; one that a forced end makes look otherwise to
the defender's telephone is printed without the acts that do not matter.
Exit codes: 0 none was, 1 some were.
"""

import argparse
import random
import sys
import time

from engine.ports.journal import EffectState
from engine.roster.model import Word
from tests.engine.alarm.lives import ACTS, lived

ACTS_MAX = 14
EVERY = 500
ENDS = (EffectState.UNKNOWN, EffectState.ACCEPTED)
Acts = list[tuple[int, str]]


def acts_of(number: int) -> Acts:
    """Return what follows the end, each with the seconds before it."""
    chance = random.Random(number)
    return [
        (chance.choice((5, 60, chance.randint(0, 200))), chance.choice(sorted(ACTS)))
        for _ in range(chance.randint(1, ACTS_MAX))
    ]


def differs(acts: Acts, ends: EffectState) -> bool:
    """Say whether the defender's telephone can tell the ends apart."""
    after_safe, after_duress = (lived(word, acts, ends) for word in Word)
    return after_safe.to_defender() != after_duress.to_defender()


def shorter(acts: Acts, ends: EffectState) -> Acts:
    """Leave out each act without which they can be told apart as well."""
    for place in range(len(acts)):
        fewer = acts[:place] + acts[place + 1 :]
        if differs(fewer, ends):
            return shorter(fewer, ends)
    return acts


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--minutes", type=float, default=1.0, help="for how long")
    parser.add_argument("--seed", type=int, default=1, help="the first life's number")
    given = parser.parse_args()
    until_s = time.monotonic() + given.minutes * 60
    number, wrong = given.seed, 0
    while time.monotonic() < until_s:
        acts, ends = acts_of(number), ENDS[number % len(ENDS)]
        if differs(acts, ends):
            wrong += 1
            sys.stdout.write(f"WRONG {number}: {shorter(acts, ends)}\n")
        number += 1
        if (number - given.seed) % EVERY == 0:
            sys.stdout.write(f"{number - given.seed} lives, {wrong} differ\n")
            sys.stdout.flush()
    sys.stdout.write(f"{number - given.seed} lives, {wrong} differ\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    raise SystemExit(main())
