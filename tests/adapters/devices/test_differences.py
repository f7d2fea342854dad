"""Each difference from the source of the vectors is one: none excuses too much.

A decoder may come to agree where it once did not; its entry then has to go, since it
would hide the next disagreement.
"""

import inspect
from collections.abc import Callable, Iterator
from importlib import import_module

import pytest

from tests.adapters.devices.mutation import protocols
from tests.adapters.devices.vectors import Vector, load

Test = Callable[[Vector], None]


def _differences() -> Iterator[tuple[str, str, str]]:
    for name in sorted({protocol.name for protocol in protocols().values()}):
        module = import_module(f"tests.adapters.devices.test_{name}")
        for vector, aspects in getattr(module, "DIFFERS", {}).items():
            for aspect in aspects:
                yield name, vector, aspect


def _agreement(module: object) -> Test:
    """Return the test that holds each vector of a wire protocol to its source."""
    tests: list[Test] = [
        found
        for name, found in vars(module).items()
        if name.startswith("test_") and "assert_agrees(" in inspect.getsource(found)
    ]
    assert len(tests) == 1
    return tests[0]


@pytest.mark.parametrize(("name", "vector", "aspect"), sorted(_differences()))
def test_an_aspect_that_is_said_to_differ_does(
    name: str, vector: str, aspect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = next((one for one in load(name) if one.name == vector), None)
    if found is None:
        pytest.skip("the vectors are not there")
    module = import_module(f"tests.adapters.devices.test_{name}")
    others = set(module.DIFFERS[vector]) - {aspect}
    monkeypatch.setitem(module.DIFFERS, vector, frozenset(others))
    # Also an alarm for which the tests have no word, and the year 12842.
    with pytest.raises((AssertionError, KeyError, ValueError)):
        _agreement(module)(found)
