"""Whether an effect is for an address that nobody has any more: pure.

A case tells people where it told them first, for days. A telephone that was seized
meanwhile, and is taken out of the roster for that, must not learn where anybody is.
"""

import re
from collections.abc import Callable

from engine.dispatch.body import decode_body
from engine.dispatch.outcomes import Outcome
from engine.ports.journal import EffectClass, EffectRow, EffectState

ALARM = "alarm/"
RETIRED = Outcome(
    state=EffectState.REJECTED, reason="the roster has its address no more"
)
"""Certainly not sent, and not tried again; whoever is at HQ reads why."""

IsNobodys = Callable[[str], bool]
"""Says of an address whether the roster in force has it nowhere."""

_HQS_OWN = re.compile(r".*\.hq-\d+\.[^.]+\.\d+")
"""The ids of what is for HQ's own addresses; the configuration has those."""


def is_retired(row: EffectRow, is_nobodys: IsNobodys) -> bool:
    """Say whether an effect of an alarm is not to be sent, by its address.

    Not what is public or HQ's own, whose addresses are no people's, nor the answer to
    whoever has written: a stranger gets one, too. One that cannot be read is for
    whoever sends it.
    """
    is_public = row.effect_class is EffectClass.EXCLUSIVE
    if (
        is_public
        or not row.alarm.startswith(ALARM)
        or _HQS_OWN.fullmatch(row.effect_id)
    ):
        return False
    try:
        address = decode_body(row.body).address
    except ValueError:
        return False
    return is_nobodys(address)
