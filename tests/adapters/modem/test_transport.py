"""A port that cannot be opened."""

import pytest

from adapters.modem.transport import SerialTransport
from engine.errors import ModemGoneError


@pytest.mark.parametrize(
    ("port", "why"),
    [
        ("/dev/natalia-none", "No such file or directory"),
        ("socket://127.0.0.1:1", "Connection refused"),
        ("nonsense://", "the port cannot be opened"),
    ],
)
def test_a_port_says_why_it_cannot_be_opened_bug_refused_was_held(
    port: str, why: str
) -> None:
    with pytest.raises(ModemGoneError, match=why):
        SerialTransport(port).open()
