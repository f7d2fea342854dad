"""Whether the cast's action protocols say all that one can say."""

from collections.abc import Iterator, Mapping

import tomli
from pydantic import BaseModel

from engine.protocol import tables
from engine.protocol.model import Audience, Start
from engine.protocol.parse import sample, sample_names
from engine.protocol.registry import HQ_ALONE, UNKNOWN_DEVICE
from tests.simulation.cast import FOLLOWS, OWN, registry, roster
from tests.simulation.tables import DEFENDERS

TABLES: dict[str, type[BaseModel]] = {
    "": tables.ProtocolTable,
    "step": tables.StepTable,
    "ladder": tables.RungTable,
    "verification": tables.VerificationTable,
    "all_clear": tables.AllClearTable,
    "check_in": tables.CheckInTable,
    "publication": tables.PublicationTable,
    "updates": tables.UpdatesTable,
}


def said_in(table: Mapping[str, object], name: str = "") -> Iterator[tuple[str, str]]:
    """Yield each field that a file says, with the table in which it stands."""
    for key, value in table.items():
        yield name, key
        for part in value if isinstance(value, list) else [value]:
            if isinstance(part, dict):
                yield from said_in(part, key)


def texts() -> Iterator[str]:
    for name in FOLLOWS.values():
        own = OWN / f"{name}.toml"
        yield own.read_text(encoding="utf-8") if own.is_file() else sample(name) or ""


def test_somebody_with_a_device_follows_each_template_and_presses() -> None:
    followed = {str(one.person): one.action_protocol for one in roster().people}
    carriers = {str(device.person) for device in roster().devices}
    assert set(FOLLOWS) == carriers == set(DEFENDERS)
    assert {followed[name] for name in carriers} == set(FOLLOWS.values())
    assert {*sample_names()} - {HQ_ALONE, UNKNOWN_DEVICE} <= set(FOLLOWS.values())


def test_the_cast_says_every_word_of_an_action_protocol() -> None:
    said = {one for text in texts() for one in said_in(tomli.loads(text))}
    words = {
        (name, key) for name, table in TABLES.items() for key in table.model_fields
    }
    assert words - said == set()


def test_the_cast_has_steps_for_everybody_after_everything() -> None:
    steps = [s for name in FOLLOWS.values() for s in registry().of(name).steps]
    assert {step.to for step in steps} == set(Audience)
    assert {*Start} <= {step.after for step in steps}
