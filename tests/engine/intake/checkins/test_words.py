"""What an SMS says of a check-in, in six languages; letters are left to HQ."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake.checkins.words import CheckInText, read_check_in
from engine.values import Instant

AT_23 = CheckInText(clock=(23, 0))
HALF_TWO = CheckInText(lasts=timedelta(minutes=90))
STOCKHOLM = "Europe/Stockholm"


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("home by 23:00", AT_23),
        ("Home by 23.00!", AT_23),
        ("hemma kl 23:00", AT_23),
        ("дома в 23:00", AT_23),
        ("casa a las 23:00", AT_23),
        ("retour à 23:00", AT_23),
        ("البيت الساعة ٢٣:٠٠", AT_23),  # noqa: RUF001 - Arabic digits
        ("later 23:00", AT_23),
        ("timer 90 min", HALF_TWO),
        ("back in 2 h", CheckInText(lasts=timedelta(hours=2))),
        ("+90", HALF_TWO),
        ("+2 h", CheckInText(lasts=timedelta(hours=2))),
        ("I am home", CheckInText()),
        ("hemma", CheckInText()),
        ("back by 23:00 with the papers", None),
        ("home 23:00 or 24:00", None),
        ("home by 25:00", None),
        ("timer 30 h", None),
        ("timer 0 min", None),
        ("timer 30", None),
        ("23:00", None),
        ("in 20 min", None),
        ("", None),
    ],
)
def test_a_message_is_read_whole_or_not_at_all(
    text: str, read: CheckInText | None
) -> None:
    assert read_check_in(text) == read


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-11-25T20:00:00+01:00", "2026-11-25T23:00:00+01:00"),
        ("2026-11-25T23:00:00+01:00", "2026-11-26T23:00:00+01:00"),
        ("2026-11-26T00:30:00+01:00", "2026-11-26T23:00:00+01:00"),
        ("2026-10-24T23:30:00+02:00", "2026-10-25T23:30:00+01:00"),  # 25 hours
    ],
)
def test_a_time_is_the_next_one_where_the_person_is(now: str, until: str) -> None:
    found = AT_23.until(Instant.parse(now), STOCKHOLM)
    assert found is not None
    day_later = Instant.parse(now).plus(timedelta(hours=24))
    assert found == min(Instant.parse(until), day_later)


@pytest.mark.parametrize(
    ("text", "now", "until"),
    [
        ("home in 1:30", "2026-11-25T14:00", "2026-11-25T15:30"),
        ("timer 1.30", "2026-11-25T14:00", "2026-11-25T15:30"),
        ("hemma om 1:30", "2026-11-25T14:00", "2026-11-25T15:30"),
        ("вернусь через 1:30", "2026-11-25T14:00", "2026-11-25T15:30"),
        ("vuelvo dentro de 1:30 h", "2026-11-25T14:00", "2026-11-25T15:30"),
        ("retour dans 1:30", "2026-11-25T14:00", "2026-11-25T15:30"),
        ("أعود بعد 1:30", "2026-11-25T14:00", "2026-11-25T15:30"),
        ("home 1:30 h", "2026-11-25T14:00", "2026-11-25T15:30"),
        ("hemma 1.30 tim", "2026-11-25T14:00", "2026-11-25T15:30"),
        ("дома 1:30 ч", "2026-11-25T14:00", "2026-11-25T15:30"),
        ("maison 23:00 h", "2026-11-25T22:00", "2026-11-25T23:00"),
        ("timer 23:00", "2026-11-25T22:00", "2026-11-25T23:00"),
        ("timer 0:00", "2026-11-25T14:00", "2026-11-26T00:00"),
        ("home in by 1:30", "2026-11-25T23:00", "2026-11-26T01:30"),
        ("casa a las 1:30 h", "2026-11-25T23:00", "2026-11-26T01:30"),
        ("home 1:30", "2026-11-25T14:00", "2026-11-26T01:30"),
        ("rentre à 23h", "2026-11-25T20:00", "2026-11-25T23:00"),
        ("maison avant 24 heures", "2026-11-25T20:00", "2026-11-26T00:00"),
        ("vuelvo a las 23 horas", "2026-11-25T20:00", "2026-11-25T23:00"),
        ("дома до 23 часов", "2026-11-25T20:00", "2026-11-25T23:00"),
        ("вернусь в 2 часа", "2026-11-25T23:00", "2026-11-26T02:00"),
        ("rentre 23h", "2026-11-25T20:00", "2026-11-25T23:00"),
        ("hasta dentro de 2 h casa", "2026-11-25T20:00", "2026-11-25T22:00"),
        ("retour dans 14 h", "2026-11-25T10:00", "2026-11-26T00:00"),
        ("home 8 h", "2026-11-25T20:00", "2026-11-26T04:00"),
        ("home +14 h", "2026-11-25T10:00", "2026-11-26T00:00"),
    ],
)
def test_of_figures_that_may_be_a_time_or_how_long_the_sooner_counts(
    text: str, now: str, until: str
) -> None:
    said = read_check_in(text)
    assert said is not None
    moment = said.until(Instant.parse(f"{now}:00+01:00"), STOCKHOLM)
    assert moment == Instant.parse(f"{until}:00+01:00")


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-10-25T02:15:00+02:00", "2026-10-25T02:30:00+02:00"),
        ("2026-10-25T02:45:00+02:00", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T02:15:00+01:00", "2026-10-25T02:30:00+01:00"),
        ("2026-10-25T02:45:00+01:00", "2026-10-26T02:30:00+01:00"),
        ("2026-03-29T01:00:00+01:00", "2026-03-29T03:30:00+02:00"),  # none that night
    ],
)
def test_of_a_time_that_comes_twice_the_next_one_counts(now: str, until: str) -> None:
    said = CheckInText(clock=(2, 30))
    assert said.until(Instant.parse(now), STOCKHOLM) == Instant.parse(until)


@given(st.text(max_size=200))
def test_no_text_is_too_odd(text: str) -> None:
    said = read_check_in(text)
    if said is not None and said.lasts is not None:
        assert timedelta(0) < said.lasts <= timedelta(hours=24)
