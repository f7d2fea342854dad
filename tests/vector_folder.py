"""Where the vectors lie: captured packets and messages, kept beside the tree."""

from pathlib import Path

_ABOVE = Path(__file__).resolve().parents[2:]


def folder(kind: str) -> Path:
    """Return the folder of vectors of a kind, in `shared` beside any folder above.

    A path that does not exist where there are none: tests then skip and say so.
    """
    places = [above / "shared" / "vectors" / kind for above in _ABOVE]
    return next((place for place in places if place.is_dir()), places[0])
