"""Mutation testing of the pure core: which small mistakes do its tests not see?

    python -m tools.mutate --minutes 10            go on where the last run ended
    python -m tools.mutate schedule evolve         some modules of engine.alarm
    python -m tools.mutate --again force           its survivors too: tests have come
    python -m tools.mutate --show                  the survivors so far

The tests are loaded once. Each mutant is a process of its own, forked from there,
in which one function's code is replaced; the quick tests run until one fails, and
what they let through meets the Hypothesis machine. The test that has seen one mistake
looks first at the next. Results stand in a file and add up; a mutant whose function has
changed since is tried anew.
"""

import argparse
import importlib
import json
import os
import signal
import sys
import time
from collections import Counter
from collections.abc import Callable, Collection
from pathlib import Path
from types import CodeType, FunctionType

import pytest

from tools.mutate_points import Mutant, mutants

ROOT = Path(__file__).parents[1]
RECORD = ROOT / "docs" / "mutation.json"
TESTS = "tests/engine/alarm"
MODULES = (
    "decide",
    "evolve",
    "schedule",
    "conditions",
    "repeats",
    "paging",
    "found_false",
    "played",
    "verdicts",
    "posts",
    "force",
    "safety",
    "verification",
    "acts",
    "outgoing",
    "ladder",
    "lease",
    "following",
    "casework",
    "cases",
    "strangers",
    "presses",
    "moves",
    "notify",
    "wanted",
)
SLOW = frozenset({"test_actor", "test_life", "test_actor_force", "test_codec"})
LAST = ("test_schedule", "test_force", "test_table", "test_score", "test_moves")
CPU_MAX_S = 300
WAIT_MAX_S = 3_600
KILLED, SURVIVED, NEVER_ENDED = "killed", "survived", "never ended"
Verdict = Callable[[Mutant | None, str], str]


def quick_tests() -> list[str]:
    """Return the files of tests that run for every mutant, the long ones last."""
    found = sorted((ROOT / TESTS).glob("test_*.py"))
    files = [str(one) for one in found if one.stem not in SLOW]
    return sorted(files, key=lambda one: any(last in one for last in LAST))


def put_in(mutant: Mutant, module: str) -> None:
    """Replace the code of a function where it is: every reference to it sees it."""
    code = compile(mutant.tree, f"<{module}>", "exec")
    target: object = importlib.import_module(module)
    for name in mutant.function.split("."):
        target = vars(target)[name]
    target = getattr(target, "fget", None) or getattr(target, "__wrapped__", target)
    assert isinstance(target, FunctionType)
    target.__code__ = _found(code, mutant.function)


def _found(code: CodeType, qualified: str) -> CodeType:
    for one in code.co_consts:
        if isinstance(one, CodeType):
            if one.co_qualname == qualified:
                return one
            if qualified.startswith(f"{one.co_qualname}."):
                return _found(one, qualified)
    raise LookupError(qualified)


class Trying:
    """A plugin of pytest: instead of running the tests once, run them for each mutant.

    Nothing runs in the process that has collected them: some tests change what they
    were parametrized with.
    """

    def __init__(self, work: Callable[[Verdict], int]) -> None:
        """Take what is to be done with a way to try one mutant."""
        self._work = work
        self.code = 1

    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Do the work; pytest calls this once all is collected."""
        _fewer_examples()
        # What draws many examples comes last: most mistakes are seen before.
        session.items.sort(key=_draws_examples)

        def verdict(mutant: Mutant | None, module: str) -> str:
            seen_by, says = os.pipe()
            child = os.fork()
            if child == 0:
                _try(session, mutant, module, says)
            os.close(says)
            with os.fdopen(seen_by) as pipe:
                _to_the_front(session, pipe.read())
            code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
            if code < 0:
                return NEVER_ENDED
            return KILLED if code else SURVIVED

        self.code = self._work(verdict)
        return True


def _to_the_front(session: pytest.Session, seen_by: str) -> None:
    """Let the test that has seen this mistake look first at the next."""
    for index, item in enumerate(session.items):
        if item.nodeid == seen_by:
            session.items.insert(0, session.items.pop(index))
            return


def _draws_examples(item: pytest.Item) -> bool:
    return bool(getattr(getattr(item, "obj", None), "is_hypothesis_test", False))


def _try(
    session: pytest.Session, mutant: Mutant | None, module: str, says: int
) -> None:
    """Leave with 0 where no test has seen it, or say which has; never returns."""
    quiet = os.open(os.devnull, os.O_WRONLY)
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    # A mistake that never ends is one that the tests see. By its own CPU: beside
    # others on a busy machine one that nobody sees takes any time.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_PROF, CPU_MAX_S)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.alarm(WAIT_MAX_S)
    try:
        if mutant is not None:
            put_in(mutant, module)
        for item in session.items:
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=None)
            if session.testsfailed:
                os.write(says, item.nodeid.encode())
                os._exit(1)
    except BaseException:  # noqa: BLE001 - whatever it is, it was seen
        os._exit(1)
    os._exit(0)


def digest_of(mutant: Mutant, number: int) -> str:
    """Return by what a result is found again: the mistake, and its turn among alike."""
    return f"{mutant.key} #{number}"


def tried(
    module: str, record: dict[str, dict[str, str]], verdict: Verdict, ends_s: float
) -> None:
    """Try what is left of a module, and write down each."""
    path = ROOT / "engine" / "alarm" / f"{module}.py"
    results, alike = record.setdefault(module, {}), Counter[str]()
    known = set[str]()
    for mutant in mutants(path.read_text(encoding="utf-8")):
        alike[mutant.key] += 1
        name = digest_of(mutant, alike[mutant.key])
        known.add(name)
        if name in results or time.monotonic() >= ends_s:
            continue
        results[name] = verdict(mutant, f"engine.alarm.{module}")
        RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")
        done = Counter(results.values())
        seen = done[KILLED] + done[NEVER_ENDED]
        sys.stdout.write(f"\r{module}: {seen} seen, {done[SURVIVED]} not   ")
        sys.stdout.flush()
    for gone in set(results) - known:
        del results[gone]
    RECORD.write_text(json.dumps(record, indent=1, sort_keys=True) + "\n")


def without_survivors(
    record: dict[str, dict[str, str]], modules: Collection[str]
) -> dict[str, dict[str, str]]:
    """Return what is left where a new test may see what none has seen."""
    return {
        module: {
            name: verdict
            for name, verdict in results.items()
            if module not in modules or verdict != SURVIVED
        }
        for module, results in record.items()
    }


def _fewer_examples() -> None:
    """Let properties try less for each mutant: there are many of them."""
    hypothesis = importlib.import_module("hypothesis")
    hypothesis.settings.register_profile("mutation", max_examples=20, database=None)
    hypothesis.settings.load_profile("mutation")


def show(record: dict[str, dict[str, str]]) -> None:
    """Print how many of each module survive, and which."""
    for module, results in record.items():
        done = Counter(results.values())
        seen = len(results) - done[SURVIVED]
        sys.stdout.write(f"\n{module}: {seen} of {len(results)} seen")
        sys.stdout.write(f", {done[NEVER_ENDED]} since they never end\n")
        for name, verdict in sorted(results.items()):
            if verdict != KILLED:
                sys.stdout.write(f"  {verdict}: {name}\n")


def main() -> int:
    """Return the exit code."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("modules", nargs="*", help="of engine.alarm; all without")
    parser.add_argument("--minutes", type=float, default=0.0, help="for how long")
    parser.add_argument("--show", action="store_true", help="print the survivors")
    parser.add_argument("--again", action="store_true", help="survivors anew as well")
    arguments = parser.parse_args()
    if not set(arguments.modules) <= set(MODULES):
        parser.error(f"modules: some of {', '.join(MODULES)}")
    record: dict[str, dict[str, str]] = {}
    if RECORD.exists():
        record = json.loads(RECORD.read_text(encoding="utf-8"))
    if arguments.show:
        show(record)
        return 0
    if arguments.again:
        record = without_survivors(record, arguments.modules or MODULES)
    ends_s = time.monotonic() + arguments.minutes * 60 if arguments.minutes else 1e18

    def work(verdict: Verdict) -> int:
        if verdict(None, "") != SURVIVED:
            sys.stderr.write("mutate: the tests fail as they are\n")
            return 1
        for module in arguments.modules or MODULES:
            tried(module, record, verdict, ends_s)
        return 0

    os.chdir(ROOT)
    trying = Trying(work)
    files = [*quick_tests(), f"{TESTS}/test_life.py"]
    options = ["-q", "--no-header", "-s", "-p", "no:cacheprovider"]
    pytest.main([*options, *files], plugins=[trying])
    return trying.code


if __name__ == "__main__":
    raise SystemExit(main())
