"""Pages that wait for one telephone, said in one message: pure.

Each page stays an effect of its own case, with an attempt and an outcome of its own.
"""

from collections.abc import Sequence

from engine.dispatch.body import EffectBody, decode_body
from engine.ports.journal import EffectRow
from engine.protocol.texts import pages_in_one

PAGES_TOGETHER = 500
"""So many cases are in one message: each is begun in the journal before it leaves."""

PageKey = tuple[str, str, str, str]
"""What pages have in common that one message may say: whose they are, and its mark."""


def page_key(row: EffectRow) -> PageKey | None:
    """Return what a page has in common with others; None where a row is no page by SMS.

    An exercise is never said with a real case.
    """
    if row.channel != "sms":
        return None
    try:
        body = decode_body(row.body)
    except ValueError:  # a damaged row is for whoever is to send it
        return None
    page = body.page
    if page is None:
        return None
    return body.address, body.language, page.sign, page.mark


def as_one(rows: Sequence[EffectRow]) -> EffectBody:
    """Return what to send for rows that go together; a single one says what it says.

    Raises:
        ValueError: a row cannot be read.

    """
    by_case: dict[str, EffectBody] = {}
    for row in rows:
        by_case.setdefault(row.alarm, decode_body(row.body))
    first, *others = by_case.values()
    if not others:
        return first
    pages = [body.page for body in by_case.values() if body.page is not None]
    return EffectBody(
        address=first.address,
        language=first.language,
        segments=pages_in_one(first.language, pages),
    )
