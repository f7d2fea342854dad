"""What must hold for every packet with an SOS in it, however it arrives."""

from collections.abc import Callable
from itertools import pairwise

from engine.ports.device import ReportKind, WireSession
from engine.values import Signal
from tests.adapters.devices.vectors import RECEIVED_AT, Outcome, play


def assert_never_nothing(connect: Callable[[], WireSession], frame: bytes) -> None:
    """Tear, split and repeat a packet with an SOS: an SOS, or its hex before HQ.

    Args:
        connect: returns a session after its log-in.
        frame: one whole frame as it is on the wire.

    """
    assert Signal.SOS in _signals(play(connect(), frame)), "whole"
    _assert_split_anywhere(connect, frame)
    for length in range(1, len(frame)):
        torn = frame[:length]
        if not torn.strip():
            continue
        assert play(connect(), torn).is_visible, f"torn at {length}"
        again = play(connect(), torn, frame)
        assert again.is_visible, f"torn at {length}, then repeated"
        assert again.reports[-1].kind is not ReportKind.LOGIN
        twice = play(connect(), torn, frame, frame)
        assert Signal.SOS in _signals(twice), f"torn at {length}, repeated twice"
    once = [Signal.SOS in r.signals for r in play(connect(), frame).told]
    both = [Signal.SOS in r.signals for r in play(connect(), frame + frame).told]
    assert both == once + once, "duplicated"


def _assert_split_anywhere(connect: Callable[[], WireSession], frame: bytes) -> None:
    for length in range(1, len(frame)):
        parts = play(connect(), frame[:length], frame[length:])
        assert Signal.SOS in _signals(parts), f"split at {length}"
    single = play(connect(), *(frame[i : i + 1] for i in range(len(frame))))
    assert Signal.SOS in _signals(single), "byte by byte"


def assert_interleaved(
    connect: Callable[[], WireSession], frames: list[bytes], sizes: list[int]
) -> None:
    """Cut a stream of frames anywhere: the reports are those of whole frames."""
    stream = b"".join(frames)
    whole = Outcome()
    session = connect()
    for frame in frames:
        whole.take(session.feed(frame, RECEIVED_AT))
    bounds = [0]
    while bounds[-1] < len(stream):
        bounds.append(bounds[-1] + sizes[(len(bounds) - 1) % len(sizes)])
    cut = play(connect(), *(stream[a:b] for a, b in pairwise(bounds)))
    assert [r.signals for r in cut.reports] == [r.signals for r in whole.reports]


def _signals(outcome: Outcome) -> frozenset[Signal]:
    return frozenset().union(*(report.signals for report in outcome.reports))
