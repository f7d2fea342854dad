"""Since when the open alarms are open, as far as the journal can be read."""

import logging
from collections.abc import Mapping

from engine.errors import JournalError
from engine.ports.journal import Begun, JournalReader
from engine.supervision.failure import Failure

logger = logging.getLogger(__name__)


def began(reader: JournalReader) -> Mapping[str, Begun]:
    """Return it by stream; nothing where a page is damaged, which costs no start.

    Heads have what an alarm needs; this tells the order of several of one person.
    """
    try:
        return reader.began("alarm/")
    except JournalError as error:
        logger.error("when alarms began cannot be read: %s", Failure.of(error))  # noqa: TRY400 - by its place alone
        return {}
