"""A report as a row, and back: whatever a decoder has made of it."""

from dataclasses import replace
from math import inf, isnan, nan

from engine.alarm.messages import Distress
from engine.intake.reports import decode_report, encode_report
from tests.engine.intake.reports import HERON, fix, report
from tests.engine.intake.test_actor import Rig, now


def test_a_place_that_is_no_number_leaves_its_sos_legible_bug_nobodys() -> None:
    """After a crash HQ read that something could not be read, and nobody was called."""
    rig = Rig()
    rig.record(replace(now(rig), fix=fix(lat_deg=nan)))
    rig.start()
    (told,) = rig.told
    assert isinstance(told, Distress)
    assert told.command.defender == HERON


def test_what_is_no_number_comes_back_as_it_was() -> None:
    said = replace(report(), speed_mps=-inf, doubtful_fix=fix(inf, nan))
    back = decode_report(encode_report(said))
    assert back is not None
    assert back.doubtful_fix is not None
    assert (back.speed_mps, back.doubtful_fix.lat_deg) == (-inf, inf)
    assert isnan(back.doubtful_fix.lon_deg)


def test_a_row_of_an_earlier_engine_has_no_speed_where_it_was_none() -> None:
    body = encode_report(report())
    assert b'"speed_mps":null' in body
    assert decode_report(body) == report()
