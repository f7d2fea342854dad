"""HQ hears at once where nobody near could be told, and what comes next."""

from engine.alarm.state import NOWHERE
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from tests.engine.alarm.scene import PROTOCOLS, Scene, colleague, letter


def news(scene: Scene) -> list[str]:
    return [
        "".join(segment.text for segment in letter(one).segments)
        for one in scene.planned()
        if one.step == "_nobody_near"
    ]


def test_hq_hears_at_once_that_nobody_within_a_hundred_km_was_there() -> None:
    far = tuple(colleague(f"c{n}", km=100.0 + n) for n in range(1, 9))
    scene = Scene(colleagues=far).raised()
    (text,) = news(scene)
    assert text.startswith("Heron: nobody within 100 km could be told. ")
    assert "Next: more colleagues in 3 min" in text
    assert {one.audience for one in scene.planned() if one.step == "_nobody_near"} == {
        Audience.HQ
    }


def test_nothing_is_said_while_somebody_near_may_have_it() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.run(600)
    assert news(scene) == []


def test_hq_hears_of_it_once_all_messages_to_those_near_have_failed() -> None:
    near = (colleague("c1", km=5.0),)
    scene = Scene(colleagues=near).raised()
    scene.run(1)
    (first,) = scene.planned(Audience.NEAREST)
    assert news(scene) == []
    scene.settle(first.effect, EffectState.UNDELIVERED)
    assert len(news(scene)) == 1


def test_a_search_without_a_place_is_news_too() -> None:
    assert len(news(Scene(colleagues=()).raised(place=NOWHERE))) == 1


def test_a_protocol_that_calls_no_colleague_says_nothing_of_them() -> None:
    assert news(Scene(protocol=PROTOCOLS["hq_alone"]).raised()) == []
