"""Lines of values in TOML agree with what tomli reads."""

import tomli
from hypothesis import given
from hypothesis import strategies as st

from engine.roster.toml_lines import nearest_line, value_lines
from tests.engine.roster.rosters import TEXTS

TRICKY = '''\
top = 1 # a comment with [brackets]
"quoted key" = "text with # and ]"

[[person]]
id = "a"
list = [ "x]", # comment ]
  'y#',
  [1,
   2],
]
table = { one = 1, two = { three = "}" } }
text = """
[[person]]
id = "not here" \\"""
"""
literal = \'\'\'
id = 1\'\'\'
[person.declared]
dotted.key = 2026-09-01T00:00:00Z

[[person]]
id = "b"

  [[person.thing]]
  a = 1
  [[person.thing]]
  a = 2
'''

KEYS = st.text("abAB-_0", min_size=1, max_size=3) | TEXTS
SCALARS = st.one_of(
    st.integers(-9, 9).map(str),
    st.sampled_from(["true", "1.5e-3", "2026-09-01", "'#[]{}'", '"\\"]}#="', '""']),
    st.sampled_from(['"""\n#"]\n"""', "'''\n}\n'''", '"""a\\"""b"""']),
)


def paths_of(value: object, path: tuple[str | int, ...] = ()) -> set[object]:
    inner: dict[str | int, object] = {}
    match value:
        case dict():
            inner = dict(value)
        case list():
            inner = dict(enumerate(value))
    found: set[object] = {path} if path else set()
    for key, one in inner.items():
        found |= paths_of(one, (*path, key))
    return found


def quoted(key: str) -> str:
    plain = all(c.isascii() and (c.isalnum() or c in "-_") for c in key)
    return key if plain else "'" + key.replace("'", "-") + "'"


@st.composite
def values(draw: st.DrawFn, depth: int = 2) -> str:
    if depth == 0 or draw(st.booleans()):
        return draw(SCALARS)
    if draw(st.booleans()):
        items = draw(st.lists(values(depth=depth - 1), max_size=3))
        glue = draw(st.sampled_from([", ", ",\n  # a ] comment\n  "]))
        return "[" + glue.join(items) + "]"
    keys = draw(st.lists(KEYS, max_size=3, unique_by=quoted))
    pairs = [f"{quoted(key)} = {draw(values(depth=depth - 1))}" for key in keys]
    return "{ " + ", ".join(pairs) + " }"


@st.composite
def documents(draw: st.DrawFn) -> str:
    lines: list[str] = []
    for table in draw(st.lists(st.sampled_from(["", "[[row]]"]), max_size=4)):
        if table or not lines:
            lines.append(table)
            for key in draw(st.lists(KEYS, max_size=4, unique_by=quoted)):
                space = draw(st.sampled_from(["", "\n", "# comment\n"]))
                lines.append(f"{space}{quoted(key)} = {draw(values())}")
    return "\n".join(lines)


def test_every_value_of_a_tricky_text_has_its_line() -> None:
    lines = value_lines(TRICKY)

    assert set(lines) == paths_of(tomli.loads(TRICKY))
    for path, wanted in {
        ("quoted key",): "quoted key",
        ("person", 0): "[[person]]",
        ("person", 0, "list", 0): '"x]"',
        ("person", 0, "list", 1): "'y#'",
        ("person", 0, "list", 2, 1): "2],",
        ("person", 0, "table", "two", "three"): "table =",
        ("person", 0, "text"): "text =",
        ("person", 0, "declared", "dotted", "key"): "dotted.key",
        ("person", 1, "id"): 'id = "b"',
        ("person", 1, "thing", 1, "a"): "a = 2",
    }.items():
        assert wanted in TRICKY.splitlines()[lines[path] - 1]


@given(documents())
def test_paths_are_exactly_those_that_tomli_reads(text: str) -> None:
    assert set(value_lines(text)) == paths_of(tomli.loads(text))


@given(st.text("[]{}\"'=#.,\n ab1\\", max_size=60))
def test_text_that_is_no_toml_ends_all_the_same(text: str) -> None:
    assert all(1 <= line <= text.count("\n") + 1 for line in value_lines(text).values())


def test_windows_line_ends_count_once() -> None:
    assert value_lines("a = 1\r\nb = 2\r\n")[("b",)] == 2


def test_a_missing_value_is_near_its_table() -> None:
    lines = value_lines(TRICKY)

    assert nearest_line(lines, ("person", 1, "alias")) == lines[("person", 1)]
    assert nearest_line(lines, ("device", 0)) is None
