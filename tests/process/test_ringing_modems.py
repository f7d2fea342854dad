"""A telephone that rings holds no SOS, where each modem rings one."""

import statistics
import time
from pathlib import Path

import pytest

from engine.roster.sample import sample_text
from tests.crowd import alias_of, crowd, ringers
from tests.rig import Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

PRESSES = 8
FIRST_SMS_S = 0.25
"""Of a machine with much to do. Who looks once a second takes twice as long."""


@pytest.mark.parametrize("modems", [1, 2])
def test_the_first_sms_of_an_sos_waits_for_no_telephone_that_rings(
    tmp_path: Path, modems: int
) -> None:
    people, devices = crowd(PRESSES)
    others, ringing, config = ringers(PRESSES * modems, tmp_path / "protocols")
    took_s = []
    with Rig(
        folder=tmp_path,
        roster_text=sample_text() + people + others,
        modems_wanted=modems,
        extra_config=config,
    ) as rig:
        for number, imei in enumerate(devices):
            for other in ringing[number * modems : (number + 1) * modems]:
                with rig.device(other) as ringer:
                    assert ringer.sos()
            eventually(lambda: all(modem.state.call for modem in rig.modems))
            alias = alias_of(number)
            with rig.device(imei) as device:
                began_s = time.perf_counter()
                assert device.sos()
            told = _told_of(rig, alias)
            took_s.append(told[0] - began_s)
    assert statistics.median(took_s) < FIRST_SMS_S, took_s


def _told_of(rig: Rig, alias: str) -> list[float]:
    """Return when each message about somebody went out, once all five have."""

    def five() -> list[float]:
        told = [sms.seen_s for sms in rig.messages.items() if alias in sms.text]
        return told if len(told) >= 5 else []

    return eventually(five)
