"""Adapters are found by entry point, and a name that is none says what there is."""

import errno
import sys
from collections.abc import Callable, Mapping
from importlib.metadata import EntryPoint
from pathlib import Path

import pytest

from engine import plugins
from engine.cli.main import natalia
from engine.config import parse_config
from engine.errors import ConfigError
from engine.loading import load_channels, wire_of
from engine.ports.channel import Message, PersonalMessage, PublicMessage
from engine.ports.device import Transport
from tests.engine.intake.reports import Meter
from tests.fakes import ManualClock


def test_the_built_in_adapters_are_found_as_any_other() -> None:
    assert {"gt06", "osmand"} <= set(plugins.names(plugins.DEVICE))
    assert {"email", "mastodon", "webhook"} <= set(plugins.names(plugins.CHANNEL))
    assert "serial" in plugins.names(plugins.MODEM)
    assert plugins.names("natalia_engine.nothing") == ()


@pytest.mark.parametrize(
    "group", [plugins.DEVICE, plugins.CHANNEL, plugins.MODEM, plugins.COMMAND]
)
def test_whatever_is_named_can_be_loaded(group: str) -> None:
    for name in plugins.names(group):
        assert callable(plugins.load(group, name, "key"))


def test_an_optional_part_that_is_missing_says_how_to_get_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Installed as the handbook has it, the demo said `mend it: No module named`."""
    monkeypatch.setitem(sys.modules, "aiosmtpd", None)
    for name in [one for one in sys.modules if one.startswith("adapters.demo")]:
        monkeypatch.delitem(sys.modules, name)
    for name in [one for one in sys.modules if one.startswith("aiosmtpd.")]:
        monkeypatch.delitem(sys.modules, name)
    with pytest.raises(ConfigError) as caught:
        plugins.load(plugins.COMMAND, "demo", "demo")
    assert "aiosmtpd" in caught.value.expected
    assert caught.value.cure.endswith("pip install 'natalia-engine[demo]'")


def test_what_an_adapter_failed_with_is_named_even_where_the_log_cannot_be_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As little else can where no more files may be open."""
    monkeypatch.setitem(sys.modules, "engine.log", None)

    def build() -> None:
        raise OSError(errno.EMFILE, "too many open files")

    with pytest.raises(ConfigError, match=r"modem\.0: .*mend it: OSError"):
        plugins.made(build, "modem.0")


def test_the_tab_key_knows_the_other_commands_where_the_demo_is_not_installed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def missing(_group: str, name: str, _key: str) -> object:
        raise ConfigError(name, "aiosmtpd", "install it")

    monkeypatch.setattr(plugins, "load", missing)
    group = natalia()
    context = group.make_context("natalia", [], resilient_parsing=True)
    found = {one.value for one in group.shell_complete(context, "")}
    assert "alarm" in found
    assert "demo" not in found


def test_a_name_that_is_not_installed_says_which_are() -> None:
    with pytest.raises(ConfigError) as caught:
        plugins.load(plugins.MODEM, "seril", "modem[0].driver")
    assert caught.value.key == "modem[0].driver"
    assert "serial" in caught.value.expected
    assert "'seril' is not installed" in caught.value.cure


class Half:
    """A channel of somebody's who has forgotten something."""

    carries = PersonalMessage

    def __init__(self, name: str, options: Mapping[str, str], **_: object) -> None:
        self.name, self.token = name, options["token"]

    def send(self, _: object) -> None: ...
    def check(self) -> None: ...
    def close(self) -> None: ...


class Undecided(Half):
    """One that wants whatever comes."""

    carries = Message  # type: ignore[assignment] # a mistake of somebody's


class Turncoat(Half):
    """One that, once it is made, wants another kind."""

    def __init__(self, *_: object, **__: object) -> None:
        self.name, self.timeout_s = "x", 1.0
        self.carries = PublicMessage  # type: ignore[assignment] # likewise

    def rest(self) -> None: ...
    def interrupt(self) -> None: ...


class Bare:
    """A wire protocol whose transport is a word."""

    name, port = "bare", 0
    transport: str = "udp"

    def session(self) -> None: ...


class Whole(Bare):
    transport = Transport.UDP


def installed(
    monkeypatch: pytest.MonkeyPatch, behind: Callable[..., object]
) -> Callable[[], object]:
    """Install one adapter as kind and wire protocol `theirs`; return its loading."""
    monkeypatch.setattr(plugins, "load", lambda *_: behind)
    table = {"name": "x", "kind": "theirs", "options": {"token": "hunter2"}}

    def load() -> object:
        config = parse_config({"state": "st", "channel": [table]}, Path())
        return load_channels(config, ManualClock(), Meter())

    return load


def declared(behind: Callable[..., object]) -> Callable[..., object]:
    """Return it with the one thing that no channel may leave out."""
    behind.carries = PersonalMessage  # type: ignore[attr-defined] # a plug-in's
    return behind


@pytest.mark.parametrize(
    ("behind", "says"),
    [
        (lambda **_: None, "carries = PersonalMessage or PublicMessage"),
        (Undecided, "carries = PersonalMessage or PublicMessage"),
        (Turncoat, "carries = PersonalMessage or PublicMessage"),
    ],
)
def test_a_channel_that_does_not_declare_what_it_carries_is_never_made(
    monkeypatch: pytest.MonkeyPatch, behind: Callable[..., object], says: str
) -> None:
    load = installed(monkeypatch, behind)
    with pytest.raises(ConfigError) as caught:
        load()
    assert caught.value.key == "channel[0].kind"
    assert says in caught.value.cure


@pytest.mark.parametrize(
    ("behind", "says"),
    [
        (lambda: None, "got an unexpected keyword argument 'clock'"),
        (lambda *_, **__: dict[str, str]()["token"], "KeyError"),
        (Half, "it has no timeout_s, rest, interrupt"),
    ],
)
def test_a_channel_that_is_none_is_named_before_the_engine_starts(
    monkeypatch: pytest.MonkeyPatch, behind: Callable[..., object], says: str
) -> None:
    """It was a traceback, and `check-config` said that the engine starts."""
    load = installed(monkeypatch, declared(behind))
    with pytest.raises(ConfigError) as caught:
        load()
    assert caught.value.key == "channel[0].kind"
    assert says in caught.value.cure
    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize(
    ("behind", "says"),
    [(object, "it has no name, transport"), (Bare, "engine.ports.device.Transport")],
)
def test_a_wire_protocol_that_is_none_is_named_before_the_engine_starts(
    monkeypatch: pytest.MonkeyPatch, behind: Callable[..., object], says: str
) -> None:
    installed(monkeypatch, behind)
    with pytest.raises(ConfigError) as caught:
        wire_of("theirs")
    assert caught.value.key == "gateway.theirs"
    assert says in caught.value.cure
    installed(monkeypatch, Whole)
    assert wire_of("theirs").port == 0


def test_an_adapter_that_cannot_be_imported_is_a_line_and_no_traceback(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "their_channel.py").write_text("def (:\n")
    monkeypatch.syspath_prepend(tmp_path)
    point = EntryPoint("theirs", "their_channel:Channel", plugins.CHANNEL)
    monkeypatch.setattr(plugins, "entry_points", lambda **_: [point])
    with pytest.raises(ConfigError, match="mend it: SyntaxError"):
        plugins.load(plugins.CHANNEL, "theirs", "channel[0].kind")


@pytest.mark.parametrize("group", [plugins.CHANNEL, plugins.DEVICE, plugins.COMMAND])
def test_two_packages_with_an_adapter_of_one_name_are_both_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, group: str
) -> None:
    """Of two the one that lay first on the path was taken, without a word."""
    name = plugins.names(group)[0]
    info = tmp_path / "impostor-6.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: impostor\nVersion: 6.6"
    )
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = impostor:Channel\n")
    (tmp_path / "impostor.py").write_text("raise SystemExit('it was run')\n")
    monkeypatch.syspath_prepend(tmp_path)
    with pytest.raises(ConfigError) as caught:
        plugins.load(group, name, "key")
    assert "impostor 6" in caught.value.expected
    assert "natalia-engine " in caught.value.expected
