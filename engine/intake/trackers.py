"""What a tracker's text message says: who it is, what signals, where. Pure.

No two makers agree on a form, so that none is parsed whole: an IMEI, words and a place
are looked for wherever they stand. Total on any text. Forms are from vendors' manuals:
TK-203, Coban GPS103 and TK306A, Concox GT06, Teltonika TMT250, Queclink GL300, SeeWorld
S03C, Meitrack.
"""

import re
from dataclasses import dataclass

from engine.alarm.state import ReplyKind
from engine.intake.meanings import TEXT_MAX, meant
from engine.values import DeviceId, Signal

_FORM_MAX = 1000
"""No maker's form is longer; what calls for help may stand behind it."""
_IMEI = re.compile(r"(?<!\d)\d{15}(?!\d)")
# Queclink writes +RESP:GTSOS.
_CALL = re.compile(
    r"(?<![a-z])(?:help ?me|(?:gt)?sos|panic|emergency)(?![a-z])", re.IGNORECASE
)
_ALARM = re.compile(r"(?<![a-z])alarm(?![a-z])", re.IGNORECASE)
# "Fence removed", "admin number removed", "SIM card removed" are of something else.
_FROM_WEARER = "".join(
    f"(?<!{other} )"
    for other in ("fence", "number", "admin", "contact", "card", "sim", "battery")
)
_KINDS = (
    (Signal.FALL, r"fall(?:en)?(?: ?down)?|man ?down"),
    (Signal.REMOVED, rf"{_FROM_WEARER}removed|take[ -]?off|taken off|not worn"),
    (Signal.REMOVED, r"remov(?:e|al|ing)(?=\W{1,3}al(?:arm|ert))"),
    (Signal.TAMPERED, r"tamper(?:ed|ing)?|dismantl(?:e|ed|ing)|disassembl(?:e|ed|y)"),
    (
        Signal.LOW_BATTERY,
        r"gtbpl|(?:low|weak) ?(?:battery|power)|battery (?:is )?(?:too )?low",
    ),
    (Signal.POWER_OFF, r"gtpfa|power(?:ed)? off|shut(?:ting)? ?down"),
    (Signal.POWER_CUT, r"cut power|power cut|(?:external |ac )?power|ac"),
    (Signal.VIBRATION, r"vibrat(?:e|ion)|shock|sensor"),
    (Signal.MOVEMENT, r"move(?:d|ment)?|(?<!no )(?<!no-)motion"),
    (Signal.OVERSPEED, r"gtspd|(?:over ?)?speed"),
    (Signal.GEOFENCE, r"(?:(?:geo-?)?fence|stockade)(?: ?\d)?"),
    (Signal.VEHICLE, r"door|acc|ignition|oil|fuel"),
)
# Their words stand in other texts as well: "speed:0.00", "Door:ON".
_ONLY_BESIDE_ALARM = frozenset(
    {Signal.POWER_CUT, Signal.VIBRATION, Signal.MOVEMENT}
    | {Signal.OVERSPEED, Signal.GEOFENCE, Signal.VEHICLE}
)
_WORDS = tuple(
    (
        signal,
        re.compile(
            rf"(?<![a-z])(?:{words})"
            + (r"\W{1,3}al(?:arm|ert)" if signal in _ONLY_BESIDE_ALARM else "")
            + r"(?![a-z])",
            re.IGNORECASE,
        ),
    )
    for signal, words in _KINDS
)
# An alarm of a named kind, which is no call for help by itself; in another sentence
# ("They are at the door! Alarm") it is one.
_NAMED_ALARM = re.compile(
    rf"(?<![a-z])(?:{'|'.join(words for _, words in _KINDS)})[^\w.!?\n]{{0,3}}alarm",
    re.IGNORECASE,
)
# Where a device has no fix it writes the last one that it had.
_NO_FIX = re.compile(
    r"(?<![a-z])no gps|signal: ?l(?![a-z])|,V,|last (?:valid|known|gps|fix|loc|pos)",
    re.IGNORECASE,
)
_NUMBER = r"([-+]?\d{1,3}\.\d{2,8})"
_PLAIN = r"(-?\d{1,3}\.\d{4,6})"
# Queclink's @Track: longitude first, and the time of the place behind it.
_QUECLINK = re.compile(rf"\+(?:RESP|BUFF):GT.*?,{_PLAIN},{_PLAIN},\d{{14}},", re.DOTALL)
_PLACES = (
    re.compile(
        rf"lat\w*\W{{0,3}}([NS]?){_NUMBER}\W{{1,4}}lon\w*\W{{0,3}}([EW]?){_NUMBER}",
        re.IGNORECASE,
    ),
    re.compile(
        rf"lat\w*\W{{0,3}}(?P<lat>{_NUMBER[1:-1]})\W?(?P<south>[NS])\W{{1,4}}"
        rf"lon\w*\W{{0,3}}(?P<lon>{_NUMBER[1:-1]})\W?(?P<west>[EW])",
        re.IGNORECASE,
    ),
    re.compile(rf"[?&]q=([NS]?){_NUMBER},([EW]?){_NUMBER}", re.IGNORECASE),
)
# Concox's GT06 leaves the point out: N22576713.
_POINTLESS = re.compile(r"(?<=[=,])([NS]\d{2}|[EW]\d{3})(\d{6})(?!\d)")


@dataclass(frozen=True, slots=True, kw_only=True)
class TrackerText:
    """What was found; a place in degrees, WGS84, `is_last` where it is an old one."""

    device: DeviceId | None = None
    signals: frozenset[Signal] = frozenset({Signal.UNKNOWN})
    place: tuple[float, float] | None = None
    is_last: bool = False


def read_tracker(text: str) -> TrackerText:
    """Read a text as a tracker's; nothing of it where it is none."""
    said = text[:_FORM_MAX]
    imei = _IMEI.search(said)
    return TrackerText(
        device=None if imei is None else DeviceId(imei[0]),
        signals=_signals(text[:TEXT_MAX]),
        place=_place(_POINTLESS.sub(r"\1.\2", said)),
        is_last=_NO_FIX.search(said) is not None,
    )


def _signals(text: str) -> frozenset[Signal]:
    """Return what the words say: a call for help, and each kind that is named.

    Teltonika's default text is "Alarm", and some let their owner write it, in any
    language; only where a kind stands before it is it that kind's.
    """
    found = {signal for signal, words in _WORDS if words.search(text)}
    called = _CALL.search(text) or ReplyKind.NEED_HELP in meant(text)[0]
    if called or _ALARM.search(_NAMED_ALARM.sub(" ", text)):
        found.add(Signal.SOS)
    return frozenset(found or {Signal.UNKNOWN})


def _place(text: str) -> tuple[float, float] | None:
    queclink = _QUECLINK.search(text)
    if queclink is not None:
        return _on_earth(float(queclink[2]), float(queclink[1]))
    for form in _PLACES:
        found = form.search(text)
        if found is not None:
            south, lat, west, lon = _parts(found)
            place = _on_earth(
                float(lat) * (-1 if south in {"S", "s"} else 1),
                float(lon) * (-1 if west in {"W", "w"} else 1),
            )
            if place is not None:
                return place
    return None


def _parts(found: re.Match[str]) -> tuple[str, ...]:
    """Return hemisphere and number of both: some write the letter behind it."""
    named = found.groupdict()
    return found.group("south", "lat", "west", "lon") if named else found.groups()


def _on_earth(lat_deg: float, lon_deg: float) -> tuple[float, float] | None:
    is_place = abs(lat_deg) <= _LAT_MAX_DEG and abs(lon_deg) <= _LON_MAX_DEG
    return (lat_deg, lon_deg) if is_place else None


_LAT_MAX_DEG, _LON_MAX_DEG = 90, 180
