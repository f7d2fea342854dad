"""A late answer is the oldest's whose time it is, or nobody's."""

from engine.modems.unanswered import BEHIND_S, LISTEN_S, Unanswered
from engine.ports.journal import EffectClass, EffectRow
from engine.values import EffectId
from tests.fakes import START

WAITED_S = 25.0


def row(name: str) -> EffectRow:
    return EffectRow(
        effect_id=EffectId(name),
        alarm="alarm/a",
        effect_class=EffectClass.SAFETY,
        channel="sms",
        rank=10,
        planned_at=START,
        body=b"",
    )


def test_answers_come_in_the_order_of_the_messages() -> None:
    unanswered = Unanswered()
    unanswered.add([row("one")], 100.0, WAITED_S)
    unanswered.add([row("two")], 130.0, WAITED_S)
    assert unanswered.take(140.0) == (row("one"),)
    assert unanswered.take(141.0) == (row("two"),)
    assert unanswered.take(142.0) == ()


def test_one_that_is_never_answered_does_not_take_the_next_ones_answer() -> None:
    unanswered = Unanswered()
    unanswered.add([row("lost")], 100.0, WAITED_S)
    over_s = 100.0 + LISTEN_S - WAITED_S + BEHIND_S
    unanswered.add([row("late")], over_s, WAITED_S)
    assert unanswered.take(over_s + 1.0) == (row("late"),)


def test_an_answer_at_the_edge_is_nobodys() -> None:
    unanswered = Unanswered()
    unanswered.add([row("one")], 100.0, WAITED_S)
    edge_s = 100.0 + LISTEN_S - WAITED_S
    unanswered.add([row("two")], edge_s, WAITED_S)
    assert unanswered.take(edge_s + 1.0) == ()
    assert unanswered.take(edge_s + 2.0) == (row("two"),)


def test_the_one_that_the_driver_names_is_the_one() -> None:
    unanswered = Unanswered()
    for number, name in enumerate(("expired", "one", "two"), start=1):
        unanswered.add([row(name)], 100.0, WAITED_S, number)
    assert unanswered.take(101.0, 2) == (row("one"),)
    assert unanswered.take(101.0, 2) == ()
    assert unanswered.take(101.0, 3) == (row("two"),)


def test_an_answer_is_that_of_all_rows_of_its_message() -> None:
    unanswered = Unanswered()
    unanswered.add([row("one"), row("two")], 100.0, WAITED_S, 1)
    unanswered.add([row("next")], 100.0, WAITED_S, 2)
    assert unanswered.take(101.0, 1) == (row("one"), row("two"))
    assert unanswered.take(101.0, 2) == (row("next"),)
