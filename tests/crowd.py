"""More people than the sample roster has: who press, and who only make a modem ring.

Pieces of a roster to put behind it, each with the gt06 devices of its defenders.
"""

from pathlib import Path

_RINGS = """
name = "Rings"
version = 1
triggers = ["sos"]
[[step]]
id = "contacts"
to = "contacts"
channels = ["call"]
text = "sos"
"""


def alias_of(number: int) -> str:
    """Return what a defender of the crowd below 1,000 is called in messages."""
    return "C" + "".join(chr(ord("a") + int(digit)) for digit in f"{number:03d}")


def crowd(count: int) -> tuple[str, list[str]]:
    """Return defenders in Tashkent, beside the colleagues of the sample roster."""
    people, devices = "", []
    for number in range(count):
        devices.append(f"{35_100_000_000_000 + number:015d}")
        people += f"""
[[device]]
id = "{devices[-1]}"
wire_protocol = "gt06"
person = "crowd{number}"
[[person]]
id = "crowd{number}"
alias = "{alias_of(number)}"
roles = ["defender"]
language = "en"
zone = "Asia/Tashkent"
country = "UZ"
sign = "Crowd{alias_of(number)}"
circles = ["jade"]
declared.name = "Tashkent"
declared.lat_deg = 41.3
declared.lon_deg = 69.3
declared.accuracy_m = 10000.0
declared.given_on = 2026-01-15
fictional = true
"""
    return people, devices


def ringers(count: int, folder: Path) -> tuple[str, list[str], str]:
    """Return defenders whose press rings one telephone, each another, and no more.

    By them a modem rings when a test wants it: an officer is rung once a minute. The
    last is what the configuration needs; their action protocol is put into `folder`.
    """
    folder.mkdir()
    (folder / "rings.toml").write_text(_RINGS)
    people, devices = "", []
    for number in range(count):
        devices.append(f"{35_200_000_000_000 + number:015d}")
        people += f"""
[[device]]
id = "{devices[-1]}"
wire_protocol = "gt06"
person = "ringer{number}"
[[person]]
id = "ringer{number}"
alias = "Ringer{alias_of(number)}"
roles = ["defender"]
language = "en"
zone = "Asia/Tashkent"
country = "UZ"
sign = "Ringer{alias_of(number)}"
circles = ["jade"]
contacts = ["rung{number}"]
action_protocol = "rings"
fictional = true
[[person]]
id = "rung{number}"
alias = "Rung{alias_of(number)}"
roles = ["contact"]
language = "en"
zone = "Asia/Tashkent"
country = "UZ"
numbers = ["+99846001{number:04d}"]
sign = "Rung{alias_of(number)}"
fictional = true
"""
    return people, devices, f'[protocols]\nfolder = "{folder}"\n'
