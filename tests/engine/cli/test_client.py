"""The command line's side of the control socket, when things go wrong."""

import gc
import socket
from pathlib import Path

import pytest

from engine.cli.client import ServiceError, ask
from tests.engine.cli.services import natalia, service


def test_without_an_engine_it_says_how_to_start_one(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="natalia serve --config FILE"):
        ask(tmp_path, "GET", "/alarms")


@pytest.mark.filterwarnings(
    "ignore::pytest.PytestUnraisableExceptionWarning"  # httpx2 drops such a socket
)
def test_a_socket_that_a_dead_engine_left_behind_is_no_engine(tmp_path: Path) -> None:
    left = socket.socket(socket.AF_UNIX)
    left.bind(str(tmp_path / "control.sock"))
    left.close()
    try:
        ask(tmp_path, "GET", "/alarms")
    except ServiceError as error:
        said = str(error)
    # Here, and not amid another test: the error and its frames are a cycle.
    gc.collect()
    assert said.startswith("no engine runs on")


def test_whoever_may_not_open_the_state_folder_is_told_who_may(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The folder of an installed engine is its own user's alone (mode 0700)."""

    def exists(path: Path) -> bool:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(Path, "exists", exists)
    with pytest.raises(ServiceError, match="ask as its own, or with sudo"):
        ask(tmp_path, "GET", "/alarms")


def test_without_an_engine_it_says_that_it_may_be_elsewhere(tmp_path: Path) -> None:
    with pytest.raises(ServiceError, match="name its folder with --state"):
        ask(tmp_path, "GET", "/alarms")


def test_an_error_is_given_in_the_engines_own_words() -> None:
    said = (422, {"error": "reason: one of safe"})
    with (
        service(alarms__a1__close=said) as engine,
        pytest.raises(ServiceError, match="reason: one of safe"),
    ):
        ask(engine.state, "POST", "/alarms/a1/close", {"by": "alder"})


def test_an_engine_that_hangs_up_is_said_to_have_not_answered(tmp_path: Path) -> None:
    with service() as engine, pytest.raises(ServiceError, match="did not answer"):
        ask(engine.state, "GET", "/alarms")
    del tmp_path


def test_a_text_is_sent_as_it_is() -> None:
    with service(roster=(200, {"people": "3"})) as engine:
        assert ask(engine.state, "POST", "/roster", "a = 1\n") == {"people": "3"}
    assert engine.asked == [("POST /roster", "a = 1\n")]


def test_an_answer_that_is_no_json_is_said_in_words() -> None:
    with (
        service(alarms=(404, b"Not Found")) as engine,
        pytest.raises(ServiceError, match=r"cannot answer that \(404\); see its log"),
    ):
        ask(engine.state, "GET", "/alarms")


def test_what_is_done_and_not_recorded_is_said(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with service(operators__rowan=(200, {"recorded": False})) as engine:
        ask(engine.state, "POST", "/operators/rowan")
    assert "no row of the journal says so" in capsys.readouterr().err


@pytest.mark.slow
@pytest.mark.parametrize("answer", [{}, [], "done", None], ids=repr)
@pytest.mark.parametrize(
    ("words", "path"),
    [
        ("alarm acknowledge a1 --by alder", "alarms__a1__acknowledge"),
        ("operator add alder", "operators__alder"),
        ("operator remove alder", "operators__alder"),
        ("roster import engine/sample/roster.toml", "roster__known"),
        ("device list", "devices"),
        ("device show 0018", "devices"),
        ("device test 0018 --by alder", "devices__drill__arm"),
        ("device order 0018 locate --by alder", "devices__command"),
        ("device secret 0018 --by alder --from-file LICENSE", "devices__secret"),
        ("drill --for heron --by alder", "drills"),
    ],
)
def test_who_answers_and_is_no_engine_of_this_version_has_done_nothing_for_sure(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    words: str,
    path: str,
    answer: object,
) -> None:
    """It was a traceback, or read as done."""
    with service(**{path: (200, answer)}) as made:
        code = natalia(monkeypatch, *words.split(), "--state", str(made.state))
    said = capsys.readouterr()
    assert code == 1
    assert "no engine of this version" in said.err
    assert said.out == ""
