"""The table of the long run, from its record: pure."""

from tests.simulation.tables import (
    BEGINS,
    BUTTONS,
    CHANGES,
    COLLEAGUES,
    FAULTS,
    MODES,
    OFFICERS,
    ORDERS,
    PRESSED_AGAIN,
    PRESSES,
    SILENCES,
    SILENT_AGAIN,
    TIMERS,
    UNREAD,
)

Table = dict[str, object]


def written(record: dict[str, object]) -> str:
    """Return the page's tables in Markdown: sums by commit, then faults by family.

    The latest commit stands last.
    """
    sums: dict[str, Table] = record["commits"]  # type: ignore[assignment] # JSON
    lines = [
        (
            "| Commit | Of | Seeds (days) | Violations | CPU of a day: median, mean |"
            " Starts | Commits"
            " | Contacts | Alarms | Most alike | Sends again: median, 95 %, most |"
        ),
        "|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|",
    ]
    faults: dict[str, int] = {}
    for commit, one in sorted(
        sums.items(), key=lambda each: str(each[1]["committed_at"])
    ):
        lines.append(_row(commit, one))
        for what, times in _counts(one["faults"]).items():
            faults[what] = faults.get(what, 0) + times
    lines += ["", "| Family | Struck so often, over all commits |", "|---|---|"]
    families = {
        **FAULTS,
        "process": FAULTS["process"] | BEGINS,
        "human": FAULTS["human"]
        | (TIMERS | BUTTONS | SILENCES | SILENT_AGAIN | ORDERS | PRESSED_AGAIN),
        "force": FAULTS["force"] | COLLEAGUES | OFFICERS,
        "disk": FAULTS["disk"] | UNREAD,
        "roster": CHANGES,
        "presses": PRESSES,
        "days": MODES,
    }
    for family, table in families.items():
        struck = ", ".join(f"{what} {faults.get(what, 0)}" for what in table)
        lines.append(f"| {family} | {struck} |")
    return "\n".join(lines) + "\n"


def _row(commit: str, one: Table) -> str:
    seeds = int(str(one["seeds"]))
    mean_ms = float(str(one["cpu_s"])) / max(seeds, 1) * 1000
    median_ms = _spread(_counts(one["cpu_ms"]))[0]
    cells = (
        f"`{commit}`",
        str(one["committed_at"])[:16].replace("T", " "),
        f"{seeds:,}",
        f"{one['violations']}",
        f"{median_ms} ms, {mean_ms:.0f} ms",
        *(f"{one[k]:,}" for k in ("lives", "commits", "contacts", "alarms")),
        f"{one['duplicates_max']}",
        ", ".join(f"{ms:,} ms" for ms in _spread(_counts(one["recovery_ms"]))),
    )
    return "| " + " | ".join(cells) + " |"


def _counts(found: object) -> dict[str, int]:
    assert isinstance(found, dict)
    return found


def _spread(counts: dict[str, int]) -> tuple[int, int, int]:
    """Return median, 95th percentile and maximum of milliseconds; 0 where none is."""
    times = sorted(int(ms) for ms, number in counts.items() for _ in range(number))
    if not times:
        return 0, 0, 0
    return times[len(times) // 2], times[len(times) * 95 // 100], times[-1]
