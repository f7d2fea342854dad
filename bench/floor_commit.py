"""The floor of an acknowledgement: commit as many bytes on one thread, and answer.

A process of its own, as the service is. Prints its port; ends with its input.
"""

import asyncio
import os
import sys
import tempfile
from pathlib import Path

import apsw

RECORD_BYTES = 900


async def serve(folder: Path) -> None:
    """Answer whatever comes, each piece after a commit of its own."""
    connection = apsw.Connection(str(folder / "floor.db"))
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE t(body BLOB)")
    body = os.urandom(RECORD_BYTES)

    async def handle(
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter
    ) -> None:
        while await reader.read(256):
            connection.execute("INSERT INTO t VALUES (?)", (body,))
            writer.write(b"ok")
            await writer.drain()
        writer.close()

    async with await asyncio.start_server(handle, "127.0.0.1", 0) as server:
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)
    connection.close()


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(serve(Path(folder)))
