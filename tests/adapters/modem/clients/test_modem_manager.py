"""ModemManager: probes the modem as its own, sends, reports, and lists what arrives."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path

import pytest

from adapters.modem.virtual_links import SocketLink
from tests.adapters.modem.clients.harness import (
    CYRILLIC,
    LONG,
    PERSON,
    Bench,
    bench,
    parts_of,
)
from tests.requires import requires_command

pytestmark = pytest.mark.slow

NAME = "org.freedesktop.ModemManager1"


@contextmanager
def _bus(b: Bench) -> Iterator[dict[str, str]]:
    """Run a message bus of our own; yield the environment that names it."""
    daemon = requires_command("dbus-daemon", package="dbus")
    address = f"unix:path={b.folder / 'bus'}"
    with b.running(
        str(daemon),
        "--session",
        "--nofork",
        "--nopidfile",
        f"--address={address}",
        log="dbus.out",
    ):
        b.until("bus", (b.folder / "bus").exists)
        yield {
            "DBUS_SESSION_BUS_ADDRESS": address,
            "DBUS_SYSTEM_BUS_ADDRESS": address,
        }


def test_modem_manager_identifies_sends_reports_and_receives(tmp_path: Path) -> None:
    manager = requires_command("ModemManager", package="modemmanager")
    link = SocketLink(f"abstract:natalia-{os.getpid()}")
    with bench(tmp_path, link) as b, _bus(b) as env:
        flags = ("--test-session", "--test-enable", "--test-no-udev")
        with b.running(
            *(str(manager), *flags, "--test-no-suspend-resume", "--debug"),
            log="modemmanager.log",
            env=env,
        ):
            profile = (
                *("dbus-send", "--session", "--print-reply", f"--dest={NAME}"),
                *("/org/freedesktop/ModemManager1", f"{NAME}.Test.SetProfile"),
                *("string:p1", "string:generic", f"array:string:{link.address}"),
            )
            b.until("profile taken", lambda: b.asks(*profile, env=env))
            b.until("found", lambda: "VM-1" in b.asks("mmcli", "-L", env=env))
            assert b.modem.state.imei in b.asks("mmcli", "-m", "any", env=env)
            b.until("enabled", lambda: b.asks("mmcli", "-m", "any", "-e", env=env))
            for text in ("Larm", CYRILLIC, LONG.strip()):
                message = f"text='{text}',number='{PERSON}'"
                made = b.run(
                    *("mmcli", "-m", "any"),
                    f"--messaging-create-sms={message},delivery-report-request=yes",
                    env=env,
                )
                b.run("mmcli", "-s", made.split()[-1], "--send", env=env)
            assert b.sent[:2] == [(PERSON, "Larm"), (PERSON, CYRILLIC)]
            assert "".join(text for _, text in b.sent[2:]) == LONG.strip()
            b.until("reported", lambda: _listed(b, env, "status-report"))
            # It forgets what is announced while it reads. A network says again what
            # nobody has taken.
            answer = partial(b.modem.inject, PERSON, "K7F2 1")
            answer()
            b.until("received", lambda: _listed(b, env, "K7F2 1"), answer)
            second, first = (partial(b.modem.deliver, *p) for p in parts_of(CYRILLIC))
            before = len(_paths(b, env))
            first()
            b.until("part kept", lambda: len(_paths(b, env)) > before, first)
            second()
            b.until("joined", lambda: _listed(b, env, CYRILLIC), second)


def _listed(b: Bench, env: dict[str, str], wanted: str) -> bool:
    return any(
        wanted in b.asks("mmcli", "-s", path, env=env) for path in _paths(b, env)
    )


def _paths(b: Bench, env: dict[str, str]) -> list[str]:
    listed = b.asks("mmcli", "-m", "any", "--messaging-list-sms", env=env)
    return [word for word in listed.split() if word.startswith("/org/")]
