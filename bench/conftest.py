"""What every benchmark needs: a release build, and the versions in sight."""

from __future__ import annotations

import platform

import pytest

import geocore
from bench.peers.peer import find_peers


def pytest_configure() -> None:
    """Refuse a debug build: it is seven times slower and proves nothing."""
    if geocore.BUILD_PROFILE != "release":
        msg = "geocore is a debug build; benchmarks need `maturin develop --release`"
        raise pytest.UsageError(msg)


def pytest_report_header() -> list[str]:
    """Print the machine and each peer's version, missing ones loudly."""
    lines = [f"machine: {platform.processor() or platform.machine()}"]
    for found in find_peers():
        state = found.version if found.peer else f"MISSING, {found.reason}"
        lines.append(f"peer {found.module}: {state}")
    return lines
