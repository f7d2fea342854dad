"""Adapters are found by entry point, and a name that is none says what there is."""

import pytest

from engine import plugins
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


def test_a_name_that_is_not_installed_says_which_are() -> None:
    with pytest.raises(ConfigError) as caught:
        plugins.load(plugins.MODEM, "seril", "modem[0].driver")
    assert caught.value.key == "modem[0].driver"
    assert "serial" in caught.value.expected
    assert "'seril' is not installed" in caught.value.cure
