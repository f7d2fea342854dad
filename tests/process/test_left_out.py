"""Who is under attack is not asked to help another, at the running service."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.rig import Rig, Sms, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

LAPWING = "+998460000011"
TAKEN_UP = "SELECT 1 FROM event WHERE kind = 'ReplyReceived'"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(folder=tmp_path) as made:
        made.password("alder")
        yield made


def case_of(rig: Rig, alias: str) -> str:
    eventually(lambda: [one for one in rig.alarms() if one["alias"] == alias])
    (found,) = [one for one in rig.alarms() if one["alias"] == alias]
    return str(found["id"])


def heron_presses(rig: Rig) -> str:
    with rig.device() as device:
        device.sos()
    return case_of(rig, "Heron")


def lapwing_presses(rig: Rig) -> str:
    """By SMS: Lapwing is the nearest to Heron."""
    rig.modems[0].inject(LAPWING, "SOS")
    return case_of(rig, "Lapwing")


def to_lapwing_of_heron(rig: Rig) -> list[Sms]:
    everything = rig.messages.items()
    return [one for one in everything if one.number == LAPWING and "Heron" in one.text]


def left_out(rig: Rig, alarm: str) -> list[str]:
    people = rig.alarm(alarm)["left_out"]
    assert isinstance(people, list)
    return [str(one["case"]) for one in people]


def test_a_telephone_that_a_captor_may_hold_gets_nothing_of_another_alarm(
    rig: Rig,
) -> None:
    lapwings = lapwing_presses(rig)
    herons = heron_presses(rig)
    assert rig.sms_to("cormorant") is not None
    eventually(lambda: lapwings in left_out(rig, herons))
    assert to_lapwing_of_heron(rig) == []
    with rig.operator("alder") as alder:
        assert alder.act(herons, "count-again", other=lapwings) is None
    assert left_out(rig, herons) == []


def test_an_answer_of_who_was_told_before_counts_no_more_once_they_press(
    rig: Rig,
) -> None:
    herons = heron_presses(rig)
    eventually(lambda: to_lapwing_of_heron(rig))
    lapwings = lapwing_presses(rig)
    eventually(lambda: left_out(rig, herons) == [lapwings])
    ((code,),) = rig.rows(
        f"SELECT code FROM code WHERE person = 'lapwing' AND stream = 'alarm/{herons}'"
    )
    rig.modems[0].inject(LAPWING, f"{code} 1")
    eventually(lambda: rig.rows(TAKEN_UP))
    people = rig.alarm(herons)["people"]
    assert isinstance(people, list)
    assert "coming" not in {one["reply"] for one in people}
