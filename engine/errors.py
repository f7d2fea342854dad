"""What can go wrong, one class per thing the caller can do about it.

No message here may carry a name, a number or a place: they reach logs.
"""

import errno
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from difflib import get_close_matches
from enum import StrEnum
from typing import Final, Protocol


class EngineError(Exception):
    """The root of everything this project raises on purpose."""


class ConfigError(EngineError):
    """The configuration cannot be used; names the key path, the fault and the cure.

    `also` are further faults of the same file; each is a line of its own in words.
    """

    def __init__(
        self, key: str, expected: str, cure: str, *, also: Sequence["ConfigError"] = ()
    ) -> None:
        """Say where (`console.port`), what was expected and how to mend it."""
        lines = [f"{key}: expected {expected}; {cure}", *map(str, also)]
        super().__init__("\n".join(lines))
        self.key, self.expected, self.cure, self.also = key, expected, cure, also

    @property
    def each(self) -> tuple["ConfigError", ...]:
        """Return every fault by itself, this one first."""
        return (ConfigError(self.key, self.expected, self.cure), *self.also)

    def under(self, path: Callable[[str], str]) -> "ConfigError":
        """Return the same faults, each with the key path that `path` makes of its."""
        key, also = path(self.key), [one.under(path) for one in self.also]
        return ConfigError(key, self.expected, self.cure, also=also)


class Gathered:
    """Takes the faults of several blocks, so that all of them are told at once."""

    def __init__(self) -> None:
        """Begin without a fault."""
        self.faults: list[ConfigError] = []

    @contextmanager
    def block(self) -> Iterator[None]:
        """Take what the block refuses, and go on after it."""
        try:
            yield
        except ConfigError as error:
            self.faults += error.each

    def tell(self) -> None:
        """Raise what was gathered, as one.

        Raises:
            ConfigError: there was a fault; the others are its `also`.

        """
        if self.faults:
            first, *rest = self.faults
            raise ConfigError(first.key, first.expected, first.cure, also=rest)


class DataError(EngineError):
    """A file that people wrote is wrong; names file, line and field.

    `also` are further faults, of it or of others; each is a line of its own in words.
    """

    def __init__(
        self,
        file: str,
        line: int | None,
        field: str,
        reason: str,
        *,
        also: Sequence["DataError"] = (),
    ) -> None:
        """Say which file (its base name), which line (from 1), which field and why."""
        place = file if line is None else f"{file}:{line}"
        super().__init__("\n".join([f"{place}: {field}: {reason}", *map(str, also)]))
        self.file, self.line, self.field, self.reason = file, line, field, reason
        self.also = also

    @classmethod
    def of(cls, faults: Sequence["DataError"]) -> "DataError":
        """Return faults, at least one, as one."""
        first, *rest = [fault for one in faults for fault in one.each]
        return cls(first.file, first.line, first.field, first.reason, also=rest)

    @property
    def each(self) -> tuple["DataError", ...]:
        """Return every fault by itself, this one first."""
        return (DataError(self.file, self.line, self.field, self.reason), *self.also)


Fault = ConfigError | DataError
"""What is wrong with a file that people wrote."""


def facts_of(fault: Fault) -> dict[str, object]:
    """Return a fault by its fields, for JSON."""
    if isinstance(fault, ConfigError):
        return {"key": fault.key, "expected": fault.expected, "cure": fault.cure}
    return {
        "file": fault.file,
        "line": fault.line,
        "field": fault.field,
        "reason": fault.reason,
    }


def cure_of(error: OSError | UnicodeDecodeError) -> str:
    """Return what to do about a file that cannot be read, or written."""
    match error:
        case UnicodeDecodeError():
            return "save it as UTF-8"
        case FileNotFoundError():
            return "it is not there; check the path"
        case PermissionError():
            return "permission denied; give this user the right to it"
        case IsADirectoryError():
            return "it is a folder; name a file"
        case NotADirectoryError():
            return "what stands as a folder in its path is a file; check the path"
        case OSError(errno=errno.ELOOP):
            return "links lead in a circle there; check the path"
        case _:
            return error.strerror or type(error).__name__


def too_much(error: RecursionError | ValueError) -> str:
    """Return why a parser gave a text up that it may have understood."""
    is_deep = isinstance(error, RecursionError)
    return "is nested too deep" if is_deep else "has a number that is too long"


def unreadable(error: OSError | UnicodeDecodeError) -> str:
    """Return why a file of text cannot be read, and what to do about it."""
    is_other = isinstance(error, UnicodeDecodeError)
    return f"{'is no UTF-8 text' if is_other else 'cannot be read'}: {cure_of(error)}"


def meant_by(word: str, known: Iterable[str]) -> str:
    """Return `did you mean 'zone'?` where a known word is close, else nothing."""
    by_fold = {one.casefold(): one for one in known}
    close = get_close_matches(word.casefold(), by_fold, n=1)
    return f"did you mean {by_fold[close[0]]!r}?" if close else ""


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return the same as the end of a sentence: `; did you mean 'zone'?`."""
    meant = meant_by(word, known)
    return f"; {meant}" if meant else ""


class JournalError(EngineError):
    """The journal cannot be opened, read or written; the engine must not go on."""


class JournalFullError(JournalError):
    """The disk is full: certainly nothing was written, and a later try may pass."""


NO_ROOM: Final = (
    "the journal's disk is full, and this is not done: make room outside the state"
    " folder, then repeat"
)
"""What whoever asked for something reads where a full disk took no row of it."""


class JournalDamagedError(JournalError):
    """A page cannot be read: certainly nothing was written, a later try may pass."""


PAGE_UNREAD: Final = (
    "the journal's file is damaged where it is written, and this is not done: run the"
    " cases by hand, and restore a backup"
)
"""What they read where a page that cannot be read stands in the way of a row."""


class _Refused(Protocol):
    @property
    def is_full(self) -> bool: ...
    @property
    def is_damaged(self) -> bool: ...


def not_done(refused: _Refused) -> str | None:
    """Return what to say, with the cure, where certainly no row was written."""
    if refused.is_damaged:
        return PAGE_UNREAD
    return NO_ROOM if refused.is_full else None


class JournalLostError(JournalError):
    """It is damaged so that nothing can begin on it, or gone, or takes no write."""


class JournalUnwrittenError(JournalLostError):
    """It is there, and its disk takes no write: that one failed, or is read-only."""


class JournalUnopenedError(JournalError):
    """An engine runs beside a lost journal: it records, reads and shows nothing."""


JOURNAL_LOST: Final = (
    "the journal's file is damaged or gone, or its disk takes no write: no case and no"
    " timer is shown, and none goes on. Take each NOT RECORDED message for a real"
    " alarm, run what was open by hand, and do as the service's log says of it: restore"
    " a backup, or mend the disk"
)
"""What HQ reads wherever a case would be shown, or something be done."""


class JournalUnmadeError(JournalError):
    """Its file has no tables yet, nor rows to lose: the engine makes them at start."""


class StateHeldError(EngineError):
    """Another engine holds the state folder; names the holder."""


class RefusalOf(StrEnum):
    """What was refused: whatever we send, this message or its recipient, or either."""

    CHANNEL = "channel"
    MESSAGE = "message"
    EITHER = "either"


class DeliveryError(EngineError):
    """A channel certainly did not send a notification."""

    def __init__(
        self,
        channel: str,
        reason: str,
        *,
        retry: bool,
        after_s: float | None = None,
        of: RefusalOf | None = None,
    ) -> None:
        """Say which channel, why, and whether the same attempt may be repeated.

        `after_s` is how long the far end wants to be left alone, where it says so; `of`
        what it refuses, where that is not the channel's fault if it may pass, and the
        message's if not.
        """
        super().__init__(f"{channel}: {reason}")
        self.channel, self.reason, self.retry = channel, reason, retry
        self.after_s = after_s
        self.of = of or (RefusalOf.CHANNEL if retry else RefusalOf.MESSAGE)


class DeliveryUnknownError(EngineError):
    """A channel cannot tell whether a notification was sent."""

    def __init__(self, channel: str, reason: str) -> None:
        """Say which channel and what was seen instead of an answer."""
        super().__init__(f"{channel}: {reason}")
        self.channel, self.reason = channel, reason


class ModemError(EngineError):
    """A modem cannot be used just now."""


class ModemGoneError(ModemError):
    """The port is gone: unplugged, or the device node vanished."""


class ModemWantedError(ModemError):
    """A look was broken off before it was over: the modem has something to send."""


class ModemSilentError(ModemError):
    """The port is there and nobody answers within the deadline."""


class ModemBusyError(ModemError):
    """Another program owns the port; names the holder."""
