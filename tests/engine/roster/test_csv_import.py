"""CSV tables, as spreadsheets write them, and what is wrong with them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DataError
from engine.roster.csv_import import csv_draft
from engine.roster.faults import RosterError
from engine.roster.model import Role, Roster
from engine.roster.rules import roster_of

HEADING = "id,alias,roles,language,zone,country,numbers,sign,fictional"
HERON = "heron,Heron,defender;colleague,sv,Europe/Stockholm,SE,070-174 06 10,Lykta,yes"
NUMBER = "must be a number, with a point for decimals"
MEANINGS = "must be codes and their meanings: code=signal;code=signal"
ONE_CELL = "is one cell: part the columns by commas, semicolons or tabs"
NO_COLUMN = "names no column: the first line has to, in a file saved as UTF-8"
COMMAS_DO = "part the cells, and in the heading commas do: take this line out"
CRANE = "crane,Crane,duty,en,Europe/Stockholm,SE,070-174 06 11,Kettle,yes"


def read(text: str) -> Roster:
    return roster_of(csv_draft(text, "people.csv"))


def faults_of(text: str) -> tuple[DataError, ...]:
    with pytest.raises(RosterError) as caught:
        read(text)
    return caught.value.faults


def told(text: str) -> list[str]:
    return [str(one) for one in faults_of(text)]


def test_people_are_read_from_a_table() -> None:
    roster = read(f"{HEADING}\n{HERON}\n\n{CRANE}\n,,,,,,,,\n")

    assert [one.alias for one in roster.people] == ["Crane", "Heron"]
    assert roster.people[1].numbers == ("+46701740610",)
    assert roster.people[1].roles == {Role.DEFENDER, Role.COLLEAGUE}


def test_a_heading_with_semicolons_and_capitals_is_understood() -> None:
    heading = HEADING.replace(",", ";").upper()
    row = HERON.replace(";", "|").replace(",", ";").replace("|", ",")
    row = row.replace("defender,colleague", '"defender; colleague"')

    assert read(f"{heading}\r\n{row}\r\n").people[0].alias == "Heron"


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
@pytest.mark.parametrize(
    "before",
    [
        [],
        [""],
        ["", "  ", ",,,", ";;", '""'],
        ["sep=D"],
        ['"sep=D"', ""],
        ["", "SEP=D", "DDDD"],
        ["sep="],
        ["sep=|"],
        ["sep=DDDD"],
    ],
)
def test_a_table_of_any_spreadsheet_is_read_with_its_lines(
    delimiter: str, end: str, before: list[str]
) -> None:
    row = HERON.replace("defender;colleague", '"defender;colleague"')
    wrong = CRANE.replace(",en,", ",xx,")
    table = [line.replace(",", delimiter) for line in (HEADING, row, wrong)]
    lines = [line.replace("D", delimiter) for line in before] + table
    draft = csv_draft(end.join(lines), "people.csv")

    assert [person.alias for person, _ in draft.people] == ["Heron"]
    assert [(one.line, one.field) for one in draft.faults] == [
        (len(lines), "person.language")
    ]


def test_the_faults_of_a_heading_stand_on_its_line() -> None:
    text = f"\n\nsep=,\n{HEADING.replace('alias', 'alais')},id\n"

    assert {one.line for one in faults_of(text)} == {4}


@pytest.mark.parametrize("other", ["", ",sign", ",duress_word,id"])
def test_a_missing_heading_gives_nobody_away_bug_all_of_the_row_was_told(
    other: str,
) -> None:
    """The first row took its place: name, number and both words went into the log."""
    said = told(f"{HERON},maple77,otter88,spade{other}\n{CRANE}\n")
    assert said
    for cell in ("heron", "070", "europe", "lykta", "maple77", "otter88", "spade"):
        assert cell not in " ".join(said).casefold()


def test_devices_are_a_table_of_their_own() -> None:
    draft = csv_draft("id,wire_protocol,person\n1,gt06,heron\n", "devices.csv")

    assert [device.person for device, _ in draft.devices] == ["heron"]
    assert draft.faults == ()


def test_the_duty_column_orders_the_rota() -> None:
    rows = [CRANE + ",2", CRANE.replace("rane", "oot").replace("06 11", "06 12") + ",1"]
    roster = read(f"{HEADING},duty\n" + "\n".join(rows))

    assert [one.alias for one in roster.duty()] == ["Coot", "Crane"]


def test_a_line_break_in_quotes_does_not_shift_the_lines() -> None:
    heading = f"{HEADING},place,lat_deg,lon_deg,accuracy_m,given_on"
    row = f'{HERON},"Vis\nby",57.6,18.3,10000,2026-09-01'
    wrong = CRANE.replace(",en,", ",xx,")

    assert [
        (one.line, one.field) for one in faults_of(f"{heading}\n{row}\n{wrong}")
    ] == [
        (2, "person.place"),
        (4, "person.language"),
    ]


@pytest.mark.parametrize(
    ("column", "cell", "reason"),
    [
        ("lat_deg", "57,6", "with a point for decimals"),
        ("lat_deg", "91", "less than or equal to 90"),
        ("lon_deg", "inf", "finite"),
        ("accuracy_m", "", "is missing"),
        ("given_on", "1.9.2026", "must be a date"),
        ("place", " ", "is missing"),
        ("email", "a@b", "is no e-mail address"),
        ("available", "perhaps", "must be yes or no"),
        ("duty", "0", "place on the duty rota"),
        ("duty", "9" * 5000, "place on the duty rota"),
        ("roles", "defnder", "did you mean 'defender'?"),
        ("contacts", "Anna Berg", "entry 1 must be"),
        ("numbers", "+46701740610;+46701740610", "twice"),
        ("id", "", "is missing"),
        ("risk_windows", "daily 22:00-06:00;at night", "window 2 must be written"),
        ("risk_windows", "moon 22:00-06:00", "must be written like"),
        ("risk_windows", "mox 22:00-06:00", "a day that is none of mon tue"),
        ("agreed_text", "1.23457E+15", "16 characters 0-9 and a-f"),
    ],
)
def test_a_wrong_cell_is_named_by_its_column(
    column: str, cell: str, reason: str
) -> None:
    cells = dict(zip(HEADING.split(","), HERON.split(","), strict=True))
    cells |= {"place": "Visby", "lat_deg": "57.6", "lon_deg": "18.3"}
    cells |= {"accuracy_m": "10000", "given_on": "2026-09-01"}
    cells[column] = f'"{cell}"'

    faults = faults_of(",".join(cells) + "\n" + ",".join(cells.values()) + "\n")

    assert [(one.line, one.field) for one in faults] == [(2, f"person.{column}")]
    assert reason in faults[0].reason


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("", "people.csv:1: id: is missing in the heading"),
        (HEADING.replace("alias", "alais") + "\n",
         "people.csv:1: column 2: is no column of this table; did you mean 'alias'?"),
        (HEADING.replace("alias", "") + "\n",
         "people.csv:1: column 2: is no column of this table"),
        (HEADING.replace(",", "|") + f"\n{HERON}\n",
         f"people.csv:1: heading: {ONE_CELL}"),
        ("sep=|\n" + HEADING.replace(",", "|") + f"\n{HERON}\n",
         f"people.csv:2: heading: {ONE_CELL}"),
        (f"\nsep=;\n{HEADING}\n{HERON}\n",
         f"people.csv:2: sep: says that semicolons {COMMAS_DO}"),
        (f"{HERON}\n{CRANE}\n",
         f"people.csv:1: heading: {NO_COLUMN}"),
        (HEADING + ",id\n", "people.csv:1: id: stands twice in the heading"),
        (f"{HEADING}\n{HERON},x\n",
         "people.csv:2: row: has more cells than the heading's 9"),
        (f'{HEADING}\n{HERON}\n"open',
         "people.csv:3: CSV: is no CSV: a quotation mark is open or out of place"),
        (f"{HEADING},duty\n{CRANE},1\n{CRANE.replace('rane', 'oot')},1\n",
         "people.csv:3: person.duty: is taken already, on line 2"),
        (f"{HEADING}\n{HERON}\n{HERON}\n",
         "people.csv:3: person.id: is taken already, on line 2"),
        ("id,wire_protocol,persn\n",
         "people.csv:1: column 3: is no column of this table; did you mean 'person'?"),
        ("id,wire_protocol,person\n1,gt06,\n",
         "people.csv:2: device.person: is missing"),
        ("id,wire_protocol,person,heartbeat_s\n1,gt06,heron,soon\n",
         f"people.csv:2: device.heartbeat_s: {NUMBER}"),
        ("id,wire_protocol,person,heartbeat_s\n1,gt06,heron,3\n",
         "people.csv:2: device.heartbeat_s: should be greater than or equal to 30"),
        ("id,codes\npendant,alarm:9\n",
         f"people.csv:2: profile.codes: {MEANINGS}"),
        ("id,codes\npendant,alarm:9=fell\n",
         "people.csv:2: profile.codes: is no known signal; did you mean 'fall'?"),
        ("id,codes\npendant,alarm:9=fall\npendant,alarm:8=fall\n",
         "people.csv:3: profile.id: is taken already, on line 2"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_told_with_its_line(text: str, fault: str) -> None:
    assert fault in told(text)


@given(st.text('id,;"\n\r\t aye=sp1', max_size=80))
def test_no_text_crashes_the_reader(text: str) -> None:
    draft = csv_draft(text, "people.csv")

    assert all(one.file == "people.csv" for one in draft.faults)
