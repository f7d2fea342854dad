"""Short messages that lay with the network for hours: what they still count for."""

import json
from datetime import timedelta

import pytest

from engine.alarm.commands import AddNote, TakeReply
from engine.alarm.events import PressJoined
from engine.alarm.messages import Distress, Forward, ToOpen
from engine.alarm.state import NOWHERE, Kind, Press, ReplyKind
from engine.console.cases import Line
from engine.console.lines import line_of
from engine.console.people import Names
from engine.intake.checkins.said import CheckInSaid
from engine.ports.journal import Code
from engine.roster.model import Word
from tests.engine.alarm.scene import Scene
from tests.engine.intake.reports import HERON, HERONS
from tests.engine.intake.test_actor import LAPWING, Rig, number_of
from tests.engine.intake.test_tracker_sms import with_sim
from tests.engine.intake.test_words import cancel_of, with_words

LONG = timedelta(hours=5, minutes=10)
CODE = Code(code="K7F2", stream="alarm/a", person=LAPWING)
STAMP = "[late: sent 20"

rig = pytest.fixture(with_words, name="rig")


def test_a_call_for_help_that_lay_for_hours_raises_and_says_of_when_it_is(
    rig: Rig,
) -> None:
    (told,) = rig.sms("SOS at the mill", lay=LONG)
    assert isinstance(told, Distress)
    press, now = told.command.press, rig.world.now()
    assert told.command.kind is Kind.REAL
    assert press.late
    assert press.device_at is not None
    assert now.since(press.device_at) > timedelta(hours=5)
    assert press.text == "SOS at the mill", "what they wrote, and nothing of ours"


def test_a_trackers_call_that_lay_for_hours_is_of_where_it_was_then(rig: Rig) -> None:
    with with_sim(rig):
        text = "help me! lat: 41.311510 long: 69.279740"
        (told,) = rig.sms(text, "+998460000099", lay=LONG)
    assert isinstance(told, Distress)
    press, place = told.command.press, told.command.place
    assert (told.command.kind, press.late) == (Kind.REAL, True)
    assert place.at == press.device_at
    assert rig.attendance.last(HERONS) == press.device_at, "no sign of life of now"


@pytest.mark.parametrize(
    "lay",
    [
        timedelta(minutes=9),
        timedelta(hours=-3),
        # Bogota's time and no zone: five hours behind, and a message's way.
        timedelta(hours=5, seconds=20),
        timedelta(hours=3, minutes=29, seconds=40),
        timedelta(days=8_000, minutes=7),
    ],
)
def test_a_clock_of_another_zone_or_that_nobody_set_makes_nothing_late(
    rig: Rig, lay: timedelta
) -> None:
    (told,) = rig.sms("SOS", lay=lay)
    assert isinstance(told, Distress)
    assert (told.command.kind, told.command.press.late) == (Kind.REAL, False)
    _, cancel = cancel_of(rig.sms("maple", number_of(HERON), "sms-2", lay=lay))
    assert cancel.press.proven


ZONES = timedelta(hours=1, seconds=20)
BESIDE = "by its network's clock sent 20"


def test_hq_reads_the_stamp_of_what_may_have_lain_for_an_hour_and_counts_as_now(
    rig: Rig,
) -> None:
    """One in ten that are late looks like a zone that is wrong; nothing said so."""
    rig.take(codes=(CODE,))
    (told,) = rig.sms("K7F2 1", lay=ZONES)
    command = forwarded(told)
    assert (command.reply, command.authentic) == (ReplyKind.COMING, True)
    assert command.sent is None
    assert command.text.startswith(f"K7F2 1 [{BESIDE}")
    (raised,) = rig.sms("SOS", key="sms-2", lay=ZONES)
    assert isinstance(raised, Distress)
    assert not raised.command.press.late
    assert press_line(raised.command.press).startswith(f"sos ({BESIDE}")
    (_, cancel) = cancel_of(rig.sms("maple", number_of(HERON), "sms-3", lay=ZONES))
    assert BESIDE in press_line(cancel.press)
    (now,) = rig.sms("K7F2 1", key="sms-4", lay=timedelta(minutes=2))
    assert forwarded(now).text == ""


def test_of_a_tracker_too_hq_reads_a_stamp_that_may_be_of_another_zone(
    rig: Rig,
) -> None:
    with with_sim(rig):
        (told,) = rig.sms("help me!", "+998460000099", lay=ZONES)
    assert isinstance(told, Distress)
    press = told.command.press
    assert (press.late, press.clock_doubtful) == (False, False)
    assert BESIDE in press_line(press)


@pytest.mark.parametrize("stamp", [True, "yesterday", None, 1e300, 10**40, -(10**40)])
def test_a_stamp_that_cannot_be_read_costs_no_message(rig: Rig, stamp: object) -> None:
    body = {"sender": number_of(LAPWING), "text": "SOS", "sent_at": stamp}
    rig.raw("odd", "sms", json.dumps(body).encode())
    rig.world.run(10)
    told = rig.told[-1]
    assert isinstance(told, Distress)
    assert not told.command.press.late


def test_a_word_of_safety_that_lay_for_hours_calls_nothing_off_and_hq_reads_it(
    rig: Rig,
) -> None:
    first, note = note_of(rig.sms("all is well, maple", number_of(HERON), lay=LONG))
    assert first.subject == HERON
    assert note.text.startswith(f"all is well, [word] {STAMP}")
    assert note.person == HERON
    rig.world.run(60)
    last = rig.told[-1]
    assert isinstance(last, ToOpen)
    assert last.otherwise is not None
    shown = last.otherwise.command
    assert (shown.kind, shown.press.late) == (Kind.NOTICE, True)


def test_a_word_of_force_that_lay_for_hours_counts_and_the_telephone_shows_nothing(
    rig: Rig,
) -> None:
    """A word of safety so old is not confirmed; this one would show by being so."""
    message, command = cancel_of(rig.sms("cedar7", number_of(HERON), lay=LONG))
    assert (command.press.duress, command.press.unseen) == (True, True)
    assert message.otherwise is not None
    assert message.otherwise.command.press.unseen


@pytest.mark.parametrize("text", ["K7F2 1", "K7F2 5", "K7F2 6", "K7F2 coming Hazel"])
def test_an_answer_that_would_calm_is_shown_and_does_not_count(
    rig: Rig, text: str
) -> None:
    rig.take(codes=(CODE,))
    (told,) = rig.sms(text, lay=LONG)
    assert isinstance(told, Forward)
    assert isinstance(told.command, AddNote)
    assert STAMP in told.command.text


@pytest.mark.parametrize(
    ("text", "reply", "lay"),
    [
        ("K7F2 2", ReplyKind.CANNOT, LONG),
        ("K7F2 4", ReplyKind.REAL, LONG),
        ("K7F2 1", ReplyKind.COMING, timedelta(minutes=40)),
    ],
)
def test_an_answer_that_calms_nobody_or_of_somebody_underway_counts(
    rig: Rig, text: str, reply: ReplyKind, lay: timedelta
) -> None:
    rig.take(codes=(CODE,))
    (told,) = rig.sms(text, lay=lay)
    command = forwarded(told)
    assert (command.reply, command.authentic) == (reply, True)
    assert command.text.endswith("UTC]")
    assert command.sent == rig.world.now().plus(-lay - timedelta(seconds=0.1))


def test_a_colleague_who_needs_help_raises_however_late(rig: Rig) -> None:
    rig.take(codes=(CODE,))
    _, told = rig.sms("K7F2 3", lay=LONG)
    assert isinstance(told, Distress)
    assert (told.command.defender, told.command.press.late) == (LAPWING, True)


@pytest.mark.parametrize("text", ["K7F2 1 birch9", "K7F2 6 birch9", "K7F2 birch9"])
def test_a_forced_answer_so_late_is_a_sign_and_looks_like_a_true_one(
    rig: Rig, text: str
) -> None:
    rig.take(codes=(CODE,))
    (told,) = rig.sms(text, lay=LONG)
    command = forwarded(told)
    assert (command.duress, command.authentic) == (True, False)


def test_a_timer_counts_from_when_it_was_sent(rig: Rig) -> None:
    rig.sms("timer 60 min", number_of(HERON), lay=LONG)
    said = timed(rig)
    assert said.until is not None
    assert said.until.since(rig.world.now()) < timedelta(hours=-4)


def test_home_by_a_time_that_has_passed_is_not_of_tomorrow(rig: Rig) -> None:
    """Sent at 20:00, it lay until 23:30: people were told a day later."""
    rig.sms("home in 2 h maple", number_of(HERON), lay=timedelta(hours=3, minutes=20))
    said = timed(rig)
    assert said.word is Word.SAFE
    assert said.until is not None
    assert said.until < rig.world.now()


def note_of(told: list[object]) -> tuple[ToOpen, AddNote]:
    (message,) = told
    assert isinstance(message, ToOpen)
    assert isinstance(message.command, AddNote)
    return message, message.command


def press_line(press: Press) -> str:
    """Return what HQ reads of a press."""
    alarm = Scene().raised().state()
    joined = PressJoined(at=press.at, press=press, place=NOWHERE)
    line = Line(position=1, at=press.at, event=joined, kind="PressJoined")
    shown = line_of(alarm, line, Names(alarm, revealed=True), revealed=True)
    return str(shown["text"])


def timed(rig: Rig) -> CheckInSaid:
    (said,) = rig.timed
    assert isinstance(said, CheckInSaid)
    assert said.sent is not None
    return said


def forwarded(told: object) -> TakeReply:
    assert isinstance(told, Forward)
    assert isinstance(told.command, TakeReply)
    return told.command
