"""TOML to `ActionProtocol`; every error names file, line, field and cure.

Deadlines are in seconds, distances in kilometres, as people write them.
"""

import difflib
import hashlib
import re
import tomllib
from datetime import timedelta
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from engine.errors import DataError
from engine.protocol.model import (
    ActionProtocol,
    Audience,
    Condition,
    Fallback,
    Start,
    Step,
    Verification,
    Voice,
)
from engine.protocol.texts import templates
from engine.values import Signal, StepId

PUBLIC_TEXT = "public"
DEFENDER_TEXTS = frozenset({"received", "cancelled", "ended", "recheck"})
DEFENDER_STARTS = frozenset(
    {Start.RAISED.value, Start.CANCELLED.value, Start.CLOSED.value}
)
DEFAULT_TRIGGERS = (Signal.SOS, Signal.REMOVED)


class _StepTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_-]{0,31}$")
    after: str = Start.RAISED.value
    delay_s: float = Field(0, ge=0, le=365 * 86400)
    to: Audience
    channels: tuple[str, ...] = Field(min_length=1)
    text: str
    requires: tuple[Condition, ...] = ()
    stopped_by: tuple[Condition, ...] = ()
    count: int = Field(5, ge=1, le=100)
    within_km: float | None = Field(None, gt=0, le=20_040)
    every_s: float | None = Field(None, ge=5)
    rounds: int | None = Field(None, ge=1)
    repeats: int = Field(2, ge=0, le=10)


class _VerificationTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    needs: int = Field(2, ge=1, le=10)
    of: tuple[Voice, ...] = Field(tuple(Voice), min_length=1)
    within_s: float = Field(900, ge=30, le=86400)
    otherwise: Fallback


class _AllClearTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    needs: int = Field(ge=1, le=10)


class _ProtocolTable(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    name: str = Field(min_length=1, max_length=60)
    version: int = Field(ge=1)
    triggers: tuple[Signal, ...] = DEFAULT_TRIGGERS
    trust_unconfirmed: bool = False
    verification: _VerificationTable | None = None
    all_clear: _AllClearTable = _AllClearTable(needs=1)
    step: tuple[_StepTable, ...] = Field(min_length=1)


def load_protocol(path: Path) -> ActionProtocol:
    """Read one action protocol.

    Raises:
        DataError: the file cannot be read or says something impossible.

    """
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = f"cannot be read ({type(error).__name__}); check path and rights"
        raise DataError(path.name, None, "file", reason) from error
    return parse_protocol(text, path.name)


def parse_protocol(text: str, file: str) -> ActionProtocol:
    """Turn TOML text into an action protocol; `file` is named in errors.

    Raises:
        DataError: see `load_protocol`.

    """
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise DataError(file, _line_of_toml(error), "TOML", str(error)) from error
    try:
        parsed = _ProtocolTable.model_validate(table)
    except ValidationError as error:
        raise _data_error(error, text, file) from error
    digest = hashlib.sha256(text.encode()).hexdigest()
    protocol = ActionProtocol(
        name=parsed.name,
        version=parsed.version,
        digest=digest,
        triggers=frozenset(parsed.triggers),
        trust_unconfirmed=parsed.trust_unconfirmed,
        verification=_verification(parsed.verification),
        all_clear_needs=parsed.all_clear.needs,
        steps=tuple(_step(step) for step in parsed.step),
    )
    _check_texts(protocol, text, file)
    _check_order(protocol, text, file)
    _check_publishing(protocol, text, file)
    _check_defender(protocol, text, file)
    return protocol


def _verification(table: _VerificationTable | None) -> Verification | None:
    if table is None:
        return None
    return Verification(
        needs=table.needs,
        of=frozenset(table.of),
        within=timedelta(seconds=table.within_s),
        otherwise=table.otherwise,
    )


def _step(table: _StepTable) -> Step:
    every = None if table.every_s is None else timedelta(seconds=table.every_s)
    once = 1 if every is None else None
    return Step(
        id=StepId(table.id),
        after=table.after,
        to=table.to,
        channels=table.channels,
        text=table.text,
        delay=timedelta(seconds=table.delay_s),
        requires=table.requires,
        stopped_by=table.stopped_by,
        count=table.count,
        within_m=None if table.within_km is None else table.within_km * 1000,
        every=every,
        rounds=once if table.rounds is None else table.rounds,
        repeats=table.repeats,
    )


def _check_texts(protocol: ActionProtocol, text: str, file: str) -> None:
    known = templates()
    for number, step in enumerate(protocol.steps):
        is_public = step.to is Audience.PUBLIC
        if step.text in known and is_public == step.text.startswith(PUBLIC_TEXT):
            continue
        if step.text not in known:
            close = difflib.get_close_matches(step.text, known, n=1)
            meant = f"; did you mean {close[0]!r}?" if close else ""
            choice = ", ".join(sorted(known))
            reason = f"no text {step.text!r}{meant} One of: {choice}"
        elif is_public:
            reason = f"{step.text!r} is for people we know; take {PUBLIC_TEXT!r}"
        else:
            reason = f"{step.text!r} is for the public alone; take another"
        line = _line_of_step(text, number)
        raise DataError(file, line, f"step[{number}].text", reason)


def _check_order(protocol: ActionProtocol, text: str, file: str) -> None:
    known = {start.value for start in Start}
    seen: set[str] = set()
    for number, step in enumerate(protocol.steps):
        field = f"step[{number}]"
        if step.id in known or step.id in seen:
            reason = f"the id {step.id!r} is taken; choose another"
            raise DataError(file, _line_of_step(text, number), f"{field}.id", reason)
        if step.after not in known and step.after not in seen:
            choice = ", ".join(sorted(known | seen))
            reason = f"{step.after!r} is no earlier step; one of: {choice}"
            raise DataError(file, _line_of_step(text, number), f"{field}.after", reason)
        if step.rounds != 1 and step.every is None:
            reason = "rounds need every_s, the time between them"
            line = _line_of_step(text, number)
            raise DataError(file, line, f"{field}.every_s", reason)
        seen.add(step.id)


def _check_publishing(protocol: ActionProtocol, text: str, file: str) -> None:
    """Refuse a public step that could run before people have decided it."""
    needed = {Condition.VERIFIED, Condition.CONSENTED, Condition.APPROVED}
    for number, step in enumerate(protocol.steps):
        if step.to is not Audience.PUBLIC:
            continue
        missing = sorted(needed - set(step.requires))
        if missing:
            reason = f"a public step must require {', '.join(missing)} as well"
            line = _line_of_step(text, number)
            raise DataError(file, line, f"step[{number}].requires", reason)
        if step.every is not None:
            reason = "a public step is never repeated; take every_s out"
            line = _line_of_step(text, number)
            raise DataError(file, line, f"step[{number}].every_s", reason)


def _check_defender(protocol: ActionProtocol, text: str, file: str) -> None:
    """Hold the defender's steps to what looks the same after a forced cancel."""
    theirs: set[str] = set()
    for number, step in enumerate(protocol.steps):
        line, field = _line_of_step(text, number), f"step[{number}]"
        if step.to is not Audience.DEFENDER:
            if step.text in DEFENDER_TEXTS:
                reason = f"{step.text!r} is for the defender alone; take another"
                raise DataError(file, line, f"{field}.text", reason)
            continue
        if step.text not in DEFENDER_TEXTS:
            choice = ", ".join(sorted(DEFENDER_TEXTS))
            reason = f"others may read it: for the defender take one of {choice}"
            raise DataError(file, line, f"{field}.text", reason)
        if step.after not in DEFENDER_STARTS | theirs:
            choice = ", ".join(sorted(DEFENDER_STARTS))
            reason = f"for the defender begin at {choice}, or at a step for them"
            raise DataError(file, line, f"{field}.after", reason)
        if step.requires or set(step.stopped_by) - {Condition.SAFE_CONFIRMED}:
            reason = "a step for the defender may be stopped by safe_confirmed alone"
            raise DataError(file, line, f"{field}.stopped_by", reason)
        theirs.add(step.id)


def _data_error(error: ValidationError, text: str, file: str) -> DataError:
    faults = error.errors()
    # A misspelt field is also a missing one; the spelling is the better news.
    misspelt = (fault for fault in faults if fault["type"] == "extra_forbidden")
    first = next(misspelt, faults[0])
    location = first["loc"]
    field = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in location
    ).lstrip(".")
    reason = str(first["msg"])
    if first["type"] == "extra_forbidden":
        reason = f"no such field{_suggestion(location)}"
    numbers = [part for part in location if isinstance(part, int)]
    in_step = location[0] == "step" and numbers
    line = _line_of_step(text, numbers[0]) if in_step else None
    key = next(part for part in reversed(location) if isinstance(part, str))
    if len(location) == 1 or key != "step":
        line = _line_of_key(text, key, line or 1) or line
    return DataError(file, line, field, reason)


def _suggestion(location: tuple[int | str, ...]) -> str:
    tables: dict[str, type[BaseModel]] = {
        "step": _StepTable,
        "verification": _VerificationTable,
        "all_clear": _AllClearTable,
    }
    outer = str(location[0]) if len(location) > 1 else ""
    model = tables.get(outer, _ProtocolTable)
    close = difflib.get_close_matches(str(location[-1]), model.model_fields, n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _line_of_step(text: str, number: int) -> int | None:
    found = [
        count
        for count, line in enumerate(text.splitlines(), start=1)
        if re.match(r"\s*\[\[\s*step\s*\]\]", line)
    ]
    return found[number] if number < len(found) else None


def _line_of_key(text: str, key: str, start: int) -> int | None:
    for count, line in enumerate(text.splitlines(), start=1):
        if count >= start and re.match(rf"\s*{re.escape(key)}\s*=", line):
            return count
    return None


def _line_of_toml(error: tomllib.TOMLDecodeError) -> int | None:
    found = re.search(r"line (\d+)", str(error))
    return int(found[1]) if found else None
