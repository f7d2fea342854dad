"""Of pages that wait for one telephone a modem sends one message for all."""

import pytest
from msgspec import structs

from engine.dispatch.actor import Away, Idle, Planned, Withdrawn
from engine.dispatch.body import EffectBody, decode_body, encode_body
from engine.dispatch.pages import PAGES_TOGETHER, as_one
from engine.dispatch.queue import RANK_AGAIN, RANK_STRANGER
from engine.ports.journal import EffectRow
from engine.protocol.texts import PageFacts
from engine.values import EffectId
from tests.engine.dispatch.ledger import row_of
from tests.engine.dispatch.test_actor import Rig
from tests.fakes import START

ALDER, ROWAN = "+46701740601", "+46701740602"


@pytest.fixture
def rig() -> Rig:
    return Rig().start()


def page(
    case: str,
    address: str = ALDER,
    *,
    rank: int = 10,
    effect: str = "",
    avoid_route: str = "",
    mark: str = "",
    sign: str = "birch",
    is_strangers: bool = False,
) -> EffectRow:
    """Return a page of a case; its alias is the case's name."""
    row = row_of(
        effect or f"page-{case}-{address[-2:]}",
        rank=rank,
        address=address,
        alarm=case,
        avoid_route=avoid_route,
    )
    facts = PageFacts(alias=case, sign=sign, mark=mark, is_strangers=is_strangers)
    return structs.replace(
        row, body=encode_body(structs.replace(decode_body(row.body), page=facts))
    )


def said(*rows: EffectRow) -> str:
    return as_one(rows).text(START)


def taken(rig: Rig) -> list[str]:
    return [what for _, what in rig.got]


def test_a_modem_takes_all_pages_that_wait_for_a_telephone_at_once(rig: Rig) -> None:
    rig.tell(Planned(rows=(*(page(f"c{n}") for n in range(5)), page("c0", ROWAN))))
    rig.idle("modem-1")
    assert taken(rig) == [f"page-c{n}-01" for n in range(5)]
    rig.idle("modem-1")
    assert taken(rig)[5:] == ["page-c0-02"]


def test_a_page_that_a_modem_has_is_not_replaced(rig: Rig) -> None:
    rig.idle("modem-1")
    rig.tell(Planned(rows=(page("first"),)))
    assert taken(rig) == ["page-first-01"]
    rig.tell(Planned(rows=(page("second"), page("third"))))
    rig.idle("modem-1")
    assert taken(rig)[1:] == ["page-second-01", "page-third-01"]


def test_a_message_to_a_colleague_goes_alone(rig: Rig) -> None:
    sos = [row_of(f"sos-{n}", address=ALDER, alarm=f"c{n}") for n in range(3)]
    rig.tell(Planned(rows=(*sos, page("c0"), page("c1"))))
    for count in (2, 3, 4, 5):
        rig.idle("modem-1")
        assert len(rig.got) == count
    assert taken(rig) == ["page-c0-01", "page-c1-01", "sos-2", "sos-0", "sos-1"]


def test_pages_of_whatever_rank_go_together(rig: Rig) -> None:
    first, again = page("first"), page("again", rank=RANK_AGAIN)
    stranger = page("stranger", rank=RANK_STRANGER, is_strangers=True)
    rig.tell(Planned(rows=(stranger, again, first)))
    rig.idle("modem-1")
    assert set(taken(rig)) == {"page-first-01", "page-again-01", "page-stranger-01"}
    assert taken(rig)[0] == "page-first-01"


@pytest.mark.parametrize(("mark", "sign"), [("exercise", "birch"), ("", "elm")])
def test_what_one_message_cannot_say_goes_apart(rig: Rig, mark: str, sign: str) -> None:
    apart = page("zebra", mark=mark, sign=sign)
    rig.tell(Planned(rows=(page("one"), apart, page("two"))))
    rig.idle("modem-1")
    assert len(rig.got) == 2
    rig.idle("modem-1")
    assert taken(rig) == ["page-one-01", "page-two-01", "page-zebra-01"]


def test_two_pages_of_one_case_go_one_after_the_other(rig: Rig) -> None:
    rig.tell(Planned(rows=(page("one"), page("one", effect="second"))))
    rig.idle("modem-1")
    assert taken(rig) == ["page-one-01"]


def test_a_page_that_goes_round_a_modem_does_not_go_along_by_it(rig: Rig) -> None:
    rig.tell(Away(worker="modem-2"))
    rig.tell(Idle(worker="modem-2", channels=("sms", "call")))
    rig.tell(Planned(rows=(row_of("busy", address=ROWAN),)))
    around = page("around", avoid_route="modem-1")
    rig.tell(Planned(rows=(page("one"), around, page("two"))))
    rig.idle("modem-1")
    by_one = [what for name, what in rig.got if name == "modem-1"]
    assert by_one == ["page-one-01", "page-two-01"]


def test_a_page_that_is_taken_back_is_not_in_the_message(rig: Rig) -> None:
    rig.tell(Planned(rows=tuple(page(f"c{n}") for n in range(3))))
    rig.tell(Withdrawn(effects=(EffectId("page-c1-01"),)))
    rig.idle("modem-1")
    assert taken(rig) == ["page-c0-01", "page-c2-01"]


def test_a_message_is_for_so_many_cases_at_most(rig: Rig) -> None:
    rows = tuple(page(f"c{n}") for n in range(PAGES_TOGETHER + 3))
    rig.tell(Planned(rows=rows))
    rig.idle("modem-1")
    assert len(rig.got) == PAGES_TOGETHER
    rig.idle("modem-1")
    assert len(rig.got) == len(rows)


def test_one_page_alone_says_what_it_says() -> None:
    one = page("heron")
    assert as_one([one]) == decode_body(one.body)


def test_a_message_counts_cases_and_names_the_first_people_of_the_roster() -> None:
    strangers = [page(f"s{n}", is_strangers=True) for n in range(2)]
    text = said(strangers[0], page("heron"), page("gannet"), strangers[1])
    assert text == (
        "4 x SOS: heron, gannet. Unknown senders: 2."
        " Open the console and acknowledge each. birch"
    )


def test_a_message_of_strangers_alone_names_nobody() -> None:
    text = said(*(page(f"s{n}", is_strangers=True) for n in range(3)))
    assert text.startswith("3 x SOS. Unknown senders: 3. ")


def test_a_case_that_has_two_pages_counts_once() -> None:
    text = said(page("heron"), page("heron", effect="second"), page("gannet"))
    assert text.startswith("2 x SOS: heron, gannet. ")


@pytest.mark.parametrize(
    ("mark", "head"),
    [("exercise", "2 x EXERCISE SOS: "), ("notice", "2 x NOTICE: ")],
)
def test_a_message_keeps_the_mark_of_its_pages(mark: str, head: str) -> None:
    assert said(page("a", mark=mark), page("b", mark=mark)).startswith(head)


def test_a_row_that_is_damaged_is_no_page(rig: Rig) -> None:
    damaged = structs.replace(page("zebra"), body=b"{")
    rig.tell(Planned(rows=(page("one"), damaged, page("two"))))
    rig.idle("modem-1")
    assert taken(rig) == ["page-one-01", "page-two-01"]


def test_a_message_of_pages_has_the_address_and_language_of_each() -> None:
    body = as_one([page("a"), page("b")])
    assert (body.address, body.language, body.repeat) == (ALDER, "en", 0)
    assert isinstance(body, EffectBody)
