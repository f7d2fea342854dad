"""The modem's actor with a driver that does what a test says."""

import itertools
import logging
from dataclasses import replace

import pytest

from engine.dispatch.actor import RUNG_EVERY_S, Shout
from engine.dispatch.body import decode_body
from engine.dispatch.outcomes import outcome_of
from engine.errors import ModemBusyError, ModemGoneError, ModemSilentError
from engine.modems.inbound import UNSTAMPED_MS
from engine.modems.refused import AGAIN_S
from engine.ports.journal import EffectState, Record
from engine.ports.modem import RingResult, SendResult, StatusReport, SubmitOutcome
from tests.engine.dispatch.ledger import SILENT, row_of
from tests.engine.modems.rig import Rig, message


@pytest.fixture
def rig() -> Rig:
    return Rig()


def test_a_message_goes_out_after_the_journal_has_its_attempt(rig: Rig) -> None:
    rig.driver.state = lambda: rig.ledger.state("e1")
    rig.plan()
    rig.world.run(1)
    assert rig.driver.submitted == [("+46701740605", "SOS")]
    assert rig.driver.states == [EffectState.ATTEMPTING]
    assert rig.outcomes() == [EffectState.ACCEPTED]
    assert rig.told[0].outcome.reference == "7"


def test_what_a_modem_sends_is_journalled_before_it_goes_out(rig: Rig) -> None:
    rig.driver.holds = 2
    rig.driver.state = lambda: rig.begun("e1")["text"]
    rig.plan()
    rig.world.run(1)
    assert rig.driver.submitted == [("+46701740605", "SO")]
    assert rig.driver.states == ["SO"], "all of it, as it was cut"


def test_a_call_says_nothing_that_could_be_journalled(rig: Rig) -> None:
    rig.plan(channel="call")
    rig.world.run(1)
    assert "text" not in rig.begun("e1")


def test_a_row_that_cannot_be_read_keeps_no_modem_from_the_others(rig: Rig) -> None:
    rig.plan("e1", body=b"{")
    rig.world.run(60)
    assert rig.outcomes() == [EffectState.UNKNOWN]
    rig.plan("e2")
    rig.world.run(60)
    assert rig.driver.submitted == [("+46701740605", "SOS")]


@pytest.mark.parametrize(
    ("outcome", "state", "retry"),
    [
        (SubmitOutcome(result=SendResult.UNKNOWN), EffectState.UNKNOWN, False),
        (
            SubmitOutcome(result=SendResult.REJECTED, code="+CMS 500", retry=True),
            EffectState.REJECTED,
            True,
        ),
        (SubmitOutcome(result=SendResult.REJECTED), EffectState.REJECTED, False),
        (ModemSilentError(), EffectState.REJECTED, True),
        (ModemGoneError(), EffectState.REJECTED, True),
        (ZeroDivisionError(), EffectState.UNKNOWN, False),
    ],
)
def test_each_end_of_a_submit_is_told_for_what_it_is(
    rig: Rig, outcome: SubmitOutcome | Exception, state: EffectState, *, retry: bool
) -> None:
    rig.driver.outcomes = [outcome]
    rig.plan()
    rig.world.run(5)
    assert [(s.outcome.state, s.outcome.retry) for s in rig.told] == [(state, retry)]
    assert len(rig.driver.submitted) == 1
    rig.plan("e2")
    rig.world.run(60)
    assert rig.outcomes()[-1] is EffectState.ACCEPTED, "it comes back by itself"


def test_when_a_network_last_took_a_message_is_shown(rig: Rig) -> None:
    shown = rig.meter.shown
    last = ("modem_last_sent_timestamp_seconds", "modem-1")
    assert last not in shown, "nothing was sent yet, and 1970 is no answer"
    rig.driver.outcomes = [SubmitOutcome(result=SendResult.REJECTED)]
    rig.plan()
    rig.world.run(1)
    assert last not in shown
    rig.plan("e2")
    rig.world.run(1)
    sent_s = shown[last]
    assert 0 <= rig.world.now().ms / 1000 - sent_s <= 1
    rig.driver.outcomes = [SubmitOutcome(result=SendResult.UNKNOWN)]
    rig.plan("e3")
    rig.world.run(60)
    assert shown[last] == sent_s


def test_a_refusal_is_journalled_with_its_code_and_its_class(rig: Rig) -> None:
    rig.driver.outcomes = [
        SubmitOutcome(
            result=SendResult.REJECTED,
            code="38",
            fault="temporary_long",
            retry=True,
            reason="network out of order",
        )
    ]
    rig.plan()
    rig.world.run(1)
    with rig.ledger.reader() as reader:
        outcome = outcome_of(reader.stream("effect/e1"))
    assert outcome is not None
    assert outcome.reason == "network out of order (38, temporary_long)"


def test_a_modem_that_is_gone_pulls_nothing_shows_and_comes_back(rig: Rig) -> None:
    rig.driver.is_gone = True
    rig.world.run(2)
    assert "modem_down" in rig.health.reasons()
    rig.plan()
    rig.world.run(120)
    assert rig.ledger.state("e1") is EffectState.PLANNED
    assert rig.driver.climbed == [], "no ladder for what is not there"
    rig.driver.is_gone = False
    rig.world.run(35)
    assert rig.outcomes() == [EffectState.ACCEPTED]
    assert rig.health.reasons() == {}


def test_why_a_modem_cannot_be_used_is_logged_once_bug_nobody_was_told_who_holds_it(
    rig: Rig, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    rig.driver.gone = ModemBusyError("the port is held by ModemManager (pid 512)")
    rig.driver.is_gone = True
    rig.world.run(600)
    held = "modem-1 cannot be used: the port is held by ModemManager (pid 512)"
    assert caplog.messages.count(held) == 1
    rig.driver.is_gone = False
    rig.world.run(31)
    assert caplog.messages[-1] == "modem-1 can be used again"
    rig.world.run(600)
    assert caplog.messages[-1] == "modem-1 can be used again"


def test_storage_is_read_at_the_start_and_every_45_s(rig: Rig) -> None:
    rig.world.run(300)
    steps = [b - a for a, b in itertools.pairwise(rig.driver.drained_s)]
    assert len(steps) == 6
    assert all(45 <= step < 46 for step in steps)


def test_what_arrives_is_durable_before_it_is_deleted(rig: Rig) -> None:
    rig.ledger.fault = lambda r: SILENT if isinstance(r, Record) else ""
    rig.driver.arrived = [message()]
    rig.world.run(2)
    assert rig.driver.deleted == []
    assert rig.heard == []
    rig.ledger.fault = lambda _: ""
    rig.world.run(AGAIN_S)
    assert rig.driver.deleted == ["SM:1"]
    assert len({one.key for one in rig.heard}) == 1
    assert [one["text"] for one in rig.recorded()] == ["K7F2 1"]


def test_what_arrives_together_waits_for_the_disk_once_bug_one_after_the_other(
    rig: Rig,
) -> None:
    """Of 27 messages behind a disk that hung, HQ had heard of five after a minute."""
    rig.ledger.takes_s = 10.0
    rig.driver.arrived = [message(f"SM:{number}") for number in range(1, 28)]
    rig.world.run(12)
    assert len(rig.heard) == 27
    assert sorted(rig.driver.deleted) == sorted(f"SM:{n}" for n in range(1, 28))


def test_what_is_read_at_once_came_one_behind_the_other_bug_all_in_one_moment(
    rig: Rig,
) -> None:
    """A word of safety that lay before an SOS called that off."""
    texts = [f"{number}" for number in range(30)]
    rig.driver.arrived = [message(f"SM:{text}", text) for text in texts[:20]]
    rig.world.run(0.001)
    rig.driver.arrived += [message(f"SM:{text}", text) for text in texts[20:]]
    rig.world.run(2)
    assert [one["text"] for one in rig.recorded()] == texts
    rows = rig.ledger.store.reader().inbound(untaken_only=False)
    assert len({row.received_at for row in rows}) == len(texts)


def test_what_cannot_be_read_keeps_its_octets_bug_they_were_deleted(rig: Rig) -> None:
    unread = replace(message(text=""), sender="", flags=("truncated", "undecodable"))
    rig.driver.arrived = [unread, message("SM:2")]
    rig.world.run(3)
    assert rig.driver.deleted == ["SM:1", "SM:2"]
    assert [one.get("pdu") for one in rig.recorded()] == ["pduSM:1", None]


def test_half_a_character_stops_no_modem_bug_crashed_for_ever(rig: Rig) -> None:
    rig.driver.arrived = [message(text="help \ud83d"), message("SM:2")]
    rig.world.run(3)
    assert [one["text"] for one in rig.recorded()] == ["help ?", "K7F2 1"]
    assert rig.driver.opened == 1


@pytest.mark.parametrize(
    ("outcome", "state"),
    [
        ("delivered", EffectState.DELIVERED),
        ("failed", EffectState.UNDELIVERED),
        ("pending", EffectState.ACCEPTED),
    ],
)
def test_a_status_report_is_matched_by_reference_and_number_and_freed(
    rig: Rig, outcome: str, state: EffectState
) -> None:
    rig.plan()
    rig.world.run(1)
    rig.driver.arrived = [
        StatusReport(
            reference=7,
            recipient="0701740605",
            outcome=outcome,
            status=0,
            slot="SR:1",
        )
    ]
    rig.world.run(1)
    assert rig.ledger.state("e1") is state
    assert rig.driver.deleted == ["SR:1"]


@pytest.mark.parametrize(
    ("reference", "recipient"), [(8, "+46701740605"), (7, "+46701740699")]
)
def test_a_status_report_of_another_message_changes_nothing(
    rig: Rig, reference: int, recipient: str
) -> None:
    rig.plan()
    rig.world.run(1)
    rig.driver.arrived = [
        StatusReport(
            reference=reference,
            recipient=recipient,
            outcome="delivered",
            status=0,
            slot="SR:1",
        )
    ]
    rig.world.run(1)
    assert rig.ledger.state("e1") is EffectState.ACCEPTED


def test_a_telephone_rings_and_gives_way_to_a_message(rig: Rig) -> None:
    rig.plan("ring", "call", 15)
    rig.world.run(3)
    rig.plan("e1")
    rig.world.run(3)
    assert rig.driver.rung == ["+46701740605"]
    assert len(rig.driver.submitted) == 1
    reasons = [settled.outcome.reason for settled in rig.told]
    assert "rang, cut short" in reasons


def test_a_telephone_that_rings_gives_way_within_fifty_milliseconds(rig: Rig) -> None:
    """The modem looked once a second whether anything waited."""
    rig.plan("ring", "call", 15)
    rig.world.run(3.3)
    rig.plan("e1")
    rig.world.run(0.05)
    assert len(rig.driver.submitted) == 1


def test_one_ring_is_for_every_case_that_waits_for_an_officer(rig: Rig) -> None:
    rig.driver.takes_s = 3.0
    rig.plan()
    for number in range(3):
        rig.plan(f"ring-{number}", "call", 15)
    rig.world.run(90)
    assert [one.outcome.reason for one in rig.told] == ["", *["rang"] * 3]
    assert len(rig.driver.rung) == 1


def test_an_officer_is_rung_for_fifteen_seconds_and_once_a_minute(rig: Rig) -> None:
    began_s = rig.world.boottime_s()
    for number in range(3):
        rig.plan(f"ring-{number}", "call", 15)
        rig.world.run(16)
        assert len(rig.told) == 1
    rig.world.run(60)
    rung_s = rig.driver.rung_s
    assert len(rung_s) == 2
    assert rung_s[0] - began_s < 1
    assert rung_s[1] - rung_s[0] >= RUNG_EVERY_S
    assert len(rig.told) == 3


def test_a_call_cut_short_before_it_rang_is_not_told_as_one_that_rang(rig: Rig) -> None:
    rig.driver.cut_short = RingResult.UNHEARD
    rig.plan("ring", "call", 15)
    rig.world.run(2)
    rig.plan("e1")
    rig.world.run(1)
    assert rig.ledger.state("ring") is EffectState.REJECTED
    assert [one.outcome.retry for one in rig.told if one.effect == "ring"] == [True]
    assert rig.meter.counted["deliveries_total"] == 1, "nobody has refused the call"


def test_a_look_is_broken_off_for_what_is_to_be_sent_and_never_twice_in_a_row(
    rig: Rig,
) -> None:
    """Else what arrives were never read as long as messages follow each other."""
    rig.driver.polls_s = 5.0
    rig.driver.arrived = [message()]
    rig.world.run(1)
    rig.plan("e1")
    rig.world.run(0.1)
    assert len(rig.driver.submitted) == 1
    assert not rig.heard
    rig.world.run(1)
    rig.plan("e2")
    rig.world.run(2)
    assert len(rig.driver.submitted) == 1, "the look goes on to its end"
    rig.world.run(3)
    assert len(rig.driver.submitted) == 2
    assert len(rig.heard) == 1


def test_no_telephone_stops_ringing_for_the_next_one_bug_it_rang_for_a_second(
    rig: Rig,
) -> None:
    """A modem that had sent something asked for work twice, and was given two."""
    rig.driver.takes_s = 3.0
    rig.plan()
    for number in range(3):
        rig.plan(f"ring-{number}", "call", 15, address=f"+4670174060{number}")
    rig.world.run(90)
    assert [one.outcome.reason for one in rig.told] == ["", *["rang"] * 3]
    assert len(rig.driver.rung) == 3


def test_what_arrives_while_a_telephone_rings_is_read(rig: Rig) -> None:
    rig.plan("ring", "call", 15)
    rig.world.run(2)
    rig.driver.arrived = [message()]
    rig.world.run(3)
    assert len(rig.heard) == 1


def test_what_cannot_be_recorded_is_sent_from_memory(rig: Rig) -> None:
    body = decode_body(row_of().body)
    rig.tree.names.tell("modem-1", Shout(channel="sms", body=body))
    rig.world.run(1)
    assert rig.driver.submitted == [("+46701740605", "SOS")]
    assert rig.told == []


def test_a_silent_modem_is_closed_and_its_ladder_climbed(rig: Rig) -> None:
    rig.driver.outcomes = [ModemSilentError()]
    rig.plan()
    rig.world.run(2)
    assert rig.driver.climbed == [0]
    assert rig.driver.opened == 2


def test_a_modem_dead_for_an_hour_is_used_again_within_half_a_minute(rig: Rig) -> None:
    rig.driver.is_gone = True
    rig.world.run(1)
    rig.plan()
    rig.world.run(3600)
    assert rig.ledger.state("e1") is EffectState.PLANNED
    rig.driver.is_gone = False
    rig.world.run(31)
    assert rig.ledger.state("e1") is EffectState.ACCEPTED


def test_an_sos_that_waits_has_a_dead_modem_reset_no_sooner_and_no_later(
    rig: Rig,
) -> None:
    rig.driver.is_gone, rig.driver.gone = True, ModemSilentError()
    rig.world.run(600)
    climbed = len(rig.driver.climbed)
    rig.world.run(60)
    in_a_minute = len(rig.driver.climbed) - climbed
    rig.plan("e1")
    rig.world.run(60)
    beside_an_sos = len(rig.driver.climbed) - climbed - in_a_minute
    assert abs(beside_an_sos - in_a_minute) <= 1
    assert in_a_minute


def test_a_modem_that_has_come_back_is_tried_at_once_for_an_sos(rig: Rig) -> None:
    """It waited for up to half a minute for the next look whether the port is there."""
    rig.driver.is_gone = True
    rig.world.run(600)
    tried = rig.driver.tried
    while rig.driver.tried == tried:
        rig.world.run(0.1)
    rig.driver.is_gone = False
    rig.plan("e1")
    rig.world.run(1)
    assert rig.ledger.state("e1") is EffectState.ACCEPTED


def test_a_report_of_what_was_sent_before_a_start_is_found_in_the_rows(
    rig: Rig,
) -> None:
    rig.driver.outcomes = [
        SubmitOutcome(result=SendResult.SENT, reference=9),
        ZeroDivisionError(),
    ]
    rig.plan("e1")
    rig.plan("crashes")
    rig.world.run(3)
    assert rig.driver.opened == 2, "another instance of the actor"
    rig.driver.arrived = [
        StatusReport(
            reference=9, recipient="+46701740605", outcome="delivered", status=0
        )
    ]
    rig.world.run(1)
    assert rig.ledger.state("e1") is EffectState.DELIVERED


def test_the_same_words_again_are_new_ones_where_no_stamp_says_so(rig: Rig) -> None:
    """Some networks stamp nothing; the second SOS lay where the first had lain."""
    unstamped = replace(message(text="SOS"), sent_at=None)
    for _ in range(2):
        rig.driver.arrived.append(unstamped)
        rig.world.run(UNSTAMPED_MS / 1000)
    assert [one["text"] for one in rig.recorded()] == ["SOS", "SOS"]
    assert len({one.key for one in rig.heard}) == 2
