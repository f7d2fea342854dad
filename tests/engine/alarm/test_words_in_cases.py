"""Words and signals land in the case that they belong to, and are heard."""

from dataclasses import replace
from datetime import timedelta

from msgspec import structs

from engine.alarm.cases import OpenCases, standing_of
from engine.alarm.commands import AddNote, Raise
from engine.alarm.events import NoteAdded
from engine.alarm.state import CloseReason, Kind, Seen
from engine.protocol.model import Audience
from engine.values import AlarmId, CommandId, DeviceId, ReportKey, Signal
from tests.engine.alarm.scene import ALARM, PROTOCOLS, Scene, press_of, raise_of
from tests.fakes import START

OWN = AlarmId("own")


def signal(key: str = "s1", text: str = "") -> Raise:
    press = replace(
        press_of(key, signals=(Signal.TAMPERED,), text=text), device=DeviceId("d1")
    )
    return structs.replace(
        raise_of(press, PROTOCOLS["hq_alone"]), kind=Kind.NOTICE, consented=False
    )


def note(scene: Scene, key: str) -> None:
    scene.do(
        AddNote(
            command_id=CommandId(key),
            by=None,
            text="they say she is not here",
            source=ReportKey(key),
            person="c1",
            loud=True,
        )
    )


def test_words_of_somebody_who_was_told_ask_hq_to_read_them_once_in_five_minutes() -> (
    None
):
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.run(120)
    pages = len(scene.planned(Audience.DUTY))
    note(scene, "n1")
    assert scene.state().acknowledged is None
    scene.tick()
    assert len(scene.planned(Audience.DUTY)) > pages
    scene.acknowledge()
    scene.run(60)
    note(scene, "n2")
    assert scene.state().acknowledged is not None
    scene.run(300)
    note(scene, "n3")
    assert scene.state().acknowledged is None
    assert scene.state().told["c1"].reply is None, "words are no answer"


def test_a_signal_of_a_defender_joins_the_case_that_looks_open_to_them() -> None:
    scene = Scene().raised()
    cases = OpenCases()
    cases.note(standing_of(scene.state()))
    case, command = cases.join(signal(), OWN)
    assert case == ALARM
    pages = len(scene.planned())
    scene.acknowledge()
    (noted,) = scene.do(command)
    assert isinstance(noted, NoteAdded)
    assert "tampered" in noted.text
    assert noted.source == "s1"
    assert scene.state().acknowledged is not None, "a signal alone pages nobody"
    assert len(scene.planned()) == pages
    scene.do(signal("s2", text="they are at the door"))
    assert scene.state().acknowledged is None


def test_after_a_decoy_close_a_signal_gets_a_notice_of_its_own() -> None:
    scene = Scene().raised()
    decoy = structs.replace(scene.state(), seen=Seen(raised=START, closed=START))
    cases = OpenCases()
    cases.note(standing_of(decoy))
    assert cases.join(signal(), OWN)[0] == OWN


def test_after_an_end_a_signal_gets_a_notice_of_its_own() -> None:
    scene = Scene().raised()
    cases = OpenCases()
    cases.note(standing_of(scene.state()))
    scene.acknowledge()
    scene.close(reason=CloseReason.SAFE)
    cases.note(standing_of(scene.state()))
    scene.now = scene.now.plus(timedelta(seconds=5))
    assert cases.join(signal(), OWN)[0] == OWN
