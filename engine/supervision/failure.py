"""A failure as it may be logged: what kind and where, never what was in it."""

import traceback
from dataclasses import dataclass
from pathlib import PurePath
from types import FrameType, TracebackType
from typing import Self

from engine.errors import EngineError, JournalError


class ActorFailedError(EngineError):
    """An actor's code raised what is no `Exception` (SystemExit, MemoryError's kin).

    Pykka would stop every actor of the process on one; this takes its place.
    """


class ReplacedError(EngineError):
    """This instance has been given up and replaced: its results count no more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Failure:
    """Class and place of an error; the text may hold a name or a number: left out.

    `unread` where rows could not be read: no fault of what was being handled.
    """

    kind: str
    place: str
    unread: bool = False

    @classmethod
    def of(cls, error: BaseException) -> Self:
        """Describe a caught error by its class and the frame that raised it."""
        return cls(
            kind=type(error).__name__,
            place=_place(error.__traceback__),
            unread=isinstance(error, JournalError),
        )

    @classmethod
    def stuck(cls, kind: str, frame: FrameType | None) -> Self:
        """Describe an actor that does not get on, by what its thread does now."""
        if frame is None:
            return cls(kind=kind, place="no thread")
        name = PurePath(frame.f_code.co_filename).name
        return cls(
            kind=kind, place=f"{name}:{frame.f_lineno} in {frame.f_code.co_name}"
        )

    def __str__(self) -> str:
        """Return one line for a log."""
        return f"{self.kind} at {self.place}"


def _place(trace: TracebackType | None) -> str:
    frames = traceback.extract_tb(trace, limit=-1)
    if not frames:
        return "unknown"
    frame = frames[-1]
    return f"{PurePath(frame.filename).name}:{frame.lineno} in {frame.name}"
