"""A certificate for whoever speaks TLS in a test; name it in a conftest."""

import subprocess
from pathlib import Path

import pytest

from tests.requires import requires_command


def valid_for(folder: Path, days: int) -> Path:
    """Write a certificate of 127.0.0.1 with its key; one of -1 day has ended."""
    openssl = requires_command("openssl", package="openssl")
    key, asked = folder / "key.pem", folder / "asked.pem"
    made, names = folder / f"{days}.pem", folder / "names"
    names.write_text("subjectAltName=IP:127.0.0.1\n")
    ask = "req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=demo"
    sign = f"x509 -req -in {asked} -signkey {key} -days {days} -extfile {names}"
    for words in (f"{ask} -keyout {key} -out {asked}", f"{sign} -out {made}"):
        line = [str(openssl), *words.split(" ")]
        subprocess.run(line, check=True, capture_output=True)
    made.write_bytes(made.read_bytes() + key.read_bytes())
    return made


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
