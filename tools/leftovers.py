"""Journals that older engines have left: `python -m tools.leftovers`.

Each is of an engine of this repository's history, whose own simulator lived a day in
the environment that runs this, and was killed right after the commit that brought the
first moment of its kind. The manifest beside them says which engine, seed and moment.
Made again they are the same to the byte; `--check` says whether they are.

    python -m tools.leftovers               all of them
    python -m tools.leftovers b440a0e6      those of one commit
"""

import argparse
import gzip
import io
import json
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "tests" / "simulation" / "leftovers"
MANIFEST = FOLDER / "manifest.json"
MAKER = Path(__file__).with_name("leftovers_maker.py")
LIVES = ("engine", "adapters", "geocore", "tests")
SEEDS = 1_000
"""So many seeds of an engine may be looked through; the next has those after."""
Made = dict[str, Any]

# Each commit, and the moments that are looked for in its days.
WANTED: dict[str, tuple[str, ...]] = {
    "12d4ef1f": ("recorded", "under-way", "acknowledged", "verified"),
    "ab985e2d": ("acknowledged", "ended", "forced", "posting"),
    "7bec87c9": ("under-way", "acknowledged", "ending", "reopened"),
    "645a0778": ("acknowledged", "forced", "ended", "posting"),
    "891165fe": ("under-way", "verified", "ending", "reopened"),
    "9d6a17c1": ("acknowledged", "forced", "lapsed", "posting"),
    "a6a4d06e": ("countdown", "merged", "timer", "exercise", "linked"),
    "1423d726": ("under-way", "detained", "ending", "voiced", "reopened"),
    "b440a0e6": ("recorded", "countdown", "forced", "merged", "posting", "voiced"),
}


def laid_out(commit: str, folder: Path) -> None:
    """Lay an older engine and its simulator into a folder."""
    packed = subprocess.run(  # noqa: S603 - our own words
        ["git", "archive", "--format=zip", commit, *LIVES],  # noqa: S607 - from PATH
        cwd=ROOT,
        capture_output=True,
        check=True,
    ).stdout
    # A tar's `filter` came with Python 3.11.4, and Debian 12 has an earlier one.
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        archive.extractall(folder)
    # What it asks of geocore has not changed since the first of them.
    for built in (ROOT / "geocore").glob("_geocore.*.so"):
        shutil.copy2(built, folder / "geocore")


def of(commit: str) -> str:
    """Return when a commit was made (ISO 8601)."""
    return subprocess.run(  # noqa: S603 - our own words
        ["git", "show", "-s", "--format=%cI", commit],  # noqa: S607 - from PATH
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


def made(commit: str, moment: str, folder: Path) -> tuple[Made, bytes]:
    """Have an older engine live until a moment; return its rows as JSON lines."""
    rows, first = folder / "rows.jsonl", SEEDS * [*WANTED].index(commit)
    said = subprocess.run(  # noqa: S603 - our own words
        [sys.executable, "-P", str(MAKER), str(rows), moment, str(first), str(SEEDS)],
        cwd=folder,
        # The order of a set's members stands in the rows.
        env={**os.environ, "PYTHONPATH": str(folder), "PYTHONHASHSEED": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if said.returncode:
        message = f"{commit}: {moment} was not found\n{said.stderr}"
        raise SystemExit(message)
    name = f"{commit}-{moment}"
    entry: Made = {"name": name, "commit": commit, "of": of(commit)}
    return entry | json.loads(said.stdout), rows.read_bytes()


def all_of(commits: dict[str, tuple[str, ...]]) -> Iterator[tuple[Made, bytes]]:
    """Yield what some commits have left, with their entries of the manifest."""
    for commit, moments in commits.items():
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            laid_out(commit, folder)
            for moment in moments:
                yield made(commit, moment, folder)


def main() -> int | str:
    """Make them, or say which are not as they would be made."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("commits", nargs="*", help="only these")
    parser.add_argument("--check", action="store_true", help="write nothing")
    arguments = parser.parse_args()
    wanted = {c: WANTED[c] for c in arguments.commits} or WANTED
    kept: list[Made] = json.loads(MANIFEST.read_text()) if MANIFEST.exists() else []
    entries = {
        entry["name"]: entry
        for entry in kept
        if entry["moment"] in WANTED.get(entry["commit"], ())
    }
    differ = []
    for entry, rows in all_of(wanted):
        name, path = entry["name"], FOLDER / f"{entry['name']}.jsonl.gz"
        is_same = path.exists() and gzip.decompress(path.read_bytes()) == rows
        if entries.get(name) != entry or not is_same:
            differ.append(name)
        entries[name] = entry
        sys.stdout.write(f"{json.dumps(entry)}\n")
        if not arguments.check and not is_same:
            path.write_bytes(gzip.compress(rows, mtime=0))
    if arguments.check:
        return f"leftovers: {', '.join(differ)} would be others" if differ else 0
    names = [f"{commit}-{moment}" for commit in WANTED for moment in WANTED[commit]]
    lines = ",\n".join(json.dumps(entries[n]) for n in names if n in entries)
    MANIFEST.write_text(f"[\n{lines}\n]\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
