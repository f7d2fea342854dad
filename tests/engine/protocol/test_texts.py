"""What a message says, in every language, and what of it fits one short message."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from hypothesis import given
from msgspec import structs

from adapters.modem import gsm7
from adapters.modem.driver import SerialModem
from engine.protocol.language import LANGUAGES, templates, wording
from engine.protocol.lint import longest
from engine.protocol.texts import TextFacts, age, compose, finish, subject
from engine.roster.model import Person
from engine.roster.sample import sample_roster
from engine.values import Instant, Signal
from tests.fakes import START, ManualClock
from tests.strategies import WORDS

UCS2 = {"ru", "ar"}
CODE = "K7F2"
ROSTER = sample_roster()
DEFENDERS = [person for person in ROSTER.people if person.declared is not None]
RECIPIENTS = [person for person in ROSTER.people if person.sign]
HERON = TextFacts(
    alias="Heron",
    code=CODE,
    sign="Lantern",
    lat_deg=41.31151,
    lon_deg=69.27974,
    accuracy_m=20.0,
    place_at=START.plus(timedelta(minutes=-2)),
    pressed_at=START,
)


class Silent:
    def count(self, name: str, amount: float = 1, **labels: str) -> None: ...
    def gauge(self, name: str, value: float, **labels: str) -> None: ...
    def observe(self, name: str, value: float, **labels: str) -> None: ...


MODEM = SerialModem("/dev/null", clock=ManualClock(), telemetry=Silent())


def fitted(template: str, language: str, facts: TextFacts, repeat: int = 0) -> str:
    """Return the text as the modem would send it."""
    segments = compose(template, language, facts, now=START, repeat=repeat)
    pieces = [s.forms for s in finish(segments, language, START)]
    return MODEM.fit(pieces)


def fits(text: str) -> bool:
    septets = gsm7.length(text)
    if septets is not None:
        return septets <= 160
    return len(text.encode("utf-16-be")) // 2 <= 70


def places(defender: Person) -> Iterator[TextFacts]:
    """Yield a defender in each form of place, where it takes the most room."""
    facts = TextFacts(alias=defender.alias, code=CODE, pressed_at=START)
    assert defender.declared is not None
    fix = structs.replace(
        facts,
        lat_deg=defender.declared.lat_deg,
        lon_deg=defender.declared.lon_deg,
        accuracy_m=1200.0,
        place_at=START.plus(timedelta(minutes=-59)),
    )
    yield fix
    yield structs.replace(fix, place_at=START.plus(timedelta(hours=-47)))
    yield structs.replace(
        fix,
        place_at=None,
        accuracy_m=defender.declared.accuracy_m,
        declared=defender.declared.name,
    )
    yield facts


def points_of(facts: TextFacts, language: str) -> list[str]:
    """Return how a place may stand: of an old one 70 characters may hold less."""
    if facts.lat_deg is None or facts.lon_deg is None:
        words = wording(language).words
        return [words["nowhere"], words["nowhere_short"]]
    decimals = 2 if facts.declared else wording(language).decimals
    fewer = (3, 2) if language in UCS2 and is_old(facts) else ()
    return [
        f"{facts.lat_deg:.{number}f},{facts.lon_deg:.{number}f}"
        for number in (decimals, *fewer)
    ]


def is_old(facts: TextFacts) -> bool:
    return facts.place_at is not None and START.since(facts.place_at) > facts.fresh


def ages_of(facts: TextFacts, language: str, now: Instant = START) -> list[str]:
    since = facts.place_at or facts.pressed_at
    return [age(since, language, now, is_short=short) for short in (False, True)]


def test_the_english_text_is_exactly_what_was_agreed() -> None:
    assert fitted("sos", "en", HERON) == (
        "SOS K7F2 Heron 41.31151,69.27974 +-20m, 2 min ago. Not confirmed. "
        "Do not go alone. Answer K7F2 and\n1 coming\n2 cannot\n3 need help\nLantern"
    )


def test_every_language_has_every_word_text_and_subject() -> None:
    english = wording("en")
    for language in LANGUAGES:
        table = wording(language)
        assert table.language == language
        assert set(table.words) == set(english.words)
        assert set(table.text) == set(english.text) == set(templates())
        assert set(table.subject) == set(english.subject)
        assert all(word.strip() for word in table.words.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_signal_has_a_word_in_every_language(language: str) -> None:
    """And so has a report that says nothing else."""
    said = wording(language).signals
    assert set(said) == {*Signal, "report"}
    assert all(word.strip() for word in said.values())
    assert len(set(said.values())) == len(said), "no two are taken for each other"


def test_a_notice_says_its_signals_in_the_readers_language() -> None:
    english = wording("en").signals
    for language in LANGUAGES:
        own = wording(language).signals
        for signal in (*Signal, "report"):
            notice = structs.replace(HERON, signals=(signal,))
            text = fitted("notice", language, notice)
            assert text.startswith(f"{own[signal]} Heron"), text
        assert language == "en" or own["removed"] != english["removed"]
    several = structs.replace(HERON, signals=("power_off", "removed"))
    assert fitted("notice", "ru", several).startswith("выключен, снят Heron")


def test_of_many_signals_the_gravest_stays_where_all_do_not_fit() -> None:
    many = structs.replace(
        HERON, signals=("vibration", "low_battery", "fall", "power_off")
    )
    assert fitted("notice", "ru", many).startswith("падение +3 Heron")


def test_a_signal_that_a_later_version_wrote_is_said_as_it_stands() -> None:
    notice = structs.replace(HERON, signals=("never_heard_of",))
    assert fitted("notice", "ar", notice).startswith("never heard of Heron")


def parts_of(template: str, language: str) -> list[list[str]]:
    parts = wording(language).text[template]
    return [[text for _, text in part.forms] for part in parts]


@pytest.mark.parametrize("template", ["sos", "page", "ask", "moved", "stop", "recheck"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_what_matters_most_survives_where_all_is_at_its_longest(
    template: str, language: str
) -> None:
    """Code, place, age, where somebody has gone to, and the recipient's own sign."""
    facts = longest()
    now = facts.pressed_at
    whole = finish(compose(template, language, facts, now=now), language, now)
    text = MODEM.fit([one.forms for one in whole])
    last = [one for one in whole if one.forms[-1][0] == 1]
    lost = [
        one for one in last if not any(form.strip() in text for _, form in one.forms)
    ]
    assert lost == []
    if any("{place}" in form for one in parts_of(template, language) for form in one):
        fewer = (5, 4, 3, 2) if language in UCS2 else (5,)
        points = [f"{facts.lat_deg:.{n}f},{facts.lon_deg:.{n}f}" for n in fewer]
        assert any(point in text for point in points), text


def test_every_text_speaks_of_facts_that_exist_and_of_its_code_and_sign() -> None:
    for language in LANGUAGES:
        for template, parts in wording(language).text.items():
            fields = [name for part in parts for name in part.fields]
            if template in {"sos", "page", "stop"}:
                assert fields[-1] == "sign", "the own word ends the message"
                assert "code" in fields
                assert "alias" in fields
            if template == "public":
                assert fields == ["country"]


def test_an_unknown_language_speaks_english_and_a_region_its_language() -> None:
    assert wording("tlh").language == "en"
    assert wording("es-CO").language == "es"
    assert compose("sos", "tlh", HERON, now=START) == compose(
        "sos", "en", HERON, now=START
    )


@pytest.mark.parametrize("language", sorted(set(LANGUAGES) - UCS2))
def test_latin_languages_keep_to_the_gsm_alphabet_in_what_goes_by_sms(
    language: str,
) -> None:
    table = wording(language)
    parts = [
        text
        for t in ("sos", "page", "stop")
        for p in table.text[t]
        for _, text in p.forms
    ]
    words = [*table.words.values(), *table.signals.values()]
    said = "".join([*parts, *words]).replace("{", "").replace("}", "")
    assert [char for char in said if gsm7.septet_cost(char) is None] == []


@pytest.mark.parametrize("template", ["sos", "page", "stop"])
def test_every_sample_person_gets_one_part_with_code_place_age_and_sign(
    template: str,
) -> None:
    longest = max(DEFENDERS, key=lambda one: len(one.alias))
    farthest = max(
        DEFENDERS,
        key=lambda one: len(one.declared.name) if one.declared else 0,
    )
    for recipient in RECIPIENTS:
        for defender in (longest, farthest, ROSTER.people[0]):
            if defender.declared is None:
                continue
            for facts in places(defender):
                _holds(template, recipient, facts)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_sample_defender_can_be_told_of_in_every_language(language: str) -> None:
    theirs = [one for one in RECIPIENTS if one.language == language]
    recipient = max(theirs, key=lambda one: len(one.sign))
    for defender in DEFENDERS:
        for facts in places(defender):
            for template in ("sos", "page", "stop"):
                _holds(template, recipient, facts)


def _holds(template: str, recipient: Person, facts: TextFacts) -> None:
    language = recipient.language.value
    facts = structs.replace(facts, sign=recipient.sign)
    text = fitted(template, language, facts)
    assert fits(text), text
    wanted = [[CODE], [facts.alias], [recipient.sign]]
    if template != "stop":
        wanted += [points_of(facts, language), ages_of(facts, language)]
    lost = [any_of for any_of in wanted if not any(one in text for one in any_of)]
    assert lost == [], text
    assert text.endswith(recipient.sign)
    if template == "sos" and language not in UCS2:
        assert "1" in text, "what to answer stands in every message of 160"
        assert text.count(CODE) == 2


@pytest.mark.parametrize("language", sorted(UCS2))
def test_seventy_characters_hold_the_answers_too_where_names_are_not_the_longest(
    language: str,
) -> None:
    sign = next(p.sign for p in RECIPIENTS if p.language == language)
    text = fitted("sos", language, structs.replace(HERON, sign=sign))
    assert re.search(r"K7F2\n1 ?\w+\n2 ?\w+\n3 ?\w+\n", text), text


@pytest.mark.parametrize(
    "town", ["Göteborg", "Tromsø", "Bogotá", "São Paulo", "Łódź", "Ташкент", "طنجة"]
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_towns_letters_never_cost_the_answer_or_the_sign(
    town: str, language: str
) -> None:
    facts = structs.replace(HERON, declared=town, place_at=None, accuracy_m=5000.0)
    text = fitted("sos", language, facts)
    assert fits(text)
    assert "41.31,69.28" in text
    assert text.endswith("Lantern")
    assert text.count(CODE) == (1 if language in UCS2 else 2)


@pytest.mark.parametrize("repeat", [1, 3])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_repeat_says_so_first_and_still_fits(language: str, repeat: int) -> None:
    text = fitted("sos", language, HERON, repeat)
    assert text.startswith(wording(language).words["repeat"])
    assert fits(text)
    assert text.endswith("Lantern")


@pytest.mark.parametrize(
    ("passed", "said"),
    [
        (timedelta(seconds=-90), "now"),
        (timedelta(seconds=59), "now"),
        (timedelta(seconds=119), "1 min ago"),
        (timedelta(minutes=119), "119 min ago"),
        (timedelta(hours=2), "2 h ago"),
        (timedelta(hours=47, minutes=59), "47 h ago"),
        (timedelta(days=3), "3 d ago"),
    ],
)
def test_an_age_is_rounded_down_and_the_future_counts_as_now(
    passed: timedelta, said: str
) -> None:
    assert age(START, "en", START.plus(passed)) == said


def test_the_age_is_worded_when_the_message_is_sent_and_not_when_it_was_planned() -> (
    None
):
    segments = compose("sos", "en", HERON, now=START)
    later = finish(segments, "en", START.plus(timedelta(minutes=10)))
    assert "12 min ago" in "".join(segment.text for segment in later)


def test_a_declared_place_is_the_age_of_the_press_and_not_of_the_declaration() -> None:
    facts = structs.replace(
        HERON, declared="Tashkent", place_at=None, accuracy_m=5000.0
    )
    text = fitted("sos", "en", facts)
    assert "no fix, declared place Tashkent 41.31,69.28 +-5000m, now" in text


def test_a_declared_place_that_is_finer_than_a_town_keeps_its_decimals() -> None:
    facts = structs.replace(
        HERON, declared="a crossing", place_at=None, accuracy_m=100.0
    )
    assert "41.31151,69.27974" in fitted("sos", "en", facts)


def test_a_segment_with_nothing_to_say_is_left_out() -> None:
    text = fitted("page", "en", structs.replace(HERON, sign="", accuracy_m=None))
    assert text == (
        "SOS K7F2 Heron 41.31151,69.27974, 2 min ago. Not confirmed. "
        "Open the console and acknowledge"
    )


def test_an_unknown_text_speaks_as_hqs_does() -> None:
    assert compose("gone", "en", HERON, now=START) == compose(
        "hq", "en", HERON, now=START
    )


def test_what_is_not_real_is_marked_in_text_and_subject() -> None:
    exercise = structs.replace(HERON, mark="exercise")
    assert fitted("sos", "sv", exercise).startswith("ÖVNING SOS")
    assert subject("hq", "en", exercise) == "EXERCISE SOS Heron"
    assert subject("public", "en", HERON) == ""


@given(alias=WORDS, declared=WORDS, sign=WORDS)
def test_no_fact_breaks_a_text(alias: str, declared: str, sign: str) -> None:
    facts = TextFacts(
        alias=alias,
        sign=sign,
        declared=declared,
        lat_deg=-12.5,
        lon_deg=170.0,
        pressed_at=Instant(0),
        signals=tuple(Signal),
        doubts=("clock", "checksum", "undecodable", "unknown_device"),
    )
    for language in LANGUAGES:
        for template in templates():
            assert fits(fitted(template, language, facts))
