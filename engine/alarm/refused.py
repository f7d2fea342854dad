"""Why an alarm cannot go on with a journal that answers, and refuses."""

from engine.errors import EngineError


class FencedError(EngineError):
    """Somebody with a newer epoch owns this alarm."""


class RefusedError(EngineError):
    """The journal refuses a decision again and again: it is the decision's fault."""
