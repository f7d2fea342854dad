"""What each decoder has withstood, over all runs: a tally in JSON, a table in the docs.

A tally knows by which code its latest frames were read, so that a table does not
claim for a changed decoder what an older one has withstood.
"""

import ast
import hashlib
import inspect
import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from functools import cache
from importlib import import_module
from pathlib import Path

HERE = Path(__file__).parent
TALLIES = HERE / "withstood.json"
PAGE = HERE.parents[2] / "docs" / "devices.md"
_TABLE = re.compile(r"(?<=<!-- withstood -->\n).*?(?=<!-- end -->)", re.DOTALL)
_PACKAGE = "adapters.devices."


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """What one decoder has withstood; `now` is of the code in `source` alone."""

    source: str = ""
    frames: int = 0
    frames_now: int = 0
    bytes: int = 0
    reports: int = 0
    batches: int = 0
    cpu_s_now: float = 0.0
    slowest_ms: float = 0.0
    peak_mb: float = 0.0

    def plus(self, other: "Tally") -> "Tally":
        """Return both as one; `other` came later."""
        kept = self if self.source == other.source else Tally()
        return Tally(
            source=other.source,
            frames=self.frames + other.frames,
            frames_now=kept.frames_now + other.frames_now,
            bytes=self.bytes + other.bytes,
            reports=self.reports + other.reports,
            batches=self.batches + other.batches,
            cpu_s_now=kept.cpu_s_now + other.cpu_s_now,
            slowest_ms=max(self.slowest_ms, other.slowest_ms),
            peak_mb=max(self.peak_mb, other.peak_mb),
        )


@cache
def source_of(module: str) -> str:
    """Return a digest of a module of decoders and all that it imports of them.

    Comments and layout are no part of it.
    """
    found: dict[str, str] = {}
    waiting = [module]
    while waiting:
        name = waiting.pop()
        if name in found:
            continue
        tree = ast.parse(inspect.getsource(import_module(name)))
        found[name] = ast.dump(tree)
        waiting += [one for one in _imported(tree) if one.startswith(_PACKAGE)]
    whole = "\n".join(found[name] for name in sorted(found))
    return hashlib.sha256(whole.encode()).hexdigest()[:16]


def _imported(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module is not None:
            yield node.module
            # `from adapters.devices import NAME` names a module in its list.
            yield from (
                f"{node.module}.{one.name}"
                for one in node.names
                if f"{node.module}." == _PACKAGE
            )


def load(path: Path = TALLIES) -> dict[str, Tally]:
    """Return the tallies by decoder; none where there is no file."""
    if not path.exists():
        return {}
    return {name: Tally(**row) for name, row in json.loads(path.read_text()).items()}


def save(tallies: Mapping[str, Tally], path: Path = TALLIES) -> None:
    """Write the tallies; a crash leaves the old or the new ones."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = {name: asdict(tally) for name, tally in sorted(tallies.items())}
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(rows, indent=1) + "\n")
    partial.replace(path)


def table(tallies: Mapping[str, Tally]) -> str:
    """Return the table in Markdown."""
    rows = [
        "| Decoder | Frames | Last code | MB | Frames/s | ms max | MB max |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, tally in sorted(tallies.items()):
        rate = tally.frames_now / tally.cpu_s_now if tally.cpu_s_now else 0
        rows.append(
            f"| {name} | {tally.frames:,} | {tally.frames_now:,} "
            f"| {tally.bytes / 1e6:,.0f} | {rate:,.0f} "
            f"| {tally.slowest_ms:.1f} | {tally.peak_mb:.0f} |"
        )
    return "\n".join(rows) + "\n"


def publish(tallies: Mapping[str, Tally], page: Path = PAGE) -> None:
    """Write the table into the page."""
    page.write_text(_TABLE.sub(lambda _: table(tallies), page.read_text()))


def published(page: Path = PAGE) -> str:
    """Return the table that stands in the page."""
    found = _TABLE.search(page.read_text())
    return found[0] if found else ""
