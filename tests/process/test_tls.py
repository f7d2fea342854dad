"""A tracker that speaks TLS, to the running service."""

import socket
import ssl
from contextlib import ExitStack
from pathlib import Path

import pytest

from adapters.devices import gt06_encode
from adapters.modem.host_clock import HostClock
from engine.values import Instant
from tests.certificates import certificate, valid_for
from tests.process.test_hostile import resident
from tests.rig import HERON_IMEI, Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]
__all__ = ["certificate"]


def serving_tls(folder: Path, certificate: Path) -> Rig:
    """Return a service with a port that speaks TLS."""
    more = (
        "[gateway.gt06]\nport = 0\n[gateway.gt06.tls]\nport = 0\n"
        f'cert_file = "{certificate}"\nkey_file = "{certificate}"\n'
    )
    return Rig(folder=folder, modems_wanted=0, gateways=("osmand",), extra_config=more)


def test_a_tracker_logs_in_over_tls_beside_the_one_in_clear(
    tmp_path: Path,
    certificate: Path,
) -> None:
    with serving_tls(tmp_path, certificate) as rig:
        trusting = ssl.create_default_context(cafile=str(certificate))
        with (
            socket.create_connection(rig.ports["gt06.tls"], 5) as plain,
            trusting.wrap_socket(plain, server_hostname="127.0.0.1") as speaking,
        ):
            speaking.sendall(gt06_encode.log_in(HERON_IMEI))
            assert speaking.recv(100).startswith(b"\x78\x78")


SILENT = 500
GROWTH_BYTES = 80 << 20


def test_hundreds_who_never_shake_hands_are_strangers_and_fill_no_memory(
    tmp_path: Path, certificate: Path
) -> None:
    with serving_tls(tmp_path, certificate) as rig, ExitStack() as silent:
        before = resident(rig)
        for _ in range(SILENT):
            waits = socket.create_connection(rig.ports["gt06.tls"], 5)
            silent.enter_context(waits)
        eventually(lambda: (rig.metric("natalia_device_strangers") or 0) >= SILENT)
        grown = resident(rig) - before
        print(f"{grown / 2**20:.0f} MB more")
        assert grown < GROWTH_BYTES


def test_a_certificate_that_has_ended_is_told_and_costs_no_start(
    tmp_path: Path,
) -> None:
    ended = valid_for(tmp_path, -1)
    with serving_tls(tmp_path, ended) as rig:
        assert eventually(rig.is_ready)
        assert rig.metric('natalia_degraded{reason="certificate_ended"}') == 1.0
        name = "natalia_gateway_certificate_expiry_timestamp_seconds"
        ends_s = rig.metric(f'{name}{{protocol="gt06"}}')
        assert ends_s is not None
        assert Instant(int(ends_s) * 1000) < HostClock().now()
        assert "gateway.gt06.tls: the certificate ended on " in rig.log()
        said = rig.natalia("status", "--state", str(rig.state))
        assert "certificate ended: gateway.gt06.tls" in said.stdout
        trusting = ssl.create_default_context(cafile=str(ended))
        with (
            socket.create_connection(rig.ports["gt06.tls"], 5) as plain,
            pytest.raises(ssl.SSLCertVerificationError, match="expired"),
        ):
            trusting.wrap_socket(plain, server_hostname="127.0.0.1")
