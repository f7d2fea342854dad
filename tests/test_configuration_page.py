"""The page of the configuration names every key, and its examples hold."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from pydantic import BaseModel

from adapters.channels.mastodon import MastodonOptions
from adapters.channels.smtp_session import SmtpOptions
from adapters.channels.webhook import WebhookOptions, _payload
from adapters.modem.options import ModemOptions
from engine import config
from tests.adapters.channels.contract import NOTIFICATION

DOCS = Path(__file__).resolve().parent.parent / "docs"
PAGE = (DOCS / "configuration.md").read_text(encoding="utf-8")
TABLES = (
    config.Config,
    config.Listen,
    config.TlsListen,
    config.ModemTable,
    config.ChannelTable,
    config.HqAddress,
    config.Public,
    config.Protocols,
    config.AuditorTable,
    SmtpOptions,
    WebhookOptions,
    MastodonOptions,
)


def examples(language: str) -> Iterator[str]:
    for found in re.finditer(rf"```{language}\n(.*?)```", PAGE, re.DOTALL):
        yield found[1]


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.__name__)
def test_each_key_is_on_the_page_bug_channels_had_none(table: type[BaseModel]) -> None:
    named = set(re.findall(r"[`\[.]([a-z][a-z0-9_]*)[`\].]", PAGE))
    assert sorted(set(table.model_fields) - named) == []


def test_each_option_of_a_modem_is_on_its_page() -> None:
    page = (DOCS / "modem.md").read_text(encoding="utf-8")
    options = ModemOptions.__dataclass_fields__
    assert [one for one in options if f"`{one}`" not in page] == []


def test_the_whole_one_is_taken_as_it_stands(tmp_path: Path) -> None:
    (example,) = examples("toml")
    found = config.parse_config(tomllib.loads(example), tmp_path)
    kinds: dict[str, type[BaseModel]] = {
        "email": SmtpOptions,
        "mastodon": MastodonOptions,
    }
    for channel in found.channel:
        kinds[channel.kind].model_validate(channel.options)
    assert len(found.modem) == len(found.channel) == 2


def test_the_webhooks_payload_has_what_the_page_shows() -> None:
    (example,) = examples("json")
    shown = json.loads(example)
    sent = json.loads(_payload("alarm.notification", NOTIFICATION))
    own = {"alarm", "alias", "step", "kind", "response", "truth"}
    assert set(shown) == set(sent)
    assert set(shown["data"]) - own == set(sent["data"]) - set(NOTIFICATION.data)
