"""A modem that takes no command while it sends: before a restart, and after one."""

import time

import pytest

from tests.rig import Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

ATTEMPTING = "SELECT route FROM effect WHERE channel = 'sms' AND state = 'attempting'"
BUSY_S = 30.0
OWED_S = 15.0


def _up(rig: Rig, modem: str) -> bool:
    return rig.metric(f'natalia_modem_up{{modem="{modem}"}}') == 1.0


def _accepted_by(rig: Rig, route: str) -> list[tuple[object, ...]]:
    return rig.rows(
        "SELECT effect_id FROM effect WHERE channel = 'sms'"
        f" AND route = '{route}' AND state IN ('accepted', 'delivered')"
    )


def test_a_modem_that_is_deaf_after_a_restart_costs_no_message_and_comes_back(
    rig: Rig,
) -> None:
    deaf, other = rig.modems
    deaf.faults.latency_s = other.faults.latency_s = BUSY_S
    with rig.device() as device:
        device.sos()
    # An attempt is in the journal before the modem has its message.
    assert eventually(lambda: deaf.is_sending and other.is_sending)
    assert len(rig.rows(ATTEMPTING)) == 2
    rig.kill()
    # One was replaced meanwhile; the other still sends what it was given.
    other.replug()
    deaf.faults.latency_s = other.faults.latency_s = 0.0
    began = time.monotonic()
    rig.start()
    repeats = (
        "SELECT route, state FROM effect WHERE effect_id LIKE '%.sms.1'"
        " AND state IN ('accepted', 'delivered')"
    )
    assert eventually(lambda: len(rig.rows(repeats)) == 2, timeout_s=10)
    assert {route for route, _ in rig.rows(repeats)} == {"modem-2"}
    everybody = {"lapwing", "cormorant", "owlet", "quelea", "tinamou"}
    # A repeat to somebody nearer goes before the first to the one who is farthest.
    assert eventually(lambda: everybody <= set(rig.told()), timeout_s=5)
    assert time.monotonic() - began < BUSY_S - 10
    assert not _up(rig, "modem-1")
    assert eventually(lambda: _up(rig, "modem-1"), timeout_s=BUSY_S + 15)
    other.unplug()
    before = len(rig.told())
    with rig.device() as device:
        device.sos(lat_deg=41.32)
    # Whether it says *accepted* hangs on whether the answer that it owed was heard: one
    # that came while its port was being opened is nobody's, and so are the next ones.
    assert eventually(lambda: len(rig.told()) > before, timeout_s=60)


def test_an_answer_that_is_owed_over_a_kill_is_not_the_next_messages(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("owes")
    with Rig(folder=folder, modems_wanted=1) as rig:
        (modem,) = rig.modems
        modem.faults.owed_cmgs_s = OWED_S
        with rig.device() as device:
            device.sos()
        assert eventually(lambda: modem.is_sending)
        ((first,),) = rig.rows(ATTEMPTING.replace("route", "effect_id"))
        rig.kill()
        # Whatever comes next is refused; its answer stands behind the one owed.
        modem.faults.owed_cmgs_s, modem.faults.no_credit = 1.0, True
        rig.start()

        assert eventually(lambda: _accepted_by(rig, "modem-1"), timeout_s=OWED_S + 15)
        refused = "SELECT 1 FROM effect WHERE channel = 'sms' AND state = 'rejected'"
        assert eventually(lambda: rig.rows(refused), timeout_s=15)
        assert _accepted_by(rig, "modem-1") == [(first,)]


def test_the_only_modem_deaf_after_a_restart_sends_once_it_hears(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    folder = tmp_path_factory.mktemp("alone")
    with Rig(folder=folder, modems_wanted=1) as rig:
        (deaf,) = rig.modems
        deaf.faults.latency_s = BUSY_S
        with rig.device() as device:
            device.sos()
        assert eventually(lambda: deaf.is_sending)
        assert rig.rows(ATTEMPTING)
        began = time.monotonic()
        rig.kill()
        deaf.faults.latency_s = 0.0
        rig.start()
        assert rig.sms_to("tinamou", timeout_s=BUSY_S + 15)
        assert time.monotonic() - began < BUSY_S + 15
        assert eventually(lambda: any(sms.is_repeat for sms in rig.messages.items()))


def test_a_modem_deaf_for_half_a_minute_is_listened_to_while_the_other_sends(
    rig: Rig,
) -> None:
    deaf, other = rig.modems
    with rig.device() as device:
        deaf.faults.latency_s = BUSY_S
        device.sos()
        eventually(lambda: rig.rows(ATTEMPTING + " AND route = 'modem-1'"))
    assert {"cormorant", "owlet"} <= set(rig.told()) or rig.sms_to("owlet")
    unknown = (
        "SELECT effect_id FROM effect WHERE route = 'modem-1' AND state = 'unknown'"
    )
    assert eventually(lambda: rig.rows(unknown), timeout_s=28)
    deaf.faults.latency_s = 0.0
    ((effect,),) = rig.rows(unknown)
    repeat = str(effect).removesuffix(".0") + ".1"
    by_other = (
        f"SELECT 1 FROM effect WHERE effect_id = '{repeat}' AND route = 'modem-2'"
        " AND state IN ('accepted', 'delivered')"
    )
    assert eventually(lambda: rig.rows(by_other), timeout_s=3)
    late = (
        f"SELECT reference FROM effect WHERE effect_id = '{effect}'"
        " AND state IN ('accepted', 'delivered')"
    )
    assert eventually(lambda: rig.rows(late), timeout_s=15), "the late answer"
    assert _up(rig, "modem-1")
    assert other.faults.latency_s == 0.0
