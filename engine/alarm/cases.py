"""Which open case a press, a cancel or a position of somebody belongs to.

A case is open here from its press on, before anything of it is durable. After an end in
appearance a press begins a case of its own, as it would after a true end: else codes
and questions at the defender's telephone would tell the one from the other.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from msgspec import Struct
from msgspec.structs import replace

from engine.alarm.commands import Raise
from engine.alarm.force import Look, is_shown, look_of
from engine.alarm.left_out import Attack, forced_in, is_detained
from engine.alarm.pressed_again import WINDOW, is_too_often, recent
from engine.alarm.rows import DETAINED, key_of, look_in, subject_of
from engine.alarm.state import Again, Alarm, CloseReason, Kind, Truth, alarm_of
from engine.alarm.strangers import (
    SHARED,
    Strangers,
    in_a_shared_case,
    is_strangers,
)
from engine.ports.journal import HeadRow
from engine.values import AlarmBit, AlarmId, Instant, PersonId


class CaseStanding(Struct, frozen=True, gc=False):
    """All that the directory has to know of a case."""

    alarm: AlarmId
    key: str
    look: Look | None
    """None: it is not open."""
    began: Instant
    is_strangers: bool
    ended: Instant | None = None
    ended_false: bool = False
    again_times: tuple[Instant, ...] = ()
    is_detained: bool = False
    """Whether it ended with the defender held."""
    forced: tuple[PersonId, ...] = ()
    """Colleagues who said in it that they are forced."""


def standing_of(alarm: Alarm) -> CaseStanding:
    """Return it; most news of a case leave it as it is."""
    look = look_of(alarm) if alarm.is_open else None
    is_strangers = alarm.defender is None
    key = subject_of(alarm)
    ended = None if look is not None or alarm.closed is None else alarm.closed.at
    return CaseStanding(
        alarm=alarm.id,
        key=key,
        look=look,
        began=alarm.raised_at,
        is_strangers=is_strangers,
        ended=ended,
        ended_false=alarm.close_reason is CloseReason.FALSE_ALARM
        or alarm.ended_as is Truth.FALSE,
        again_times=alarm.again.times,
        is_detained=is_detained(alarm),
        forced=forced_in(alarm),
    )


class _Case(NamedTuple):
    """An open case, in the order in which what comes next is meant for them."""

    look: Look
    began: Instant
    alarm: AlarmId


class OpenCases:
    """A book that the directory keeps, in its own thread; rows bring it back.

    Several of one person may be open: one that looks over, or that HQ opened again.
    Of those that look alike the one that began last goes first, whatever news the
    others have.
    """

    def __init__(self, attacked: dict[PersonId, Attack] | None = None) -> None:
        """Begin empty; `attacked` is kept up to date, and read in other threads."""
        self._attacked = {} if attacked is None else attacked
        self._held: dict[str, AlarmId] = {}
        self._forced: dict[AlarmId, tuple[PersonId, ...]] = {}
        self._cases: dict[str, dict[AlarmId, _Case]] = {}
        self._ended: dict[str, CaseStanding] = {}
        self._strangers = Strangers()

    def read(
        self, heads: Iterable[HeadRow], began: Mapping[str, Instant], now: Instant
    ) -> bool:
        """Take cases from their clear columns; say whether somebody has several.

        Args:
            heads: of open alarms.
            began: when each began, by stream.
            now: taken where that is known neither from here nor from before.

        """
        several = False
        for row in heads:
            look, key = look_in(row.head.subject)
            if not key:
                continue
            alarm_id = alarm_of(row.stream)
            if key.startswith(DETAINED):
                self._held[key.removeprefix(DETAINED)] = alarm_id
                self._attack(key.removeprefix(DETAINED))
                continue
            theirs = self._cases.setdefault(key, {})
            known = theirs.get(alarm_id)
            since = began.get(row.stream, now if known is None else known.began)
            theirs[alarm_id] = _Case(look, since, alarm_id)
            several = several or len(theirs) > 1
            if is_strangers(key.partition(":")[2]):
                self._strangers.stands(alarm_id)
            self._attack(key)
        return several

    def note(self, news: CaseStanding) -> None:
        """Take a case's own news."""
        alarm, key, look = news.alarm, news.key, news.look
        if news.is_strangers:
            self._strangers.stands(alarm, is_open=look is not None)
        self._note_attacks(news)
        theirs = self._cases.setdefault(key, {})
        if look is not None:
            theirs[alarm] = _Case(look, news.began, alarm)
            self._attack(key)
            return
        if theirs.pop(alarm, None) is not None and news.ended is not None:
            self._has_ended(news, news.ended)
        if not theirs:
            del self._cases[key]
        self._attack(key)

    def _note_attacks(self, news: CaseStanding) -> None:
        """Take who is held, or forced as a colleague, by a case's own news."""
        if news.is_detained:
            self._held[news.key] = news.alarm
        elif self._held.get(news.key) == news.alarm:
            del self._held[news.key]
        before = self._forced.pop(news.alarm, ())
        if news.forced:
            self._forced[news.alarm] = news.forced
        for person in {*before, *news.forced}:
            self._attack(key_of(Kind.REAL, person))

    def _attack(self, key: str) -> None:
        """Work out anew whether somebody is under attack, and in which case."""
        kind, _, subject = key.partition(":")
        if kind != Kind.REAL.value or is_strangers(subject):
            return
        person, attack = PersonId(subject), None
        best = max(self._cases.get(key, {}).values(), default=None)
        if best is not None:
            attack = Attack(best.alarm, best.look is Look.OPEN)
        elif key in self._held:
            attack = Attack(self._held[key], is_seen=True)
        else:
            forced = (one for one, who in self._forced.items() if person in who)
            case = next(forced, None)
            attack = None if case is None else Attack(case, is_seen=False)
        if attack is None:
            self._attacked.pop(person, None)
        else:
            self._attacked[person] = attack

    def _has_ended(self, news: CaseStanding, at: Instant) -> None:
        """Keep an end for as long as a press after it is one after a decision."""
        for key, one in list(self._ended.items()):
            if one.ended is None or at.since(one.ended) > WINDOW:
                del self._ended[key]
        self._ended[news.key] = news

    def _pressed_again(self, command: Raise) -> Raise:
        """Return a press that begins a case, with what has ended just before it.

        A start forgets ends: a press after it is told to everybody, as any is.
        """
        if command.kind is not Kind.REAL:
            return command
        last = self._ended.get(key_of(command.kind, command.subject))
        at, is_held = command.press.at, command.press.bit is AlarmBit.HELD
        if last is None or last.ended is None or at.since(last.ended) > WINDOW:
            return replace(command, again=Again.HQ) if is_held else command
        times = recent(last.again_times, at)
        again = Again.WAIT if last.ended_false else Again.ALL
        if is_held or is_too_often(times, at):
            again = Again.HQ
        return replace(command, again=again, again_times=times)

    def of(self, subject: str) -> AlarmId | None:
        """Return the real case that somebody has open, also one that looks over."""
        return next(iter(self._ranked(key_of(Kind.REAL, subject))), None)

    def of_all(self, people: Iterable[PersonId]) -> Iterator[AlarmId]:
        """Yield every open case in which these people may be on the way."""
        for kind in (Kind.REAL, Kind.EXERCISE):
            for person in people:
                yield from self._ranked(key_of(kind, person))

    def join(self, command: Raise, own: AlarmId) -> tuple[AlarmId, Raise]:
        """Return the case of a press, and the press as it is meant there.

        Args:
            command: what was pressed.
            own: the case that it begins where it belongs to none.

        """
        is_drill = command.kind is Kind.EXERCISE and command.press.device is not None
        if is_drill and self.of(command.subject) is not None:
            # Now in danger: then they mean it, whatever was agreed on before.
            command = replace(command, kind=Kind.REAL)
        if (open_case := self._takes_signals(command)) is not None:
            return open_case, command
        key = key_of(command.kind, command.subject)
        known = self._ranked(key)
        if is_shown(command.press, command.protocol):
            # Also where it joins another: that one may have come to nothing.
            command = self.begun_by(command, own)
            known = [one for one in known if one not in command.after]
        if own in known:
            return own, command
        if known:
            return known[0], command
        if self._strangers.takes(command):
            return self._share(in_a_shared_case(command), own)
        self.begin(command, own)
        return own, self._pressed_again(command)

    def _takes_signals(self, command: Raise) -> AlarmId | None:
        """Return the real case that a defender would see as open, for a mere signal.

        One attack is one case. After a decoy close a signal gets a notice of its own,
        as it would after a true close.
        """
        if command.kind is not Kind.NOTICE or command.defender is None:
            return None
        theirs = self._cases.get(key_of(Kind.REAL, command.subject), {}).values()
        best = max(theirs, default=None)
        return None if best is None or best.look is not Look.OPEN else best.alarm

    def _share(self, command: Raise, own: AlarmId) -> tuple[AlarmId, Raise]:
        key = key_of(command.kind, command.subject)
        among = self._ranked(key)
        shared = self._strangers.share(key, among, own)
        if shared not in among:
            self.begin(command, shared)
        return shared, command

    def begun_by(self, command: Raise, own: AlarmId) -> Raise:
        """Return a press as it begins a case: after others that look over, if any."""
        theirs = self._cases.get(key_of(command.kind, command.subject), {})
        over = sorted(one for one in theirs.values() if one.look is Look.OVER)
        after = tuple(one.alarm for one in over if one.alarm != own)
        return replace(command, after=after)

    def begin(self, command: Raise, own: AlarmId) -> None:
        """Give a press a case of its own, whatever else is open."""
        key = key_of(command.kind, command.subject)
        theirs = self._cases.setdefault(key, {})
        before = (one.began for one in theirs.values())
        began = max([command.press.at, *before])
        shown = is_shown(command.press, command.protocol)
        look = Look.OPEN if shown else Look.UNSEEN
        theirs[own] = _Case(look, Instant(began.ms + 1), own)
        if command.defender is None:
            self._strangers.stands(own)
        if command.subject.startswith(SHARED):
            self._strangers.begun(key, own)
        self._attack(key)

    def _ranked(self, key: str) -> list[AlarmId]:
        """Return those that a press would join, then those that look over."""
        theirs = self._cases.get(key, {}).values()
        return [one.alarm for one in sorted(theirs, reverse=True)]
