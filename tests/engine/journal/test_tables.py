"""Many rows take few statements, and few different ones."""

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.journal import tables
from engine.journal.schema import VERSIONS
from engine.journal.tables import EXACT_MAX, ROWS_MAX, LookUp, Roll, Write, sizes

INTO = Write("INSERT INTO word VALUES {rows}", 2)
OF = LookUp("SELECT word, number FROM word WHERE word IN (VALUES {rows})")
ROLL = Roll(
    "SELECT json_group_array(json_array(asked.column1, number, hex(number)))"
    " FROM (VALUES {rows}) AS asked CROSS JOIN word ON word = asked.column2"
)
PAIRS = LookUp(
    "SELECT word, number FROM word WHERE (word, number) IN (VALUES {rows})", columns=2
)


@pytest.fixture
def connection() -> apsw.Connection:
    made = apsw.Connection(":memory:")
    made.execute("CREATE TABLE word(word TEXT PRIMARY KEY, number INTEGER) STRICT")
    return made


@given(st.integers(0, 5_000))
def test_all_rows_are_written_in_few_statements(count: int) -> None:
    parts = list(sizes(count))

    assert sum(parts) == count
    assert all(0 < part <= ROWS_MAX for part in parts)
    assert len(parts) <= count // ROWS_MAX + ROWS_MAX.bit_length()


def test_there_are_few_different_statements() -> None:
    kinds = {part for count in range(5_000) for part in sizes(count)}

    assert len(kinds) <= EXACT_MAX + ROWS_MAX.bit_length()


@pytest.mark.parametrize("count", [0, 1, 2, 3, 16, 17, 256, 257, 1_000])
def test_what_is_written_is_found_once_each(
    connection: apsw.Connection, count: int
) -> None:
    rows = [(f"w\x00{number}", number) for number in range(count)]
    INTO.run(connection, rows)

    found = sorted(OF.ask(connection, [(word,) for word, _ in rows]))
    pairs = sorted(PAIRS.ask(connection, [*rows, ("absent", 1)]))

    assert found == sorted(rows)
    assert pairs == sorted(rows)


@pytest.mark.parametrize("count", [0, 1, 2, 3, 16, 17, 256, 257, 1_000])
def test_a_roll_finds_what_there_is_whatever_the_keys_are(
    connection: apsw.Connection, count: int
) -> None:
    keys = [f'w\x00"{number}\U0001f6a8' for number in range(count)]
    INTO.run(connection, [(key, number) for number, key in enumerate(keys)])

    found = dict(ROLL.ask(connection, ["absent", *keys, "not there"]))

    expected = {key: [n, str(n).encode().hex()] for n, key in enumerate(keys)}
    assert found == expected


def test_a_roll_is_called_from_its_keys_and_never_from_the_table() -> None:
    made = apsw.Connection(":memory:")
    for text in VERSIONS[0]:
        made.execute(text)
    for roll in (tables.STREAMS, tables.EFFECTS, tables.INBOUND, tables.PLACES):
        text = roll.text.replace("{rows}", "(?, ?), (?, ?)")
        plan = made.execute(f"EXPLAIN QUERY PLAN {text}", (0, "a", 1, "b")).fetchall()
        steps = [str(row[3]) for row in plan]
        assert any(step.startswith("SEARCH") for step in steps), steps
        assert not any("AUTOMATIC" in step for step in steps), steps


def test_rows_go_in_in_their_order(connection: apsw.Connection) -> None:
    rows = [(f"{number}", number) for number in range(300)]

    INTO.run(connection, rows)

    stored = list(connection.execute("SELECT word, number FROM word ORDER BY rowid"))
    assert stored == rows
