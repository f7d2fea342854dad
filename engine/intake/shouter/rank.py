"""What of all that is told from memory goes first: what is somebody's we know. Pure."""

from enum import StrEnum

from engine.alarm.commands import Raise
from engine.intake.absence import SOURCE_ABSENCE
from engine.intake.actor import SOURCE_DEVICE
from engine.intake.reports import decode_report
from engine.intake.sms import caller_of, device_of, said_by_tracker, senders_of
from engine.ports.journal import SOURCE_DAMAGED, Record
from engine.roster.model import Roster
from engine.roster.words import forced_speaker
from engine.stored import read_plain

_NO_STRANGERS = frozenset({SOURCE_ABSENCE, SOURCE_DAMAGED})
"""Recorded by the engine itself, of somebody that it may not be able to name any more:
of what a damaged page has lost nobody knows whose SOS it was."""


class Rank(StrEnum):
    """Whose it is: who says much of one rank takes no place of another's."""

    DISTRESS = "distress"
    NOBODYS = "nobody's"
    """Of nobody in the roster; anybody can be a hundred of them."""
    WORD = "word"
    """What somebody said, and no distress."""


def rank_of(roster: Roster, command: Raise) -> Rank:
    """Return the rank of a distress; a roster of nobody may be one that was lost."""
    device = command.press.device
    is_known = command.defender is not None or command.press.duress
    is_known = is_known or command.press.wire_protocol in _NO_STRANGERS
    is_known = is_known or (device is not None and roster.device(device) is not None)
    return Rank.DISTRESS if is_known or not roster.people else Rank.NOBODYS


def rank_of_record(roster: Roster, record: Record) -> Rank:
    """Return that of a device's report, by which device it names: the same, and sooner.

    Of whatever else is recorded there is no flood: a modem takes seconds for each.
    """
    is_report = record.source == SOURCE_DEVICE and roster.people
    report = decode_report(record.body) if is_report else None
    if report is None:
        return Rank.DISTRESS
    is_known = report.device is not None and roster.device(report.device) is not None
    return Rank.DISTRESS if is_known else Rank.NOBODYS


def rank_of_sms(roster: Roster, body: bytes) -> Rank:
    """Return that of a short message, of whose sender or words one may be known.

    One that has neither may be anybody's: its line to the modem was torn.
    """
    try:
        message = read_plain(body)
        sender, text = str(message["sender"]), str(message["text"])
    except (ValueError, KeyError, TypeError):
        return Rank.DISTRESS
    is_known = (
        not (sender and roster.people)
        or device_of(roster, sender) is not None
        or caller_of(roster, senders_of(roster, sender), text) is not None
        or forced_speaker(text, roster.people) is not None
        or _names_device(roster, text)
    )
    return Rank.DISTRESS if is_known else Rank.NOBODYS


def _names_device(roster: Roster, text: str) -> bool:
    """Say whether a tracker of ours wrote it, from whatever number."""
    device = said_by_tracker(text).device
    return device is not None and roster.device(device) is not None
