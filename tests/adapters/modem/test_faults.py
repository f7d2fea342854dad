"""Each fault of the field, alone and in pairs: one true outcome for each message.

The far end's own count is the judge: *sent* means that the network has it once,
*rejected* that it has it never, *unknown* that nobody can say.
"""

import itertools
import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from adapters.modem.pdu import Deliver
from adapters.modem.pdu_encode import encode_deliver
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.pdu_text import Concat, build
from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_faults import Faults, switch_names
from engine.errors import ModemError
from engine.ports.modem import InboundSms, SendResult, StatusReport
from tests.adapters.modem.rig import BOB, QUICK, Rig, rig
from tests.adapters.modem.switches import (
    EVENTS,
    NOT_SWITCHED_HERE,
    SWITCHES,
    made_of_four,
    mend,
)
from tests.rig import eventually

_NONE_COMES_S = 0.5


def _outcome(
    r: Rig, text: str, over: Callable[[], None] = lambda: None
) -> SendResult | None:
    """Submit as the modem's actor does: a raise is *not sent*, then one rung up.

    `over` waits until what has happened to the modem is over: nobody can open a port
    in the moment in which it has no name.
    """
    try:
        return r.submit(text, late_s=0.6).result
    except ModemError:
        over()
        assert r.driver.recover(0) or r.driver.recover(1) or r.driver.recover(2)
        return None


def _judge(r: Rig, results: dict[str, SendResult | None]) -> None:
    handed = r.sent_texts()
    for text, result in results.items():
        match result:
            case SendResult.SENT:
                assert handed.count(text) == 1
            case SendResult.REJECTED | None:
                assert handed.count(text) == 0
            case SendResult.UNKNOWN:
                assert handed.count(text) <= 1


# Where an answer is lost, and a message is refused beside it, the next answers may be
# earlier ones': what was refused may have moved the modem's count, or not. Nobody can
# say whose they are for the two minutes in which an earlier one may come (`test_owed`),
# unless the modem starts anew, and owes nothing.
IN_DOUBT = {
    frozenset({"drop_cmgs", "cms_rate"}),
    frozenset({"hung for a moment", "cms_rate"}),
    frozenset({"hung for a moment", "no_credit"}),
}


def _assert_works_again(r: Rig, *mended: str) -> dict[str, SendResult | None]:
    """The next message is sent, also where the answer to the last one was lost."""
    results: dict[str, SendResult | None] = {}
    if frozenset(mended) in IN_DOUBT:
        results["in doubt"] = _outcome(r, "in doubt")
        assert results["in doubt"] is SendResult.UNKNOWN
        r.modem.restart()
        r.driver.wait(1)
    results["after"] = _outcome(r, "after")
    assert results["after"] is SendResult.SENT
    return results


def test_every_switch_is_in_the_table() -> None:
    assert set(switch_names()) == SWITCHES.keys() | NOT_SWITCHED_HERE


@pytest.mark.slow
@pytest.mark.parametrize("name", SWITCHES)
def test_a_fault_leaves_every_message_one_true_outcome(
    tmp_path: Path, name: str
) -> None:
    faults = Faults()
    faults.set(name, SWITCHES[name])
    with rig(tmp_path, faults=faults) as r:
        results = {text: _outcome(r, text) for text in ("a", "b", "c", "d")}
        assert tuple(results.values()) == made_of_four(name)
        _judge(r, results)
        mend(faults, name)
        _assert_works_again(r, name)


@pytest.mark.slow
@pytest.mark.parametrize(("one", "other"), list(itertools.combinations(SWITCHES, 2)))
def test_a_pair_of_faults_leaves_every_message_one_true_outcome(
    tmp_path: Path, one: str, other: str
) -> None:
    faults = Faults()
    faults.set(one, SWITCHES[one])
    faults.set(other, SWITCHES[other])
    with rig(tmp_path, faults=faults) as r:
        results = {text: _outcome(r, text) for text in ("a", "b", "c", "d")}
        assert tuple(results.values()) == made_of_four(one, other) or (
            made_of_four(one, other) is None
        )
        _judge(r, results)
        for name in (one, other):
            mend(faults, name)
        _assert_works_again(r, one, other)


@pytest.mark.slow
@pytest.mark.parametrize("event", EVENTS)
def test_an_event_while_a_message_waits_leaves_it_one_true_outcome(
    tmp_path: Path, event: str
) -> None:
    _judge_through(tmp_path, event, [])


@pytest.mark.slow
@pytest.mark.parametrize(("event", "name"), list(itertools.product(EVENTS, SWITCHES)))
def test_an_event_with_a_fault_leaves_every_message_one_true_outcome(
    tmp_path: Path, event: str, name: str
) -> None:
    _judge_through(tmp_path, event, [name])


def _in_mid_send(modem: VirtualModem, event: Callable[[VirtualModem], None]) -> None:
    """Let it happen once the modem has the message, or after a while where none comes.

    By the clock alone it would be another moment wherever the machine is busy.
    """
    with suppress(AssertionError):
        eventually(lambda: modem.is_sending, timeout_s=_NONE_COMES_S)
    event(modem)


def _judge_through(tmp_path: Path, event: str, names: list[str]) -> None:
    faults = Faults(latency_s=0.1)
    for name in names:
        faults.set(name, SWITCHES[name])
    options = replace(QUICK, by_id_folder=str(tmp_path))
    with rig(tmp_path, faults=faults, options=options) as r:
        results = {"before": _outcome(r, "before")}
        happens = threading.Thread(target=_in_mid_send, args=(r.modem, EVENTS[event]))
        happens.start()
        results["meanwhile"] = _outcome(r, "meanwhile", happens.join)
        happens.join()
        results["behind"] = _outcome(r, "behind")
        for name in names:
            mend(faults, name)
        _judge(r, results | _assert_works_again(r, event, *names))


def _is(kind: type[object]) -> Callable[[object], bool]:
    return lambda events: any(isinstance(e, kind) for e in events)  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", [1, 21, 38, 41, 96, 208, 322, 331, 500, 517])
def test_a_refusal_carries_its_code_and_whether_another_route_may_help(
    tmp_path: Path, code: int
) -> None:
    with rig(tmp_path, faults=Faults(cms=code, cms_rate=1)) as r:
        outcome = r.submit()
    assert outcome.result is SendResult.REJECTED
    assert outcome.code == str(code)
    assert outcome.retry is (code not in {1, 96})
    assert r.sent_texts() == []


def test_a_network_that_timed_out_may_have_sent(tmp_path: Path) -> None:
    with rig(tmp_path, faults=Faults(cms=332, cms_rate=1)) as r:
        assert r.submit().result is SendResult.UNKNOWN


def test_a_late_answer_within_the_wait_is_an_answer(tmp_path: Path) -> None:
    with rig(tmp_path, faults=Faults(late_cmgs_s=1.5)) as r:
        outcome = r.submit(late_s=5)
    assert outcome.result is SendResult.SENT
    assert outcome.reference == 1


def test_an_answer_that_comes_after_the_wait_does_not_answer_the_next_message(
    tmp_path: Path,
) -> None:
    with rig(tmp_path, faults=Faults(late_cmgs_s=0.5, late=0.5)) as r:
        first, second = r.submit("a"), r.submit("b", late_s=0.2)
        third = _outcome(r, "c")
        assert first.result is SendResult.SENT
        assert second.result is SendResult.UNKNOWN
        _judge(r, {"b": second.result, "c": third})


def test_a_lost_announcement_is_made_good_by_the_next_drain(tmp_path: Path) -> None:
    with rig(tmp_path, faults=Faults(lost_cmti=1)) as r:
        r.modem.inject(BOB, "K7F2 1")
        found = r.events(_is(InboundSms), drain=True)
    assert [m.text for m in found if isinstance(m, InboundSms)] == ["K7F2 1"]


def test_a_report_in_the_wrong_store_is_found(tmp_path: Path) -> None:
    with rig(tmp_path, faults=Faults(cdsi_wrong_store=True)) as r:
        outcome = r.submit()
        found = r.events(_is(StatusReport))
        report = next(e for e in found if isinstance(e, StatusReport))
        assert report.reference == outcome.reference
        assert report.slot == "SR:0"
        r.driver.delete(report.slot)
        assert r.modem.state.stores["SR"] == {}


def test_what_the_network_held_for_a_full_store_arrives_once_there_is_room(
    tmp_path: Path,
) -> None:
    with rig(tmp_path) as r:
        for i in range(35):
            r.modem.inject(BOB, f"message {i}")
        found: list[str] = []
        for _ in range(20):
            for event in r.driver.poll(drain=True):
                assert isinstance(event, InboundSms)
                found.append(event.text)
                r.driver.delete(event.slot)
            if len(set(found)) == 35:
                break
    assert set(found) == {f"message {i}" for i in range(35)}


def test_parts_that_come_back_to_front_are_joined_in_order(tmp_path: Path) -> None:
    with rig(tmp_path, faults=Faults(shuffle=True)) as r:
        for number, text in ((1, "one "), (2, "two "), (3, "three")):
            concat = Concat(reference=5, total=3, number=number)
            part = Deliver(
                sender=Address(text=BOB, toa=0x91),
                user_data=build(text, Charset.GSM7, concat=concat),
            )
            r.modem.deliver(*encode_deliver(part))
        found = r.events(_is(InboundSms))
    assert [m.text for m in found if isinstance(m, InboundSms)] == ["one two three"]


def test_what_the_network_held_without_registration_arrives_with_it(
    tmp_path: Path,
) -> None:
    with rig(tmp_path, faults=Faults(creg=2)) as r:
        r.modem.inject(BOB, "held")
        assert not r.driver.wait(0.2)
        r.modem.faults.creg = 1
        # The registration says itself as well, and may be heard by itself.
        found = r.events(lambda found: any(isinstance(m, InboundSms) for m in found))
        (message,) = (m for m in found if isinstance(m, InboundSms))
        assert message.text == "held"


def test_a_flood_of_lines_stops_neither_sending_nor_hearing(tmp_path: Path) -> None:
    with rig(tmp_path, faults=Faults(flood_s=0.001, urc_inside=True)) as r:
        assert all(r.submit(str(i)).result is SendResult.SENT for i in range(20))
        assert len(r.events(lambda found: len(found) >= 20)) == 20


def test_without_registration_the_modem_says_so_and_sends_nothing(
    tmp_path: Path,
) -> None:
    with rig(tmp_path, faults=Faults(creg=2)) as r:
        assert not r.driver.health().registered
        outcome = r.submit()
        assert outcome.result is SendResult.REJECTED
        assert outcome.retry
        r.modem.faults.creg = 5
        assert r.driver.health().registered


def test_a_modem_dead_for_an_hour_is_used_again(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem.unplug()
        for _ in range(20):
            assert not r.driver.recover(2)
        r.modem.replug()
        assert r.driver.recover(2)
        assert r.submit().result is SendResult.SENT
