"""An order whose rows cannot be read."""

import pytest

from engine.errors import JournalError
from engine.journal.memory import MemoryReader
from engine.ports.journal import StoredEvent
from tests.engine.intake.orders.test_actor import LOCATE, Rig


def test_one_that_cannot_be_read_ends_no_other_bug_nor_the_engine(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    rig = Rig(LOCATE)
    rig.give()
    rig.give()
    whole = MemoryReader.stream

    def damaged(
        reader: MemoryReader, stream: str, after_seq: int = 0
    ) -> list[StoredEvent]:
        if stream == "order/order-0":
            message = "a page is damaged"
            raise JournalError(message)
        return list(whole(reader, stream, after_seq))

    monkeypatch.setattr(MemoryReader, "stream", damaged)
    later = rig.again()
    later.connect()
    later.world.run(90)
    assert len(later.written) == 1
    assert caplog.text.count("an order cannot be read: JournalError") == 1
