"""Who has read a language's texts, and whether they are still those that were read."""

from dataclasses import replace
from datetime import date
from importlib import resources

import tomli
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol.language import LANGUAGES, fingerprint, review_doubt, wording


def test_nobody_has_reviewed_the_translations_and_none_says_so() -> None:
    tables = [wording(language) for language in LANGUAGES]
    assert {table.language for table in tables if table.is_reviewed} == {"en"}
    assert not any(table.reviewed_by for table in tables if not table.is_reviewed)


def test_a_review_has_a_name_and_a_date() -> None:
    english = wording("en")
    assert date.fromisoformat(english.reviewed_on)
    assert not replace(english, reviewed_on="").is_reviewed
    assert not replace(english, reviewed_by=" ").is_reviewed


def test_a_review_is_of_the_text_as_it_was_read_bug_of_whatever_came_later() -> None:
    english = wording("en")
    assert not replace(english, fingerprint="0123456789ab").is_reviewed
    assert not replace(english, reviewed_text="").is_reviewed


def test_check_says_what_to_write_once_it_is_read_again() -> None:
    english, today = wording("en"), date(2030, 1, 1)
    assert review_doubt(english, today) is None
    assert review_doubt(replace(english, reviewed_by=""), today) == ""
    changed = replace(english, fingerprint="0123456789ab")
    said = review_doubt(changed, today)
    assert said is not None
    assert f"no longer as somebody read them on {english.reviewed_on}" in said
    assert 'reviewed_text = "0123456789ab"' in said


@given(st.data())
def test_each_change_of_a_word_changes_the_fingerprint_and_a_comment_does_not(
    data: st.DataObject,
) -> None:
    source = resources.files("engine.protocol.wording") / "en.toml"
    text = source.read_text(encoding="utf-8")
    table = tomli.loads(text)
    read = fingerprint(table)
    later = text.replace("[words]", "# read\n[words]").replace("the authors", "Ann")
    assert fingerprint(tomli.loads(later)) == read == wording("en").fingerprint
    section = data.draw(st.sampled_from(["words", "signals", "text", "subject"]))
    key = data.draw(st.sampled_from(sorted(table[section])))
    table[section][key] = [[1, "x"]] if section == "text" else "another"
    assert fingerprint(table) != read
