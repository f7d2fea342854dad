"""What a short message comes to, and who is told: answers, cancels, help, words. Pure.

A word of safety or of force is taken out before anything else is read, and is in no
text that is shown.
"""

from dataclasses import dataclass, replace
from datetime import timedelta

from msgspec import structs

from engine.alarm.commands import AddNote, Raise, RequestCancel, TakeReply
from engine.alarm.force import Look
from engine.alarm.messages import Distress, Forward, ToOpen
from engine.alarm.rows import key_of, look_in
from engine.alarm.state import Kind, Press, ReplyKind, Response, alarm_of
from engine.intake.beside import Message, after_force, beside_own_force
from engine.intake.calls import NOTHING, Before, call_command
from engine.intake.checkins.said import CheckInSaid
from engine.intake.checkins.words import CheckInText, read_check_in
from engine.intake.excerpt import excerpt
from engine.intake.held import dated, said_at, sent_before, stamp_of
from engine.intake.judge import Judge, alarm_id
from engine.intake.replies import has_words, is_whole
from engine.intake.sms import (
    Caller,
    caller_of,
    calls_for_help,
    device_of,
    help_command,
    is_call,
    message_command,
    read_said,
    senders_of,
    tracker_command,
    unread,
    unread_octets,
)
from engine.ports.journal import Code, HeadRow, InboundRow, JournalReader
from engine.roster.model import Person, Role, Word
from engine.roster.words import forced_speaker, mask, word_in
from engine.stored import read_plain
from engine.values import CommandId, Instant, Signal

_ALL_IS_WELL = frozenset({ReplyKind.FALSE, ReplyKind.SAFE})
_UNDERWAY = timedelta(hours=1)
"""So long somebody who was coming is still taken to be on the way."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sms:
    """A recorded short message, and whom its code belongs to; `stale` after a while.

    What is stale has waited for an open case in vain. `is_over` where the case of its
    code has ended. `before` is of a call.
    """

    row: InboundRow
    sender: str
    text: str
    code: Code | None
    stale: bool = False
    is_over: bool = False
    told_in: tuple[Code, ...] = ()
    """Of the open cases of which its sender was told; none where theirs is open."""
    before: Before = NOTHING

    @property
    def sent(self) -> Instant | None:
        """When the network took it, where it is late; None where it counts as now."""
        return sent_before(self.row)


def read_sms(row: InboundRow) -> tuple[str, str] | None:
    """Return a recorded message's sender and text; None where it cannot be read."""
    try:
        message = read_plain(row.body)
        return str(message["sender"]), str(message["text"])
    except (ValueError, KeyError, TypeError):
        return None


def code_in(text: str, judge: Judge) -> str | None:
    """Return the code that a text names, whatever words of theirs stand beside it."""
    return read_said(text, judge).code


def code_by_word(
    sender: str, text: str, judge: Judge, reader: JournalReader
) -> Code | None:
    """Return the code that an answer without one stands for, by its sender's word.

    From their own number, with an answer beside the word, and where one open case alone
    has told them. A defender's word may be for their own case: where one of theirs is
    open, and where they say that all is well, it is for no other.
    """
    roster, reply = judge.board.roster(), read_said(text, judge)
    if reply.code is not None or reply.kind is None or calls_for_help(text, reply):
        return None
    senders = senders_of(roster, sender)
    speaker = next((one for one in senders if word_in(text, one)), None)
    forced = forced_speaker(text, roster.people)
    if speaker is None or forced not in {None, speaker}:
        return None
    if speaker.has(Role.DEFENDER):
        theirs = (Look.OPEN, key_of(Kind.REAL, speaker.person))
        heads = reader.heads("alarm/", open_only=True)
        own = any(look_in(row.head.subject) == theirs for row in heads)
        if own or reply.kind in _ALL_IS_WELL:
            return None
    codes = reader.codes_of(speaker.person)
    return codes[0] if len({code.stream for code in codes}) == 1 else None


def messages_of(sms: Sms, judge: Judge) -> tuple[Message, ...]:
    """Return whom to tell what; always somebody."""
    if is_call(sms.row):
        call = call_command(sms.row, sms.sender, sms.text, judge, sms.before)
        return (_distress(call),)
    roster = judge.board.roster()
    is_tracker = device_of(roster, sms.sender) and not senders_of(roster, sms.sender)
    if sms.code is None or is_tracker or _is_own_call(sms, sms.code, judge):
        return _uncoded(sms, judge)  # what looks like a code may be a cell's number
    answered = _coded(sms, sms.code, judge)
    if code_in(sms.text, judge) is not None:
        forced = _forced_beside(sms, sms.code, judge)
        return answered if forced is None else (forced, *map(after_force, answered))
    # The word that stands for the code says as ever that they are back in time.
    senders = senders_of(roster, sms.sender)
    speaker = next((one for one in senders if word_in(sms.text, one)), None)
    if speaker is not None and word_in(sms.text, speaker) is Word.DURESS:
        return (*_uncoded(sms, judge), *map(beside_own_force, answered))
    timed = _check_in(sms, speaker, senders, judge, forced=False)
    return answered if timed is None else (*answered, timed)


def _is_own_call(sms: Sms, code: Code, judge: Judge) -> bool:
    """Say whether number and word prove a call to be of somebody else than the code."""
    senders = senders_of(judge.board.roster(), sms.sender)
    if any(one.person == code.person for one in senders):
        return False
    is_proven = any(word_in(sms.text, one) for one in senders)
    return is_proven and read_said(sms.text, judge).kind is ReplyKind.NEED_HELP


def _forced_beside(sms: Sms, code: Code, judge: Judge) -> Message | None:
    """Return what another's word of force comes to beside an answer with a code.

    It counts from any telephone. One of safety would be none there, and so nothing of
    it is seen. A call for help is its sender's, whosever word stands beside it.
    """
    others = (p for p in judge.board.roster().people if p.person != code.person)
    forced = forced_speaker(sms.text, others)
    if forced is None or read_said(sms.text, judge).kind is ReplyKind.NEED_HELP:
        return None
    if forced.has(Role.DEFENDER):
        return _cancel(sms, forced, judge, duress=True, unseen=True)
    return _shown(sms, forced, judge, forced=True)


def _coded(sms: Sms, code: Code, judge: Judge) -> tuple[Message, ...]:
    """Pass an answer on to its alarm; it counts only from its own recipient."""
    roster = judge.board.roster()
    row, alarm, person = sms.row, alarm_of(code.stream), roster.person(code.person)
    word = None if person is None else word_in(sms.text, person)
    shown = mask(sms.text, roster)
    text = dated(excerpt(shown), sms.row)
    kind = read_said(sms.text, judge).kind
    if kind is None and person is not None and _speaks(person, word):
        kind = ReplyKind.SAFE
    outdated = _is_outdated(sms, kind)
    if kind is None and sms.is_over:
        # In a case that has ended nobody would read it.
        if sms.told_in:
            return _for_cases(sms, shown)
        return (_shown(sms, person, judge, forced=False),)
    if kind is None or (outdated and word is not Word.DURESS):
        note = AddNote(
            command_id=CommandId(row.key),
            by=None,
            text=text,
            source=row.key,
            person=code.person,
            loud=True,
        )
        return (Forward(alarm_id=alarm, command=note),)
    own = any(one.person == code.person for one in senders_of(roster, sms.sender))
    authentic = own or word is not None
    helps = kind is ReplyKind.NEED_HELP and person is not None
    taken = TakeReply(
        command_id=CommandId(row.key),
        person=code.person,
        reply=kind,
        # A true one would have counted for nothing, and nothing shows which it was.
        authentic=authentic and not outdated,
        channel="sms",
        # A call for help is taken up by the alarm that it raises, not before.
        source=None if helps else row.key,
        proven=word is Word.SAFE,
        duress=word is Word.DURESS,
        text=text if _tells(sms, judge) else "",
        sent=sms.sent,
        came=row.received_at,
    )
    answered = Forward(alarm_id=alarm, command=taken)
    if not helps or person is None:
        return (answered,)
    caller = Caller(person=person, is_confirmed=authentic)
    raising = help_command(row, caller, judge, shown, forced=word is Word.DURESS)
    return (answered, _distress(raising))


def _is_outdated(sms: Sms, kind: ReplyKind | None) -> bool:
    """Say whether an answer that would have fewer people come is too old to.

    So is one of which a part never came: it may have said that they were forced.
    """
    if sms.sent is None:
        return kind in _ALL_IS_WELL and not is_whole(sms.text)
    lay = sms.row.received_at.since(sms.sent)
    is_gone = kind is ReplyKind.COMING and lay > _UNDERWAY
    return kind in _ALL_IS_WELL or is_gone


def _tells(sms: Sms, judge: Judge) -> bool:
    """Say whether HQ reads more in an answer than which it is."""
    rest = mask(sms.text, judge.board.roster(), by=" ")
    return stamp_of(sms.row) is not None or has_words(rest)


def _uncoded(sms: Sms, judge: Judge) -> tuple[Message, ...]:
    """Take a message without an alarm's code; only a word makes it a cancel.

    Calls for help come first: nothing that is said beside them holds them up.
    """
    row, roster = sms.row, judge.board.roster()
    senders = senders_of(roster, sms.sender)
    safe = next((one for one in senders if word_in(sms.text, one)), None)
    tracker = _tracked(sms, safe, senders, judge)
    if tracker is not None:
        return (_distress(tracker),)
    forced = forced_speaker(sms.text or unread_octets(row), roster.people)
    speaker, is_forced = forced or safe, forced is not None
    text = mask(sms.text, roster)
    if calls_for_help(sms.text, read_said(sms.text, judge)):
        # A sender's call is theirs, whosever word of force a plain word in it may be.
        named = caller = caller_of(roster, senders, sms.text)
        proven = safe or (forced if caller is None or forced in senders else None)
        if proven is not None:
            caller = Caller(person=proven, is_confirmed=True)
        if caller is not None:
            own = forced is not None and forced.person == caller.person.person
            raising = help_command(row, caller, judge, text, forced=own)
            # From another number a word of safety would have made it nobody's call.
            return (_distress(_as_seen(raising, unseen=own and named is None)),)
    timed = None
    if not is_forced or speaker in senders:
        timed = _check_in(sms, speaker, senders, judge, forced=is_forced)
    if timed is not None and not timed.is_shared:
        return (timed,)
    if speaker is not None and speaker.has(Role.DEFENDER):
        # A word of safety from another number is none, and beside a time it is about
        # the timer alone.
        is_timers = timed is not None and timed.until is not None
        outdated = sms.sent is not None
        unseen = is_forced and (is_timers or outdated or speaker not in senders)
        cancel = _cancel(sms, speaker, judge, duress=is_forced, unseen=unseen)
        return (cancel,) if timed is None else (cancel, timed)
    if sms.told_in and not is_forced:
        return _for_cases(sms, text)
    who = forced or (senders[0] if senders else None)
    return (_shown(sms, who, judge, forced=is_forced),)


def _for_cases(sms: Sms, text: str) -> tuple[Message, ...]:
    """Put what somebody wrote into each open case of which they were told.

    Words are read by HQ, and are never an answer.
    """
    said = dated(excerpt(text), sms.row)
    streams = {code.stream: code for code in sms.told_in}
    if len(streams) > 1:
        said = f"(of {len(streams)} cases that they were told of) {said}"
    return tuple(
        Forward(
            alarm_id=alarm_of(stream),
            command=AddNote(
                command_id=CommandId(f"{sms.row.key}/{alarm_of(stream)}"),
                by=None,
                text=said,
                # The first takes the row up; each of the others has a copy.
                source=sms.row.key if number == 0 else None,
                person=code.person,
                loud=True,
            ),
        )
        for number, (stream, code) in enumerate(sorted(streams.items()))
    )


def told_in(sender: str, judge: Judge, reader: JournalReader) -> tuple[Code, ...]:
    """Return by which open cases a sender may be meant, if not by their own."""
    senders = senders_of(judge.board.roster(), sender)
    own = {(Look.OPEN, key_of(Kind.REAL, one.person)) for one in senders}
    heads = reader.heads("alarm/", open_only=True) if senders else ()
    if any(look_in(row.head.subject) in own for row in heads):
        return ()
    over = {row.stream for row in heads if has_ended(row)}
    codes = (code for one in senders for code in reader.codes_of(one.person))
    return tuple(code for code in codes if code.stream not in over)


def has_ended(case: HeadRow) -> bool:
    """Say whether a case is closed, though its rows stand open: something is due."""
    return case.head.status == Response.CLOSED


def _shown(sms: Sms, who: Person | None, judge: Judge, *, forced: bool) -> Message:
    """Return the notice by which HQ reads a message, whose it may be."""
    roster = judge.board.roster()
    text = mask(sms.text, roster) or unread(mask(unread_octets(sms.row), roster))
    shown = message_command(sms.row, text, who, judge)
    press = replace(shown.press, duress=forced)
    return _distress(structs.replace(shown, press=press))


def _tracked(
    sms: Sms, speaker: Person | None, senders: tuple[Person, ...], judge: Judge
) -> Raise | None:
    """Return what a tracker's message comes to; None where it is a person's.

    A telephone that is enrolled as a device has one number with it. A word of whose
    number it is makes the message theirs, and so does a word of force, whosever it is,
    and what only a person says of a timer; but no call of the device is a word of
    safety.
    """
    raising = tracker_command(sms.row, sms.sender, sms.text, judge)
    if raising is None or not senders:
        return raising
    if raising.kind is Kind.REAL:
        word = None if speaker is None else word_in(sms.text, speaker)
        return structs.replace(
            raising, press=replace(raising.press, duress=word is Word.DURESS)
        )
    is_forced = forced_speaker(sms.text, judge.board.roster().people) is not None
    return None if speaker or is_forced or _read_timer(sms, judge) else raising


def _check_in(
    sms: Sms,
    speaker: Person | None,
    senders: tuple[Person, ...],
    judge: Judge,
    *,
    forced: bool,
) -> CheckInSaid | None:
    """Read what a message says of a timer; a word alone says that one is back.

    A word that names no time may be meant for an open case as well, and one of force
    always is.
    """
    said = _read_timer(sms, judge)
    people = senders if speaker is None else (speaker,)
    person = next((one for one in people if one.has(Role.DEFENDER)), None)
    if person is None or (said is None and speaker is None):
        return None
    word = None if speaker is None else Word.SAFE
    until = None
    if said is not None:
        until = said.until(said_at(sms.row), person.zone)
    if until is None and not forced and not is_whole(sms.text):
        return None  # the part that never came may have had the word of force
    return CheckInSaid(
        key=sms.row.key,
        sent=sms.sent,
        at=sms.row.received_at,
        person=person.person,
        until=until,
        word=Word.DURESS if forced else word,
        is_shared=forced or (speaker is not None and until is None),
    )


def _read_timer(sms: Sms, judge: Judge) -> CheckInText | None:
    return read_check_in(mask(sms.text, judge.board.roster(), by=" "))


def _as_seen(raising: Raise, *, unseen: bool) -> Raise:
    return structs.replace(raising, press=replace(raising.press, unseen=unseen))


def _cancel(
    sms: Sms, person: Person, judge: Judge, *, duress: bool, unseen: bool
) -> ToOpen:
    """Ask to call it off; where nothing is open, a word of force raises.

    One of safety is shown to HQ then, once it has waited for a case in vain. While one
    is open it is for that, however long its journal takes: as a word of force is. One
    that is late calls off nothing: it may be older than what it would call off. Nor
    does one of which a part never came, where the word of force may have stood.
    """
    row, shown = sms.row, mask(sms.text, judge.board.roster())
    press = Press(
        key=row.key,
        at=row.received_at,
        wire_protocol="sms",
        signals=(Signal.CANCEL,),
        device_at=stamp_of(row),
        late=sms.sent is not None,
        proven=not duress,
        duress=duress,
        unseen=unseen,
    )
    command: RequestCancel | AddNote
    command = RequestCancel(command_id=CommandId(row.key), press=press)
    if not duress and (sms.sent is not None or not is_whole(sms.text)):
        command = AddNote(
            command_id=CommandId(row.key),
            by=None,
            text=dated(excerpt(shown), row),
            source=row.key,
            person=person.person,
        )
    caller = Caller(person=person, is_confirmed=True)
    raising = structs.replace(help_command(row, caller, judge), press=press)
    otherwise = _distress(raising) if duress else None
    if otherwise is None and sms.stale:
        otherwise = _distress(message_command(row, shown, person, judge))
    return ToOpen(subject=person.person, command=command, otherwise=otherwise)


def _speaks(person: Person, word: Word | None) -> bool:
    """Say whether a code and a word alone are an answer.

    To the question whether a defender is safe, the word is one.
    """
    safe = word is Word.SAFE and person.has(Role.DEFENDER)
    return safe or word is Word.DURESS


def _distress(command: Raise) -> Distress:
    return Distress(alarm_id=alarm_id(command.press.key), command=command)
