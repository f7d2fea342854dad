"""In every language one short message keeps what its reader must know and must do."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta
from functools import cache
from itertools import pairwise

import pytest
from msgspec import structs

from engine.ports.modem import Forms
from engine.protocol.findings import Fault
from engine.protocol.language import LANGUAGES, templates, wording
from engine.protocol.lint import lint, longest
from engine.protocol.registry import STANDARD, load_registry
from engine.protocol.texts import (
    PageFacts,
    TextFacts,
    age,
    compose,
    finish,
    pages_in_one,
)
from engine.roster.model import Language
from engine.roster.signs import (
    ALIAS_LENGTH_MAX,
    SIGN_LENGTH_MAX,
    alias_fault,
    sign_fault,
)
from engine.values import Signal
from tests.engine.protocol.test_texts import (
    CODE,
    DEFENDERS,
    MODEM,
    RECIPIENTS,
    UCS2,
    ages_of,
    fits,
    fitted,
    is_old,
)
from tests.fakes import START

# ruff: noqa: RUF001 -- Russian texts are what is tested

CONSOLE = {
    "en": "console",
    "sv": "konsolen",
    "ru": "[Кк]онсоль|консоли",
    "es": "consola",
    "fr": "console",
    "ar": "لوحة التحكم|اللوحة",
}
WAIT = {
    "en": "[Ww]ait for HQ",
    "sv": "[Vv]änta på HQ",
    "ru": "[Жж]ди",
    "es": "[Ee]spere a la central",
    "fr": "[Aa]ttendez la centrale",
    "ar": "انتظر",
}
NEAR = {
    "en": "near them",
    "sv": "nära",
    "ru": "близких",
    "es": "cercano",
    "fr": "un proche",
    "ar": "المقربين",
}
"""Whom HQ asks after the end: the defender's telephone may be in other hands."""
LINES = r"\n1 ?\D+\n2 ?\D+\n3 ?[^\d\n]+(?:\n|$)"
"""Each answer on a line of its own, digit first."""
ANSWERS = rf"{CODE}(?: \w+)?(?:{LINES}| 1/2/3| 1-3)"
TO_DO = {
    "sos": dict.fromkeys(LANGUAGES, ANSWERS),
    "again": WAIT,
    "ask": dict.fromkeys(LANGUAGES, r"\n4 \D+\n5 \D+\n6 "),
    "recheck": dict.fromkeys(LANGUAGES, rf"{CODE} 6 \w+"),
    "page": CONSOLE,
    "notice": CONSOLE,
    "hq": CONSOLE,
    "unconfirmed": NEAR,
}
"""What the reader is to do, for each text that asks for something, as a pattern."""

HAS_CODE = ("sos", "again", "page", "ask", "moved", "stop", "recheck")
HAS_ALIAS = (
    "sos",
    "again",
    "nobody_near",
    "page",
    "ask",
    "moved",
    "stop",
    "unconfirmed",
    "notice",
    "hq",
)
HAS_PLACE = ("sos", "again", "page", "moved", "notice", "hq")
HAS_STANDING = ("sos", "again", "page", "hq", "moved")
HAS_MANNER = ("sos", "again", "ask", "moved")
METRES_MAY_GO = ("moved", "again")
NOT_BY_SMS = {"public", "public_named"}
# The quick tests measure real alarms, whose texts come without a mark.
MARKS = [
    "",
    *(pytest.param(m, marks=pytest.mark.slow) for m in ("exercise", "test", "notice")),
]
LONGEST_ALIAS = max((person.alias for person in DEFENDERS), key=len)


@cache
def widest() -> tuple[TextFacts, ...]:
    """Return every sample defender's place in all its forms, each width once."""
    at_59_min = START.plus(timedelta(minutes=-59))
    found: dict[tuple[int, int], TextFacts] = {}
    for defender in DEFENDERS:
        place = defender.declared
        assert place is not None
        facts = TextFacts(
            alias=LONGEST_ALIAS,
            code=CODE,
            lat_deg=place.lat_deg,
            lon_deg=place.lon_deg,
            accuracy_m=1200.0,
            place_at=at_59_min,
            pressed_at=START,
            declared=place.name,
        )
        width = len(f"{place.lat_deg:.1f}{place.lon_deg:.1f}"), len(place.name)
        found[width] = facts
    return tuple(form for facts in found.values() for form in _forms(facts))


def _forms(facts: TextFacts) -> Iterator[TextFacts]:
    fix = structs.replace(facts, declared="")
    yield fix
    yield structs.replace(fix, place_at=START.plus(timedelta(hours=-47)))
    yield structs.replace(fix, place_at=START.plus(timedelta(days=-300)))
    yield structs.replace(fix, doubted=True)
    yield structs.replace(facts, place_at=None, accuracy_m=10_000.0)
    yield structs.replace(
        fix, lat_deg=None, lon_deg=None, accuracy_m=None, place_at=None
    )


def _worst(language: str, mark: str) -> Iterator[TextFacts]:
    """Yield the longest sign with every place, and every sign with the longest."""
    said = {
        "mark": mark,
        "doubts": ("clock",),
        "manner": "quiet",
        "distance_m": 99_000.0,
        "move": (99_000.0, "south_east"),
        "signals": (Signal.REMOVED.value, Signal.LOW_BATTERY.value),
    }
    signs = {one.sign for one in RECIPIENTS if one.language.value == language}
    the_longest = max(signs, key=len)
    for facts in widest():
        yield structs.replace(facts, sign=the_longest, **said)
    farthest = max(widest(), key=lambda one: len(f"{one.lat_deg}{one.lon_deg}"))
    for sign in sorted(signs):
        yield structs.replace(farthest, sign=sign, **said)


def point_of(facts: TextFacts, decimals: int) -> str:
    if facts.lat_deg is None or facts.lon_deg is None:
        return ""
    return f"{facts.lat_deg:.{decimals}f},{facts.lon_deg:.{decimals}f}"


def places_of(facts: TextFacts, language: str, *, is_last_resort: bool) -> list[str]:
    """Return how the place may stand there; fewer decimals are the last resort."""
    if facts.lat_deg is None:
        words = wording(language).words
        return [words["nowhere"], words["nowhere_short"]]
    decimals = 2 if facts.declared else wording(language).decimals
    allowed = (decimals, 3, 2) if is_last_resort else (decimals,)
    return [point_of(facts, number) for number in allowed]


def test_every_text_that_people_get_is_measured_here() -> None:
    asked = {*HAS_CODE, *HAS_ALIAS, *HAS_PLACE, *TO_DO}
    silent = {
        "answered",
        "taken",
        "received",
        "cancelled",
        "ended",
        "timer_on",
        "timer_near",
        "timer_over",
    }
    assert asked | silent | NOT_BY_SMS == templates()


@pytest.mark.parametrize("repeat", [0, 11])
@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_code_place_age_and_what_to_do_survive_the_worst_there_is(
    language: str, mark: str, repeat: int
) -> None:
    """The longest alias of the roster, every place in every form, every sign.

    A real alarm says not to call. Decimals may go of an old position in Russian and
    Arabic, in an exercise that is a repeat as well, and in a text that says how far
    somebody has moved: some of them, and nothing else.
    """
    words = wording(language).words
    hush = [words["quiet"], words["quiet_short"], words["quiet_least"]]
    for template in sorted(templates() - NOT_BY_SMS):
        for facts in _worst(language, mark):
            text = fitted(template, language, facts, repeat)
            old = language in UCS2 and is_old(facts)
            resort = bool(mark and repeat) or template in METRES_MAY_GO or old
            wanted = _wanted(template, language, facts, is_last_resort=resort)
            is_short = language in UCS2 and template == "moved"
            if not mark and not repeat and template in HAS_MANNER and not is_short:
                wanted.append(hush)
            _hold(text, template, language, facts, wanted)


LONGEST_SIGN = {"ru": "Абажурчики", "ar": "البرتقاليي"}


@pytest.mark.slow
@pytest.mark.parametrize("repeat", [0, 1, 11])
@pytest.mark.parametrize("mark", MARKS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_names_as_long_as_the_roster_allows_cost_metres_and_nothing_else(
    language: str, mark: str, repeat: int
) -> None:
    """In Russian and Arabic the repeat of an exercise lost the recipient's sign.

    Neither does a real alarm lose that nobody must call.
    """
    alias = "Abcdefghijklmnop"[:ALIAS_LENGTH_MAX]
    sign = LONGEST_SIGN.get(language, "Watermelon")
    assert len(sign) == SIGN_LENGTH_MAX
    words = wording(language).words
    hush = [words["quiet"], words["quiet_short"], words["quiet_least"]]
    for template in sorted(templates() - NOT_BY_SMS):
        for worst in _worst(language, mark):
            facts = structs.replace(worst, alias=alias, sign=sign)
            text = fitted(template, language, facts, repeat)
            quiet = language in UCS2 and template == "sos"
            old = language in UCS2 and is_old(facts)
            resort = bool(mark) or template in METRES_MAY_GO or old or quiet
            wanted = _wanted(template, language, facts, is_last_resort=resort)
            is_short = language in UCS2
            if not mark and not repeat and template in HAS_MANNER and not is_short:
                wanted.append(hush)
            _hold(text, template, language, facts, wanted)


def _wanted(
    template: str, language: str, facts: TextFacts, *, is_last_resort: bool
) -> list[list[str]]:
    """Return what has to stand in a text, each in any of its forms."""
    wanted = [[CODE]] if template in HAS_CODE and not _is_tight(language, facts) else []
    if template in HAS_ALIAS:
        wanted.append([facts.alias])
    if template in HAS_PLACE:
        wanted.append(places_of(facts, language, is_last_resort=is_last_resort))
        if template != "moved" or not _is_tight(language, facts):
            wanted.append(ages_of(facts, language))
    is_measured = template in {"sos", "again"} and language not in UCS2
    if is_measured and facts.lat_deg is not None:
        number = wording(language).words["range"].format(n=99, unit="")
        wanted.append([number])
    if template in HAS_PLACE and template != "moved" and facts.lateness is not None:
        wanted.append([age(facts.pressed_at, language, START, is_short=True)])
    if template not in {"notice", "hq", "unconfirmed", "nobody_near"}:
        wanted.append([facts.sign])
    if facts.mark:
        wanted.append([wording(language).words[facts.mark]])
    if template in HAS_STANDING:
        words = wording(language).words
        wanted.append([words["unconfirmed"], words["unconfirmed_short"]])
    return wanted


def _is_tight(language: str, facts: TextFacts) -> bool:
    """Say whether what to do may go of seventy characters.

    In an exercise, and where both alias and sign are as long as a roster allows.
    """
    has_longest = (
        len(facts.alias) + len(facts.sign) == ALIAS_LENGTH_MAX + SIGN_LENGTH_MAX
    )
    return language in UCS2 and (bool(facts.mark) or has_longest)


def _hold(
    text: str, template: str, language: str, facts: TextFacts, wanted: list[list[str]]
) -> None:
    assert fits(text), text
    missing = [any_of for any_of in wanted if not _has(text, any_of)]
    assert missing == [], (template, text)
    if not _is_tight(language, facts):
        to_do = TO_DO.get(template, {}).get(language, "")
        assert re.search(to_do, text), (template, text)


def _has(text: str, any_of: list[str]) -> bool:
    return any(one in text for one in any_of)


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_exercise_says_what_to_answer_as_the_alarm_does(language: str) -> None:
    facts = next(f for f in widest() if f.declared)
    sign = next(p.sign for p in RECIPIENTS if p.language.value == language)
    facts = structs.replace(facts, alias="Heron", sign=sign, mark="exercise")
    text = fitted("sos", language, facts)
    assert re.search(ANSWERS, text), text
    assert text.startswith(wording(language).words["exercise"])


def test_the_long_form_of_an_answer_stands_wherever_there_is_room() -> None:
    facts = TextFacts(
        alias="Heron",
        code=CODE,
        sign="Чайник",
        lat_deg=41.3,
        lon_deg=69.3,
        accuracy_m=10_000.0,
        declared="Ташкент",
        pressed_at=START,
    )
    answers = "K7F2\n1иду\n2нет\n3беда\nЧайник"
    said = f"SOS Heron ~41.30,69.30\nНепров 0мин\nВдвоём\n{answers}"
    assert fitted("sos", "ru", facts) == said
    exercise = structs.replace(facts, mark="exercise")
    assert fitted("sos", "ru", exercise) == (
        f"УЧЕНИЕ SOS Heron ~41.30,69.30\nНепров 0мин\n{answers}"
    )


def test_no_form_of_a_piece_outlives_a_shorter_one() -> None:
    """A form gives way before the next does, and that one takes fewer characters."""
    facts = structs.replace(widest()[0], sign="Sign", manner="quiet")
    facts = structs.replace(facts, signals=("removed", "fall"))
    for language in LANGUAGES:
        for template in templates():
            segments = compose(template, language, facts, now=START, repeat=1)
            for segment in finish(segments, language, START):
                assert _is_ladder(segment.forms), (language, template, segment.forms)


def _is_ladder(forms: Forms) -> bool:
    return all(
        before >= after and len(long) >= len(short)
        for (before, long), (after, short) in pairwise(forms)
    )


def test_nothing_that_is_needed_is_lost_of_the_samples_texts() -> None:
    for protocol in load_registry(None, STANDARD).protocols.values():
        found = lint(protocol, fit=MODEM.fit)
        assert [w.words for w in found if w.fault is Fault.TEXT_TOO_LONG] == []


@pytest.mark.parametrize("lost", ["old position", "sender not proven", "go alone"])
def test_check_finds_that_a_text_loses_what_is_in_doubt(lost: str) -> None:
    def deaf(pieces: Sequence[Forms]) -> str:
        kept = [forms for forms in pieces if not any(lost in text for _, text in forms)]
        return MODEM.fit(kept)

    protocol = load_registry(None, STANDARD).protocols["standard"]
    found = [w for w in lint(protocol, fit=deaf) if w.fault is Fault.TEXT_TOO_LONG]
    assert any("'sos' in 'en'" in one.words and lost in one.words for one in found)


def test_check_measures_with_an_alias_and_a_sign_as_long_as_a_roster_may_have() -> None:
    facts = longest()
    assert (len(facts.alias), len(facts.sign)) == (ALIAS_LENGTH_MAX, SIGN_LENGTH_MAX)
    assert alias_fault(facts.alias) is None
    assert all(sign_fault(facts.sign, language) is None for language in Language)


@pytest.mark.parametrize("mark", ["", "exercise", "notice"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_page_of_many_cases_counts_all_and_says_where_to_look(
    language: str, mark: str
) -> None:
    sign = max((one.sign for one in RECIPIENTS if one.language == language), key=len)
    known = [
        PageFacts(alias=LONGEST_ALIAS, sign=sign, mark=mark, is_strangers=False)
    ] * 401
    strange = [PageFacts(alias="", sign=sign, mark=mark, is_strangers=True)] * 99
    segments = pages_in_one(language, [*known, *strange])
    text = MODEM.fit([segment.forms for segment in segments])
    assert fits(text)
    assert text.startswith("500 x ")
    assert re.search(CONSOLE[language], text)
    assert sign in text
    assert "99" in text
    named = text.count(LONGEST_ALIAS)
    assert f"+{401 - named}" in text or not named
    assert named or language in {"ru", "ar"}
