"""The floor of a gateway: a bare asyncio protocol that sends back what it gets.

A process of its own, as the service is. Prints its port; ends with its input.
"""

import asyncio
import sys

BACKLOG = 4096


class Echo(asyncio.Protocol):
    """Answers at once, and keeps nothing."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._transport.write(data)


async def serve() -> None:
    """Echo until the input ends."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Echo, "127.0.0.1", 0, backlog=BACKLOG)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(serve())
