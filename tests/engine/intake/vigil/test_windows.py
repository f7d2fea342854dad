"""A risk window that is declared while a device is silent, over the vigil's rows."""

from engine.intake.absence import absence_command, absence_of
from tests.engine.intake.reports import at_heron
from tests.engine.intake.vigil.test_actor import AT_RISK, BEAT_S, Rig


def test_a_window_declared_while_it_is_silent_is_taken_from_the_new_roster() -> None:
    rig = Rig()
    rig.world.run(BEAT_S + 5)
    (first,) = rig.noticed()
    rig.judge.board.replace(at_heron(heartbeat_s=BEAT_S, window=AT_RISK))
    rig.world.run(5)
    second = next(row for row in rig.noticed() if row.key != first.key)
    absence = absence_of(second.body)
    assert absence is not None
    command = absence_command(second, absence, rig.judge)
    assert command is not None
    assert command.kind == "real"
    rig.again(after_s=5).world.run(BEAT_S * 3)
    assert len(rig.noticed()) == 2, "once is enough"
