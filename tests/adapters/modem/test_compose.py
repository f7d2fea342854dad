"""One part for one alarm: what must survive does, and nothing is split."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

# ruff: noqa: RUF001 -- Russian texts are what is tested
from adapters.modem import gsm7, pdu_text
from adapters.modem.compose import OnePart, Piece, fit, fit_text, piece_of, segments
from adapters.modem.pdu_fields import Charset
from adapters.modem.transliterate import Transliteration, transliterate

ALARM = (
    Piece(text="SOS K7F2", priority=0),
    Piece(text="Heron", priority=1),
    Piece(text="41.31151,69.27974 +-20m, 2 min ago.", priority=0),
    Piece(text="Not confirmed. Do not go alone.", priority=3),
    Piece(text="Answer K7F2 1 coming 2 cannot 3 need help.", priority=2),
    Piece(text="Lantern", priority=1),
)
RUSSIAN = (
    Piece(text="SOS K7F2", priority=0),
    Piece(text="Цапля", priority=1),
    Piece(text="41.31151,69.27974 +-20м, 2 мин", priority=0),
    Piece(text="Не подтверждено. Не ходите в одиночку.", priority=3),
    Piece(text="Ответ K7F2 1 иду 2 не могу 3 нужна помощь", priority=2, shortest=12),
    Piece(text="Фонарь", priority=1),
)


def _is_one_part(part: OnePart) -> bool:
    data = pdu_text.build(
        part.text, part.charset, locking=part.locking, single=part.single
    )
    encoded = pdu_text.encode(data)
    limit = 160 if part.charset is Charset.GSM7 else 140
    return encoded[0] <= limit and len(encoded) <= 141


def test_an_alarm_in_english_fits_as_it_is() -> None:
    part = fit(ALARM)
    assert part.charset is Charset.GSM7
    assert not part.cut
    assert _is_one_part(part)


def test_an_alarm_in_russian_keeps_code_place_and_age() -> None:
    part = fit(RUSSIAN)
    assert part.charset is Charset.UCS2
    assert part.cut
    assert part.text.startswith("SOS K7F2")
    assert "41.31151,69.27974 +-20м, 2 мин" in part.text
    assert "одиночку" not in part.text
    assert _is_one_part(part)


def test_what_was_given_up_comes_back_where_the_last_to_go_leaves_room() -> None:
    """A place lost metres for a warning that went in the end all the same."""
    place = piece_of(((3, "41.31151,69.27974"), (1, "41.31,69.28")))
    warning = Piece(text="b" * 20, priority=2)
    kept = []
    for length in (121, 127, 128, 142, 143, 148):
        part = fit((place, warning, Piece(text="a" * length, priority=0)))
        assert _is_one_part(part)
        kept.append([one for one in part.text.split() if "a" not in one])
    whole, rounded, warned = "41.31151,69.27974", "41.31,69.28", "b" * 20
    assert kept[:2] == [[whole, warned], [rounded, warned]]
    assert kept[2:] == [[whole], [whole], [rounded], [rounded]]


def test_an_alarm_in_russian_says_all_in_other_letters_by_choice() -> None:
    part = fit(RUSSIAN, transliteration=Transliteration.LETTERS)
    assert part.charset is Charset.GSM7
    assert "Tsaplya" in part.text
    assert "odinochku" in part.text
    assert _is_one_part(part)


def test_one_curly_quote_does_not_halve_the_room() -> None:
    part = fit_text("Don\u2019t go alone \u2013 wait. " + "x" * 80)
    assert part.charset is Charset.GSM7
    assert part.text.startswith("Don't go alone - wait.")


def test_a_shift_table_is_used_only_for_a_phone_that_reads_it() -> None:
    hindi = "मदद " * 30
    assert fit_text(hindi).charset is Charset.UCS2
    part = fit((Piece(text=hindi.strip(), priority=0),), languages=(6,))
    assert (part.charset, part.locking) == (Charset.GSM7, 6)
    assert not part.cut
    assert _is_one_part(part)


@pytest.mark.parametrize(
    ("text", "locking", "single", "room"),
    [("अ", 6, 0, 155), ("१", 0, 6, 155), ("अ१", 6, 6, 152)],
)
def test_a_shift_header_takes_its_septets_from_the_text(
    text: str, locking: int, single: int, room: int
) -> None:
    filled = text + "a" * (room - len(text) - text.count("१"))
    part = fit((Piece(text=filled, priority=0),), languages=(6,))
    assert (part.locking, part.single, part.cut) == (locking, single, False)
    assert _is_one_part(part)
    longer = fit((Piece(text=filled + "a", priority=0, shortest=0),), languages=(6,))
    assert longer.cut
    assert _is_one_part(longer)


PIECES = st.lists(
    st.builds(
        Piece,
        text=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=60),
        priority=st.integers(0, 4),
        shortest=st.none() | st.integers(0, 10),
    ),
    max_size=6,
)


@given(
    PIECES, st.sampled_from(Transliteration), st.sets(st.integers(1, 13), max_size=2)
)
def test_whatever_is_said_fits_one_part(
    pieces: list[Piece], level: Transliteration, languages: set[int]
) -> None:
    part = fit(pieces, transliteration=level, languages=sorted(languages))
    assert _is_one_part(part)


@given(st.text(max_size=200))
def test_no_surrogate_pair_is_split(text: str) -> None:
    part = fit_text("\U0001f198" * 40 + text, transliteration=Transliteration.NONE)
    assert part.text == "\U0001f198" * 35
    assert part.cut


@given(PIECES)
def test_a_piece_goes_before_a_more_important_one(pieces: list[Piece]) -> None:
    vital = Piece(text="SOS K7F2", priority=-1)
    assert "SOS K7F2" in fit([*pieces, vital]).text


@given(st.text(max_size=300), st.sampled_from(Transliteration))
def test_respelling_is_total_and_leaves_what_fits(
    text: str, level: Transliteration
) -> None:
    respelt = transliterate(text, level)
    assert respelt == text or not gsm7.can_encode(text)


@pytest.mark.parametrize(
    ("text", "level", "respelt"),
    [
        ("Žluťoučký kůň", Transliteration.ACCENTS, "Zlutoucky kun"),
        ("Žluťoučký kůň", Transliteration.TYPOGRAPHY, "Žluťoučký kůň"),
        ("åäö„x“", Transliteration.TYPOGRAPHY, 'åäö"x"'),
        ("Щит", Transliteration.LETTERS, "Shchit"),
        ("Kraków", Transliteration.ACCENTS, "Krakow"),
    ],
)
def test_a_text_is_respelt_as_far_as_chosen(
    text: str, level: Transliteration, respelt: str
) -> None:
    assert transliterate(text, level) == respelt


ANSWER = Piece(
    text="Answer 1 coming 2 cannot",
    priority=2,
    shorter=Piece(
        text="1 come 2 no", priority=2, shorter=Piece(text="1/2", priority=0)
    ),
)


@pytest.mark.parametrize(
    ("room", "said"),
    [
        (60, "Answer 1 coming 2 cannot"),
        (23, "1 come 2 no"),
        (10, "1/2"),
        (3, "1/2"),
    ],
)
def test_a_piece_takes_its_next_shorter_form_before_it_goes(
    room: int, said: str
) -> None:
    text = fit((Piece(text="x" * (159 - room), priority=0), ANSWER)).text
    assert text.removeprefix("x" * (159 - room)).strip() == said


def test_what_is_less_important_goes_before_a_form_gets_shorter() -> None:
    idle = Piece(text="y" * 40, priority=3)
    text = fit((Piece(text="x" * 110, priority=0), idle, ANSWER)).text
    assert text == f"{'x' * 110} Answer 1 coming 2 cannot"


def test_a_shorter_form_is_respelt_as_the_long_one_is() -> None:
    piece = Piece(text="š" * 200, priority=1, shorter=Piece(text="š", priority=0))
    part = fit((piece,), transliteration=Transliteration.ACCENTS)
    assert part.text == "s"


def test_a_piece_is_made_of_its_forms_the_long_one_first() -> None:
    forms = (
        (2, "Answer 1 coming 2 cannot"),
        (2, "1 come 2 no"),
        (0, "1/2"),
    )
    assert piece_of(forms) == ANSWER
    assert fit((piece_of(()),)).text == ""


def test_an_escape_is_not_split_over_two_parts() -> None:
    assert segments("x" * 159 + "€", Charset.GSM7) == 2
    assert segments("x" * 152 + "€" + "x" * 152, Charset.GSM7) == 3
