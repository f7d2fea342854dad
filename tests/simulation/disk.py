"""The simulated disk: the journal's twin in memory, with faults at its commits."""

import json
from collections.abc import Callable, Sequence
from types import TracebackType

from engine.dispatch.outcomes import (
    ABANDONED,
    ATTEMPTING,
    Outcome,
    effect_stream,
    outcome_of,
)
from engine.errors import JournalDamagedError, JournalError, JournalFullError
from engine.intake.checkins.timer import PREFIX as CHECK_INS
from engine.journal.memory import Medium, MemoryReader, MemoryStore
from engine.journal.rules import OVERWRITTEN
from engine.ports.journal import (
    Answer,
    Append,
    EffectRow,
    EffectState,
    Fenced,
    Head,
    NewEvent,
    Request,
    StoredEvent,
    Unknown,
)
from engine.values import CommandId, EffectId, Instant
from tests.simulation.runtime import Life

UNSETTLED = frozenset({EffectState.PLANNED, EffectState.ATTEMPTING})


class Disk:
    """What outlives a process: the medium, its faults, and what is unsettled in it."""

    def __init__(self, medium: Medium | None = None) -> None:
        self.medium = Medium() if medium is None else medium
        self.unsettled: dict[EffectId, EffectRow] = {}
        self.untaken = 0
        self.timers: set[str] = set()
        """The streams of defenders' own timers that run."""
        self.commits = 0
        self.crash_in: tuple[int, str] | None = None
        """How many commits from now the process dies, and `before` or `after` it."""
        self.failing = ""
        self.full_until_s = 0.0
        self.scarce_until_s = 0.0
        """Until then every second group finds no room, and no last fix does."""
        self.slow_until_s = 0.0
        self.unread_until_s = 0.0
        self.read_errors = 0
        self.on_commit: Callable[[Sequence[Request], Sequence[Answer]], None]
        self.on_fault: Callable[[str], None]
        self._look()

    def _look(self) -> None:
        """Find in the rows what `note` follows from then on."""
        medium = self.medium
        for effect, row in medium.effects.items():
            if row.state in UNSETTLED:
                self.unsettled[effect] = row
        self.untaken = sum(not row.taken_by for row in medium.inbound.values())
        for name in medium.streams:
            if name.startswith(CHECK_INS):
                self._note_timer(name)

    def note(self, group: Sequence[Request]) -> None:
        """Follow which effects are unsettled and whether a signal waits."""
        touched: set[EffectId] = set()
        signals = False
        for request in group:
            if isinstance(request, Append):
                if request.stream.startswith(CHECK_INS):
                    self._note_timer(request.stream)
                for plan in request.plans:
                    touched.add(plan.effect_id)
                for change in request.changes:
                    touched.add(change.effect_id)
                touched.update(request.withdraws)
                signals = signals or bool(request.takes or request.records)
            else:
                signals = True
        for effect in sorted(touched):
            row = self.medium.effects.get(effect)
            if row is not None and row.state in UNSETTLED:
                self.unsettled[effect] = row
            else:
                self.unsettled.pop(effect, None)
        if signals:
            self.untaken = sum(not r.taken_by for r in self.medium.inbound.values())

    def _note_timer(self, stream: str) -> None:
        row = self.medium.streams.get(stream)
        if row is not None and row.head.is_open:
            self.timers.add(stream)
        else:
            self.timers.discard(stream)

    def attempting(self, route: str) -> list[EffectRow]:
        """Return what the rows say is under way on a route."""
        return [
            row
            for row in self.unsettled.values()
            if row.route == route and row.state is EffectState.ATTEMPTING
        ]

    def given_up(self, route: str) -> list[EffectRow]:
        """Return what a successor has settled as unknown on a route.

        Whoever was sending it may be sending it still, and knows nothing of that.
        """
        unknown = [
            row
            for row in self.medium.effects.values()
            if row.route == route and row.state is EffectState.UNKNOWN
        ]
        return [row for row in unknown if self._outcome(row) == ABANDONED]

    def text_of(self, row: EffectRow) -> str:
        """Return the text that an effect's last attempt notes; empty without."""
        begun = [event for event in self._events(row) if event.kind == ATTEMPTING]
        return str(json.loads(begun[-1].body).get("text", "")) if begun else ""

    def _outcome(self, row: EffectRow) -> Outcome | None:
        return outcome_of(self._events(row))

    def _events(self, row: EffectRow) -> list[StoredEvent]:
        stream = effect_stream(row.effect_id)
        return [event for event in self.medium.events if event.stream == stream]


class SimStore(MemoryStore):
    """Commits take time, may fail, and may be the last thing that a process does."""

    def __init__(self, disk: Disk, life: Life) -> None:
        super().__init__(disk.medium)
        self._disk, self._life = disk, life
        self._draw = life.world.fork("disk")

    def commit(self, group: Sequence[Request], now: Instant) -> Sequence[Answer]:
        """Make a group durable, unless the plan has something else in mind."""
        disk, life = self._disk, self._life
        crash = self._crash_now(group)
        if crash == "before":
            disk.on_fault("commit_before")
            life.doom()
        self._wait()
        failing, disk.failing = disk.failing, ""
        if failing == "eio":
            disk.on_fault("eio")
            message = "the disk does not write"
            raise JournalError(message)
        if life.boottime_s() < disk.full_until_s:
            disk.on_fault("full")
            message = "the disk is full"
            raise JournalFullError(message)
        if life.boottime_s() < disk.unread_until_s:
            disk.on_fault("unread")
            message = "a page cannot be read"
            raise JournalDamagedError(message)
        answers = self._written(group, now)
        disk.commits += 1
        disk.note(group)
        disk.on_commit(group, answers)
        # Readers see the rows before whoever asked for them hears that they are there.
        life.maybe_preempt()
        if crash == "after":
            disk.on_fault("commit_after")
            life.doom()
        if failing == "unanswered":
            disk.on_fault("unanswered")
            message = "the disk does not say whether it wrote"
            raise JournalError(message)
        return answers

    def _written(self, group: Sequence[Request], now: Instant) -> Sequence[Answer]:
        if self._life.boottime_s() >= self._disk.scarce_until_s:
            return super().commit(group, now)
        self._disk.on_fault("scarce")
        if self._draw.random() < 0.5:
            message = "the disk is full"
            raise JournalFullError(message)
        wanted = [one for one in group if not isinstance(one, OVERWRITTEN)]
        answers = iter(super().commit(wanted, now))
        return [
            Unknown(reason="scarce", is_full=True)
            if isinstance(request, OVERWRITTEN)
            else next(answers)
            for request in group
        ]

    def _wait(self) -> None:
        slow = self._life.boottime_s() < self._disk.slow_until_s
        if slow:
            self._disk.on_fault("slow")
        self._life.sleep(self._draw.choice((0.5, 5.0, 15.0)) if slow else 0.004)

    def _crash_now(self, group: Sequence[Request]) -> str:
        crash = self._disk.crash_in
        # The probe writes on its own time: it is no step of an alarm's.
        if crash is None or all(getattr(r, "stream", "") == "probe" for r in group):
            return ""
        left, when = crash
        self._disk.crash_in = (left - 1, when) if left > 1 else None
        return "" if left > 1 else when


def write_as_old_owner(store: MemoryStore, now: Instant) -> list[str]:
    """Append as an owner that was replaced would; return what was let through.

    It has read the rows a moment ago, so its sequence numbers are right: only the
    epoch tells it from the present owner.
    """
    reader = store.reader()
    let_through = []
    for row in reader.heads("alarm/", open_only=True):
        if row.epoch < store.epoch:
            continue  # nobody has written since the take-over: still its own
        append = Append(
            stream=row.stream,
            expected_seq=row.seq,
            epoch=store.epoch - 1,
            command_id=CommandId(f"old/{row.seq}"),
            events=(NewEvent(kind="NoteAdded", body=b"{}"),),
            head=Head(status=row.head.status, is_open=False),
        )
        (answer,) = MemoryStore.commit(store, [append], now)
        if not isinstance(answer, Fenced):
            let_through.append(row.stream)
    return let_through


class Lender:
    """Lends the one reader; a read may fail where the plan says so."""

    def __init__(self, disk: Disk) -> None:
        self._disk = disk
        self._reader = MemoryReader(disk.medium)

    def reader(self) -> "Lender":
        """Lend it for a `with` block."""
        return self

    def __enter__(self) -> MemoryReader:
        if self._disk.read_errors:
            self._disk.read_errors -= 1
            self._disk.on_fault("read_error")
            message = "the disk does not read"
            raise JournalError(message)
        return self._reader

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Keep it: a view of memory costs nothing."""
