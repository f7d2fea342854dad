"""The log: one line per event on standard error, with nobody in it.

Names cannot be recognised, so nothing is printed because it looks harmless: only
fields of listed keys are, another library's message is its template without the
arguments, and an exception is its class and frames (the text only of our own
classes, which hold none). In all that remains, what looks like a number, an address
or a place is masked. Modules log through `logging` or `structlog`, as they like.
"""

import json
import logging
import re
import sys
import threading
import traceback
from collections.abc import Iterator, Mapping, MutableMapping
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from pathlib import PurePath
from types import TracebackType
from typing import TextIO

from engine.absent import absent
from engine.errors import EngineError
from engine.unread import PATIENCE_MS, Outflow
from engine.values import Instant

with absent("rich"):
    # structlog takes it for a renderer that we do not use: 0.15 s of a restart.
    import structlog
    from structlog.processors import JSONRenderer, KeyValueRenderer
    from structlog.stdlib import ProcessorFormatter
    from structlog.typing import Processor

OURS = ("engine", "adapters", "geocore")

_TEXT_CHARACTERS_MAX = 2_000
_READ_CHARACTERS_MAX = 10_000
_SHORTER_CHARACTERS = (1_000, 250, 50)
_CAUSES_MAX = 5
_FRAMES_MAX = 12

# What every line has, whose making is ours or the library's.
_FRAME_KEYS = frozenset({"event", "level", "logger", "timestamp", "exception"})
_TEXT_KEYS = frozenset(
    {
        *("actor", "channel", "child", "error", "kind", "level", "modem", "mode"),
        *("outcome", "phase", "problem", "protocol", "reason", "result", "route"),
        *("signal", "state", "status", "step", "version"),
    }
)
_NUMBER_KEYS = frozenset(
    {
        *("attempt", "bytes", "count", "depth", "duration_s", "epoch", "limit"),
        *("pid", "port", "position", "repeat", "requests", "restarts", "seq"),
    }
)
_ID_KEYS = frozenset({"alarm", "command", "effect"})
_EXTRA_KEYS = _TEXT_KEYS | _NUMBER_KEYS | _ID_KEYS
_ID = re.compile(r"(?=.*[a-f])[0-9a-f]{8,64}")

_LOST = "lines of the log were lost, since nobody took them"

REPEATS_MAX = 60
"""So many lines of one template are written in a minute."""
_MINUTE_S = 60.0

_WARNING = re.compile(r"([^/\n]*:\d+): (\w+):")

# In this order: a place is made of numbers, and a number may lie in an address.
_MASKS: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"[^\s@<>\"'(]+@[^\s@<>\"')]+"), "[address]"),
    (re.compile(r"\b(?!127\.)\d{1,3}(?:\.\d{1,3}){3}\b"), "[address]"),
    (re.compile(r"(?i)\b(?:[0-9a-f]{1,4}:){3,}[0-9a-f:]*"), "[address]"),
    (re.compile(r"(?i)\b[0-9a-f]{0,4}(?::[0-9a-f]{1,4})*::[0-9a-f:]+"), "[address]"),
    (re.compile(r"(?i)\b8[0-9a-f]{14}\b"), "[place]"),
    (re.compile(r"(?i)\b[2-9CFGHJMPQRVWX]{4,8}\+[2-9CFGHJMPQRVWX]{2,}"), "[place]"),
    (re.compile(r"[-+]?\d{1,3}\.\d+[\s,;/]{1,3}[-+]?\d{1,3}\.\d+"), "[place]"),
    (re.compile(r"[-+]?\d{1,5}[.,]\d{3,}"), "[place]"),
    (re.compile(r"[-+]?\d{1,3}\s?[°º][^\s,;]*"), "[place]"),
    (re.compile(r"(?!127\.0\.0\.1\b)\+?\d(?:[\s().\-/]{0,2}\d){5,}"), "[number]"),
)


class Format(StrEnum):
    """How a line is written: for a collector, or for a person's terminal."""

    JSON = "json"
    TEXT = "text"


def configure(
    log_format: str = Format.JSON,
    *,
    level: int = logging.INFO,
    stream: TextIO | None = None,
) -> None:
    """Send all logging of the process through here, uncaught exceptions too.

    Args:
        log_format: `json` or `text`.
        level: the least level of our own loggers; others' begin at WARNING.
        stream: where lines go; standard error without one.

    """
    handler = _Handler(stream or sys.stderr)
    handler.setFormatter(
        ProcessorFormatter(
            foreign_pre_chain=[
                structlog.stdlib.add_log_level,
                structlog.stdlib.add_logger_name,
                _template_of_foreigners,
            ],
            processors=[
                _timestamp,
                ProcessorFormatter.remove_processors_meta,
                _describe_exception,
                redact,
                _renderer(Format(log_format)),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(logging.WARNING)
    for package in OURS:
        logging.getLogger(package).setLevel(level)
    # A mailbox's contents are in its messages: never, at no level.
    logging.getLogger("pykka").disabled = True
    logging.captureWarnings(capture=True)
    structlog.configure(
        processors=[
            structlog.stdlib.filter_by_level,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            ProcessorFormatter.wrap_for_formatter,
        ],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
    )
    _hook_uncaught()


def tell_left_out(*, at_end: bool = False) -> None:
    """Say how many repeated lines were left out in the minutes that are over.

    At the end of the process, in those that are not over as well.
    """
    for handler in logging.getLogger().handlers:
        if isinstance(handler, _Handler):
            handler.tell_left_out(at_end=at_end)


def redact(
    logger: object, method: str, event: MutableMapping[str, object]
) -> Mapping[str, object]:
    """Return what may be printed: a structlog processor, the last before rendering."""
    del logger, method
    kept = {
        key: _value(key, value)
        for key, value in event.items()
        if key in _FRAME_KEYS | _TEXT_KEYS | _NUMBER_KEYS | _ID_KEYS
    }
    withheld = len(event) - len(kept)
    return {**kept, "withheld": withheld} if withheld else kept


def mask(text: str) -> str:
    """Return text without what looks like a number, an address or a place."""
    for pattern, word in _MASKS:
        text = pattern.sub(word, text)
    return text


def _value(key: str, value: object) -> str | int | float | bool | None:
    match value:
        case None | bool():
            return value
        case int() | float() if key in _NUMBER_KEYS:
            return value
        case Instant() if key in _FRAME_KEYS:
            return str(value)
        case timedelta() if key in _NUMBER_KEYS:
            return value.total_seconds()
        case str() if key == "timestamp" or (key in _ID_KEYS and _ID.fullmatch(value)):
            return value
        case str() | int() | float():
            return _shown(str(value))
        case EngineError():
            return _shown(f"{type(value).__name__}: {value}")
        case _:
            # Its text may hold anything: a person, a message.
            return type(value).__name__


def _shown(text: str) -> str:
    """Return text on one line, masked, then cut: a cut number would escape a mask."""
    line = "".join(
        one if one.isprintable() else " " for one in text[:_READ_CHARACTERS_MAX]
    )
    return mask(line)[:_TEXT_CHARACTERS_MAX]


def _template_of_foreigners(
    logger: object, method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    """Show another library's message without its arguments, ours with its fields."""
    del logger, method
    record = event["_record"]
    assert isinstance(record, logging.LogRecord)
    if record.name == "py.warnings":
        # No template, but file, line and category stand before the text.
        found = _WARNING.search(str(record.msg))
        event["event"] = f"{found[2]} at {found[1]}" if found else "a warning"
    elif record.name.partition(".")[0] not in OURS:
        event["event"] = str(record.msg)
    else:
        said = vars(record)  # what a caller gave as `extra`, among the record's own
        event.update({key: said[key] for key in _EXTRA_KEYS if key in said})
    return event


def _timestamp(
    logger: object, method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    """Say when, by the system's clock: the same that the system's own log has."""
    del logger, method
    record = event["_record"]
    assert isinstance(record, logging.LogRecord)
    event["timestamp"] = str(Instant(int(record.created * 1000)))
    return event


def _describe_exception(
    logger: object, method: str, event: MutableMapping[str, object]
) -> MutableMapping[str, object]:
    del logger, method
    event.pop("stack_info", None)
    match event.pop("exc_info", None):
        case BaseException() as error:
            event["exception"] = describe(error)
        case (_, BaseException() as error, _):
            event["exception"] = describe(error)
        case True if (current := sys.exc_info()[1]) is not None:
            event["exception"] = describe(current)
    return event


def describe(error: BaseException) -> str:
    """Return an exception with its causes on one line: classes and frames."""
    return " <- ".join(_describe_one(each) for each in _causes(error))


def _causes(error: BaseException) -> Iterator[BaseException]:
    found: BaseException | None = error
    for _ in range(_CAUSES_MAX):
        if found is None:
            return
        yield found
        hidden = found.__suppress_context__
        found = found.__cause__ or (None if hidden else found.__context__)


def _describe_one(error: BaseException) -> str:
    text = f": {error}" if isinstance(error, EngineError) else ""
    frames = traceback.extract_tb(error.__traceback__, limit=-_FRAMES_MAX)
    places = " > ".join(
        f"{PurePath(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in frames
    )
    return f"{type(error).__name__}{text} ({places})"


def _renderer(log_format: Format) -> Processor:
    match log_format:
        case Format.JSON:
            return JSONRenderer(ensure_ascii=False)
        case Format.TEXT:
            order = ["timestamp", "level", "event"]
            return KeyValueRenderer(key_order=order, drop_missing=True)


@dataclass(slots=True)
class _Repeated:
    """Lines of one template within a minute."""

    template: str
    since_s: float
    written: int = 0
    left_out: int = 0


class _Repeats:
    """Counts the lines of each template; more than `REPEATS_MAX` a minute are not due.

    A template is a place in the code with the class of exception that it tells: other
    libraries put into their texts what a stranger has sent. A line that names a case,
    or says that the engine cannot go on, is always due.
    """

    def __init__(self) -> None:
        self._by_place: dict[tuple[str, int, str], _Repeated] = {}

    def is_due(self, record: logging.LogRecord) -> bool:
        """Count a line, and say whether it is written."""
        if record.levelno >= logging.CRITICAL or _ID_KEYS & vars(record).keys():
            return True
        kind = record.exc_info[0] if record.exc_info else None
        place = (record.pathname, record.lineno, "" if kind is None else kind.__name__)
        one = self._by_place.get(place)
        if one is None:
            template = record.msg if isinstance(record.msg, str) else record.name
            one = _Repeated(template.partition("\n")[0], record.created)
            self._by_place[place] = one
        is_due = one.written < REPEATS_MAX
        one.written += is_due
        one.left_out += not is_due
        return is_due

    def over(self, now_s: float, *, all_of_them: bool = False) -> Iterator[_Repeated]:
        """Yield what was left out in minutes that are over, and count again."""
        for place, one in list(self._by_place.items()):
            # A clock that was set back must not leave out for hours.
            if all_of_them or not 0 <= now_s - one.since_s < _MINUTE_S:
                del self._by_place[place]
                if one.left_out:
                    yield one


class _Handler(logging.StreamHandler[TextIO]):
    """Writes lines; a line that cannot be made is told of without its contents.

    What nobody takes is let go, and counted: who logs has people to tell. So is what is
    said again and again: a flood of strangers must not push everything else out.
    """

    def __init__(self, stream: TextIO) -> None:
        super().__init__(stream)
        self._outflow, self._lost = Outflow(stream), 0
        self._repeats = _Repeats()

    def emit(self, record: logging.LogRecord) -> None:
        """Write a line where it is due, behind how many were left out before."""
        self._tell(record.created)
        if self._repeats.is_due(record):
            self._write(record)

    def tell_left_out(self, *, at_end: bool) -> None:
        """Write how many lines were left out; any thread."""
        now_s = logging.makeLogRecord({}).created
        with self.lock or nullcontext():
            self._tell(now_s, all_of_them=at_end)

    def _tell(self, now_s: float, *, all_of_them: bool = False) -> None:
        for one in self._repeats.over(now_s, all_of_them=all_of_them):
            said = f"{one.left_out} lines like this were left out: {one.template}"
            level = {"levelno": logging.WARNING, "levelname": "WARNING"}
            named = {"name": "engine.log", "msg": said, "count": one.left_out}
            self._write(logging.makeLogRecord({**level, **named}))

    def _write(self, record: logging.LogRecord) -> None:
        """Write a line where it is taken at once, behind how many were not before."""
        if self._lost and self._takes():
            said = {"name": "engine.log", "count": self._lost, "msg": _LOST}
            level = {"levelno": logging.WARNING, "levelname": "WARNING"}
            self._lost = 0
            super().emit(logging.makeLogRecord({**said, **level}))
        if self._takes():
            super().emit(record)
        else:
            self._lost += 1

    def format(self, record: logging.LogRecord) -> str:
        """Return a line that can be written without a wait."""
        line = super().format(record)
        for most in _SHORTER_CHARACTERS:
            if self._outflow.fitting(line) == line:
                break
            line = _shorter(line, most)
        return self._outflow.fitting(line)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - the library's name
        """Say where a bad call to the log is; the default prints its arguments."""
        where = f"{PurePath(record.pathname).name}:{record.lineno}"
        line = f'{{"event":"a log line could not be written","logger":"{where}"}}\n'
        try:
            if self._takes():
                self.stream.write(line)
        except (OSError, ValueError):
            # Standard error is gone: nobody is left to be told.
            return

    def _takes(self) -> bool:
        """Say whether a line is taken; the first that is not has waited for all."""
        return self._outflow.takes(0 if self._lost else PATIENCE_MS)


def _shorter(line: str, most: int) -> str:
    """Return JSON with its texts cut: of one that is cut itself nothing is read."""
    try:
        fields = json.loads(line)
    except ValueError:
        return line  # a line for a person
    cut = {k: v[:most] if isinstance(v, str) else v for k, v in fields.items()}
    return json.dumps(cut, ensure_ascii=False)


def _hook_uncaught() -> None:
    """Let uncaught exceptions be logged too: the default prints their texts."""
    log = logging.getLogger("engine.log")

    def uncaught(
        kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        log.critical("uncaught exception", exc_info=(kind, error, trace))

    def uncaught_in_thread(arguments: threading.ExceptHookArgs) -> None:
        if arguments.exc_value is not None:
            log.critical("uncaught in a thread", exc_info=arguments.exc_value)

    def unraisable(arguments: "sys.UnraisableHookArgs") -> None:
        if arguments.exc_value is not None:
            log.error("exception ignored", exc_info=arguments.exc_value)

    sys.excepthook = uncaught
    threading.excepthook = uncaught_in_thread
    sys.unraisablehook = unraisable
