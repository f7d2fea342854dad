"""`natalia check-config`: every fault at once, whatever it is of."""

import json
import os
import pty
import shutil
import socket
from pathlib import Path
from types import SimpleNamespace

import pytest

from engine.protocol import agreed, agreement_faults
from engine.start import CONTROL_SOCKET
from tests.engine.cli.services import natalia
from tests.engine.cli.test_check import configuration

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]

WRONG = """
colour = 3
[console]
port = 5023
[gateway.gt06]
port = 5023
[gateway.gt07]
port = 5024
[gateway.h02]
port = 5023
[protocols]
folder = "protocols"
[[modem]]
name = "modem-1"
port = "/dev/ttyUSB0"
options = { baudrat = 1, pin = 1234 }
[[modem]]
name = "modem-2"
port = "/dev/ttyUSB1"
options = { baud = "x" }
[[channel]]
name = "email"
kind = "email"
options = { hots = "x", port = 70000 }
[[channel]]
name = "own"
kind = "email"
options = { host = "mail.hq.example", sender = "us", username = "engine" }
[[channel]]
name = "hook"
kind = "telex"
[[auditor.channel]]
name = "other"
kind = "mastodon"
options = { url = 5 }
"""
TOLD = [
    "colour",
    "x.toml:1: name",
    "x.toml: version",
    "x.toml: step",
    "y.toml:1: name",
    "y.toml: version",
    "y.toml: step",
    "roster.csv:2: person.country",
    "roster.csv:3: person.language",
    "gateway.gt07",
    "gateway.gt06.port",
    "gateway.h02.port",
    "modem[0].options.baudrat",
    "modem[0].options.pin",
    "modem[1].options.baud",
    "channel.email.options.hots",
    "channel.email.options.port",
    "channel.email.options.sender",
    "channel.own.options.sender",
    "channel.own.options.password_file",
    "channel[2].kind",
    "auditor.channel.other.options.url",
    "auditor.channel.other.options.token_file",
]


def wrong_everywhere(folder: Path) -> str:
    """Write a configuration, a roster and action protocols, all of them wrong."""
    (folder / "protocols").mkdir()
    for name in ("x", "y"):
        (folder / "protocols" / f"{name}.toml").write_text("name = 3\n")
    (folder / "roster.csv").write_text(
        "id,alias,roles,language,zone,country\n"
        "heron,Heron,defender,en,UTC,Sweden\n"
        "robin,Robin,colleague,english,UTC,SE\n"
    )
    path = folder / "natalia.toml"
    path.write_text(f'state = "state"\nroster = "roster.csv"{WRONG}')
    return str(path)


def test_every_fault_is_told_at_once_bug_each_hid_those_after_it(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = wrong_everywhere(tmp_path)
    assert natalia(patch, "check-config", path) == 3
    said = out.readouterr()
    assert said.out == ""
    lines = said.err.splitlines()
    assert all(one.startswith("natalia: ") for one in lines)
    missing = [one for one in TOLD if not any(f": {one}" in line for line in lines)]
    assert missing == [], said.err
    assert len(lines) == len(TOLD), "each once: misspelt is not missing as well"


def test_a_secret_that_no_key_names_is_no_warning_bug_it_said_that_it_starts(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """A file that only the service can see is one: there the key is."""
    post = '[[channel]]\nname = "post"\nkind = "mastodon"\n[channel.options]\n'
    url = 'url = "https://social.example"\n'
    path = configuration(tmp_path, post + url)
    assert natalia(patch, "check-config", path) == 3
    assert "channel.post.options.token_file: expected a value" in out.readouterr().err
    path = configuration(tmp_path, f'{post}{url}token_file = "{tmp_path}/none"\n')
    assert natalia(patch, "check-config", path) == 3
    said = out.readouterr().out
    assert "channel.post.options.token_file: expected a readable file" in said
    assert "\nIT DOES NOT START AS IT STANDS: " in said


TLS = """[gateway.gt06]
port = 0
[gateway.gt06.tls]
port = 0
cert_file = "{0}"
key_file = "{0}"
"""
AUDITORS = """[[auditor.channel]]
name = "post"
kind = "mastodon"
[auditor.channel.options]
url = "https://social.example"
token_file = "{0}"
"""


@pytest.mark.parametrize(
    ("text", "file", "ends"),
    [
        (TLS, "none.pem", True),
        (TLS, "/run/credentials/natalia.service/secret_tls", False),
        (AUDITORS, "none", False),
    ],
)
def test_the_verdict_is_that_it_starts_where_only_the_service_can_see_a_file_bug_always(
    patch: Patch, out: Output, tmp_path: Path, *, text: str, file: str, ends: bool
) -> None:
    path = configuration(tmp_path, text.format(file))
    assert natalia(patch, "check-config", path) == (3 if ends else 0)
    said = out.readouterr().out
    assert "_file" in said
    assert ("\nIT DOES NOT START AS IT STANDS: " in said) is ends
    assert ("\nIT STARTS: " in said) is not ends


@pytest.mark.parametrize(
    ("text", "code", "starts"),
    [
        (AUDITORS.format("none"), 0, True),
        (TLS.format("none.pem"), 3, False),
        ("colour = 1\n", 3, False),
    ],
)
def test_scripts_read_the_verdict_from_a_field_bug_they_had_the_words_of_warnings_alone(
    patch: Patch, out: Output, tmp_path: Path, *, text: str, code: int, starts: bool
) -> None:
    path = configuration(tmp_path, text)
    assert natalia(patch, "check-config", "--json", path) == code
    assert json.loads(out.readouterr().out)["starts"] is starts


def test_a_secret_that_this_user_may_not_read_the_service_may(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    shut, stat, has_access = tmp_path / "shut" / "none", Path.stat, os.access

    def denied(path: Path, *, follow_symlinks: bool = True) -> object:
        if path == shut:
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, follow_symlinks=follow_symlinks)

    patch.setattr(Path, "stat", denied)
    patch.setattr(
        os, "access", lambda path, mode: path != shut and has_access(path, mode)
    )
    post = '[[channel]]\nname = "post"\nkind = "mastodon"\n[channel.options]\n'
    url = 'url = "https://social.example"\n'
    path = configuration(tmp_path, f'{post}{url}token_file = "{shut}"\n')
    assert natalia(patch, "check-config", path) == 0
    assert "\nIT STARTS: " in out.readouterr().out


def test_every_fault_is_told_as_json(patch: Patch, out: Output, tmp_path: Path) -> None:
    path = wrong_everywhere(tmp_path)
    assert natalia(patch, "check-config", "--json", path) == 3
    said = out.readouterr()
    assert said.err == ""
    answer = json.loads(said.out)
    assert answer["ok"] is False
    (colour,) = [one for one in answer["faults"] if one.get("key") == "colour"]
    assert colour == {"key": "colour", "expected": "a known key", "cure": "take it out"}
    (country,) = [one for one in answer["faults"] if one.get("line") == 2]
    assert country["file"] == "roster.csv"
    assert country["field"] == "person.country"
    assert country["reason"]


def test_a_configuration_that_is_none_is_told_as_json(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    (tmp_path / "natalia.toml").write_text("this is not TOML\n")
    path = str(tmp_path / "natalia.toml")
    assert natalia(patch, "check-config", "--json", path) == 3
    (fault,) = json.loads(out.readouterr().out)["faults"]
    assert (fault["key"], fault["expected"]) == ("natalia.toml", "TOML")


def test_a_port_that_another_program_has_is_warned_of_unless_it_is_our_engine(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        path = configuration(tmp_path, f"[gateway.gt06]\nport = {port}\n")
        assert natalia(patch, "check-config", path) == 3
        said = out.readouterr().out
        assert f"gateway.gt06.port: another program has {port} just now" in said
        (tmp_path / "state").mkdir()
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as engine:
            engine.bind(str(tmp_path / "state" / CONTROL_SOCKET))
            engine.listen()
            assert natalia(patch, "check-config", path) == 0
        assert "another program" not in out.readouterr().out


WAYS = """
[[modem]]
name = "first"
port = "/dev/ttyUSB0"
[[modem]]
name = "second"
port = "/dev/ttyUSB0"
[[channel]]
name = "post"
kind = "email"
[channel.options]
host = "mail.hq.invalid"
sender = "engine@hq.invalid"
[[hq]]
channel = "sms"
address = "0701740617"
[[hq]]
channel = "post"
address = "duty.hq.invalid"
[[hq]]
channel = "sms"
address = "+46701740617"
"""


def test_what_reaches_nobody_at_hq_is_warned_of_bug_it_showed_at_the_first_alarm(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """A number without its country, no e-mail address, and two modems at one port."""
    assert natalia(patch, "check-config", configuration(tmp_path, WAYS)) == 0
    said = out.readouterr().out
    assert "hq[0].address: reaches nobody by 'sms'; write a number such as +4" in said
    assert "hq[1].address: reaches nobody by 'post'; write an address" in said
    assert "hq[2]" not in said
    assert "modem[1].port: 'first' has that port as well" in said
    assert "0701740617" not in said.replace("+46701740617", "")
    assert "duty.hq.invalid" not in said


def test_a_modem_that_is_not_there_or_may_be_another_one_is_warned_of(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    """A slip in the name was found once nobody got an SMS."""
    ours, theirs = pty.openpty()
    there = os.ttyname(theirs)
    ports = (there, "/dev/serial/by-id/usb-none-such", "/dev/ttyUSB999")
    tables = [
        f'[[modem]]\nname = "m{n}"\nport = "{one}"\n' for n, one in enumerate(ports)
    ]
    assert natalia(patch, "check-config", configuration(tmp_path, "".join(tables))) == 0
    said = out.readouterr().out
    os.close(ours)
    os.close(theirs)
    assert "modem[0].port" not in said
    assert "modem[1].port: there is no /dev/serial/by-id/usb-none-such" in said
    assert "modem[1].port: /dev" not in said
    assert "modem[2].port: there is no /dev/ttyUSB999" in said
    assert "modem[2].port: /dev/ttyUSB999 may be another modem" in said


def test_a_host_that_is_no_address_here_is_warned_of_bug_it_showed_at_the_start(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configuration(tmp_path, '[console]\nhost = "192.0.2.1"\n')
    assert natalia(patch, "check-config", path) == 3
    assert "console.host: is no address of this machine" in out.readouterr().out


def test_an_auditor_at_the_engines_port_is_refused_bug_it_ended_at_its_start(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configuration(tmp_path, "[auditor.metrics]\nport = 9620\n")
    assert natalia(patch, "check-config", path) == 3
    said = "auditor.metrics.port: expected a port of its own, but metrics has 9620"
    assert said in out.readouterr().err


def test_a_broken_file_of_what_is_signed_is_named_bug_it_ended_in_the_parsers_words(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    kept = Path(agreed.__file__).with_name("agreement")
    folder = tmp_path / "engine" / "protocol" / "agreement"
    shutil.copytree(kept, folder)
    french = folder / "fr.toml"
    text = french.read_text(encoding="utf-8").replace('title = "', "title = ", 1)
    french.write_text(text, encoding="utf-8")
    there = SimpleNamespace(files=lambda _: folder)
    patch.setattr(agreement_faults, "resources", there)
    agreement_faults.check_agreements.cache_clear()
    try:
        code = natalia(patch, "check-config", configuration(tmp_path))
    finally:
        agreement_faults.check_agreements.cache_clear()
    assert code == 3
    assert "agreement/fr.toml" in out.readouterr().err


UNREADABLE = [
    ("check-config", "shut.toml"),
    ("check-config", "shut.toml", "--json"),
    ("serve", "--config", "shut.toml"),
    ("audit", "--once", "--config", "shut.toml"),
    ("roster", "check", "shut.toml"),
    ("roster", "list", "shut.toml"),
    ("protocol", "check", "shut.toml"),
    ("protocol", "explain", "shut.toml", "--json"),
    ("protocol", "diff", "standard", "shut.toml"),
    ("protocol", "check", "standard", "--for", "heron", "--roster", "shut.toml"),
]


@pytest.mark.parametrize("words", UNREADABLE)
def test_a_file_that_this_user_may_not_read_is_a_fault_bug_it_was_wrong_usage(
    patch: Patch, out: Output, tmp_path: Path, words: tuple[str, ...]
) -> None:
    """`--help`, which exit code 2 sends to, has no cure for a file of root's."""
    shut = tmp_path / "shut.toml"
    shut.touch()
    opens, has_access = os.open, os.access

    def opened(path: str | Path, flags: int, mode: int = 0o777) -> int:
        if Path(path) == shut:
            raise PermissionError(13, "Permission denied", str(path))
        return opens(path, flags, mode)

    def may(path: str | Path, mode: int) -> bool:
        return Path(path) != shut and has_access(path, mode)

    patch.setattr(os, "open", opened)
    patch.setattr(os, "access", may)
    named = [str(shut) if word == shut.name else word for word in words]
    assert natalia(patch, *named) == 3
    said = "".join(out.readouterr())
    assert "permission denied; give this user the right to it" in said
