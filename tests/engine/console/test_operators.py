"""The operators' file: private, whole, and one password at a time."""

import errno
import json
import os
import stat
import threading
from pathlib import Path

import pytest

from engine.console import operators
from engine.console.operators import (
    FILE,
    OperatorError,
    Operators,
    first_password_path,
    write_private,
)
from engine.values import OperatorId

ALDER, ROWAN = OperatorId("alder"), OperatorId("rowan")


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_the_file_and_the_first_password_are_for_the_engine_alone(
    tmp_path: Path,
) -> None:
    first = Operators(tmp_path).add(ALDER)
    assert mode(tmp_path / FILE) == 0o600
    assert mode(first.path) == 0o600
    assert first.path.read_text().strip() not in (tmp_path / FILE).read_text()


def test_the_first_password_opens_and_goes_with_the_second(tmp_path: Path) -> None:
    people = Operators(tmp_path)
    first = people.add(ALDER)
    word = first.path.read_text().strip()
    assert people.check("alder", word)
    assert not people.check("alder", word + "x")
    assert not people.check("rowan", word)
    people.change(ALDER, "another password")
    assert not first.path.exists()
    again = Operators(tmp_path)
    assert again.check("alder", "another password")
    assert not again.check("alder", word)


def test_a_name_is_given_once(tmp_path: Path) -> None:
    people = Operators(tmp_path)
    people.add(ALDER)
    with pytest.raises(OperatorError, match="is there already"):
        people.add(ALDER)


def test_who_found_no_room_on_the_disk_is_no_operator_and_may_be_added_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = Operators(tmp_path)

    def full(path: Path, text: str) -> None:
        if path.name == FILE:
            raise OSError(errno.ENOSPC, "No space left on device")
        write_private(path, text)

    with monkeypatch.context() as patch:
        patch.setattr(operators, "write_private", full)
        with pytest.raises(OSError, match="No space left"):
            people.add(ALDER)
        assert people.names() == ()
    first = people.add(ALDER)
    word = first.path.read_text().strip()
    with monkeypatch.context() as patch:
        patch.setattr(operators, "write_private", full)
        with pytest.raises(OSError, match="No space left"):
            people.change(ALDER, "another one of mine")
    assert people.check(ALDER, word)
    assert first.path.exists()


def test_no_new_password_lets_somebody_in_again_who_was_removed(
    tmp_path: Path,
) -> None:
    people = Operators(tmp_path)
    people.add(ALDER)
    people.add(ROWAN)
    people.remove(ROWAN)
    with pytest.raises(OperatorError, match="no operator 'rowan'"):
        people.change(ROWAN, "another one of mine")
    assert Operators(tmp_path).names() == (ALDER,)


def test_two_at_once_get_one_account(tmp_path: Path) -> None:
    people = Operators(tmp_path)
    failures: list[OperatorError] = []

    def add() -> None:
        try:
            people.add(ALDER)
        except OperatorError as error:
            failures.append(error)

    threads = [threading.Thread(target=add) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(failures) == 3
    word = first_password_path(tmp_path, OperatorId("alder")).read_text().strip()
    assert Operators(tmp_path).check("alder", word)


def test_a_write_that_fails_leaves_the_old_file_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / FILE
    write_private(path, "old")

    def full(_: int) -> None:
        raise OSError(28, "no space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="no space"):
        write_private(path, "new")
    assert path.read_text() == "old"


@pytest.mark.parametrize("text", ["", "[]", "not json", '{"alder": '])
def test_a_damaged_file_is_named_with_the_cure(tmp_path: Path, text: str) -> None:
    (tmp_path / FILE).write_text(text)
    with pytest.raises(OperatorError, match=r"operators\.json is not.*copy"):
        Operators(tmp_path)


def test_who_serves_does_without_a_damaged_file_and_leaves_it_as_it_is(
    tmp_path: Path,
) -> None:
    word = Operators(tmp_path).add(ALDER).path.read_text().strip()
    path = tmp_path / FILE
    sound = path.read_text()
    path.write_text(sound[:9])
    people = Operators(tmp_path, must_read=False)
    assert people.look_again()
    assert people.names() == ()
    assert not people.check("alder", word)
    with pytest.raises(OperatorError, match="put it back from a copy"):
        people.add(OperatorId("rowan"))
    assert path.read_text() == sound[:9]
    path.write_text(sound)
    assert not people.look_again()
    assert people.check("alder", word)


def test_a_file_that_root_has_put_back_is_told_with_its_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / FILE).write_text("{}")

    def roots(*_: object, **__: object) -> str:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(os, "open", roots)
    with pytest.raises(OperatorError, match=f"chown --reference={tmp_path} "):
        Operators(tmp_path)


def test_passwords_are_checked_one_at_a_time(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = Operators(tmp_path)
    word = people.add(ALDER).path.read_text().strip()
    at_once, most = 0, 0
    verify = type(operators._HASHER).verify

    def counted(hasher: object, kept: str, password: str) -> object:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        try:
            return verify(hasher, kept, password)  # type: ignore[arg-type]
        finally:
            at_once -= 1

    monkeypatch.setattr(type(operators._HASHER), "verify", counted)
    threads = [
        threading.Thread(target=people.check, args=("alder", word)) for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1


def test_the_hash_is_argon2id_with_owasps_parameters(tmp_path: Path) -> None:
    Operators(tmp_path).add(ALDER)
    kept = json.loads((tmp_path / FILE).read_text())["alder"]
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_the_name_of_a_first_passwords_file_names_nobody(tmp_path: Path) -> None:
    made = Operators(tmp_path)
    added = made.add(OperatorId("alder"))
    assert added.path == first_password_path(tmp_path, OperatorId("alder"))
    assert "alder" not in added.path.name
