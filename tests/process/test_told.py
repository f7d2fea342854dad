"""Nobody counts as told before a network has a message to them: the running service."""

import pytest

from tests.rig import Rig, eventually

pytestmark = pytest.mark.process


def list_of(rig: Rig) -> str:
    """Return the list as the command line prints it."""
    return rig.natalia("alarm", "list", "--state", str(rig.state)).stdout


def all_down(rig: Rig) -> bool:
    names = (f"modem-{number + 1}" for number in range(len(rig.modems)))
    return all(rig.metric(f'natalia_modem_up{{modem="{one}"}}') == 0.0 for one in names)


def test_with_no_modem_up_the_list_counts_nobody_as_told_and_says_why(rig: Rig) -> None:
    """It said `0 coming of 5 told` while no SMS had left."""
    for modem in rig.modems:
        modem.unplug()
    assert eventually(lambda: all_down(rig))
    with rig.device() as device:
        device.sos()
    assert eventually(rig.alarms)
    assert "0 coming of 0 told (5 waiting: no modem is up);" in list_of(rig)
    assert rig.told() == []

    for modem in rig.modems:
        modem.replug()
    assert eventually(lambda: "0 coming of 5 told" in list_of(rig))
    assert len({*rig.told()} - {"alder", "rowan"}) >= 5
    assert "no modem is up" not in list_of(rig)
