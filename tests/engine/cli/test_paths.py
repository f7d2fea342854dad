"""Whatever stands where a command looks: one line with cause and cure, no traceback."""

import io
import os
import sys
from importlib import resources
from pathlib import Path

import pytest

from tests.engine.cli.services import natalia
from tests.engine.cli.test_device import run

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]


@pytest.mark.parametrize(
    "words",
    [
        ("verify", "{0}"),
        ("verify", "--state", "{0}"),
        ("list", "--state", "{0}"),
        ("show", "7d5c", "--state", "{0}"),
        ("verify", "{0}/kept.db"),
    ],
)
def test_a_journal_in_a_folder_that_is_shut_is_said_bug_it_was_a_traceback(
    patch: Patch, out: Output, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """As /var/lib/private is, in which systemd keeps a made-up user's state."""
    shut, stat = tmp_path / "private" / "natalia", Path.stat

    def denied(path: Path, *, follow_symlinks: bool = True) -> os.stat_result:
        if path == shut or shut in path.parents:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, follow_symlinks=follow_symlinks)

    patch.setattr(Path, "stat", denied)
    assert natalia(patch, "journal", *(one.format(shut) for one in words)) == 3
    said = out.readouterr().err
    assert said.endswith("read it as the engine's own user, or with sudo\n")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    "words",
    [
        ("check-config", "{0}"),
        ("serve", "--config", "{0}"),
        ("roster", "check", "{0}"),
        ("protocol", "check", "{0}"),
        ("protocol", "simulate", "standard", "--svg", "{0}"),
    ],
)
def test_a_path_that_leads_nowhere_has_a_cure_bug_it_had_the_systems_words_alone(
    patch: Patch, out: Output, tmp_path: Path, words: tuple[str, ...]
) -> None:
    (tmp_path / "file").write_text("")
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    for path, why in (
        (tmp_path / "file" / "x.toml", "is a file; check the path"),
        (circle, "links lead in a circle there; check the path"),
    ):
        assert natalia(patch, *(one.format(path) for one in words)) == 3
        assert why in "".join(out.readouterr())


def test_a_journal_behind_a_circle_of_links_names_it(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    circle = tmp_path / "circle"
    circle.symlink_to(circle)
    assert natalia(patch, "journal", "list", "--state", str(circle)) == 3
    assert "cannot read: Too many levels of symbolic links; " in out.readouterr().err


def test_what_is_drawn_over_has_not_to_be_readable(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    drawn, has_access = tmp_path / "drawn.svg", os.access
    drawn.touch()
    patch.setattr(
        os, "access", lambda path, mode: path != drawn and has_access(path, mode)
    )
    words = ("protocol", "simulate", "standard", "--svg", str(drawn))
    assert natalia(patch, *words) == 0, out.readouterr().err
    assert drawn.read_text().startswith("<svg")


@pytest.mark.parametrize("target", [".", "", "..", "/"])
def test_a_backup_into_a_folder_by_a_short_name_is_refused_bug_it_was_a_traceback(
    patch: Patch, out: Output, tmp_path: Path, target: str
) -> None:
    words = ("journal", "backup", target, "--state", str(tmp_path))
    assert natalia(patch, *words) == 3
    assert out.readouterr().err.endswith("is there already; name another file\n")


@pytest.mark.parametrize("name", [".", "file/fleet.toml", "none/fleet.toml"])
def test_a_fleets_roster_that_cannot_be_written_is_said_bug_it_was_a_traceback(
    patch: Patch, out: Output, tmp_path: Path, name: str
) -> None:
    (tmp_path / "file").write_text("")
    words = ("device", "simulate", "--fleet", "2", "--write-roster")
    assert natalia(patch, *words, str(tmp_path / name)) == 3
    assert "--write-roster: cannot be written: " in out.readouterr().err
    assert natalia(patch, *words, str(tmp_path / "fleet.toml")) == 0


def test_an_action_protocol_is_not_drawn_over_bug_its_own_file_became_the_drawing(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    sample = resources.files("engine.protocol") / "samples" / "standard.toml"
    (mine := tmp_path / "mine.toml").write_bytes(sample.read_bytes())
    words = ("protocol", "simulate", str(mine), "--svg")
    assert natalia(patch, *words, str(mine)) == 3
    assert "--svg: is there already, and is no drawing" in out.readouterr().err
    assert mine.read_bytes() == sample.read_bytes()
    for _ in range(2):
        assert natalia(patch, *words, str(tmp_path / "mine.svg")) == 0


def test_a_secret_that_is_no_text_is_refused_bug_it_was_a_traceback(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    (tmp_path / "secret").write_bytes(b"\xff\xfes3cret")
    whose = ("secret", "1", "--by=alder")
    for words in (("--from-file", str(tmp_path / "secret")), ()):
        binary = io.BytesIO(b"\xff\xfes3cret")
        patch.setattr(sys, "stdin", io.TextIOWrapper(binary, encoding="utf-8"))
        assert natalia(patch, "device", *whose, *words) == 3
        said = out.readouterr().err
        assert said.endswith("the secret: is no UTF-8 text: save it as UTF-8\n")
        assert "s3cret" not in said
    for gone in ("none", "."):
        words = ("--from-file", str(tmp_path / gone))
        assert natalia(patch, "device", *whose, *words) == 3
        assert "the secret: cannot be read: it is " in out.readouterr().err


def test_a_secret_comes_by_a_pipe_as_well(patch: Patch) -> None:
    patch.setattr(sys, "stdin", io.StringIO("by-a-pipe\n"))
    told = {"by": "alder", "person": "heron"}
    words = ("secret", "1", "--by=alder", "--from-file=-")
    _, asked = run(patch, *words, devices__secret=told)
    assert '"by-a-pipe"' in asked


@pytest.mark.parametrize(
    "words",
    [
        ("modem", "status", "/dev/null", "--pin-file", "{0}"),
        ("modem", "virtual", "--script", "{0}"),
    ],
)
def test_a_pin_that_this_user_may_not_read_is_a_fault_bug_it_did_not_exist(
    patch: Patch, out: Output, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """A PIN is in root's keeping, and the file seemed not to be there."""
    shut, opens = tmp_path / "shut", io.open

    def opened(file: str | Path, *given: object, **named: object) -> object:
        if file == shut:
            raise PermissionError(13, "Permission denied", str(file))
        return opens(file, *given, **named)  # type: ignore[call-overload] # as it came

    patch.setattr(io, "open", opened)
    for path, cure in (
        (shut, "permission denied; give this user the right to it"),
        (tmp_path / "none", "it is not there; check the path"),
        (tmp_path, "it is a folder; name a file"),
        (Path(), "it is a folder; name a file"),
    ):
        assert natalia(patch, *(one.format(path) for one in words)) == 3
        assert f"cannot be read: {cure}\n" in out.readouterr().err


def test_a_script_that_is_no_text_is_said_so(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    (tmp_path / "script").write_bytes(b"\xff\xfe")
    words = ("modem", "virtual", "--script", str(tmp_path / "script"))
    assert natalia(patch, *words) == 3
    assert "--script: is no UTF-8 text: save it as UTF-8" in out.readouterr().err
