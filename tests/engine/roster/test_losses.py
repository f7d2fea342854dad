"""What somebody would lose by another roster, item by item."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from engine.roster.losses import Loss, losing
from engine.roster.model import Number, Person, Role, Roster
from engine.roster.sample import sample_roster
from engine.values import DeviceId, PersonId

HERON = PersonId("heron")
SAMPLE = sample_roster()
PEOPLE = [one.person for one in SAMPLE.people]


def heron() -> Person:
    found = SAMPLE.person(HERON)
    assert found is not None
    return found


def having(person: Person) -> Roster:
    others = (one for one in SAMPLE.people if one.person != person.person)
    return replace(SAMPLE, people=(person, *others))


def lost(was: Roster, now: Roster) -> tuple[Loss, ...]:
    found = losing(was, now, [HERON])
    return found[0].losses if found else ()


AGREED = having(replace(heron(), safe_word="Tea", duress_word="Coffee"))


@given(people=st.lists(st.sampled_from(PEOPLE)))
def test_by_the_same_roster_nobody_loses_anything(people: list[PersonId]) -> None:
    assert losing(SAMPLE, SAMPLE, people) == []


@given(people=st.lists(st.sampled_from(PEOPLE)))
def test_by_one_of_nobody_everybody_is_lost_once(people: list[PersonId]) -> None:
    found = losing(SAMPLE, Roster(), people)
    assert [one.person for one in found] == sorted(set(people))
    assert all(one.losses == (Loss.PERSON,) for one in found)


def test_who_was_in_neither_loses_nothing() -> None:
    assert losing(SAMPLE, SAMPLE, [PersonId("nobody")]) == []


def test_a_device_that_is_gone_or_another_persons_is_a_loss() -> None:
    device, *_ = SAMPLE.devices_of(HERON)
    rest = tuple(one for one in SAMPLE.devices if one.device != device.device)
    gone = replace(SAMPLE, devices=rest)
    given_away = replace(device, person=PersonId("gannet"))
    assert lost(SAMPLE, gone) == (Loss.DEVICE,)
    assert lost(SAMPLE, replace(SAMPLE, devices=(*rest, given_away))) == (Loss.DEVICE,)
    another = replace(device, device=DeviceId("a-new-one"))
    assert lost(SAMPLE, replace(SAMPLE, devices=(*SAMPLE.devices, another))) == ()


def test_a_number_that_is_gone_is_a_loss_and_one_more_is_none() -> None:
    number = Number("+46701740690")
    assert lost(SAMPLE, having(replace(heron(), numbers=(number,)))) == (Loss.NUMBER,)
    both = (number, *heron().numbers)
    assert lost(SAMPLE, having(replace(heron(), numbers=both))) == ()


def test_a_word_that_is_another_or_none_is_a_loss_and_a_first_one_is_none() -> None:
    assert lost(AGREED, SAMPLE) == (Loss.WORDS,)
    person = AGREED.person(HERON)
    assert person is not None
    other = having(replace(person, duress_word="Cocoa"))
    assert lost(AGREED, other) == (Loss.WORDS,)
    assert lost(SAMPLE, AGREED) == ()


def test_a_code_of_force_that_is_gone_is_a_loss() -> None:
    device, *others = SAMPLE.devices
    agreed = replace(device, duress_codes=frozenset({"code:2222"}))
    was = replace(SAMPLE, devices=(agreed, *others))
    found = losing(was, SAMPLE, [device.person])
    assert [one.losses for one in found] == [(Loss.CODES,)]
    assert losing(SAMPLE, was, [device.person]) == []


def test_a_sim_that_is_gone_or_another_is_a_loss_bug_its_sms_was_a_strangers() -> None:
    device, *others = SAMPLE.devices
    was, now = (
        replace(SAMPLE, devices=(replace(device, number=Number(sim)), *others))
        for sim in ("+46701740690", "+46701740691")
    )
    for after in (SAMPLE, now):
        (found,) = losing(was, after, [device.person])
        assert found.losses == (Loss.NUMBER,)
    assert losing(SAMPLE, was, [device.person]) == []


def test_who_is_a_defender_no_more_loses_it_bug_their_word_called_nothing_off() -> None:
    roles = heron().roles - {Role.DEFENDER} | {Role.COLLEAGUE}
    now = having(replace(heron(), roles=frozenset(roles)))
    assert lost(SAMPLE, now) == (Loss.ROLE,)


def test_a_word_that_is_written_in_other_letters_is_the_same() -> None:
    person = AGREED.person(HERON)
    assert person is not None
    other = having(replace(person, safe_word="TEA", duress_word="coffee"))
    assert lost(AGREED, other) == ()


def test_who_was_told_loses_their_words_alone_also_where_they_are_gone() -> None:
    person = AGREED.person(HERON)
    assert person is not None
    for after in (SAMPLE, Roster()):
        (found,) = losing(AGREED, after, (), told=[HERON])
        assert found.losses == (Loss.WORDS,)
    moved = having(replace(person, numbers=(Number("+46701740690"),)))
    assert losing(AGREED, moved, (), told=[HERON]) == []
    assert losing(SAMPLE, Roster(), (), told=[HERON]) == []
