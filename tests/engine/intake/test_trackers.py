"""Trackers' text messages, in the forms that vendors' manuals show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake.trackers import TrackerText, read_tracker
from engine.values import DeviceId

TK203 = (
    "lat: 22.566923 long: 114.051331 speed:85.60 28/10/09 03:33 F:4.32V,0,"
    " Signal:F help me imei:359587011016261 05 41.9"
)
GT06 = (
    "SOS Alarm! <DateTime:11-06-17 14 :53 :06>"
    " ,http://maps.google.com/maps?q=N22576713,E113.916585"
)
GL300 = (
    "+RESP:GTSOS,060228,359587011016261,,0,0,1,1,4.3,92,70.0,121.354335,31.222073,"
    "20090214013254,0460,0000,18d8,6141,00,2000,20090214093254,11F0$"
)


@pytest.mark.parametrize(
    ("text", "found"),
    [
        (
            TK203,
            TrackerText(
                device=DeviceId("359587011016261"),
                is_distress=True,
                place=(22.566923, 114.051331),
            ),
        ),
        (GT06, TrackerText(is_distress=True)),
        (
            GL300,
            TrackerText(
                device=DeviceId("359587011016261"),
                is_distress=True,
                place=(31.222073, 121.354335),
            ),
        ),
        (
            GL300.replace("+RESP:GTSOS", "+BUFF:GTFRI").replace(",31.", ",-31."),
            TrackerText(
                device=DeviceId("359587011016261"), place=(-31.222073, 121.354335)
            ),
        ),
        (
            GL300.replace("121.354335,31.222073,20090214013254", ",,"),
            TrackerText(device=DeviceId("359587011016261"), is_distress=True),
        ),
        (
            GL300.replace("31.222073", "91.222073"),
            TrackerText(device=DeviceId("359587011016261"), is_distress=True),
        ),
        (
            "352094082828606 Alarm",
            TrackerText(device=DeviceId("352094082828606"), is_distress=True),
        ),
        (
            "352094082828606 Movement 1",
            TrackerText(device=DeviceId("352094082828606")),
        ),
        (
            "Lat:S22.571285,Lon:W113.877115,Course:0.00,Speed:0.00,DateTime:10-11-23",
            TrackerText(place=(-22.571285, -113.877115)),
        ),
        (
            "SOS,110727 02:48,A,16,0Km/h,61%,http://maps.google.com/?q=41.3,-69.2",
            TrackerText(is_distress=True),
        ),
        (
            "help me! http://maps.google.com/maps?f=q&q=41.311510,-69.279740",
            TrackerText(is_distress=True, place=(41.31151, -69.27974)),
        ),
        ("lat: 99.000000 long: 14.000000", TrackerText()),
        ("Low battery", TrackerText()),
        ("lighthouse keepers alarmed", TrackerText()),
        ("", TrackerText()),
    ],
)
def test_what_a_trackers_text_says(text: str, found: TrackerText) -> None:
    assert read_tracker(text) == found


@given(st.text(max_size=2000))
def test_any_text_is_read(text: str) -> None:
    found = read_tracker(text)
    assert found.place is None or abs(found.place[0]) <= 90
