"""The one command that people and CI type: what it says when something is missing."""

import fcntl
import importlib.util
import json
import os
import resource
import shutil
import subprocess
import sys
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent
SYSTEM_PATH = "/usr/local/bin:/usr/bin:/bin"


@pytest.fixture(scope="module")
def dev() -> ModuleType:
    loader = SourceFileLoader("dev", str(ROOT / "dev"))
    spec = importlib.util.spec_from_loader("dev", loader)
    assert spec is not None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


@pytest.fixture
def bare(tmp_path: Path) -> Path:
    """A fresh tree, in a path with spaces, that nobody has set up."""
    tree = tmp_path / "a fresh tree"
    (tree / "geocore" / "src").mkdir(parents=True)
    for file in ("dev", "pyproject.toml", "uv.lock", "Cargo.toml", "Cargo.lock"):
        shutil.copy(ROOT / file, tree)
    shutil.copy(ROOT / "geocore" / "Cargo.toml", tree / "geocore")
    shutil.copytree(ROOT / ".cargo", tree / ".cargo")
    for file in ("geocore/pgo/calls.json", "tools/geocore_backend.py"):
        (tree / file).parent.mkdir(parents=True)
        shutil.copy(ROOT / file, tree / file)
    return tree


def say(tree: Path, *arguments: str, path: str) -> subprocess.CompletedProcess[str]:
    """Run `dev` where HOME has nothing and PATH is what the test says."""
    return subprocess.run(
        [sys.executable, str(tree / "dev"), *arguments],
        env={"HOME": str(tree), "PATH": path},
        cwd="/",
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def program(folder: Path, name: str, body: str) -> None:
    """Put a small shell program where a PATH can find it."""
    folder.mkdir(exist_ok=True)
    file = folder / name
    file.write_text(f"#!/bin/sh\n{body}\n")
    file.chmod(0o755)


def test_help_names_every_command(dev: ModuleType) -> None:
    assert dev.__doc__ is not None
    for command in dev.COMMANDS:
        assert f"python3 dev {command}" in dev.__doc__


@pytest.mark.parametrize("spelling", ["help", "--help", "-h"])
def test_help_is_printed_without_any_set_up(bare: Path, spelling: str) -> None:
    said = say(bare, spelling, path="")
    assert said.returncode == 0
    assert "python3 dev demo" in said.stdout
    assert not (bare / ".boot").exists()


def test_an_unknown_command_is_answered_with_those_there_are(bare: Path) -> None:
    said = say(bare, "nonsense", path="")
    assert said.returncode == 2
    assert "there are: demo, run, test, check, bench, fuzz, help" in said.stderr


def test_missing_rust_is_said_with_its_cure_and_no_traceback(
    bare: Path, tmp_path: Path
) -> None:
    said = say(bare, "demo", path=str(tmp_path))
    assert said.returncode == 1
    assert "there is no `cargo` on PATH" in said.stderr
    assert "apt-get install cargo-web" in said.stderr
    assert "https://rustup.rs" in said.stderr
    assert "Traceback" not in said.stderr


def test_a_rust_that_is_too_old_is_refused_by_its_version(
    bare: Path, tmp_path: Path
) -> None:
    program(tmp_path / "bin", "cargo", "echo 'cargo 1.63.0'")
    said = say(bare, "run", path=f"{tmp_path / 'bin'}:{SYSTEM_PATH}")
    assert said.returncode == 1
    assert "lacks Rust 1.89 or newer; this is 1.63" in said.stderr


def test_a_rust_that_is_new_enough_is_told_which_part_is_absent(
    bare: Path, tmp_path: Path
) -> None:
    program(tmp_path / "bin", "cargo", "echo 'cargo 2.0.0'")
    program(tmp_path / "bin", "cc", "exit 0")
    said = say(bare, "check", path=str(tmp_path / "bin"))
    assert said.returncode == 1
    assert "the command `cargo-fmt`, `cargo-clippy`" in said.stderr


def test_a_missing_linker_is_not_cured_with_rust(bare: Path, tmp_path: Path) -> None:
    program(tmp_path / "bin", "cargo", "echo 'cargo 2.0.0'")
    said = say(bare, "demo", path=str(tmp_path / "bin"))
    assert said.returncode == 1
    assert "lacks a linker, the command `cc`" in said.stderr
    assert "apt-get install gcc" in said.stderr
    assert "cargo-web" not in said.stderr


def test_fuzzing_asks_for_the_compiler_of_libfuzzer_and_checking_does_not(
    dev: ModuleType, bare: Path, tmp_path: Path
) -> None:
    program(tmp_path / "bin", "cargo", "echo 'cargo 2.0.0'")
    program(tmp_path / "bin", "cc", "exit 0")
    said = say(bare, "fuzz", path=str(tmp_path / "bin"))
    assert said.returncode == 1
    assert "lacks a C++ compiler, the command `c++`" in said.stderr
    assert "apt-get install g++" in said.stderr
    assert "apt-get install gcc" not in said.stderr
    assert "--no-default-features" in dev.CHECKS["clippy, fuzz targets"]


def test_a_python_without_venv_is_told_the_package(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    program(tmp_path, "python", "echo 'ensurepip is not available'; exit 1")
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(dev, "BOOT", tmp_path / ".boot")
    monkeypatch.setattr(dev, "UV", tmp_path / ".boot" / "bin" / "uv")
    with pytest.raises(dev.DevError, match="apt-get install python3-venv"):
        dev.ensure_uv()


def test_an_older_python_is_refused_in_words(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "PYTHON_MIN", (99, 0))
    assert dev.main(["check"]) == 1
    assert "Python 99.0 or newer is needed" in capsys.readouterr().err


def test_an_edit_of_a_rust_source_asks_for_a_new_set_up(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, bare: Path
) -> None:
    monkeypatch.setattr(dev, "ROOT", bare)
    source = bare / "geocore" / "src" / "lib.rs"
    source.write_text("//! One.\n")
    before = dev.fingerprint()
    assert dev.fingerprint() == before
    source.write_text("//! Two.\n")
    assert dev.fingerprint() != before


def test_what_is_set_up_is_not_set_up_again(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, bare: Path
) -> None:
    built = {"ROOT": bare, "VENV": bare, "PYTHON": bare / "dev", "STAMP": bare / "s"}
    for constant, value in built.items():
        monkeypatch.setattr(dev, constant, value)
    (bare / "geocore" / "_geocore.so").touch()
    calls: list[int] = []
    monkeypatch.setattr(dev, "require", lambda *_: None)
    monkeypatch.setattr(dev, "ensure_uv", lambda: None)
    monkeypatch.setattr(dev, "sync", lambda level, **_: calls.append(level))
    for level in (dev.PLAY, dev.PLAY, dev.WORK, dev.PLAY):
        dev.set_up(level)
    assert calls == [dev.PLAY, dev.WORK]


def test_an_environment_of_another_place_is_made_anew(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, bare: Path
) -> None:
    """A copied tree's scripts would run the code of the tree it was copied from."""
    venv = bare / ".venv"
    venv.mkdir()
    stamp = venv / "dev.json"
    stamp.write_text(json.dumps({"root": "/elsewhere", "level": 9, "inputs": "same"}))
    for constant, value in {"ROOT": bare, "VENV": venv, "STAMP": stamp}.items():
        monkeypatch.setattr(dev, constant, value)
    monkeypatch.setattr(dev, "fingerprint", lambda: "same")
    monkeypatch.setattr(dev, "require", lambda *_: None)
    monkeypatch.setattr(dev, "ensure_uv", lambda: None)
    seen: list[bool] = []

    def sync(_level: int, **_: bool) -> None:
        seen.append(venv.exists())
        venv.mkdir()

    monkeypatch.setattr(dev, "sync", sync)
    dev.set_up(dev.PLAY)
    assert seen == [False]


def test_one_check_that_fails_stops_no_other_and_is_named(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(dev, "require", lambda *_: None)
    monkeypatch.setattr(dev, "set_up", lambda _: None)
    stages = {"first": ("false",), "second": ("true",), "third": ("false",)}
    monkeypatch.setattr(dev, "CHECKS", stages)
    assert dev.main(["check"]) == 1
    assert "FAILED: first, third" in capsys.readouterr().err


def test_ctrl_c_ends_in_one_line(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def interrupted(_level: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(dev, "set_up", interrupted)
    assert dev.main(["demo"]) == 130
    assert capsys.readouterr().err == "\ndev: stopped.\n"


def test_ci_refuses_a_stage_that_it_does_not_have() -> None:
    """Before it installs anything."""
    said = subprocess.run(
        ["bash", ROOT / ".ci" / "run", "nonsense"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert said.returncode == 2
    assert said.stderr == "usage: bash .ci/run [lint|test]\n"


def test_a_tree_that_nobody_may_write_into_is_said_bug_the_cure_was_a_package(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch, bare: Path
) -> None:
    monkeypatch.setattr(dev, "ROOT", bare)
    monkeypatch.setattr(dev, "STAMP", bare / "none")
    monkeypatch.setattr(os, "access", lambda *_: False)
    with pytest.raises(dev.DevError, match=r"may not write into .*a fresh tree"):
        dev.set_up(dev.PLAY)


def test_a_second_terminal_waits_for_the_first_bug_both_failed(
    bare: Path, tmp_path: Path
) -> None:
    """Each cleared `.boot` while the other filled it, and was told to install venv."""
    with (bare / "dev").open() as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        program(tmp_path / "bin", "cargo", "echo 'cargo 1.63.0'")
        second = subprocess.Popen(
            [sys.executable, str(bare / "dev"), "run"],
            env={"HOME": str(bare), "PATH": f"{tmp_path / 'bin'}:{SYSTEM_PATH}"},
            stderr=subprocess.PIPE,
            text=True,
        )
        assert second.stderr is not None
        waits = second.stderr.readline()
    assert waits == "dev: another `dev` is setting up; waiting for it\n"
    _, rest = second.communicate(timeout=60)
    assert "lacks Rust 1.89 or newer; this is 1.63" in rest


def test_what_cannot_be_compiled_is_no_part_of_an_answer_bug_json_began_with_it(
    dev: ModuleType,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    program(tmp_path, "python", "echo '*** Error compiling'")
    monkeypatch.setattr(dev, "PYTHON", tmp_path / "python")
    dev.compile_bytecode()
    assert capfd.readouterr() == ("", "*** Error compiling\n")


def test_a_user_without_a_home_is_no_reason_to_end_bug_a_traceback(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    def unknown(_: int) -> None:
        raise KeyError

    monkeypatch.delenv("HOME", raising=False)
    monkeypatch.setattr("pwd.getpwuid", unknown)
    assert dev.environment()["PATH"].endswith(os.environ["PATH"])


def test_modules_are_found_here_whatever_the_caller_keeps_away_bug_no_module_tools(
    dev: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With PYTHONSAFEPATH set `dev fuzz` found nothing in its own folder."""
    monkeypatch.setenv("PYTHONSAFEPATH", "1")
    asked = "import sys; sys.exit(sys.path[0] != '')"
    assert dev.call([sys.executable, "-c", asked]) == 0


def test_ci_finds_a_recent_rust_where_home_is_unset_bug_it_wanted_another(
    tmp_path: Path,
) -> None:
    """A service of systemd has none; CI installed a second Rust, and ended."""
    program(tmp_path / "bin", "cargo", "echo 'cargo 1.89.0'")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    asked = script[script.index("rust_is_recent()") : script.index("# Sets `missing`")]
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", f"{asked}\nrust_is_recent"],
        env={"PATH": f"{tmp_path / 'bin'}:{SYSTEM_PATH}"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.slow
@pytest.mark.timeout(900)
def test_a_clone_in_a_path_with_spaces_sets_itself_up_once(tmp_path: Path) -> None:
    """The real thing: uv, the locked packages, geocore, and a rebuild after an edit."""
    tree = tmp_path / "a clone"
    # Of what is hidden only `.cargo` and `.ci` are the project's.
    ignore = shutil.ignore_patterns(".[!c]*", "target", "__pycache__", "*.so")
    shutil.copytree(ROOT, tree, ignore=ignore)
    command = [sys.executable, str(tree / "dev"), "run", "--help"]
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    # Built twice and measured nowhere: optimized it would take three times as long.
    env |= {"CARGO_PROFILE_WHEEL_LTO": "off", "CARGO_PROFILE_WHEEL_OPT_LEVEL": "0"}

    def run() -> tuple[str, float]:
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        done = subprocess.run(
            command,
            cwd="/",
            env=env,
            capture_output=True,
            text=True,
            check=False,
            timeout=800,
        )
        assert done.returncode == 0, done.stderr
        assert "Usage" in done.stdout
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        computed_s = after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime
        return done.stderr, computed_s

    said, _ = run()
    assert "setting up" in said
    assert not (tree / ".venv" / "bin" / "pytest").exists()
    assert list(tree.glob("engine/__pycache__/start.*.pyc"))

    said, computed_s = run()
    assert said == ""
    assert computed_s < 2  # natalia's own start is most of it

    face = tree / "geocore" / "src" / "python.rs"
    (library,) = tree.glob("geocore/_geocore*.so")
    built_at = library.stat().st_mtime_ns
    face.write_text(f"{face.read_text()}\n// edited\n")
    said, _ = run()
    assert "setting up" in said
    assert library.stat().st_mtime_ns > built_at
    stamp = json.loads((tree / ".venv" / "dev.json").read_text())
    assert stamp["root"] == os.fspath(tree)
