"""`natalia device test` while the engine is away."""

from pathlib import Path

import pytest

from engine.cli import device, device_trial
from engine.cli.client import AbsentError, Table
from tests.engine.cli.services import natalia, service
from tests.engine.cli.test_device import ARMED


@pytest.fixture(autouse=True)
def _at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(device_trial, "LOOK_S", 0.0)


def test_an_engine_that_starts_anew_in_a_test_is_waited_for_bug_it_ended_there(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    """Whoever had the carrier on the telephone was told that no engine runs."""
    anew = dict.fromkeys(ARMED, None) | {"armed": False}
    told: list[str] = []

    def answered(_: Path, __: str, path: str, ___: str) -> Table:
        told.append(path)
        match told.count("/devices/drill"):
            case 0 | 1:
                return Table(ARMED)
            case 2:
                message = "no engine runs there"
                raise AbsentError(message)
            case _:
                return Table(anew)

    patch.setattr(device_trial, "ask", answered)
    assert natalia(patch, "device", "test", "1", "--by=alder") == 1
    said = out.readouterr().err
    assert "where it was started anew a press is a real alarm. Have" in said
    assert "was started anew, and does not know of this one: a press is a real" in said


def test_an_engine_that_does_not_come_back_leaves_nobody_in_doubt_of_a_press(
    patch: pytest.MonkeyPatch, out: pytest.CaptureFixture[str]
) -> None:
    patch.setattr(device_trial, "RESTART_S", 0.0)
    with service(devices__drill__arm=(200, ARMED)) as made:
        (made.state / "control.sock").rename(made.state / "was")

        def gone(*_: object) -> Table:
            return Table(ARMED)

        patch.setattr(device, "armed", gone)
        words = ("test", "1", "--by=alder", "--state", str(made.state))
        assert natalia(patch, "device", *words) == 1
        (made.state / "was").rename(made.state / "control.sock")
    said = out.readouterr().err
    assert "no engine runs on" in said
    assert "It did not come back: a press is a real alarm from now on" in said
