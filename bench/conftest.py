"""What every benchmark needs: a release build, and the versions in sight."""

from __future__ import annotations

import platform
from pathlib import Path

import pytest

import geocore
from bench.peers.peer import find_peers


def pytest_configure() -> None:
    """Refuse a debug build: it is seven times slower and proves nothing."""
    if geocore.BUILD_PROFILE != "release":
        msg = "geocore is a debug build; benchmarks need `maturin develop --release`"
        raise pytest.UsageError(msg)


def pytest_report_header(config: pytest.Config) -> list[str]:
    """Print the machine and each peer's version, missing ones loudly.

    geocore's peers have servers, which are started for it and not beside others.
    """
    lines = [f"machine: {platform.processor() or platform.machine()}"]
    is_geo = any(Path(argument).name.startswith("geo") for argument in config.args)
    for found in find_peers() if is_geo else ():
        state = found.version if found.peer else f"MISSING, {found.reason}"
        lines.append(f"peer {found.module}: {state}")
    return lines
