"""What a device says in one piece keeps its order, also in the rows."""

from dataclasses import replace

from engine.intake.gateway.behind import AHEAD_MAX, Behind
from engine.ports.device import DeviceReport
from engine.values import Instant, Signal
from tests.engine.intake.gateway.test_door import Rig
from tests.engine.intake.reports import STRANGERS, report
from tests.fakes import START

SOS = report(raw=b"sos")
CANCEL = report(raw=b"cancel", signals=frozenset({Signal.CANCEL}))


def came(rig: Rig, *reports: DeviceReport) -> list[Instant]:
    """Let each in at the same moment; return when each came, in the rows' order."""
    for one in reports:
        rig.door.let_in((one,), rig.answers.append)
    rig.ledger.commit()
    rows = rig.ledger.store.reader().inbound(untaken_only=False)
    return [row.received_at for row in rows]


def test_a_cancel_came_before_the_sos_behind_it_bug_it_called_that_off() -> None:
    rig = Rig()
    assert came(rig, CANCEL, SOS) == [START, Instant(START.ms + 1)]
    rig.door.committed(1)
    told = [one for hint in rig.heard for one in hint.reports]
    assert [one.signals for one in told] == [CANCEL.signals, SOS.signals]
    assert told[0].received_at < told[1].received_at


def test_the_records_of_one_frame_came_one_behind_the_other() -> None:
    rig, first = Rig(), replace(CANCEL, raw=b"both")
    rig.door.let_in((first, replace(SOS, raw=b"both", part=1)), rig.answers.append)
    rig.ledger.commit()
    rows = rig.ledger.store.reader().inbound(untaken_only=False)
    assert [row.received_at.ms - START.ms for row in rows] == [0, 1]


def test_the_same_frame_once_more_is_no_press_of_its_own() -> None:
    assert came(Rig(), SOS, SOS) == [START]


def test_another_device_is_behind_nobody() -> None:
    other = replace(SOS, device=STRANGERS)
    assert came(Rig(), SOS, other) == [START, START]


def test_thousands_at_once_put_no_press_off_for_long_bug_the_clock_ran_ahead() -> None:
    behind = Behind()
    for number in range(5_000):
        last = behind.take(replace(SOS, raw=str(number).encode()))
    assert last.received_at == START.plus(AHEAD_MAX)
    later = replace(SOS, received_at=START.plus(2 * AHEAD_MAX))
    assert behind.take(later) is later
