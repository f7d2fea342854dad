"""A tracker that speaks TLS, to the running service."""

import socket
import ssl
from pathlib import Path

import pytest

from adapters.devices import gt06_encode
from tests.certificates import certificate
from tests.rig import HERON_IMEI, Rig

pytestmark = [pytest.mark.process, pytest.mark.slow]
__all__ = ["certificate"]


def test_a_tracker_logs_in_over_tls_beside_the_one_in_clear(
    tmp_path: Path,
    certificate: Path,
) -> None:
    more = (
        "[gateway.gt06]\nport = 0\n[gateway.gt06.tls]\nport = 0\n"
        f'cert_file = "{certificate}"\nkey_file = "{certificate}"\n'
    )
    with Rig(
        folder=tmp_path, modems_wanted=0, gateways=("osmand",), extra_config=more
    ) as rig:
        trusting = ssl.create_default_context(cafile=str(certificate))
        with (
            socket.create_connection(rig.ports["gt06.tls"], 5) as plain,
            trusting.wrap_socket(plain, server_hostname="127.0.0.1") as speaking,
        ):
            speaking.sendall(gt06_encode.log_in(HERON_IMEI))
            assert speaking.recv(100).startswith(b"\x78\x78")
