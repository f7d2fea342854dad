"""What is shouted of a journal that is lost is of what a start has met."""

import pytest

from engine.errors import (
    JournalError,
    JournalFullError,
    JournalLostError,
    JournalUnwrittenError,
)
from engine.intake.shouter.call import Loss, loss_by


@pytest.mark.parametrize(
    ("met", "loss"),
    [
        (JournalLostError("its header is damaged"), Loss.DAMAGED),
        (JournalUnwrittenError("its disk takes no write"), Loss.UNWRITTEN),
        (JournalFullError("the disk is full"), Loss.FULL),
    ],
)
def test_a_lost_journal_is_named_by_what_a_start_has_met(
    met: JournalError, loss: Loss
) -> None:
    assert loss_by(met) is loss
