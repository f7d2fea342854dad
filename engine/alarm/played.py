"""An exercise that was found false is over but for its end. Pure.

Whoever runs one finds it false where a real alarm of the same person comes meanwhile,
and leaves it open: colleagues on their way would read of its end. It must not call
people beside the real one, nor page the officers who have that one. Nothing here is
about a real alarm: there a quorum decides, and an acknowledgement ends.
"""

from engine.alarm.state import Alarm, Kind
from engine.alarm.verdicts import is_found_false


def is_played_out(alarm: Alarm) -> bool:
    """Say whether an exercise was found false, and nothing contradicts that since."""
    return alarm.kind is Kind.EXERCISE and is_found_false(alarm)
