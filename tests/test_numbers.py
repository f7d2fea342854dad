"""A number in any file that people write is a number: Python takes `true` for 1."""

import importlib
from collections.abc import Iterator
from typing import get_args

import pytest
from pydantic import BaseModel, ValidationError

from adapters.modem.options import ModemOptions
from engine.config import parse_config
from engine.errors import ConfigError
from engine.roster.faults import RosterError
from engine.roster.parse import parse_roster
from tests.engine.test_config import HERE

MODULES = (
    "engine.config",
    "engine.protocol.tables",
    "engine.roster.schema",
    "adapters.channels.options",
    "adapters.channels.smtp_session",
    "adapters.channels.webhook",
    "adapters.channels.mastodon",
)


def models(base: type[BaseModel] = BaseModel) -> Iterator[type[BaseModel]]:
    for model in base.__subclasses__():
        if model.__module__ in MODULES:
            yield model
        yield from models(model)


def numbers() -> list[tuple[type[BaseModel], str, object]]:
    """Return each field of a model that holds a number, with a `true` in its shape."""
    for module in MODULES:
        importlib.import_module(module)
    found: dict[tuple[type[BaseModel], str], object] = {}
    for model in models():
        for name, field in model.model_fields.items():
            kinds = {field.annotation, *get_args(field.annotation)}
            if {int, float} & {getattr(one, "__origin__", one) for one in kinds}:
                is_many = getattr(field.annotation, "__origin__", None) is tuple
                found[model, name] = (True,) if is_many else True
    return [(model, name, said) for (model, name), said in found.items()]


NUMBERS = numbers()


def test_there_are_numbers_of_every_kind() -> None:
    names = {f"{model.__name__}.{name}" for model, name, _ in NUMBERS}
    assert {"Listen.port", "StepTable.rounds", "CheckInTable.warn_s"} <= names
    assert {"SmtpOptions.port", "DeclaredEntry.lat_deg", "Listen.port"} <= names


@pytest.mark.parametrize(("model", "name", "said"), NUMBERS)
def test_true_is_no_number_bug_a_port_could_be_true(
    model: type[BaseModel], name: str, said: object
) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate({name: said})
    assert name in {fault["loc"][0] for fault in refused.value.errors()}


def test_it_is_said_in_words() -> None:
    with pytest.raises(ConfigError) as refused:
        parse_config({"state": "s", "console": {"port": True}}, HERE)
    assert "console.port: expected a number, not true or false" in str(refused.value)


def test_a_modem_and_a_roster_take_no_true_for_a_number_either() -> None:
    with pytest.raises(ConfigError, match="baud"):
        ModemOptions.from_mapping({"baud": True})
    with pytest.raises(RosterError, match="version: must be 1"):
        parse_roster("version = true\n", "roster.toml")
