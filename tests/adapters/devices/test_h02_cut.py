"""Where binary messages of `h02` end: torn ones, unknown lengths, texts behind them."""

from collections.abc import Callable

import pytest

from adapters.devices.h02 import H02, H02Udp
from engine.ports.device import ReportKind, WireSession
from engine.values import Signal
from tests.adapters.devices.vectors import play

SOS = bytes.fromhex(
    "2441091790241027330103265005247104014252403e009229fffffbfdffff0013350000007600e801"
    "ff3f00000004ec"
)
TEXT = b"*HQ,4109179024,XT,1,100#"


def connected() -> WireSession:
    return H02().session()


@pytest.mark.parametrize("connect", [connected, H02Udp().session])
@pytest.mark.parametrize(
    ("torn", "whole"), [(13, 32), (15, 32), (2, 45), (10, 32), (0, 47), (0, 45)]
)
def test_a_torn_message_does_not_take_the_sos_with_which_it_has_a_known_length(
    connect: Callable[[], WireSession], torn: int, whole: int
) -> None:
    outcome = play(connect(), SOS[:torn] + SOS[:whole])
    assert outcome.reports[-1].raw == SOS[:whole]
    assert Signal.SOS in outcome.reports[-1].signals


@pytest.mark.parametrize("start", [b"X,010326,FFFFFFFF#", SOS[:21], SOS[:8], SOS[:2]])
def test_a_torn_message_does_not_take_the_text_with_which_it_has_a_known_length(
    start: bytes,
) -> None:
    text = b"*HQ,4109179024,V0,100"
    for size in (32, 42, 45, 47):
        behind = text + b"," * (size - len(start) - len(text) - 1) + b"#"
        report = play(connected(), start + behind).reports[-1]
        assert (report.kind, report.raw) == (ReportKind.HEARTBEAT, behind)


@pytest.mark.parametrize("size", [33, 41, 44, 46])
@pytest.mark.parametrize("behind", [b"", TEXT, SOS[:32] * 2])
@pytest.mark.parametrize("connect", [connected, H02Udp().session])
def test_an_sos_is_one_in_a_message_of_an_unknown_length(
    connect: Callable[[], WireSession], size: int, behind: bytes
) -> None:
    report = play(connect(), SOS[:size] + behind).reports[0]
    assert report.raw == SOS[:size]
    assert Signal.SOS in report.signals
    assert report.attributes["incomplete"] == "true"


def test_a_message_that_is_torn_before_its_status_is_shown() -> None:
    for size in range(1, 29):
        (report,) = play(connected(), SOS[:size]).reports
        assert report.kind is ReportKind.UNDECODABLE
        assert not report.signals
