"""However many words wait for room in their case, HQ hears of each, and of presses."""

from collections.abc import Sequence
from typing import ClassVar

import pytest
from msgspec import structs

from engine.alarm.commands import AddNote
from engine.dispatch.actor import Shout
from engine.dispatch.outcomes import Outcome
from engine.intake.shouter import actor
from engine.intake.shouter.actor import KEPT, SAID_MAX
from engine.intake.shouter.unhandled import Word
from engine.intake.shouter.whom import Address
from engine.modems.actor import ModemActor
from engine.ports.journal import EffectState
from engine.roster.board import Board
from engine.supervision.actor import SupervisedActor
from engine.supervision.child import ChildSpec
from engine.supervision.link import Link
from engine.values import AlarmId, CommandId, ReportKey
from tests.engine.grown import tree_in
from tests.engine.intake.shouter.test_again import AGAIN_S, TAKEN, Hq, Says, hq_with
from tests.engine.intake.shouter.test_unhandled import WORDS
from tests.simulation.runtime import World

CASE = AlarmId("45f7ecbce34c")
SENDING_S = 5.0
"""A modem takes so long for a short message."""


class SlowRoute(SupervisedActor[Shout]):
    """Sends one thing at a time, as a modem does."""

    bound: ClassVar[int] = ModemActor.bound

    def __init__(self, *, link: Link, sent: list[str]) -> None:
        super().__init__(link=link)
        self._sent = sent

    def handle(self, message: Shout) -> None:
        self.clock.sleep(SENDING_S)
        self._sent.append(message.body.subject)
        message.answered(TAKEN)


def hq_by_a_slow_route(count: int = 1, addresses: int = 1) -> tuple[Hq, list[str]]:
    """Return HQ, and what its addresses have been sent by so many routes."""
    world, sent = World(1), list[str]()
    arguments = {"sent": sent}
    routes = [
        ChildSpec(name=f"email/{number}", actor=SlowRoute, arguments=arguments)
        for number in range(count)
    ]
    return Hq(world, tree_in(world), routes=routes, addresses=addresses), sent


def word_of(number: int) -> AddNote:
    key = f"word-{number}"
    return structs.replace(WORDS, command_id=CommandId(key), source=ReportKey(key))


def test_words_that_wait_for_room_are_told_once_each_bug_many_were_told_for_ever() -> (
    None
):
    """A full disk, and each is tried again every ten seconds: HQ got a flood of SMS."""
    says = Says()
    hq = hq_with(says)
    words = [word_of(number) for number in range(KEPT + 30)]
    for _ in range(5):
        for word in words:
            hq.unrecorded.unkept(word, CASE)
        hq.world.run(10)
    assert len(says.asked) == len(words)


def test_a_word_that_comes_again_is_looked_up_once_bug_each_time_in_the_whole_roster(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A thousand that wait kept a processor from whoever presses meanwhile."""
    hq = hq_with(Says())
    asked: list[Word] = []

    def about(_: Board, to: Sequence[Address], word: Word) -> tuple[Address, ...]:
        asked.append(word)
        return tuple(to)

    monkeypatch.setattr(actor, "addresses_about", about)
    for _ in range(3):
        hq.unrecorded.unkept(word_of(1), CASE)
        hq.world.run(10)
    assert len(asked) == 1


def test_no_word_takes_a_distress_off_that_nobody_was_told_bug_it_was_an_alarm() -> (
    None
):
    """Who holds a telephone can say a hundred things; the SOS was let go at them."""
    says = Says(outcome=Outcome(state=EffectState.REJECTED, retry=True))
    hq = hq_with(says)
    key = hq.press()
    for number in range(KEPT + 1):
        hq.unrecorded.unkept(word_of(number), CASE)
    hq.world.run(2 * AGAIN_S)
    assert hq.unrecorded.shows(key)
    assert len(hq.unrecorded.lines()) == KEPT + 1
    del says.asked[:]
    says.outcome = TAKEN
    hq.world.run(2 * AGAIN_S)
    assert key in hq.unrecorded.told
    assert len(says.asked) == KEPT + 1


def test_no_word_pushes_a_distress_out_before_it_is_heard_bug_nobody_was_told() -> None:
    """While it is down everything waits, and each word is said again and again."""
    hq = hq_with(Says())
    hq.crash()
    key = hq.press(run_s=0)
    for _ in range(SAID_MAX // 10):
        for number in range(11):
            hq.unrecorded.unkept(word_of(number), CASE)
    hq.world.run(60)
    assert hq.unrecorded.shows(key)
    assert hq.unrecorded.told.keys() >= {key, "word-10"}


def test_a_press_goes_before_all_words_that_wait_bug_it_lay_behind_a_hundred() -> None:
    """Whoever holds a telephone can say a hundred things, at five seconds each."""
    hq, sent = hq_by_a_slow_route()
    for number in range(KEPT):
        hq.unrecorded.unkept(word_of(number), CASE)
    hq.world.run(SENDING_S / 2)
    hq.press(run_s=0)
    hq.world.run(2 * SENDING_S)
    assert sent == ["NOT HANDLED", "NOT RECORDED SOS"]
    hq.world.run(KEPT * SENDING_S)
    assert len(sent) == KEPT + 1, "and each of them is told"
