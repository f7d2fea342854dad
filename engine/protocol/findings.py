"""What may be found of an action protocol, and whom its steps reach."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from engine.protocol.model import Audience


class Fault(StrEnum):
    """What kind of finding."""

    UNREACHABLE = "unreachable"
    NOBODY = "nobody"
    IMPOSSIBLE = "impossible"
    QUORUM = "quorum"
    SINGLE_POINT = "single_point"
    TEXT_TOO_LONG = "text_too_long"
    DEADLINE = "deadline"
    IGNORED = "ignored"
    MISPLACED = "misplaced"
    FORGEABLE = "forgeable"
    ENDLESS = "endless"
    NO_AFTER_CARE = "no_after_care"
    CHANGED = "changed"
    UNREVIEWED = "unreviewed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Warned:
    """One finding: which step (empty: the whole), and what to do about it."""

    fault: Fault
    step: str
    words: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Whom a defender's steps can reach: by audience, each person's channels.

    `modems` send short messages side by side. An audience that is not there has not
    been looked at, and nothing is said of it. `has_word` says whether the defender has
    agreed a word of safety; None: not looked at. `operators` may sign in, `officers`
    are on the rota, both by name; None: nobody has looked who may. `languages` are what
    these people read; None: not looked at. `agreed_text` is the printed digest of the
    text that the defender has signed for this action protocol; empty: none is known.
    `reads` is the language in which they read what they sign; None: not looked at.
    `away_m` is how far from where the defender may be each of the nearest is at least,
    in the order of `people`, by what all have declared; None: not looked at, or the
    defender has declared no place. Infinite: they have none, and are never found.
    """

    people: Mapping[Audience, tuple[frozenset[str], ...]]
    modems: int = 1
    has_word: bool | None = None
    operators: frozenset[str] | None = None
    officers: frozenset[str] = frozenset()
    languages: frozenset[str] | None = None
    agreed_text: str = ""
    reads: str | None = None
    away_m: tuple[float, ...] | None = None

    def count(self, audience: Audience, channels: tuple[str, ...] = ()) -> int | None:
        """Return how many have any of these channels, or any at all; None: unknown."""
        there = self.people.get(audience)
        if there is None:
            return None
        wanted = frozenset(channels)
        return sum(bool(one & wanted if wanted else one) for one in there)

    def near(self, channels: tuple[str, ...], within_m: float) -> int | None:
        """Return how many of the nearest have any of these and are so near, perhaps."""
        there = self.people.get(Audience.NEAREST)
        if there is None or self.away_m is None:
            return None
        wanted = frozenset(channels)
        return sum(
            bool(one & wanted) and away_m <= within_m
            for one, away_m in zip(there, self.away_m, strict=True)
        )
