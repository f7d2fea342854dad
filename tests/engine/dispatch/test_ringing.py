"""What ends the ringing of a telephone, and what does not."""

import pytest

from engine.dispatch.actor import Away, Planned
from engine.dispatch.queue import RANK_ANSWER, RANK_CALL, RANK_DISTRESS
from tests.engine.dispatch.ledger import row_of
from tests.engine.dispatch.test_actor import Rig


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
