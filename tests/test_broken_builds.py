"""That what is broken on purpose is still there to be broken."""

from collections.abc import Callable

import pytest

from tests.test_architecture import ROOT
from tools import broken_builds, mutate
from tools.broken_builds_list import Broken


@pytest.mark.parametrize("broken", broken_builds.ALL, ids=lambda one: one.name)
def test_the_lines_that_a_broken_build_changes_stand_there_once(broken: Broken) -> None:
    for change in broken.changes:
        text = (ROOT / change.file).read_text(encoding="utf-8")
        assert text.count(change.before) == 1, change.file


@pytest.mark.parametrize(
    ("tool", "names"),
    [
        (broken_builds.main, ["lately"]),
        (broken_builds.main, ["late", "lately"]),
        (mutate.main, ["decides"]),
        (mutate.main, ["--show", "decide", "decides"]),
    ],
)
def test_a_name_that_is_a_slip_is_refused_and_those_there_are_named(
    tool: Callable[[], int],
    names: list[str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """It tried nothing, and ended with 0 as if every mistake had been found."""
    monkeypatch.setattr("sys.argv", ["tool", *names])
    with pytest.raises(SystemExit) as ended:
        tool()
    assert ended.value.code == 2
    assert ": some of " in capsys.readouterr().err
