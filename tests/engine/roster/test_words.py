"""The words of safety and of force: found in any text, and shown in none."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.roster.faults import RosterError
from engine.roster.listing import show_person
from engine.roster.model import Word
from engine.roster.parse import parse_roster
from engine.roster.rules import Known
from engine.roster.words import MASK, forced_speaker, mask, word_fault, word_in
from tests.engine.roster.test_toml_faults import CRANE, HERON

WORDS = 'safe_word = "Maple"\nduress_word = "Cedar7"\n'
ROSTER = parse_roster(HERON + WORDS, "roster.toml")
(PERSON,) = ROSTER.people


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("maple", Word.SAFE),
        ("all well, MAPLE.", Word.SAFE),
        ("K7F2 6 maple", Word.SAFE),
        ("cedar7", Word.DURESS),
        ("\uff23\uff25\uff24\uff21\uff32\uff17", Word.DURESS),
        ("maple cedar7", Word.DURESS),
        ("all well, ma\u0301ple\u200f", Word.SAFE),
        ("6 ce\u00addar7", Word.DURESS),
        ("so\u200bcedar7", Word.DURESS),
        ("K7F2 6maple", Word.SAFE),
        ("K7F2 1Cedar7", Word.DURESS),
        ("K7F2 \u0661cedar7", Word.DURESS),
        ("K7F2 6maple or cedar7", Word.DURESS),
        ("K7F21cedar7", Word.DURESS),
        ("k7f2Cedar7", Word.DURESS),
        ("K7F26maple", Word.SAFE),
        ("1\u200ecedar7", Word.DURESS),
        ("K7F27maple", None),
        ("KTFLmaple", None),
        ("7maple", None),
        ("maples", None),
        ("cedar 7", None),
        ("", None),
    ],
)
def test_a_word_is_found_where_it_stands_by_itself(
    text: str, word: Word | None
) -> None:
    assert word_in(text, PERSON) is word


@pytest.mark.parametrize(
    "text", ["K7F2 1Cedar7", "1cedar7", "6cedar7 6", "K7F21Cedar7", "1\u200fcedar7"]
)
def test_a_word_of_force_behind_an_answer_is_one_from_any_number_bug_it_was_none(
    text: str,
) -> None:
    assert forced_speaker(text, ROSTER.people) is PERSON
    assert forced_speaker(text.replace("edar7", "edar"), ROSTER.people) is None


def test_a_word_that_begins_with_a_digit_is_itself_first() -> None:
    words = WORDS.replace("Maple", "1Cedar7")
    roster = parse_roster(HERON + words, "roster.toml")
    (person,) = roster.people
    assert word_in("1cedar7", person) is Word.SAFE
    assert forced_speaker("1cedar7", [person]) is None
    assert word_in("2cedar7", person) is Word.DURESS
    assert mask("1cedar7 2cedar7", roster) == f"{MASK} 2 {MASK}"


def test_what_is_shown_has_no_word_of_theirs() -> None:
    assert mask("K7F2 1Cedar7", ROSTER) == f"K7F2 1 {MASK}"
    assert mask("K7F21Cedar7 or K7F2maple", ROSTER) == f"K7F21 {MASK} or K7F2 {MASK}"
    assert mask("It is Maple, not CEDAR7!", ROSTER) == f"It is {MASK}, not {MASK}!"
    assert mask("It is M\u00e1ple, e\u0301.", ROSTER) == f"It is {MASK}, e\u0301."


@given(st.text(max_size=60))
def test_any_other_text_is_shown_as_it_is(text: str) -> None:
    assert word_in(text, PERSON) is not None or mask(text, ROSTER) == text


@pytest.mark.parametrize("word", ["abc", "a" * 17, "two words", "maple!"])
def test_a_word_is_one_of_letters_and_digits(word: str) -> None:
    assert word_fault(word) is not None


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (HERON + 'duress_word = "Cedar7"\n', "safe_word is missing"),
        (HERON + WORDS.replace("Cedar7", "mAPLE"), "is the other word as well"),
        (
            HERON + WORDS.replace("Cedar7", "Map\u013a\u00e9"),
            "is the other word as well",
        ),
        (HERON + WORDS.replace("Maple", "lykta"), "is a sign"),
        (HERON + WORDS + CRANE + WORDS, "is taken already"),
        (HERON + WORDS.replace("Maple", "ma"), "4 to 16"),
    ],
)
def test_words_stand_for_one_person_and_one_thing(text: str, reason: str) -> None:
    with pytest.raises(RosterError) as caught:
        parse_roster(text, "roster.toml")
    assert reason.replace("safe_word ", "") in str(caught.value)
    assert "Cedar" not in str(caught.value)


def test_no_listing_shows_them_not_even_revealed() -> None:
    shown = str(show_person(ROSTER, PERSON.person, reveal=True))
    assert "aple" not in shown
    assert "edar" not in shown
    assert "Maple" not in repr(PERSON)


@pytest.mark.parametrize(
    ("alias", "named"), [("Maple", "safe"), ("Red maple", "safe"), ("Big-Cedar", "")]
)
def test_no_word_is_one_of_an_alias_bug_whoever_read_an_sms_knew_it(
    alias: str, named: str
) -> None:
    """What is in force is taken as it is: no start ends for it."""
    text = HERON + WORDS + CRANE.replace('"Crane"', f'"{alias}"')
    assert parse_roster(text, "roster.toml").people
    if not named:
        assert parse_roster(text, "roster.toml", known=Known()).people
        return
    with pytest.raises(RosterError) as caught:
        parse_roster(text, "roster.toml", known=Known())
    assert "person.safe_word: is a name in our SMS" in str(caught.value)
    assert "aple" not in str(caught.value)
