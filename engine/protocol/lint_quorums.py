"""Whether there are as many people as a quorum, or an all-clear, takes: pure."""

from collections.abc import Iterable

from engine.protocol.findings import Fault, Reach, Warned
from engine.protocol.model import (
    NEEDS_AFTER_FORCE,
    ActionProtocol,
    Audience,
    Voice,
)

_ASKED = {Voice.COLLEAGUES: Audience.NEAREST, Voice.CONTACTS: Audience.CONTACTS}


def quorums(protocol: ActionProtocol, reach: Reach) -> Iterable[Warned]:
    """Find what takes more people than there are, or every one of them."""
    yield from _verification(protocol, reach)
    yield from _all_clear(protocol, reach)
    yield from _unapproved(protocol, reach)


def unfilled(protocol: ActionProtocol) -> Iterable[Warned]:
    """Find a quorum of colleagues that takes more of them than the steps ask."""
    rule = protocol.verification
    if rule is None or rule.of != {Voice.COLLEAGUES}:
        return
    asked = _asked_of(protocol)
    if asked is not None and asked < rule.needs:
        yield _impossible(
            f"verification needs {rule.needs} people, and the steps ask {asked} of the"
            " colleagues at most"
        )


def _asked_of(protocol: ActionProtocol) -> int | None:
    """Return how many of the nearest all rounds take; None: as many as there are.

    Who has turned it down may have spoken as well, and is replaced.
    """
    total = 0
    for step in protocol.steps:
        if step.to is not Audience.NEAREST or protocol.begins_at_close(step):
            continue
        rounds = 1 if step.every is None else step.rounds
        if rounds is None or step.replaces_declined:
            return None
        total += step.count * rounds + step.count_more * rounds * (rounds - 1) // 2
    return total


def _unapproved(protocol: ActionProtocol, reach: Reach) -> Iterable[Warned]:
    """Find a post that nobody is left to approve: whoever has verified may not."""
    public = next((s for s in protocol.steps if s.to is Audience.PUBLIC), None)
    signed_in, rule = reach.operators, protocol.verification
    if public is None or signed_in is None:
        return
    decider = protocol.publication.decider
    if decider is not None and decider not in signed_in:
        words = f"publication.decider {decider!r} is no operator: nobody may approve it"
        yield Warned(fault=Fault.NOBODY, step=public.id, words=words)
        return
    needs = 1 if rule is None else rule.needs
    at_hq = _at_hq(protocol, reach)
    is_hq_alone = rule is None or rule.of == {Voice.HQ}
    if is_hq_alone and at_hq is not None and at_hq <= needs:
        words = (
            f"{needs} at HQ verify it, of {at_hq} there are: nobody is left to"
            " approve what the world reads"
        )
        yield Warned(fault=Fault.NOBODY, step=public.id, words=words)


def _verification(protocol: ActionProtocol, reach: Reach) -> Iterable[Warned]:
    rule = protocol.verification
    there = None if rule is None else _voices(protocol, reach, rule.of)
    if rule is None or there is None:
        return
    takes = f"verification needs {rule.needs} people"
    if there < rule.needs:
        if not any(unfilled(protocol)):  # that says more of it
            yield _impossible(f"{takes}, and {there} can be reached")
    elif there == rule.needs:
        yield _everybody(f"{takes}, which is everybody there is")


def _all_clear(protocol: ActionProtocol, reach: Reach) -> Iterable[Warned]:
    """Find a case that nobody could end.

    The defender's own word is one of those it takes, and none after a sign of force:
    then it takes two at least.
    """
    others = _voices(protocol, reach, frozenset(Voice))
    needs = protocol.all_clear_needs
    if others is None:
        return
    if others + 1 < needs:
        yield _impossible(
            f"all_clear needs {needs} people, and {others + 1} can say so, the defender"
            " among them: nobody could ever end it"
        )
        return
    after = max(needs, NEEDS_AFTER_FORCE)
    takes = (
        f"after a sign of force an all-clear takes {after} people besides the"
        f" defender, and {others} can say so"
    )
    if others < after:
        yield _impossible(f"{takes}: nobody could end it")
    elif others == after:
        yield _everybody(f"{takes}: none of them may be away")


def _impossible(words: str) -> Warned:
    return Warned(fault=Fault.IMPOSSIBLE, step="", words=words)


def _everybody(words: str) -> Warned:
    return Warned(fault=Fault.QUORUM, step="", words=words)


def _voices(protocol: ActionProtocol, reach: Reach, of: frozenset[Voice]) -> int | None:
    """Return how many people may speak, each once; None: not everybody was counted."""
    total = 0
    for voice in of:
        there = (
            _at_hq(protocol, reach)
            if voice is Voice.HQ
            else _told(protocol, reach, _ASKED[voice])
        )
        if there is None:
            return None
        total += there
    return total


def _at_hq(protocol: ActionProtocol, reach: Reach) -> int | None:
    """Count who signs in, and which officers are told: one name is one voice."""
    if reach.operators is None:
        return None
    is_paged = any(step.to is Audience.DUTY for step in protocol.steps)
    return len(reach.operators | (reach.officers if is_paged else frozenset()))


def _told(protocol: ActionProtocol, reach: Reach, audience: Audience) -> int | None:
    """Count whom some step tells, or could tell.

    Where nobody knows where the defender is, contacts are told in place of the nearest.
    """
    tells = {audience} | ({Audience.NEAREST} if protocol.may_tell_contacts else set())
    steps = [step for step in protocol.steps if step.to in tells]
    if not steps:
        return 0
    channels = {channel for step in steps for channel in step.channels}
    there = reach.count(audience, tuple(channels))
    if there is None or audience is not Audience.NEAREST:
        return there
    limits = (protocol.crowd_max, _asked_of(protocol))
    return min([there, *(most for most in limits if most is not None)])
