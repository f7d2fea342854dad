"""What is told from memory: a distress of somebody we know, and no flood before it."""

import json
from dataclasses import replace

import pytest
from msgspec import structs

from engine.alarm.commands import Raise
from engine.dispatch.outcomes import Outcome
from engine.intake.absence import SOURCE_ABSENCE
from engine.intake.actor import SOURCE_DEVICE
from engine.intake.reports import encode_report
from engine.intake.shouter.actor import KEPT, SAID_MAX, Unkept
from engine.intake.shouter.rank import Rank, rank_of, rank_of_record, rank_of_sms
from engine.intake.shouter.unhandled import NOT_HANDLED
from engine.intake.sms import SOURCE_SMS, message_command
from engine.journal.actor import GROUP_MAX
from engine.modems.actor import ModemActor
from engine.ports.journal import SOURCE_DAMAGED, EffectState, InboundRow, Record
from engine.roster.model import Roster
from engine.values import DeviceId, ReportKey
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.intake.reports import STRANGERS, judge_of, report
from tests.engine.intake.shouter.test_again import AGAIN_S, TAKEN, Says, hq_with
from tests.engine.intake.shouter.test_waiting_words import (
    CASE,
    SENDING_S,
    hq_by_a_slow_route,
    word_of,
)
from tests.fakes import START

STRANGER = "+12025550123"
HERON = DeviceId("004999010640018")
SAMPLE = judge_of().board.roster()
HERONS, *OTHERS = sorted(SAMPLE.people, key=lambda one: one.person != "heron")
FORCED = Roster(
    people=(replace(HERONS, duress_word="quince"), *OTHERS),
    devices=SAMPLE.devices,
)
NOBODYS = structs.replace(raise_of(press_of("k1")), defender=None)


def body_of(sender: str, text: str = "hello") -> bytes:
    return json.dumps({"sender": sender, "text": text}).encode()


def record_of(number: int) -> Record:
    """Return what a stranger's telephone has sent and nothing could record."""
    key = ReportKey(f"sms-{number}")
    body = body_of(STRANGER)
    return Record(key=key, source=SOURCE_SMS, received_at=START, body=body)


def press_by(device: DeviceId | None, number: int = 0) -> Record:
    """Return a press that nothing could record."""
    key, body = ReportKey(f"press-{number}"), encode_report(report(device=device))
    return Record(key=key, source=SOURCE_DEVICE, received_at=START, body=body)


def test_no_strangers_message_takes_a_distress_off_bug_nobody_was_told_of_it() -> None:
    says = Says(outcome=Outcome(state=EffectState.REJECTED, retry=True))
    hq = hq_with(says)
    key = hq.press()
    hq.unrecorded.refused([record_of(number) for number in range(KEPT + 1)])
    hq.world.run(2 * AGAIN_S)
    assert hq.unrecorded.shows(key)
    says.outcome = TAKEN
    hq.world.run(2 * AGAIN_S)
    assert key in hq.unrecorded.told


def test_a_press_goes_before_all_that_strangers_say_bug_it_lay_behind_a_hundred() -> (
    None
):
    hq, sent = hq_by_a_slow_route()
    hq.unrecorded.refused([record_of(number) for number in range(KEPT)])
    hq.world.run(SENDING_S / 2)
    key = hq.press(run_s=0)
    hq.world.run(2 * SENDING_S)
    assert len(sent) == 2
    assert next(iter(hq.unrecorded.told)) == key or hq.unrecorded.unheard[key].is_taken
    hq.world.run(KEPT * SENDING_S)
    assert len(sent) == KEPT + 1, "and HQ is told of each of them"


@pytest.mark.parametrize("is_recorded", [True, False])
def test_no_flood_of_strangers_pushes_a_press_out_bug_nobody_ever_heard_of_it(
    *, is_recorded: bool
) -> None:
    """On a full disk, or beside a lost journal, a thousand a second came behind it."""
    hq = hq_with(Says())
    press, others = raise_of(press_of("k1")), range(SAID_MAX)
    if is_recorded:
        key = press.press.key
        hq.unrecorded.say(Unkept(command=press))
        for number in others:
            theirs = structs.replace(NOBODYS, press=press_of(f"theirs-{number}"))
            hq.unrecorded.say(Unkept(command=theirs))
    else:
        ours = press_by(HERON)
        key = ours.key
        theirs_too = [press_by(STRANGERS, 1 + number) for number in others]
        hq.unrecorded.refused([ours, *theirs_too])
    hq.world.run(AGAIN_S)
    told = [one.key for one in hq.unrecorded.lines()]
    assert told[0] == key
    assert len(told) == 1 + KEPT, "and of the last strangers it is told as well"


@pytest.mark.parametrize(
    ("record", "rank"),
    [
        (press_by(HERON), Rank.DISTRESS),
        (press_by(STRANGERS), Rank.NOBODYS),
        (press_by(None), Rank.NOBODYS),
        (structs.replace(press_by(STRANGERS), body=b"{"), Rank.DISTRESS),
        (structs.replace(press_by(STRANGERS), source=SOURCE_ABSENCE), Rank.DISTRESS),
    ],
)
def test_a_report_has_the_rank_that_its_press_will_have(
    record: Record, rank: Rank
) -> None:
    assert rank_of_record(FORCED, record) is rank
    assert rank_of_record(Roster(), record) is Rank.DISTRESS


def test_what_full_inboxes_refuse_pushes_no_press_out_bug_nobody_ever_heard_of_it() -> (
    None
):
    """Each of many routes answered at once, in the room of what had yet to be told."""
    hq, _ = hq_by_a_slow_route(8)
    hq.unrecorded.refused([record_of(number) for number in range(GROUP_MAX - 100)])
    key = hq.press(run_s=0)
    hq.unrecorded.refused([record_of(1_000 + number) for number in range(100)])
    hq.world.run(KEPT * SENDING_S)
    assert key in hq.unrecorded.told


def test_a_word_waits_for_one_inbox_of_what_strangers_said_bug_for_all_of_it() -> None:
    """It may be forced, and was let go after ten minutes in which it found no place."""
    hq, sent = hq_by_a_slow_route(addresses=5)
    hq.unrecorded.refused([record_of(number) for number in range(KEPT)])
    hq.world.run(SENDING_S / 2)
    hq.unrecorded.unkept(word_of(1), CASE)
    hq.world.run((ModemActor.bound + 10) * SENDING_S)
    assert NOT_HANDLED.strip() in sent


@pytest.mark.parametrize(
    ("body", "rank"),
    [
        (body_of(STRANGER), Rank.NOBODYS),
        (body_of(HERONS.numbers[0]), Rank.DISTRESS),
        (body_of(STRANGER, f"sos {HERONS.sign}"), Rank.DISTRESS),
        (body_of(STRANGER, "quince"), Rank.DISTRESS),
        (body_of(STRANGER, f"help me imei:{HERON}"), Rank.DISTRESS),
        (body_of(STRANGER, "help me imei:359587011016261"), Rank.NOBODYS),
        (body_of("", ""), Rank.DISTRESS),
        (b"no message", Rank.DISTRESS),
    ],
)
def test_a_message_is_somebodys_by_its_number_or_by_what_it_says(
    body: bytes, rank: Rank
) -> None:
    assert rank_of_sms(FORCED, body) is rank


@pytest.mark.parametrize(
    ("command", "rank"),
    [
        (NOBODYS, Rank.NOBODYS),
        (raise_of(press_of("k1")), Rank.DISTRESS),
        (
            structs.replace(NOBODYS, press=replace(NOBODYS.press, duress=True)),
            Rank.DISTRESS,
        ),
        (
            structs.replace(NOBODYS, press=replace(NOBODYS.press, device=HERON)),
            Rank.DISTRESS,
        ),
    ],
)
def test_a_press_is_somebodys_by_whose_it_is_its_device_or_a_word_of_force(
    command: Raise, rank: Rank
) -> None:
    assert rank_of(FORCED, command) is rank


@pytest.mark.parametrize("source", [SOURCE_DAMAGED, SOURCE_ABSENCE])
def test_what_the_engine_cannot_say_whose_it_is_is_no_strangers_bug_it_was(
    source: str,
) -> None:
    """A call for help that a damaged page has lost went behind what strangers send."""
    row = InboundRow(
        key=ReportKey("k1"), source=source, received_at=START, body=b"", taken_by=""
    )
    lost = message_command(row, "lost", None, judge_of())
    assert rank_of(FORCED, lost) is Rank.DISTRESS
    strangers = message_command(
        structs.replace(row, source=SOURCE_SMS), "lost", None, judge_of()
    )
    assert rank_of(FORCED, strangers) is Rank.NOBODYS


def test_by_a_roster_of_nobody_all_are_somebodys_since_it_may_be_lost() -> None:
    assert rank_of(Roster(), NOBODYS) is Rank.DISTRESS
    assert rank_of_sms(Roster(), body_of(STRANGER)) is Rank.DISTRESS
