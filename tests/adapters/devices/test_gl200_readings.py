"""What messages of `gl200` say beside place and alarm; a bad field is passed over."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.devices.draft import Draft
from adapters.devices.gl200_readings import read_behind, read_distance, read_front
from tests.adapters.devices.vectors import RECEIVED_AT

WORDS = (
    *("GTINF", "GTFRI", "GTERI", "GTCAN", "GTOBD", "GTBAA", "GTBID", "GTDTT", "GTIDA"),
    *("GTDAR", "GTDIS", "GTVER", "GTIGN", "GTVGF", "GTRTL", "GTSOS"),
)
FIELD = st.one_of(
    st.text("0123456789ABCDEFHLP./:-x", max_size=17),
    st.sampled_from(("210100", "FFFFFFFF", "00000102", "1G1JC5444R7252367", "01")),
)


def draft() -> Draft:
    return Draft(protocol="gl200", frame=b"", received_at=RECEIVED_AT)


@given(st.sampled_from(WORDS), st.lists(FIELD, min_size=4, max_size=60))
def test_no_field_raises_whatever_it_holds(word: str, fields: list[str]) -> None:
    read_front(word, [word, *fields], draft())
    read_behind(word, [word, *fields], fields, draft())
    read_distance(fields, draft())


@pytest.mark.parametrize(
    ("after", "kept"),
    [
        ("0230,0003,177A,245F,,96,20260301102031,193D", {}),
        ("0230,0003,177A,245F,00,12.5,", {"odometer_m": "12500.0"}),
        (
            "0230,0003,177A,245F,01,9,12.5,00001:02:03,13,,80,220501,791,,56,2026,1",
            {
                "satellites": "9",
                "odometer_m": "12500.0",
                "engine_s": "3723",
                "adc1": "13",
                "ignition": "true",
                "input": "0x05",
                "output": "0x01",
                "engine_rpm": "791",
                "fuel": "56",
            },
        ),
    ],
)
def test_what_stands_behind_a_place_is_read_by_its_mask(
    after: str, kept: dict[str, str]
) -> None:
    made = draft()
    read_behind("GTFRI", ["GTFRI", "", "", ""], after.split(","), made)
    assert made.attributes == kept


def test_a_bus_says_by_a_mask_what_it_sends() -> None:
    made = draft()
    said = "GTCAN,310201,153759012347650,gv65,0,1,C0000024,H893,200"
    read_front("GTCAN", said.split(","), made)
    assert made.attributes == {"obd_odometer_m": "89300.0", "engine_rpm": "200"}


@pytest.mark.parametrize("mask", ["", "x", "FFFFFFFFF"])
def test_a_sensor_without_its_mask_is_let_go(mask: str) -> None:
    made = draft()
    behind = ["cell", "", "", "", "00", "1.5", "", "", "80", "110000", "0", "1"]
    sensor = ["00", "6", "4", "0D1C099A", mask, "name", "7805414BA78A", "2026", "1"]
    read_behind("GTERI", ["GTERI", "", "", "", "00000100"], [*behind, *sensor], made)
    assert "tag1_id" not in made.attributes
    assert made.attributes["ignition"] == "false"
