"""check-config says what the auditor shares with the engine that it watches."""

from pathlib import Path

import pytest

from engine.auditor.shared import warnings
from engine.config import parse_config
from engine.errors import ConfigError

ENGINES: dict[str, object] = {
    "state": "state",
    "modem": [{"name": "modem-1", "port": "/dev/ttyUSB0"}],
    "channel": [
        {"name": "email", "kind": "email", "options": {"host": "mail.hq.example"}}
    ],
}


def warned(tmp_path: Path, auditor: dict[str, object]) -> list[str]:
    return warnings(parse_config({**ENGINES, "auditor": auditor}, tmp_path))


def test_an_auditor_without_a_way_is_warned_of(tmp_path: Path) -> None:
    (said,) = warned(tmp_path, {})
    assert "[[auditor.hq]]" in said


@pytest.mark.parametrize(("port", "shared"), [("/dev/ttyUSB0", 1), ("/dev/ttyUSB9", 0)])
def test_a_modem_must_be_its_own(tmp_path: Path, port: str, shared: int) -> None:
    said = warned(
        tmp_path,
        {
            "modem": [{"name": "own", "port": port}],
            "hq": [{"channel": "sms", "address": "+15005550006"}],
        },
    )
    assert len(said) == shared
    assert all("'modem-1'" in one for one in said)


def test_a_modem_by_another_name_is_the_same_modem(tmp_path: Path) -> None:
    """As udev names them: `/dev/serial/by-id/...` points at `/dev/ttyUSB0`."""
    (tmp_path / "by-id").symlink_to("/dev/ttyUSB0")
    own = {"name": "own", "port": str(tmp_path / "by-id")}
    hq = {"channel": "sms", "address": "+15005550006"}
    (said,) = warned(tmp_path, {"modem": [own], "hq": [hq]})
    assert "'modem-1'" in said


@pytest.mark.parametrize(
    ("host", "shared"), [("mail.hq.example", 1), ("mail.example", 0)]
)
def test_a_mail_account_must_be_elsewhere(
    tmp_path: Path, host: str, shared: int
) -> None:
    said = warned(
        tmp_path,
        {
            "channel": [{"name": "own", "kind": "email", "options": {"host": host}}],
            "hq": [{"channel": "own", "address": "duty@hq.example"}],
        },
    )
    assert len(said) == shared


def test_an_address_on_a_channel_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"auditor\.hq\[0\]\.channel"):
        warned(tmp_path, {"hq": [{"channel": "email", "address": "x"}]})
