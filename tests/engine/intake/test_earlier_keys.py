"""Rows that an earlier engine has keyed by another rule, taken up by this one."""

from dataclasses import replace

from engine.alarm.messages import Distress
from engine.intake.checkins.again import said_in
from engine.intake.reports import encode_report
from engine.ports.journal import Code, InboundRow
from engine.values import ReportKey
from tests.engine.intake.reports import HERONS, ROSTER, judge_of, report
from tests.engine.intake.test_actor import Rig, now
from tests.fakes import START

EARLIER = ReportKey("keyed-by-an-earlier-rule")


def test_an_sos_is_told_by_the_key_of_its_row_bug_untaken_for_ever() -> None:
    rig = Rig().start()
    rig.raw(EARLIER, "device", encode_report(now(rig)))
    rig.world.run(10)
    (first, *_) = rig.told
    assert isinstance(first, Distress)
    assert first.command.press.key == EARLIER


def test_so_is_a_word_that_ends_a_timer_and_was_heard_once() -> None:
    devices = (
        replace(one, safe_codes=frozenset({"alarm:7"})) if one.device == HERONS else one
        for one in ROSTER.devices
    )
    judge = judge_of(replace(ROSTER, devices=tuple(devices)))
    said = report(signals=frozenset(), codes=("alarm:7",))
    row = InboundRow(
        key=EARLIER,
        source="device",
        received_at=START,
        body=encode_report(said),
        taken_by="alarm/a",
    )

    def code_of(text: str) -> Code | None:
        raise AssertionError(text)

    word = said_in(row, code_of, judge)
    assert word is not None
    assert word.key == EARLIER
