"""A telephone is enough: calls on real ptys into the real service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from adapters.modem.virtual import VirtualModem
from engine.roster.sample import sample_text
from tests.rig import Rig, eventually

pytestmark = pytest.mark.process

LAPWING, ALDER, FOREIGN = "+998460000011", "+46701740616", "+15550001111"


def agreed() -> str:
    """Return the sample roster: Lapwing has agreed, and so has Alder, an officer."""
    text = sample_text()
    for name, was, now in (
        ("lapwing", 'numbers = ["+998460000011"]', "call_is_sos = true\n"),
        ("alder", 'roles = ["operator", "duty"]', "call_is_sos = true\n"),
    ):
        before, after = text.split(f'id = "{name}"\n')
        assert was in after
        roles = was.replace('["operator"', '["defender", "operator"')
        text = f'{before}id = "{name}"\n{after.replace(was, f"{now}{roles}", 1)}'
    return text


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(folder=tmp_path, roster_text=agreed()) as one:
        up = 'natalia_modem_up{modem="modem-1"}'
        assert eventually(lambda: one.metric(up) == 1.0)
        yield one


def cases(rig: Rig, kind: str) -> list[tuple[object, object]]:
    return [(r["alias"], r["presses"]) for r in rig.alarms() if r["kind"] == kind]


def idle_modem(rig: Rig) -> VirtualModem:
    """Return a modem that rings nobody just now."""
    return eventually(lambda: next((m for m in rig.modems if not m.state.call), None))


def test_a_call_is_one_press_not_proven_and_is_never_answered(rig: Rig) -> None:
    modem = rig.modems[0]
    said: list[str] = []
    modem._watch = lambda direction, line: said.append(f"{direction} {line}")

    modem.ring(LAPWING, number_with=2)

    assert rig.mail.mails.wait_for(lambda mail: "sender not proven" in mail.text, 30.0)
    assert rig.sms_to("alder"), "who is on duty"
    assert set(rig.told()) == {"alder"}, "nothing goes to the caller's telephone"
    assert cases(rig, "real") == [("Lapwing", 1)]
    assert "<- AT+CHUP" in said
    assert not any(line.startswith("<- ATA") for line in said)
    assert sum(line == "-> RING" for line in said) == 2, "hung up before a third ring"

    # Acknowledged, it is paged no more: the other modem rings nobody and is free.
    rig.password("alder")
    (case,) = (str(row["id"]) for row in rig.alarms() if row["kind"] == "real")
    words = ("acknowledge", case, "--by", "alder", "--state", str(rig.state))
    assert rig.natalia("alarm", *words).returncode == 0
    other = rig.modems[1]
    assert eventually(lambda: not other.state.call)
    other.ring(LAPWING)
    assert eventually(lambda: cases(rig, "real") == [("Lapwing", 2)])


@pytest.mark.slow
def test_a_withheld_or_foreign_number_is_a_notice(rig: Rig) -> None:
    modem = rig.modems[0]
    modem.ring(LAPWING, is_withheld=True)
    assert eventually(lambda: cases(rig, "notice") == [("unknown", 1)])
    modem.ring(FOREIGN)
    assert eventually(lambda: cases(rig, "notice") == [("unknown", 2)])
    assert cases(rig, "real") == []


def test_an_officer_who_calls_back_raises_nothing(rig: Rig) -> None:
    with rig.device() as device:
        device.sos()
    assert rig.calls.wait_for(lambda called: called == ALDER, 30.0)
    idle_modem(rig).ring(ALDER)
    assert eventually(lambda: cases(rig, "notice") == [("Alder", 1)])
    assert [alias for alias, _ in cases(rig, "real")] == ["Heron"]
