"""What the web's actor asks of the kernel."""

import socket
from pathlib import Path

from engine.console.actor import GONE_MS, forgets_who_vanished


def test_a_browser_whose_computer_vanished_is_not_taken_for_a_watcher_for_long() -> (
    None
):
    with socket.create_server(("127.0.0.1", 0)) as listening:
        forgets_who_vanished(listening)
        with socket.create_connection(listening.getsockname()):
            accepted, _ = listening.accept()
            option = (socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT)
            assert accepted.getsockopt(*option) == GONE_MS
            accepted.close()


def test_the_control_socket_has_no_network_to_lose(tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(tmp_path / "control"))
        forgets_who_vanished(listening)
