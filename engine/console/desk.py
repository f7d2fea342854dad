"""What every page works with: cases, operators, sessions, and the way to command."""

import asyncio
import contextlib
import secrets
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from msgspec import structs

from engine.alarm.commands import AlarmCommand, Close, HandOver, Link, Raise
from engine.alarm.events import ActRefused, DetailsRevealed
from engine.alarm.messages import Done
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import CloseReason, Kind
from engine.console.acts import refusal_of
from engine.console.cases import Cases
from engine.console.known import KnownBrowsers
from engine.console.operators import FirstPassword, Operators, write_private
from engine.console.parts import WebParts
from engine.console.sessions import Session, Sessions, Throttle
from engine.console.words import CHANNEL_DOWN, NO_MODEM, refusal
from engine.errors import JournalError, not_done
from engine.files import read_text
from engine.health import BY_MODEM
from engine.intake.orders.actor import NOT_KNOWN, Give
from engine.ports.device import DeviceCommand
from engine.ports.journal import Answer, Request, Unknown
from engine.ports.measures import DegradedReason
from engine.values import AlarmId, CommandId, DeviceId, OperatorId, PersonId

if TYPE_CHECKING:
    from engine.console.roster_change import WaitingChange

ANSWER_S = 10.0
GATHER_S = 0.02
GATHER_MAX_S = 0.5
REST = 5
"""Folding takes no more than one part of so many of the time: in a flood of alarms the
page may be half a second late, and their first notifications may not."""
NOBODY_TAKES = "nobody takes orders just now; give it again"
HALF_LINKED = "the other alarm has not said so yet: link them again in a minute"
NOT_OPEN = "only an open alarm takes another one in"
UNLINKED = "it is another defender's: if they belong together, link the two first"
UNREAD_BEFORE = "what came of it before cannot be read; look before you repeat it"
NOT_SHOWN = "no row of the journal says so, and nothing is shown without one"
ITSELF = "that is this alarm: name the other one"
KEPT_ROSTER = "roster.toml"
KEPT_SESSIONS = "sessions.json"
T = TypeVar("T")


class ConsoleDesk:
    """Lives in the web's event loop; nothing of it blocks the loop."""

    def __init__(self, parts: WebParts) -> None:
        """Fold the cases and read the operators."""
        self.parts = parts
        self.cases = Cases(parts.readers)
        self.hidden = self.cases.hidden(parts.clock.now())
        self._unread: set[AlarmId] = set()
        self.operators = Operators(parts.state, must_read=False)
        self.sessions = Sessions(_read(parts.state / KEPT_SESSIONS))
        if names := self.operators.names():
            # Whoever removed one may have found no room to keep that it has ended.
            self.sessions.keep_only(names)
        self.throttle = Throttle()
        self.known = KnownBrowsers(parts.state)
        # One at a time: each check takes 19 MiB.
        self._checker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="argon2")
        self.checking = 0
        """How many passwords are being checked, or wait for it."""
        self._folding: asyncio.TimerHandle | None = None
        self._gather_s = GATHER_S
        self._waiting: set[asyncio.Future[None]] = set()
        self.streams = 0
        self.why_not: str | None = None
        """Why the journal certainly took nothing of what was asked of it last."""
        self.changing_roster = asyncio.Lock()
        """Held from the look at the roster in force until another is: two changes of
        one moment would both begin from it, and one be lost."""
        self.roster_change: WaitingChange | None = None
        """What two operators have to approve; the next one takes its place."""
        self.exercises: dict[PersonId, tuple[AlarmId, Raise]] = {}
        """By defender, one that was asked for and had no answer: it may begin yet."""

    async def check_password(self, operator: str, password: str) -> bool:
        """Check a password outside the loop, one at a time."""
        loop = asyncio.get_running_loop()
        self.checking += 1
        try:
            return await loop.run_in_executor(
                self._checker, self.operators.check, operator, password
            )
        finally:
            self.checking -= 1

    async def change_password(self, operator: OperatorId, password: str) -> None:
        """Set a new password outside the loop.

        Raises:
            OperatorError: they were removed meanwhile.

        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(
            self._checker, self.operators.change, operator, password
        )

    async def command(self, alarm_id: AlarmId, command: AlarmCommand) -> Done:
        """Give a command and wait for what it came to; failed where nobody answers."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Done] = loop.create_future()

        def answer(done: Done) -> None:
            _hand_over(loop, answered, done)

        if not self.parts.command(alarm_id, command, answer):
            return Done(failed=True)
        try:
            done = await asyncio.wait_for(answered, ANSWER_S)
        except TimeoutError:
            return Done(failed=True)
        # It was done, also where that cannot be read just now: whoever hears otherwise
        # does it again.
        with contextlib.suppress(JournalError):
            self.catch_up()
        return done

    async def act(self, alarm_id: AlarmId, command: AlarmCommand) -> str | None:
        """Do one act; return why it was refused, None where it was done.

        A second click is answered as the first was, refusals included. Raises
        `JournalError` where it cannot be read whether there is such an alarm.
        """
        impossible = self._impossible(alarm_id, command)
        if impossible is not None:
            return impossible
        done = await self.command(alarm_id, command)
        refused = refusal_of(done)
        if refused == refusal(RefusalGround.NOT_RAISED):
            self.catch_up()  # of a journal that nobody can read it is no answer
        if done.failed and (why := self.cases.why_unread(alarm_id)) is not None:
            return why.value  # looking again would be in vain
        if refused is None and not done.events:
            refused = self._earlier(alarm_id, command.command_id)
        if isinstance(command, Link):
            return await self._link_back(alarm_id, command, refused)
        return refused

    def _earlier(self, alarm_id: AlarmId, command_id: CommandId) -> str | None:
        """Return why a command was refused that was given before."""
        try:
            came = self.cases.came_of(alarm_id, command_id)
        except JournalError:
            return UNREAD_BEFORE
        earlier = (one for one in came if isinstance(one, ActRefused))
        return next((refusal(one.ground) for one in earlier), None)

    def show(
        self, session: Session, alarm_id: AlarmId, command_id: CommandId
    ) -> str | None:
        """Show what is hidden of a case from when its row says so; else say why not.

        A press whose id another one had before, of whatever act, has no row of its
        own: it shows nothing, or as long as the first one does.
        """
        came = self.cases.came_of(alarm_id, command_id)
        rows = [one for one in came if isinstance(one, DetailsRevealed)]
        for one in rows:
            session.reveal(alarm_id, one.at.ms / 1000)
        return None if rows else NOT_SHOWN

    async def _link_back(
        self, alarm_id: AlarmId, command: Link, refused: str | None
    ) -> str | None:
        """Have the other one say so too, also where the first has for a while.

        A crash, or a slow journal, may have left it half done.
        """
        other = self.cases.get(command.other)
        is_back = other is not None and alarm_id in other.links
        if is_back or refused not in {None, refusal(RefusalGround.ALREADY_DONE)}:
            return refused
        back = await self.command(
            command.other, structs.replace(command, other=alarm_id)
        )
        return HALF_LINKED if back.failed else refusal_of(back)

    def _impossible(self, alarm_id: AlarmId, command: AlarmCommand) -> str | None:
        """Return why an act that names somebody, or another case, cannot be."""
        match command:
            case HandOver(to=to) if to not in self.operators.names():
                return "there is no such operator"
            case Link(other=other) if other == alarm_id:
                return ITSELF
            case Link(other=other):
                return self._unlinkable(other)
            case Close(into=into) if into is not None:
                return self._unmergeable(alarm_id, into)
            case Close(reason=CloseReason.EXERCISE_OVER):
                return self._no_exercise(alarm_id)
            case _:
                return None

    def _unlinkable(self, other: AlarmId) -> str | None:
        case, why = self.cases.found(other)
        if case is not None:
            return None
        return refusal(RefusalGround.NOT_RAISED) if why is None else why.value

    def _no_exercise(self, alarm_id: AlarmId) -> str | None:
        """Return why a case does not end as played: whoever was told would read so."""
        case, why = self.cases.found(alarm_id)
        if case is None:
            return None if why is None else why.value  # it may be a real one
        is_real = case.kind is Kind.REAL
        return (
            "this is no exercise: close it for what has ended it" if is_real else None
        )

    def _unmergeable(self, alarm_id: AlarmId, into: AlarmId) -> str | None:
        """Return why a case cannot be a part of another: none goes on as less."""
        if into == alarm_id:
            return ITSELF
        whole, why = self.cases.found(into)
        if whole is None or not whole.is_open:
            return NOT_OPEN if why is None else why.value
        part, why = self.cases.found(alarm_id)
        if part is None:
            return None if why is None else why.value
        if whole.kind not in {Kind.REAL, part.kind}:
            return f"the other one is no real alarm: it is marked {whole.kind.value}"
        # A slip in the id would tell one's colleagues where somebody else is.
        people = {part.defender, whole.defender} - {None}
        return UNLINKED if len(people) > 1 and into not in part.links else None

    async def add_operator(self, operator: OperatorId) -> FirstPassword:
        """Add an operator outside the loop.

        Raises:
            OperatorError: the name is taken, or the file cannot be read.

        """
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._checker, self.operators.add, operator)

    async def remove_operator(self, operator: OperatorId) -> None:
        """Let an operator in no more, and end all their sessions.

        Raises:
            OperatorError: there is none of that name, or no other one.

        """
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._checker, self.operators.remove, operator)
        self.sessions.close_others(operator, "")
        self.keep_sessions()

    async def submit(self, request: Request) -> Answer:
        """Have something made durable, without blocking the loop.

        `Unknown` where there is no answer in time: what hangs on it is not done, since
        whoever asked has gone, and takes it for not done. It may be durable later.
        """
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[Answer] = loop.create_future()

        def reply(answer: Answer) -> None:
            _hand_over(loop, answered, answer)

        self.parts.journal.submit(request, reply)
        try:
            answer = await asyncio.wait_for(answered, ANSWER_S)
        except TimeoutError:
            answer = Unknown(reason=f"no answer within {ANSWER_S} s")
        self.why_not = not_done(answer) if isinstance(answer, Unknown) else None
        return answer

    async def give(
        self, device: DeviceId, command: DeviceCommand, every_s: int | None, by: str
    ) -> str | None:
        """Ask something of a device; return why not, None where it is queued."""
        loop = asyncio.get_running_loop()
        answered: asyncio.Future[str | None] = loop.create_future()

        def answer(refused: str | None) -> None:
            _hand_over(loop, answered, refused)

        order = Give(
            order_id=secrets.token_hex(6),
            device=device,
            command=command,
            every_s=every_s,
            by=by,
            answered=answer,
        )
        if not self.parts.give(order):
            return NOBODY_TAKES
        try:
            return await asyncio.wait_for(answered, ANSWER_S)
        except TimeoutError:
            return NOT_KNOWN

    async def keep_roster(self, text: str) -> None:
        """Keep an imported roster for the next start; whole or not at all."""
        await self.keep_private(self.parts.state / KEPT_ROSTER, text)

    def why_waiting(self, channel: str) -> str:
        """Return why nothing leaves by a channel just now; "" where something can."""
        if not self.parts.health.is_down(channel):
            return ""
        return NO_MODEM if channel in BY_MODEM else CHANNEL_DOWN

    async def keep_private(self, path: Path, text: str) -> None:
        """Write a file of the state folder outside the loop; whole or not at all."""
        loop = asyncio.get_running_loop()
        await loop.run_in_executor(self._checker, write_private, path, text)

    def session(self, token: str) -> Session | None:
        """Return the session of a token, and note the visit."""
        found = self.sessions.find(token, self.now_s())
        self.keep_sessions()
        return found

    def keep_sessions(self) -> None:
        """Keep the sessions for the next start, outside the loop."""
        text = self.sessions.take_changes()
        if text is not None:
            path = self.parts.state / KEPT_SESSIONS
            self._checker.submit(_keep, path, text)

    def rang(self) -> None:
        """Take the bell of a commit: many that ring together are folded together."""
        if self._folding is None:
            loop = asyncio.get_running_loop()
            self._folding = loop.call_later(self._gather_s, self._fold)

    def _fold(self) -> None:
        self._folding = None
        began_s = self.parts.clock.boottime_s()
        self.catch_up()
        took_s = self.parts.clock.boottime_s() - began_s
        self._gather_s = min(max(GATHER_S, took_s * REST), GATHER_MAX_S)

    def catch_up(self) -> None:
        """Fold what is new and wake the event streams; in the loop's thread."""
        if self.cases.follow():
            for waiting in self._waiting:
                _set(waiting, None)

    def report_unread(self) -> None:
        """Say which cases nobody can read; any thread, one at a time.

        Where HQ has one in hand its next look may be days ahead: only then would its
        own actor meet the row.
        """
        unread = {*self.cases.unread, *self.cases.stopped}
        for alarm_id in unread ^ self._unread:
            self.parts.health.report(
                DegradedReason.ALARM_STANDING_STILL,
                alarm_id,
                wrong=alarm_id in unread,
            )
        self._unread = unread

    async def wait_beyond(self, position: int, timeout_s: float) -> bool:
        """Wait for rows behind a position; False after `timeout_s` seconds."""
        if self.cases.position <= position:
            changed: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self._waiting.add(changed)
            try:
                await asyncio.wait({changed}, timeout=timeout_s)
            finally:
                self._waiting.discard(changed)
        return self.cases.position > position

    def now_s(self) -> float:
        """Return seconds of the engine's UTC, for sessions: they outlive a process."""
        return self.parts.clock.now().ms / 1000


def _read(path: Path) -> str:
    try:
        return read_text(path)
    except (OSError, UnicodeDecodeError):
        return ""


def _keep(path: Path, text: str) -> None:
    """Write, if it can be written: what is lost is a sign-in after a restart."""
    with contextlib.suppress(OSError):
        write_private(path, text)


def _hand_over(
    loop: asyncio.AbstractEventLoop, answered: "asyncio.Future[T]", result: T
) -> None:
    """Give an answer to the loop; called in the journal's or an alarm's thread.

    A console that has ended meanwhile must not take either of them with it.
    """
    with contextlib.suppress(RuntimeError):
        loop.call_soon_threadsafe(_set, answered, result)


def _set(answered: "asyncio.Future[T]", result: T) -> None:
    if not answered.done():
        answered.set_result(result)
