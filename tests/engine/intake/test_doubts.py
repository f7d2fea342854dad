"""Which positions are believed, as a table, and what becomes of the others."""

from dataclasses import replace
from math import nan

import pytest

from engine.alarm.state import PlaceSource
from engine.intake.assess import assess
from engine.values import Fix, PlaceDoubt, Signal
from tests.engine.intake.reports import HERON, ROSTER, SECOND, Said, fix, report
from tests.fakes import START

PERSON = ROSTER.person(HERON)
RAISE = frozenset({Signal.SOS, Signal.REMOVED})
LAST = fix(41.3, 69.2, at=START.plus(-60 * SECOND))
PLAIN: Said = {"signals": frozenset[Signal]()}
AHEAD = START.plus(301 * SECOND)


@pytest.mark.parametrize(
    ("said", "last", "doubt"),
    [
        (PLAIN, LAST, None),
        (PLAIN, None, None),
        ({}, LAST, None),
        # What the device does not vouch for, wherever it is.
        ({"fix": None, "doubtful_fix": fix()}, LAST, PlaceDoubt.INVALID),
        ({"fix": None, "doubtful_fix": fix(0.0, 0.0)}, None, PlaceDoubt.INVALID),
        # Not on the globe, or no number.
        ({"fix": fix(91.0, 69.0)}, LAST, PlaceDoubt.OFF_GLOBE),
        ({"fix": fix(41.0, -180.1)}, None, PlaceDoubt.OFF_GLOBE),
        ({"fix": fix(nan, 69.0)}, None, PlaceDoubt.OFF_GLOBE),
        # 0/0, as of a receiver without a fix; a kilometre from it is sea.
        ({"fix": fix(0.0, 0.0)}, LAST, PlaceDoubt.ZERO),
        ({"fix": fix(0.009, -0.009)}, None, PlaceDoubt.ZERO),
        ({"fix": fix(0.011, 0.0)}, None, None),
        # Faster than 300 m/s since the last one.
        ({"fix": fix(-33.9, 18.4)}, LAST, PlaceDoubt.JUMP),
        ({"fix": fix(-33.9, 18.4)}, None, None),
        # A clock that is ahead; what signals counts as now all the same.
        (PLAIN | {"fix": fix(at=AHEAD), "device_at": AHEAD}, LAST, PlaceDoubt.FUTURE),
        (PLAIN | {"fix": fix(at=AHEAD), "device_at": AHEAD}, None, PlaceDoubt.FUTURE),
        (PLAIN | {"fix": fix(at=START.plus(300 * SECOND))}, LAST, None),
        ({"fix": fix(at=AHEAD), "device_at": AHEAD}, LAST, None),
    ],
)
def test_a_position_is_believed_or_kept_with_why_it_is_not(
    said: Said, last: Fix | None, doubt: PlaceDoubt | None
) -> None:
    assessed = assess(report(**said), PERSON, RAISE, last)
    assert assessed.doubt is doubt
    assert (assessed.fix is None) is (doubt is not None)
    assert (assessed.doubted is None) is (doubt is None)
    assert assessed.press.place_doubtful is (doubt is not None)


def test_a_clock_that_is_ahead_is_believed_once_its_next_position_agrees() -> None:
    said = PLAIN | {"fix": fix(at=AHEAD), "device_at": AHEAD}
    first = assess(report(**said), PERSON, RAISE, LAST)
    later = START.plus(60 * SECOND)
    said = PLAIN | {"fix": fix(at=AHEAD.plus(60 * SECOND)), "received_at": later}
    second = assess(report(**said), PERSON, RAISE, LAST, None, first.doubted)
    assert second.doubt is None
    assert second.fix is not None
    assert second.fix.at == later


def test_what_only_claims_to_be_a_device_leaves_no_mark() -> None:
    said = report(fix=fix(0.0, 0.0), authentic=False)
    assessed = assess(said, PERSON, RAISE, LAST)
    assert (assessed.fix, assessed.doubted, assessed.doubt) == (None, None, None)
    assert assessed.press.place_doubtful


@pytest.mark.parametrize(
    ("said", "doubted", "place"),
    [
        ({"fix": None}, fix(10.0, 20.0), (PlaceSource.DOUBTED, 10.0)),
        ({"fix": None}, fix(0.0, 0.0), (PlaceSource.NOWHERE, None)),
        ({"fix": None}, fix(95.0, 0.0), (PlaceSource.NOWHERE, None)),
        ({"fix": None}, None, (PlaceSource.NOWHERE, None)),
        # Its own, though doubtful, is newer than the one that was kept.
        (
            {"fix": None, "doubtful_fix": fix(11.0, 20.0)},
            fix(10.0, 20.0),
            (PlaceSource.DOUBTED, 11.0),
        ),
        # 0/0 is no place at all: the one that was kept is more.
        ({"fix": fix(0.0, 0.0)}, fix(10.0, 20.0), (PlaceSource.DOUBTED, 10.0)),
    ],
)
def test_a_position_that_is_not_believed_counts_where_nothing_better_is(
    said: Said, doubted: Fix | None, place: tuple[PlaceSource, float | None]
) -> None:
    assert PERSON is not None
    homeless = replace(PERSON, declared=None)
    found = assess(report(**said), homeless, RAISE, None, None, doubted).place
    assert (found.source, found.lat_deg) == place
    better = assess(report(**said), PERSON, RAISE, None, None, doubted).place
    assert better.source is PlaceSource.DECLARED
    better = assess(report(**said), homeless, RAISE, LAST, None, doubted).place
    assert better.source is PlaceSource.LAST_FIX
