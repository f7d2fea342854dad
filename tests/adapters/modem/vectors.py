"""The captured PDUs and replies that lie beside the repository."""

import json
from typing import Any

import pytest

from tests.vector_folder import folder

FOLDER = folder("sms")


def pdus(*directions: str, of_tables: bool = False) -> list[Any]:
    """Return the PDU vectors of these directions as pytest parameters.

    Those of ofono that apply a table to bare septets are apart (`of_tables`).
    """
    return [
        pytest.param(vector, id=vector["id"])
        for vector in _load("pdu_vectors.json").get("vectors", [])
        if vector["direction"] in directions
        and ("text_with_language" in vector["expected"]) is of_tables
    ] or [_missing()]


def replies() -> list[Any]:
    """Return the exact replies as pytest parameters."""
    return [
        pytest.param(reply, id=reply["id"])
        for reply in _load("at_transcripts.json").get("replies", [])
        if "raw" in reply
    ] or [_missing()]


def transcripts() -> dict[str, Any]:
    """Return the whole file of transcripts; skips where it is missing."""
    loaded = _load("at_transcripts.json")
    if not loaded:
        pytest.skip("../shared/vectors/sms is missing")
    return loaded


def _load(name: str) -> dict[str, Any]:
    path = FOLDER / name
    if not path.exists():
        return {}
    loaded: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return loaded


def _missing() -> Any:
    return pytest.param(
        None, marks=pytest.mark.skip(reason="../shared/vectors/sms is missing")
    )
