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


# The first has agreed words and codes with HQ: force can strike nobody else.
DEFENDERS = (
    *("heron",) * 5,
    *("gannet", "toucan", "stork", "lapwing", "avocet", "cormorant", "fulmar"),
    *("kingfisher", "chough", "dowitcher", "dowitcher", "fairywren"),
)
MODEMS = ("modem-1", "modem-2")
CHANNELS = ("email", "webhook", "mastodon")
# Who may fail, an alarm's actor most of all: it holds what is decided and not told.
ACTORS = (
    *("alarm",) * 4,
    *("alarms", "dispatcher", "intake", "timers", *MODEMS, *CHANNELS) * 2,
    *("checkins", "email/2", "gateway", "journal", "orders", "probe", "register"),
    *("shouter", "vigil", "web", "channels", "doors", "modems"),
)

# Most days have one episode: its cost is that of its alarms, and it rarely meets the
# day's others. The rest have two or three, for what stays of one until the next.
EPISODES = (57, 2, 1)
SECOND_PRESS = 0.15

# A safety day: faults by the dozen while people are told, some of which never end, and
# no quiet hours. What must never happen is asked of it, and nothing that must happen.
SAFETY = 0.02
MODES = {"safety": 1, "month": 1}

# A day that begins on the journal of an older engine, and how long none ran before it.
BEGINS = {"upgrade": 1}
UPGRADE = 0.125
DOWN_S = (3.0, 3.0, 30.0, 600.0, 7_200.0)
TAKEN_UP_S = 300.0
STORM_S = 600.0
FAULTS_MIN, FAULTS_MAX = 6, 18
UNENDING = {"": 2, "all_gone": 1, "gone": 1, "down": 2, "full": 1, "slow": 1}

# What somebody changes in the roster, or in the files of the action protocols.
CHANGES = {
    "left": 2,
    "follows": 1,
    "retired": 3,
    "renumbered": 3,
    "unavailable": 1,
    "relieved": 2,
    "rewritten": 2,
    "taken_away": 1,
}
CHANGED = 0.08

# A month: what is asked after the end, with faults about when it is.
MONTH = 0.05
MONTH_S = 32 * DAY_S
AFTER_DAYS = (1, 3, 7, 30)
CLOSES_S = 3_600.0

# What is drawn, and how often beside the others of its family.
PRESSES = {
    "sos": 10,
    "removed": 2,
    "no_fix": 2,
    "late": 2,
    "clock": 1,
    "zero": 1,
    "checksum": 1,
    "unauthentic": 1,
    "twice": 2,
    "stranger": 1,
    "fall": 1,
    "undecodable": 1,
}
FAULTS = {
    "process": {
        "kill": 4,
        "commit_before": 3,
        "commit_after": 3,
        "contact_before": 3,
        "contact_after": 3,
        "stop": 1,
        "loop": 1,
        "pause": 2,
        "read_error": 1,
        "fails": 2,
        "fails_after": 2,
        "fails_within": 2,
    },
    "disk": {
        "eio": 2,
        "unanswered": 2,
        "full": 2,
        "scarce": 2,
        "slow": 2,
        "old_owner": 2,
    },
    "modem": {
        "gone": 3,
        "silent": 2,
        "lost": 3,
        "sent_unknown": 3,
        "late_answer": 2,
        "refused": 2,
        "rejected": 1,
        "no_report": 2,
        "late_report": 1,
        "report_twice": 1,
        "failed_report": 1,
        "slow_answer": 1,
        "hang": 1,
        "all_gone": 1,
        "no_call": 1,
        "keeps_message": 1,
        "store_hangs": 1,
        "arrives_twice": 1,
    },
    "channel": {"down": 3, "refused": 2, "rejected": 1, "hang_sent": 2, "hang_lost": 2},
    "input": {
        "flood": 1,
        "cancel": 4,
        "again": 3,
        "replayed": 2,
        "words": 1,
        "wrong_code": 1,
        "spoofed": 2,
        "walks": 2,
        "answer_lost": 2,
    },
    "time": {"hour_ahead": 2, "hour_back": 1, "week_back": 2, "suspend": 2},
    "human": {
        "nobody": 2,
        "two_at_once": 2,
        "reopen": 2,
        "after_close": 2,
        "detained": 3,
        "needs_help": 3,
        "hand_over": 2,
        "link": 1,
        "merge": 3,
        "taken_off": 2,
        "timer": 3,
        "drill": 2,
        "double_click": 2,
    },
    "force": {
        "duress_word": 3,
        "duress_code": 3,
        "safe_word": 2,
        "safe_code": 2,
        "press_after_end": 2,
    },
}
WEIGHTS = {
    "process": 6,
    "disk": 3,
    "modem": 5,
    "channel": 3,
    "input": 3,
    "time": 1,
    "human": 5,
    "force": 2,
}


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
    return Plan(seed, tuple(sorted([*items, *old, *_changes(seed, items, old)])))


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


def _changes(seed: int, items: list[Item], old: list[Item]) -> list[Item]:
    """Return what somebody changes about a case: an older engine's, if one left any."""
    draw = random.Random(f"changes/{seed}")
    if draw.random() >= CHANGED:
        return []
    if old:
        begun_s, who = 0.0, defender_of(old[0].who)
    else:
        press = next(one for one in items if one.what in PRESSES)
        begun_s, who = press.at_s, press.who
    return [_change(draw, begun_s, who) for _ in range(draw.choice((1, 1, 2)))]


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
