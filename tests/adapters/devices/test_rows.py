"""Numbers in a row are kept as far as they go, in their unit."""

import pytest

from adapters.devices.draft import Draft
from adapters.devices.reading import Reader
from adapters.devices.rows import read_row
from tests.adapters.devices.vectors import RECEIVED_AT

ROW = (("external_v", 2, 100), ("", 1, 1), ("gsm", 1, 1), ("engine_s", 2, 1 / 60))


@pytest.mark.parametrize(
    ("sent", "kept"),
    [
        ("", {}),
        ("04", {}),
        ("04ed", {"external_v": "12.61"}),
        ("04edff", {"external_v": "12.61"}),
        ("04edff1f00", {"external_v": "12.61", "gsm": "31"}),
        (
            "04edff1f0171",
            {"external_v": "12.61", "gsm": "31", "engine_s": "22140.0"},
        ),
    ],
)
def test_a_row_is_kept_as_far_as_it_goes(sent: str, kept: dict[str, str]) -> None:
    draft = Draft(protocol="gt06", frame=b"", received_at=RECEIVED_AT)
    read_row(Reader(bytes.fromhex(sent)), draft, ROW)
    assert draft.attributes == kept
