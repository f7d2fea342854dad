"""The time line of a rehearsal as SVG: one row for each step. Pure.

Time runs to the right on a scale on which the first minute is as wide as the rest of
the first hour: what matters happens first. Nothing is fetched, and no script runs.
"""

from collections.abc import Sequence
from datetime import timedelta
from math import log1p
from xml.sax.saxutils import escape

from engine.protocol.phrases import span
from engine.rehearsal.play import Moment

WIDTH, LEFT, RIGHT, ROW, TOP = 960, 150, 20, 34, 46
LINE = 16
_PEOPLE = "people"
_SCALE_S = 20.0
_HALF_LABEL = 20
"""Half of what the longest label of a time takes, less the margin beside it."""
_LETTER = 6
"""About what a letter of a label takes."""
_DAY_S = 86_400
_DAYS_FROM_S = 4 * _DAY_S
_HOURS_S = (0, 10, 30, 60, 180, 600, 1_800, 3_600, 7_200, 21_600)
_TICKS_S = (*_HOURS_S, *(_DAY_S * days for days in (1, 3, 7, 30, 90, 365)))
_GOOD, _BAD, _INK, _LINE = "#1b6e53", "#b3261e", "#1f2328", "#d0d7de"


def drawing(title: str, moments: Sequence[Moment]) -> str:
    """Return an SVG document; each mark has its words as a tooltip.

    What people do is numbered and told in words below, so that it can be printed.
    """
    lanes = list(dict.fromkeys([_PEOPLE, *(moment.lane for moment in moments)]))
    ends = max((moment.after for moment in moments), default=timedelta(0))
    ends = max(ends, timedelta(minutes=1))
    people = [moment for moment in moments if moment.lane == _PEOPLE]
    below = TOP + ROW * len(lanes) + 30
    height = below + LINE * len(people)
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}"'
        f' font-family="sans-serif" font-size="12" fill="{_INK}">'
    )
    parts = [
        head,
        f"<title>{escape(title)}</title>",
        f'<text x="{LEFT}" y="18" font-size="14">{escape(title)}</text>',
        *_ticks(ends, below),
    ]
    for number, lane in enumerate(lanes):
        y = TOP + ROW * number + ROW // 2
        parts.append(
            f'<line x1="{LEFT}" y1="{y}" x2="{WIDTH - RIGHT}" y2="{y}"'
            f' stroke="{_LINE}"/><text x="{LEFT - 10}" y="{y + 4}"'
            f' text-anchor="end">{escape(lane)}</text>'
        )
        parts += [_mark(moment, ends, y) for moment in moments if moment.lane == lane]
    times = list(dict.fromkeys(moment.after for moment in people))
    for number, after in enumerate(times, start=1):
        parts.append(
            f'<text x="{x_of(after, ends):.1f}" y="{TOP + 4}" text-anchor="middle"'
            f' font-size="9">{number}</text>'
        )
    for line, moment in enumerate(people, start=1):
        number = times.index(moment.after) + 1
        words = escape(f"{number}  {clock(moment.after)}  {moment.words}")
        colour = _BAD if moment.is_bad else _INK
        y = below + LINE * line - 4
        parts.append(f'<text x="{LEFT}" y="{y}" fill="{colour}">{words}</text>')
    return "\n".join([*parts, "</svg>"]) + "\n"


def x_of(after: timedelta, ends: timedelta) -> float:
    """Return how far right a moment stands, pixels."""
    share = log1p(after.total_seconds() / _SCALE_S) / log1p(
        ends.total_seconds() / _SCALE_S
    )
    return LEFT + share * (WIDTH - LEFT - RIGHT)


def _ticks(ends: timedelta, height: int) -> list[str]:
    said, taken = [], 0.0
    for seconds in _TICKS_S:
        after = timedelta(seconds=seconds)
        if after > ends:
            break
        x = x_of(after, ends)
        words = span(after) if seconds else "raised"
        anchor = "end" if x > WIDTH - RIGHT - _HALF_LABEL else "middle"
        line = (
            f'<line x1="{x:.1f}" y1="{TOP}" x2="{x:.1f}" y2="{height - 22}"'
            f' stroke="{_LINE}" stroke-dasharray="2 3"/>'
        )
        wide = _LETTER * len(words)
        begins = x - (wide if anchor == "end" else wide / 2)
        if begins < taken:
            said.append(line)  # no room for its words beside the one before
            continue
        taken = begins + wide
        said.append(
            f'{line}<text x="{x:.1f}" y="{height - 8}" text-anchor="{anchor}"'
            f' font-size="10">{words}</text>'
        )
    return said


def _mark(moment: Moment, ends: timedelta, y: int) -> str:
    x = x_of(moment.after, ends)
    colour = _BAD if moment.is_bad else _GOOD
    words = escape(f"{clock(moment.after)} {moment.lane}: {moment.words}")
    return (
        f'<circle cx="{x:.1f}" cy="{y}" r="5" fill="{colour}" fill-opacity="0.7">'
        f"<title>{words}</title></circle>"
    )


def clock(after: timedelta) -> str:
    """Return hours, minutes and seconds since the raise; later days, and the rest."""
    seconds = round(after.total_seconds())
    if seconds >= _DAYS_FROM_S:
        days, rest = divmod(seconds, _DAY_S)
        return f"{days}d {rest // 3600:d}:{rest // 60 % 60:02d}"
    return f"{seconds // 3600:d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
