"""From a form to a command, for console and control socket alike."""

from collections.abc import Mapping
from hashlib import sha256

from engine.alarm.commands import (
    Acknowledge,
    AddNote,
    AlarmCommand,
    ApprovePublication,
    Close,
    ConfirmSafe,
    CountAgain,
    HandOver,
    Link,
    Reopen,
    RequestCancel,
    Reveal,
    Verify,
)
from engine.alarm.events import ActRefused
from engine.alarm.messages import Done
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import CloseReason, FalseClass, Press, Truth
from engine.console.words import refusal
from engine.errors import EngineError, not_done
from engine.roster.model import Person, Word
from engine.roster.words import word_in
from engine.values import AlarmId, CommandId, Instant, OperatorId, ReportKey, Signal

NOTE_MAX = 2_000
_DIGITS_MAX = 9
ACTS = (
    "acknowledge",
    "verify",
    "approve",
    "safe",
    "close",
    "reopen",
    "reveal",
    "note",
    "hand-over",
    "link",
    "count-again",
)


class ActError(EngineError):
    """A form that says something impossible; names the field."""


def command_of(
    act: str, form: Mapping[str, str], by: OperatorId, command_id: CommandId
) -> AlarmCommand:
    """Return the command of an act.

    Args:
        act: one of `ACTS`.
        form: its fields: `truth`, `template`, `reason`, `remark`, `text`, `what`,
            `false_class`, `into`, `to`, `note`, `other`, `presses`, `hold`.
        by: who acts, from the session and never from the form.
        command_id: the form's own, so that a second click does nothing.

    Raises:
        ActError: the act or one of its fields is unknown, or a text too long.

    """
    match act:
        case "acknowledge":
            holds = bool(form.get("hold"))
            return Acknowledge(command_id=command_id, by=by, holds=holds)
        case "verify":
            truth = form.get("truth") or Truth.VERIFIED
            truth = _one_of("truth", truth, (Truth.VERIFIED, Truth.FALSE))
            return Verify(
                command_id=command_id,
                by=by,
                truth=Truth(truth),
                presses=_count(form, "presses"),
            )
        case "approve":
            template = form.get("template") or "public"
            return ApprovePublication(command_id=command_id, by=by, template=template)
        case "safe":
            return _says(form, by, command_id)
        case "close":
            return _close(form, by, command_id)
        case "reopen":
            return Reopen(command_id=command_id, by=by)
        case "reveal":
            return Reveal(command_id=command_id, by=by, what="people and place")
        case "note" | "hand-over" | "link" | "count-again":
            return _casework(act, form, by, command_id)
        case _:
            message = f"act: no such act; one of {', '.join(ACTS)}"
            raise ActError(message)


def word_command(
    form: Mapping[str, str],
    defender: Person | None,
    by: OperatorId,
    command_id: CommandId,
    now: Instant,
) -> RequestCancel:
    """Return the cancel that a word on the telephone comes to.

    Whichever word it is, and also where it is none of theirs, the form is answered
    the same: the defender is not the only one who may be listening.

    Raises:
        ActError: no word was written, or what is far too long for one.

    """
    said = _words(form, "word")
    if not said:
        message = "word: write the word that was said"
        raise ActError(message)
    word = None if defender is None else word_in(said, defender)
    press = Press(
        key=ReportKey(sha256(command_id.encode()).hexdigest()[:32]),
        at=now,
        wire_protocol="console",
        signals=(Signal.CANCEL,),
        text=f"said to {by}",
        proven=word is Word.SAFE,
        duress=word is Word.DURESS,
    )
    return RequestCancel(command_id=command_id, press=press)


def refusal_of(done: Done) -> str | None:
    """Return why an act was refused; None where it was done."""
    if done.failed:
        return not_done(done) or "the engine did not answer; look again, then repeat"
    if done.alarm is None:
        return refusal(RefusalGround.NOT_RAISED)
    for event in done.events:
        if isinstance(event, ActRefused):
            return refusal(event.ground)
    return None


def _says(
    form: Mapping[str, str], by: OperatorId, command_id: CommandId
) -> ConfirmSafe:
    """Return an operator's word on how the defender is; to be held it takes words."""
    remark, detained = _words(form, "remark"), bool(form.get("detained"))
    if detained and not remark:
        message = "remark: say by whom they are held, and how you know"
        raise ActError(message)
    return ConfirmSafe(command_id=command_id, by=by, remark=remark, detained=detained)


def _close(form: Mapping[str, str], by: OperatorId, command_id: CommandId) -> Close:
    """Return the command that ends a case; never for a reason that nobody gave."""
    reason = CloseReason(_one_of("reason", form.get("reason", ""), tuple(CloseReason)))
    remark = _words(form, "remark")
    if reason is CloseReason.OTHER and not remark:
        message = "remark: say what the other reason is"
        raise ActError(message)
    false_class = None
    if reason is CloseReason.FALSE_ALARM:
        # Nobody is kept from closing for want of an explanation.
        said = form.get("false_class") or FalseClass.UNEXPLAINED
        false_class = FalseClass(_one_of("false_class", said, tuple(FalseClass)))
    into = form.get("into", "").strip().lower() or None
    if into is not None and reason is not CloseReason.DUPLICATE:
        message = "into: only a duplicate is a part of another alarm"
        raise ActError(message)
    if into is None and reason is CloseReason.DUPLICATE:
        # Whoever was told would hear of an end, and the other one goes on.
        message = "into: name the open alarm that it is a part of; else, another reason"
        raise ActError(message)
    return Close(
        command_id=command_id,
        by=by,
        reason=reason,
        remark=remark,
        false_class=false_class,
        into=None if into is None else AlarmId(into),
        presses=_count(form, "presses"),
    )


def _casework(
    act: str, form: Mapping[str, str], by: OperatorId, command_id: CommandId
) -> AddNote | HandOver | Link | CountAgain:
    """Return the command that keeps a note, hands over, or names another case."""
    if act == "note":
        text = _words(form, "text")
        if not text:
            message = "text: write what is to be kept"
            raise ActError(message)
        return AddNote(command_id=command_id, by=by, text=text)
    if act in {"link", "count-again"}:
        other = form.get("other", "").strip().lower()
        if not other:
            message = "other: name the other alarm"
            raise ActError(message)
        if act == "count-again":
            return CountAgain(command_id=command_id, by=by, case=AlarmId(other))
        return Link(command_id=command_id, by=by, other=AlarmId(other))
    to, note = form.get("to", "").strip(), _words(form, "note")
    if not to or not note:
        message = "to, note: say who takes it, and what they need to know"
        raise ActError(message)
    return HandOver(command_id=command_id, by=by, to=OperatorId(to), note=note)


def _words(form: Mapping[str, str], field: str) -> str:
    """Return what somebody wrote: all of it, since the end may be what matters."""
    said = form.get(field, "").strip()
    if len(said) > NOTE_MAX:
        fit = f"{field}: at most {NOTE_MAX} characters; this has {len(said)}"
        message = f"{fit}: shorten it, or write two"
        raise ActError(message)
    return said


def _one_of(field: str, value: str, choices: tuple[str, ...]) -> str:
    if value not in choices:
        message = f"{field}: one of {', '.join(choices)}"
        raise ActError(message)
    return value


def _count(form: Mapping[str, str], name: str) -> int | None:
    """Return a number of a form; None where it has none."""
    said = form.get(name, "").strip()
    if not said:
        return None
    if not (said.isascii() and said.isdigit() and len(said) <= _DIGITS_MAX):
        message = f"{name}: write a whole number"
        raise ActError(message)
    return int(said)
