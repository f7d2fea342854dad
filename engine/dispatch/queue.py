"""What waits to be sent, in the order in which it goes: pure.

Alarm first, then age. What a route leaves to another one, `choice` says.
"""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush, heapreplace
from itertools import islice
from math import inf

from engine.dispatch.body import decode_body
from engine.dispatch.pages import PAGES_TOGETHER, PageKey, page_key
from engine.ports.journal import EffectRow
from engine.values import EffectId

RANK_ANSWER = 9
RANK_DISTRESS = 10
RANK_CALL = 15
RANK_HQ = 20
RANK_CHECK_IN = 45
RANK_STRANGER = 46
RANK_STRANGERS_CALL = 47
RANK_STOP = 50
RANK_PUBLIC = 60
"""Who goes before whom. A call holds a modem for as long as it rings.

An answer about a timer to whoever has a case open goes before all: behind what a word
of force begins it would show that it was one. They are few, by
`engine.intake.checkins.promptly`, and no telephone stops ringing for them.
What pages HQ of a stranger goes behind whatever concerns somebody in the roster:
anybody can be a thousand strangers, and a modem sends some twenty messages a minute.
"""

TOLD_LATER_MS = 5_000
"""Of many alarms at once, one that somebody has been told of counts as younger by so
much: nobody knows of the others yet. No more, lest new alarms starve the old."""
AGAIN = 2
AGAIN_LATER_MS = 300_000
"""From this repeat on one counts as younger by as long as it is left alone at the most.

A far end of which each attempt takes its time, and shows nothing, would else have all
its repeats, of which there is no end, before the first word of a new alarm."""
CALL_LATER_MS = 60_000
"""A call counts as younger by so much than a short message that goes again: it holds a
modem as long as a dozen of them. No more: where a network takes no message, all of them
again would keep every telephone silent."""
RANK_AGAIN = RANK_CALL
"""Short messages of alarms from that repeat on: behind all first words whatever their
rank, in turns with calls, and for them no telephone stops ringing. But for those to
the defender, who would see by the wait how many more a word of force has called."""
_SMS_AGAIN = "sms again"
RINGS_TOGETHER = 32
"""So many cases ring an officer at once: each has to be begun before the telephone
rings."""

_CALL = "call"

_Entry = tuple[int, int, str]


@dataclass(slots=True)
class Queue:
    """Planned effects by channel; each is held once, whoever offers it again."""

    _heaps: dict[str, list[_Entry]] = field(default_factory=dict)
    _rows: dict[EffectId, EffectRow] = field(default_factory=dict)
    _waiting: Counter[str] = field(default_factory=Counter)
    _told: set[str] = field(default_factory=set)
    _again: set[EffectId] = field(default_factory=set)
    _resting: dict[str, float] = field(default_factory=dict)
    _aside: dict[str, list[EffectId]] = field(default_factory=dict)
    _pages: dict[PageKey, dict[EffectId, None]] = field(default_factory=dict)
    _page_keys: dict[EffectId, PageKey] = field(default_factory=dict)

    def __len__(self) -> int:
        """Return how many wait."""
        return len(self._rows)

    def offer(self, row: EffectRow) -> bool:
        """Take a planned effect; False where it waits already."""
        if row.effect_id in self._rows:
            return False
        self._rows[row.effect_id] = row
        if row.avoid_route and _is_again(row):
            self._again.add(row.effect_id)
        self._waiting[row.alarm] += 1
        key = page_key(row)
        if key is not None:
            self._page_keys[row.effect_id] = key
            self._pages.setdefault(key, {})[row.effect_id] = None
        number = number_rung(row)
        if number in self._resting:
            self._aside[number].append(row.effect_id)
        else:
            self._push(row)
        return True

    def _push(self, row: EffectRow) -> None:
        heap = self._heaps.setdefault(_heap_of(row), [])
        heappush(heap, self._entry(row))

    def withdraw(self, effects: Iterable[EffectId]) -> None:
        """Forget effects; unknown ones are passed over."""
        for effect in effects:
            if effect in self._rows:
                self._forget(effect)

    def take(
        self,
        channels: tuple[str, ...],
        leaves: Callable[[EffectRow], bool],
        *,
        below_rank: float = inf,
    ) -> EffectRow | None:
        """Return the most urgent effect that a route may send, and forget it.

        Args:
            channels: what the route can send.
            leaves: says which effects it leaves to another route.
            below_rank: what has this rank, or a later one, must wait.

        """
        firsts = (self._first(channel, leaves) for channel in channels)
        best = min((one for one in firsts if one is not None), default=None)
        if "sms" in channels:
            best = self._sooner(best, self._first(_SMS_AGAIN, leaves))
        if best is None or best[0] >= below_rank:
            return None
        return self._hand_on(EffectId(best[2]))

    def _hand_on(self, effect: EffectId) -> EffectRow:
        row = self._forget(effect)
        if row.alarm in self._waiting:
            self._told.add(row.alarm)
        return row

    def take_with(self, row: EffectRow) -> tuple[EffectRow, ...]:
        """Take what waits to ring the same telephone as a row: one ring is for all."""
        theirs = self._ringing(number_rung(row))[: RINGS_TOGETHER - 1]
        return tuple(self._forget(one.effect_id) for one in theirs)

    def take_pages_with(
        self, row: EffectRow, leaves: Callable[[EffectRow], bool]
    ) -> tuple[EffectRow, ...]:
        """Take the pages that one message may say with a page; none of one case alone.

        Whatever their rank: they cost the route nothing.
        """
        key = page_key(row)
        if key is None:
            return ()
        waiting = (self._rows[effect] for effect in self._pages.get(key, ()))
        mine = (page for page in waiting if not leaves(page))
        pages = [*islice(mine, PAGES_TOGETHER - 1)]
        if all(page.alarm == row.alarm for page in pages):
            return ()
        return tuple(self._hand_on(page.effect_id) for page in pages)

    def rest(self, number: str, until_s: float) -> None:
        """Let nobody ring a telephone until then; what would waits aside."""
        self._resting[number] = until_s
        aside = [one.effect_id for one in self._ringing(number)]
        self._aside[number] = aside
        heap = self._heaps.get(_CALL, [])
        heap[:] = [entry for entry in heap if entry[2] not in set(aside)]
        heapify(heap)

    def wake(self, number: str) -> None:
        """Let a telephone be rung again."""
        self._resting.pop(number, None)
        for effect in self._aside.pop(number, ()):
            if effect in self._rows:  # it was not withdrawn meanwhile
                self._push(self._rows[effect])

    def wake_due(self, now_s: float) -> None:
        """Let those telephones be rung again that have rested for long enough."""
        for number in [n for n, until_s in self._resting.items() if until_s <= now_s]:
            self.wake(number)

    def _ringing(self, number: str) -> list[EffectRow]:
        """Return what would ring a telephone."""
        return [row for row in self._rows.values() if number == number_rung(row) != ""]

    def first_rank(self, channels: Iterable[str]) -> float:
        """Return the rank of what goes first on these channels; inf without any."""
        best = inf
        for one in channels:  # asked of every route, whenever one has nothing to do
            heap = self._heaps.get(one)
            if heap:
                best = min(best, self._top_rank(heap))
        again = self._heaps.get(_SMS_AGAIN)
        return min(best, self._top_rank(again)) if again and "sms" in channels else best

    def waits_for(self, channels: tuple[str, ...]) -> bool:
        """Say whether anything waits that these channels can send."""
        return self.first_rank(channels) < inf

    def waiting(self, channel: str) -> int:
        """Return about how many wait for a channel, and never too few."""
        again = self._heaps.get(_SMS_AGAIN, []) if channel == "sms" else []
        return len(self._heaps.get(channel, [])) + len(again)

    def hurries(
        self,
        channels: tuple[str, ...],
        leaves: Callable[[EffectRow], bool],
        *,
        others: Iterable[Callable[[EffectRow], bool]] = (),
    ) -> bool:
        """Say whether a message of an alarm waits, for which no telephone rings on.

        One that whoever rings would send, by these channels, and `leaves` to no other:
        nothing else gains by it. Nor does one that somebody gives way to already: each
        of `others`, by what it leaves, sends one, and rather what this one does not.
        An answer is none: whoever has a telephone would end by asking what rings an
        officer on duty, and nobody rings twice for one page.
        """
        if self.first_rank(channels) >= RANK_CALL:
            return False
        free, mine = list(others), list[EffectRow]()
        most = len(free)
        for row in self._rows.values():
            if not RANK_ANSWER < row.rank < RANK_CALL or row.channel not in channels:
                continue
            if leaves(row):
                _spoken_for(row, free)
                continue
            mine.append(row)
            if len(mine) > most:  # of a backlog no more is looked at
                return True
        return not all(_spoken_for(row, free) for row in mine)

    def channels(self) -> frozenset[str]:
        """Return the channels that something waits for."""
        return frozenset(row.channel for row in self._rows.values())

    def oldest_ms(self) -> int | None:
        """Return when the effect that has waited longest was planned."""
        return min((row.planned_at.ms for row in self._rows.values()), default=None)

    def _entry(self, row: EffectRow) -> _Entry:
        if _heap_of(row) == _SMS_AGAIN:
            return (row.rank, row.planned_at.ms, row.effect_id)
        later_ms = TOLD_LATER_MS if row.alarm in self._told else 0
        if row.effect_id in self._again:
            later_ms += AGAIN_LATER_MS
        return (row.rank, row.planned_at.ms + later_ms, row.effect_id)

    def _sooner(self, best: _Entry | None, again: _Entry | None) -> _Entry | None:
        """Return which goes first: the first of all others, or of messages again."""
        if best is None or again is None:
            return again or best
        if best[0] == RANK_ANSWER:
            return best
        best_ms = self._rows[EffectId(best[2])].planned_at.ms
        if best[0] == RANK_CALL:
            return best if best_ms + CALL_LATER_MS <= again[1] else again
        is_later = best[0] > RANK_CALL or again[1] + AGAIN_LATER_MS <= best_ms
        return again if is_later else best

    def _forget(self, effect: EffectId) -> EffectRow:
        row = self._rows.pop(effect)
        key = self._page_keys.pop(effect, None)
        if key is not None:
            self._pages[key].pop(effect)
            if not self._pages[key]:
                del self._pages[key]
        self._again.discard(effect)
        self._waiting[row.alarm] -= 1
        if not self._waiting[row.alarm]:
            del self._waiting[row.alarm]
            self._told.discard(row.alarm)
        return row

    def _top_rank(self, heap: list[_Entry]) -> float:
        while heap and EffectId(heap[0][2]) not in self._rows:
            heappop(heap)
        return heap[0][0] if heap else inf

    def _first(
        self, channel: str, leaves: Callable[[EffectRow], bool]
    ) -> _Entry | None:
        heap = self._heaps.get(channel, [])
        kept: list[_Entry] = []
        found = None
        while heap:
            entry = heap[0]
            row = self._rows.get(EffectId(entry[2]))
            if row is None:
                heappop(heap)
            elif entry < self._entry(row):
                heapreplace(heap, self._entry(row))
            elif leaves(row):
                kept.append(heappop(heap))
            else:
                found = entry
                break
        for entry in kept:
            heappush(heap, entry)
        return found


def _spoken_for(row: EffectRow, free: list[Callable[[EffectRow], bool]]) -> bool:
    """Say whether one of those who are free sends it, who is free no more then."""
    for place, leaves in enumerate(free):
        if not leaves(row):
            del free[place]
            return True
    return False


def number_rung(row: EffectRow) -> str:
    """Return whose telephone a row rings; "" where it rings none, or is damaged."""
    if row.channel != _CALL:
        return ""
    try:
        return decode_body(row.body).address
    except ValueError:
        return ""


def _heap_of(row: EffectRow) -> str:
    is_again = row.channel == "sms" and row.rank == RANK_AGAIN
    return _SMS_AGAIN if is_again else row.channel


def _is_again(row: EffectRow) -> bool:
    """Say whether one counts as younger, since it has gone out twice.

    Of short messages that have, those to the defender alone have a rank before calls.
    A row that is damaged is for its sender.
    """
    if row.channel == "sms" and row.rank < RANK_AGAIN:
        return False
    try:
        return decode_body(row.body).repeat >= AGAIN
    except ValueError:
        return False
