"""A certificate for whoever speaks TLS in a test; name it in a conftest."""

import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from engine.clock import SystemClock
from tests.requires import requires_command


def valid_for(folder: Path, days: int) -> Path:
    """Write a certificate of 127.0.0.1 with its key; one of -1 day has ended."""
    openssl = requires_command("openssl", package="openssl")
    key, asked = folder / "key.pem", folder / "asked.pem"
    made, names = folder / f"{days}.pem", folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1\n")
    ask = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=demo"
    lasts = f"-days {days}" if days > 0 else _ended(str(openssl), days)
    sign = f"x509 -req -in {asked} -signkey {key} {lasts} -extfile {names}"
    for words in (f"{ask} -keyout {key} -out {asked}", f"{sign} -out {made}"):
        line = [str(openssl), *words.split(" ")]
        subprocess.run(line, check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + key.read_bytes())
    return made


def _ended(openssl: str, days: int) -> str:
    """Return the words for one that has ended: from OpenSSL 3.4 on no days below 0."""
    told = subprocess.run(
        [openssl, "x509", "-help"], check=True, capture_output=True, text=True
    )
    if "-not_after" not in told.stdout + told.stderr:
        return f"-days {days}"
    ends = SystemClock().now().plus(timedelta(days=days)).to_datetime()
    begins = ends - timedelta(days=1)
    return f"-not_before {begins:%Y%m%d%H%M%SZ} -not_after {ends:%Y%m%d%H%M%SZ}"


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a self-signed certificate of 127.0.0.1, key and all in one file."""
    openssl = requires_command("openssl", package="openssl")
    folder = tmp_path_factory.mktemp("certificate")
    key, made = folder / "key.pem", folder / "both.pem"
    subprocess.run(
        [
            *(openssl, "req", "-x509", "-newkey", "ec", "-pkeyopt"),
            *("ec_paramgen_curve:P-256", "-nodes", "-days", "1", "-subj", "/CN=demo"),
            *("-addext", "subjectAltName=IP:127.0.0.1", "-keyout", key, "-out", made),
        ],
        check=True,
        capture_output=True,
    )
    made.write_bytes(made.read_bytes() + key.read_bytes())
    return made
