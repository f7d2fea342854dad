"""Who may end a case, and whose word that all is well counts."""

from datetime import timedelta

from engine.alarm.commands import Close
from engine.alarm.events import ActRefused
from engine.alarm.refusals import RefusalGround
from engine.alarm.safety import safe_names, safe_needs
from engine.alarm.state import CloseReason, Kind
from engine.roster.model import Word
from tests.engine.alarm.scene import ALDER, PROTOCOLS, ROWAN, Scene

CAREFUL = PROTOCOLS["careful"]


def acknowledged(scene: Scene) -> Scene:
    scene.raised()
    scene.settle_all()
    scene.now = scene.now.plus(timedelta(minutes=2))
    scene.acknowledge()
    return scene


def careful() -> Scene:
    return acknowledged(Scene(protocol=CAREFUL))


def refusals(scene: Scene) -> list[RefusalGround]:
    return [e.ground for e in scene.events if isinstance(e, ActRefused)]


def close_by_name(scene: Scene) -> None:
    """End it as somebody whose name is taken at its word."""
    scene.do(
        Close(
            command_id=scene.command_id(),
            by=ALDER,
            reason=CloseReason.SAFE,
            in_person=False,
        )
    )


def test_one_operator_says_once_that_all_is_well() -> None:
    scene = careful()
    scene.confirm_safe(ROWAN)
    scene.confirm_safe(ROWAN)
    assert refusals(scene) == [RefusalGround.ALREADY_DONE]
    scene.confirm_safe(ALDER)
    assert safe_names(scene.state(), as_seen=True) == ("rowan", "alder")


def test_what_was_said_before_a_sign_of_force_may_be_said_again_after_it() -> None:
    scene = careful()
    scene.confirm_safe(ROWAN)
    scene.cancel(Word.DURESS)
    scene.confirm_safe(ROWAN)
    assert refusals(scene) == []
    assert safe_names(scene.state(), as_seen=False) == ("rowan",)
    scene.acknowledge()
    scene.close(ALDER)
    assert not scene.state().is_open


def test_a_name_taken_at_its_word_is_no_voice_where_it_takes_two() -> None:
    scene = careful()
    scene.confirm_safe(ROWAN)
    close_by_name(scene)
    assert refusals(scene) == [RefusalGround.NOT_SAFE_YET]
    scene.close(ALDER)
    assert not scene.state().is_open


def test_a_name_taken_at_its_word_ends_a_case_where_one_is_enough() -> None:
    scene = acknowledged(Scene())
    close_by_name(scene)
    assert refusals(scene) == []
    assert not scene.state().is_open


def test_an_exercise_is_ended_by_one_whatever_was_played_in_it() -> None:
    scene = acknowledged(Scene(protocol=CAREFUL, kind=Kind.EXERCISE))
    scene.cancel(Word.DURESS)
    assert safe_needs(scene.state()) == 1
    scene.acknowledge()
    scene.close(ALDER)
    assert not scene.state().is_open
