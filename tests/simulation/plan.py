"""What happens in one virtual day, drawn from a seed: presses, people, faults.

A plan is data: it can be printed, kept as a test, and shrunk item by item. All chance
that the plan does not name is the world's own, by the same seed.
"""

import json
import random
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import timedelta

from engine.journal.memory import Medium
from engine.values import Instant
from tests.fakes import START
from tests.simulation.leftover import defender_of, medium_of, names
from tests.simulation.tables import (
    ACTORS,
    BUTTONS,
    CHANGES,
    CHANNELS,
    COLLEAGUES,
    DEFENDERS,
    FAULTS,
    MODEMS,
    OFFICERS,
    ORDERS,
    PRESSED_AGAIN,
    PRESSES,
    SILENCES,
    SILENT_AGAIN,
    TIMERS,
    TIMERS_OF,
    UNENDING,
    UNREAD,
    WEIGHTS,
)

DAY_S = 86_400.0
CALM_S = 7_200.0
"""For so long, at the end, all goes well: then everything has to be right."""
FAULTS_END_S = DAY_S - CALM_S
EPISODE_S = 2_400.0


@dataclass(frozen=True, slots=True, order=True)
class Item:
    """One thing that happens at a time; `who`, `n` and `s` mean what `what` says."""

    at_s: float
    family: str
    what: str
    who: str = ""
    n: int = 0
    s: float = 0.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A seed and what it comes to."""

    seed: int
    items: tuple[Item, ...]

    def without(self, dropped: Iterable[Item]) -> "Plan":
        """Return the plan less some items."""
        gone = set(dropped)
        return Plan(self.seed, tuple(i for i in self.items if i not in gone))

    def begins_on(self) -> tuple[Medium, Instant]:
        """Return the rows on which the day begins, and at what time of theirs."""
        for item in self.items:
            if item.what == "upgrade":
                medium = medium_of(item.who)
                assert medium.at is not None
                return medium, medium.at.plus(timedelta(seconds=item.s))
        return Medium(), START

    def to_json(self) -> str:
        """Return one line of JSON."""
        return json.dumps({"seed": self.seed, "items": [asdict(i) for i in self.items]})

    @classmethod
    def from_json(cls, line: str) -> "Plan":
        """Read what `to_json` has written."""
        table = json.loads(line)
        return cls(table["seed"], tuple(Item(**item) for item in table["items"]))


# Most days have one episode: its cost is that of its alarms, and it rarely meets the
# day's others. The rest have two or three, for what stays of one until the next.
EPISODES = (57, 2, 1)
SECOND_PRESS = 0.15

# A safety day: faults by the dozen while people are told, some of which never end, and
# no quiet hours. What must never happen is asked of it, and nothing that must happen.
SAFETY = 0.02

# A day that begins on the journal of an older engine, and how long none ran before it.
UPGRADE = 0.125
DOWN_S = (3.0, 3.0, 30.0, 600.0, 7_200.0)
TAKEN_UP_S = 300.0
STORM_S = 600.0
FAULTS_MIN, FAULTS_MAX = 6, 18
# Somebody changes a file; somebody sets a timer, and says something of it.
CHANGED = 0.08
TIMED = 0.05
SILENT = 0.04
AGAIN = 0.02
# Whoever is asked next is forced to answer, and says so.
COLLEAGUE = 0.04
OFFICER = 0.03
FALSE_AGAIN = 0.03
UNREADABLE = 0.02
ORDER = 0.03
# Somebody sets a timer by the button of a device.
BUTTON = 0.015
BUTTON_S = 660.0
"""What a bare press starts, with what is left to them after it."""
FORGOTTEN = 0.2
"""So many of who has set one are left out of a roster while it runs."""

# A month: what is asked after the end, with faults about when it is.
MONTH = 0.05
MONTH_S = 32 * DAY_S
AFTER_DAYS = (1, 3, 7, 30)
CLOSES_S = 3_600.0


def plan_of(seed: int) -> Plan:
    """Return the day of a seed."""
    draw = random.Random(f"plan/{seed}")
    items: list[Item] = []
    for _ in range(draw.choices((1, 2, 3), EPISODES)[0]):
        begins_s = draw.uniform(10, FAULTS_END_S - 2 * EPISODE_S)
        episode = _episode(draw, begins_s)
        items += episode
        if is_safety(seed):
            items += _storm(random.Random(f"storm/{seed}"), begins_s)
            break
        if is_month(seed):
            items += _month(random.Random(f"month/{seed}"), episode[0].who, begins_s)
            break
    old = _upgrade(seed)
    press = next(one for one in items if one.what in PRESSES)
    items += [*old, *_changes(seed, press, old)]
    items += [*_timers(seed, press.at_s), *_silences(seed, press.at_s)]
    items += _silent_again(seed, press.at_s, {one.who for one in items})
    items += [*_colleagues(seed, press.at_s), *_officers(seed, press.at_s)]
    items += [*_pressed_again(seed, press), *_unread(seed, press.at_s)]
    items += [*_buttons(seed, press.at_s), *_orders(seed, press.at_s)]
    return Plan(seed, tuple(sorted(items)))


def is_safety(seed: int) -> bool:
    """Say whether a seed's day is a safety day."""
    return random.Random(f"mode/{seed}").random() < SAFETY


def is_month(seed: int) -> bool:
    """Say whether a seed's day goes on for a month."""
    draw = random.Random(f"length/{seed}")
    return not is_safety(seed) and draw.random() < MONTH


def _upgrade(seed: int) -> list[Item]:
    """Return what an older engine has left, where a seed's day begins on it."""
    draw = random.Random(f"upgrade/{seed}")
    return old_case(draw) if draw.random() < UPGRADE else []


def _changes(seed: int, press: Item, old: list[Item]) -> list[Item]:
    """Return what somebody changes about a case: an older engine's, if one left any."""
    draw = random.Random(f"changes/{seed}")
    if draw.random() >= CHANGED:
        return []
    begun_s, who = press.at_s, press.who
    if old:
        begun_s, who = 0.0, defender_of(old[0].who)
    return [_change(draw, begun_s, who) for _ in range(draw.choice((1, 1, 2)))]


def _timers(seed: int, begins_s: float) -> list[Item]:
    """Return that somebody sets a timer about when an episode begins, and what then."""
    draw = random.Random(f"timers/{seed}")
    if draw.random() >= TIMED:
        return []
    minutes = draw.randrange(1, 8)
    at_s = max(0.1, begins_s + draw.uniform(-60 * minutes, 60))
    second_s = draw.choice((draw.uniform(0, 60 * minutes), draw.expovariate(1 / 300)))
    what = _drawn(draw, TIMERS)
    timer = _item(at_s, "human", what, n=minutes, s=min(second_s, EPISODE_S))
    if draw.random() >= FORGOTTEN:
        return [timer]
    gone_s = at_s + draw.uniform(1, 60 * minutes)
    return [timer, _item(gone_s, "roster", "left", who=TIMERS_OF[what])]


def _silences(seed: int, begins_s: float) -> list[Item]:
    """Return that a device falls silent about when an episode begins."""
    draw = random.Random(f"silences/{seed}")
    if draw.random() >= SILENT:
        return []
    heard = draw.randrange(1, 6)
    at_s = max(0.1, begins_s + draw.uniform(-240 * heard - 600, 60))
    who = draw.choice(DEFENDERS)
    return [_item(at_s, "human", _drawn(draw, SILENCES), who=who, n=heard)]


def _silent_again(seed: int, begins_s: float, others: set[str]) -> list[Item]:
    """Return that a device falls silent twice, of somebody with no other part in it."""
    draw = random.Random(f"silent again/{seed}")
    free = [one for one in DEFENDERS if one not in others]
    if draw.random() >= AGAIN or not free:
        return []
    heard, gap_s = draw.randrange(2, 5), min(draw.expovariate(1 / 900), EPISODE_S)
    at_s = max(0.1, begins_s + draw.uniform(-3_600, 60))
    what, who = _drawn(draw, SILENT_AGAIN), draw.choice(free)
    return [_item(at_s, "human", what, who=who, n=heard, s=gap_s)]


def _colleagues(seed: int, begins_s: float) -> list[Item]:
    """Return that a colleague who is asked from then on is forced to answer."""
    draw = random.Random(f"colleagues/{seed}")
    if draw.random() >= COLLEAGUE:
        return []
    at_s = max(0.1, begins_s + draw.choice((-1.0, draw.expovariate(1 / 120))))
    after_s = min(draw.expovariate(1 / 200), EPISODE_S)
    what, number = _drawn(draw, COLLEAGUES), draw.randrange(1, 15)
    return [_item(at_s, "force", what, n=number, s=after_s)]


def _officers(seed: int, begins_s: float) -> list[Item]:
    """Return that an officer who was paged is forced, and says so."""
    draw = random.Random(f"officers/{seed}")
    if draw.random() >= OFFICER:
        return []
    after_s = min(draw.expovariate(1 / 200), EPISODE_S)
    what, number = _drawn(draw, OFFICERS), draw.randrange(1, 15)
    return [_item(begins_s + 1, "force", what, n=number, s=after_s)]


def _pressed_again(seed: int, press: Item) -> list[Item]:
    """Return that HQ says *false*, and the defender presses again."""
    draw = random.Random(f"pressed again/{seed}")
    if draw.random() >= FALSE_AGAIN:
        return []
    after_s, what = (
        draw.choice((8.0, draw.uniform(1, 400))),
        _drawn(draw, PRESSED_AGAIN),
    )
    return [_item(press.at_s + 1, "human", what, who=press.who, s=after_s)]


def _unread(seed: int, begins_s: float) -> list[Item]:
    """Return that a page of the journal cannot be read about when an episode begins."""
    draw = random.Random(f"unread/{seed}")
    if draw.random() >= UNREADABLE:
        return []
    at_s = begins_s + draw.choice((draw.uniform(-5, 5), draw.expovariate(1 / 300)))
    lasts_s = draw.expovariate(1 / 20)
    return [_item(max(0.1, at_s), "disk", _drawn(draw, UNREAD), s=lasts_s)]


def _buttons(seed: int, begins_s: float) -> list[Item]:
    """Return that somebody presses for a timer; it or its end about an episode's."""
    draw = random.Random(f"buttons/{seed}")
    if draw.random() >= BUTTON:
        return []
    minutes, before_s = draw.randrange(1, 8), draw.choice((0.0, BUTTON_S))
    at_s = max(0.1, begins_s - before_s + draw.uniform(-5, 60))
    second_s = draw.choice((draw.expovariate(1 / 300), draw.uniform(0, 2 * BUTTON_S)))
    what = _drawn(draw, BUTTONS)
    return [_item(at_s, "human", what, n=minutes, s=min(second_s, EPISODE_S))]


def _orders(seed: int, begins_s: float) -> list[Item]:
    """Return that HQ asks something of a device about when an episode begins."""
    draw = random.Random(f"orders/{seed}")
    if draw.random() >= ORDER:
        return []
    at_s = max(0.1, begins_s + draw.choice((draw.uniform(-65, 5), draw.uniform(0, 90))))
    after_s, answers_s = min(draw.expovariate(1 / 300), EPISODE_S), draw.randrange(1, 9)
    what = _drawn(draw, ORDERS)
    return [_item(at_s, "human", what, n=answers_s, s=after_s)]


def _change(draw: random.Random, begun_s: float, who: str) -> Item:
    """Return one change, before a case, in its first moments or long after it began."""
    after_s = draw.choice(
        (
            draw.uniform(-600, 1),
            draw.expovariate(1 / 60),
            draw.uniform(0, EPISODE_S),
            draw.uniform(0, 4 * EPISODE_S),
        )
    )
    at_s = min(max(0.0, begun_s + after_s), FAULTS_END_S)
    what, number = _drawn(draw, CHANGES), draw.randrange(1, 8)
    return _item(at_s, "roster", what, who=who, n=number)


def old_case(draw: random.Random) -> list[Item]:
    """Return what an older engine has left, and what happens as it is taken up."""
    leftover = draw.choice(names())
    items = [begun_on(leftover, draw.choice(DOWN_S))]
    for _ in range(draw.randrange(4)):
        family = _drawn(draw, WEIGHTS)
        what = _drawn(draw, FAULTS[family])
        at_s = draw.uniform(0.1, TAKEN_UP_S)
        items.append(_fault(draw, at_s, family, what, defender_of(leftover)))
    return items


def begun_on(leftover: str, down_s: float) -> Item:
    """Return that a day begins on an older engine's journal, so long after it ended."""
    return _item(0.0, "process", "upgrade", who=leftover, s=down_s)


def _episode(draw: random.Random, begins_s: float) -> list[Item]:
    who = draw.choice(DEFENDERS)
    items = [_item(begins_s, "input", _drawn(draw, PRESSES), who=who)]
    if draw.random() < SECOND_PRESS:
        other = draw.choice(DEFENDERS)
        at_s = begins_s + draw.choice((0.0, 0.05, draw.uniform(0, 300)))
        items.append(_item(at_s, "input", _drawn(draw, PRESSES), who=other))
    for _ in range(draw.choices((0, 1, 2, 3, 5), (1, 3, 3, 2, 1))[0]):
        family = _drawn(draw, WEIGHTS)
        what = _drawn(draw, FAULTS[family])
        # Most of what can go wrong with an alarm goes wrong in its first seconds.
        after_s = draw.choice((draw.uniform(-5, 5), draw.expovariate(1 / 60)))
        at_s = max(0.0, begins_s + min(after_s, EPISODE_S / 2))
        items.append(_fault(draw, at_s, family, what, who))
    return items


def _storm(draw: random.Random, begins_s: float) -> list[Item]:
    """Return the faults of a safety day, and the word that it is one."""
    items = [_item(0.0, "mode", "safety")]
    for _ in range(draw.randrange(FAULTS_MIN, FAULTS_MAX)):
        family = _drawn(draw, WEIGHTS)
        what = _drawn(draw, FAULTS[family])
        at_s = max(0.0, begins_s + draw.uniform(-5, STORM_S))
        items.append(_fault(draw, at_s, family, what, draw.choice(DEFENDERS)))
    for family in ("modem", "channel", "disk"):
        what = _drawn(draw, UNENDING)
        if what in FAULTS[family]:
            at_s = begins_s + draw.uniform(0, STORM_S)
            unending = _fault(draw, at_s, family, what, "")
            items.append(replace(unending, s=DAY_S))
    return items


def _month(draw: random.Random, who: str, begins_s: float) -> list[Item]:
    """Return the word that it is a month, and faults about when it asks again."""
    items = [_item(0.0, "mode", "month")]
    for days in draw.sample(AFTER_DAYS, draw.randrange(1, 4)):
        for _ in range(draw.randrange(1, 4)):
            family = _drawn(draw, WEIGHTS)
            what = _drawn(draw, FAULTS[family])
            at_s = begins_s + days * DAY_S + draw.uniform(0, CLOSES_S)
            items.append(_fault(draw, at_s, family, what, who))
    return items


def _fault(draw: random.Random, at_s: float, family: str, what: str, who: str) -> Item:
    about = {"modem": draw.choice(MODEMS), "channel": draw.choice(CHANNELS)}
    number = draw.randrange(1, 8)
    seconds = draw.choice((1.0, 5.0, 30.0, 120.0, 600.0))
    length: dict[str, Callable[[], float]] = {
        "suspend": lambda: draw.choice((30.0, 3_600.0, 28_800.0)),
        "pause": lambda: draw.uniform(1, 60),
        "nobody": lambda: draw.uniform(300, 1_800),
        "flood": lambda: 1.0,
    }
    if what in length:
        seconds = length[what]()
    if what == "flood":
        number = draw.randrange(8, 16)
    if what.startswith("fails"):
        who = draw.choice(ACTORS)
    return _item(at_s, family, what, who=about.get(family, who), n=number, s=seconds)


def _item(
    at_s: float, family: str, what: str, *, who: str = "", n: int = 0, s: float = 0.0
) -> Item:
    return Item(round(at_s, 3), family, what, who, n, round(s, 3))


def _drawn(
    draw: random.Random, table: dict[str, int] | dict[str, dict[str, int]]
) -> str:
    weights = [w if isinstance(w, int) else sum(w.values()) for w in table.values()]
    return draw.choices(list(table), weights)[0]
