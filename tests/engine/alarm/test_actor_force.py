"""The directory and a word of force: it raises where nothing is open."""

from dataclasses import replace

import pytest
from msgspec import structs

from engine.alarm.codec import replay
from engine.alarm.commands import Close, RequestCancel
from engine.alarm.messages import Distress, Forward, ToOpen
from engine.alarm.state import Alarm, CloseReason, Force
from engine.journal.memory import Medium
from engine.ports.journal import Append, Request
from engine.values import AlarmId, CommandId, OperatorId, Signal
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.alarm.test_actor import FIRST, Rig
from tests.engine.dispatch.ledger import FULL

MINE = AlarmId("mine")


def test_a_word_of_force_with_nothing_open_raises_and_else_joins() -> None:
    rig = Rig()
    now = rig.world.now()
    press = replace(press_of("forced", now, (Signal.CANCEL,)), duress=True)
    command = RequestCancel(command_id=CommandId("forced"), press=press)
    raising = Distress(alarm_id=FIRST, command=raise_of(press))
    rig.tell(ToOpen(subject="heron", command=command, otherwise=raising))
    assert rig.kinds()[0] == "AlarmRaised"
    again = structs.replace(command, command_id=CommandId("again"))
    rig.tell(ToOpen(subject="heron", command=again, otherwise=raising))
    assert rig.kinds().count("AlarmRaised") == 1
    assert rig.kinds().count("CancelRequested") == 1


def forced_cancel(rig: Rig) -> ToOpen:
    """Return a word of force that raises a case of its own where nothing is open."""
    press = replace(press_of("forced", rig.world.now(), (Signal.CANCEL,)), duress=True)
    command = RequestCancel(command_id=CommandId("forced"), press=press)
    raising = Distress(alarm_id=MINE, command=raise_of(press))
    return ToOpen(subject="heron", command=command, otherwise=raising)


def test_a_word_of_force_raises_where_the_case_that_it_opened_came_to_nothing() -> None:
    rig = Rig()
    rig.ledger.read_errors = 1
    rig.tell(forced_cancel(rig))
    assert rig.kinds(MINE) == [], "whoever was to raise it died on its rows"
    rig.tell(forced_cancel(rig))
    assert rig.kinds(MINE)[0] == "AlarmRaised"


def test_a_word_of_force_raises_where_the_press_before_it_came_to_nothing() -> None:
    rig = Rig()
    rig.ledger.read_errors = 1
    rig.press()
    assert rig.kinds() == []
    rig.tell(forced_cancel(rig))
    assert rig.kinds()[0] == "AlarmRaised"
    rig.press()
    assert rig.kinds().count("AlarmRaised") == 1
    assert "PressJoined" in rig.kinds()


def test_a_word_of_force_raises_where_the_open_case_cannot_be_woken() -> None:
    rig = Rig()
    rig.press()
    rig.spoil()
    for _ in range(30):
        rig.tell(forced_cancel(rig), run_s=2.0)
        if rig.kinds(MINE):
            break
    assert rig.kinds(MINE)[0] == "AlarmRaised"


SECOND = AlarmId("second")


def ended_in_appearance(medium: Medium | None = None) -> Rig:
    rig = Rig(medium)
    rig.press()
    rig.acknowledge()
    rig.tell(forced_cancel(rig))
    rig.acknowledge("again")
    close = Close(
        command_id=CommandId("close"), by=OperatorId("alder"), reason=CloseReason.SAFE
    )
    rig.tell(Forward(alarm_id=FIRST, command=close))
    assert rig.kinds()[-1] == "AlarmClosed"
    return rig


def test_a_press_after_an_end_in_appearance_begins_a_case_and_the_first_hears() -> None:
    rig = ended_in_appearance()
    rig.press("k2", SECOND)
    assert rig.kinds(SECOND)[0] == "AlarmRaised"
    assert rig.kinds(SECOND)[-1] == "EarlierCaseTold"
    assert rig.kinds().count("PressedAnew") == 1
    assert "PressJoined" not in rig.kinds()
    rig.press("k3", AlarmId("third"))
    assert rig.kinds(AlarmId("third")) == []
    assert "PressJoined" in rig.kinds(SECOND)
    assert rig.kinds(SECOND).count("EarlierCaseTold") == 2, "of each press"
    assert rig.kinds().count("PressedAnew") == 1, "there was nothing to take back"


def test_force_in_the_millisecond_of_a_press_is_told_once_bug_without_end() -> None:
    rig = ended_in_appearance()
    rig.press("k2", SECOND, run_s=0.0)
    now = rig.world.now()
    press = replace(press_of("word", now, (Signal.CANCEL,)), duress=True)
    command = RequestCancel(command_id=CommandId("word"), press=press)
    rig.tell(ToOpen(subject="heron", command=command), run_s=0.0)
    state = state_of(rig, SECOND)
    assert state.danger_at == now
    assert state.after == state_of(rig, FIRST).after == ()


def test_a_restart_knows_which_open_case_looks_over() -> None:
    medium = Medium()
    ended_in_appearance(medium)
    rig = Rig(medium)
    rig.press("k2", SECOND)
    assert rig.kinds(SECOND)[0] == "AlarmRaised"
    again = Rig(medium)
    again.press("k3", AlarmId("third"))
    assert "PressJoined" in again.kinds(SECOND)
    assert again.kinds(AlarmId("third")) == []


def state_of(rig: Rig, alarm_id: AlarmId) -> Alarm:
    alarm = replay(
        alarm_id, None, rig.ledger.store.reader().stream(f"alarm/{alarm_id}")
    )
    assert alarm is not None
    return alarm


@pytest.mark.parametrize("key", ["k2", "k3"])
def test_a_case_whose_first_try_failed_begins_after_the_one_that_looks_over_bug_freely(
    key: str,
) -> None:
    rig = ended_in_appearance()
    rig.ledger.fault = lambda _: FULL
    rig.press("k2", SECOND)
    assert rig.kinds(SECOND) == []
    rig.ledger.fault = lambda _: ""
    rig.press(key, AlarmId(key) if key == "k3" else SECOND)
    assert state_of(rig, SECOND).force == {Force.SECOND_SIGNAL}
    assert rig.kinds().count("PressedAnew") == 1


def test_a_word_of_force_for_a_press_that_came_to_nothing_reaches_the_first() -> None:
    rig = ended_in_appearance()
    rig.ledger.fault = lambda _: FULL
    rig.press("k2", SECOND)
    rig.ledger.fault = lambda _: ""
    rig.tell(forced_cancel(rig))
    assert Force.DURESS_WORD in state_of(rig, SECOND).force
    assert rig.kinds().count("PressedAnew") == 1


def test_a_press_whose_successor_cannot_be_read_begins_another_under_force() -> None:
    rig = ended_in_appearance()
    rig.press("k2", SECOND)
    rig.spoil(SECOND)
    third = AlarmId("third")
    for _ in range(30):
        rig.press("k3", third, run_s=2.0)
        if rig.kinds(third):
            break
    assert state_of(rig, third).force == {Force.SECOND_SIGNAL}
    assert rig.kinds().count("PressedAnew") == 2


def test_a_case_that_cannot_write_that_it_told_tells_again_when_due_bug_at_once() -> (
    None
):
    rig = ended_in_appearance()
    asked: list[Request] = []

    def full(request: Request) -> str:
        is_it = isinstance(request, Append) and request.command_id.startswith("told/")
        if is_it and len(asked) < 99:
            asked.append(request)
            return FULL
        return ""

    rig.ledger.fault = full
    rig.press("k2", SECOND)
    rig.world.run(29)
    assert 2 <= len(asked) <= 7
    rig.ledger.fault = lambda _: ""
    rig.world.run(6)
    assert "EarlierCaseTold" in rig.kinds(SECOND)


def test_an_earlier_case_that_could_not_write_it_down_is_told_again() -> None:
    rig = ended_in_appearance()
    rig.ledger.fault = lambda request: (
        FULL
        if isinstance(request, Append) and request.stream == f"alarm/{FIRST}"
        else ""
    )
    rig.press("k2", SECOND)
    assert "EarlierCaseTold" not in rig.kinds(SECOND)
    rig.ledger.fault = lambda _: ""
    rig.world.run(30)
    assert "EarlierCaseTold" in rig.kinds(SECOND)
    assert rig.kinds().count("PressedAnew") == 1
