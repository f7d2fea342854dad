"""What a modem says after its actor gave up is recorded on the right effect."""

import pytest

from engine.ports.journal import EffectState
from engine.ports.modem import LateAnswer, SendResult, SubmitOutcome
from engine.values import EffectId
from tests.engine.modems.rig import Rig

UNKNOWN = SubmitOutcome(
    result=SendResult.UNKNOWN, retry=True, reason="no answer", may_follow=True
)


def _ends(rig: Rig, effect: str) -> tuple[EffectState, str]:
    row = rig.ledger.store.reader().effect(EffectId(effect))
    assert row is not None
    return row.state, row.reference


@pytest.mark.parametrize(
    ("late", "ends"),
    [
        (
            SubmitOutcome(result=SendResult.SENT, reference=99),
            (EffectState.ACCEPTED, "99"),
        ),
        (
            SubmitOutcome(result=SendResult.REJECTED, code="38"),
            (EffectState.REJECTED, ""),
        ),
    ],
)
def test_a_late_answer_is_recorded_on_the_oldest_unanswered_effect(
    late: SubmitOutcome, ends: tuple[EffectState, str]
) -> None:
    rig = Rig()
    rig.driver.outcomes += [UNKNOWN, UNKNOWN]
    for effect in ("e1", "e2"):
        rig.plan(effect)
        rig.world.run(1)
    assert _ends(rig, "e1") == _ends(rig, "e2") == (EffectState.UNKNOWN, "")
    rig.driver.arrived.append(LateAnswer(outcome=late))
    rig.world.run(1)
    assert _ends(rig, "e1") == ends
    last = ("modem_last_sent_timestamp_seconds", "modem-1")
    assert (last in rig.meter.shown) is (late.result is SendResult.SENT)
    assert _ends(rig, "e2") == (EffectState.UNKNOWN, "")
