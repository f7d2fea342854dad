"""From what a modem says of a submit to what the journal keeps: pure."""

from engine.dispatch.outcomes import Outcome
from engine.errors import ModemError
from engine.ports.journal import EffectState
from engine.ports.modem import SendResult, SubmitOutcome

_RESULTS = {
    SendResult.SENT: EffectState.ACCEPTED,
    SendResult.REJECTED: EffectState.REJECTED,
    SendResult.UNKNOWN: EffectState.UNKNOWN,
}


def not_sent(error: ModemError) -> Outcome:
    """Return that a message was certainly not handed over."""
    return Outcome(state=EffectState.REJECTED, reason=type(error).__name__, retry=True)


def outcome_of(submitted: SubmitOutcome) -> Outcome:
    """Return how a submit ended; the reason has the code and its class behind it."""
    reference = "" if submitted.reference is None else str(submitted.reference)
    told = ", ".join(filter(None, (submitted.code, submitted.fault)))
    reason = f"{submitted.reason} ({told})" if told else submitted.reason
    return Outcome(
        state=_RESULTS[submitted.result],
        reference=reference,
        reason=reason.strip(),
        retry=submitted.retry,
    )
