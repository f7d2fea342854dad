"""Whether an effect is for an address that nobody has any more: pure.

A case tells people where it told them first, for days. A telephone that was seized
meanwhile, and is taken out of the roster for that, must not learn where anybody is.
"""

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
"""Says of an address whether no roster in force and no configuration names it."""


def is_retired(row: EffectRow, is_nobodys: IsNobodys) -> bool:
    """Say whether an effect of an alarm is not to be sent, by its address.

    Not what is public, whose addresses are no people's, nor the answer to whoever has
    written: a stranger gets one, too. One that cannot be read is for whoever sends it.
    """
    if row.effect_class is EffectClass.EXCLUSIVE or not row.alarm.startswith(ALARM):
        return False
    try:
        address = decode_body(row.body).address
    except ValueError:
        return False
    return is_nobodys(address)
