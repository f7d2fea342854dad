"""What real clients have said to a modem, said again to the virtual one.

The clients themselves are in `clients`; these are their words, and need no program.
"""

from collections.abc import Iterator
from typing import Any

import pytest

from adapters.modem import pdu_text
from adapters.modem.pdu import Deliver
from adapters.modem.pdu_encode import encode_deliver
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.virtual_answers import Answer
from adapters.modem.virtual_dialect import Dialect
from adapters.modem.virtual_state import UNREAD, State
from tests.adapters.modem.rig import ALICE, BOB
from tests.adapters.modem.vectors import transcripts
from tests.fakes import ManualClock

CLIENTS = ("gammu", "gammu-smsd", "smstools", "kannel", "ModemManager")
# What the modem of the capture had and ours has not, and the client can do without.
OURS_REFUSES = {"AT+CGDCONT=?"}


def _dialogue(client: str) -> Iterator[tuple[str, str]]:
    """Yield each command line with the answer that it got."""
    (captured,) = (
        one
        for one in transcripts()["captured_client_sequences"]
        if one["client"].split()[0] == client
    )
    said = ""
    for direction, text in captured["first_180_lines"]:
        if direction == "->":
            said = text
        elif said.startswith("AT"):
            yield said, text
            said = ""


def _works(answer: Answer) -> bool:
    return answer.final == "OK" or answer.submits is not None


@pytest.mark.parametrize("client", CLIENTS)
def test_what_a_client_was_granted_it_is_granted_here(client: str) -> None:
    state = State(number=ALICE, imei="1" * 15, imsi="2" * 15, iccid="8" * 19)
    state.unacknowledged = 100
    dialect = Dialect(state, ManualClock())
    pdu, length = encode_deliver(
        Deliver(
            sender=Address(text=BOB, toa=0x91),
            user_data=pdu_text.build("hej", Charset.GSM7),
        )
    )
    refused: list[Any] = []
    asked = 0
    for command, answer in _dialogue(client):
        # What the capture's network had delivered by then is there again.
        for name in ("SM", "ME"):
            while len(state.stores[name]) < 8:
                state.store(name, UNREAD, pdu, length)
        is_granted = "OK" in answer or answer.endswith("> ")
        asked += 1
        if is_granted and not _works(dialect.execute(command)):
            refused.append(command)
    assert asked > 10
    assert set(refused) <= OURS_REFUSES
