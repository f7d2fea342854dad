"""What an SMS says of a check-in: home by 23:00, in 90 min, later, home again. Pure.

Every word of the message must be one that belongs to it: "I am back by 23:00 with the
papers" is a letter to somebody, and HQ reads it. Total on any text.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from engine.values import Instant

LASTS_MAX = timedelta(hours=24)
_TEXT_MAX = 160
_HOURS_OF_DAY, _HOURS_OF_CLOCK = 24, 12
_TOKEN = re.compile(r"\d{1,2}[:.]\d{2}|\+?\d{1,4}|[^\W\d_]+")
_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


def _words(*rows: str) -> frozenset[str]:
    return frozenset(word for row in rows for word in row.split())


# In the six languages of the messages: en, sv, ru, es, fr, ar.
_TOPIC = _words(
    "home back timer later",
    "hemma hem tillbaka senare",
    "дома домой вернусь позже",
    "casa vuelvo regreso tarde",
    "maison rentre retour tard",
    "البيت أعود عدت لاحقا",
)
_FILLERS = _words(
    "by at in i am m will be until till safely the",
    "kl om senast jag är tid",
    "до в через я",
    "a al las en dentro de para hasta y",
    "à vers dans je suis plus avant jusqu",
    "في خلال بعد الساعة حتى إلى",
)
_MINUTES = _words(
    "m min mins minute minutes minuter",
    "мин минут минуты minutos minuto د دقيقة",
)
_HOURS = _words(
    "h hour hours hrs tim timme timmar",
    "ч час часа часов hora horas heure heures س ساعة ساعات",
)


# "In 1:30", or "1:30 h", is an hour and a half, and half past one to whoever writes it
# carelessly.
_LASTING = _words("in timer om через en dans dentro خلال بعد")
_AT = _words(
    "by at will until till kl senast до в las para hasta à vers avant jusqu",
    "الساعة حتى",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInText:
    """What was read: until when, or for how long, or neither: they are home.

    Both where the same figures may mean either.
    """

    clock: tuple[int, int] | None = None
    lasts: timedelta | None = None

    @property
    def is_end(self) -> bool:
        """Whether it says that they are there."""
        return self.clock is None and self.lasts is None

    def until(self, now: Instant, zone: str) -> Instant | None:
        """Return the moment that is meant, at most a day ahead; None for an end.

        A time of day is the next such moment where the person is. Of two readings the
        sooner counts: by the other nobody would miss them for hours.
        """
        readings = [] if self.lasts is None else [now.plus(self.lasts)]
        if self.clock is not None:
            readings.append(_next(*self.clock, now, zone))
        return min(readings, default=None)


def _next(hour: int, minute: int, now: Instant, zone: str) -> Instant:
    """Return when it is that time of day next where somebody is, a day at most."""
    local = now.to_datetime().astimezone(ZoneInfo(zone))
    today = local.replace(hour=hour, minute=minute, second=0, microsecond=0, fold=0)
    # Where clocks are put back an hour comes twice: the second one may be meant.
    readings = (today, today.replace(fold=1), today + timedelta(days=1))
    moments = map(Instant.from_datetime, readings)
    latest = now.plus(LASTS_MAX)
    return min(next((one for one in moments if one > now), latest), latest)


def read_check_in(text: str) -> CheckInText | None:
    """Read a message; None where it is none of a check-in."""
    folded = unicodedata.normalize("NFKC", text[: _TEXT_MAX + 1]).casefold()
    if len(folded) > _TEXT_MAX:
        return None
    tokens = _TOKEN.findall(_with_digits(folded))
    numbers = [token for token in tokens if token[-1].isdigit()]
    words = [token for token in tokens if not token[-1].isdigit()]
    known = _TOPIC | _FILLERS | _MINUTES | _HOURS
    bare = bool(numbers) and numbers[0][0] == "+"
    if not set(words) <= known or not (bare or _TOPIC & set(words)):
        return None
    if not numbers:
        return CheckInText()
    if len(numbers) > 1:
        return None
    return _timed(numbers[0], words)


def _timed(number: str, words: list[str]) -> CheckInText | None:
    clock = _CLOCK.fullmatch(number)
    if clock is not None:
        hour, minute = int(clock[1]), int(clock[2])
        lasts = timedelta(hours=hour, minutes=minute)
        is_both = lasts and (_LASTING | _HOURS) & set(words) and not _AT & set(words)
        return CheckInText(clock=(hour, minute), lasts=lasts if is_both else None)
    if not number.lstrip("+").isdecimal():
        return None
    amount = int(number.lstrip("+"))
    if _MINUTES & set(words) or (number[0] == "+" and not _HOURS & set(words)):
        lasts = timedelta(minutes=amount)
    elif _HOURS & set(words):
        if number[0] != "+" and amount <= _HOURS_OF_DAY:
            return _hours(amount, set(words))
        lasts = timedelta(hours=amount)
    else:
        return None
    return CheckInText(lasts=lasts) if timedelta(0) < lasts <= LASTS_MAX else None


def _hours(amount: int, words: set[str]) -> CheckInText | None:
    """Read whole hours: "à 23 h" is a time of day, "dans 2 h" is how long.

    Whoever says neither and names more than half a day may mean either.
    """
    lasts = timedelta(hours=amount) or None
    is_lasting, is_at = bool(_LASTING & words), bool(_AT & words)
    is_time = is_at or (not is_lasting and _HOURS_OF_CLOCK < amount < _HOURS_OF_DAY)
    if not is_time:
        return CheckInText(lasts=lasts) if lasts else None
    is_both = is_lasting or not is_at
    clock = (amount % _HOURS_OF_DAY, 0)
    return CheckInText(clock=clock, lasts=lasts if is_both else None)


def _with_digits(text: str) -> str:
    return "".join(
        str(unicodedata.digit(char)) if char.isdigit() and not char.isascii() else char
        for char in text
    )
