"""Since when the open alarms are open, and of which somebody was told.

As far as the journal can be read: a damaged page costs no start.
"""

import logging
from collections.abc import Mapping

from engine.errors import JournalError
from engine.ports.journal import Begun, JournalReader
from engine.supervision.failure import Failure

logger = logging.getLogger(__name__)


def began(reader: JournalReader) -> Mapping[str, Begun]:
    """Return it by stream; nothing where a page is damaged.

    Heads have what an alarm needs; this tells the order of several of one person.
    """
    try:
        return reader.began("alarm/")
    except JournalError as error:
        logger.error("when alarms began cannot be read: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
        return {}


def told(reader: JournalReader) -> frozenset[str]:
    """Return the streams; none where a page is damaged.

    Better an alarm that somebody was told of is measured as one that nobody was, until
    its own rows are looked at, than one of which nobody was is not.
    """
    try:
        return reader.told("alarm/")
    except JournalError as error:
        logger.error("who was told cannot be read: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
        return frozenset()
