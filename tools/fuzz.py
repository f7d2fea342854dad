"""Fuzzing of geocore: libFuzzer, led by what code an input reaches, on stable Rust.

    python3 dev fuzz                             every target, ten minutes each
    python3 dev fuzz operations --minutes 60     one target, on from its corpus
    python3 dev fuzz operations --replay FILE    an input that failed, once more

Needs Rust and a C++ compiler, and nothing of ours but geocore. What has reached new
code is kept in `geocore/fuzz/corpus/`, what has failed in `geocore/fuzz/artifacts/`;
git ignores both. Ctrl-C ends a run early. Exit codes: 0 nothing found, 1 found,
2 usage or the compiler, 130 Ctrl-C.
"""

import argparse
import os
import re
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

ROOT = Path(__file__).parents[1]
FUZZ = ROOT / "geocore" / "fuzz"
# What `cargo fuzz` passes too, none of it unstable: LLVM counts edges and compares.
COVERAGE = (
    "-Cpasses=sancov-module",
    "-Cllvm-args=-sanitizer-coverage-level=4",
    "-Cllvm-args=-sanitizer-coverage-inline-8bit-counters",
    "-Cllvm-args=-sanitizer-coverage-pc-table",
    "-Cllvm-args=-sanitizer-coverage-trace-compares",
)
# Some forty operations. At first libFuzzer would stay below 14 bytes for hours, since
# each of them finds something new: two operations, of which one puts somebody in.
LENGTH = ("-len_control=0", "-max_len=600")
# One input that takes longer is a fault, as is one that ends the process.
TIMEOUT_S = 30
PROGRESS_S = 10
STATUS = re.compile(r"^#(\d+)\t.* cov: (\d+) ft: \d+ corp: (\d+)/", re.MULTILINE)
DONE = re.compile(r"^stat::number_of_executed_units: (\d+)", re.MULTILINE)
WRITTEN = re.compile(r"Test unit written to (\S+)")


@dataclass(frozen=True, slots=True)
class Progress:
    """How far libFuzzer has come; `coverage` counts edges of the code."""

    executions: int
    coverage: int
    inputs: int

    def __str__(self) -> str:
        """Say it in a line."""
        return (
            f"{self.executions:,} executions, coverage {self.coverage:,},"
            f" {self.inputs:,} inputs in the corpus"
        )


def main(arguments: Sequence[str] | None = None) -> int:
    """Build, then replay one input or run each target that is named."""
    parser = argparse.ArgumentParser(
        prog="dev fuzz", description="Fuzz geocore with libFuzzer."
    )
    parser.add_argument("target", nargs="?", choices=targets(), help="all without")
    parser.add_argument("--minutes", type=float, default=10.0, help="for each target")
    parser.add_argument("--replay", type=Path, metavar="FILE", help="one input of it")
    asked = parser.parse_args(arguments)
    if asked.replay and not (asked.target and asked.replay.is_file()):
        parser.error("--replay needs a target and a file that is there")
    if not asked.minutes > 0:
        parser.error("--minutes must be more than 0")
    try:
        return run(asked.target, asked.minutes * 60, asked.replay)
    except KeyboardInterrupt:
        return 130


def run(target: str | None, seconds: float, file: Path | None) -> int:
    """Build, then run one target or each, or replay a file with the one named."""
    folder = build()
    if folder is None:
        say("fuzz: geocore could not be compiled with coverage, see above")
        return 2
    if target and file:
        return replay(folder / target, file)
    names = [target] if target else targets()
    # Every target runs, whatever the one before has found.
    return max([fuzz(folder / name, seconds) for name in names])


def targets() -> list[str]:
    """Return the names of all targets."""
    return sorted(path.stem for path in (FUZZ / "fuzz_targets").glob("*.rs"))


def build() -> Path | None:
    """Compile all targets and return the folder they are in; none: cargo said why.

    Naming the machine that they are for keeps the flags away from build scripts and
    macros, which could not be linked with them.
    """
    say("== compiling geocore with coverage (minutes, the first time)")
    with start(("rustc", "--print", "host-tuple"), output=subprocess.PIPE) as rustc:
        machine = rustc.communicate()[0].decode().strip()
    output = ROOT / "target" / "fuzz"
    cargo = ("cargo", "build", "--locked", "--release", "--target", machine)
    command = (*cargo, "--manifest-path", FUZZ / "Cargo.toml", "--target-dir", output)
    with start(command, CARGO_ENCODED_RUSTFLAGS="\x1f".join(COVERAGE)) as process:
        if process.wait():
            return None
    return output / machine / "release"


def fuzz(binary: Path, seconds: float) -> int:
    """Run a target from its corpus, say how it goes, and name an input that fails.

    Returns:
        0 when the time is over, 1 when something was found.

    """
    name = binary.name
    corpus, artifacts = FUZZ / "corpus" / name, FUZZ / "artifacts" / name
    log = binary.parent / f"{name}.log"
    for folder in (corpus, artifacts):
        folder.mkdir(parents=True, exist_ok=True)
    options = (
        *LENGTH,
        f"-max_total_time={max(1, round(seconds))}",
        f"-timeout={TIMEOUT_S}",
        f"-artifact_prefix={artifacts}/",
        "-print_final_stats=1",
    )
    say(f"== {name}, {seconds / 60:g} minutes; what libFuzzer says: {short(log)}")
    began = time.monotonic()
    with (
        log.open("w", encoding="utf-8") as output,
        start((binary, *options, corpus), output=output) as process,
    ):
        code = watched(process, name, log)
    minutes = (time.monotonic() - began) / 60
    say(f"{name}: {progress(log)} after {minutes:.1f} minutes")
    if code == 0:
        say(f"{name}: nothing found")
        return 0
    say(f"\n{told(log)}\n\n{name}: FAILED")
    if written := WRITTEN.search(log.read_text(encoding="utf-8", errors="replace")):
        path = short(Path(written[1]))
        say(f"  the input:   {path}")
        say(f"  once more:   python3 dev fuzz {name} --replay {path}")
    return 1


def watched(process: subprocess.Popen[bytes], name: str, log: Path) -> int:
    """Wait for libFuzzer with a line now and then, and return how it ended."""
    began = time.monotonic()
    while True:
        try:
            return process.wait(PROGRESS_S)
        except subprocess.TimeoutExpired:
            say(f"{name} {(time.monotonic() - began) / 60:5.1f} min: {progress(log)}")
        except KeyboardInterrupt:
            process.wait()  # it has had the Ctrl-C too
            say(f"\n{name}: stopped after {progress(log)}")
            raise


def progress(log: Path) -> Progress:
    """Return what a log says last."""
    text = log.read_text(encoding="utf-8", errors="replace")
    lines = STATUS.findall(text) or [(0, 0, 0)]
    executions, coverage, inputs = map(int, lines[-1])
    if done := DONE.search(text):
        executions = int(done[1])
    return Progress(executions, coverage, inputs)


def told(log: Path) -> str:
    """Return what a log says beside its progress and statistics: the panic."""
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    dull = ("#", "INFO:", "stat::", "Seed:", "\tNEW_FUNC")
    return "\n".join([line for line in lines if not line.startswith(dull)][-40:])


def replay(binary: Path, file: Path) -> int:
    """Run one input, with a backtrace of its panic."""
    with start((binary, file), RUST_BACKTRACE="1") as process:
        code = process.wait()
    say(f"{binary.name}: {'FAILED, see above' if code else 'this input passes'}")
    return 1 if code else 0


def start(
    command: Sequence[str | Path], output: int | IO[str] | None = None, **env: str
) -> subprocess.Popen[bytes]:
    """Start a program at the root, with more in its environment; the caller waits.

    Args:
        command: the program and its arguments.
        output: where standard output goes; errors go there too if it is a file.
        env: what is added to our environment.

    """
    errors = None if isinstance(output, int) else output
    return subprocess.Popen(  # noqa: S603 - our own words
        command, cwd=ROOT, env=os.environ | env, stdout=output, stderr=errors
    )


def short(path: Path) -> str:
    """Return a path from the root of this tree where it lies in it."""
    return str(path.relative_to(ROOT) if path.is_relative_to(ROOT) else path)


def say(text: str) -> None:
    """Print to standard error, at once."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


if __name__ == "__main__":
    raise SystemExit(main())
