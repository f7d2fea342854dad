"""What HQ sees and may do after a press that follows a decision."""

from dataclasses import replace
from datetime import timedelta

from engine.alarm.pressed_again import HOLD
from engine.alarm.state import Truth
from engine.console.cases import Line
from engine.console.outlook import outlook
from engine.console.view import detail
from engine.values import AlarmBit
from tests.engine.alarm.scene import ALDER, ROWAN, Scene, press_of, raise_of
from tests.engine.console.hq import Hq, browser


def said_false() -> Scene:
    """Return a case that is false, eight seconds after that verdict."""
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    scene.run(8)
    return scene


def pressed_again() -> Scene:
    scene = said_false()
    scene.do(raise_of(press_of("k2", scene.now)))
    return scene


def shown(scene: Scene) -> dict[str, object]:
    lines = [
        Line(position=number, at=event.at, event=event, kind=type(event).__name__)
        for number, event in enumerate(scene.events)
    ]
    return detail(scene.state(), lines, scene.now, revealed=False, operator=ROWAN)


def may_hold(scene: Scene) -> object:
    may = shown(scene)["may"]
    assert isinstance(may, dict)
    return may["hold"]


def texts(scene: Scene, kind: str) -> list[str]:
    lines = shown(scene)["lines"]
    assert isinstance(lines, list)
    return [str(line["text"]) for line in lines if line["kind"] == kind]


def test_holding_is_offered_until_colleagues_are_told_or_an_officer_has_it() -> None:
    assert may_hold(said_false()) is False
    scene = pressed_again()
    assert may_hold(scene) is True
    scene.acknowledge()
    assert may_hold(scene) is False
    late = pressed_again()
    late.run(HOLD.total_seconds())
    assert may_hold(late) is False


def test_the_case_sounds_and_says_until_when_colleagues_wait() -> None:
    scene = pressed_again()
    case = shown(scene)
    assert case["sounds"] is True
    again = case["again"]
    assert isinstance(again, dict)
    assert "unless you hold them" in again["words"]
    assert again["due_ms"] == scene.now.plus(HOLD).ms


def test_the_time_line_says_when_colleagues_are_told_and_who_holds_them() -> None:
    scene = pressed_again()
    at = scene.now.plus(HOLD).to_datetime()
    (pressed,) = texts(scene, "PressJoined")
    assert f"colleagues are told at {at:%H:%M}" in pressed
    assert "after false" in pressed
    scene.acknowledge(holds=True)
    assert texts(scene, "AlarmAcknowledged")[-1].startswith(f"by {ALDER}, who holds")
    again = shown(scene)["again"]
    assert isinstance(again, dict)
    assert again["words"].startswith("Colleagues are held")
    scene.verify(Truth.VERIFIED)
    assert shown(scene)["again"] == {"words": "", "due_ms": None, "held": False}


def test_a_held_bit_after_a_decision_reads_as_told_to_hq_alone() -> None:
    scene = said_false()
    press = replace(press_of("k2", scene.now), bit=AlarmBit.HELD)
    scene.do(raise_of(press))
    assert "HQ alone" in texts(scene, "PressJoined")[0]
    assert may_hold(scene) is False


def test_the_next_step_says_that_colleagues_are_told_to_wait() -> None:
    scene = pressed_again()
    scene.settle_all()
    scene.acknowledge()
    words, at = outlook(scene.state(), scene.now)
    assert words.startswith("tell the 5 nearest colleagues")
    assert words.endswith("to wait for HQ")
    assert at == scene.now.plus(HOLD)


def test_presses_are_ordered_by_their_own_time_and_say_how_late_they_are() -> None:
    scene = Scene().raised()
    sent = scene.now.plus(-timedelta(hours=55))
    scene.do(raise_of(replace(press_of("k2", scene.now), late=True, device_at=sent)))
    case = shown(scene)
    pressed = case["pressed"]
    assert isinstance(pressed, list)
    assert "came 2 d 7 h late" in pressed[0]
    assert "late" not in pressed[1]
    assert case["late"] == "2 d 7 h late"
    assert "2 d 7 h late" in texts(scene, "PressJoined")[0]
    assert shown(Scene().raised())["pressed"] == []


def test_an_operator_holds_colleagues_with_a_button_of_the_page(hq: Hq) -> None:
    alarm = hq.press()
    with browser(hq) as at:
        at.act(alarm, "acknowledge")
        at.act(alarm, "verify", truth="false")
        page = at.client.get(f"/alarms/{alarm}").text
        assert '<button id="do-hold" name="hold" value="1" hidden' in page
        hq.clock.advance(8)
        hq.press()
        page = at.client.get(f"/alarms/{alarm}").text
        assert '<button id="do-hold" name="hold" value="1" data-done' in page
        assert at.act(alarm, "acknowledge", hold="1")["done"]
        page = at.client.get(f"/alarms/{alarm}").text
    assert "Colleagues are held" in page
    found = hq.alarm(alarm)
    assert found is not None
    assert found.again.is_held
