"""Bytes that no frame of the port's wire protocol begins with, and whose they may be.

Pure. A device that is set to another wire protocol's port, or whose maker's frames
differ from what we know, says who it is all the same: in digits, or in packed ones.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from itertools import islice

from engine.ports.device import DeviceReport, ReportKind
from engine.values import DeviceId

_BYTES_MAX = 256
_RUNS_MAX = 8
# What ends an id is there too, so that one that was cut is none.
_DIGITS = re.compile(rb"(?<!\d)\d{10,17}(?=[^\d])")
_PACKED_AT_MAX = 32
# Ten digits (h02), twelve (jt808), an IMEI behind a zero.
_PACKED_BYTES = (5, 6, 8)
_IMEI_BYTES = 8
_NAMELESS = frozenset({ReportKind.NOISE, ReportKind.UNDECODABLE})


def named(
    report: DeviceReport, is_enrolled: Callable[[DeviceId], bool]
) -> DeviceReport:
    """Return a report of nobody as an enrolled device's whose id stands in its bytes.

    HQ sees it as undecodable then: it may be an SOS.
    """
    if report.device is not None or report.kind not in _NAMELESS:
        return report
    device = named_in(report.raw, is_enrolled)
    if device is None:
        return report
    return replace(report, device=device, kind=ReportKind.UNDECODABLE)


def named_in(raw: bytes, is_enrolled: Callable[[DeviceId], bool]) -> DeviceId | None:
    """Return the enrolled device whose id stands at the beginning of bytes."""
    return next(filter(is_enrolled, _ids_in(raw[:_BYTES_MAX])), None)


def _ids_in(raw: bytes) -> Iterator[DeviceId]:
    """Yield what may be an id, from the first bytes on: mostly it stands in those."""
    for run in islice(_DIGITS.finditer(raw), _RUNS_MAX):
        yield DeviceId(run.group().decode())
    for at in range(min(len(raw), _PACKED_AT_MAX)):
        for size in _PACKED_BYTES:
            digits = raw[at : at + size].hex()
            if len(digits) == 2 * size and digits.isdecimal():
                is_imei = size == _IMEI_BYTES and digits[0] == "0"
                yield DeviceId(digits[1:] if is_imei else digits)
