"""What is not encoded is not sent."""

from pathlib import Path

import pytest

from adapters.modem import pdu_text
from adapters.modem.pdu_encode import encode_submit, submit
from adapters.modem.pdu_fields import Charset
from adapters.modem.pdu_text import Concat
from engine.ports.modem import SendResult
from tests.adapters.modem.rig import OUTSIDE, rig


@pytest.mark.parametrize("number", ["", "+", "somebody", "+4670123456701234567890"])
def test_what_is_no_number_is_rejected_bug_none_was_sent_to(
    tmp_path: Path, number: str
) -> None:
    with rig(tmp_path) as r:
        outcome = r.submit("hej", to=number)
        assert (outcome.result, outcome.code) == (SendResult.REJECTED, "address")
        assert not outcome.retry
        assert r.sent_texts() == []


@pytest.mark.parametrize(
    ("charset", "room", "concat"),
    [
        (Charset.GSM7, 160, None),
        (Charset.UCS2, 70, None),
        (Charset.DATA, 140, None),
        (Charset.GSM7, 153, Concat(reference=1, total=2, number=1)),
        (Charset.UCS2, 66, Concat(reference=1, total=2, number=1, wide=True)),
    ],
)
def test_more_than_one_tpdu_holds_is_no_tpdu_bug_one_was_made(
    charset: Charset, room: int, concat: Concat | None
) -> None:
    whole = pdu_text.build("x" * room, charset, concat=concat)
    assert encode_submit(submit(OUTSIDE, whole))[1] <= 164
    for more in (1, 100):
        beyond = pdu_text.build("x" * (room + more), charset, concat=concat)
        with pytest.raises(ValueError, match="one TPDU holds 140 octets"):
            encode_submit(submit(OUTSIDE, beyond))
