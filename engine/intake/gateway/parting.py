"""How a connection is ended that its other end may want to keep."""

import asyncio

PARTING_S = 5.0
"""So long answers, and the end of TLS, may take to arrive at whoever is let go."""


def part(transport: asyncio.Transport) -> None:
    """Close, and soon after without waiting any more; in the loop's thread.

    `close` alone first sends what was answered: whoever takes none of it would hold
    its file descriptor for ever, and is counted nowhere once it was let go.
    """
    transport.close()
    asyncio.get_running_loop().call_later(PARTING_S, transport.abort)
