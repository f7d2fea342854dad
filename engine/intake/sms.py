"""Short messages that are no plain answer: calls for help, trackers, words for HQ.

Pure. A sender's number is easily forged: alone it names somebody and confirms
nothing. It raises all the same, not confirmed, which HQ alone is told of unless the
person's action protocol says otherwise. With the person's own code beside it (that of
an alarm they were told of, or their sign) it counts as they.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass, replace

from engine.alarm.commands import Raise
from engine.alarm.state import NOWHERE, Kind, Press, ReplyKind, SourceDoubt
from engine.alarm.strangers import MESSAGE
from engine.intake.assess import Outcome
from engine.intake.excerpt import excerpt
from engine.intake.held import said_at, sent_before, stamp_of
from engine.intake.judge import (
    ALIAS_OF_A_STRANGER,
    Judge,
    notice_command,
    place_of,
    raise_command,
)
from engine.intake.meanings import TEXT_MAX
from engine.intake.replies import Reply, beside_codes, read_reply
from engine.intake.tracker_octets import octets_of, read_octets
from engine.intake.trackers import TrackerText, read_tracker
from engine.ports.device import DeviceReport, ReportKind
from engine.ports.journal import InboundRow
from engine.ports.modem import CALL
from engine.protocol.registry import HQ_ALONE
from engine.roster.folding import fold_word
from engine.roster.model import Consent, Device, Person, Role, Roster
from engine.roster.words import mask
from engine.stored import read_plain
from engine.values import CommandId, Fix, PersonId, Signal

_SOS = frozenset({"sos", "сос"})  # noqa: RUF001 - Cyrillic
_WORD = re.compile(r"[^\W\d_]+")
_NATIONAL_DIGITS_MIN = 7
OTHERS_MAX = 5
SOURCE_SMS = "sms"


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """Who asks for help, and whether number and code both say so.

    `others` are the aliases of defenders who have the number as well, where nothing
    tells which of them it is.
    """

    person: Person
    is_confirmed: bool
    others: tuple[str, ...] = ()


def senders_of(roster: Roster, sender: str) -> tuple[Person, ...]:
    """Return who has a sender's number, however the network has written it.

    Some write the caller's own country without its code; then the end decides, if
    it is long enough to.
    """
    for number in _international(sender):
        found = roster.by_number(number)
        if found:
            return found
    national = _national(sender)
    return tuple(
        person
        for person in roster.people
        if national and any(number.endswith(national) for number in person.numbers)
    )


def device_of(roster: Roster, sender: str) -> Device | None:
    """Return whose SIM has a sender's number, however the network has written it.

    None where the end of a number that lacks its country is that of several, or of
    a person's telephone: what a person writes is read as theirs.
    """
    for number in _international(sender):
        found = roster.device_by_number(number)
        if found is not None:
            return found
    national = _national(sender)
    ending = [
        device
        for device in roster.devices
        if national and device.number and device.number.endswith(national)
    ]
    if len(ending) != 1:
        return None
    carriers = senders_of(roster, sender)
    is_shared = all(ending[0].number in person.numbers for person in carriers)
    return ending[0] if is_shared else None


def is_call(row: InboundRow) -> bool:
    """Say whether a recorded message is a call, in words that are ours."""
    try:
        return CALL in read_plain(row.body)["flags"]
    except (ValueError, KeyError, TypeError):
        return False


def way_of(row: InboundRow) -> str:
    """Return what a press came by, as HQ reads it: `sms`, `call`, or its source."""
    return CALL if is_call(row) else row.source


def unread_octets(row: InboundRow) -> str:
    """Return the octets of a message in which nothing could be read, else "".

    One that the line to its modem has shifted has neither sender nor text, and its
    place on the SIM is free by now: what HQ reads is all that anybody has of it.
    """
    try:
        message = read_plain(row.body)
        return "" if message["sender"] or message["text"] else message["pdu"]
    except (ValueError, KeyError, TypeError):
        return ""


def unread(octets: str) -> str:
    """Return how octets are shown; nobody has said the words before them."""
    return f"(no sender and no text can be read in: {octets})" if octets else ""


def _international(sender: str) -> tuple[str, ...]:
    digits = _digits(sender)
    if sender[:1] == "+" or not digits:
        return (sender,)
    return sender, f"+{digits.removeprefix('00')}"


def _national(sender: str) -> str:
    """Return the end by which a number without its country is known, if any."""
    digits = "" if sender[:1] == "+" else _digits(sender).lstrip("0")
    return digits if len(digits) >= _NATIONAL_DIGITS_MIN else ""


def _digits(sender: str) -> str:
    return "".join(char for char in sender if char.isdigit())


def calls_for_help(text: str, reply: Reply) -> bool:
    """Say whether a message without an alarm's code is a call for help.

    "SOS" is none in an answer: it stands in what is answered.
    """
    return reply.kind is ReplyKind.NEED_HELP or not _SOS.isdisjoint(_words(text))


def read_said(text: str, judge: Judge) -> Reply:
    """Read an answer; SOS and no more is a call for help, whatever word is with it."""
    roster = judge.board.roster()
    said = mask(text, roster, by=" ")
    reply = read_reply(said)
    is_call = reply.kind is None and _is_call_alone(said, roster)
    return replace(reply, kind=ReplyKind.NEED_HELP) if is_call else reply


def _is_call_alone(text: str, roster: Roster) -> bool:
    """Say whether "SOS" is all that stands beside a code, but for somebody's sign.

    What is answered has more words than that.
    """
    words = _words(beside_codes(text))
    others = words - _SOS
    return words != others and others <= {fold_word(p.sign) for p in roster.people}


def caller_of(roster: Roster, senders: tuple[Person, ...], text: str) -> Caller | None:
    """Return who calls for help: by number and sign, else by either alone.

    Of several who share a telephone a defender calls. None where nobody is meant, or a
    sign that several people have.
    """
    signed = _signed(senders, text)
    if signed:
        return Caller(person=signed[0], is_confirmed=True)
    if senders:
        caller, *others = [p for p in senders if p.has(Role.DEFENDER)] or senders[:1]
        aliases = tuple(other.alias for other in others)
        return Caller(person=caller, is_confirmed=False, others=aliases)
    named = _signed(roster.people, text)
    return Caller(person=named[0], is_confirmed=False) if len(named) == 1 else None


def _signed(people: Iterable[Person], text: str) -> list[Person]:
    """Return whose sign stands in a text; as it is written, before without accents.

    Two in one circle may have signs that differ by no more.
    """
    said = _said(text)
    plain, words = frozenset(map(str.casefold, said)), frozenset(map(fold_word, said))
    found = [one for one in people if one.sign and fold_word(one.sign) in words]
    return [one for one in found if one.sign.casefold() in plain] or found


def _words(text: str) -> frozenset[str]:
    return frozenset(map(fold_word, _said(text)))


def _said(text: str) -> list[str]:
    said = unicodedata.normalize("NFKC", text[:TEXT_MAX])[:TEXT_MAX]
    return _WORD.findall(said)


def said_by_tracker(text: str) -> TrackerText:
    """Return what a text says if a tracker wrote it, in words or in octets."""
    octets = octets_of(text)
    return (octets and read_octets(octets)) or read_tracker(text)


def tracker_command(
    row: InboundRow, sender: str, text: str, judge: Judge
) -> Raise | None:
    """Return what a tracker's message comes to; None where it is nobody's tracker.

    One whose SIM is enrolled is known by its number. One that names an enrolled IMEI
    from another number may be an impostor: not confirmed.
    """
    roster, octets = judge.board.roster(), octets_of(text)
    said = said_by_tracker(text)
    by_number = device_of(roster, sender)
    found = by_number or (None if said.device is None else roster.device(said.device))
    if found is None:
        return None
    carrier = roster.person(found.person)
    if is_call(row) and carrier is not None and carrier.call_is_sos:
        said = replace(said, signals=frozenset({Signal.SOS}))
    # Whoever has the device's SIM, or an IMEI, may write a word as well.
    words = text if octets is None else octets.hex()
    shown = words if is_call(row) else mask(words, roster)
    shown = excerpt(shown)
    fix, sent = None, sent_before(row)
    if said.place is not None:
        lat_deg, lon_deg = said.place
        fix = Fix(lat_deg=lat_deg, lon_deg=lon_deg, at=said_at(row))
    report = DeviceReport(
        protocol=way_of(row),
        kind=ReportKind.REPORT,
        device=found.device,
        received_at=row.received_at,
        raw=shown.encode(errors="replace"),
        signals=said.signals,
        fix=None if said.is_last else fix,
        doubtful_fix=fix if said.is_last else None,
        authentic=None if by_number is not None else False,
        device_at=sent,
        buffered=sent is not None,
    )
    judgement = judge.judge(report, row.key)
    press = judgement.assessment.press
    press = replace(press, text=shown, device_at=stamp_of(row))
    assessment = replace(judgement.assessment, press=press)
    mine = replace(judgement, assessment=assessment)
    if assessment.outcome is Outcome.ALARM:
        return raise_command(mine)
    return notice_command(mine, judge)


def help_command(
    row: InboundRow,
    caller: Caller,
    judge: Judge,
    text: str = "",
    *,
    forced: bool = False,
) -> Raise:
    """Return the alarm of somebody who writes that they need help themselves.

    Runs their own action protocol, from the place that counts for them. HQ reads what
    they wrote, where that is more than the call itself; `forced` where their word of
    force stands in it.
    """
    person = caller.person
    doubt = None if caller.is_confirmed else SourceDoubt.FAILED_AUTHENTICATION
    protocol = judge.registry().of(person.action_protocol)
    place, sent = place_of(person, judge.board), sent_before(row)
    return Raise(
        command_id=CommandId(row.key),
        kind=Kind.REAL,
        subject=person.person,
        defender=person.person,
        alias=person.alias,
        country=person.country,
        consented=person.publish_consent is not Consent.NONE,
        protocol=protocol,
        press=Press(
            key=row.key,
            at=row.received_at,
            wire_protocol=way_of(row),
            signals=(Signal.SOS,),
            device_at=stamp_of(row),
            late=sent is not None,
            doubt=doubt,
            text=_told_of(caller, text),
            duress=forced,
        ),
        place=place,
        has_words=bool(person.safe_word),
        public_name=person.published_name,
    )


def _told_of(caller: Caller, text: str) -> str:
    """Return what HQ reads of a call for help: no more than it, nothing."""
    said = excerpt(text) if _words(text) - _SOS else ""
    if not caller.others:
        return said
    others = ", ".join(caller.others[:OTHERS_MAX])
    more = len(caller.others) - OTHERS_MAX
    listed = f"{others} and {more} more" if more > 0 else others
    return f"{said} [or it is {listed}, who have this telephone as well]".lstrip()


def message_command(
    row: InboundRow, text: str, person: Person | None, judge: Judge
) -> Raise:
    """Return the notice by which words that count for nothing are shown to HQ."""
    sent = sent_before(row)
    return Raise(
        command_id=CommandId(row.key),
        kind=Kind.NOTICE,
        subject=MESSAGE if person is None else person.person,
        defender=None if person is None else PersonId(person.person),
        alias=ALIAS_OF_A_STRANGER if person is None else person.alias,
        country="" if person is None else person.country,
        consented=False,
        protocol=judge.registry().protocols[HQ_ALONE],
        press=Press(
            key=row.key,
            at=row.received_at,
            wire_protocol=way_of(row),
            signals=(Signal.UNKNOWN,),
            device_at=stamp_of(row),
            late=sent is not None,
            doubt=None if person is not None else SourceDoubt.UNKNOWN_DEVICE,
            text=excerpt(text),
        ),
        place=NOWHERE,
    )
