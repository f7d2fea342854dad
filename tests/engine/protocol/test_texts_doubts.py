"""What is in doubt of an alarm, and how to go there, stands in every SMS of it."""

import re
from collections.abc import Iterator
from datetime import timedelta
from functools import cache

import pytest
from msgspec import structs

from engine.protocol.language import LANGUAGES, wording
from engine.protocol.texts import TextFacts, compose
from engine.roster.signs import ALIAS_LENGTH_MAX
from tests.engine.protocol.test_texts import (
    CODE,
    DEFENDERS,
    HERON,
    RECIPIENTS,
    UCS2,
    ages_of,
    fits,
    fitted,
    is_old,
)
from tests.engine.protocol.test_texts_fit import (
    ANSWERS,
    LONGEST_ALIAS,
    LONGEST_SIGN,
    MARKS,
    places_of,
    point_of,
)
from tests.fakes import START

ALONE = {
    "en": "Do not go alone",
    "sv": "Gå inte ensam",
    "ru": "одиночку|[Вв]двоём|парой",
    "es": "No vaya solo",
    "fr": "N'y allez pas seul",
    "ar": "وحدك|رفيق",
}
OLD = {
    "ru": r"место старое|старо\b|(мин|ч\d*|дн)!",
    "ar": r"قديم|[دسي]\d*!",
    "fr": "ancienne",
}
NOT_PROVEN = {
    "en": "sender not proven",
    "sv": "avsändaren ej styrkt",
    "ru": r"отправитель не подтверждён|отправитель\?|кто\?",
    "es": "remitente no probado",
    "fr": "non prouvé",
    "ar": r"المرسل غير مثبت|المرسل؟|من؟",
}


@cache
def _places() -> tuple[TextFacts, ...]:
    """Return a sample defender's place of each width, with the longest name of one."""
    found: dict[int, TextFacts] = {}
    names = [one.declared.name for one in DEFENDERS if one.declared is not None]
    for defender in DEFENDERS:
        place = defender.declared
        assert place is not None
        facts = TextFacts(
            alias="Abcdefghijk",
            code=CODE,
            lat_deg=place.lat_deg,
            lon_deg=place.lon_deg,
            accuracy_m=10_000.0,
            pressed_at=START,
            declared=max(names, key=len),
        )
        found[len(point_of(facts, 1))] = facts
    return tuple(found.values())


def _fixes() -> Iterator[TextFacts]:
    """Yield each place in every form: declared, fresh, old, long ago, none at all."""
    for facts in _places():
        yield facts
        fix = structs.replace(facts, declared="")
        for minutes in (2, 31, 119, 99 * 24 * 60):
            yield structs.replace(fix, place_at=START.plus(timedelta(minutes=-minutes)))
        yield structs.replace(
            fix, place_at=START.plus(timedelta(minutes=-59)), doubted=True
        )
        yield structs.replace(fix, lat_deg=None, lon_deg=None, accuracy_m=None)


def _doubtful(facts: TextFacts) -> Iterator[TextFacts]:
    """Yield it with each manner, and with and without doubts of who has sent it."""
    odd = ("clock",)
    for manner in ("", "quiet", "loud"):
        for doubts in (odd, (*odd, "failed_authentication")):
            yield structs.replace(facts, manner=manner, doubts=doubts)


@cache
def _signs(language: str) -> tuple[str, ...]:
    """Return a sign of each length that the sample's people have."""
    signs = (one.sign for one in RECIPIENTS if one.language.value == language)
    return tuple({len(sign): sign for sign in sorted(signs)}.values())


def _in_doubt(language: str, facts: TextFacts) -> list[str]:
    """Return what an SOS has to say of it, as patterns, beside what all of them do."""
    words = wording(language).words
    standing = (words[f"unconfirmed{form}"] for form in ("", "_short"))
    answers = ANSWERS if language not in UCS2 else "" if facts.mark else CODE
    wanted = [answers, re.escape(facts.sign), "|".join(standing)]
    if is_old(facts):
        wanted.append(OLD.get(language, words["old"]))
    if "failed_authentication" in facts.doubts:
        wanted.append(NOT_PROVEN[language])
    if facts.manner == "quiet" and not facts.mark:
        quiet = (words[f"quiet{form}"] for form in ("", "_short", "_least"))
        wanted.append("|".join(quiet))
    return wanted


def _any_of(texts: list[str]) -> str:
    return "|".join(map(re.escape, texts))


def _hold(text: str, wanted: list[str]) -> None:
    assert fits(text), text
    assert [one for one in wanted if not re.search(one, text)] == [], text


@pytest.mark.slow
@pytest.mark.parametrize("repeat", [0, 11])
@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_in_doubt_is_said_to_every_sample_person_and_not_to_go_alone(
    language: str, mark: str, repeat: int
) -> None:
    """Russian and Arabic cut both that a position is old and that a sender may lie."""
    alias = "Abcdefghijk"
    assert len(alias) == len(LONGEST_ALIAS)
    for sign in _signs(language):
        for fix in _fixes():
            for facts in _doubtful(
                structs.replace(fix, alias=alias, sign=sign, mark=mark)
            ):
                text = fitted("sos", language, facts, repeat)
                wanted = _in_doubt(language, facts)
                if not mark and language not in UCS2:
                    wanted.append(ALONE[language])
                resort = language in UCS2 or is_old(facts)
                where = places_of(facts, language, is_last_resort=resort)
                wanted += [_any_of(where), _any_of(ages_of(facts, language))]
                _hold(text, wanted)


@pytest.mark.parametrize("repeat", [0, 11])
@pytest.mark.parametrize("mark", MARKS[:2])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_in_doubt_is_said_with_the_longest_names_of_a_roster(
    language: str, mark: str, repeat: int
) -> None:
    alias = "Abcdefghijklmnop"[:ALIAS_LENGTH_MAX]
    sign = LONGEST_SIGN.get(language, "Watermelon")
    for fix in _fixes():
        for facts in _doubtful(structs.replace(fix, alias=alias, sign=sign, mark=mark)):
            text = fitted("sos", language, facts, repeat)
            quiet = facts if language not in UCS2 else structs.replace(facts, manner="")
            wanted = _in_doubt(language, quiet)
            if not mark and language not in UCS2:
                wanted.append(ALONE[language])
            _hold(text, wanted)


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_fresh_position_of_a_proven_sender_keeps_every_decimal(language: str) -> None:
    sign = max(_signs(language), key=len)
    for fix in _fixes():
        facts = structs.replace(fix, alias=LONGEST_ALIAS, sign=sign)
        if not is_old(facts):
            text = fitted("sos", language, facts)
            whole = places_of(facts, language, is_last_resort=False)
            _hold(text, [_any_of(whole)])
            quiet = fitted("sos", language, structs.replace(facts, manner="quiet"))
            # A hundred metres, where seventy characters say not to call as well.
            about = [] if language not in UCS2 else [point_of(facts, 3)]
            _hold(quiet, [_any_of([*whole, *about])])


@pytest.mark.parametrize("template", ["page", "hq"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_an_officer_reads_that_a_position_is_old_and_a_sender_not_proven(
    language: str, template: str
) -> None:
    """In Russian and Arabic an SMS to HQ lost both."""
    mark = "" if language in UCS2 else "exercise"
    for fix in _fixes():
        for facts in _doubtful(structs.replace(fix, alias="Abcdefghijk", mark=mark)):
            for sign in _signs(language):
                signed = structs.replace(facts, sign=sign)
                text = fitted(template, language, signed)
                calm = structs.replace(signed, manner="")
                wanted = _in_doubt(language, calm)[1 if template == "page" else 2 :]
                _hold(text, wanted)


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_is_verified_is_never_called_unconfirmed_nor_its_sender(
    language: str,
) -> None:
    words = wording(language).words
    doubted = structs.replace(HERON, doubts=("failed_authentication",))
    confirmed = structs.replace(doubted, is_confirmed=True)
    for template in ("sos", "page"):
        for facts in (confirmed, structs.replace(confirmed, manner="quiet", sign="")):
            said = compose(template, language, facts, now=START)
            text = "".join(piece.text for piece in said)
            assert words["unconfirmed"] not in text
            assert words["failed_authentication"] not in text
            assert words["confirmed"] in text
        before = compose(template, language, doubted, now=START)
        assert words["failed_authentication"] in "".join(one.text for one in before)


def test_the_english_says_that_it_is_confirmed_in_place_of_that_it_is_not() -> None:
    before, after = HERON, structs.replace(HERON, is_confirmed=True)
    text = fitted("sos", "en", before)
    assert ". Not confirmed. " in text
    assert fitted("sos", "en", after) == text.replace("Not confirmed", "Confirmed")


@pytest.mark.parametrize("template", ["sos", "again", "page", "hq", "moved"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_whether_it_is_confirmed_and_proven_is_cut_after_all_but_who_and_where(
    language: str, template: str
) -> None:
    """What is cut last has the lowest number; of equal ones the last goes first."""
    parts = wording(language).text[template]
    fields = [set(part.fields) for part in parts]
    doubt = [n for n, one in enumerate(fields) if one & {"standing", "sender"}]
    assert [parts[n].forms[-1][0] for n in doubt] == [1, 1]
    for part in parts[: doubt[0]]:
        is_kept = part.forms[-1][0] == 1
        assert not is_kept or {"alias", "place"} & set(part.fields), part
