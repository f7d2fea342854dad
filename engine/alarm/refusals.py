"""Why an act that the rules forbid is refused: codes, which the console words."""

from enum import StrEnum


class RefusalGround(StrEnum):
    """Why a privileged act was refused."""

    NOT_RAISED = "not_raised"
    ALREADY_DONE = "already_done"
    ALARM_CLOSED = "alarm_closed"
    ALARM_OPEN = "alarm_open"
    NOT_ACKNOWLEDGED = "not_acknowledged"
    PRESSED_SINCE = "pressed_since"
    NOT_VERIFIED = "not_verified"
    DISPUTED = "disputed"
    NO_CONSENT = "no_consent"
    SAME_OPERATOR = "same_operator"
    NOT_REAL = "not_real"
    NOT_DECIDER = "not_decider"
    NO_PUBLIC_STEP = "no_public_step"
    UNKNOWN_TEMPLATE = "unknown_template"
    NOT_SAFE_YET = "not_safe_yet"
    NOT_DETAINED_YET = "not_detained_yet"
    NO_PROOF = "no_proof"
    OWN_CASE = "own_case"
