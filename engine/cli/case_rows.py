"""The list of cases, and one case, in lines: as the engine or the journal has them."""

from collections.abc import Iterable, Iterator, Mapping
from typing import cast

from engine.alarm.state import Kind, PlaceSource
from engine.console.lines import HIDDEN
from engine.console.voices import safety_line
from engine.values import Instant

Row = Mapping[str, object]
_HEX_SHOWN_MAX = 512


def lines_of(rows: Iterable[Row]) -> Iterator[str]:
    """Yield a line for each case, or that there is none."""
    is_empty = True
    for row in rows:
        is_empty = False
        if row["unread"]:
            yield f"{row['id']}  CANNOT BE READ: {row['what']}"
        else:
            yield (
                f"{row['id']}  {str(row['raised_at'])[:19]}Z  {row['response']:<13}"
                f" {row['truth']:<11} {row['alias']:<12}"
                f" {row['coming']} coming of {row['told']} told{_reach(row['near'])};"
                f" {row['state']}"
                f"{mark_of(row)}{_why_stopped(row)}"
            )
    if is_empty:
        yield "no alarms"


def mark_of(row: Row) -> str:
    """Return what an alarm is where it is not a real one."""
    kind = str(row["kind"])
    return "" if kind == Kind.REAL else f"  {kind.upper()}"


def head_lines(case: Row) -> Iterator[str]:
    """Yield what a case is, where, and what comes next by itself."""
    yield (
        f"{case['alias']} {case['country']}: {case['state']}; {case['truth']},"
        f" publication {case['publicity']} ({case['protocol']}){mark_of(case)}"
    )
    doubts = "".join(f"; {doubt}" for doubt in cast("list[str]", case["doubts"]))
    yield f"{case['what']}, raised {case['raised_at']}{doubts}"
    yield from cast("list[str]", case["pressed"])
    place = cast("Row", case["place"])
    rough = f" +-{place['accuracy_m']} m" if place["accuracy_m"] else ""
    at = f", of {place['at']}" if place["at"] else ""
    where = "" if place["source"] == PlaceSource.NOWHERE else f": {_where(place)}"
    yield f"{place['words']}{where}{rough}{at}"
    again = cast("Row", case["again"])
    if again["words"]:
        due_ms = again["due_ms"]
        when = f", at {Instant(due_ms)}" if isinstance(due_ms, int) else ""
        yield f"{again['words']}{when}"
    if case["next"]:
        due_ms = case["next_due_ms"]
        when = f", at {Instant(due_ms)}" if isinstance(due_ms, int) else ""
        yield f"Next, while the engine runs: {case['next']}{when}"
    voices = safety_line(cast("Row", case["safety"])) if case["open"] else ""
    if voices:
        yield voices
    if case["manner"]:
        yield str(case["manner"])


def told_line(case: Row) -> str:
    """Return how many people were told, of how many, and what became of the rest."""
    everybody = cast("Row", case["everybody"])
    return f"Told {everybody['told']} of {everybody['chosen']}{_reach(everybody)}"


def people_lines(case: Row) -> Iterator[str]:
    """Yield everybody who was told: answer, where to reach them, what did."""
    people = cast("list[Row]", case["people"])
    # Hidden, an officer's name is longer than any alias.
    name_width = max((len(str(one["alias"])) for one in people), default=0)
    role_width = max((len(str(one["role"])) for one in people), default=0)
    for one in people:
        distance_m = cast("float | None", one["distance_m"])
        away = "" if distance_m is None else f"{distance_m / 1000:.1f} km"
        addresses = " ".join(cast("list[str]", one["addresses"]))
        reached = "; ".join(
            f"{way['way']} {way['about']}".strip() + f": {way['words']}{_why(way)}"
            for way in cast("list[Row]", one["channels"])
        )
        yield (
            f"  {one['alias']:<{name_width}}  {one['role']:<{role_width}} {away:>9}"
            f"  {one['reply_words'] or '-':<12}  {addresses:<15}  {reached}"
        )
    if not people:
        yield "  nobody yet"


def time_lines(case: Row) -> Iterator[str]:
    """Yield what has happened, and the bytes of each report that nobody could read.

    They may be half an SOS: whoever has no browser is to see them as well. Another day
    than that of the raise has a line of its own: a case goes on for weeks.
    """
    day = str(case["raised_at"])[:10]
    for line in cast("list[Row]", case["lines"]):
        if day != (day := str(line["at"])[:10]):
            yield f"{day} UTC"
        at = str(line["at"])[11:23]
        yield f"{at}Z  {line['title']}: {line['text']}".removesuffix(": ")
        data = cast("Row", line.get("data") or {})
        raw = str(data.get("raw") or "")
        if raw:
            rest = " ... (--json has all)" if len(raw) > _HEX_SHOWN_MAX else ""
            shown = f"{raw[:_HEX_SHOWN_MAX]}{rest}"
            yield f"               by {data['wire_protocol']}, in hex: {shown}"


def _reach(tally: object) -> str:
    """Return how far it has come to people, and why no further."""
    parts = cast("list[Row]", cast("Row", tally)["parts"])
    said = ", ".join(str(one["text"]) for one in parts)
    return f" ({said})" if said else ""


def _why(way: Row) -> str:
    return f" ({way['why']})" if way["why"] else ""


def _why_stopped(row: Row) -> str:
    """Return why a case stands as it was before a row of it; mostly nothing."""
    return f": {row['stopped']}" if row.get("stopped") else ""


def _where(place: Row) -> str:
    if place["lat_deg"] is None:
        return f"no coordinates {place['name']}".strip()
    if place["lat_deg"] == HIDDEN:
        return HIDDEN
    return f"{place['lat_deg']},{place['lon_deg']} {place['name']}".strip()
