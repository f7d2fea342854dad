"""A small network: what it holds, what it duplicates, and what it reports of it."""

from collections.abc import Callable
from pathlib import Path

import pytest

from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_state import SIZES
from engine.clock import SystemClock
from engine.ports.modem import SendResult, StatusReport
from tests.adapters.modem.rig import BOB, Rig, rig


def _reports(r: Rig) -> list[StatusReport]:
    return [e for e in r.driver.poll(drain=False) if isinstance(e, StatusReport)]


def _full(modem: VirtualModem) -> None:
    for nth in range(SIZES["SM"]):
        modem.inject("+46709999999", str(nth))


def _emptied(modem: VirtualModem) -> None:
    modem.state.stores["SM"].clear()


@pytest.mark.parametrize(
    ("away", "back"),
    [
        (VirtualModem.unplug, VirtualModem.replug),
        (
            lambda modem: modem.faults.set("creg", "2"),
            lambda modem: modem.faults.set("creg", "1"),
        ),
        (_full, _emptied),
    ],
    ids=["unplugged", "without a network", "with a full store"],
)
def test_what_a_modem_cannot_take_is_reported_when_it_has_arrived(
    tmp_path: Path,
    away: Callable[[VirtualModem], None],
    back: Callable[[VirtualModem], None],
) -> None:
    with (
        rig(tmp_path) as r,
        VirtualModem(BOB, clock=SystemClock(), network=r.network) as other,
    ):
        away(other)
        outcome = r.submit("hej", to=BOB)
        assert outcome.result is SendResult.SENT
        assert not r.driver.wait(0.3)
        assert _reports(r) == []
        back(other)
        assert r.driver.wait(3)
        (report,) = _reports(r)
        assert (report.reference, report.outcome) == (outcome.reference, "delivered")


def test_what_arrives_twice_is_reported_once(tmp_path: Path) -> None:
    with (
        rig(tmp_path) as r,
        VirtualModem(BOB, clock=SystemClock(), network=r.network) as other,
    ):
        other.faults.duplicate = 1
        r.submit("hej", to=BOB)
        assert r.driver.wait(2)
        assert len(_reports(r)) == 1
        assert not r.driver.wait(0.3)
        assert len(other.state.stores["SM"]) == 2
