"""What a modem driver must be: one serial port, one dialogue, explicit deadlines.

All calls but `interrupt` and `wake` come from the one actor that owns the port.

`gives_way`, where a call takes one, says that more urgent work waits. It is asked
between commands, and as soon as `wake` was called; a command that the modem has is
waited for.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol

from engine.quick import quick
from engine.values import Instant


class SendResult(StrEnum):
    """The three ends of a submit; silence is neither sent nor failed."""

    SENT = "sent"
    REJECTED = "rejected"
    UNKNOWN = "unknown"


class RingResult(StrEnum):
    """How a call ended."""

    RANG = "rang"
    CUT_SHORT = "rang, cut short"
    UNHEARD = "cut short before it rang"
    """The network was dialling, as far as the modem has said."""
    REFUSED = "call refused"
    UNDIALLED = "gave way before it was dialled"


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class SubmitOutcome:
    """How a submit ended: TP-MR where sent, +CMS/+CME code where rejected.

    `retry` is the policy table's word on a rejected one: another try, on another
    route, is worth it; `fault` is whose or what kind of fault it is by that table
    (`recipient`, `sim`, `temporary`). `reason` is for people and carries no number.
    `may_follow` tells of an unknown one that the modem may still answer: `LateAnswer`,
    which names it by its `number`, where the driver gives one.
    `in_doubt` says that an answer came that may be an earlier message's: until it is
    settled whose, or two minutes have passed, the next one's will be in doubt as well.
    """

    result: SendResult
    reference: int | None = None
    code: str | None = None
    fault: str = ""
    retry: bool = False
    reason: str = ""
    may_follow: bool = False
    in_doubt: bool = False
    number: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class InboundSms:
    """A short message read from storage; delete only after the journal has it.

    `slot` is what `delete` takes; `part` is (reference, number, total) of a
    concatenated message; `flags` lists what the tolerant decoder had to mend.
    """

    slot: str
    sender: str
    text: str
    sent_at: Instant | None
    pdu: str
    part: tuple[int, int, int] | None = None
    flags: tuple[str, ...] = ()


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class StatusReport:
    """A status report (TS 23.040, 9.2.3.15): `delivered`, `failed` or `pending`."""

    reference: int
    recipient: str
    outcome: str
    status: int
    slot: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class IncomingCall:
    """A call that was hung up, told once however often it rang; None: no number."""

    caller: str | None


CALL = "call"
"""The flag of what is no message: a call is recorded as one, in words of ours."""


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class LateAnswer:
    """How a submit that `may_follow` ended after all, within two minutes.

    The one with this `number`; the oldest where that is 0.
    """

    outcome: SubmitOutcome
    number: int = 0


ModemEvent = InboundSms | StatusReport | IncomingCall | LateAnswer


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class ModemHealth:
    """What the modem says of itself; None where it did not answer that question.

    `registered` is false only where it says so: one that does not tell may send.
    """

    registered: bool
    signal_dbm: float | None = None
    operator: str | None = None
    imei: str | None = None
    sim: str | None = None
    storage_used: int | None = None
    storage_size: int | None = None
    model: str | None = None


Forms = tuple[tuple[int, str], ...]
"""A piece of a text in its forms, from long to short.

Each with the priority at which it gives way to the next one; the last is dropped.
"""


class ModemDriver(Protocol):
    """The dialogue with one modem.

    Raises from any call: `ModemGoneError` when the port is lost (unplugged),
    `ModemSilentError` when it does not answer; both of `engine.errors`.
    """

    def open(self, *, beat: Callable[[], None]) -> ModemHealth:
        """Open the port exclusively and initialise; bounded by its own deadlines.

        `beat` is called at least once a second, here and in every later wait that
        brings none of its own (`recover` may wait a minute).
        """

    def fit(self, pieces: Sequence[Forms]) -> str:
        """Return pieces as one text that fits one part.

        Of priorities 1 is cut last; the pieces bring their own blanks. Pure, any
        thread.
        """

    def submit(
        self,
        number: str,
        text: str,
        *,
        validity_min: int,
        beat: Callable[[], None],
        late_s: float,
    ) -> SubmitOutcome:
        """Submit one message of one part; waits up to `late_s` for the answer.

        A raise means that the message was certainly not handed over. Once it was,
        silence, an interrupt and a lost port are the outcome *unknown*. `beat` is
        called at least once a second while it waits.
        """

    def ring(
        self,
        number: str,
        *,
        seconds: float,
        beat: Callable[[], None],
        between: Callable[[], None],
        gives_way: Callable[[], bool],
    ) -> RingResult:
        """Dial, let it ring for so long from there on or until it is taken, hang up.

        `between` is called at least once a second while it rings and no command is
        open: `wait` and `poll` may be called there.
        """

    def poll(
        self, *, drain: bool, gives_way: Callable[[], bool]
    ) -> Sequence[ModemEvent]:
        """Return what has arrived; `drain` reads the storage whatever URCs said.

        A stored message is returned again by each drain until it is deleted. What is
        left unread because of `gives_way` is read by the next call.
        """

    def unstored(self) -> Sequence[ModemEvent]:
        """Return what has come and no store has, without a word to the modem.

        For one that is lost, perhaps for good. Never raises.
        """

    def wait(self, seconds: float) -> bool:
        """Wait for an unsolicited line; True as soon as one has come."""

    def answers(self) -> bool:
        """Say whether the modem takes a command within a few seconds.

        For one that owes the answer to a message: while it sends, it takes none.
        """

    def next_number(self) -> int:
        """Return the number of the next message (`SubmitOutcome.number`).

        Numbers go on over restarts; 0 where the driver gives none.
        """

    def pass_over(self, number: int) -> None:
        """Give no further message this number, nor one before it.

        It was noted with an attempt. Where that was never handed over, its row may be
        durable all the same, and after a `kill -9` it would take the answer of the
        message that had the number.
        """

    def owed(self) -> Sequence[int]:
        """Return which messages, also of an earlier process, may still be answered."""

    def delete(self, slot: str) -> bool:
        """Delete a stored message that the journal has; True where that is done."""

    def health(self, *, gives_way: Callable[[], bool]) -> ModemHealth:
        """Ask for registration, signal and storage.

        Raises:
            ModemWantedError: it gave way before all was asked.

        """

    def recover(self, rung: int) -> bool:
        """Try one rung of the recovery ladder; True where the modem answers again.

        0 to 4, mildest first; 5 switches the radio off and on, for one that finds no
        network.
        """

    def interrupt(self) -> None:
        """Make a blocked call return; from another thread."""

    def wake(self) -> None:
        """Have a wait between commands ask `gives_way` now; from any thread."""

    def close(self) -> None:
        """Close the port; never raises."""
