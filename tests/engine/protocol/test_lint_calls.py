"""A file that reads like a call for help, and calls nobody or too late, is found."""

from math import inf

import pytest

from engine.protocol.findings import Fault, Reach
from engine.protocol.model import Audience
from tests.engine.protocol.test_lint import (
    DUTY,
    HQ,
    NEAR,
    RECHECK,
    STOP,
    TWO,
    UNCONFIRMED,
    found,
)

WIDENS = "within_km = 80\nwithin_more_km = 10\nevery_s = 60\n"
CONTACTS = NEAR.replace("nearest", "contacts").replace("count = 5\n", "")


def words_of(fault: Fault, *steps: str) -> dict[str, str]:
    """Return what is found of a file with HQ, its rota and an end."""
    return dict(found(fault, TWO, HQ, DUTY, *steps, STOP))


@pytest.mark.parametrize(
    ("said", "times"),
    [
        ("within_km = 0.01\n", 1),
        ("within_km = 0.000001\n", 1),
        ("within_km = 0.999\n", 1),
        ("within_km = 1\n", 0),
        ("within_km = 0.1\nwithin_more_km = 0.1\nevery_s = 60\nrounds = 9\n", 1),
        ("within_km = 0.1\nwithin_more_km = 0.1\nevery_s = 60\nrounds = 10\n", 0),
        ("within_km = 0.1\nwithin_more_km = 0.1\nevery_s = 60\n", 0),
        ("within_km = 0.1\nevery_s = 60\n", 1),
        ("", 0),
    ],
)
def test_a_search_nearer_than_anybody_is_known_to_be_is_found(
    said: str, times: int
) -> None:
    lost = words_of(Fault.UNREACHABLE, NEAR + said)
    assert ("looks no farther than" in lost.get("near", "")) == bool(times)


@pytest.mark.parametrize(
    ("said", "why"),
    [
        ("false", "before it is found false:"),
        ("disputed", "before people contradict each other:"),
        ("consented", "before the defender has consented to a post:"),
        ("approved", "before a post is approved:"),
        ("verified", ""),
        ("real", ""),
        ("acknowledged", ""),
        ("confirmed_source", ""),
    ],
)
def test_a_call_for_what_a_true_alarm_may_never_be_is_found_bug_it_checked_clean(
    said: str, why: str
) -> None:
    waits = f'requires = ["{said}"]\n'
    near = words_of(Fault.NOBODY, NEAR + waits).get("near", "")
    assert why in near
    assert ("no colleague and no contact is called before" in near) == bool(why)
    other = CONTACTS.replace('"near"', '"close"')
    both = words_of(Fault.NOBODY, NEAR + waits, other)
    assert "is called before" not in both.get("near", "")


@pytest.mark.parametrize(
    ("said", "fault", "why"),
    [
        ('requires = ["disputed"]\n', Fault.NOBODY, "before people contradict"),
        ('requires = ["verified"]\n', Fault.NOBODY, ""),
        ('stopped_by = ["confirmed_source"]\n', Fault.UNREACHABLE, "holds from the"),
        ('stopped_by = ["acknowledged"]\n', Fault.UNREACHABLE, ""),
    ],
)
def test_what_a_call_waits_for_is_found_in_the_step_before_it_bug_it_checked_clean(
    said: str, fault: Fault, why: str
) -> None:
    """It begins after a step for HQ, which comes to nothing in a true alarm."""
    first = HQ.replace('"hq"\nto', '"first"\nto') + said
    second = first.replace('"first"', '"second"').replace(said, 'after = "first"\n')
    near = words_of(fault, first, second, NEAR + 'after = "second"\n').get("near", "")
    assert (why in near) if why else near == ""


@pytest.mark.parametrize(
    ("said", "away_km", "is_far"),
    [
        ("within_km = 80\n", (81.0, 300.0), True),
        ("within_km = 80\n", (80.0, 300.0), False),
        ("within_km = 80\n", (inf,), True),
        ("within_km = 80\n", (-3.0,), False),
        ("within_km = 80\n", None, False),
        ("", (9_000.0,), False),
        (
            "within_km = 80\nwithin_more_km = 10\nevery_s = 60\nrounds = 3\n",
            (101.0,),
            True,
        ),
        (
            "within_km = 80\nwithin_more_km = 10\nevery_s = 60\nrounds = 3\n",
            (99.0,),
            False,
        ),
        ("within_km = 80\nwithin_more_km = 10\nevery_s = 60\n", (9_000.0,), False),
    ],
)
def test_a_search_that_ends_before_the_first_colleague_is_found_bug_they_were_counted(
    said: str, away_km: tuple[float, ...] | None, *, is_far: bool
) -> None:
    """Whoever has them in one circle, in another country, read that all was well."""
    away = None if away_km is None else tuple(km * 1000 for km in away_km)
    people = {Audience.NEAREST: (frozenset({"sms"}),) * len(away or (0.0,))}
    reach = Reach(people=people, modems=2, away_m=away)
    lost = dict(found(Fault.NOBODY, TWO, HQ, DUTY, NEAR + said, STOP, reach=reach))
    assert ("tells nobody, as places are declared" in lost.get("near", "")) is is_far


def test_who_is_near_and_has_none_of_a_steps_channels_is_not_near() -> None:
    people = {Audience.NEAREST: (frozenset({"email"}), frozenset({"sms"}))}
    reach = Reach(people=people, modems=2, away_m=(1_000.0, 300_000.0))
    near = NEAR + "within_km = 80\n"
    ((where, words),) = found(Fault.NOBODY, TWO, HQ, DUTY, near, STOP, reach=reach)
    assert (where, "is within 80 km of the defender's" in words) == ("near", True)


@pytest.mark.parametrize("near", [NEAR, CONTACTS])
@pytest.mark.parametrize(
    ("said", "times"),
    [
        ("delay_s = 3600\n", 0),
        ("delay_s = 3601\n", 1),
        ("delay_s = 31536000\n", 1),
        ('after = "verified"\ndelay_s = 86400\n', 1),
    ],
)
def test_people_who_are_called_late_are_found(near: str, said: str, times: int) -> None:
    late = words_of(Fault.DEADLINE, near + said)
    assert ("called sooner than" in late.get("near", "")) == bool(times)
    both = words_of(Fault.DEADLINE, near + said, NEAR.replace('"near"', '"now"'))
    assert both == {}, "others are called at once"


@pytest.mark.parametrize("start", ["cancelled", "duress", "moved"])
def test_people_whom_a_press_alone_calls_never_are_found(start: str) -> None:
    more = f'{NEAR}after = "{start}"\n'
    assert "after no press" in words_of(Fault.NOBODY, more)[""]
    assert words_of(Fault.NOBODY, more, CONTACTS.replace('"near"', '"named"')) == {}


@pytest.mark.parametrize("condition", ["confirmed_source", "consented"])
def test_a_call_that_is_stopped_by_what_holds_from_the_raise_on_is_found(
    condition: str,
) -> None:
    """Of everybody whose device is known nobody would be called."""
    stopped = f'{NEAR}stopped_by = ["false", "{condition}"]\n'
    lost = words_of(Fault.UNREACHABLE, stopped)
    assert f"stopped by '{condition}'" in lost["near"]


def test_a_call_that_waits_for_what_is_said_after_the_end_is_found() -> None:
    waits = f'{NEAR}requires = ["safe_confirmed"]\n'
    assert "before the end" in words_of(Fault.UNREACHABLE, waits)["near"]


@pytest.mark.parametrize(
    ("channels", "times"),
    [('"email"', 1), ('"email", "webhook"', 1), ('"email", "sms"', 0)],
)
def test_people_who_are_told_by_what_wakes_nobody_are_found(
    channels: str, times: int
) -> None:
    late = words_of(Fault.DEADLINE, NEAR.replace('"sms"', channels))
    assert ("wakes nobody" in late.get("near", "")) == bool(times)


def ladder(channel: str, proof: str, within_s: int) -> str:
    """Return a call by one channel, and by SMS where that proves nothing in time."""
    first = f'channel = "{channel}"\nproof = "{proof}"\nwithin_s = {within_s}\n'
    last = 'channel = "sms"\nproof = "delivered"\nwithin_s = 60\n'
    head = NEAR.replace('channels = ["sms"]\n', "")
    return f"{head}[[step.ladder]]\n{first}[[step.ladder]]\n{last}"


@pytest.mark.parametrize("proof", ["sent", "accepted"])
def test_a_rung_whose_proof_is_always_there_is_found(proof: str) -> None:
    """Its server takes each mail within a second, and no SMS would ever go out."""
    alone = words_of(Fault.SINGLE_POINT, ladder("email", proof, 60))
    assert "no later rung is ever tried" in alone["near"]
    answered = words_of(Fault.SINGLE_POINT, ladder("email", "answered", 60))
    assert "near" not in answered


@pytest.mark.parametrize(("within_s", "times"), [(900, 0), (901, 1)])
def test_a_rung_that_wakes_nobody_for_long_is_found(within_s: int, times: int) -> None:
    late = words_of(Fault.DEADLINE, ladder("email", "answered", within_s))
    assert ("is tried only after" in late.get("near", "")) == bool(times)


@pytest.mark.parametrize(("every_s", "times"), [(900, 0), (901, 1)])
def test_a_rota_of_which_the_next_is_paged_late_is_found(
    every_s: int, times: int
) -> None:
    slow = DUTY.replace("every_s = 60", f"every_s = {every_s}")
    late = dict(found(Fault.DEADLINE, TWO, HQ, slow, NEAR, STOP))
    assert ("the next officer is paged" in late.get("duty", "")) == bool(times)


def test_a_text_of_the_time_after_the_end_is_misplaced_before_it() -> None:
    hq = HQ.replace('text = "hq"', 'text = "unconfirmed"')
    ((where, words),) = found(Fault.MISPLACED, TWO, hq, DUTY, NEAR, STOP)
    assert (where, "after the end" in words) == ("hq", True)
    assert found(Fault.MISPLACED, HQ, DUTY, NEAR, STOP, RECHECK, UNCONFIRMED) == []


def test_a_ring_to_the_defender_is_found_since_it_may_give_them_away() -> None:
    ring = RECHECK.replace('"sms"', '"sms", "call"')
    ((where, words),) = found(Fault.MISPLACED, TWO, HQ, DUTY, NEAR, STOP, ring)
    assert (where != "", "may give them away" in words) == (True, True)


def test_what_is_confirmed_after_the_end_stops_nothing_before_it() -> None:
    """Every 5 s an SMS to the defender's telephone, for as long as the case is open."""
    again = RECHECK.replace('"recheck"', '"received"').replace('"closed"', '"raised"')
    again = f"{again.replace('delay_s = 86400', '')}every_s = 5\n"
    assert "nothing but the end" in str(found(Fault.ENDLESS, HQ, DUTY, NEAR, again))


@pytest.mark.parametrize(("days", "times"), [(7, 0), (8, 1), (365, 1)])
def test_a_first_question_long_after_the_end_is_found(days: int, times: int) -> None:
    late = UNCONFIRMED.replace("delay_s = 86400", f"delay_s = {days * 86400}")
    said = [w for _, w in found(Fault.NO_AFTER_CARE, TWO, HQ, DUTY, NEAR, STOP, late)]
    assert ["for the first time" in words for words in said] == [True] * times


@pytest.mark.parametrize(
    ("first", "second", "is_found"),
    [
        ("sms", 'after = "near"\ndelay_s = 300\n', True),
        ("sms", "delay_s = 300\nstopped_by = ['somebody_coming']\n", True),
        ("sms", "", True),
        ("sms", "after = 'verified'\n", True),
        ("sms", "after = 'moved'\nstopped_by = ['real']\n", True),
        ("sms", "after = 'duress'\n", False),
        ("email", "after = 'verified'\n", False),
        ("email", "delay_s = 300\n", False),
        ("sms", "delay_s = 300\nrequires = ['verified']\n", True),
    ],
)
def test_a_second_step_for_contacts_that_rings_nobody_is_found_bug_it_checked_clean(
    first: str, second: str, *, is_found: bool
) -> None:
    """Each contact is told once: who has not answered an SMS was never rung."""
    write = CONTACTS.replace('"sms"', f'"{first}"')
    ring = CONTACTS.replace('"near"', '"ring"').replace('"sms"', '"call"')
    told = words_of(Fault.NOBODY, write, ring + second)
    assert ("each is told once" in told.get("ring", "")) == is_found
    assert "near" not in told


def test_a_step_for_contacts_that_may_be_the_first_is_not_found() -> None:
    """The one before it may not come, or comes later."""
    ring = CONTACTS.replace('"near"', '"ring"').replace('"sms"', '"call"')
    for said in (
        "requires = ['verified']\n",
        "delay_s = 5\n",
        "stopped_by = ['real']\n",
    ):
        assert words_of(Fault.NOBODY, CONTACTS + said, ring).get("ring") is None
    later = ring + "after = 'verified'\n"
    assert words_of(Fault.NOBODY, CONTACTS + "delay_s = 5\n", later).get("ring") is None
    assert words_of(Fault.NOBODY, later, CONTACTS).get("ring") is None
    follows = CONTACTS.replace("[[step]]\n", '[[step]]\nafter = "hq"\n')
    assert words_of(Fault.NOBODY, follows, ring).get("ring") is None


@pytest.mark.parametrize(
    ("said", "is_found"), [("", True), ("requires = ['verified']\n", False)]
)
def test_of_two_that_wait_for_one_thing_the_files_order_decides_bug_the_time_did(
    said: str, *, is_found: bool
) -> None:
    """Once it is verified both are due: who has e-mail alone hears by the second."""
    ring = CONTACTS.replace('"near"', '"ring"').replace('"sms"', '"call"')
    both = CONTACTS.replace('"sms"', '"sms", "email"')
    told = words_of(
        Fault.NOBODY, ring + f"delay_s = 120\n{said}", both + f"delay_s = 60\n{said}"
    )
    assert ("ring" in told) == is_found
