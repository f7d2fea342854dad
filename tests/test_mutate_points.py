"""Which mistakes `tools.mutate` makes, and that each is one mistake."""

import ast

import pytest

from tools.mutate import without_survivors
from tools.mutate_points import mutants


def made(body: str) -> set[str]:
    """Return what is changed in a function of one line, as `kind: new words`."""
    source = f"def f(a, b, c):\n    {body}\n"
    return {f"{one.what}: {one.after}" for one in mutants(source)}


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("return a < b", {"comparison: a <= b"}),
        ("return a is b", {"comparison: a is not b"}),
        ("return a + b", {"operator: a - b"}),
        ("return True", {"constant: False"}),
        ("return 5", {"constant: 6"}),
        ("return min(a)", {"call: max(a)"}),
        ("return not a", {"not dropped: a"}),
        ("return a if b else c", {"one branch: a", "other branch: c"}),
        ("return a and b", {"and, or: a or b", "part dropped: a", "part dropped: b"}),
        ("return replace(a, x=b)", {"field not set: replace(a)"}),
        ("return [x for x in a if x]", {"filter dropped: for x in a"}),
        ("'A sentence.'", set()),
    ],
)
def test_a_mistake_of_each_kind_is_made(body: str, expected: set[str]) -> None:
    assert made(body) == expected


def test_what_never_runs_is_left_alone() -> None:
    assert made("x: int | None = a") == set()
    assert list(mutants("x = 1 < 2\n")) == []


def test_a_mutant_is_the_module_with_one_mistake_in_it() -> None:
    source = "def f(a):\n    return a < 1\n\ndef g(a):\n    return a < 1\n"
    first, *others = mutants(source)
    assert (first.function, first.line) == ("f", 2)
    assert ast.unparse(first.tree) == source.strip().replace("<", "<=", 1)
    assert {other.function for other in others} == {"f", "g"}
    assert len({one.key for one in (first, *others)}) == 1 + len(others)


def test_again_means_the_survivors_of_the_named_modules_alone() -> None:
    record = {
        "force": {"one": "killed", "two": "survived", "three": "never ended"},
        "decide": {"one": "survived"},
    }
    assert without_survivors(record, ["force"]) == {
        "force": {"one": "killed", "three": "never ended"},
        "decide": {"one": "survived"},
    }
