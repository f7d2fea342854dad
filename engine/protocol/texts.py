"""From a template and the facts to segments of text, in the recipient's language.

A message is a row of segments, each with a priority, so that whoever must fit it
into one short message cuts the least important words and never the code, the
place, its age, that either is in doubt, what to answer or the recipient's own sign:
these have shorter forms.
"""

import unicodedata
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta, tzinfo
from functools import cache, lru_cache
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from msgspec import Struct

from engine.ports.modem import Forms
from engine.protocol.language import Part, Wording, wording
from engine.protocol.model import FRESH
from engine.values import Instant, PublicText, Signal
from engine.written import Written

# A declared place is a town: two decimals (1 km) say where it is.
COARSE_M = 1_000.0
COARSE_DECIMALS = 2
# 110 m: what a place is rounded to before a message loses what to answer.
ABOUT_DECIMALS = 3
KM_M = 2_000.0
# Whoever says at ten in the evening "until one" knows which night that is.
_SAME_NIGHT = timedelta(hours=12)
_LEFT_TO_RIGHT = "\N{LEFT-TO-RIGHT MARK}"
"""Before a place among words from right to left: else `-76.50` is shown `76.50-`."""
_REPEAT = 6
_CASE = 11
_NAMES, _NAMED_MAX = 9, 20
"""The priority of the aliases in a message for several pages; so many are tried."""
_PUBLIC = "public"
"""So begin the names of the templates that `compose_public` alone words."""
_AGO = "{ago}"
_AGE = "{age}"
SENDER_DOUBTS = frozenset({"unknown_device", "failed_authentication"})
"""Doubts of who has sent it; the others are of what was sent."""


class Segment(Written, frozen=True, kw_only=True, gc=False):
    """A piece of a message: 1 is cut last; `since` words an age where it stands.

    `shorter` are the same in ever fewer words, each with its own priority: at its
    turn to go a text gives way to the next form, and only the last one is dropped.
    """

    priority: int
    text: str
    since: Instant | None = None
    shorter: tuple[tuple[int, str], ...] = ()

    @property
    def forms(self) -> Forms:
        """Return priority and text of each form, from long to short."""
        return ((self.priority, self.text), *self.shorter)


class PageFacts(Written, frozen=True, kw_only=True, gc=False):
    """What one message for several pages says of each, and `sign`, its reader's own."""

    alias: str
    sign: str = ""
    mark: str = ""
    is_strangers: bool = False


class TextFacts(Struct, frozen=True, kw_only=True, gc=False):
    """What a template may speak of; `place_at` is None where no age is known.

    `is_confirmed` once people have verified it: who sent it is in no doubt then. `case`
    is the alarm's id, for HQ alone, and `console` where they open it: a URL.
    """

    alias: str
    code: str = ""
    sign: str = ""
    lat_deg: float | None = None
    lon_deg: float | None = None
    accuracy_m: float | None = None
    place_at: Instant | None = None
    declared: str = ""
    doubted: bool = False
    pressed_at: Instant
    doubts: tuple[str, ...] = ()
    is_confirmed: bool = False
    signals: tuple[str, ...] = ()
    mark: str = ""
    zone: str = "UTC"
    fresh: timedelta = FRESH
    manner: str = ""
    case: str = ""
    console: str = ""
    move: tuple[float, str] | None = None
    """Metres, and a direction as the wording's table names it."""
    lateness: timedelta | None = None
    """How long after the press it came, where that was late."""
    distance_m: float | None = None
    """From the reader to the place."""
    next_step: tuple[str, timedelta] | None = None
    """Whom the action protocol calls next (`nearest`, `contacts`), and in what time."""


class PublicFacts(Struct, frozen=True, kw_only=True, gc=False):
    """All that a text for the world may speak of; `name` is one that was agreed to."""

    country: str
    name: str = ""
    mark: str = ""


PUBLIC_FACTS = frozenset({"country", "alias"})
"""What a template for the world may speak of."""


def compose_public(template: str, language: str, facts: PublicFacts) -> PublicText:
    """Return what the world reads; a part with nothing to say is left out."""
    table = wording(language)
    values = {"country": facts.country, "alias": facts.name}
    said = [f"{table.words[facts.mark]} "] if facts.mark else []
    for part in table.text[template]:
        if all(values.get(name) for name in part.fields):
            _, text = part.forms[0]
            said.append(text.format_map(values))
    return PublicText("".join(said))


def compose(
    template: str, language: str, facts: TextFacts, *, now: Instant, repeat: int = 0
) -> tuple[Segment, ...]:
    """Return the segments of a message; a segment with nothing to say is left out.

    Kept for a moment: one person is told the same by each of their channels.

    Args:
        template: one of `templates()`; an unknown or public one speaks as `hq`.
        language: BCP 47; only its first part counts.
        facts: what is known.
        now: decides whether a position is old.
        repeat: how often this message has been sent before; marks it.

    """
    return _composed(template, language, facts, now, repeat)


@lru_cache(maxsize=64)
def _composed(
    template: str, language: str, facts: TextFacts, now: Instant, repeat: int
) -> tuple[Segment, ...]:
    table = wording(language)
    parts = _parts(table, template)
    names = _names(table.language, template)
    values = {name: _VALUES[name](table, facts, now) for name in names}
    since = facts.place_at or facts.pressed_at
    said: list[Segment] = []
    if facts.mark:
        said.append(Segment(priority=1, text=f"{table.words[facts.mark]} "))
    if repeat:
        short = table.words["repeat_short"].format(n=repeat + 1)
        long = f"{table.words['repeat']} "
        # Its code says as well which alarm it is of: all that is needed goes before.
        shorter = ((_REPEAT, f"{short} "),)
        said.append(Segment(priority=_REPEAT, text=long, shorter=shorter))
    for coded in parts:
        part = coded if facts.code else coded.uncoded or coded
        for name in part.fields:
            if not values[name]:
                break
        else:
            said.append(_segment(part, values, since))
    if facts.case:
        # Where a line's end is not shown, the sentence before would run into it.
        is_ended = bool(facts.sign) or (said and said[-1].text.endswith((".", "?")))
        stop = "" if is_ended else "."
        said.append(Segment(priority=_CASE, text=stop + _case(table, facts)))
    return tuple(said)


def pages_in_one(language: str, pages: Sequence[PageFacts]) -> tuple[Segment, ...]:
    """Return one message for the pages of several cases, all to one reader.

    It counts the cases, names the first people of the roster, counts the rest of them
    and the strangers apart, and says where to look: `9 x SOS: Asha, Bina +5.`
    """
    words, first = wording(language).words, pages[0]
    known = [page.alias for page in pages if not page.is_strangers]
    strangers = len(pages) - len(known)
    said = [Segment(priority=1, text=f"{len(pages)} x {_of_what(language, first)}")]
    if known:
        most = min(len(known), _NAMED_MAX)
        long, *shorter = (_first_of(known, count) for count in range(most, 0, -1))
        forms = tuple((_NAMES, text) for text in shorter)
        said.append(Segment(priority=_NAMES, text=long, shorter=forms))
    if strangers:
        counted = words["pages_strangers"].format(n=strangers)
        said.append(Segment(priority=2, text=f". {counted}"))
    said.append(Segment(priority=1, text=f". {words['pages_look']}"))
    if first.sign:
        forms = ((1, f" {first.sign}"),)
        said.append(Segment(priority=7, text=f". {first.sign}", shorter=forms))
    return tuple(said)


def _of_what(language: str, page: PageFacts) -> str:
    table = wording(language)
    mark = page.mark and table.words[page.mark]
    if page.mark == "notice":
        return mark
    return f"{mark} {table.signals['sos']}".lstrip()


def _first_of(aliases: Sequence[str], count: int) -> str:
    """Return the first aliases, and how many there are besides."""
    more = len(aliases) - count
    return f": {', '.join(aliases[:count])}" + (f" +{more}" if more else "")


def subject(template: str, language: str, facts: TextFacts) -> str:
    """Return the subject line of a message; empty where the template has none."""
    table = wording(language)
    mark = f"{table.words[facts.mark]} " if facts.mark else ""
    return mark + table.subject.get(template, "").format(alias=facts.alias)


def finish(
    segments: tuple[Segment, ...], language: str, now: Instant
) -> tuple[Segment, ...]:
    """Word every age as of `now`."""
    return tuple(
        segment
        if segment.since is None
        else _aged(segment, segment.since, language, now)
        for segment in segments
    )


def age(since: Instant, language: str, now: Instant, *, is_short: bool = False) -> str:
    """Word how long ago something was, rounded down; the future counts as now."""
    words = wording(language).words
    short = "_short" if is_short else ""
    passed = now.since(since)
    if passed < timedelta(minutes=1):
        return words[f"now{short}"]
    if is_short and timedelta(hours=1) <= passed < timedelta(hours=2):
        return words["hour_short"].format(n=passed // timedelta(minutes=1) - 60)
    if passed < timedelta(hours=2):
        return words[f"minutes{short}"].format(n=passed // timedelta(minutes=1))
    if passed < timedelta(days=2):
        return words[f"hours{short}"].format(n=passed // timedelta(hours=1))
    return words[f"days{short}"].format(n=passed // timedelta(days=1))


def _aged(segment: Segment, since: Instant, language: str, now: Instant) -> Segment:
    long = age(since, language, now)
    short = age(since, language, now, is_short=True)
    (priority, text), *shorter = (
        (priority, text.replace(_AGO, long).replace(_AGE, short))
        for priority, text in segment.forms
    )
    return Segment(priority=priority, text=text, shorter=tuple(shorter))


def _segment(part: Part, values: Mapping[str, str], since: Instant) -> Segment:
    said = [(priority, text.format_map(values)) for priority, text in part.forms]
    priority, text = said[0]
    return Segment(
        priority=priority,
        text=text,
        since=since if part.is_aged else None,
        shorter=tuple(said[1:]),
    )


@cache
def _names(language: str, template: str) -> tuple[str, ...]:
    """Return what a template speaks of, and nothing else: it is little."""
    parts = _parts(wording(language), template)
    return tuple(dict.fromkeys(name for part in parts for name in part.fields))


def _parts(table: Wording, template: str) -> tuple[Part, ...]:
    is_known = template in table.text and not template.startswith(_PUBLIC)
    return table.text[template if is_known else "hq"]


def _case(table: Wording, facts: TextFacts) -> str:
    """Return a line of its own: how to look at the case, whoever reads this."""
    page = f"{facts.console}/alarms/{facts.case}"
    where = page if facts.console else f"natalia alarm show {facts.case}"
    return "\n" + table.words["case"].format(id=facts.case, where=where)


def _accuracy(table: Wording, facts: TextFacts, _: Instant) -> str:
    if facts.accuracy_m is None or facts.lat_deg is None:
        return ""
    return table.words["accuracy"].format(m=round(facts.accuracy_m))


def _old(table: Wording, facts: TextFacts, now: Instant) -> str:
    """Return that the position is old, and from which age on one is."""
    stale = _stale(table, facts, now)
    limit = table.words["limit"].format(n=facts.fresh // timedelta(minutes=1))
    return stale and f"{stale} {limit}"


def _stale(table: Wording, facts: TextFacts, now: Instant) -> str:
    if facts.place_at is None or now.since(facts.place_at) <= facts.fresh:
        return ""
    return table.words["old"]


def _standing(table: Wording, facts: TextFacts, _: Instant) -> str:
    """Return whether anybody has confirmed that it is real, whoever has sent it."""
    return table.words["confirmed" if facts.is_confirmed else "unconfirmed"]


def _standing_short(table: Wording, facts: TextFacts, _: Instant) -> str:
    return table.words["confirmed_short" if facts.is_confirmed else "unconfirmed_short"]


def _sender(table: Wording, facts: TextFacts, _: Instant) -> str:
    if facts.is_confirmed:
        return ""
    found = (doubt for doubt in facts.doubts if doubt in SENDER_DOUBTS)
    return ", ".join(table.words[doubt] for doubt in found)


def _oddities(table: Wording, facts: TextFacts, _: Instant) -> str:
    found = (doubt for doubt in facts.doubts if doubt not in SENDER_DOUBTS)
    return ", ".join(table.words[doubt] for doubt in found)


def _move(table: Wording, facts: TextFacts, _: Instant) -> str:
    """Return how far and where to, as a person would say it: `400 m north-east`."""
    if facts.move is None:
        return ""
    distance_m, direction = facts.move
    number, unit = _rounded(distance_m)
    return table.words["move"].format(
        n=number, unit=table.words[unit], direction=table.words[direction]
    )


def _rounded(distance_m: float) -> tuple[int, str]:
    """Return a distance as a person would say it, and the key of its unit."""
    step_m, unit, size = (100, "m", 1) if distance_m < KM_M else (1_000, "km", 1_000)
    least = 1 if size > 1 else step_m
    return max(round(distance_m / step_m) * step_m // size, least), unit


def _range(table: Wording, facts: TextFacts, _: Instant) -> str:
    """Return how far the reader is from the place; about, where that is a town."""
    if facts.distance_m is None or facts.lat_deg is None:
        return ""
    number, unit = _rounded(facts.distance_m)
    about = "~" if facts.declared else ""
    return about + table.words["range"].format(n=number, unit=table.words[unit])


def _away(table: Wording, facts: TextFacts, now: Instant) -> str:
    distance = _range(table, facts, now)
    return distance and table.words["away"].format(distance=distance)


def _late(table: Wording, facts: TextFacts, now: Instant) -> str:
    lag = _lag(table, facts, now)
    return lag and table.words["late"].format(age=lag)


def _lag(table: Wording, facts: TextFacts, _: Instant) -> str:
    """Return how long a late press was on its way."""
    if facts.lateness is None:
        return ""
    came = facts.pressed_at.plus(facts.lateness)
    return age(facts.pressed_at, table.language, came, is_short=True)


def _next(table: Wording, facts: TextFacts, _: Instant) -> str:
    if facts.next_step is None:
        return table.words["next_none"]
    who, after = facts.next_step
    minutes = -(-after // timedelta(minutes=1))
    return table.words["next"].format(who=table.words[f"who_{who}"], n=minutes)


def _clock(facts: TextFacts) -> str:
    """Return hour and minute of the press where the reader is."""
    return f"{_there(facts.pressed_at, facts):%H:%M}"


def _until(facts: TextFacts, now: Instant) -> str:
    """Return a time to come, with its date where the hour alone may be mistaken.

    "Home by 23:00" said at five past is tomorrow's: whoever was five minutes late
    with it must see that nobody will miss them tonight.
    """
    due = facts.pressed_at
    moment = _there(due, facts)
    is_today = moment.date() == _there(now, facts).date()
    is_plain = is_today or due.since(now) < _SAME_NIGHT
    return f"{moment:%H:%M}" if is_plain else f"{moment:%H:%M %Y-%m-%d}"


def _there(moment: Instant, facts: TextFacts) -> datetime:
    """Return a moment as the reader's clocks show it."""
    return moment.to_datetime().astimezone(_zone(facts.zone))


@cache
def _zone(name: str) -> tzinfo:
    try:
        return ZoneInfo(name)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        # A roster's zones are checked; a journal of elsewhere may name another.
        return UTC


def _place(table: Wording, facts: TextFacts) -> str:
    words, point = table.words, _point(table, facts)
    if not point:
        return words["nowhere"]
    if facts.doubted:
        return words["doubted"].format(point=point)
    if not facts.declared:
        return point
    named = " ".join(word for word in (_town(table, facts), point) if word)
    return words["declared"].format(point=point, named=named)


def _spot(table: Wording, facts: TextFacts, decimals_max: int = 9) -> str:
    """Return the place in the fewest words: a sign for a doubt, and no town."""
    words, point = table.words, _point(table, facts, decimals_max)
    if not point:
        return words["nowhere_short"]
    kind = "doubted" if facts.doubted else "declared" if facts.declared else ""
    return words[f"{kind}_short"].format(point=point) if kind else point


def _point(table: Wording, facts: TextFacts, decimals_max: int = 9) -> str:
    if facts.lat_deg is None or facts.lon_deg is None:
        return ""
    coarse = facts.accuracy_m is None or facts.accuracy_m >= COARSE_M
    decimals = COARSE_DECIMALS if facts.declared and coarse else table.decimals
    decimals = min(decimals, decimals_max)
    point = f"{facts.lat_deg:.{decimals}f},{facts.lon_deg:.{decimals}f}"
    return f"{_LEFT_TO_RIGHT}{point}" if table.is_rtl else point


def _town(table: Wording, facts: TextFacts) -> str:
    """Return the declared place's name, where its script is the language's.

    One letter of another script would make a short message of 160 characters one
    of 70, which loses far more than the name: the coordinates stand beside it.
    """
    name = facts.declared
    if not table.is_latin:
        return name
    letters = (unicodedata.name(char, "") for char in name if char.isalpha())
    return name if all(one.startswith("LATIN") for one in letters) else ""


def _gravest(table: Wording, signals: Sequence[str]) -> str:
    """Return one signal and how many there are besides: `removed +2`."""
    order = {signal.value: number for number, signal in enumerate(Signal)}
    ranked = sorted(signals, key=lambda signal: order.get(signal, len(order)))
    more = f" +{len(ranked) - 1}" if len(ranked) > 1 else ""
    return f"{_said(table, ranked[0])}{more}" if ranked else ""


def _said(table: Wording, signal: str) -> str:
    """Return a signal's word; one that a later version wrote speaks for itself."""
    return table.signals.get(signal, signal.replace("_", " "))


_VALUES: Mapping[str, Callable[[Wording, TextFacts, Instant], str]] = {
    "code": lambda _, facts, __: facts.code,
    "alias": lambda _, facts, __: facts.alias,
    "sign": lambda _, facts, __: facts.sign,
    "place": lambda table, facts, _: _place(table, facts),
    "spot": lambda table, facts, _: _spot(table, facts),
    "about": lambda table, facts, _: _spot(table, facts, ABOUT_DECIMALS),
    "area": lambda table, facts, _: _spot(table, facts, COARSE_DECIMALS),
    "town": lambda table, facts, _: _town(table, facts),
    "accuracy": _accuracy,
    "ago": lambda *_: _AGO,
    "age": lambda *_: _AGE,
    "old": _old,
    "stale": _stale,
    "standing": _standing,
    "standing_short": _standing_short,
    "sender": _sender,
    "oddities": _oddities,
    "clock": lambda _, facts, __: _clock(facts),
    "until": lambda _, facts, now: _until(facts, now),
    "move": _move,
    "range": _range,
    "away": _away,
    "late": _late,
    "lag": _lag,
    "next": _next,
    "manner": lambda table, facts, _: facts.manner and table.words[facts.manner],
    "hush": lambda table, facts, _: (
        facts.manner and table.words[f"{facts.manner}_short"]
    ),
    "still": lambda table, facts, _: (
        facts.manner and table.words[f"{facts.manner}_least"]
    ),
    "signals": lambda table, facts, _: ", ".join(
        _said(table, signal) for signal in facts.signals
    ),
    "signal": lambda table, facts, _: _gravest(table, facts.signals),
    "doubts": lambda table, facts, _: ", ".join(
        table.words[doubt] for doubt in facts.doubts
    ),
}
FACTS = frozenset(_VALUES)
"""What a template may speak of."""
