"""What a modem sends of a notification: as much as one SMS holds."""

from engine.dispatch.body import EffectBody, decode_body
from engine.ports.journal import EffectRow
from engine.ports.modem import ModemDriver
from engine.values import Instant


def fitted(body: EffectBody, driver: ModemDriver, now: Instant) -> str:
    """Return a text as it is sent now; its least important parts may be cut."""
    return driver.fit([segment.forms for segment in body.finished(now)])


def draft_of(row: EffectRow, driver: ModemDriver, now: Instant) -> str:
    """Return what an attempt will send; nothing for a call.

    Nothing either where the row cannot be read: the attempt fails by that once it is
    journalled, and is told as unknown. Failing before, it would be tried for ever.
    """
    if row.channel == "call":
        return ""
    try:
        body = decode_body(row.body)
    except ValueError:
        return ""
    return fitted(body, driver, now)
