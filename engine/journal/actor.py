"""The one writer: groups what waits into one commit and answers after fsync."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar, Protocol, TypeVar

import pykka
from msgspec import Struct

from engine.errors import JournalDamagedError, JournalError, JournalFullError
from engine.journal.rules import OVERWRITTEN
from engine.journal.schema import TABLES
from engine.ports.journal import (
    Answer,
    JournalStore,
    Reply,
    Request,
    Unknown,
)
from engine.ports.telemetry import Telemetry
from engine.supervision.actor import SupervisedActor
from engine.supervision.failure import Failure
from engine.supervision.link import Link

T = TypeVar("T")

logger = logging.getLogger(__name__)

GROUP_MAX = 512
"""Requests in one commit; 256 take 6 to 10 ms of work beside the fsync. A thousand
presses at once are twice as many, and a slow disk answers each group late."""

CALM_AFTER_S = 0.25
"""So long after the last commit, one that nothing follows is no part of a flood."""

SIZED_EVERY_S = 1.0
SAID_EVERY_S = 60.0
"""On a full disk small rows may still fit between large ones that do not."""

_NO_RESERVE = (
    "no space is held back for a full disk: %s. If it fills up, an SOS cannot be"
    " recorded. Make room outside the state folder: the space is then held by itself"
)

_DAMAGED = (
    "a page of the table %s is damaged: it begins anew with %d rows, those that could"
    " be read or come of others. The disk is failing: see dmesg, and move the state"
    " folder to a sound one"
)
_DAMAGED_INDEX = (
    "a page of the index %s is damaged: it is built anew for %d events, of which none"
    " is lost. The disk is failing: see dmesg, and move the state folder to a sound one"
)

Part = tuple[Request, Reply]

OnCommit = Callable[[int], None]
"""Told the last journal position after each commit, in the journal's thread."""

OnNotRecorded = Callable[[Sequence[Request]], None]
"""Told what could not be made durable; from any thread, must not block or raise."""

LOOKS_MAX = 12
AGAIN = timedelta(seconds=5)
"""So long after one look whether a lost journal can be used again comes the next."""


class Debts(Protocol):
    """Facts of which people were told from memory; from any thread."""

    def owed(self, epoch: int) -> Sequence[Part]:
        """Return some of what is to be written before anything else; empty if none."""

    def is_sending(self) -> bool:
        """Say whether what becomes of a message is not known yet."""

    def close(self, *, is_over: bool) -> None:
        """Take it that another process takes over, or that it does not after all."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Return:
    """How an engine whose journal is lost comes back to normal.

    `reopen` opens the file as a start does. `lose` is told why it cannot be used, and
    returns what takes its place; `returned` that it can, and that a new process has to
    take over. It `is_lost` from the start on where that has met a lost journal.
    """

    debts: Debts
    reopen: Callable[[], JournalStore]
    lose: Callable[[JournalError], JournalStore]
    returned: Callable[[], None]
    is_lost: bool = False


class Entry(Struct, frozen=True, kw_only=True):
    """Requests on their way to the journal, each with whom to answer.

    What is overwritten takes the other lane: however many devices report, an alarm's
    rows do not wait behind them.
    """

    parts: tuple[Part, ...]
    on_not_recorded: OnNotRecorded

    @property
    def urgent(self) -> bool:
        """Whether the inbox lets it overtake."""
        for request, _ in self.parts:  # noqa: SIM110 - asked for every request
            if not isinstance(request, OVERWRITTEN):
                return True
        return False

    def refuse(self, reason: Exception) -> None:
        """Answer at once that it was not taken (the inbox is full, or closed)."""
        self.on_not_recorded([request for request, _ in self.parts])
        for _, reply in self.parts:
            reply(Unknown(reason=str(reason)))


class JournalActor(SupervisedActor[Entry]):
    """Owns the store; the only one that writes.

    A group is committed when nothing waits that should be in it: an alarm's row waits
    for the alarms' rows that came with it, and never for the last fixes of the other
    lane; a last fix waits for all that waits, up to `GROUP_MAX`.

    On a full disk it refuses (`Unknown`), hands the requests to `on_not_recorded`
    and stays: the device repeats, and once there is room the repeat is whole. So it
    does where a page that cannot be read stands in the way of what is written. After
    any other failure of the medium it writes no more: it opens the file again from time
    to time, writes what is owed, and has another process take over, which knows
    nothing but the rows. Without a way to `come_back` it ends, and the engine with it.
    """

    bound: ClassVar[int] = 10_000

    def __init__(
        self,
        *,
        link: Link,
        store: JournalStore,
        telemetry: Telemetry,
        on_not_recorded: OnNotRecorded,
        listeners: Sequence[OnCommit] = (),
        lacks_reserve: Callable[[bool], None] = lambda _: None,
        is_damaged: Callable[[bool], None] = lambda _: None,
        is_unread: Callable[[bool], None] = lambda _: None,
        come_back: Return | None = None,
    ) -> None:
        """Take over an open store; closes it at an orderly stop.

        `lacks_reserve` is told, again and again, whether nothing is held back for a
        full disk, `is_damaged` once a table or an index had to begin anew, `is_unread`
        whether nothing can be written since a page cannot be read.
        """
        super().__init__(link=link)
        self._store, self._telemetry = store, telemetry
        self._on_not_recorded, self._listeners = on_not_recorded, listeners
        self._group: list[Part] = []
        self._lacks_reserve, self._reserve_lacked = lacks_reserve, False
        self._is_damaged, self._damage_said = is_damaged, frozenset[str]()
        self._is_unread, self._unread_said = is_unread, False
        self._sized_s, self._said_s = -SIZED_EVERY_S, -SAID_EVERY_S
        self._committed_s = -CALM_AFTER_S
        self._come_back = come_back
        self._is_lost = come_back is not None and come_back.is_lost
        self._is_over, self._looks = False, 0

    def started(self) -> None:
        """Say at once that no space is held back, or what the opening found damaged."""
        if self._is_lost:
            self.wake_at(self.clock.now().plus(AGAIN))
            return
        self._look_at_reserve()
        self._look_at_damage()

    def woke(self) -> None:
        """Look whether a lost journal can be used again."""
        if self._come_back is None or self._is_over:
            return
        try:
            self._return(self._come_back)
        except JournalError as error:
            self._say(error)
        except Exception as error:  # noqa: BLE001 - whatever it is, an SOS is to be heard
            logger.error("the journal cannot be opened: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
        if not self._is_over:
            self.wake_at(self.clock.now().plus(AGAIN))

    def handle(self, message: Entry) -> None:
        """Take a request into the group, and commit it when it is whole."""
        if len(self._group) + len(message.parts) > GROUP_MAX:
            try:
                self._commit()
            except Exception:  # it is in no group yet: nobody else tells of it
                message.refuse(pykka.ActorDeadError("the journal has failed"))
                raise
        self._group += message.parts
        if len(self._group) >= GROUP_MAX or not self._more_waits(message):
            self._commit()

    def rescan(self) -> None:
        """Commit: this may be what the group has waited for."""
        self._commit()

    def stopping(self) -> None:
        """Commit what was taken, and close."""
        self._commit()
        self._store.close()

    def _more_waits(self, entry: Entry) -> bool:
        """Whether something comes next that the group should have in it."""
        inbox = self.inbox
        return inbox.has_urgent or not (entry.urgent or inbox.empty())

    def _commit(self) -> None:
        group, self._group = self._group, []
        if not group:
            return
        requests = [request for request, _ in group]
        began_s = self.clock.boottime_s()
        try:
            if self._come_back is not None and not self._is_lost:
                self._pay(self._come_back.debts, self._store)
            answers = self._store.commit(requests, self.clock.now())
        except JournalFullError as error:
            self._refuse(group, requests, Unknown(reason=str(error), is_full=True))
            self._say(error)
            self._look_at_reserve()
            return
        except JournalDamagedError as error:
            # Before the replies: who is refused says why.
            self._tell_unread(is_unread=True)
            self._refuse(group, requests, Unknown(reason=str(error), is_damaged=True))
            self._say(error)
            return
        except JournalError as error:
            self._refuse(group, requests, Unknown(reason=str(error)))
            self._lose(error)
            return
        except Exception as error:
            self._refuse(group, requests, Unknown(reason=type(error).__name__))
            raise
        self._tell_unread(is_unread=self._tell_of_refused(requests, answers))
        ended_s = self.clock.boottime_s()
        is_hurried = began_s - self._committed_s < CALM_AFTER_S
        self._committed_s = ended_s
        for (_, reply), answer in zip(group, answers, strict=True):
            self._call(reply, answer)
        for listener in self._listeners:
            self._call(listener, self._store.position)
        self._measure(ended_s - began_s, len(group))
        self._tidy(is_hurried=is_hurried or not self.inbox.empty())

    def _tidy(self, *, is_hurried: bool) -> None:
        try:
            self._store.tidy(is_hurried=is_hurried)
        except JournalError as error:
            self._lose(error)
            return
        self._look_at_damage()

    def _pay(self, debts: Debts, store: JournalStore) -> None:
        """Write what is owed; a device's repeat behind it raises nothing anew."""
        last: Request | None = None
        while parts := debts.owed(store.epoch):
            requests = [request for request, _ in parts]
            if requests[0] == last:
                return  # refused alone, as what meets a damaged page is
            answers = store.commit(requests, self.clock.now())
            for (_, reply), answer in zip(parts, answers, strict=True):
                self._call(reply, answer)
            last = requests[0]

    def _lose(self, error: JournalError) -> None:
        """Write no more: what the disk holds is what the next opening starts from."""
        if self._come_back is None:
            raise error
        logger.critical("nothing can be recorded any more: %s", error)
        self._is_lost = True
        self._store.close()
        self._store = self._come_back.lose(error)
        self._tell_unread(is_unread=True)
        self.wake_at(self.clock.now().plus(AGAIN))

    def _return(self, come_back: Return) -> None:
        """Open the file as a start does, write what is owed, and hand over.

        While a message is under way its end is waited for, since it is a fact as well;
        a route that hangs is not.
        """
        self._looks += 1
        debts = come_back.debts
        if debts.is_sending() and self._looks < LOOKS_MAX:
            return
        store = come_back.reopen()
        debts.close(is_over=True)
        try:
            self._pay(debts, store)
        except BaseException:
            debts.close(is_over=False)
            raise
        finally:
            store.close()
        self._is_over = True
        logger.warning("the journal can be used again: the engine starts anew")
        come_back.returned()

    def _refuse(
        self, group: Sequence[Part], requests: Sequence[Request], refused: Unknown
    ) -> None:
        """HQ first: the replies may set free whoever would end the process."""
        self._call(self._on_not_recorded, requests)
        for _, reply in group:
            self._call(reply, refused)

    def _tell_of_refused(
        self, requests: Sequence[Request], answers: Sequence[Answer]
    ) -> bool:
        """Hand on what of a group is not written; say whether a page is why."""
        refused = [
            (request, answer)
            for request, answer in zip(requests, answers, strict=True)
            if isinstance(answer, Unknown) and not isinstance(request, OVERWRITTEN)
        ]
        if refused:
            self._call(self._on_not_recorded, [request for request, _ in refused])
        return any(answer.is_damaged for _, answer in refused)

    def _tell_unread(self, *, is_unread: bool) -> None:
        if is_unread is not self._unread_said:
            self._unread_said = is_unread
            self._call(self._is_unread, is_unread)

    def _say(self, error: JournalError) -> None:
        now_s = self.clock.boottime_s()
        if now_s - self._said_s >= SAID_EVERY_S:
            self._said_s = now_s
            logger.error("nothing can be recorded: %s", error)

    def _call(self, listener: Callable[[T], None], what: T) -> None:
        try:
            listener(what)
        except Exception:  # noqa: BLE001 - one caller's mistake must not cost the rest
            self._telemetry.count("journal_reply_failures_total")

    def _measure(self, took_s: float, requests: int) -> None:
        telemetry = self._telemetry
        telemetry.observe("journal_commit_seconds", took_s)
        telemetry.observe("journal_group_requests", requests)
        telemetry.gauge("journal_position", self._store.position)
        now_s = self.clock.boottime_s()
        if now_s - self._sized_s >= SIZED_EVERY_S:
            # Each look at the disk gives the interpreter's lock away.
            self._sized_s = now_s
            telemetry.gauge("journal_bytes", self._store.size_bytes)
            self._look_at_reserve()

    def _look_at_reserve(self) -> None:
        reason = self._store.reserve_lacks()
        lacked, self._reserve_lacked = self._reserve_lacked, reason is not None
        self._call(self._lacks_reserve, self._reserve_lacked)
        if reason is not None and not lacked:
            logger.warning(_NO_RESERVE, reason)
        elif reason is None and lacked:
            logger.info("space is held back for a full disk again")

    def _look_at_damage(self) -> None:
        begun_anew = self._store.begun_anew
        if len(begun_anew) == len(self._damage_said):
            return
        for table in begun_anew.keys() - self._damage_said:
            is_table = table in TABLES or table == "journal"
            said = _DAMAGED if is_table else _DAMAGED_INDEX
            logger.error(said, table, begun_anew[table])
        self._damage_said = frozenset(begun_anew)
        self._call(self._is_damaged, bool(begun_anew))
