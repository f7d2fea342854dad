"""What nobody who speaks a language has read is named, to whomever it concerns."""

import pytest

from engine.protocol.findings import Fault, Reach
from tests.engine.protocol.test_lint import DUTY, HQ, NEAR, STOP, found


@pytest.mark.parametrize(
    ("languages", "named"),
    [
        ({"en"}, []),
        ({"en", "ru-RU"}, ["ru"]),
        ({"de"}, []),  # speaks English
    ],
)
def test_unreviewed_texts_are_named_in_the_languages_that_somebody_reads(
    languages: set[str], named: list[str]
) -> None:
    """Five lines that are the same for all hid the two of this defender."""
    reach = Reach(people={}, modems=2, languages=frozenset(languages))
    assert found(Fault.UNREVIEWED, HQ, DUTY, NEAR, STOP, reach=reach) == [
        ("", f"the texts in {one!r} are used and not reviewed") for one in named
    ]


@pytest.mark.parametrize(
    ("reads", "named"), [("en", []), ("ru", ["ru"]), ("ar", ["ar"])]
)
def test_unreviewed_sentences_are_named_in_the_language_of_whoever_signs(
    reads: str, named: list[str]
) -> None:
    reach = Reach(people={}, modems=2, languages=frozenset({"en"}), reads=reads)
    what = "the sentences of `natalia protocol explain`"
    assert found(Fault.UNREVIEWED, HQ, DUTY, NEAR, STOP, reach=reach) == [
        ("", f"{what} in {one!r} are used and not reviewed") for one in named
    ]


def test_where_nobody_is_counted_every_unreviewed_language_is_named_twice() -> None:
    reach = Reach(people={}, modems=2)
    said = [words for _, words in found(Fault.UNREVIEWED, HQ, DUTY, reach=reach)]
    for language in ("sv", "ru", "es", "fr", "ar"):
        of_it = [one for one in said if f" in {language!r} are used and not" in one]
        assert [one.split(" in ")[0] for one in of_it] == [
            "the texts",
            "the sentences of `natalia protocol explain`",
        ]
    assert len(said) == 10


def test_languages_that_nobody_has_reviewed_are_marked() -> None:
    words = [words for _, words in found(Fault.UNREVIEWED, HQ, DUTY)]
    assert "the texts in 'ar' are used and not reviewed" in words
    assert not any("'en'" in one for one in words)
