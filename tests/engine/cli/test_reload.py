"""`natalia reload`: 0 in force, 3 refused, 4 in force but for what needs a restart."""

import json

import pytest

from engine.cli.faults import EXIT_FAULTS
from engine.cli.main import EXIT_OK
from engine.cli.reload import EXIT_RESTART
from engine.errors import ConfigError, DataError
from engine.reload.report import Report
from engine.values import Instant
from tests.engine.cli.services import natalia, service

AT = Instant(1_764_000_000_000)
APPLIED = Report(at=AT, changed=("hq", "channel.second added"), notes=("read this",))
WAITS = Report(at=AT, restart=("console.port",))
REFUSED = Report(
    at=AT,
    faults=(
        ConfigError("channel[1].kind", "one of: email", "correct it"),
        DataError("standard.toml", 7, "step", "is none"),
    ),
)


@pytest.mark.parametrize(
    ("report", "code", "said", "complained"),
    [
        (
            APPLIED,
            EXIT_OK,
            [f"reloaded ({AT}): hq, channel.second added", "  note: read this"],
            [],
        ),
        (
            WAITS,
            EXIT_RESTART,
            [f"reloaded ({AT}): nothing changed", "  needs a restart: console.port"],
            [],
        ),
        (
            REFUSED,
            EXIT_FAULTS,
            [],
            [
                f"not reloaded, all is as it was ({AT}):",
                "  channel[1].kind: expected one of: email; correct it",
                "  standard.toml:7: step: is none",
            ],
        ),
    ],
)
def test_the_result_is_told_in_words_with_its_exit_code(
    report: Report,
    code: int,
    said: list[str],
    complained: list[str],
    patch: pytest.MonkeyPatch,
    out: pytest.CaptureFixture[str],
) -> None:
    with service(reload=(200, report.facts())) as engine:
        assert natalia(patch, "reload", f"--state={engine.state}") == code
        assert engine.asked[0][0] == "POST /reload"
    told = out.readouterr()
    assert told.out.splitlines() == said
    assert told.err.splitlines() == complained


@pytest.mark.parametrize("report", [APPLIED, WAITS, REFUSED])
def test_as_json_it_has_the_same_exit_code(
    report: Report, patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    codes = {id(APPLIED): EXIT_OK, id(WAITS): EXIT_RESTART, id(REFUSED): EXIT_FAULTS}
    with service(reload=(200, report.facts())) as engine:
        words = ("reload", "--json", f"--state={engine.state}")
        assert natalia(patch, *words) == codes[id(report)]
    assert json.loads(out.readouterr().out) == report.facts()


def test_an_engine_that_cannot_reload_just_now_is_a_failure(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    with service(reload=(503, {"error": "repeat it"})) as engine:
        assert natalia(patch, "reload", f"--state={engine.state}") == 1
    assert "repeat it" in out.readouterr().err


def test_status_has_the_last_reload_and_its_faults(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    facts = {
        "state": "degraded",
        "ready": True,
        "reasons": {"config_refused": ["configuration"]},
        "unrecorded": 0,
        "reload": REFUSED.facts(),
    }
    with service(status=(200, facts)) as engine:
        natalia(patch, "status", f"--state={engine.state}")
    assert out.readouterr().out.splitlines() == [
        "degraded",
        "  config refused: configuration",
        f"  not reloaded, all is as it was ({AT}):",
        "    channel[1].kind: expected one of: email; correct it",
        "    standard.toml:7: step: is none",
    ]
