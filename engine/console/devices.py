"""The control socket's answers about devices: which there are, enrolling, drills.

Ids of devices are in bodies, never in a URL, and are shown whole only where revealed.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from engine.alarm.state import Alarm, Kind
from engine.console.parts import WebParts
from engine.console.words import DOUBTS
from engine.errors import DataError, suggestion
from engine.files import SIZE_MAX, is_readable
from engine.intake.drills import Drill
from engine.intake.gateway.secrets import amiss
from engine.intake.vigil.strangers import alike
from engine.plugins import DEVICE, names
from engine.ports.device import READINGS, DeviceCommand
from engine.roster.model import Device, Roster
from engine.roster.parse import parse_roster
from engine.roster.render import render_roster
from engine.roster.review import about_device
from engine.values import DeviceId, Fix, Instant, ReportKey, tail_of

Plain = dict[str, object]
_SECRET = re.compile(r"[!-~]{12,256}")
EVERY_S_MIN, EVERY_S_MAX = 10, 65_535


TOO_LARGE = (
    f"the roster would be kept as more than {SIZE_MAX // 1024**2} MiB, and no start"
    " would read it. Nothing was changed"
)


class DeviceError(Exception):
    """A request about devices that cannot be served; the text says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolled:
    """A roster with one device more, as text to be kept, and as it is in force.

    `doubts` are what a careful eye would ask about the device.
    """

    text: str
    roster: Roster
    doubts: tuple[str, ...] = ()


def list_devices(
    parts: WebParts, request: Mapping[str, object], now: Instant
) -> list[Plain]:
    """Return every enrolled device; only those that `device` or `person` names.

    One that is named comes with its carrier's positions, exactly only where revealed.
    """
    reveal = request.get("reveal") is True
    wanted, person = request.get("device"), request.get("person")
    return [
        _line(parts, one, now, reveal=reveal)
        | ({} if wanted is None else _positions(parts, one, reveal=reveal))
        for one in parts.board.roster().devices
        if wanted in {None, one.device} and person in {None, one.person}
    ]


def list_unknown(parts: WebParts, request: Mapping[str, object]) -> list[Plain]:
    """Return devices that are heard and not enrolled, who spoke last first.

    Where one is `like` it but for case, blanks or leading zeros, somebody has mistyped.
    """
    reveal, wanted = request.get("reveal") is True, request.get("device")
    roster = parts.board.roster()
    enrolled = {alike(one.device): one.device for one in roster.devices}

    def shown(device: DeviceId | None) -> str | None:
        return device if device is None or reveal else tail_of(device)

    return [
        {
            "device": shown(device),
            "wire_protocol": stranger.protocol,
            "seen_at": str(stranger.at),
            "like": shown(enrolled.get(alike(device))),
        }
        for device, stranger in parts.attendance.strangers.latest()
        if wanted in {None, device} and roster.device(device) is None
    ]


def device_named(parts: WebParts, request: Mapping[str, object]) -> Device:
    """Return the device that a request names.

    Raises:
        DeviceError: it names none that is enrolled.

    """
    found = parts.board.roster().device(DeviceId(str(request.get("device", ""))))
    if found is None:
        message = (
            "device: no such device is enrolled; see: natalia device list --reveal"
        )
        raise DeviceError(message)
    return found


def command_named(request: Mapping[str, object]) -> tuple[DeviceCommand, int | None]:
    """Return the command that a request names, and its interval in seconds.

    Raises:
        DeviceError: there is no such command, or an interval without its length.

    """
    known = ", ".join(command.value for command in DeviceCommand)
    try:
        command = DeviceCommand(str(request.get("command")))
    except ValueError as error:
        message = f"command: it is one of {known}"
        raise DeviceError(message) from error
    every_s = request.get("every_s")
    if command is not DeviceCommand.INTERVAL:
        return command, None
    if not isinstance(every_s, int) or not EVERY_S_MIN <= every_s <= EVERY_S_MAX:
        message = f"every_s: {EVERY_S_MIN} to {EVERY_S_MAX} whole seconds"
        raise DeviceError(message)
    return command, every_s


def enrolling(parts: WebParts, entry: str) -> Enrolled:
    """Return the roster in force with the `[[device]]` tables of a TOML text added.

    Raises:
        DeviceError: they are wrong, or add anything but devices.

    """
    before = parts.board.roster()
    text = f"{render_roster(before)}\n{entry}\n"
    try:
        after = parse_roster(text, "device")
    except DataError as error:
        message = f"{error.field}: {error.reason}"
        raise DeviceError(message) from error
    added = [one for one in after.devices if before.device(one.device) is None]
    if not added or len(after.people) != len(before.people):
        message = "device: give one [[device]] table for each, and nothing else"
        raise DeviceError(message)
    profiles, wired = {one.profile for one in after.profiles}, names(DEVICE)
    for device in added:
        if device.profile:
            _must_be("profile", device.profile, profiles)
        _must_be("wire_protocol", device.wire_protocol, wired)
    doubts = tuple(text for one in added for text in _doubts(parts, one, after))
    return Enrolled(text=_text_of(after), roster=after, doubts=doubts)


def _text_of(roster: Roster) -> str:
    """Return what is kept of a roster, for a start to read."""
    text = render_roster(roster)
    if not is_readable(text):
        raise DeviceError(TOO_LARGE)
    return text


def _doubts(parts: WebParts, device: Device, roster: Roster) -> Iterator[str]:
    yield from about_device(device, roster)
    name = device.wire_protocol
    if device.number is None and not parts.is_heard(name):
        yield f"nothing listens for {name!r}: add [gateway.{name}], and start again"
    if unproven := amiss(device):
        yield unproven


def _must_be(field: str, named: str, known: Collection[str]) -> None:
    if named not in known:
        kind = field.replace("_", " ")
        there = f"; there are: {', '.join(sorted(known)) or 'none'}"
        cure = suggestion(named, known) or there
        message = f"device.{field}: names no {kind}{cure}"
        raise DeviceError(message)


def secret_named(request: Mapping[str, object]) -> str:
    """Return the secret that a request brings.

    Raises:
        DeviceError: no header could carry it, or it is soon guessed.

    """
    secret = request.get("secret")
    if not isinstance(secret, str) or not _SECRET.fullmatch(secret):
        message = "secret: one line of 12 to 256 ASCII characters, none of them blank"
        raise DeviceError(message)
    return secret


def secret_path(state: Path, device: DeviceId) -> Path:
    """Return where a device's secret lies: under no id of a device."""
    digest = hashlib.sha256(device.encode()).hexdigest()
    return state / f"device-secret-{digest[:16]}"


def with_secret(parts: WebParts, device: DeviceId, path: Path) -> Enrolled:
    """Return the roster in force with another secret file for a device.

    Raises:
        DeviceError: it would be too large to be kept.

    """
    roster = parts.board.roster()
    devices = tuple(
        replace(one, secret_file=str(path.absolute())) if one.device == device else one
        for one in roster.devices
    )
    text = _text_of(replace(roster, devices=devices))
    changed = parse_roster(text, "device")
    found = changed.device(device)
    doubt = None if found is None else amiss(found)
    return Enrolled(text=text, roster=changed, doubts=(doubt,) if doubt else ())


def drill_state(drill: Drill | None, alarms: Iterable[Alarm], now: Instant) -> Plain:
    """Return how far the drill of a device has come.

    `alarm` is the case that has taken the press up, None until one has; `exercise` is
    false where that is a real one, which their press joins whatever was agreed on.
    """
    if drill is None:
        none = dict.fromkeys(("until", "pressed_at", "alarm", "exercise"))
        return {"armed": False} | none
    case = None if drill.key is None else _case_of(drill.key, alarms)
    return {
        "armed": drill.key is None and now < drill.until,
        "until": str(drill.until),
        "pressed_at": None if drill.pressed_at is None else str(drill.pressed_at),
        "alarm": None if case is None else case.id,
        "exercise": None if case is None else case.kind is Kind.EXERCISE,
    }


def _case_of(key: ReportKey, alarms: Iterable[Alarm]) -> Alarm | None:
    taken = (one for one in alarms if any(key == press.key for press in one.presses))
    return next(taken, None)


def left_behind(was: Roster, new: Roster) -> Plain:
    """Return which devices of people who stay an import takes out, and whose secrets.

    `natalia device enrol` and `secret` put them into the roster in force, of which
    nobody's files know.
    """
    stay = [one for one in was.devices if new.person(one.person) is not None]
    gone = [one for one in stay if new.device(one.device) is None]
    bare = [
        one
        for one in stay
        if one.secret_file is not None
        and (now := new.device(one.device)) is not None
        and now.secret_file is None
    ]
    return {"gone_devices": _named(gone), "gone_secrets": _named(bare)}


def _named(devices: list[Device]) -> list[dict[str, str]]:
    return [{"device": tail_of(one.device), "person": one.person} for one in devices]


def _line(parts: WebParts, device: Device, now: Instant, *, reveal: bool) -> Plain:
    seen = parts.attendance.last(device.device)
    battery = parts.attendance.battery_ratio(device.device)
    heartbeat = device.heartbeat
    shown = device.device if reveal else tail_of(device.device)
    return {
        "device": shown,
        "wire_protocol": device.wire_protocol,
        "person": device.person,
        "profile": device.profile or None,
        "model": device.model or None,
        "by_sms": device.number is not None,
        "has_secret": device.secret_file is not None,
        "heartbeat_s": None if heartbeat is None else heartbeat.total_seconds(),
        "seen_at": None if seen is None else str(seen),
        "battery_ratio": battery,
        # What it answered to a command may hold its place or its password.
        "readings": {
            name: value
            for name, value in parts.attendance.readings(device.device).items()
            if reveal or name in READINGS
        },
        "overdue": _is_overdue(parts, device, seen, now),
    }


def _is_overdue(
    parts: WebParts, device: Device, seen: Instant | None, now: Instant
) -> bool | None:
    """Say whether a device is silent for too long; None where nobody can say.

    The vigil knows in which time nobody could have heard it, and we do not.
    """
    if device.heartbeat is None:
        return None
    is_late = seen is None or now.since(seen) >= device.heartbeat
    silent = parts.attendance.overdue
    if silent is not None and device.device in silent:
        return is_late  # else it has spoken since
    if seen is None:
        return None
    return is_late and silent is None


def _positions(parts: WebParts, device: Device, *, reveal: bool) -> Plain:
    """Return the carrier's last position, and beside it one that is not believed."""
    fix = parts.board.fix_of(device.person)
    doubt = parts.board.doubt_of(device.person)
    is_older = fix is not None and doubt is not None and doubt.fix.at < fix.at
    doubted = None if doubt is None or is_older else doubt
    return {
        "position": None if fix is None else _position(fix, reveal=reveal),
        "doubted_position": None
        if doubted is None
        else {
            **_position(doubted.fix, reveal=reveal),
            "why": doubted.why.value,
            "words": DOUBTS[doubted.why],
        },
    }


def _position(fix: Fix, *, reveal: bool) -> Plain:
    shown = {
        "lat_deg": fix.lat_deg,
        "lon_deg": fix.lon_deg,
        "accuracy_m": fix.accuracy_m,
    }
    return {"at": str(fix.at), **(shown if reveal else {})}
