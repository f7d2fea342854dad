"""An action protocol that tells a defender little, for what their telephone sees."""

from pathlib import Path
from typing import Final

_BEGINNING: Final = """
name = "Watched"
version = 1
[[step]]
id = "hq"
to = "hq"
channels = ["email", "webhook"]
text = "hq"
[[step]]
id = "colleagues"
to = "nearest"
count = 1
within_km = 20000
channels = ["sms"]
text = "sos"
[[step]]
id = "confirm-cancel"
after = "cancelled"
to = "defender"
channels = ["sms"]
text = "cancelled"
"""
UNDER_WAY_SQL: Final = (
    "SELECT count(*) FROM effect WHERE state IN ('planned', 'attempting')"
)


def keep_watched(folder: Path, further_step: str) -> str:
    """Write the action protocol `watched`; return what the configuration says of it."""
    protocols = folder / "protocols"
    protocols.mkdir(parents=True)
    (protocols / "watched.toml").write_text(_BEGINNING + further_step)
    return f'[protocols]\nfolder = "{protocols}"'
