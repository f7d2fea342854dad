"""`natalia status`: ready is 0, degraded is 4 with every reason."""

import json

import pytest

from engine.cli.main import EXIT_DEGRADED, EXIT_OK
from tests.engine.cli.services import natalia, service

READY = {"state": "ready", "ready": True, "reasons": {}, "unrecorded": 0}
DEGRADED = {
    "state": "degraded",
    "ready": False,
    "reasons": {"all_channels_down": ["every route"], "modem_down": ["a", "b"]},
    "unrecorded": 2,
}


def test_a_ready_engine_is_said_to_be_ready(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    with service(status=(200, READY)) as engine:
        assert natalia(patch, "status", "--state", str(engine.state)) == EXIT_OK
    assert out.readouterr().out == "ready\n"


def test_a_degraded_engine_is_said_why_with_exit_code_4(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    with service(status=(200, DEGRADED)) as engine:
        assert natalia(patch, "status", f"--state={engine.state}") == EXIT_DEGRADED
    assert out.readouterr().out.splitlines() == [
        "degraded: it must not be relied on just now",
        "  all channels down: every route",
        "  modem down: a, b",
        "  NOT RECORDED or NOT HANDLED, on the console: 2",
    ]


def test_as_json_it_has_the_same_exit_code(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    with service(status=(200, DEGRADED)) as engine:
        words = ("status", "--json", f"--state={engine.state}")
        assert natalia(patch, *words) == EXIT_DEGRADED
    assert json.loads(out.readouterr().out) == DEGRADED
