"""Presses after a decision, held alarm bits and old presses, at the running service."""

import socket
import time
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from engine.protocol.language import LANGUAGES, wording
from engine.roster.model import Role
from engine.roster.sample import sample_roster, sample_text
from tests.rig import HERON_IMEI, Rig, Sms, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

GANNET_IMEI = "004999010640026"
PENDANT, FINDER = "4109179024", "867273023933661"
DEVICES = f"""
[[device]]
id = "{PENDANT}"
wire_protocol = "h02"
person = "toucan"

[[device]]
id = "{FINDER}"
wire_protocol = "minifinder"
person = "stork"
"""
PLACE = "A,4118.0000,N,06918.0000,E,000.00,000"
HELD, CLEAR = "FFFFFFFD", "FFFFFFFF"
PAGED_S, HOLD_S, LATER_S = 2.0, 60.0, 70.0
OFFICERS = {
    number
    for person in sample_roster().people
    if Role.DUTY in person.roles
    for number in person.numbers
}
WAITS = {
    text.strip(" .")
    for language in LANGUAGES
    for part in wording(language).text["again"]
    for _, text in part.forms
    if not part.fields and "1" not in text
}
OFTEN = "SELECT COUNT(*) FROM event WHERE kind = 'PressJoined'"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    wires = ("gt06", "osmand", "h02", "minifinder")
    text = sample_text() + DEVICES
    with Rig(folder=tmp_path, roster_text=text, gateways=wires) as made:
        made.password("alder")
        yield made


def waits(alias: str) -> Callable[[Sms], bool]:
    """Say which messages tell of a defender, and to wait for HQ, in any language."""
    return lambda sms: alias in sms.text and any(one in sms.text for one in WAITS)


def is_page(alias: str) -> Callable[[Sms], bool]:
    """Say which messages page an officer for a defender."""
    return lambda sms: alias in sms.text and sms.number in OFFICERS


def count(rig: Rig, which: Callable[[Sms], bool]) -> int:
    return sum(map(which, rig.messages.items()))


def case_of(rig: Rig, alias: str) -> dict[str, object]:
    (found,) = [one for one in rig.alarms() if one["alias"] == alias]
    return found


def raised(rig: Rig, alias: str) -> str:
    """Wait until an SOS has its case, and an officer has been paged."""
    eventually(lambda: [one for one in rig.alarms() if one["alias"] == alias])
    assert rig.messages.wait_for(is_page(alias), 20) is not None
    return str(case_of(rig, alias)["id"])


def say(rig: Rig, protocol: str, *frames: str) -> None:
    with socket.create_connection(rig.ports[protocol], timeout=10) as connection:
        connection.settimeout(10)
        connection.sendall("".join(frames).encode())
        if protocol == "h02":
            connection.recv(64)


def pendant(rig: Rig, word: str) -> None:
    """Have the pendant send a report of now with its status word."""
    now = rig.clock.now().to_datetime()
    said = f"V1,{now:%H%M%S},{PLACE},{now:%d%m%y},{word}"
    say(rig, "h02", f"*HQ,{PENDANT},{said}#")


def acknowledge(rig: Rig, alarm: str, *more: str) -> str:
    words = ("alarm", "acknowledge", alarm, "--by", "alder", *more)
    done = rig.natalia(*words, "--state", str(rig.state))
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_a_press_after_false_pages_at_once_and_calls_colleagues_unless_held(
    rig: Rig,
) -> None:
    people = {"Heron": HERON_IMEI, "Gannet": GANNET_IMEI}
    cases: dict[str, str] = {}
    for alias, imei in people.items():
        with rig.device(imei) as device:
            device.sos()
        cases[alias] = raised(rig, alias)
    with rig.operator("alder") as alder:
        for alarm in cases.values():
            assert alder.act(alarm, "acknowledge") is None
            assert alder.act(alarm, "verify", truth="false") is None
    time.sleep(8)  # noqa: TID251 - as long as the defender waits
    pressed_s: dict[str, float] = {}
    for alias, imei in people.items():
        before = count(rig, is_page(alias))
        with rig.device(imei) as device:
            pressed_s[alias] = time.perf_counter()
            device.sos()
        eventually(lambda a=alias, b=before: count(rig, is_page(a)) > b, PAGED_S)  # type: ignore[misc]
        page = [one for one in rig.messages.items() if is_page(alias)(one)][-1]
        assert page.seen_s - pressed_s[alias] < PAGED_S
        eventually(lambda a=alias: case_of(rig, a)["sounds"])  # type: ignore[misc]
    assert "colleagues are held" in acknowledge(rig, cases["Gannet"], "--hold")
    assert count(rig, waits("Heron")) == 0
    told = rig.messages.wait_for(waits("Heron"), LATER_S)
    assert told is not None
    assert HOLD_S - 1 < told.seen_s - pressed_s["Heron"] < HOLD_S + 5
    eventually(lambda: count(rig, waits("Heron")) >= 5)
    assert count(rig, waits("Gannet")) == 0


def test_a_bit_that_is_held_joins_in_silence_and_one_that_rises_again_does_not(
    rig: Rig,
) -> None:
    pendant(rig, HELD)
    alarm = raised(rig, "Toucan")
    acknowledge(rig, alarm)
    for number in (1, 2):
        time.sleep(1)  # noqa: TID251 - a frame of the same second is the same one
        pendant(rig, HELD)
        eventually(lambda n=number: rig.rows(OFTEN) == [(n,)])  # type: ignore[misc]
    assert case_of(rig, "Toucan")["sounds"] is False
    pendant(rig, CLEAR)
    time.sleep(1)  # noqa: TID251 - likewise
    pendant(rig, HELD)
    eventually(lambda: rig.rows(OFTEN) == [(3,)])
    assert case_of(rig, "Toucan")["sounds"] is True


def test_a_stored_press_of_two_days_ago_joins_loudly_and_says_how_late_it_is(
    rig: Rig,
) -> None:
    def frame(kind: str, age: timedelta) -> str:
        at = rig.clock.now().plus(-age).to_datetime()
        return (
            f"!1,{FINDER};!{kind},{at:%d/%m/%y,%H:%M:%S},41.30,69.30,0,0,41,0,0,50,0,0;"
        )

    say(rig, "minifinder", frame("D", timedelta()))
    alarm = raised(rig, "Stork")
    acknowledge(rig, alarm)
    say(rig, "minifinder", frame("B", timedelta(hours=55)))
    eventually(lambda: rig.rows(OFTEN) == [(1,)])
    case = rig.alarm(alarm)
    assert case["sounds"] is True
    assert case["late"] == "2 d 7 h late"
    pressed = case["pressed"]
    assert isinstance(pressed, list)
    assert "came 2 d 7 h late" in pressed[0], "the older one comes first"
