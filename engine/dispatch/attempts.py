"""The journal's side of sending: `attempting` before the first byte, one true outcome.

Used by whoever has pulled an effect, in its own thread; that one alone writes to
the effect's stream from then on.
"""

import logging
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from engine.dispatch.abandoned import Uncounted
from engine.dispatch.audience import MISROUTED, kind_of, refusal
from engine.dispatch.legible import Legible
from engine.dispatch.outcomes import (
    ABANDONED,
    NEVER_SENT,
    REPLACED,
    SETTLED,
    UNSEEN,
    Heard,
    Outcome,
    Settled,
    begun_append,
    effect_stream,
    settled_body,
)
from engine.dispatch.pages import PAGES_TOGETHER
from engine.dispatch.patience import ask_patiently, begun_by
from engine.dispatch.retired import RETIRED, IsNobodys, is_retired
from engine.ports.channel import Message, PersonalMessage
from engine.ports.journal import (
    Answer,
    Append,
    Appended,
    Conflict,
    EffectChange,
    EffectRow,
    EffectState,
    Head,
    JournalAccess,
    NewEvent,
    ReaderLender,
    Reply,
    Unknown,
)
from engine.stored import write_plain
from engine.supervision.failure import ReplacedError
from engine.values import CommandId, EffectId

_ATTEMPTING = frozenset({EffectState.ATTEMPTING})
_PENDING = frozenset({EffectState.ATTEMPTING, EffectState.UNKNOWN})
_LATER = frozenset({EffectState.ACCEPTED, EffectState.UNKNOWN})
_UNCOUNTED = (*UNSEEN, RETIRED, *MISROUTED)
UNSENT_MAX = 2 * PAGES_TOGETHER

logger = logging.getLogger(__name__)

NO_NOTE: Mapping[str, object] = MappingProxyType({})


class Attempts:
    """Writes the life of the effects that one route sends.

    Nothing is sent before `begin` has its answer; an outcome is written while the
    next effect is asked for, or with its beginning in one commit. Where the journal
    does not answer in time, what it was asked may or may not become durable: `mend`
    looks again until it is one or the other.

    The instances of a route's worker share one of these, one after the other: what an
    instance asked for and did not live to hear is in doubt for the next. Whoever has
    been replaced may come out of a long wait beside its successor; it sends nothing
    then, and what it takes from what both keep the other can do without.
    """

    def __init__(
        self,
        *,
        route: str,
        journal: JournalAccess,
        readers: ReaderLender,
        told: Callable[[Settled], None],
        full: Callable[[bool], None] = lambda _: None,
        uncounted: Uncounted = lambda _, __: None,
        is_nobodys: IsNobodys = lambda _: False,
        carries: type[Message] = PersonalMessage,
        misrouted: Callable[[bool], None] = lambda _: None,
    ) -> None:
        """Write for `route`; `told` gets each outcome once it is durable.

        It is called in the journal's thread and must not block. `full` hears at once
        where something finds no room on the disk, and when it has. What is for an
        address that `is_nobodys` is settled as not sent, and not given to be sent. So
        is what is no message that the route `carries`, and `misrouted` hears of it.
        `uncounted` gets those, and each attempt of which nobody saw the end, likewise.
        """
        self._route, self._journal, self._readers = route, journal, readers
        self._told, self._full, self._uncounted = told, full, uncounted
        self._is_nobodys = is_nobodys
        self._carries, self._misrouted = carries, misrouted
        self._without_room: set[EffectId] = set()
        self._is_without_room = False
        self._in_doubt: dict[EffectId, tuple[EffectRow, Outcome | None]] = {}
        self._news: dict[EffectId, tuple[EffectRow, Outcome, int | None]] = {}
        self._unsent_yet: dict[EffectId, None] = {}
        self._seqs: dict[EffectId, int] = {}
        self._heard: deque[Heard] = deque()
        self._held: tuple[Append, Reply] | None = None

    def begin(
        self,
        row: EffectRow,
        beat: Callable[[], None],
        note: Mapping[str, object] = NO_NOTE,
        is_wanted: Callable[[], bool] = bool,
    ) -> bool:
        """Make `attempting` durable; False where somebody else has the effect.

        So it is where nobody has its address any more, or where the route must not
        carry it: it is settled, and not sent.
        False as well where the journal does not say in a minute, or until one
        `is_wanted`: the effect is offered again, or settled by whoever finds it.
        `note` is kept with it, for whoever recovers.

        Raises:
            ReplacedError: `beat` does; whoever has waited for the journal sends
                nothing then, and what has begun ends as certainly not sent.

        """
        return bool(self.begin_all((row,), beat, note, is_wanted))

    def begin_all(
        self,
        rows: Sequence[EffectRow],
        beat: Callable[[], None],
        note: Mapping[str, object] = NO_NOTE,
        is_wanted: Callable[[], bool] = bool,
    ) -> list[EffectRow]:
        """Begin a few in one commit, as `begin` does one; return those that are ours.

        After a `kill -9` all that are not settled are unknown: soon sent, as they are
        few, or are one message.
        """
        begins = [self._begin_of(row, note) for row in rows]
        self.release()
        for row in rows:
            # Before it is asked for: an end meanwhile leaves it to the successor.
            self._in_doubt.setdefault(row.effect_id, (row, None))
            self.note_unsent(row.effect_id)
        answers, found = ask_patiently(
            self._journal, begins, beat, lambda: self._unsent(rows), is_wanted
        )
        begun = found or [
            row
            for row, answer in zip(rows, answers, strict=True)
            if self._is_begun(row, answer)
        ]
        self._show_room()
        try:
            if begun:
                beat()
        except ReplacedError:
            for row in begun:
                self.settle(row, REPLACED)
            raise
        for row in begun:
            self._unsent_yet.pop(row.effect_id, None)
        return [row for row in begun if not self._is_refused(row)]

    def _is_refused(self, row: EffectRow) -> bool:
        """Settle what must not be sent to its address, or on this route."""
        outcome = refusal(kind_of(row), self._carries)
        if outcome is not None:
            logger.error("%s was given a message not for it: refused", self._route)
            self._misrouted(True)  # noqa: FBT003 - a health teller's one argument
        elif is_retired(row, self._is_nobodys):
            outcome = RETIRED
        if outcome is None:
            return False
        self.settle(row, outcome)
        return True

    def note_unsent(self, effect: EffectId) -> None:
        """Keep in mind that nobody has sent an effect, though it may be begun."""
        self._unsent_yet[effect] = None
        for oldest in list(self._unsent_yet)[:-UNSENT_MAX]:
            self._unsent_yet.pop(oldest, None)

    def is_unsent(self, effect: EffectId) -> bool:
        """Say whether we asked to begin an effect, and nobody sent it for that."""
        return effect in self._unsent_yet

    def _begin_of(self, row: EffectRow, note: Mapping[str, object]) -> Append:
        return begun_append(row, self._route, self._journal.epoch, note)

    def _is_begun(self, row: EffectRow, answer: Answer) -> bool:
        self._note_room(row.effect_id, answer)
        if isinstance(answer, Unknown) or (
            isinstance(answer, Appended) and answer.repeated
        ):
            return False  # and in doubt
        self._in_doubt.pop(row.effect_id, None)
        return isinstance(answer, Appended)

    def _unsent(self, rows: Sequence[EffectRow]) -> list[EffectRow]:
        """Return which are begun by now, and were not sent before that."""
        settled = {key for key, (_, outcome) in self._in_doubt.items() if outcome}
        begun = begun_by(self._route, rows, self._readers)
        known = settled | self._seqs.keys()
        ours = [row for row in begun if row.effect_id not in known]
        for row in ours:
            self._in_doubt.pop(row.effect_id, None)
        return ours

    def mend(self) -> None:
        """Look again at what the journal did not answer; now and then, while idle.

        A begin that became durable after all was never sent, which nobody can
        tell from the rows: it is settled as unknown, and repeated as such. An
        outcome is written again, and one that was held is written now.
        """
        self.release()
        self._hear()
        self._mend()
        self._mend_news()
        self._show_room()

    def _mend_news(self) -> None:
        for effect, (row, outcome, seq) in list(self._news.items()):
            if effect in self._in_doubt:
                continue  # what it is news of has to be written first
            self._news.pop(effect, None)
            self._settle_late(row, outcome, seq)
            self._hear()
            if effect in self._seqs or effect in self._news:
                return  # silent: no use in waiting for each

    def _mend(self) -> None:
        for row, outcome in list(self._in_doubt.values()):
            if outcome is not None:
                self.settle(row, outcome)
                self._hear()
                if row.effect_id in self._seqs or row.effect_id in self._in_doubt:
                    return  # still silent: no use in waiting for each
                continue
            with self._readers.reader() as reader:
                now = reader.effect(row.effect_id)
            if now is None or now.state is EffectState.PLANNED:
                continue  # it may still be on its way
            self._in_doubt.pop(row.effect_id, None)
            self._without_room.discard(row.effect_id)
            if now.state is EffectState.ATTEMPTING and now.route == self._route:
                self.settle(now, NEVER_SENT)

    def settle(self, row: EffectRow, outcome: Outcome) -> None:
        """Have an outcome made durable and the alarm told of it; returns at once."""
        self.settle_with_next(row, outcome)
        self.release()

    def settle_with_next(self, row: EffectRow, outcome: Outcome) -> None:
        """Settle in one commit with the next `begin`; `release` where none comes soon.

        Of two commits for each effect one is left, while others wait to be sent.
        """
        self.release()
        self._hear()
        self._held = self._settled(row, outcome, expected_seq=1, requires=_PENDING)

    def release(self) -> None:
        """Write the outcome that was held for the next `begin`, if one was."""
        if self._held is not None:
            (append, reply), self._held = self._held, None
            self._journal.submit(append, reply)

    def settle_late(self, row: EffectRow, outcome: Outcome) -> None:
        """Have later news made durable: a late answer, a status report.

        No network says it twice: what the journal does not take is written again.
        """
        self.release()
        self._hear()
        if row.effect_id in self._in_doubt:
            self._news[row.effect_id] = row, outcome, None
        else:
            self._settle_late(row, outcome, self._seqs.get(row.effect_id))

    def _settle_late(self, row: EffectRow, outcome: Outcome, seq: int | None) -> None:
        if seq is None:
            with self._readers.reader() as reader:
                head = reader.head(effect_stream(row.effect_id))
            seq = 1 if head is None else head.seq
        self._journal.submit(
            *self._settled(row, outcome, expected_seq=seq, requires=_LATER)
        )

    def recover(self) -> None:
        """Settle as unknown what an earlier instance of this route was attempting."""
        for row in Legible(self._readers).effects(_ATTEMPTING):
            if row.route == self._route:
                self.settle(row, ABANDONED)

    def _settled(
        self,
        row: EffectRow,
        outcome: Outcome,
        *,
        expected_seq: int,
        requires: frozenset[EffectState],
    ) -> tuple[Append, Reply]:
        settled = Settled(
            alarm=row.alarm,
            effect=row.effect_id,
            attempt=max(row.attempt, 1),
            route=self._route,
            outcome=outcome,
        )

        def reply(answer: Answer) -> None:
            self._heard.append(Heard(row, outcome, expected_seq, requires, answer))
            if isinstance(answer, Appended):
                self._told(settled)
                if outcome in _UNCOUNTED and not answer.repeated:
                    self._uncounted(row.channel, outcome.state)

        self._seqs[row.effect_id] = expected_seq + 1
        append = self._append_of(
            row.effect_id,
            expected_seq=expected_seq,
            kind=SETTLED,
            body=settled_body(outcome, self._route),
            head=Head(status=outcome.state.value, is_open=False),
            change=EffectChange(
                effect_id=row.effect_id,
                state=outcome.state,
                requires=requires,
                reference=outcome.reference or None,
            ),
        )
        return append, reply

    def _hear(self) -> None:
        """Take the journal's answers to outcomes, in the route's own thread."""
        for heard in iter(self._next_heard, None):
            effect = heard.row.effect_id
            if self._seqs.get(effect) == heard.expected_seq + 1:
                del self._seqs[effect]
            if heard.requires is _LATER:
                self._hear_news(heard)
                continue  # an outcome stands already; this was news of it
            self._note_room(effect, heard.answer)
            if isinstance(heard.answer, Unknown):
                self._in_doubt[effect] = heard.row, heard.outcome
            else:
                self._in_doubt.pop(effect, None)

    def _hear_news(self, heard: Heard) -> None:
        effect, seq, answer = heard.row.effect_id, heard.expected_seq, heard.answer
        kept = self._news.get(effect)
        if kept is not None and kept[1].state not in _LATER:
            return  # the first that is final stands, as in the rows
        if isinstance(answer, Unknown):
            # Under the same number: it may have been written without an answer.
            self._news[effect] = heard.row, heard.outcome, seq
        elif isinstance(answer, Conflict):
            is_early = 0 < answer.seq < seq  # what it was asked behind is not written
            if is_early or effect in self._in_doubt:
                self._news[effect] = heard.row, heard.outcome, None

    def _next_heard(self) -> Heard | None:
        try:
            return self._heard.popleft()
        except IndexError:
            return None

    def _note_room(self, effect: EffectId, answer: Answer) -> None:
        if isinstance(answer, Unknown) and answer.is_full:
            self._without_room.add(effect)
        else:
            self._without_room.discard(effect)

    def _show_room(self) -> None:
        """Say whether rows of ours find no room: the probe's small one may."""
        wrong = bool(self._without_room)
        if wrong is not self._is_without_room:
            self._is_without_room = wrong
            self._full(wrong)

    def _append_of(
        self,
        effect: EffectId,
        *,
        expected_seq: int,
        kind: str,
        body: dict[str, object],
        head: Head,
        change: EffectChange,
    ) -> Append:
        return Append(
            stream=effect_stream(effect),
            expected_seq=expected_seq,
            epoch=self._journal.epoch,
            command_id=CommandId(f"{expected_seq}/{change.state}/{self._route}"),
            events=(NewEvent(kind=kind, body=write_plain(body)),),
            head=head,
            owner=self._route,
            changes=(change,),
        )
