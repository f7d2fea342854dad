"""Whether enough people have said the same of an alarm, and what if not: pure.

Nothing here closes and nothing publishes. A false verdict never comes from
colleagues alone, since they may have been forced; where answers contradict each
other, a person at HQ decides.
"""

from collections.abc import Iterator

from engine.alarm.commands import Verify
from engine.alarm.events import (
    AlarmEvent,
    AlarmPresumed,
    AlarmVerified,
    QuorumReached,
    VerdictGiven,
    VerificationAsked,
)
from engine.alarm.played import is_played_out
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import Alarm, Ask, Kind, Said, Truth
from engine.alarm.verdicts import is_found_false
from engine.protocol.model import Fallback, Verification, Voice
from engine.values import Instant, OperatorId

DECIDED = frozenset({Truth.VERIFIED, Truth.FALSE})
_SETTLED = DECIDED | {Truth.PRESUMED}


def verdict_of(alarm: Alarm, command: Verify, now: Instant) -> AlarmEvent:
    """Return an operator's word on an alarm: the decision, or one voice of several."""
    is_said = alarm.protocol.verification is None or alarm.ask is not None
    alone = is_said or _breaks_off(alarm, command.truth)
    if alone:
        return AlarmVerified(at=now, by=command.by, truth=command.truth)
    return VerdictGiven(at=now, by=command.by, truth=command.truth)


def verdict_refusal(alarm: Alarm, by: OperatorId, truth: Truth) -> RefusalGround | None:
    """Return why an operator may not say this now.

    A dispute is not settled as false by whose word began it: one forced operator
    would need no more than two clicks.
    """
    if _breaks_off(alarm, truth):
        return RefusalGround.ALREADY_DONE if is_played_out(alarm) else None
    said = [one for one in fresh(alarm) if one.name == by]
    theirs = {one.truth for one in said}
    standing = {one.truth for one in said if not _is_taken(alarm, one)}
    match alarm.ask:
        case None:
            again = _is_decided(alarm, truth) or truth in standing
            return RefusalGround.ALREADY_DONE if again else None
        case Ask.DISPUTED:
            is_own = truth is Truth.FALSE and Truth.FALSE in theirs
            return RefusalGround.SAME_OPERATOR if is_own else None
        case Ask.OVERDUE:
            return None


def _breaks_off(alarm: Alarm, truth: Truth) -> bool:
    """Say whether it is an exercise that is found false: that takes nobody else.

    What is true is practised as the file has it.
    """
    return alarm.kind is Kind.EXERCISE and truth is Truth.FALSE


def judgements(alarm: Alarm, now: Instant) -> Iterator[AlarmEvent]:
    """Yield what follows from what people have said, or have not said in time."""
    rule = alarm.protocol.verification
    if rule is None or not alarm.is_open or alarm.ask is Ask.DISPUTED:
        return
    if _contradicts(alarm):
        yield VerificationAsked(at=now, ask=Ask.DISPUTED)
        return
    for truth in (Truth.VERIFIED, Truth.FALSE):
        names = _quorum(alarm, rule, truth)
        if names and not _is_decided(alarm, truth):
            yield QuorumReached(at=now, truth=truth, names=names)
            return
    due = answer_due(alarm)
    if due is not None and due <= now:
        if fallback_of(alarm, rule) is Fallback.TREAT_AS_REAL:
            yield AlarmPresumed(at=now)
        else:
            yield VerificationAsked(at=now, ask=Ask.OVERDUE)


def answer_due(alarm: Alarm) -> Instant | None:
    """Return until when people have to say whether it is true; None where settled."""
    rule = alarm.protocol.verification
    if rule is None or alarm.truth in _SETTLED or not alarm.is_open:
        return None
    # Asked for want of a proven sender, and since then the defender's own device spoke.
    proven_since = fallback_of(alarm, rule) is Fallback.TREAT_AS_REAL
    if alarm.ask is Ask.DISPUTED or (alarm.ask and not proven_since):
        return None
    return alarm.opened_at.plus(rule.within)


def fallback_of(alarm: Alarm, rule: Verification) -> Fallback:
    """Return what silence comes to: a sender whom nobody knows is never presumed."""
    return rule.otherwise if alarm.trusted_source else Fallback.ASK


def fresh(alarm: Alarm) -> tuple[Said, ...]:
    """Return the voices that no decision has taken in yet."""
    return alarm.voices[alarm.heard :]


def counted(alarm: Alarm, truth: Truth) -> tuple[str, ...]:
    """Return who says so, each once, of those whose word counts."""
    rule = alarm.protocol.verification
    voices = frozenset(Voice) if rule is None else rule.of
    names = {
        said.name: None
        for said in fresh(alarm)
        if said.truth is truth and said.voice in voices and not _is_taken(alarm, said)
    }
    return tuple(names)


def _is_taken(alarm: Alarm, said: Said) -> bool:
    """Say whether it is the *false* of somebody who was forced since, or attacked.

    What they say is real may be: nobody is safer for taking it back.
    """
    if said.truth is Truth.FALSE and said.name in alarm.left_out:
        return True
    told = alarm.told.get(said.name)
    since = None if told is None else told.under_force_at
    return said.truth is Truth.FALSE and since is not None and said.at <= since


def judges_of(alarm: Alarm) -> frozenset[str]:
    """Return every operator whose word made it verified: they do not approve."""
    said = {
        one.name
        for one in alarm.voices
        if one.voice is Voice.HQ and one.truth is Truth.VERIFIED
    }
    by = frozenset[str]() if alarm.verified is None else {alarm.verified.by}
    return frozenset(said | by)


def _is_decided(alarm: Alarm, truth: Truth) -> bool:
    """Say whether people have decided just this; as false, and nothing since."""
    if truth is Truth.FALSE:
        return is_found_false(alarm)
    return alarm.truth in DECIDED and alarm.truth is truth


def _contradicts(alarm: Alarm) -> bool:
    truths = {said.truth for said in fresh(alarm)}
    if alarm.truth in DECIDED:
        truths.add(alarm.truth)
    return len(truths) > 1


def _quorum(alarm: Alarm, rule: Verification, truth: Truth) -> tuple[str, ...]:
    names = counted(alarm, truth)
    if len(names) < rule.needs:
        return ()
    at_hq = {said.name for said in fresh(alarm) if said.voice is Voice.HQ}
    return names if truth is Truth.VERIFIED or at_hq & set(names) else ()
