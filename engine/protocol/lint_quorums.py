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


def _verification(protocol: ActionProtocol, reach: Reach) -> Iterable[Warned]:
    rule = protocol.verification
    there = None if rule is None else _voices(protocol, reach, rule.of)
    if rule is None or there is None:
        return
    takes = f"verification needs {rule.needs} people"
    if there < rule.needs:
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
    most = protocol.crowd_max if audience is Audience.NEAREST else None
    return there if there is None or most is None else min(there, most)
