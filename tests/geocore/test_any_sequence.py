"""Any sequence of operations, from Python, against geographiclib."""

from __future__ import annotations

import hypothesis.strategies as st
from hypothesis import settings
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from geocore import Index
from tests.geocore.reference import Place, assert_nearest

PEOPLE = st.integers(0, 30)
ANYWHERE = st.tuples(st.floats(-90, 90), st.floats(-180, 180))
TRAPS = st.sampled_from(
    [(90.0, 0.0), (-90.0, 1.0), (0.0, 180.0), (0.0, -180.0), (64.7, 10.536), (0.0, 0.0)]
)
PLACES = ANYWHERE | TRAPS


class IndexBesideBruteForce(RuleBasedStateMachine):
    """An index and a dict that hear the same."""

    def __init__(self) -> None:
        super().__init__()
        self.index = Index()
        self.people: dict[int, Place] = {}
        self.circle: set[int] = set()

    @rule(person=PEOPLE, place=PLACES, belongs=st.booleans())
    def upsert(self, person: int, place: Place, *, belongs: bool) -> None:
        self.index.upsert(person, *place, circles=[4] if belongs else ())
        self.people[person] = place
        (self.circle.add if belongs else self.circle.discard)(person)

    @rule(crowd=st.dictionaries(PEOPLE, PLACES, max_size=20))
    def upsert_many(self, crowd: dict[int, Place]) -> None:
        columns = zip(*crowd.values(), strict=True) if crowd else ((), ())
        self.index.upsert_many(crowd, *map(list, columns))
        self.people |= crowd
        self.circle -= crowd.keys()

    @rule(person=PEOPLE)
    def remove(self, person: int) -> None:
        assert self.index.remove(person) == (self.people.pop(person, None) is not None)
        self.circle.discard(person)

    @rule()
    def restart(self) -> None:
        self.index = Index.from_bytes(self.index.to_bytes())

    @rule(place=PLACES, k=st.integers(1, 8))
    def ask(self, place: Place, k: int) -> None:
        assert_nearest(self.index.nearest(*place, k), self.people, place, k)

    @rule(place=PLACES, k=st.integers(1, 8))
    def ask_a_circle(self, place: Place, k: int) -> None:
        members = {person: self.people[person] for person in self.circle}
        assert_nearest(self.index.nearest(*place, k, circle=4), members, place, k)

    @invariant()
    def as_many_as_put_in(self) -> None:
        assert len(self.index) == len(self.people)


TestAnySequence = IndexBesideBruteForce.TestCase
TestAnySequence.settings = settings(
    max_examples=25, stateful_step_count=30, deadline=None
)
