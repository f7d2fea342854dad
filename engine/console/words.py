"""The console's words for states, acts and refusals: never a bare code. Pure."""

import unicodedata

from engine.alarm.contents import lateness_of, newest_of
from engine.alarm.effects import Effect
from engine.alarm.pressed_again import may_hold
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import (
    Alarm,
    Ask,
    CloseReason,
    FalseClass,
    Force,
    Kind,
    PlaceSource,
    Press,
    ReplyKind,
    Truth,
)
from engine.dispatch.retired import RETIRED
from engine.ports.journal import EffectState
from engine.ports.modem import CALL
from engine.protocol.model import Audience, Fallback, Manner
from engine.values import Instant, PlaceDoubt, Signal

EFFECTS = {
    EffectState.PLANNED: "waiting to be sent",
    EffectState.ATTEMPTING: "being sent now",
    EffectState.ACCEPTED: "handed over, no proof of delivery yet",
    EffectState.DELIVERED: "delivered",
    EffectState.UNDELIVERED: "not delivered",
    EffectState.EXPIRED: "not delivered in time",
    EffectState.REJECTED: "not sent: refused",
    EffectState.UNKNOWN: "unknown whether it was sent",
    EffectState.WITHDRAWN: "withdrawn before it was sent",
}
NOT_TRIED = f"not sent: {RETIRED.reason}"
"""Nobody has refused it, and whoever has that telephone now is not to be rung."""
_CAUSES = {
    "ModemGoneError": "the modem is gone",
    "ModemSilentError": "the modem does not answer",
    "ModemBusyError": "another program holds the modem",
}
NO_MODEM = "no modem is up"
CHANNEL_DOWN = "the channel is down"
AUDIENCES = {
    Audience.NEAREST: "colleague",
    Audience.CONTACTS: "contact",
    Audience.DUTY: "officer on duty",
    Audience.HQ: "HQ",
    Audience.PUBLIC: "public",
    Audience.TOLD: "told",
    Audience.DEFENDER: "defender",
    Audience.ASKED: "asked",
    Audience.SILENT: "asked again",
    Audience.EVERYONE: "told of a move",
}
ABOUT = {
    Audience.ASKED: "with the question",
    Audience.EVERYONE: "of the move",
    Audience.TOLD: "of the end",
}
"""What a message is about that comes after the one which told of the alarm."""
MANNERS = {
    Manner.QUIET: "Quiet: do not call the defender; a ring may give them away",
    Manner.LOUD: "Loud: whoever is told reads that they should make it known",
}
WAYS = {"call": "ringing call", "sms": "SMS", "email": "e-mail"}
TITLES = {
    "StepFired": "Step",
    "RecipientsChosen": "Chosen",
    "VerdictGiven": "Says",
    "AcknowledgementLapsed": "Waits for HQ again",
    "SafetyConfirmed": "Says: safe",
    "VerificationAsked": "You decide",
    "NotificationPlanned": "To send",
    "NotificationSettled": "Outcome",
    "NotificationsWithdrawn": "Withdrawn",
    "ReplyReceived": "Answer",
    "CancelRequested": "Asked to cancel",
    "PressJoined": "Pressed again",
    "PositionFollowed": "Position",
    "SignNoticed": "Look again",
    "DetailsRevealed": "Revealed",
    "ActRefused": "Refused",
    "CaseHandedOver": "Handed over",
    "AlarmsLinked": "Belongs with",
    "PeopleTakenIn": "Took in another alarm",
    "PeopleHandedOn": "Goes on elsewhere",
    # In the same words: which of them looks over to the defender shows on no list.
    "PressedAnew": "Belongs with",
    "EarlierCaseTold": "Belongs with",
    "PeopleLeftOut": "Left out",
    "PersonCountsAgain": "Counts again",
}
REPLIES = {
    ReplyKind.COMING: "coming",
    ReplyKind.CANNOT: "cannot come",
    ReplyKind.NEED_HELP: "needs help too",
    ReplyKind.REAL: "says that it is real",
    ReplyKind.FALSE: "says that it is false",
    ReplyKind.SAFE: "says that the defender is safe",
}
REASONS = {
    CloseReason.SAFE: "The defender is safe",
    CloseReason.DETAINED: "Detained: HQ is asked on, and their telephone is not",
    CloseReason.FALSE_ALARM: "False alarm",
    CloseReason.EXERCISE_OVER: "Exercise is over",
    CloseReason.DUPLICATE: "Duplicate of another alarm",
    CloseReason.OTHER: "Other: say what in the remark",
}
FALSE_CLASSES = {
    FalseClass.BY_MISTAKE: "Pressed by mistake",
    FalseClass.DEVICE_FAULT: "Fault of the device",
    FalseClass.UNANNOUNCED_TEST: "Test that nobody announced",
    FalseClass.BY_SOMEBODY_ELSE: "Pressed by somebody else",
    FalseClass.MISREAD: "Signal that was misread",
    FalseClass.HOAX: "Hoax or attack on the system",
    FalseClass.UNEXPLAINED: "Nobody can say",
}
ASKS = {
    Ask.DISPUTED: "Answers contradict each other: you decide",
    Ask.OVERDUE: "Nobody has said in time whether it is true: you decide",
}
FORCES = {
    Force.DURESS_WORD: "the defender's word of force was said",
    Force.COLLEAGUE_FORCED: "somebody who was told was forced to answer",
    Force.SECOND_SIGNAL: "another signal came after the request to cancel",
    Force.MOVING: "the position moves although it was called off",
    Force.SILENT: "no position comes any more although it was called off",
}
AGAIN_WAITS = (
    "Pressed again after false: colleagues are told to wait for HQ,"
    " unless you hold them"
)
AGAIN_HELD = "Colleagues are held: none is called before HQ says that it is real"
OTHERWISE = {
    Fallback.ASK: "the officers on duty are asked again",
    Fallback.TREAT_AS_REAL: "it counts as real",
}
PLACES = {
    PlaceSource.DEVICE: "Position from the device",
    PlaceSource.LAST_FIX: "Last known position",
    PlaceSource.DECLARED: "Declared place, no position from the device",
    PlaceSource.DOUBTED: "Doubtful position, nothing better is known",
    PlaceSource.NOWHERE: "No place is known",
}
DOUBTS = {
    PlaceDoubt.INVALID: "the device itself calls it invalid",
    PlaceDoubt.OFF_GLOBE: "it is not on the globe",
    PlaceDoubt.ZERO: "it is 0/0, which devices send that have no fix",
    PlaceDoubt.JUMP: "it is further from the last one than anybody travels",
    PlaceDoubt.FUTURE: "the device's clock is ahead",
    PlaceDoubt.TWO_SESSIONS: "two connections speak as this device",
    PlaceDoubt.NEW_NETWORK: "it came from a network that is new to this device",
    PlaceDoubt.NEW_SPEECH: "the device has not spoken in this way before",
}
REFUSALS = {
    RefusalGround.NOT_RAISED: "there is no such alarm",
    RefusalGround.ALREADY_DONE: "that has been done already",
    RefusalGround.ALARM_CLOSED: "the alarm is closed; reopen it first",
    RefusalGround.ALARM_OPEN: "the alarm is open already",
    RefusalGround.NOT_ACKNOWLEDGED: "acknowledge the alarm first",
    RefusalGround.PRESSED_SINCE: (
        "the defender has pressed again since you looked: look at it, then repeat"
    ),
    RefusalGround.NOT_VERIFIED: "nobody has verified the alarm yet",
    RefusalGround.DISPUTED: "it is not settled whether the alarm is true",
    RefusalGround.NO_CONSENT: "the defender has not consented to publication",
    RefusalGround.SAME_OPERATOR: (
        "same operator: a second operator has to approve or settle what you verified"
    ),
    RefusalGround.NOT_DECIDER: "the action protocol names who alone approves",
    RefusalGround.NOT_REAL: "only a real alarm is ever published",
    RefusalGround.NO_PUBLIC_STEP: "this action protocol publishes nothing",
    RefusalGround.NOT_SAFE_YET: (
        "too few people say that the defender is safe: somebody else has to say so too"
    ),
    RefusalGround.NOT_DETAINED_YET: (
        "too few people say that the defender is detained (or safe):"
        " somebody else has to say so too"
    ),
    RefusalGround.NO_PROOF: "say how you know: who spoke with them, and how",
    RefusalGround.OWN_CASE: (
        "it is the alarm of whoever has this name: somebody else at HQ acts on it"
    ),
    RefusalGround.UNKNOWN_TEMPLATE: "there is no such approved text",
}


def outcome(state: EffectState, reason: str) -> str:
    """Return what became of a notification."""
    return NOT_TRIED if reason == RETIRED.reason else EFFECTS[state]


def spoken(reason: str) -> str:
    """Return the reason that a route gave; the name of a fault of ours in words."""
    is_fault = reason.isidentifier() and reason.endswith("Error")
    return _CAUSES.get(reason, "the modem failed") if is_fault else reason


def cause(effect: Effect) -> str:
    """Return why a message told nobody, in one phrase."""
    said = effect.reason if effect.state is EffectState.REJECTED else ""
    return spoken(said) or EFFECTS[effect.state]


def refusal(ground: RefusalGround) -> str:
    """Return why an act was refused, and what would help."""
    return REFUSALS[ground]


def state(alarm: Alarm) -> str:
    """Return where a case stands, in one phrase."""
    if alarm.closed is not None and not alarm.is_open:
        reason = alarm.close_reason
        why = "" if reason is None else f": {reason.value.replace('_', ' ')}"
        return f"Closed by {alarm.closed.by}{why}"
    if alarm.acknowledged is None:
        return "Look at it" if alarm.kind is Kind.NOTICE else "Waits for HQ"
    if alarm.ask is not None:
        return ASKS[alarm.ask]
    if alarm.verified is not None and alarm.truth is Truth.VERIFIED:
        return f"Verified by {alarm.verified.by}"
    if alarm.verified is not None and alarm.truth is Truth.FALSE:
        return f"False, says {alarm.verified.by}"
    if alarm.truth is Truth.PRESUMED:
        return f"With {alarm.acknowledged.by}: nobody has said, so it counts as real"
    return f"With {alarm.acknowledged.by}: is it true?"


def tone(alarm: Alarm) -> str:
    """Return how a state is drawn: `alarm`, `mind`, `good` or `over`."""
    if not alarm.is_open:
        return "over"
    if alarm.acknowledged is None:
        return "alarm"
    return "good" if alarm.truth is Truth.VERIFIED else "mind"


def way(channel: str) -> str:
    """Return what a channel is called."""
    return WAYS.get(channel, channel)


def signals(alarm: Alarm) -> str:
    """Return what the latest press said."""
    return signals_of(newest_of(alarm))


def signals_of(press: Press) -> str:
    """Return what a press said."""
    if press.wire_protocol == CALL:
        return "SOS by a call" if Signal.SOS in press.signals else "a call"
    if press.text and press.signals == (Signal.UNKNOWN,):
        return "a message in words"
    said = [
        "SOS" if signal is Signal.SOS else signal.value.replace("_", " ")
        for signal in press.signals
    ]
    return ", ".join(said) or "unreadable report"


def pressed_words(press: Press) -> str:
    """Return when a press was made, what it said, and how late it came."""
    at = f"{press.pressed_at.to_datetime():%F %H:%M} UTC"
    late = late_words(press)
    return f"{at} {signals_of(press)}" + (f" (came {late})" if late else "")


def late_words(press: Press) -> str:
    """Return how late a press came; empty where it was not late."""
    late = lateness_of(press)
    if late is None:
        return "late, nobody can say how much" if press.late else ""
    minutes = int(late.total_seconds()) // 60
    days, hours = minutes // (24 * 60), minutes // 60
    if days:
        return f"{days} d {hours % 24} h late"
    return f"{hours} h {minutes % 60} min late" if hours else f"{minutes} min late"


def colleagues_wait(alarm: Alarm, now: Instant) -> bool:
    """Say whether an officer may still hold colleagues who are to be told to wait."""
    return alarm.is_open and may_hold(alarm, now) and not alarm.again.is_held


def again_words(alarm: Alarm, now: Instant) -> str:
    """Return what comes of a press after a decision: who waits, and for what."""
    if colleagues_wait(alarm, now):
        return AGAIN_WAITS
    is_real = alarm.truth in {Truth.VERIFIED, Truth.PRESUMED}
    is_held = alarm.is_open and alarm.again.is_held and not is_real
    return AGAIN_HELD if is_held else ""


def whole(text: str) -> str:
    """Return a text with a question mark for each half of a character.

    A terminal of another encoding sends them, and no row can hold one: an alarm would
    fail at the note, twice, and put it away.
    """
    return text.encode(errors="replace").decode()


def plain(text: str) -> str:
    """Return a line in which nobody's words can make another one, or turn it round.

    Characters that change the direction of all that follows, and those that control a
    terminal, are shown as what they are: not letters.
    """
    line = " ".join(text.split())
    return "".join("\ufffd" if _is_control(char) else char for char in line)


def _is_control(char: str) -> bool:
    turns = "\u202a" <= char <= "\u202e" or "\u2066" <= char <= "\u2069"
    return turns or unicodedata.category(char) == "Cc"


def title(kind: str) -> str:
    """Return what a row of the journal is called on a time line."""
    return TITLES.get(kind) or spaced(kind)


def spaced(name: str) -> str:
    """Return the name of an event as words: `AlarmRaised` is `Alarm raised`."""
    words = "".join(
        f" {letter.lower()}" if letter.isupper() else letter for letter in name
    )
    return words.strip().capitalize()
