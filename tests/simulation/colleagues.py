"""Colleagues and contacts who are forced to answer, and say so by their own word."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from engine.alarm.state import alarm_of
from engine.roster.model import Person
from tests.simulation.cast import AGREED, DURESS_WORD
from tests.simulation.changes import with_person
from tests.simulation.plan import Item

if TYPE_CHECKING:
    from tests.simulation.day import Day

FREE, FORCED = "Starlings", "Lapwings"
"""What is agreed with whoever is asked first; one defender has two words already."""
STRANGERS = "+15005550006"
SAYS = ("1", "2", "4", "5", "coming", "no", "5 false")

# What each says beside the word: whether with the code, and with which answer.
_TEXTS: dict[str, Callable[[Item, str], str]] = {
    "colleague_forced": lambda item, code: f"{code} {SAYS[item.n % len(SAYS)]}",
    "colleague_safe": lambda _, code: f"{code} 6",
    "colleague_help": lambda _, code: f"{code} 3",
    "colleague_bare": lambda _, code: code,
    "colleague_uncoded": lambda item, _: SAYS[item.n % 4] if item.n % 2 else "",
    "colleague_elsewhere": lambda item, code: f"{code} {SAYS[item.n % len(SAYS)]}",
}


def _is_forced(day: "Day", item: Item) -> None:
    """Whoever is asked next is forced to answer, `s` seconds later."""

    def asked(number: str, who: Person, code: str) -> None:
        def says() -> None:
            day.world.sleep(item.s)
            word = word_of(day, who)
            if word is None:
                return
            day.struck(item.what)
            for row in list(day.disk.medium.codes.values()):
                if row.person == who.person:
                    alarm = alarm_of(row.stream)
                    day.watching.answers.note(alarm, str(who.person))
            if item.what == "colleague_uncoded":  # and so may end a timer of theirs
                day.watching.timed.people.discard(who.person)
            text = f"{_TEXTS[item.what](item, code)} {word}".strip()
            is_theirs = item.what != "colleague_elsewhere"
            day.network.send_in(number if is_theirs else STRANGERS, text)

        day.world.begin(says, "phone")

    day.people.next_asked = asked


def word_of(day: "Day", who: Person) -> str | None:
    """Agree with somebody on two words, who has none; None of who is in no roster."""
    person = day.host.roster.person(who.person)
    if person is None:
        return None
    if person.person == AGREED:
        return DURESS_WORD
    day.watching.freedom.words[FORCED] = person.person
    day.watching.after_care.worded.add(person.person)
    person = replace(person, safe_word=FREE, duress_word=FORCED)
    day.host.put_in_force(with_person(day.host.roster, person))
    return FORCED


COLLEAGUES: dict[str, Callable[["Day", Item], None]] = dict.fromkeys(_TEXTS, _is_forced)
