"""How a connection ends: what it is given to the last, and what it still has."""

import asyncio
import os
from contextlib import suppress

PARTING_S = 5.0
"""So long answers, and the end of TLS, may take to arrive at whoever is let go."""


def part(transport: asyncio.Transport) -> None:
    """Close, and soon after without waiting any more; in the loop's thread.

    `close` alone first sends what was answered: whoever takes none of it would hold
    its file descriptor for ever, and is counted nowhere once it was let go.
    """
    transport.close()
    asyncio.get_running_loop().call_later(PARTING_S, transport.abort)


def remains(transport: asyncio.BaseTransport, bytes_max: int) -> bytes:
    """Return what had come of a connection that is lost, and was not received.

    Whoever has hung up answers our first answer with a reset: the second one fails, and
    asyncio then closes the socket with all that it has not received. To be called in
    the loop's thread, by `connection_lost` itself: the socket is open until that ends.
    Over TLS it is closed already; what asyncio has of it is decrypted.
    """
    over_tls = transport.get_extra_info("ssl_object")
    connected = transport.get_extra_info("socket")
    left = bytearray()
    with suppress(OSError):  # nothing more has come, or its own error
        while len(left) < bytes_max and (over_tls or connected) is not None:
            more = bytes_max - len(left)
            if over_tls is not None:
                piece = over_tls.read(more)
            else:
                piece = os.read(connected.fileno(), more)
            if not piece:
                break
            left += piece
    return bytes(left)
