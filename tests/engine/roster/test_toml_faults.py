"""What is wrong with a TOML roster is told with file, line and field, all at once."""

from pathlib import Path

import pytest

from engine.errors import DataError
from engine.roster.faults import RosterError
from engine.roster.parse import load_roster, parse_roster

HERON = """\
[[person]]
id = "heron"
alias = "Heron"
roles = ["defender", "colleague"]
language = "sv"
zone = "Europe/Stockholm"
country = "SE"
numbers = ["070-174 06 10"]
sign = "Lykta"
circles = ["amber"]
fictional = true
declared = { name = "Visby", lat_deg = 57.6, lon_deg = 18.3, accuracy_m = 1e4, given_on = 2026-09-01 }
"""  # noqa: E501 - an inline table is one line
CRANE = HERON.replace("heron", "crane").replace("Heron", "Crane")
CRANE = CRANE.replace("06 10", "06 11").replace("Lykta", "Spade")

ONE_FIELD = [
    ('id = "heron"', 'id = "Anna Berg"', "id", "a-z"),
    ('id = "heron"\n', "", "id", "is missing"),
    ('alias = "Heron"', "alias = 7", "alias", "must be text"),
    ('alias = "Heron"', 'alias = "Цапля"', "alias", "GSM-7"),
    ('alias = "Heron"', 'alias = "Heron 2"', "alias", "GSM-7"),
    ('alias = "Heron"', 'alias = "Heronheronheron"', "alias", "2 to 12"),
    ('"colleague"', '"colleage"', "roles", "did you mean 'colleague'?"),
    ('"colleague"', '"defender"', "roles", "twice"),
    ('["defender", "colleague"]', "[]", "roles", "at least 1"),
    ('["defender", "colleague"]', '"defender"', "roles", "must be a list"),
    ('"sv"', '"swe"', "language", "it is one of en, sv, ru, es, fr, ar"),
    ('"Europe/Stockholm"', '"Europe/Stokholm"', "zone", "'Europe/Stockholm'?"),
    ('"Europe/Stockholm"', '"Europe"', "zone", "is no IANA time zone"),
    ('"Europe/Stockholm"', '"../../etc/passwd"', "zone", "is no IANA time zone"),
    ('"SE"', '"Sweden"', "country", "is no known country"),
    ('"SE"', '"se"', "country", "did you mean 'SE'?"),
    ('"070-174 06 10"', '"one"', "numbers", "number 1 is not a telephone number"),
    ('"070-174 06 10"', '"070"', "numbers", "too short"),
    ('"070-174 06 10"', '"+46701740610;ext=3"', "numbers", "extension"),
    ('"070-174 06 10"', '"+46701740610", "070-1740610"', "numbers", "twice"),
    ('"Lykta"', '"Ly"', "sign", "3 to 10"),
    ('"Lykta"', '"Lykta1"', "sign", "letters"),
    ('"Lykta"', '"Фонарь"', "sign", "160 characters"),
    ('"Lykta"', '"abc\\u202e"', "sign", "letters"),
    ('sign = "Lykta"\n', "", "sign", "is missing"),
    ('numbers = ["070-174 06 10"]\n', "", "numbers", "told by SMS"),
    ('["amber"]', '["Tashkent!"]', "circles", "entry 1 must be"),
    ("fictional = true", 'fictional = "yes"', "fictional", "true or false"),
    ("lat_deg = 57.6", "lat_deg = 157.6", "declared.lat_deg", "less than or equal"),
    ("lat_deg = 57.6", "lat_deg = nan", "declared.lat_deg", "finite"),
    ("lon_deg = 18.3", "lon_deg = true", "declared.lon_deg", "must be a number"),
    ("accuracy_m = 1e4", "accuracy_m = 0", "declared.accuracy_m", "greater than 0"),
    ("2026-09-01", '"1 Sept"', "declared.given_on", "must be a date"),
    ("2026-09-01", "2026-09-01T10:00:00", "declared.given_on", "must be a date"),
    ("lat_deg", "lat_dg", "declared.lat_dg", "did you mean 'lat_deg'?"),
    ("circles", "circle", "circle", "did you mean 'circles'?"),
    (
        "fictional = true",
        "fictional = true\ncontacts = ['swan']",
        "contacts",
        "names nobody",
    ),
    (
        "fictional = true",
        "fictional = true\ncontacts = ['heron']",
        "contacts",
        "in person",
    ),
    ("fictional = true", "risk_windows = ['x']", "risk_windows", "window 1 must"),
    (
        "fictional = true",
        "risk_windows = ['2026-02-30 10:00 to 2026-03-01 10:00']",
        "risk_windows",
        "no calendar",
    ),
    (
        "fictional = true",
        "risk_windows = ['2026-02-03 10:00 to 2026-02-03 09:00']",
        "risk_windows",
        "must end after",
    ),
    ("fictional = true", "publish_consent = 'all'", "publish_consent", "none, anon"),
    ("fictional = true", "addresses = ['a@b.se']", "addresses", "must be a table"),
    ("fictional = true", "agreed_text = 'Text: 1'", "agreed_text", "after Text:"),
    (
        "fictional = true",
        "agreed_text = ''",
        "agreed_text",
        "16 characters 0-9 and a-f",
    ),
    ("fictional = true", "agreed_text = 1234567890123456", "agreed_text", "in quotes"),
    ("fictional = true", "agreed_text = '0123456789ABCDEF'", "agreed_text", "a-f"),
    (
        'roles = ["defender", "colleague"]',
        "roles = ['colleague']\nagreed_text = '0123456789abcdef'",
        "agreed_text",
        'is for people with the role "defender"',
    ),
]


def faults_of(text: str) -> tuple[DataError, ...]:
    with pytest.raises(RosterError) as caught:
        parse_roster(text, "roster.toml")
    return caught.value.faults


@pytest.mark.parametrize(("old", "new", "field", "reason"), ONE_FIELD)
def test_a_wrong_field_is_named_with_its_line(
    old: str, new: str, field: str, reason: str
) -> None:
    assert HERON.count(old) == 1
    text = HERON.replace(old, new)

    faults = faults_of(text)
    named = [one for one in faults if one.field == f"person.{field}"]

    assert named, [str(one) for one in faults]
    assert reason in named[0].reason
    assert named[0].file == "roster.toml"
    missing = new == ""
    key = "[[person]]" if missing else new.splitlines()[-1]
    line = text.splitlines()[(named[0].line or 0) - 1]
    assert key in line


@pytest.mark.parametrize(
    ("channel", "address", "field", "reason"),
    [
        ("sms", "+46701740610", "addresses.channel", "belongs into numbers"),
        ("emial", "a@post.example", "addresses.channel", "did you mean 'email'?"),
        ("E Mail", "a@post.example", "addresses.channel", "is no known channel"),
        ("email", "a@post", "addresses.address", "is no e-mail address"),
        ("email", " a@post.example", "addresses.address", "printable text"),
        ("webhook", "http://hq.example/", "addresses.address", "https://"),
        ("webhook", "http://127.0.0.1.hq.example", "addresses.address", "https://"),
        ("webhook", "https://[hq", "addresses.address", "https://"),
        ("matrix", "", "addresses.address", "at least 1"),
    ],
)
def test_a_wrong_address_is_named_with_its_line(
    channel: str, address: str, field: str, reason: str
) -> None:
    table = f'{{ channel = "{channel}", address = "{address}" }}'

    (fault,) = faults_of(f"{HERON}addresses = [\n{table},\n]\n")

    assert (fault.line, fault.field) == (14, f"person.{field}")
    assert reason in fault.reason


@pytest.mark.parametrize(
    ("channel", "address"),
    [
        ("email", "heron@post.example"),
        ("webhook", "https://hq.example/alarms"),
        ("webhook", "http://127.0.0.1:8080/"),
        ("matrix", "@heron:hq.example"),
    ],
)
def test_a_channel_of_a_plug_in_is_taken_at_its_word(
    channel: str, address: str
) -> None:
    table = f'{{ channel = "{channel}", address = "{address}" }}'
    roster = parse_roster(f"{HERON}addresses = [{table}]\n", "roster.toml")

    assert roster.people[0].addresses_on(channel) == (address,)


def test_all_faults_of_all_people_are_told_at_once() -> None:
    text = HERON.replace('"sv"', '"xx"').replace('"SE"', '"XX"')
    text += CRANE.replace("2026-09-01", "1").replace("fictional", "fictonal")
    text += '[[device]]\nid = "?"\n'

    fields = [(one.line, one.field) for one in faults_of(text)]

    assert fields == [
        (5, "person.language"),
        (7, "person.country"),
        (20, "person.numbers"),
        (23, "person.fictonal"),
        (24, "person.declared.given_on"),
        (25, "device.wire_protocol"),
        (25, "device.person"),
        (26, "device.id"),
    ]


def test_the_error_is_a_data_error_with_the_first_fault() -> None:
    with pytest.raises(DataError) as caught:
        parse_roster(HERON.replace('"sv"', '"xx"'), "roster.toml")

    assert (caught.value.line, caught.value.field) == (5, "person.language")
    assert str(caught.value).startswith("roster.toml:5: person.language: ")


def test_no_fault_quotes_a_name_a_number_or_a_place() -> None:
    secrets = ("Anna Berg", "+46812345678901", "Hemlandet", "Annas", "Storgatan")
    text = HERON.replace('"heron"', '"Anna Berg"').replace('"Heron"', '"Anna Berg."')
    text = text.replace("070-174 06 10", "+46812345678901").replace("Visby", "\\t")
    text = text.replace("Europe/Stockholm", "Hemlandet").replace("Lykta", "Annas ord")
    text = text.replace('["amber"]', '["Storgatan 1"]').replace('"SE"', '"Hemlandet"')
    text = text.replace('"sv"', '"Annas"').replace('"colleague"', '"Annas vän"')

    told = "\n".join(str(one) for one in faults_of(text))

    assert told.count("\n") >= 8
    assert not [one for one in secrets if one in told]


def test_an_id_or_alias_taken_twice_names_the_first_line() -> None:
    text = HERON + CRANE.replace('"crane"', '"heron"').replace('"Crane"', '"HERON"')

    told = [str(one) for one in faults_of(text)]

    assert told == [
        "roster.toml:14: person.id: is taken already, on line 2",
        "roster.toml:15: person.alias: is taken already, on line 3",
    ]


def test_the_sign_of_somebody_in_the_same_circle_is_refused() -> None:
    text = HERON + CRANE.replace('"Spade"', '"lykta"')
    apart = text.replace("amber", "coral", 1)

    assert [str(one) for one in faults_of(text)] == [
        "roster.toml:21: person.sign: is that of somebody in the same circle, on line 9"
    ]
    assert len(parse_roster(apart, "roster.toml").people) == 2


def test_a_contact_with_the_defenders_own_number_is_refused() -> None:
    heron = HERON + 'contacts = ["crane"]\n'
    text = heron + CRANE.replace("06 11", "06 10")

    (fault,) = faults_of(text)

    assert fault.field == "person.contacts"
    assert "own number" in fault.reason


def test_a_contact_who_cannot_be_reached_is_refused() -> None:
    silent = '[[person]]\nid = "owl"\nalias = "Owl"\nroles = ["operator"]\n'
    silent += 'language = "en"\nzone = "UTC"\ncountry = "GB"\n'
    text = HERON + 'contacts = ["owl"]\n' + silent

    assert "no number and no address" in faults_of(text)[0].reason
    assert (
        "a number or an address"
        in faults_of(silent.replace("operator", "contact"))[0].reason
    )


@pytest.mark.parametrize(
    ("table", "line", "field", "reason"),
    [
        ('[[device]]\nid = "1"\nwire_protocol = "gt06"\nperson = "swan"\n', 16,
         "device.person", "names nobody"),
        ('[[device]]\nid = "1"\nwire_protocol = "gt06"\n', 13,
         "device.person", "is missing"),
        ('[[device]]\nid = "a b"\nwire_protocol = "gt06"\nperson = "heron"\n', 14,
         "device.id", "that the device sends"),
        ('[rota]\nduty = [\n"swan"]\n', 15, "rota.duty", "names nobody"),
        ('[rota]\nduty = ["heron"]\n', 14, "rota.duty", 'without the role "duty"'),
        ('[rota]\ndutty = ["heron"]\n', 14, "rota.dutty", "did you mean 'duty'?"),
        ("[[rota]]\nduty = []\n", 13, "rota", "must be a table"),
        ("[persons]\n", 13, "persons", "did you mean 'person'?"),
        ("[device]\nid = '1'\n", 13, "device", "[[device]]"),
    ],
)  # fmt: skip
def test_a_wrong_table_is_named_with_its_line(
    table: str, line: int, field: str, reason: str
) -> None:
    (fault,) = faults_of(HERON + table)

    assert (fault.line, fault.field) == (line, field)
    assert reason in fault.reason


def test_a_device_of_somebody_who_is_no_defender_is_refused() -> None:
    device = '[[device]]\nid = "1"\nwire_protocol = "gt06"\nperson = "heron"\n'
    text = HERON.replace('"defender", ', "") + device

    assert "without the role" in faults_of(text)[0].reason


def test_another_version_of_the_format_is_refused() -> None:
    (fault,) = faults_of("version = 2\n" + HERON)

    assert (fault.line, fault.field) == (1, "version")


def test_a_refused_person_leaves_no_dangling_references_behind() -> None:
    text = HERON + 'contacts = ["crane"]\n' + CRANE.replace('"sv"', '"xx"')

    assert [one.field for one in faults_of(text)] == ["person.language"]


@pytest.mark.parametrize(
    ("text", "line"),
    [("a = 1\nb = \n", 2), ("a = 1\n[[person]\n", 2), ("a = 1\nb = [", 2)],
)
def test_text_that_is_no_toml_is_told_with_its_line(text: str, line: int) -> None:
    (fault,) = faults_of(text)

    assert (fault.line, fault.field) == (line, "TOML")


def test_toml_nested_without_end_is_a_fault_and_no_crash() -> None:
    faults = faults_of("a = " + "[" * 100_000)

    assert faults[0].field == "TOML"


def test_references_may_cross_files_and_faults_name_the_right_one(
    tmp_path: Path,
) -> None:
    (tmp_path / "people.toml").write_text(HERON + CRANE, encoding="utf-8")
    (tmp_path / "more.toml").write_text(HERON, encoding="utf-8")
    (tmp_path / "devices.csv").write_text(
        "id,wire_protocol,person\n1,gt06,heron\n", encoding="utf-8"
    )

    roster = load_roster([tmp_path / "people.toml", tmp_path / "devices.csv"])
    with pytest.raises(RosterError) as caught:
        load_roster([tmp_path / "people.toml", tmp_path / "more.toml"])

    assert len(roster.devices) == 1
    assert "more.toml:2: person.id: is taken already, on line 2 of people.toml" in str(
        caught.value
    )


@pytest.mark.parametrize(
    ("name", "content", "reason"),
    [
        ("roster.toml", b"\xff\xfe", "is no UTF-8 text"),
        ("roster.yaml", b"", ".toml, .csv or .tsv"),
        ("roster.toml", None, "check the path"),
        ("roster.toml", b"#" * (16 * 1024 * 1024 + 1), "larger than 16 MiB"),
    ],
)
def test_a_file_that_cannot_be_a_roster_says_why(
    tmp_path: Path, name: str, content: bytes | None, reason: str
) -> None:
    if content is not None:
        (tmp_path / name).write_bytes(content)

    with pytest.raises(RosterError, match=reason) as caught:
        load_roster([tmp_path / name])

    assert (caught.value.file, caught.value.field) == (name, "file")


def test_several_wrong_files_are_told_together(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text("a = ", encoding="utf-8")

    with pytest.raises(RosterError) as caught:
        load_roster([tmp_path / "a.toml", tmp_path / "b.csv"])

    assert [one.file for one in caught.value.faults] == ["a.toml", "b.csv"]


def test_a_byte_order_mark_is_no_fault(tmp_path: Path) -> None:
    (tmp_path / "a.toml").write_text(HERON, encoding="utf-8-sig")

    assert len(load_roster([tmp_path / "a.toml"]).people) == 1
