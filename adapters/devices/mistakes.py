"""Says in the log where a decoder makes a mistake, once for each place of its code.

A frame that cannot be read and one over which the code stumbles look alike to HQ:
whoever wrote the decoder has to be told which it is.
"""

import logging
from types import TracebackType

from adapters.devices.reading import UnreadableError

SAID = "a decoder made a mistake over a frame; HQ sees it as one that cannot be read"
_PLACES_MAX = 1_000

logger = logging.getLogger(__name__)
# Of the process, not of a session: whoever connects anew makes no second line.
_told: set[tuple[str, int]] = set()


def tell(protocol: str, mistake: Exception) -> None:
    """Log a mistake with its class and place; what is raised on purpose is none."""
    if isinstance(mistake, UnreadableError) or mistake.__traceback__ is None:
        return
    place = _innermost(mistake.__traceback__)
    if place in _told or len(_told) >= _PLACES_MAX:
        return
    _told.add(place)
    logger.error(SAID, exc_info=mistake, extra={"protocol": protocol})


def _innermost(trace: TracebackType) -> tuple[str, int]:
    while trace.tb_next is not None:
        trace = trace.tb_next
    return trace.tb_frame.f_code.co_filename, trace.tb_lineno
