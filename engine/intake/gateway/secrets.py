"""Whether a report proves by its secret that it is from the device that it names.

Secrets are files of the engine's host, named in the roster; what a device presents
comes in a header of HTTP and is never part of a recorded frame, nor of a log.
"""

import base64
import binascii
import hmac
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from engine import plugins
from engine.errors import ConfigError, cure_of
from engine.files import read_bytes
from engine.ports.device import DeviceReport, Transport
from engine.roster.board import Board
from engine.roster.model import Device

SECRET_MAX = 4096
UNPROVEN = (
    "each report of it is not proven, reaches HQ, and calls people only where the"
    " action protocol says so"
)


@dataclass(slots=True)
class Secrets:
    """Reads a device's secret file anew where it has changed; one thread."""

    board: Board
    _read: dict[str, tuple[int, bytes]] = field(default_factory=dict, repr=False)

    def proven(self, report: DeviceReport, presented: bytes | None) -> DeviceReport:
        """Return the report with `authentic` set, where a secret was agreed.

        A secret that cannot be read proves nothing: the report counts as not proven,
        and is an alarm all the same.
        """
        if report.device is None:
            return report
        device = self.board.roster().device(report.device)
        if device is None or device.secret_file is None:
            return report
        agreed = self._secret(device.secret_file)
        is_same = agreed is not None and hmac.compare_digest(agreed, presented or b"")
        return replace(report, authentic=is_same)

    def elsewhere(
        self, report: DeviceReport, with_secret: Collection[str]
    ) -> DeviceReport:
        """Return a report that came where no secret can; it proves nothing there.

        Whoever has proven itself by a header of HTTP would else be anybody who names
        it at a tracker's port. `with_secret` are the wire protocols over HTTP: who
        speaks another one cannot prove itself, and is asked for nothing.
        """
        if report.device is None or report.authentic is not None:
            return report
        device = self.board.roster().device(report.device)
        if device is None or device.wire_protocol not in with_secret:
            return report
        return self.proven(report, None)

    def _secret(self, name: str) -> bytes | None:
        path = Path(name)
        try:
            changed_ns = path.stat().st_mtime_ns
            kept = self._read.get(name)
            if kept is None or kept[0] != changed_ns:
                kept = (changed_ns, read_bytes(path, SECRET_MAX).strip())
                self._read[name] = kept
        except OSError:
            return None
        return kept[1] or None


def amiss(device: Device) -> str | None:
    """Say why a device's secret does not do what it is there for; reads its file."""
    if device.secret_file is None:
        return None
    if not _is_carried(device.wire_protocol):
        return (
            f"no secret is asked of it: {device.wire_protocol!r} has nowhere to put"
            " one; only a device over HTTP proves itself"
        )
    path = Path(device.secret_file)
    try:
        is_there = bool(read_bytes(path, SECRET_MAX).strip())
    except OSError as error:
        return f"{UNPROVEN}: the engine cannot read {path}: {cure_of(error)}"
    return None if is_there else f"{UNPROVEN}: {path} is empty"


def _is_carried(wire_protocol: str) -> bool:
    try:
        wire = plugins.load(plugins.DEVICE, wire_protocol, wire_protocol)
    except ConfigError:
        return True  # of what is not installed nobody can say
    return getattr(wire, "transport", Transport.HTTP) is Transport.HTTP


def presented_in(headers: Mapping[str, str]) -> bytes | None:
    """Return the password of `Authorization: Basic`, or the token of `Bearer`."""
    said = next((v for k, v in headers.items() if k.casefold() == "authorization"), "")
    scheme, _, rest = said.partition(" ")
    match scheme.casefold():
        case "bearer":
            return rest.strip().encode("latin-1", "replace")  # as it was decoded
        case "basic":
            try:
                pair = base64.b64decode(rest.strip(), validate=True)
            except (binascii.Error, ValueError):
                return None
            return pair.partition(b":")[2]
        case _:
            return None
