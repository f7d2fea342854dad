"""The fictional roster that ships with the project, for demo, tests and trying out."""

from importlib.resources import files

from engine.roster.model import Roster
from engine.roster.parse import parse_roster

SAMPLE_FILE = "roster.toml"


def sample_text() -> str:
    """Return the sample as the TOML text that it is."""
    return files("engine").joinpath("sample", SAMPLE_FILE).read_text(encoding="utf-8")


def sample_roster() -> Roster:
    """Return 200 defenders in 40 countries, their colleagues, contacts and HQ."""
    return parse_roster(sample_text(), SAMPLE_FILE)
