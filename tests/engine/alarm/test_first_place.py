"""A defender whose place is not known at first: who is called once it is."""

from dataclasses import dataclass, replace
from datetime import timedelta

import pytest

from engine.alarm.commands import Follow, Lookup, Recipient
from engine.alarm.events import StepFired
from engine.alarm.following import with_place
from engine.alarm.state import NOWHERE, Kind, ReplyKind, SourceDoubt, Truth
from engine.dispatch.body import encode_body
from engine.ports.journal import EffectState
from engine.protocol.model import Audience, Step
from engine.roster.model import Word
from engine.values import StepId
from tests.engine.alarm.scene import (
    ENDED_BY_ONE,
    PROTOCOLS,
    TASHKENT,
    Scene,
    colleague,
    press_of,
    raise_of,
    without,
)

CAREFUL = PROTOCOLS["careful"]
SEARCHING = (
    "standard",
    "street_attack",
    "arrest",
    "protest",
    "abduction",
    "careful",
    "quorum",
    "widening",
    "journey",
    "house_raid",
)
MOTHER = colleague("mother", 0)


@dataclass
class Placeless(Scene):
    """Without a place the contacts who were named are told, as at the desk."""

    def _answer(self, lookup: Lookup) -> tuple[Recipient, ...]:
        searches = lookup.audience is Audience.NEAREST
        if lookup.audience is Audience.CONTACTS or (
            searches and lookup.place.lat_deg is None
        ):
            return () if "mother" in lookup.exclude else (MOTHER,)
        return super()._answer(lookup)

    def begun(self) -> "Placeless":
        """Press where no place is known."""
        self.raised(place=NOWHERE)
        self.settle_all()
        return self

    def wait(self, seconds: float) -> None:
        self.run(seconds, each_due=self.settle_all)

    def found(self, metres: float = 0) -> None:
        """Have the device say where it is."""
        lat_deg = (TASHKENT.lat_deg or 0) + metres / 111_000
        place = replace(TASHKENT, lat_deg=lat_deg, at=self.now)
        self.do(Follow(command_id=self.command_id(), place=place))
        self.settle_all()

    def called(self) -> list[str]:
        """Return the colleagues who were called, in order."""
        return [name for name in self.told(Audience.NEAREST) if name.startswith("c")]


def searches(name: str) -> tuple[Step, ...]:
    steps = PROTOCOLS[name].steps
    return tuple(step for step in steps if step.to is Audience.NEAREST)


@pytest.mark.parametrize("name", SEARCHING)
def test_a_place_that_is_known_after_all_rounds_still_calls_the_nearest(
    name: str,
) -> None:
    scene = Placeless(protocol=PROTOCOLS[name]).begun()
    scene.wait(3_600)
    assert scene.called() == []
    scene.found()
    scene.wait(3_600)
    called = scene.called()
    assert called
    assert len(called) == len(set(called)), "nobody is called twice"
    assert scene.told(Audience.NEAREST).count("mother") <= 1
    keys = [event.effect for event in scene.planned()]
    assert len(keys) == len(set(keys))
    rounds = [(e.step, e.round) for e in scene.events if isinstance(e, StepFired)]
    assert len(rounds) == len(set(rounds))


def test_the_nearest_are_called_at_once_and_with_the_place() -> None:
    scene = Placeless().begun()
    scene.wait(150)
    scene.found()
    assert scene.called() == ["c1", "c2", "c3", "c4", "c5"]
    texts = [e.body.text(scene.now) for e in scene.planned(Audience.NEAREST)[1:]]
    assert all("41.31151" in text for text in texts)
    scene.wait(30)
    assert len(scene.called()) == 15, "what has not run yet keeps its time"


def test_a_wider_search_waits_for_answers_to_the_first_as_it_did() -> None:
    scene = Placeless(protocol=PROTOCOLS["widening"]).begun()
    scene.wait(3_600)
    scene.found()
    seen = []
    for seconds in (0, 89, 1, 89, 1):
        scene.wait(seconds)
        seen.append(len(scene.called()))
    assert seen == [3, 3, 8, 8, 18]


def test_a_wider_search_does_not_wait_where_the_first_finds_nobody() -> None:
    far = tuple(colleague(f"c{number}", km=100) for number in range(3))
    scene = Placeless(protocol=PROTOCOLS["widening"], colleagues=far).begun()
    scene.wait(3_600)
    scene.found()
    assert len(scene.called()) == 3


def test_a_second_position_calls_nobody_else() -> None:
    scene = Placeless().begun()
    scene.wait(3_600)
    scene.found()
    scene.wait(600)
    before = scene.called()
    scene.found(9_000)
    scene.wait(3_600)
    assert scene.called() == before


def test_nobody_is_called_twice_where_the_place_was_known_from_the_beginning() -> None:
    scene = Placeless()
    scene.raised()
    scene.settle_all()
    scene.wait(3_600)
    before = scene.called()
    scene.found(9_000)
    scene.wait(3_600)
    assert scene.called() == before


def test_a_press_with_a_place_calls_the_nearest_too() -> None:
    scene = Placeless().begun()
    scene.wait(3_600)
    scene.raised("again")
    assert scene.called() == ["c1", "c2", "c3", "c4", "c5"]


def test_after_the_end_a_place_calls_nobody() -> None:
    scene = Placeless().begun()
    scene.wait(3_600)
    scene.acknowledge()
    scene.close()
    scene.settle_all()
    scene.found()
    scene.wait(3_600)
    assert scene.called() == []


def test_an_exercise_does_as_the_real_thing_would() -> None:
    scene = Placeless(kind=Kind.EXERCISE).begun()
    scene.wait(3_600)
    scene.found()
    assert scene.called() == ["c1", "c2", "c3", "c4", "c5"]


def test_no_wider_search_begins_while_somebody_is_coming() -> None:
    scene = Placeless().begun()
    scene.wait(3_600)
    scene.reply("mother", ReplyKind.COMING)
    scene.found()
    scene.wait(3_600)
    assert scene.called() == ["c1", "c2", "c3", "c4", "c5"]
    scene.reply("mother", ReplyKind.CANNOT)
    assert len(scene.called()) == 15, "a colleague who turns back widens it again"


def test_a_stranger_calls_nobody_by_saying_a_place_late() -> None:
    scene = Placeless()
    press = press_of(doubt=SourceDoubt.UNKNOWN_DEVICE)
    scene.do(raise_of(press, place=NOWHERE))
    scene.settle_all()
    scene.wait(3_600)
    scene.found()
    scene.wait(3_600)
    assert scene.called() == []


def test_what_was_found_false_calls_nobody_until_it_is_found_true() -> None:
    scene = Placeless().begun()
    scene.wait(3_600)
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    scene.found()
    scene.wait(3_600)
    assert scene.called() == []
    scene.acknowledge()
    scene.verify(Truth.VERIFIED)
    assert scene.called()[:5] == ["c1", "c2", "c3", "c4", "c5"]


def test_a_crowd_that_is_full_stays_full() -> None:
    scene = Placeless(protocol=replace(ENDED_BY_ONE, crowd_max=4)).begun()
    scene.wait(3_600)
    scene.found()
    scene.wait(3_600)
    assert scene.called() == ["c1", "c2", "c3"], "and the mother"


def test_rounds_that_grow_begin_small_and_are_as_many_as_the_file_says() -> None:
    steps = tuple(
        replace(step, every=timedelta(seconds=60), rounds=3, count=1, count_more=1)
        if step.id == "colleagues"
        else step
        for step in without(ENDED_BY_ONE, "widen").steps
    )
    scene = Placeless(protocol=replace(ENDED_BY_ONE, steps=steps)).begun()
    scene.wait(90)
    scene.found()
    seen = []
    for seconds in (0, 59, 1, 60, 3_600):
        scene.wait(seconds)
        seen.append(len(scene.called()))
    assert seen == [1, 1, 3, 6, 6]


def test_who_was_told_instead_is_still_tried_again() -> None:
    scene = Placeless()
    scene.raised(place=NOWHERE)
    for effect in scene.waiting():
        fails = ".mother." in effect
        state = EffectState.REJECTED if fails else EffectState.ACCEPTED
        scene.settle(effect, state, retry=True)
    scene.found()
    scene.wait(60)
    repeats = [e for e in scene.planned() if e.person == "mother" and e.repeat]
    assert repeats


def to_defender(word: Word, found_after_s: float | None) -> list[tuple[object, ...]]:
    """Return what a defender's telephone gets: when, and every byte."""
    scene = Placeless(protocol=CAREFUL).begun()
    scene.wait(120)
    scene.acknowledge()
    scene.cancel(word)
    scene.settle_all()
    if found_after_s is not None:
        scene.wait(found_after_s)
        scene.found()
        assert scene.called()
        scene.wait(3_600 - found_after_s)
    else:
        scene.wait(3_600)
    return [
        (event.at, event.effect, encode_body(event.body))
        for event in scene.planned(Audience.DEFENDER)
    ]


@pytest.mark.parametrize("after_s", [1, 600])
def test_the_defenders_telephone_sees_nothing_of_a_place_that_comes_late(
    after_s: float,
) -> None:
    seen = to_defender(Word.SAFE, None)
    assert seen
    assert to_defender(Word.SAFE, after_s) == seen
    assert to_defender(Word.DURESS, after_s) == seen


def test_who_searches_under_force_searches_again_once_there_is_a_place() -> None:
    scene = Placeless(protocol=CAREFUL).begun()
    scene.wait(120)
    scene.acknowledge()
    scene.cancel(Word.DURESS)
    scene.wait(600)
    assert scene.called() == []
    scene.found()
    called = scene.called()
    assert len(called) == 15, "five, and ten more by the sign of force"
    assert len(set(called)) == 15, "one after the other: nobody is found twice"


def test_only_steps_for_the_nearest_run_anew() -> None:
    scene = Placeless().begun()
    scene.wait(3_600)
    scene.acknowledge()
    before = scene.state()
    scene.found()
    after = scene.state()
    anew = {step for step in after.fired if after.fired[step] != before.fired.get(step)}
    assert anew == {StepId("colleagues"), StepId("widen"), StepId("follow")}
    assert {step.id for step in searches("standard")} == {"colleagues", "widen"}


@pytest.mark.parametrize("name", ["abduction", "arrest"])
def test_who_is_found_by_two_steps_of_one_moment_is_told_once(name: str) -> None:
    """The search for the nearest finds the contacts too, where no place is known."""
    scene = Placeless(protocol=PROTOCOLS[name]).begun()
    told = [
        (event.person, event.channel)
        for audience in (Audience.NEAREST, Audience.CONTACTS)
        for event in scene.planned(audience)
    ]
    assert told
    assert len(told) == len(set(told))


def test_a_search_anew_waits_for_no_step_that_asks_nobody_nearby() -> None:
    """What the file has it wait for at the press, a mail to HQ say, was then."""
    steps = tuple(
        replace(step, after=StepId("hq"), delay=timedelta(minutes=2))
        if step in searches("standard")
        else step
        for step in ENDED_BY_ONE.steps
    )
    scene = Placeless(protocol=replace(ENDED_BY_ONE, steps=steps)).begun()
    scene.wait(600)
    scene.found()
    assert scene.called()


def test_a_press_that_has_no_place_either_begins_no_search_anew() -> None:
    scene = Placeless(protocol=CAREFUL).begun()
    alarm = scene.state()
    assert any(step.id in alarm.fired for step in searches("careful"))
    later = scene.now.plus(timedelta(minutes=1))
    assert with_place(alarm, NOWHERE, later).fired == alarm.fired
    assert with_place(alarm, TASHKENT, later).fired != alarm.fired
