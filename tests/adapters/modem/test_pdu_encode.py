"""What is not encoded is not sent."""

from pathlib import Path

import pytest

from engine.ports.modem import SendResult
from tests.adapters.modem.rig import rig


@pytest.mark.parametrize("number", ["", "+", "somebody", "+4670123456701234567890"])
def test_what_is_no_number_is_rejected_bug_none_was_sent_to(
    tmp_path: Path, number: str
) -> None:
    with rig(tmp_path) as r:
        outcome = r.submit("hej", to=number)
        assert (outcome.result, outcome.code) == (SendResult.REJECTED, "address")
        assert not outcome.retry
        assert r.sent_texts() == []
