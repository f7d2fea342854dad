"""A roster in TOML that has the devices of a fleet, so that an engine knows them.

Nobody in it exists, and nobody in it has a number: who presses alarms HQ alone.
"""

from collections.abc import Sequence
from string import ascii_lowercase

from adapters.fleet.handsets import device_name, mixed

HEAD = "# Simulated devices, each with a defender who does not exist.\n"


def roster_of(fleet: int, names: Sequence[str]) -> str:
    """Return a roster with a defender for each device."""
    return HEAD + "".join(
        _entry(number, handset.name)
        for number, handset in enumerate(mixed(fleet, names))
    )


def _entry(number: int, wire_protocol: str) -> str:
    return f"""
[[device]]
id = "{device_name(number)}"
wire_protocol = "{wire_protocol}"
person = "fleet{number}"

[[person]]
id = "fleet{number}"
alias = "F{_letters(number)}"
roles = ["defender"]
language = "en"
zone = "Asia/Tashkent"
country = "UZ"
declared.name = "Tashkent"
declared.lat_deg = 41.3
declared.lon_deg = 69.3
declared.accuracy_m = 10000.0
declared.given_on = 2026-01-15
fictional = true
"""


def _letters(number: int) -> str:
    """Return a number in letters: an alias has no digits."""
    letters = ""
    for digit in str(number):
        letters += ascii_lowercase[int(digit)]
    return letters
