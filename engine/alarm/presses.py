"""Which presses of a case are kept in mind: all, until there are very many. Pure.

A device that repeats its signal without end, or strangers by the hundred who share a
case, would make each further press dearer than the one before, and fill the memory.
The rows have them all; what is decided asks for the first, the latest and their words.
"""

from collections.abc import Iterable

from engine.alarm.force import is_shown
from engine.alarm.state import Press
from engine.protocol.model import ActionProtocol

KEPT_MAX = 48
"""More than what can be said in different ways, so that seldom is anything left out."""
LATEST = 8


def with_press(
    presses: tuple[Press, ...], press: Press, protocol: ActionProtocol
) -> tuple[Press, ...]:
    """Return them with one more, in order: the first, and the latest of a kind."""
    more = (*presses, press)
    if len(more) <= KEPT_MAX:
        return more
    latest = more[-LATEST:]
    said = {word for one in latest for word in _says(one, protocol)}
    kept: list[Press] = []
    for one in reversed(more[1:-LATEST]):
        words = _says(one, protocol)
        if not said.issuperset(words):
            kept.append(one)
            said.update(words)
    return (more[0], *reversed(kept), *latest)


def _says(press: Press, protocol: ActionProtocol) -> Iterable[object]:
    """Return what of a press a later one may not say, and somebody decides by."""
    return (
        *press.signals,
        ("doubt", press.doubt),
        ("shown", is_shown(press, protocol)),
    )
