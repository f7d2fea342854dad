"""Writes what of a group does not meet a page that can be neither read nor mended."""

from collections.abc import Callable, Sequence

import apsw

from engine.errors import JournalError
from engine.journal.mishap import is_damage, is_full
from engine.ports.journal import Answer, Request, Unknown


def apart(
    group: Sequence[Request],
    write: Callable[[Sequence[Request]], Sequence[Answer]],
    refusal: JournalError,
) -> list[Answer]:
    """Write a group that met damage in parts, down to the requests that meet it.

    An old event that cannot be read is asked for by the one who repeats what stands in
    it: again and again, and an SOS of the same moment must not be refused with that.

    Args:
        group: of which nothing is written yet, in its order.
        write: commits a part, all of it or nothing.
        refusal: what the group has met.

    Returns:
        what each was answered; `Unknown` of what is certainly not written.

    Raises:
        apsw.Error, OSError: the medium failed; a part may be written.

    """
    if len(group) == 1:
        return [Unknown(reason=str(refusal), is_damaged=True)]
    half, answers = len(group) // 2, list[Answer]()
    for part in (group[:half], group[half:]):
        try:
            answers += write(part)
        except (apsw.Error, OSError) as error:
            if is_damage(error):
                answers += apart(part, write, refusal)
            elif is_full(error):
                answers += [Unknown(reason="no room", is_full=True)] * len(part)
            else:
                raise
    return answers
