"""From one configuration to the next: what changes, what stays, what must wait."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.config import Config, parse_config
from engine.errors import ConfigError
from engine.protocol.registry import load_registry
from engine.reload.plan import (
    AUDITOR,
    PER_PROCESS,
    ROSTER,
    Changes,
    Refused,
    Settings,
    plan,
)
from engine.roster.model import Roster
from engine.roster.sample import sample_roster

FOLDER = Path("/etc/natalia")
REGISTRY = load_registry(None, "standard")
PEOPLE = sample_roster()
TABLE: dict[str, object] = {
    "state": "/var/lib/natalia",
    "console": {"port": 8620},
    "gateway": {
        "gt06": {
            "port": 5023,
            "tls": {"port": 5024, "cert_file": "cert.pem", "key_file": "key.pem"},
        }
    },
    "modem": [
        {"name": "modem-1", "port": "/dev/ttyUSB0"},
        {"name": "modem-2", "port": "/dev/ttyUSB1"},
    ],
    "channel": [
        {"name": "email", "kind": "email", "options": {"password_file": "mail"}},
        {"name": "hook", "kind": "webhook", "options": {"secret_file": "hook"}},
    ],
    "hq": [{"channel": "email", "address": "duty@hq.example"}],
}
READ = {
    FOLDER / name: name.encode() for name in ("cert.pem", "key.pem", "mail", "hook")
}


def settings(**changed: object) -> Settings:
    """Return what was read, with other top keys of the configuration."""
    config = parse_config({**TABLE, **changed}, FOLDER)
    return Settings(config=config, registry=REGISTRY, roster=PEOPLE, digests=READ)


def changes(new: Settings, people: Roster = PEOPLE) -> Changes:
    found = plan(settings(), new, people)
    assert isinstance(found, Changes)
    return found


def test_the_same_files_change_nothing_and_every_actor_stays() -> None:
    found = changes(settings())
    assert (found.changed, found.restart) == ((), ())
    assert found.modems == {"modem-1", "modem-2"}
    assert found.channels == {"email", "hook"}
    assert found.settings == settings()


MODEM = {"name": "modem-2", "port": "/dev/ttyUSB9"}
CHANNEL = {"name": "email", "kind": "email", "options": {"password_file": "mail"}}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"hq": []}, ["hq"]),
        ({"public": [{"channel": "hook"}], "hq": []}, ["hq", "public"]),
        ({"hq_language": "sv"}, ["hq_language"]),
        ({"console": {"address": "https://hq.example"}}, ["console.address"]),
        (
            {"modem": [MODEM, {**MODEM, "name": "modem-3"}]},
            ["modem.modem-1 removed", "modem.modem-2 changed", "modem.modem-3 added"],
        ),
        (
            {"channel": [{**CHANNEL, "lanes": 2}, {**CHANNEL, "name": "post"}]},
            ["channel.email changed", "channel.hook removed", "channel.post added"],
        ),
    ],
)
def test_what_changes_is_named_by_its_key(
    changed: dict[str, object], said: list[str]
) -> None:
    found = changes(settings(**changed))
    assert list(found.changed) == said
    assert found.restart == ()


def test_only_the_modem_that_changed_leaves_its_place() -> None:
    found = changes(
        settings(modem=[MODEM, {"name": "modem-1", "port": "/dev/ttyUSB0"}])
    )
    assert found.modems == {"modem-1"}
    assert found.channels == {"email", "hook"}


def test_a_secret_of_the_same_path_with_other_content_changes_its_channel() -> None:
    new = replace(settings(), digests={**READ, FOLDER / "hook": b"rotated"})
    found = changes(new)
    assert found.changed == ("channel.hook changed",)
    assert found.channels == {"email"}


def test_a_renewed_certificate_is_named_and_touches_no_actor() -> None:
    new = replace(settings(), digests={**READ, FOLDER / "cert.pem": b"renewed"})
    found = changes(new)
    assert found.changed == ("gateway.gt06.tls certificate",)
    assert found.channels == {"email", "hook"}


def gateway(**tls: object) -> dict[str, object]:
    files = {"cert_file": "cert.pem", "key_file": "key.pem"}
    return {"gt06": {"port": 5023, "tls": {"port": 5024, **files, **tls}}}


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"state": "/elsewhere"}, ["state"]),
        ({"log": "text"}, ["log"]),
        ({"proxies": ["127.0.0.1"]}, ["proxies"]),
        ({"demo": True, "modem": [], "hq": []}, ["demo"]),
        ({"console": {"port": 1, "host": "::1"}}, ["console.host", "console.port"]),
        ({"metrics": {"port": 1}}, ["metrics.port"]),
        ({"gateway": {}}, ["gateway.gt06", "gateway.gt06.tls"]),
        ({"gateway": gateway(port=1)}, ["gateway.gt06.tls"]),
        ({"gateway": {**gateway(), "h02": {"port": 1}}}, ["gateway.h02"]),
        ({"auditor": {"every_s": 5}}, [AUDITOR]),
    ],
)
def test_what_only_a_restart_changes_is_named_and_stays_as_it_is(
    changed: dict[str, object], said: list[str]
) -> None:
    found = changes(settings(**changed))
    assert list(found.restart) == said
    kept = found.settings.config
    for key in (*PER_PROCESS, "console", "metrics", "gateway"):
        assert getattr(kept, key) == getattr(settings().config, key)


def test_no_key_of_the_configuration_is_left_out() -> None:
    """A new key is put in force, or named as one that needs a restart."""
    in_force = {"hq", "public", "hq_language", "protocols", "modem", "channel"}
    bound = {"console", "metrics", "gateway"}
    elsewhere = {"roster", "auditor"}
    planned = in_force | bound | elsewhere | set(PER_PROCESS)
    assert planned == Config.model_fields.keys()


def test_a_roster_file_that_was_edited_is_named_with_the_command_for_it() -> None:
    assert changes(replace(settings(), roster=Roster())).restart == (ROSTER,)


def test_what_waits_for_a_restart_is_named_again_at_the_next_reload() -> None:
    new = settings(metrics={"port": 1})
    again = plan(changes(new).settings, new, PEOPLE)
    assert isinstance(again, Changes)
    assert again.restart == ("metrics.port",)


def without(name: str) -> Settings:
    left = {key: one for key, one in REGISTRY.protocols.items() if key != name}
    return replace(settings(), registry=replace(REGISTRY, protocols=left))


def test_taking_away_an_action_protocol_that_people_have_is_refused() -> None:
    people = Roster(
        people=tuple(
            replace(person, action_protocol="careful") for person in PEOPLE.people[:2]
        )
    )
    found = plan(settings(), without("careful"), people)
    assert isinstance(found, Refused)
    (reason,) = found.reasons
    assert isinstance(reason, ConfigError)
    assert reason.key == "protocols.folder"
    assert reason.cure.startswith("2 people ")
    assert isinstance(plan(settings(), without("careful"), PEOPLE), Changes)


def test_one_that_was_missing_before_refuses_nothing() -> None:
    people = Roster(people=(replace(PEOPLE.people[0], action_protocol="careful"),))
    before = without("careful")
    assert isinstance(plan(before, before, people), Changes)


def test_action_protocols_are_counted_and_never_named() -> None:
    """A file may have a person's name."""
    names = sorted(REGISTRY.protocols)
    changed = {**REGISTRY.protocols, "wren": REGISTRY.protocols["careful"]}
    changed[names[0]] = REGISTRY.protocols[names[1]]
    new = replace(settings(), registry=replace(REGISTRY, protocols=changed))
    assert changes(new).changed == ("protocols: 1 added, 1 changed",)


NAMES = st.lists(st.sampled_from("abcd"), unique=True)


@given(NAMES, NAMES)
def test_each_channel_stays_or_is_said_to_change(
    old: list[str], new: list[str]
) -> None:
    def made(names: list[str]) -> Settings:
        tables = [{"name": name, "kind": "webhook"} for name in names]
        return settings(channel=tables, hq=[])

    found = plan(made(old), made(new), PEOPLE)
    assert isinstance(found, Changes)
    assert found.channels == set(old) & set(new)
    said = {one.split(".")[1].split()[0] for one in found.changed}
    assert said == set(old) ^ set(new)
    assert _names(found.settings.config) == new


def _names(config: Config) -> list[str]:
    return [table.name for table in config.channel]
