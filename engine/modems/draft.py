"""What a modem sends of a notification: as much as one SMS holds."""

from collections.abc import Sequence

from engine.dispatch.body import EffectBody
from engine.dispatch.pages import as_one
from engine.ports.journal import EffectRow
from engine.ports.modem import ModemDriver
from engine.values import Instant


def fitted(body: EffectBody, driver: ModemDriver, now: Instant) -> str:
    """Return a text as it is sent now; its least important parts may be cut."""
    return driver.fit([segment.forms for segment in body.finished(now)])


def draft_of(rows: Sequence[EffectRow], driver: ModemDriver, now: Instant) -> str:
    """Return what an attempt will send, for all rows together; nothing for a call.

    Nothing either where a row cannot be read: the attempt fails by that once it is
    journalled, and is told as unknown. Failing before, it would be tried for ever.
    """
    if rows[0].channel == "call":
        return ""
    try:
        body = as_one(rows)
    except ValueError:
        return ""
    return fitted(body, driver, now)
