"""`docs/modem.md` names every option, every switch and every vector we differ on."""

from dataclasses import fields
from pathlib import Path

import pytest

from adapters.modem.options import ModemOptions
from adapters.modem.virtual_faults import switch_names
from tests.adapters.modem.test_pdu_vectors import WRONG

DOCUMENT = (Path(__file__).parents[3] / "docs" / "modem.md").read_text("utf-8")


@pytest.mark.parametrize(
    "name", [*(f.name for f in fields(ModemOptions)), *switch_names()]
)
def test_a_name_that_people_set_is_documented(name: str) -> None:
    assert f"`{name}`" in DOCUMENT


@pytest.mark.parametrize("vector", [*WRONG, "v455"])
def test_a_vector_that_we_hold_to_be_wrong_is_documented(vector: str) -> None:
    assert vector in DOCUMENT
