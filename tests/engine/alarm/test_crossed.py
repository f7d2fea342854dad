"""Two cases that are merged into each other at one moment: neither is over."""

from dataclasses import replace

from engine.alarm.case_events import PeopleTakenIn
from engine.alarm.casework import people_of
from engine.alarm.commands import Close, TakeIn
from engine.alarm.events import AlarmReopened
from engine.alarm.state import CloseReason, Force
from engine.protocol.model import Audience
from engine.values import AlarmId, CommandId
from tests.engine.alarm.forced import CAREFUL, forced
from tests.engine.alarm.scene import ALDER, ROWAN
from tests.engine.alarm.test_casework import OTHER, merged


def taken_in(other: AlarmId) -> TakeIn:
    return TakeIn(command_id=CommandId(f"merge/{other}"), other=other, people=())


def test_what_was_merged_into_the_case_that_was_merged_into_it_is_opened_again() -> (
    None
):
    scene = merged()
    scene.run(60, each_due=scene.settle_all)
    pages, told = scene.told(Audience.DUTY), scene.told(Audience.NEAREST)
    scene.do(taken_in(OTHER))
    state = scene.state()
    assert state.is_open
    assert (state.merged_into, people_of(state)) == (None, None)
    assert state.acknowledged is None
    assert len(scene.told(Audience.DUTY)) > len(pages)
    assert len(scene.told(Audience.NEAREST)) > len(told), "a duplicate, and no silence"
    (reopened,) = scene.of(AlarmReopened)
    assert isinstance(reopened, AlarmReopened)
    assert reopened.silent, "to the defender's addresses it ended, and stays so"
    assert len(scene.of(PeopleTakenIn)) == 1


def test_what_was_merged_under_force_is_opened_again_under_force_bug_freely() -> None:
    scene = forced(replace(CAREFUL, all_clear_needs=1))
    signs = scene.state().force
    scene.acknowledge()
    scene.confirm_safe(ROWAN)
    scene.do(
        Close(
            command_id=scene.command_id(),
            by=ALDER,
            reason=CloseReason.DUPLICATE,
            into=OTHER,
        )
    )
    assert not scene.state().is_open
    scene.do(taken_in(OTHER))
    assert scene.state().force == signs == {Force.DURESS_WORD}
    scene.acknowledge()
    scene.close()
    assert scene.state().is_open, "one person's word is not enough"


def test_a_case_that_takes_another_ones_people_in_stays_as_it_is() -> None:
    scene = merged()
    scene.do(taken_in(AlarmId("c3")))
    assert not scene.state().is_open
    scene.do(taken_in(OTHER))
    scene.do(taken_in(AlarmId("d4")))
    assert len(scene.of(AlarmReopened)) == 1
