"""The words by which `gps103` and `xexun` name an alarm; both spell some two ways."""

import re
from collections.abc import Mapping

from adapters.devices.draft import Draft
from engine.values import Signal


def read_word(word: str, draft: Draft) -> None:
    """Add what a word says; one that is not listed is an unknown signal."""
    plain = _plain(word)
    if plain in _IGNITION:
        draft.flag("ignition", plain in {"acc on", "accstart"})
    if plain.startswith("t:"):
        draft.number("temperature_c", plain[2:].lstrip("+"))
    elif plain.startswith("oil "):
        draft.number("fuel", plain[4:])
    if plain.startswith(("t:", "oil")):
        draft.signal(f"word:{plain[:16]}", Signal.VEHICLE)
    elif _CALL.search(plain):
        draft.signal(f"word:{plain[:16]}", Signal.SOS)
    elif not _NO_WORD.fullmatch(plain):
        draft.look_up("word", plain[:16], WORDS)


def is_alarm(word: str) -> bool:
    """Say whether a word is one of an alarm that we know, wherever it stands."""
    plain = _plain(word)
    return bool(_CALL.search(plain) or WORDS.get(plain))


def _plain(word: str) -> str:
    return word.strip().rstrip("!").strip().casefold()


_CALL = re.compile(r"(?<![a-z])(?:help ?me|sos)(?![a-z])")
# Numbers of commands, and photographs (`vt14` announces 14 pieces, `vr` is one); what
# was answered to a command is its letter (`**,imei:N,J;` cuts off the oil) and a t.
_NO_WORD = re.compile(r"\d+|vt\d+|vr|[a-z]t")
_IGNITION = frozenset({"acc on", "acc off", "accstart", "accstop"})
WORDS: Mapping[str, tuple[Signal, ...]] = {
    "low battery": (Signal.LOW_BATTERY,),
    "stockade": (Signal.GEOFENCE,),
    "move": (Signal.MOVEMENT,),
    "moved": (Signal.MOVEMENT,),
    "speed": (Signal.OVERSPEED,),
    "ac alarm": (Signal.POWER_CUT,),
    "accident alarm": (Signal.ACCIDENT,),
    "sensor alarm": (Signal.VIBRATION,),
    "door alarm": (Signal.VEHICLE,),
    "acc alarm": (Signal.VEHICLE,),
    "bonnet alarm": (Signal.VEHICLE,),
    "footbrake alarm": (Signal.VEHICLE,),
    "dtc": (Signal.FAULT,),
    # Places and states.
    "": (),
    "tracker": (),
    "acc on": (),
    "acc off": (),
    "accstart": (),
    "accstop": (),
    "obd": (),
    "rfid": (),
}
