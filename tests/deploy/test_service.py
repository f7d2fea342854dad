"""The systemd unit: valid, hardened, and bearable for what it runs."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.requires import requires_command

DEPLOY = Path(__file__).parents[2] / "deploy"
HARMLESS = r"Environment=(PYTHON_DISABLE_REMOTE_DEBUG|PYTHONMALLOC|GLIBC_TUNABLES)="
UNITS = [DEPLOY / "natalia.service", DEPLOY / "natalia-auditor.service"]

# Tenths of systemd's exposure level; what is left is network, modems and a name.
EXPOSURE_MAX = 20

# A process that can never turn data into code, as MemoryDenyWriteExecute has it,
# becomes the interpreter that does what the service does with native code.
WITHOUT_WRITABLE_CODE = """
import ctypes, os, sys
PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN = 65, 1
if ctypes.CDLL(None).prctl(PR_SET_MDWE, PR_MDWE_REFUSE_EXEC_GAIN, 0, 0, 0):
    sys.exit(77)
os.execv(sys.executable, [sys.executable, "-c", sys.argv[1]])
"""
NATIVE_CODE = """
import ctypes, ssl
import apsw, argon2, geocore, httpx2, structlog, uvicorn
hasher = argon2.PasswordHasher()
assert hasher.verify(hasher.hash("word"), "word")
assert apsw.Connection(":memory:").execute("select 1").get == 1
ssl.create_default_context()
"""


@pytest.fixture(params=UNITS, ids=lambda unit: unit.stem)
def installed(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Give a unit with a program that is there."""
    source: Path = request.param
    unit = tmp_path / source.name
    text = source.read_text(encoding="utf-8")
    unit.write_text(text.replace("/opt/natalia/bin/natalia", "/bin/true"))
    return unit


def analyze(*arguments: str | Path) -> str:
    """Run systemd-analyze, hold that it is content, return what it said."""
    command = requires_command("systemd-analyze", package="systemd")
    done = subprocess.run(  # noqa: PLW1510 - the code is looked at below
        [command, *arguments], capture_output=True, text=True
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def test_systemd_finds_nothing_to_say_against_the_unit(installed: Path) -> None:
    assert analyze("verify", installed) == ""


def test_the_service_is_hardened(installed: Path) -> None:
    said = analyze(
        "security", "--offline=yes", f"--threshold={EXPOSURE_MAX}", installed
    )
    found = re.search(rf"exposure level for {installed.name}: ([\d.]+)", said)
    assert found
    assert float(found[1]) * 10 <= EXPOSURE_MAX


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_the_service_never_gives_up_and_is_watched(unit: Path) -> None:
    lines = unit.read_text(encoding="utf-8").splitlines()
    for line in ("Type=notify", "Restart=always", "StartLimitIntervalSec=0"):
        assert line in lines
    assert any(line.startswith("WatchdogSec=") for line in lines)
    assert any(line.startswith("LoadCredential=") for line in lines)
    # No secret: every process of that user can read it there.
    set_here = [line for line in lines if line.startswith("Environment=")]
    assert all(re.match(HARMLESS, line) for line in set_here)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_no_disk_and_no_debugger_gets_what_the_service_holds_in_memory(
    unit: Path,
) -> None:
    lines = unit.read_text(encoding="utf-8").splitlines()
    assert {"LimitCORE=0", "MemorySwapMax=0"} <= set(lines)
    assert any("@debug" in line for line in lines if line.startswith("SystemCall"))


def test_the_auditor_starts_after_the_engine_and_without_it_too() -> None:
    """Seen under a systemd: both at once on a new machine told HQ of no journal."""
    lines = UNITS[1].read_text(encoding="utf-8").splitlines()
    ordered = [line for line in lines if "natalia.service" in line.partition("=")[2]]
    assert [line.partition("=")[0] for line in ordered if line[0] != "#"] == ["After"]


def test_native_code_runs_where_data_never_becomes_code() -> None:
    done = subprocess.run(  # noqa: PLW1510 - the code is looked at below
        [sys.executable, "-c", WITHOUT_WRITABLE_CODE, NATIVE_CODE],
        capture_output=True,
        text=True,
    )
    if done.returncode == 77:
        pytest.skip("this kernel is older than 6.3: it has no PR_SET_MDWE")
    assert done.returncode == 0, done.stderr
