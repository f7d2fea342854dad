"""From final results to outcomes of a submit, by the policy table."""

from adapters.modem import cms_policy
from adapters.modem.at import Final, FinalKind, final_of
from adapters.modem.at_replies import submit_reference
from engine.ports.modem import SendResult, SubmitOutcome

_NETWORK_TIMEOUT = "332"


def refusal(final: Final) -> SubmitOutcome:
    """Return what an error in place of `+CMGS` means for the message."""
    if final.kind is not FinalKind.CMS:
        return rejected(str(final), retry=True, reason="refused by the modem")
    policy = cms_policy.policy(final.code)
    result = SendResult.REJECTED
    if policy.fault is cms_policy.FaultClass.SENT:
        result = SendResult.SENT
    elif final.code == _NETWORK_TIMEOUT:
        result = SendResult.UNKNOWN
    return SubmitOutcome(
        result=result,
        code=final.code,
        fault=policy.fault.value,
        retry=policy.retry,
        reason=policy.meaning,
    )


def late_outcome(line: str) -> SubmitOutcome | None:
    """Return what a line says of an earlier submit; None where it says nothing."""
    reference = submit_reference(line)
    if reference is not None:
        return SubmitOutcome(result=SendResult.SENT, reference=reference)
    final = final_of(line)
    if final is None or final.kind is not FinalKind.CMS:
        return None
    return refusal(final)


def unknown(
    reason: str, *, may_follow: bool = False, in_doubt: bool = False, number: int = 0
) -> SubmitOutcome:
    """Return that nobody can say whether it was sent."""
    return SubmitOutcome(
        result=SendResult.UNKNOWN,
        retry=True,
        reason=reason,
        may_follow=may_follow,
        in_doubt=in_doubt,
        number=number,
    )


def rejected(code: str, *, reason: str, retry: bool = False) -> SubmitOutcome:
    """Return that it was certainly not sent."""
    return SubmitOutcome(
        result=SendResult.REJECTED, code=code, retry=retry, reason=reason
    )
