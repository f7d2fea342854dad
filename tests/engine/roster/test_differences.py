"""How one roster differs from another, and what of it two operators approve."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.roster.differences import CHANGED, at_stake, differences, for_two
from engine.roster.model import Number, Roster, Rota
from engine.roster.sample import sample_roster
from engine.values import PersonId
from tests.engine.roster.rosters import without

HERON, LAPWING = PersonId("heron"), PersonId("lapwing")
SAMPLE = sample_roster()
SEIZED = Number("+998460000999")
EVERYBODY = [one.person for one in SAMPLE.people]


def changed(who: PersonId, **fields: object) -> Roster:
    people = (
        replace(one, **fields) if one.person == who else one  # type: ignore[arg-type] # whichever field
        for one in SAMPLE.people
    )
    return replace(SAMPLE, people=tuple(people))


@given(st.sampled_from(EVERYBODY), st.sampled_from(EVERYBODY))
def test_a_difference_names_whoever_differs_and_nobody_else(
    gone: PersonId, other: PersonId
) -> None:
    new = without(SAMPLE, gone)
    named = {one.person for one in differences(SAMPLE, new)}
    assert gone in named
    assert differences(new, new) == ()
    moved = changed(other, numbers=(SEIZED,))
    (found,) = differences(SAMPLE, moved)
    assert (found.person, found.what, found.now) == (other, "numbers", SEIZED)


def test_an_agreed_word_stands_in_no_difference() -> None:
    new = changed(LAPWING, safe_word="Cocoa", duress_word="Willow", sign="Lighthouse")
    found = differences(SAMPLE, new)
    assert {one.what for one in found} >= {"safe_word", "duress_word"}
    assert {(one.was, one.now) for one in found} == {(CHANGED, CHANGED)}


def test_a_device_that_changes_hands_differs_for_both() -> None:
    first, *others = SAMPLE.devices
    other = next(one.person for one in SAMPLE.people if one.person != first.person)
    new = replace(SAMPLE, devices=(replace(first, person=other), *others))
    found = {
        (one.person, bool(one.was), bool(one.now)) for one in differences(SAMPLE, new)
    }
    assert found == {(first.person, True, False), (other, False, True)}


def test_what_two_approve_is_how_the_people_of_a_case_are_known_or_reached() -> None:
    def needed(new: Roster, *attacked: PersonId) -> set[str]:
        people = at_stake(SAMPLE, new, attacked, ())
        return {one.what for one in for_two(differences(SAMPLE, new), people)}

    moved = changed(LAPWING, numbers=(SEIZED,))
    assert needed(moved, HERON) == {"numbers"}
    assert needed(moved) == set(), "no case is open"
    assert needed(changed(LAPWING, available=False), HERON) == set()
    assert needed(replace(SAMPLE, rota=Rota(duty=())), HERON) == {"rota"}


def test_somebody_new_in_the_circle_takes_two_bug_they_would_be_told() -> None:
    heron, lapwing = SAMPLE.person(HERON), SAMPLE.person(LAPWING)
    assert heron is not None
    assert lapwing is not None
    spy = replace(
        lapwing, person=PersonId("spy"), numbers=(SEIZED,), circles=heron.circles
    )
    new = replace(SAMPLE, people=(*SAMPLE.people, spy))
    people = at_stake(SAMPLE, new, [HERON], ())
    (found,) = for_two(differences(SAMPLE, new), people)
    assert (found.person, found.what, found.now) == ("spy", "person", "person")
