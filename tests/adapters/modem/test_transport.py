"""A port that cannot be opened."""

import pytest

from adapters.modem.transport import SerialTransport
from engine.errors import ModemGoneError


@pytest.mark.parametrize(
    ("port", "why"),
    [
        (
            "/dev/natalia-none",
            r"the port /dev/natalia-none cannot be opened: No such file .*; see which",
        ),
        (
            "/dev/serial/by-id/usb-HUAWEI_359339075006022-if00",
            r"the port /dev/serial/by-id/usb-HUAWEI_359\*\*\*22-if00 cannot be opened:",
        ),
        (
            "socket://127.0.0.1:1",
            "port socket://127.0.0.1:1 cannot be opened: Connection refused; see if",
        ),
        ("nonsense://", "the port nonsense:// cannot be opened; name a device node"),
    ],
)
def test_a_port_says_why_it_cannot_be_opened_bug_refused_was_held(
    port: str, why: str
) -> None:
    with pytest.raises(ModemGoneError, match=why):
        SerialTransport(port).open()
