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


@pytest.mark.parametrize(
    ("engines", "auditors", "shared"),
    [
        ("mail.hq.example", "MAIL.hq.example.", 1),
        ("mail.hq.example", " mail.hq.example", 1),
        ("localhost", "127.0.0.1", 1),
        ("::1", "localhost.", 1),
        ("127.0.0.1", "127.0.1.1", 1),
        ("[::1]", "localhost", 1),
        ("192.0.2.1", "192.0.2.1", 1),
        ("2001:db8:0::1", "2001:DB8::1", 1),
        ("192.0.2.1", "192.0.2.2", 0),
        ("localhost", "localhost.example", 0),
    ],
)
def test_one_host_by_two_names_is_one_host(
    tmp_path: Path, engines: str, auditors: str, shared: int
) -> None:
    """The auditor's mail went by the engine's own server, whose name ended in a dot."""
    assert len(both(tmp_path, "email", "host", engines, auditors)) == shared


@pytest.mark.parametrize(
    ("engines", "auditors", "shared"),
    [
        ("https://a.example/hook", "https://A.example:443/hook/", 1),
        ("http://localhost/hook", "http://[::1]:80/hook", 1),
        ("https://a.example/hook", "https://a.example/other", 0),
        ("https://a.example/hook", "https://b.example/hook", 0),
        ("http://[", "http://[", 1),
        ("http://[", "http://a.example:x", 0),
    ],
)
def test_one_url_written_in_two_ways_is_one_url(
    tmp_path: Path, engines: str, auditors: str, shared: int
) -> None:
    assert len(both(tmp_path, "webhook", "url", engines, auditors)) == shared


def both(
    tmp_path: Path, kind: str, option: str, engines: str, auditors: str
) -> list[str]:
    """Return the warnings where engine and auditor have a channel of one kind each."""
    table: dict[str, object] = {
        "state": "state",
        "channel": [{"name": "out", "kind": kind, "options": {option: engines}}],
        "auditor": {
            "channel": [{"name": "own", "kind": kind, "options": {option: auditors}}],
            "hq": [{"channel": "own", "address": "duty@hq.example"}],
        },
    }
    return warnings(parse_config(table, tmp_path))


def test_an_address_on_a_channel_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"auditor\.hq\[0\]\.channel"):
        warned(tmp_path, {"hq": [{"channel": "email", "address": "x"}]})
