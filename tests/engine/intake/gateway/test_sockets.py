"""A listener that cannot be had says which key, why, and what to do."""

import errno
import os
import socket
import stat
from pathlib import Path

import pytest

from engine.config import Listen
from engine.errors import ConfigError
from engine.intake.gateway.sockets import bind, bind_unix


def test_port_zero_takes_any_free_one_on_loopback() -> None:
    with bind("console", Listen(port=0)) as listening:
        host, port = listening.getsockname()
        assert (host, port > 0) == ("127.0.0.1", True)
        assert listening.gettimeout() == 0


def test_a_taken_port_names_key_port_and_cure() -> None:
    with bind("console", Listen(port=0)) as first:
        port = first.getsockname()[1]
        with pytest.raises(ConfigError) as caught:
            bind("metrics", Listen(port=port))
    assert caught.value.key == "metrics.port"
    assert str(port) in caught.value.expected
    assert "ss -ltnp" in caught.value.cure


def test_an_address_of_another_host_names_the_host() -> None:
    with pytest.raises(ConfigError) as caught:
        bind("console", Listen(host="192.0.2.1", port=0))
    assert caught.value.key == "console.host"
    assert "127.0.0.1 always works" in caught.value.cure


def test_a_port_that_only_root_may_bind_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(self: socket.socket, address: object) -> None:
        del self, address
        raise PermissionError(errno.EACCES, "denied")

    monkeypatch.setattr(socket.socket, "bind", refuse, raising=False)
    with pytest.raises(ConfigError, match=r"gateway\.gt06\.port.*above 1023"):
        bind("gateway.gt06", Listen(port=80))


def test_the_control_socket_is_its_owners_alone_and_replaces_a_dead_one(
    tmp_path: Path,
) -> None:
    path = tmp_path / "control.sock"
    mask = os.umask(0o000)
    try:
        for _ in range(2):
            with bind_unix(path):
                assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert os.umask(0o000) == 0, "the process' own mask is given back"
    finally:
        os.umask(mask)


def test_a_control_socket_that_cannot_be_made_names_the_state_folder(
    tmp_path: Path,
) -> None:
    for path in (tmp_path / ("x" * 200), tmp_path / "gone" / "control.sock"):
        with pytest.raises(ConfigError) as caught:
            bind_unix(path)
        assert caught.value.key == "state"
