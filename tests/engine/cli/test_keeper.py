"""What systemd hears of a start, of its end, and how often."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.cli.keeper import STEP_S, WORD_S, Keeper

STARTS = f"STATUS=starting\nEXTEND_TIMEOUT_USEC={STEP_S}000000\n".encode()


@pytest.fixture
def systemd(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[socket.socket]:
    path = tmp_path / "notify"
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as made:
        made.bind(str(path))
        made.settimeout(0)
        monkeypatch.setenv("NOTIFY_SOCKET", str(path))
        yield made


@contextmanager
def keeper_at(now_s: list[float]) -> Iterator[Keeper]:
    keeper = Keeper(lambda: now_s[0])
    yield keeper
    keeper._watchdog._socket.close()


def said(systemd: socket.socket) -> list[bytes]:
    told = []
    while True:
        try:
            told.append(systemd.recv(256))
        except BlockingIOError:
            return told


def test_a_start_that_gets_on_is_said_once_a_second_however_many_steps_it_has(
    systemd: socket.socket,
) -> None:
    now_s = [7.0]
    with keeper_at(now_s) as keeper:
        for _ in range(100):
            keeper.starts()
        assert said(systemd) == [STARTS]
        now_s[0] += WORD_S
        keeper.starts()
    assert said(systemd) == [STARTS]


def test_what_is_ready_starts_no_more(systemd: socket.socket) -> None:
    with keeper_at([7.0]) as keeper:
        keeper.starts()
        keeper.ready()
        keeper.alive()
    told = [STARTS, b"READY=1\n", b"STATUS=ready\n", b"WATCHDOG=1\n"]
    assert said(systemd) == told


def test_a_start_without_a_keeper_or_with_one_that_is_gone_gets_on(
    systemd: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    with keeper_at([7.0]) as keeper:
        systemd.close()
        keeper.starts()
    monkeypatch.delenv("NOTIFY_SOCKET")
    with keeper_at([7.0]) as keeper:
        keeper.starts()


def test_a_reload_is_said_with_its_time_and_ends_with_ready(
    systemd: socket.socket,
) -> None:
    with keeper_at([7.0]) as keeper:
        keeper.reloading(42)
        keeper.ready("ready; refused")
    assert said(systemd) == [
        b"STATUS=reloading\nRELOADING=1\nMONOTONIC_USEC=42\n",
        b"READY=1\n",
        b"STATUS=ready; refused\n",
    ]
