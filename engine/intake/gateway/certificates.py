"""Until when a listener's certificate is good: told weeks before, and once it is over.

A device that checks it connects no more from then on, and its SOS with it.

Two dates are read here by hand, since `ssl` shows a peer's certificate alone, and a
library for them would be larger than all others that the engine loads.
"""

import base64
import binascii
import logging
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum, auto
from pathlib import Path
from typing import Final

from engine.health import Health
from engine.ports.measures import DegradedReason
from engine.ports.telemetry import Telemetry
from engine.values import Instant

logger = logging.getLogger(__name__)

SOON = timedelta(days=14)
"""Weeks before: whoever renews it may be away for one of them."""

_BLOCK: Final = re.compile(
    rb"-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----(.*?)-----END", re.DOTALL
)
_VERSION, _UTC_TIME, _GENERALIZED_TIME = 0xA0, 0x17, 0x18
_TWENTIETH: Final = 50
"""A year of two digits from here on is one of 19xx (RFC 5280, 4.1.2.5.1)."""
_CURE = "renew cert_file, then: natalia reload"
UNREADABLE: Final = "nobody can say until when cert_file is good: write it anew"


@dataclass(frozen=True, slots=True, kw_only=True)
class Validity:
    """When a chain of certificates is good: as long as each one in its file is."""

    begins: Instant
    ends: Instant


class Standing(Enum):
    """How a validity stands at a moment."""

    GOOD = auto()
    ENDS_SOON = auto()
    ENDED = auto()
    NOT_YET = auto()


def validity(file: Path) -> Validity | None:
    """Read the certificates of a PEM file; None where there is none to be understood.

    Raises:
        OSError: it cannot be read.

    """
    blocks = _BLOCK.findall(file.read_bytes())
    try:
        each = [_validity_of(base64.b64decode(block)) for block in blocks]
    except (ValueError, IndexError, binascii.Error):
        return None
    if not each:
        return None
    begins, ends = max(one[0] for one in each), min(one[1] for one in each)
    return Validity(begins=begins, ends=ends)


def standing(found: Validity, now: Instant) -> Standing:
    """Say how it stands at a moment."""
    if now > found.ends:
        return Standing.ENDED
    if now < found.begins:
        return Standing.NOT_YET
    return Standing.ENDS_SOON if found.ends.since(now) < SOON else Standing.GOOD


def amiss(found: Validity, now: Instant) -> str | None:
    """Say what is wrong with it, with date and cure; None where nothing is."""
    match standing(found, now):
        case Standing.ENDED:
            said = f"ended on {_day(found.ends)}: a device that checks it is not heard"
        case Standing.NOT_YET:
            said = (
                f"is good from {_day(found.begins)} on only: a device that checks it"
                " is not heard until then; look at the clock of this machine, or"
            )
            return f"the certificate {said} {_CURE}"
        case Standing.ENDS_SOON:
            days = found.ends.since(now).days
            said = (
                f"ends on {_day(found.ends)}, in {days} day{'' if days == 1 else 's'}:"
                " a device that checks it is not heard from then on"
            )
        case _:
            return None
    return f"the certificate {said}; {_CURE}"


class CertificateWatch:
    """Watches the certificates that are in use, as they were read.

    The gateway's thread. Each is shown as a metric, each change of how it stands is a
    line in the log, and one that shuts devices out is reported.

    Args:
        certificates: returns those in use, by the name of the wire protocol.
        health: told of each that shuts devices out, by its key path.
        telemetry: where the end of each is shown.

    """

    def __init__(
        self,
        certificates: Callable[[], Mapping[str, Validity]],
        health: Health,
        telemetry: Telemetry,
    ) -> None:
        self._certificates, self._health = certificates, health
        self._telemetry = telemetry
        self._stood: dict[str, tuple[Validity, Standing]] = {}

    def look(self, now: Instant) -> None:
        """Look at each; every second or so."""
        certificates = self._certificates()
        for name in self._stood.keys() - certificates.keys():
            del self._stood[name]
            self._report(name, is_shut=False)
        for name, found in certificates.items():
            stands = standing(found, now)
            if self._stood.get(name) == (found, stands):
                continue
            self._stood[name] = found, stands
            key = f"gateway.{name}.tls"
            ends_s = found.ends.ms / 1000
            self._telemetry.gauge(
                "gateway_certificate_expiry_timestamp_seconds", ends_s, protocol=name
            )
            is_shut = stands in {Standing.ENDED, Standing.NOT_YET}
            self._report(name, is_shut=is_shut)
            said = amiss(found, now)
            if said is not None:
                logger.log(
                    logging.ERROR if is_shut else logging.WARNING, "%s: %s", key, said
                )

    def _report(self, name: str, *, is_shut: bool) -> None:
        key = f"gateway.{name}.tls"
        self._health.report(DegradedReason.CERTIFICATE_ENDED, key, wrong=is_shut)


def _day(at: Instant) -> str:
    return f"{at.to_datetime().date().isoformat()} (UTC)"


def _validity_of(der: bytes) -> tuple[Instant, Instant]:
    """Return notBefore and notAfter of a certificate (RFC 5280, 4.1)."""
    _, at, _ = _element(der, 0)
    _, at, _ = _element(der, at)
    # Version, serial number, algorithm, issuer: the first may be left out.
    for _ in range(4 if der[at] == _VERSION else 3):
        _, _, at = _element(der, at)
    _, at, end = _element(der, at)
    begins, ends = (_moment(*each) for each in _times(der, at, end))
    return begins, ends


def _times(der: bytes, at: int, end: int) -> Iterator[tuple[int, bytes]]:
    while at < end:
        tag, start, at = _element(der, at)
        yield tag, der[start:at]


def _element(der: bytes, at: int) -> tuple[int, int, int]:
    """Return an element's tag, and where its content starts and ends (X.690, 8.1)."""
    tag, length, start = der[at], der[at + 1], at + 2
    if length & 0x80:
        start += length & 0x7F
        length = int.from_bytes(der[at + 2 : start])
    return tag, start, start + length


def _moment(tag: int, text: bytes) -> Instant:
    digits = text.decode("ascii").removesuffix("Z")
    if tag == _UTC_TIME:
        century = "19" if int(digits[:2]) >= _TWENTIETH else "20"
        digits = century + digits
    elif tag != _GENERALIZED_TIME:
        message = "not a time"
        raise ValueError(message)
    read = datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC)
    return Instant.from_datetime(read)
