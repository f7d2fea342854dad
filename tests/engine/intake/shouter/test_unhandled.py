"""Whose word was put away: HQ hears it, and which case is named; never silently."""

import logging
from dataclasses import dataclass, replace

import pytest
from msgspec import structs

from engine.alarm.commands import (
    Acknowledge,
    AddNote,
    AlarmCommand,
    RequestCancel,
    TakeReply,
    Tick,
)
from engine.alarm.messages import Do
from engine.alarm.state import ReplyKind
from engine.health import Health
from engine.intake.shouter.unhandled import NAMED_MAX, NOT_HANDLED, PutAway
from engine.values import CommandId, ReportKey, Signal
from tests.engine.alarm.scene import ALDER, press_of, raise_of
from tests.engine.intake.reports import Meter
from tests.engine.intake.shouter.test_actor import Rig

CASE = "alarm/45f7ecbce34c"
CANCEL = RequestCancel(
    command_id=CommandId("k2"),
    press=replace(press_of("k2", signals=(Signal.CANCEL,)), duress=True),
)
COMING = TakeReply(
    command_id=CommandId("k3"),
    person="lapwing",
    reply=ReplyKind.COMING,
    authentic=True,
    channel="sms",
    source=ReportKey("k3"),
    text="coming by car",
)
WORDS = AddNote(
    command_id=CommandId("k4"),
    by=None,
    text="two men at the door",
    source=ReportKey("k4"),
    person="lapwing",
)


@dataclass
class Put:
    """What puts away, before a real shouter with routes."""

    def __post_init__(self) -> None:
        self.rig, self.meter = Rig(), Meter()
        self.health = Health(self.meter)
        self.away = PutAway(self.meter, self.health, self.rig.unrecorded.say)

    def put(self, command: AlarmCommand, child: str = CASE) -> set[str]:
        """Put a command away; return what HQ and whoever is on duty are told."""
        del self.rig.sent[:]
        self.away(child, Do(command=command))
        self.rig.world.run(1)
        return {text for _, _, text in self.rig.sent}


def test_a_forced_wish_to_call_off_that_is_put_away_reaches_hq_bug_it_was_silent() -> (
    None
):
    put = Put()
    (text,) = put.put(CANCEL)
    assert text.startswith(f"{NOT_HANDLED}a wish to call it off, case 45f7ecbce34c.")
    assert "It may be forced." in text
    assert {route for route, _, _ in put.rig.sent} == {"modem-1", "modem-2", "email"}
    (line,) = put.rig.unrecorded.lines()
    assert line.key == "k2"


def test_what_is_said_of_a_wish_does_not_tell_whether_force_was_seen() -> None:
    """An officer's telephone is not for that: the case alone shows it."""
    free = structs.replace(CANCEL, press=replace(CANCEL.press, duress=False))
    assert Put().put(CANCEL) == Put().put(free)


def test_an_answer_and_a_message_that_are_put_away_reach_hq_in_their_own_words() -> (
    None
):
    (answer,) = Put().put(COMING)
    assert answer.startswith(f"{NOT_HANDLED}the answer coming, case 45f7ecbce34c.")
    assert answer.endswith("Raw: coming by car")
    (message,) = Put().put(WORDS)
    assert message.startswith(f"{NOT_HANDLED}a message, case 45f7ecbce34c.")
    assert message.endswith("Raw: two men at the door")
    (doubtful,) = Put().put(structs.replace(COMING, authentic=False))
    assert "coming (not confirmed)" in doubtful


@pytest.mark.parametrize(
    "command",
    [
        Acknowledge(command_id=CommandId("c"), by=ALDER),
        Tick(command_id=CommandId("t")),
        structs.replace(COMING, source=None),
    ],
)
def test_what_somebody_else_says_of_it_is_not_shouted(command: AlarmCommand) -> None:
    """An operator gets no answer, a deadline stands still, a call for help raises."""
    put = Put()
    assert put.put(command) == set()
    assert put.meter.counted == {"quarantined_commands_total": 1}


def test_the_reason_names_case_and_command_bug_it_said_alarm(
    caplog: pytest.LogCaptureFixture,
) -> None:
    put = Put()
    with caplog.at_level(logging.ERROR):
        put.put(Acknowledge(command_id=CommandId("c"), by=ALDER))
    put.put(COMING)
    reasons = put.health.reasons()["command_quarantined"]
    assert reasons == ("45f7ecbce34c Acknowledge", "45f7ecbce34c TakeReply")
    assert "Acknowledge is put away" in caplog.text
    assert vars(caplog.records[-1])["alarm"] == "45f7ecbce34c"


def test_a_flood_of_what_is_put_away_names_no_more_than_can_be_read() -> None:
    put = Put()
    for number in range(NAMED_MAX * 2):
        put.away(f"alarm/{number}", Do(command=Tick(command_id=CommandId("t"))))
    reasons = put.health.reasons()["command_quarantined"]
    assert len(reasons) == NAMED_MAX + 1
    assert reasons[-1] == "and more"


def test_a_press_that_is_recorded_and_put_away_is_no_unrecorded_one() -> None:
    """The page for those sends whoever reads it to look for a full disk."""
    put = Put()
    assert put.put(raise_of(press_of("k1")))
    assert put.rig.meter.counted == {}
