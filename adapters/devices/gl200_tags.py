"""Sensors in reach and accessories of `gl200`: a mask says what each of them sends."""

import re
from collections.abc import Callable, Sequence

from adapters.devices.draft import Draft

Fields = Sequence[str]


def read_sensors(count: int, fields: Fields, draft: Draft) -> None:
    """Read sensors in reach: each says by a mask which of its fields are sent."""
    at = 4  # index, type, model, raw data
    for place in range(1, count + 1):
        mask = "".join(fields[at : at + 1])
        if not _HEX.fullmatch(mask):
            return
        at += 1
        for bit in range(16):
            if int(mask, 16) >> bit & 1:
                text = "".join(fields[at : at + 1])
                at += 1
                _read_tag(bit, text, f"tag{place}", draft)
        at += 4


def _read_tag(bit: int, text: str, tag: str, draft: Draft) -> None:
    if not text:
        return
    if bit in _TAG_TEXTS:
        draft.attributes[f"{tag}_{_TAG_TEXTS[bit]}"] = text[:_TEXT_CHARS_MAX]
    elif bit in _TAG_NUMBERS:
        name, units = _TAG_NUMBERS[bit]
        keep_scaled(f"{tag}_{name}", text, units, draft)


def accessory_reader(mask_at: int) -> Callable[[Fields, Draft], None]:
    """Return what reads an accessory whose mask stands at a field."""

    def read(fields: Fields, draft: Draft) -> None:
        mask = "".join(fields[mask_at : mask_at + 1])
        values = iter(fields[mask_at + 1 :])
        bits = int(mask, 16) if _HEX.fullmatch(mask) else 0
        for bit, name, units in _ACCESSORY:
            text = next(values, "") if bits >> bit & 1 else ""
            if units:
                keep_scaled(name, text, units, draft)
            elif text:
                draft.attributes[name] = text[:_TEXT_CHARS_MAX]

    return read


def keep_scaled(name: str, text: str, units: float, draft: Draft) -> None:
    """Keep a number of which `units` make one, as it is where one does."""
    if units == 1:
        draft.number(name, text)
    else:
        draft.scaled(name, text, units=units)


_TEXT_CHARS_MAX = 32
_HEX = re.compile(r"[0-9A-Fa-f]{1,8}")
_TAG_TEXTS = {0: "name", 1: "id"}
_TAG_NUMBERS = {
    2: ("status", 1),
    3: ("battery_v", 1000),
    4: ("temperature_c", 1),
    5: ("humidity_percent", 1),
    13: ("battery_percent", 1),
}
_ACCESSORY = (
    *((0, "tag1_name", 0), (1, "tag1_mac", 0), (2, "tag1_status", 1)),
    *((3, "tag1_battery_v", 1000), (4, "tag1_temperature_c", 1)),
    (5, "tag1_humidity_percent", 1),
)
