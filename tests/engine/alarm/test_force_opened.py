"""A case that was over, and that a colleague's word of force has opened again: what
their own telephone gets is what it would after a true one, and no end is lost.
"""

from dataclasses import replace

import pytest
from msgspec import structs

from engine.alarm.case_events import TakenIn
from engine.alarm.casework import people_of
from engine.alarm.commands import Close, HandPeopleOn, TakeIn
from engine.alarm.state import CloseReason, ReplyKind, Truth
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.roster.model import Word
from engine.values import AlarmId
from tests.engine.alarm.scene import (
    ALDER,
    PROTOCOLS,
    ROTA,
    ROWAN,
    Scene,
    colleague,
    letter,
)

FORCED = "c1"
OTHER = AlarmId("b2")
ACCEPTED, REJECTED = EffectState.ACCEPTED, EffectState.REJECTED


def ended(first: EffectState = ACCEPTED) -> Scene:
    """Return a case that is over; `first` is what became of the end told to them."""
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.run(60, each_due=scene.settle_all)
    scene.close()
    end(scene, first)
    return scene


def end(scene: Scene, theirs: EffectState) -> None:
    """Settle what tells of an end, and theirs so."""
    for effect in scene.waiting():
        is_theirs = scene.state().effects[effect].person == FORCED
        scene.settle(effect, theirs if is_theirs else ACCEPTED)


def over(scene: Scene) -> Scene:
    """Close it again, as soon as enough people have said so."""
    scene.acknowledge()
    scene.run(60, each_due=scene.settle_all)
    scene.confirm_safe(ALDER)
    scene.confirm_safe(ROWAN)
    scene.close()
    assert not scene.state().is_open
    return scene


def force(scene: Scene, kind: ReplyKind = ReplyKind.CANNOT) -> Scene:
    scene.reply(FORCED, kind, word=Word.DURESS)
    assert scene.state().is_open
    return scene


def to_telephone(scene: Scene) -> list[tuple[str, int, str]]:
    """Return what has gone to theirs."""
    return [
        (one.step, one.repeat, one.channel)
        for one in scene.state().effects.values()
        if one.person == FORCED and one.state is not EffectState.WITHDRAWN
    ]


def ends(scene: Scene) -> int:
    return sum(step == "stop" for step, _, _ in to_telephone(scene))


def taken_in(person: str) -> TakenIn:
    return TakenIn(
        person=person,
        alias="Heron",
        audience=Audience.NEAREST,
        language="en",
        sign="sign",
        code="other-code",
        zone="UTC",
        ways=(("sms", f"+1555{person}"),),
    )


# what was on its way at the word --------------------------------------------------


@pytest.mark.parametrize("first", [None, EffectState.UNKNOWN, EffectState.UNDELIVERED])
@pytest.mark.parametrize("kind", [*ReplyKind])
def test_the_end_that_waits_for_them_goes_out_bug_it_never_came(
    kind: ReplyKind, first: EffectState | None
) -> None:
    """After a true word it would have come, or its repeat: so it does after this."""

    def answered(word: Word) -> Scene:
        scene = ended(EffectState.PLANNED if first is None else first)
        scene.reply(FORCED, kind, word=word)
        scene.run(60, each_due=scene.settle_all)
        return scene

    true, forced = answered(Word.SAFE), answered(Word.DURESS)
    assert forced.state().is_open
    assert to_telephone(forced) == to_telephone(true)
    over(forced).settle_all()
    assert to_telephone(forced) == to_telephone(true)


@pytest.mark.parametrize(
    ("theirs", "in_an_hour"),
    [
        (EffectState.UNKNOWN, 13),
        (EffectState.UNDELIVERED, 3),
        (EffectState.REJECTED, 17),
    ],
)
@pytest.mark.parametrize("kind", [*ReplyKind])
def test_an_end_is_repeated_as_after_a_true_word_bug_it_was_once(
    kind: ReplyKind, theirs: EffectState, in_an_hour: int
) -> None:
    def settled(scene: Scene) -> None:
        for effect in scene.waiting():
            is_theirs = scene.state().effects[effect].person == FORCED
            scene.settle(effect, theirs if is_theirs else ACCEPTED, retry=True)

    def answered(word: Word) -> Scene:
        scene = ended(EffectState.PLANNED)
        settled(scene)
        scene.reply(FORCED, kind, word=word)
        scene.run(3600, each_due=lambda: settled(scene))
        return scene

    true, forced = answered(Word.SAFE), answered(Word.DURESS)
    assert forced.state().is_open
    assert ends(true) == in_an_hour
    assert to_telephone(forced) == to_telephone(true)


def test_no_end_is_repeated_to_who_answers_freely_since() -> None:
    scene = ended(EffectState.UNKNOWN)
    scene.settle_all(EffectState.UNKNOWN)
    force(scene)
    before = ends(scene)
    scene.reply(FORCED, ReplyKind.NEED_HELP)
    scene.run(3600, each_due=scene.settle_all)
    assert ends(scene) == before


def test_the_repeat_of_an_end_says_that_it_is_one_where_a_word_of_force_opened_it() -> (
    None
):
    scene = ended(EffectState.UNKNOWN)
    scene.settle_all(EffectState.UNKNOWN)
    force(scene)
    scene.run(60)
    stops = [one for one in scene.planned(Audience.TOLD) if one.person == FORCED]
    assert stops[-1].at > scene.state().opened_at
    assert {letter(one).data["response"] for one in stops} == {"closed"}


@pytest.mark.parametrize("truth", [None, Truth.VERIFIED, Truth.FALSE])
def test_the_repeat_of_an_end_says_of_what_it_was_one_bug_it_said_unverified(
    truth: Truth | None,
) -> None:
    """What was presumed is not once it is open again, and HQ may judge it anew."""
    scene = Scene(protocol=replace(PROTOCOLS["street_attack"], all_clear_needs=1))
    scene.raised().settle_all()
    scene.run(600, each_due=scene.settle_all)
    assert scene.state().truth is Truth.PRESUMED
    scene.acknowledge()
    scene.close()
    for _ in range(2):
        scene.settle_all(EffectState.UNKNOWN)
    force(scene)
    if truth is not None:
        scene.acknowledge()
        scene.verify(truth)
    scene.run(60)
    stops = [one for one in scene.planned(Audience.TOLD) if one.person == FORCED]
    assert stops[-1].at > scene.state().opened_at
    assert {letter(one).data["truth"] for one in stops} == {"presumed"}


def test_nobody_else_gets_what_waited_for_them() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    force(scene)
    waiting = {
        one.person
        for one in scene.state().effects.values()
        if one.audience is Audience.TOLD and one.state is EffectState.PLANNED
    }
    assert waiting == {FORCED}


@pytest.mark.parametrize("how", ["freely", "told of another"])
def test_it_goes_out_no_more_where_they_are_to_hear_of_the_case(how: str) -> None:
    """It would come after what calls them, and they would stay at home."""
    scene = ended(EffectState.PLANNED)
    force(scene)
    if how == "freely":
        scene.reply(FORCED, ReplyKind.NEED_HELP)
    else:
        people = (taken_in(FORCED),)
        scene.do(TakeIn(command_id=scene.command_id(), other=OTHER, people=people))
    assert ends(scene) == 0
    over(scene).settle_all()
    assert ends(scene) == 1


# the second end -------------------------------------------------------------------


def test_who_has_answered_freely_before_the_second_end_hears_of_it() -> None:
    """They are on their way; one who answers after it has had one end, as is true."""
    scene = ended()
    force(scene)
    scene.run(1, each_due=scene.settle_all)
    scene.reply(FORCED, ReplyKind.COMING)
    over(scene).settle_all()
    assert ends(scene) == 2


@pytest.mark.parametrize(
    "first", [EffectState.UNKNOWN, EffectState.UNDELIVERED, EffectState.EXPIRED]
)
def test_whom_the_first_end_may_not_have_reached_hears_of_the_second_bug_of_none(
    first: EffectState,
) -> None:
    scene = ended(ACCEPTED)
    force(scene)
    effect = next(
        one.effect
        for one in scene.state().effects.values()
        if one.person == FORCED and one.audience is Audience.TOLD
    )
    effects = scene.state().effects
    unproven = structs.replace(effects[effect], state=first)
    scene.alarm = structs.replace(scene.state(), effects={**effects, effect: unproven})
    over(scene)
    assert ends(scene) == 2


def test_what_the_network_says_of_the_first_end_later_has_the_second_told() -> None:
    scene = over(force(ended()))
    scene.settle_all()
    assert ends(scene) == 1
    effect = next(
        one.effect
        for one in scene.state().effects.values()
        if one.person == FORCED and one.audience is Audience.TOLD
    )
    scene.settle(effect, EffectState.UNDELIVERED)
    assert ends(scene) == 2


def test_who_was_told_anew_since_hears_of_the_next_end_bug_of_none() -> None:
    """A press had called them again, and what told them of its end was refused."""
    scene = ended()
    scene.raised("again")
    scene.settle_all()
    end(over(scene), REJECTED)
    force(scene)
    before = ends(scene)
    over(scene).settle_all()
    assert ends(scene) == before + 1


@pytest.mark.parametrize("kind", [*ReplyKind])
def test_whatever_they_answer_after_the_second_end_they_hear_no_more_bug_they_did(
    kind: ReplyKind,
) -> None:
    scene = over(force(ended()))
    scene.settle_all()
    scene.run(600, each_due=scene.settle_all)
    before = to_telephone(scene)
    scene.reply(FORCED, kind)
    scene.run(600, each_due=scene.settle_all)
    assert to_telephone(scene) == before


def test_a_second_word_of_force_after_the_second_end_shows_as_little() -> None:
    scene = ended()
    before = to_telephone(scene)
    for _ in range(3):
        over(force(scene)).settle_all()
        scene.run(600, each_due=scene.settle_all)
    assert to_telephone(scene) == before
    assert scene.told(Audience.TOLD).count("c2") == 4, "others hear of each"


# opened by an operator ------------------------------------------------------------


def test_an_operator_who_takes_back_an_end_unheard_calls_them_no_more_bug_did() -> None:
    scene = ended()
    before = to_telephone(scene)
    over(force(scene))
    scene.reopen()
    scene.colleagues = (colleague(FORCED, 900.0), *scene.colleagues[1:])
    scene.run(600, each_due=scene.settle_all)
    over(scene).settle_all()
    assert to_telephone(scene) == before


def test_once_somebody_has_heard_of_it_an_operator_has_them_called_as_anybody() -> None:
    scene = over(force(ended()))
    scene.settle_all()
    scene.reopen()
    scene.settle_all()
    assert [step for step, _, _ in to_telephone(scene)][-1] == "colleagues"
    over(scene).settle_all()
    assert ends(scene) == 2


# merged ---------------------------------------------------------------------------


def merged(scene: Scene) -> Scene:
    scene.acknowledge()
    scene.run(60, each_due=scene.settle_all)
    scene.confirm_safe(ALDER)
    scene.confirm_safe(ROWAN)
    scene.do(
        Close(
            command_id=scene.command_id(),
            by=ALDER,
            reason=CloseReason.DUPLICATE,
            into=OTHER,
        )
    )
    return scene


def test_who_was_told_of_what_is_part_of_it_now_hears_of_the_end_bug_of_none() -> None:
    """A press after that word begins a case of its own, which calls them."""
    scene = force(ended())
    scene.run(60, each_due=scene.settle_all)
    before = to_telephone(scene)
    people = (taken_in(FORCED), taken_in("fern"))
    scene.do(TakeIn(command_id=scene.command_id(), other=OTHER, people=people))
    scene.run(600, each_due=scene.settle_all)
    assert to_telephone(scene) == before, "they know: they are not called twice"
    over(scene).settle_all()
    assert ends(scene) == 2
    assert "fern" in scene.told(Audience.TOLD)


def test_where_it_is_part_of_another_they_hear_no_end_of_that_bug_a_second() -> None:
    scene = merged(force(ended()))
    handed = people_of(scene.state())
    assert handed is not None
    names = {one.person for one in handed.people}
    assert FORCED not in names
    assert "c2" in names


@pytest.mark.parametrize("later", [EffectState.EXPIRED, EffectState.UNDELIVERED])
def test_whose_end_turns_out_not_to_have_come_hears_of_that_one_bug_of_none(
    later: EffectState,
) -> None:
    """Their telephone was off: the network says so a day after the cases were one."""
    scene = merged(force(ended()))
    before = people_of(scene.state())
    scene.do(HandPeopleOn(command_id=scene.command_id(), into=OTHER))
    assert people_of(scene.state()) is None
    effect = next(
        one.effect
        for one in scene.state().effects.values()
        if one.person == FORCED and one.audience is Audience.TOLD
    )
    scene.settle(effect, later)
    handed = people_of(scene.state())
    assert before is not None
    assert handed is not None
    assert FORCED in {one.person for one in handed.people}
    assert handed.command_id != before.command_id, "else the other has it already"


def test_the_officer_whose_word_opens_it_is_not_paged_while_there_is_another() -> None:
    """After a true word of theirs it stays over, and nobody is paged at all."""
    scene = ended()
    scene.reopen()
    scene.run(300, each_due=scene.settle_all)
    forced, other = ROTA[0], ROTA[1]
    over(scene).settle_all()
    before = len(scene.planned(Audience.DUTY))
    scene.reply(forced, ReplyKind.FALSE, word=Word.DURESS)
    assert scene.state().is_open
    scene.run(900, each_due=scene.settle_all)
    paged = {one.person for one in scene.planned(Audience.DUTY)[before:]}
    assert scene.asked[-1].spared == {f"+1555{forced}"}
    assert other in paged
    assert forced not in paged
    scene.reply(forced, ReplyKind.CANNOT)
    scene.run(900, each_due=scene.settle_all)
    paged = {one.person for one in scene.planned(Audience.DUTY)[before:]}
    assert forced in paged, "answered freely, they are as anybody"
