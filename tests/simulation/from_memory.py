"""What people are told of a press that no row has: whom, and how often (I17)."""

from collections import Counter
from collections.abc import Sequence
from typing import NamedTuple

from engine.alarm.commands import Raise
from engine.intake.judge import alarm_id
from engine.intake.replies import CODE
from engine.intake.shouter.memory_case import Message
from engine.protocol.language import LANGUAGES, wording
from engine.values import AlarmId, EffectId, Instant, ReportKey
from tests.simulation.runtime import Life

WORDS = [wording(language).words for language in LANGUAGES]
REPEATS = tuple(
    one for w in WORDS for one in (f"{w['repeat']} ", w["repeat_short"].format(n=""))
)


class Told(NamedTuple):
    """A message that the fallback has decided on."""

    effect: EffectId
    alarm: AlarmId
    address: str
    pressed_at: Instant


class FromMemory:
    """Hears what the fallback decides, and what its messages come to."""

    def __init__(self) -> None:
        self.recorded: set[AlarmId] = set()
        """Cases that were begun in memory and have become durable."""
        self.confirmed: set[str] = set()
        """Addresses for which a route has said that it took something from memory."""
        self.first_told_s: dict[AlarmId, float] = {}
        """How long after a press the first was told of it, by the case it would be."""
        self._told: dict[str, Told] = {}
        """By its code, and what goes to the defender, without one, by its address."""
        self._first: Counter[EffectId] = Counter()
        self._by: dict[EffectId, int] = {}
        self._now: dict[str, EffectId] = {}
        self._reaches: dict[str, str] = {}
        self._waits: dict[tuple[int, ReportKey], float] = {}

    def begun(self, life: Life, command: Raise, messages: Sequence[Message]) -> None:
        """Take whom the first step tells."""
        press = command.press
        self._waits.pop((id(life), press.key), None)
        for message in messages:
            text = "".join(segment.text for segment in message.body.segments)
            address = message.body.address
            told = Told(message.effect, alarm_id(press.key), address, press.at)
            self._told[_named(text) or address] = told

    def refused(self, life: Life, key: ReportKey, at_s: float) -> None:
        """Take it that a press of somebody in the roster could not be recorded."""
        self._waits.setdefault((id(life), key), at_s)

    def is_silent(self, life: Life, before_s: float) -> bool:
        """Say whether a press of before is one of which nobody nearby was told."""
        return any(
            at_s < before_s
            for (whose, _), at_s in self._waits.items()
            if whose == id(life)
        )

    def of(self, text: str, address: str) -> Told | None:
        """Return which message a text is, by its code; None where it is another's."""
        told = self._told.get(_named(text) or address)
        return told if told and told.address == address else None

    def reaches(self, route: str, address: str) -> None:
        """Take it that a route sends something of which no row knows."""
        self._reaches[route] = address

    def confirms(self, route: str) -> None:
        """Take it that a far end has what a route sent last."""
        if route in self._reaches:
            self.confirmed.add(self._reaches[route])

    def contact(self, life: Life, route: str, told: Told, text: str) -> bool:
        """Take such a contact; say whether it is the first, or marked as a repeat."""
        took = life.world.now().since(told.pressed_at)
        self.first_told_s.setdefault(told.alarm, took.total_seconds())
        if text.startswith(REPEATS):
            return True
        self._first[told.effect] += 1
        self._now[route] = told.effect
        self._by[told.effect] = id(life)
        return self._first[told.effect] == 1

    def begins(self, route: str) -> None:
        """Take it that a route begins a contact, whosever it is."""
        self._now.pop(route, None)

    def not_sent(self, route: str) -> None:
        """Take it that a route's last contact came to nothing."""
        if (told := self._now.pop(route, None)) is not None:
            self._first[told] -= 1

    def is_told_anew(self, life: Life, alarm: AlarmId, effect: EffectId) -> bool:
        """Say whether a row tells what memory has told, as it should know.

        Of a process that was killed no row can know whom it had told.
        """
        is_known = alarm in self.recorded or self._by.get(effect) == id(life)
        return is_known and self._first[effect] > 0


def _named(text: str) -> str:
    found = CODE.search(text)
    return "" if found is None else found[1]
