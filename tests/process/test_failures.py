"""What fails in the field, done to the real service."""

import time

import httpx2
import pytest

from adapters.demo.farends.shelf import Mode
from adapters.modem.virtual_links import PtyLink
from tests.rig import Rig, eventually

pytestmark = pytest.mark.process


def _messages(rig: Rig) -> int:
    return len(rig.messages.items())


def test_a_modem_unplugged_while_sending_is_made_good_by_the_other_within_5_s(
    rig: Rig,
) -> None:
    first = rig.modems[0]
    first.faults.latency_s = 2.0
    with rig.device() as device:
        device.sos()
    assert eventually(lambda: first.is_sending)
    began = time.monotonic()
    first.unplug()
    nearest = {"lapwing", "cormorant", "owlet", "quelea", "tinamou"}
    eventually(lambda: nearest <= set(rig.told()), timeout_s=5.0)
    assert time.monotonic() - began < 5.0
    first.faults.latency_s = 0.0
    first.replug()
    up = 'natalia_modem_up{modem="modem-1"}'
    assert eventually(lambda: rig.metric(up) == 1.0, timeout_s=40)


def test_a_modem_that_comes_back_under_another_name_is_found_by_its_imei(
    rig: Rig,
) -> None:
    first, second = rig.modems
    up = 'natalia_modem_up{modem="modem-1"}'
    assert eventually(lambda: rig.metric(up) == 1.0)
    second.unplug()
    first.unplug()
    assert eventually(lambda: rig.metric(up) == 0.0)
    first.replug(PtyLink(rig.by_id / "usb-elsewhere-if02-port0"))
    assert eventually(lambda: rig.metric(up) == 1.0, timeout_s=40)
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    assert {sms.modem for sms in rig.messages.items()} == {first.number}


def test_a_modem_that_has_another_name_after_a_restart_is_found_too(rig: Rig) -> None:
    first, second = rig.modems
    up = 'natalia_modem_up{modem="modem-1"}'
    assert eventually(lambda: rig.metric(up) == 1.0)
    rig.kill()
    first.unplug()
    second.unplug()
    first.replug(PtyLink(rig.by_id / "usb-elsewhere-if02-port0"))
    rig.start()
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou", timeout_s=40)
    assert {sms.modem for sms in rig.messages.items()} == {first.number}


@pytest.mark.slow
def test_the_officer_on_duty_is_rung_and_the_next_one_after_a_minute(rig: Rig) -> None:
    numbers = rig.numbers()
    with rig.device() as device:
        device.sos()
    assert rig.calls.wait_for(lambda called: numbers.get(called) == "alder", 10.0)
    # A ringing call keeps no modem from the colleagues' messages for good.
    assert rig.sms_to("tinamou", timeout_s=40)
    assert rig.calls.wait_for(lambda called: numbers.get(called) == "rowan", 75.0)


def test_an_attempt_under_way_when_the_service_dies_is_unknown_and_repeated(
    rig: Rig,
) -> None:
    # Long enough to be killed in, on any machine.
    for modem in rig.modems:
        modem.faults.latency_s = 30.0
    with rig.device() as device:
        device.sos()
    assert eventually(lambda: all(modem.is_sending for modem in rig.modems))
    rig.kill()
    # Plugged in anew, neither can still answer: what it was given stays unknown.
    for modem in rig.modems:
        modem.replug()
        modem.faults.latency_s = 0.0
    rig.start()
    unknown = eventually(
        lambda: rig.rows(
            "SELECT effect_id FROM effect WHERE state = 'unknown' AND channel = 'sms'"
        )
    )
    assert len(unknown) == 2
    # Restarting, the engine alone knows of them: an alert hears it by this.
    counted = 'natalia_deliveries_total{channel="sms",outcome="unknown"}'
    assert rig.metric(counted) == 2.0

    routes = (
        "SELECT effect_id, route FROM effect WHERE effect_id LIKE '%.sms.{}'"
        " AND state IN ('unknown', 'accepted', 'delivered')"
    )

    def repeats() -> dict[str, str]:
        rows = rig.rows(routes.format(1))
        again = {str(effect)[:-2]: str(route) for effect, route in rows}
        return again if len(again) == 2 else {}

    again = eventually(repeats)
    first = {str(effect)[:-2]: route for effect, route in rig.rows(routes.format(0))}
    for effect, route in again.items():
        assert route != first[effect], "not by the modem that has failed at it"
    assert sum(sms.is_repeat for sms in rig.messages.items()) == 2


def test_with_every_channel_dead_it_says_so_and_keeps_trying(rig: Rig) -> None:
    for modem in rig.modems:
        modem.unplug()
    for server in (rig.mail, rig.hook):  # a public account is no way to anybody
        server.switch.turn(Mode.FAIL)
    with rig.device() as device:
        assert device.sos(), "an SOS is taken all the same"

    def all_down() -> bool:
        return "all_channels_down" in str(rig.ready()[1]["reasons"])

    assert eventually(all_down, timeout_s=30)
    assert rig.ready()[0] == 503
    assert rig.metric('natalia_degraded{reason="all_channels_down"}') == 1.0
    for modem in rig.modems:
        modem.replug()
    assert rig.sms_to("lapwing", timeout_s=40)


def test_messages_whose_modems_are_configured_no_more_are_not_forgotten_in_silence(
    rig: Rig,
) -> None:
    for modem in rig.modems:
        modem.unplug()
    with rig.device() as device:
        device.sos()
    planned = "SELECT effect_id FROM effect WHERE channel = 'sms'"
    assert eventually(lambda: rig.rows(planned))
    rig.kill()
    rig.modems_wanted = 0
    (rig.folder / "natalia.toml").write_text(rig.config())
    rig.start()
    eventually(lambda: rig.metric('natalia_degraded{reason="channel_down"}') == 1.0)


def test_a_position_without_a_signal_is_answered_once_it_is_on_disk(rig: Rig) -> None:
    host, port = rig.ports["osmand"]
    query = "id=q4t7-avoc&lat=3.45&lon=-76.53&accuracy=10"
    answer = httpx2.get(f"http://{host}:{port}/?{query}")
    assert answer.status_code == 200
    rows = rig.rows("SELECT person FROM place")
    assert [tuple(row) for row in rows] == [("avocet",)]
    assert rig.alarms() == []


def test_a_journal_that_is_moved_under_the_engine_is_said_until_it_is_back(
    rig: Rig,
) -> None:
    files = sorted(rig.state.glob("journal.db*"))
    elsewhere = rig.folder / "old"
    elsewhere.mkdir()
    for file in files:
        file.rename(elsewhere / file.name)
    (rig.state / "journal.db").write_bytes(b"a backup")
    moved = {"journal_moved": ["journal.db"]}
    eventually(lambda: rig.ready()[1]["reasons"] == moved)
    assert rig.ready()[0] == 503
    with rig.device() as device:
        assert device.sos(), "an SOS is taken and told all the same"
    assert rig.sms_to("lapwing")
    for file in files:
        (elsewhere / file.name).rename(file)
    eventually(rig.is_ready)
    rig.kill()
    rig.start()
    assert len(rig.alarms()) == 1
