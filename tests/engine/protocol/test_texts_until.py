"""A timer's answer says until when, and of which day where that may be mistaken."""

from datetime import UTC, datetime

import pytest

from engine.protocol.language import LANGUAGES
from engine.protocol.texts import TextFacts, compose
from engine.values import Instant

ZONE = "Asia/Tashkent"  # five hours ahead of UTC


def said(template: str, language: str, due: str, now: str) -> str:
    facts = TextFacts(alias="", sign="Lantern", pressed_at=utc(due), zone=ZONE)
    segments = compose(template, language, facts, now=utc(now))
    return "".join(segment.text for segment in segments)


def utc(moment: str) -> Instant:
    return Instant.from_datetime(datetime.fromisoformat(moment).replace(tzinfo=UTC))


@pytest.mark.parametrize("language", LANGUAGES)
def test_home_by_eleven_said_at_five_past_is_tomorrow_and_the_answer_says_so(
    language: str,
) -> None:
    text = said("timer_on", language, "2026-12-02 18:00", "2026-12-01 18:05")
    assert "23:00 2026-12-02. Lantern" in text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize(
    ("due", "now", "hour"),
    [
        ("2026-12-01 18:00", "2026-12-01 02:00", "23:00"),  # this evening, at seven
        ("2026-12-01 20:00", "2026-12-01 17:00", "01:00"),  # "until one", at ten
        ("2026-12-01 18:00", "2026-12-01 18:00", "23:00"),
    ],
)
def test_what_only_today_or_this_night_can_be_is_an_hour_alone(
    language: str, due: str, now: str, hour: str
) -> None:
    assert f"{hour}. Lantern" in said("timer_on", language, due, now)


def test_a_warning_speaks_of_the_day_as_well() -> None:
    text = said("timer_near", "en", "2026-12-02 04:00", "2026-12-01 15:30")
    assert text.startswith("09:00 2026-12-02 is near.")
