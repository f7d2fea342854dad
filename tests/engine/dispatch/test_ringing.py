"""What ends the ringing of a telephone, and what does not."""

import pytest

from engine.dispatch.actor import (
    BACKLOG,
    RESCAN,
    RUNG_EVERY_S,
    Away,
    Idle,
    Planned,
    Withdrawn,
)
from engine.dispatch.queue import (
    RANK_ANSWER,
    RANK_CALL,
    RANK_DISTRESS,
    RINGS_TOGETHER,
)
from engine.dispatch.ringing import GIVES_WAY_S
from engine.ports.journal import EffectRow
from engine.values import EffectId
from tests.engine.dispatch.ledger import row_of
from tests.engine.dispatch.test_actor import Rig

ALDER, ROWAN = "+46701740601", "+46701740602"


@pytest.fixture
def rig() -> Rig:
    return Rig().start()


def test_a_message_hurries_a_telephone_that_rings_and_says_so_once(rig: Rig) -> None:
    rig.idle("modem-1")
    rig.tell(Planned(rows=(row_of("ring", channel="call", rank=RANK_CALL),)))
    for number in range(3):
        rig.tell(Planned(rows=(row_of(f"sos-{number}", rank=RANK_DISTRESS),)))
    assert rig.got == [("modem-1", "ring"), ("modem-1", "hurry")]


def test_no_telephone_stops_ringing_for_what_no_modem_sends(rig: Rig) -> None:
    """While a mail server hung, every one that rang was silent at once."""
    rig.idle("modem-1")
    rig.tell(Planned(rows=(row_of("ring", channel="call", rank=RANK_CALL),)))
    rig.tell(Planned(rows=(row_of("mail", channel="email", rank=RANK_DISTRESS),)))
    assert rig.got == [("modem-1", "ring")]


def test_no_telephone_stops_ringing_for_what_its_modem_leaves_to_another(
    rig: Rig,
) -> None:
    """One that had failed at a message rang no more for its repeat, and sent none."""
    rig.idle("modem-1")
    rig.tell(Planned(rows=(row_of("ring", channel="call", rank=RANK_CALL),)))
    rig.idle("modem-2")
    rig.tell(Planned(rows=(row_of("other", rank=RANK_DISTRESS),)))
    rig.tell(Planned(rows=(row_of("repeat", avoid_route="modem-1"),)))
    assert rig.got == [("modem-1", "ring"), ("modem-2", "other")]
    rig.tell(Away(worker="modem-2"))
    assert rig.got[2:] == [("modem-1", "hurry")]


def test_no_telephone_stops_ringing_for_an_answer_about_a_timer(rig: Rig) -> None:
    """Whoever had a telephone silenced by asking what rang an officer on duty."""
    rig.idle("modem-1")
    rig.tell(Planned(rows=(row_of("ring", channel="call", rank=RANK_CALL),)))
    rig.tell(Planned(rows=(row_of("answer", rank=RANK_ANSWER),)))
    assert rig.got == [("modem-1", "ring")]
    rig.tell(Planned(rows=(row_of("sos", rank=RANK_DISTRESS),)))
    assert rig.got == [("modem-1", "ring"), ("modem-1", "hurry")]


def test_one_message_ends_the_ringing_of_one_telephone(rig: Rig) -> None:
    """Every modem that rang fell silent for one message, and one of them sent it."""
    two_ring(rig)
    rig.tell(Planned(rows=(row_of("sos", rank=RANK_DISTRESS),)))
    assert hurried(rig) == ["modem-1"]
    rig.idle("modem-1")
    assert rig.got[-1] == ("modem-1", "sos")
    rig.tell(Planned(rows=(row_of("another", rank=RANK_DISTRESS),)))
    assert hurried(rig) == ["modem-1", "modem-2"]


def test_two_messages_end_the_ringing_of_two(rig: Rig) -> None:
    two_ring(rig)
    both = row_of("sos", rank=RANK_DISTRESS), row_of("another", rank=RANK_DISTRESS)
    rig.tell(Planned(rows=both))
    assert hurried(rig) == ["modem-1", "modem-2"]


def test_two_that_one_modem_each_can_send_end_the_ringing_of_both(rig: Rig) -> None:
    """Who gave way to one counted for the other, which it leaves: it waited for 5 s."""
    two_ring(rig)
    rig.tell(Planned(rows=(row_of("one", avoid_route="modem-2"),)))
    assert hurried(rig) == ["modem-1"]
    rig.tell(Planned(rows=(row_of("other", avoid_route="modem-1"),)))
    assert hurried(rig) == ["modem-1", "modem-2"]


def test_what_one_modem_alone_can_send_keeps_it_from_no_other_message(rig: Rig) -> None:
    two_ring(rig)
    rig.tell(Planned(rows=(row_of("one", avoid_route="modem-2"),)))
    rig.tell(Planned(rows=(row_of("any", rank=RANK_DISTRESS),)))
    assert hurried(rig) == ["modem-1", "modem-2"]


@pytest.mark.parametrize("mails", [0, BACKLOG + 1])
def test_where_who_is_to_give_way_hangs_another_one_does(rig: Rig, mails: int) -> None:
    many = [row_of(f"m{number}", channel="email") for number in range(mails)]
    rig.tell(Planned(rows=tuple(many)))
    two_ring(rig)
    rig.tell(Planned(rows=(row_of("sos", rank=RANK_DISTRESS),)))
    rig.world.run(GIVES_WAY_S + RESCAN.total_seconds())
    assert hurried(rig) == ["modem-1", "modem-2"]


def test_where_who_is_to_give_way_is_lost_another_one_does_at_once(rig: Rig) -> None:
    two_ring(rig)
    rig.tell(Planned(rows=(row_of("sos", rank=RANK_DISTRESS),)))
    rig.tell(Away(worker="modem-1"))
    assert hurried(rig) == ["modem-1", "modem-2"]


def test_a_telephone_is_rung_once_a_minute_whichever_modem_is_idle(rig: Rig) -> None:
    rig.idle("modem-1")
    rig.tell(Planned(rows=(ring("one", ALDER),)))
    rig.idle("modem-2")
    rig.tell(Planned(rows=(ring("two", ALDER),)))
    rings_over(rig, "modem-1")
    rig.world.run(RUNG_EVERY_S - 1)
    assert rig.got == [("modem-1", "one")]
    rig.world.run(RESCAN.total_seconds() + 1)
    assert rig.got[1:] in ([("modem-1", "two")], [("modem-2", "two")])


def test_each_officers_telephone_has_a_minute_of_its_own(rig: Rig) -> None:
    two_ring(rig)
    rings_over(rig, "modem-1")
    rings_over(rig, "modem-2")
    rig.tell(Planned(rows=(ring("spruce", "+46701740603"),)))
    rung = ("ring-modem-1", "ring-modem-2", "spruce")
    assert tuple(what for _, what in rig.got) == rung


def test_one_ring_is_for_all_cases_that_wait_for_an_officer(rig: Rig) -> None:
    cases = [ring(f"case-{number}", ALDER) for number in range(40)]
    rig.tell(Planned(rows=(*cases, ring("other", ROWAN))))
    rig.idle("modem-1")
    rung = [what for _, what in rig.got]
    assert len(rung) == RINGS_TOGETHER
    assert "other" not in rung
    rings_over(rig, "modem-1")
    assert rig.got[-1] == ("modem-1", "other")
    rings_over(rig, "modem-1")
    rig.world.run(RUNG_EVERY_S + RESCAN.total_seconds())
    assert len(rig.got) == len(cases) + 1


def test_a_telephone_that_no_network_has_dialled_is_rung_at_once(rig: Rig) -> None:
    rig.idle("modem-1")
    rig.tell(Planned(rows=(ring("one", ALDER),)))
    rig.idle("modem-2")
    rig.tell(Planned(rows=(ring("again", ALDER),)))
    assert rig.got == [("modem-1", "one")]
    rig.idle("modem-1")
    assert rig.got[1:] in ([("modem-1", "again")], [("modem-2", "again")])


def test_a_telephone_whose_modem_was_lost_is_rung_at_once_by_another(rig: Rig) -> None:
    rig.idle("modem-1")
    rig.tell(Planned(rows=(ring("one", ALDER),)))
    rig.idle("modem-2")
    rig.tell(Planned(rows=(ring("again", ALDER),)))
    rig.tell(Away(worker="modem-1"))
    assert rig.got[1:] == [("modem-2", "again")]


def test_nobody_is_rung_for_a_page_that_is_taken_back_meanwhile(rig: Rig) -> None:
    rig.idle("modem-1")
    rig.tell(Planned(rows=(ring("one", ALDER),)))
    rig.tell(Planned(rows=(ring("two", ALDER),)))
    rings_over(rig, "modem-1")
    rig.tell(Withdrawn(effects=(EffectId("two"),)))
    rig.world.run(2 * RUNG_EVERY_S)
    assert rig.got == [("modem-1", "one")]


def rings_over(rig: Rig, modem: str) -> None:
    """Have a modem say that it has rung, and that it can send."""
    rig.tell(Idle(worker=modem, channels=("sms", "call"), has_dialled=True))


def two_ring(rig: Rig) -> None:
    """Have both modems ring."""
    for modem, number in {"modem-1": ALDER, "modem-2": ROWAN}.items():
        rig.idle(modem)
        rig.tell(Planned(rows=(ring(f"ring-{modem}", number),)))


def ring(effect: str, number: str) -> EffectRow:
    """Return a call of somebody's telephone."""
    return row_of(effect, channel="call", rank=RANK_CALL, address=number)


def hurried(rig: Rig) -> list[str]:
    """Return who was told to give way."""
    return [name for name, what in rig.got if what == "hurry"]
