"""Whether a false verdict still stands. Pure.

It was about what had been pressed and said until then: a press since, a sign of force
or a dispute speaks against it, whatever the last verdict was.
"""

from msgspec.structs import replace

from engine.alarm.state import Alarm, Told, Truth


def is_found_false(alarm: Alarm) -> bool:
    """Say whether it was found false, and nothing contradicts that since."""
    if alarm.truth is not Truth.FALSE or alarm.verified is None:
        return False
    danger_at = alarm.danger_at
    is_forced = danger_at is not None and danger_at >= alarm.verified.at
    is_pressed = alarm.press_count > alarm.judged_presses
    return alarm.ask is None and not (is_forced or is_pressed)


def contradicted(alarm: Alarm) -> Alarm:
    """Take in what was said before a press or a sign of force, if it was false then.

    Else voices that came beside the verdict and changed nothing would be another one,
    at the very moment of what they knew nothing of. What is disputed stays so.
    """
    if alarm.truth is not Truth.FALSE or alarm.ask is not None:
        return alarm
    return replace(alarm, heard=len(alarm.voices))


def has_spoken(alarm: Alarm, told: Told) -> bool:
    """Say whether somebody has said if it is real, since they were told of it last.

    Of what they said before a press that called them anew they have not heard then.
    """
    anew_at = told.anew_at
    return any(
        said.name == told.person and (anew_at is None or said.at > anew_at)
        for said in alarm.voices
    )
