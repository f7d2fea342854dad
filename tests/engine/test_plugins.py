"""Adapters are found by entry point, and a name that is none says what there is."""

import sys

import pytest

from engine import plugins
from engine.cli.main import natalia
from engine.errors import ConfigError


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
