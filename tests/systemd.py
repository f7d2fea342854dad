"""What a service manager hears from the service."""

import socket
import threading
from pathlib import Path


class Systemd:
    """The socket that a service tells its state to; keeps all it is told."""

    def __init__(self, path: Path) -> None:
        self.path, self.told = path, b""
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(path))
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def _keep(self) -> None:
        while (datagram := self._socket.recv(4096)) != b"over":
            self.told += datagram + b"\n"

    def close(self) -> None:
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as last:
            last.sendto(b"over", str(self.path))
        self._thread.join()
        self._socket.close()
