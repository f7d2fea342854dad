"""Who is nearest: brute force agrees, circles hold, the newest place counts."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta

import pytest
from geographiclib.geodesic import (
    Geodesic,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from engine.roster.model import CircleName, DeclaredPlace, Person, Role, Roster
from engine.roster.places import AHEAD_MAX, Near, Nearest, own_place, standing_place
from engine.roster.sample import sample_roster
from engine.values import Fix, Instant, PersonId
from tests.engine.roster.rosters import CIRCLES, person, place
from tests.fakes import START

SAMPLE = sample_roster()
HERON, CRANE, SWAN = PersonId("heron"), PersonId("crane"), PersonId("swan")
TOWN = place(lat_deg=57.6, lon_deg=18.3, given_on="2026-09-01")
LATER = timedelta(seconds=1)


def fix(lat_deg: float, lon_deg: float, at: Instant = START) -> Fix:
    return Fix(lat_deg=lat_deg, lon_deg=lon_deg, at=at, accuracy_m=20.0)


def metres(lat_deg: float, lon_deg: float, there: DeclaredPlace) -> float:
    line = Geodesic.WGS84.Inverse(lat_deg, lon_deg, there.lat_deg, there.lon_deg)
    return float(line["s12"])


def by_brute_force(
    lat_deg: float, lon_deg: float, circles: frozenset[CircleName]
) -> list[tuple[float, PersonId]]:
    return sorted(
        (metres(lat_deg, lon_deg, one.declared), one.person)
        for one in SAMPLE.people
        if one.declared
        and one.available
        and one.has(Role.COLLEAGUE)
        and one.circles & circles
    )


@settings(max_examples=60, deadline=None)
@given(
    lat_deg=st.floats(-90, 90),
    lon_deg=st.floats(-180, 180),
    circles=st.frozensets(
        st.sampled_from(sorted({c for one in SAMPLE.people for c in one.circles}))
    ),
    k=st.integers(1, 30),
)
def test_the_nearest_of_several_circles_are_those_of_brute_force(
    lat_deg: float, lon_deg: float, circles: frozenset[CircleName], k: int
) -> None:
    nearest = Nearest(SAMPLE, {}, now=START)
    found = nearest.nearest(lat_deg=lat_deg, lon_deg=lon_deg, k=k, circles=circles)
    wanted = by_brute_force(lat_deg, lon_deg, circles)

    assert len(found) == min(k, len(wanted)) == len({one.person for one in found})
    for one, (metres_away, _) in zip(found, wanted, strict=False):
        assert one.distance_m == pytest.approx(metres_away, abs=50, rel=1e-6)
    known = {name: metres_away for metres_away, name in wanted}
    assert all(one.person in known for one in found)


@pytest.mark.parametrize("lon_deg", [179.99, -179.99, 180.0, -180.0])
def test_the_antimeridian_parts_nobody(lon_deg: float) -> None:
    nearest = Nearest(SAMPLE, {}, now=START)

    first = nearest.nearest(
        lat_deg=-16.9, lon_deg=lon_deg, k=2, circles=[CircleName("topaz")]
    )

    places = [SAMPLE.person(one.person) for one in first]
    towns = [one.declared.name for one in places if one and one.declared]
    assert towns[0] == "Taveuni"
    assert first[0].distance_m < 12_000


def test_at_a_pole_the_nearest_are_found() -> None:
    circles = frozenset({CircleName("amber"), CircleName("basalt")})
    found = Nearest(SAMPLE, {}, now=START).nearest(
        lat_deg=90, lon_deg=12, k=3, circles=circles
    )

    assert [one.person for one in found][:1] == [by_brute_force(90, 0, circles)[0][1]]


def test_somebody_in_two_circles_is_found_once() -> None:
    crane = person("crane", circles=frozenset(CIRCLES), declared=TOWN)
    found = ask(Roster(people=(crane,)), circles=CIRCLES)

    assert [one.person for one in found] == [CRANE]


def test_nobody_outside_the_circles_is_found_however_far_it_looks() -> None:
    crane = person("crane", declared=TOWN)
    roster = Roster(people=(crane,))

    assert ask(roster, circles=CIRCLES[1:]) == ()
    assert ask(roster, circles=()) == ()
    assert ask(roster, circles=[CircleName("unheard-of")]) == ()


def test_the_excluded_the_busy_and_the_far_are_not_found() -> None:
    crane = person("crane", declared=TOWN)
    busy = person("owl", declared=TOWN, available=False)
    swan = person("swan", declared=replace(TOWN, lat_deg=50.0))
    contact = person("rook", declared=TOWN, roles=frozenset({Role.CONTACT}))
    nearest = Nearest(Roster(people=(crane, busy, swan, contact)), {}, now=START)

    found = nearest.nearest(
        lat_deg=57.6,
        lon_deg=18.3,
        k=9,
        circles=CIRCLES,
        exclude=[CRANE, PersonId("stranger")],
        within_m=900_000,
    )
    nearer = nearest.nearest(
        lat_deg=57.6, lon_deg=18.3, k=9, circles=CIRCLES, within_m=100_000
    )

    assert [one.person for one in found] == [SWAN]
    assert [one.person for one in nearer] == [CRANE]


def test_a_live_fix_counts_only_with_consent() -> None:
    shy = person("crane", declared=TOWN)
    open_ = person("swan", declared=TOWN, live_position_consent=True)
    nearest = Nearest(Roster(people=(shy, open_)), {}, now=START)

    assert not nearest.move(CRANE, fix(10, 10), now=START)
    assert nearest.move(SWAN, fix(10, 10), now=START)

    found = nearest.nearest(lat_deg=10, lon_deg=10, k=2, circles=CIRCLES)
    assert [(one.person, one.declared) for one in found] == [
        (SWAN, False),
        (CRANE, True),
    ]
    assert found[0].distance_m == 0
    assert found[0].accuracy_m == 20
    assert found[0].age(START.plus(LATER)) == LATER
    assert found[1].at == TOWN.at


def test_the_newest_valid_place_counts_whichever_kind_it_is() -> None:
    mover = person("swan", declared=TOWN, live_position_consent=True)
    before, after = TOWN.at.plus(-LATER), TOWN.at.plus(LATER)

    older = standing_place(mover, fix(1, 1, before), START)
    newer = standing_place(mover, fix(1, 1, after), START)
    undeclared = standing_place(replace(mover, declared=None), fix(1, 1, before), START)

    assert older is not None
    assert older.declared
    assert newer is not None
    assert not newer.declared
    assert undeclared is not None
    assert not undeclared.declared
    assert standing_place(replace(mover, declared=None), None, START) is None


def test_a_declaration_of_a_day_to_come_hides_no_fix() -> None:
    """A slip of the year would have sent a colleague from where they once were."""
    slip = replace(TOWN, given_on=date(2126, 9, 1))
    mover = person("swan", declared=slip, live_position_consent=True)

    standing = standing_place(mover, fix(1, 1, START), START)
    alone = standing_place(mover, None, START)

    assert standing is not None
    assert not standing.declared
    assert alone is not None  # a doubtful day is better than nobody
    nearest = Nearest(Roster(people=(mover,)), {}, now=START)
    assert nearest.move(SWAN, fix(1, 1, START), now=START)
    moved = nearest.place_of(SWAN)
    assert moved is not None
    assert not moved.declared


def test_an_older_fix_than_the_known_one_moves_nobody() -> None:
    mover = person("swan", declared=TOWN, live_position_consent=True)
    roster = Roster(people=(mover,))
    nearest = Nearest(roster, {SWAN: fix(2, 2)}, now=START)

    assert not nearest.move(SWAN, fix(3, 3, START.plus(-LATER)), now=START)
    assert not nearest.move(SWAN, fix(3, 3, TOWN.at.plus(-LATER)), now=START)
    standing = nearest.place_of(SWAN)
    assert standing is not None
    assert standing.lat_deg == 2


@pytest.mark.parametrize(
    "wrong",
    [
        fix(91, 0),
        fix(0, 181),
        fix(float("nan"), 0),
        fix(0, float("inf")),
        fix(0, 0, START.plus(AHEAD_MAX + LATER)),
    ],
)
def test_an_impossible_fix_moves_nobody(wrong: Fix) -> None:
    mover = person("swan", declared=TOWN, live_position_consent=True)
    nearest = Nearest(Roster(people=(mover,)), {SWAN: wrong}, now=START)

    assert not nearest.move(SWAN, wrong, now=START)
    standing = nearest.place_of(SWAN)
    assert standing is not None
    assert standing.declared


def test_a_stranger_and_somebody_without_the_role_move_nowhere() -> None:
    contact = person(
        "swan", roles=frozenset({Role.CONTACT}), live_position_consent=True
    )
    nearest = Nearest(Roster(people=(contact,)), {}, now=START)

    assert not nearest.move(SWAN, fix(1, 1), now=START)
    assert not nearest.move(CRANE, fix(1, 1), now=START)


def test_a_colleague_without_a_place_is_named_until_there_is_a_fix() -> None:
    swan = person("swan", live_position_consent=True)
    crane = person("crane", declared=TOWN)
    owl = person("owl", available=False)
    nearest = Nearest(Roster(people=(swan, crane, owl)), {}, now=START)

    assert nearest.unplaced(CIRCLES) == (SWAN,)
    assert nearest.unplaced(CIRCLES, exclude=[SWAN]) == ()
    assert nearest.unplaced(CIRCLES[1:]) == ()
    nearest.move(SWAN, fix(1, 1), now=START)
    assert nearest.unplaced(CIRCLES) == ()


def test_a_defenders_own_alarm_takes_the_fix_whatever_they_consented_to() -> None:
    heron: Person = person("heron", declared=TOWN)
    old = fix(1, 1, TOWN.at.plus(-LATER))

    by_fix, by_word = own_place(heron, old), own_place(heron, None)

    assert by_fix is not None
    assert (by_fix.lat_deg, by_fix.declared) == (1, False)
    assert by_word is not None
    assert by_word.declared
    assert own_place(replace(heron, declared=None), None) is None


def ask(roster: Roster, circles: object) -> tuple[Near, ...]:
    nearest = Nearest(roster, {}, now=START)
    return nearest.nearest(
        lat_deg=0,
        lon_deg=0,
        k=9,
        circles=circles,  # type: ignore[arg-type] # any iterable of names
    )


def test_who_is_found_while_others_move_always_has_a_place() -> None:
    movers = [person(f"p{n}", live_position_consent=True) for n in range(20)]
    nearest = Nearest(Roster(people=tuple(movers)), {}, now=START)

    def walk() -> None:
        for step in range(40):
            for one in movers:
                at = START.plus(timedelta(milliseconds=step))
                nearest.move(one.person, fix(step, step, at), now=START)

    with ThreadPoolExecutor(3) as pool:
        walks = [pool.submit(walk) for _ in range(2)]
        while not all(one.done() for one in walks):
            found = nearest.nearest(lat_deg=0, lon_deg=0, k=20, circles=CIRCLES)
            assert all(not one.declared for one in found)
        for one in walks:
            one.result()

    assert len(nearest.nearest(lat_deg=0, lon_deg=0, k=20, circles=CIRCLES)) == 20
