"""Trackers' text messages, in the forms that vendors' manuals show."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.intake.trackers import TrackerText, read_tracker
from engine.values import DeviceId, Signal

SOS = frozenset({Signal.SOS})
LOW_AND_OFF = {Signal.LOW_BATTERY, Signal.POWER_OFF}
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
                signals=SOS,
                place=(22.566923, 114.051331),
            ),
        ),
        (GT06, TrackerText(signals=SOS, place=(22.576713, 113.916585))),
        (
            GL300,
            TrackerText(
                device=DeviceId("359587011016261"),
                signals=SOS,
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
            TrackerText(device=DeviceId("359587011016261"), signals=SOS),
        ),
        (
            GL300.replace("31.222073", "91.222073"),
            TrackerText(device=DeviceId("359587011016261"), signals=SOS),
        ),
        (
            "352094082828606 Alarm",
            TrackerText(device=DeviceId("352094082828606"), signals=SOS),
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
            TrackerText(signals=SOS),
        ),
        (
            "help me! http://maps.google.com/maps?f=q&q=41.311510,-69.279740",
            TrackerText(signals=SOS, place=(41.31151, -69.27974)),
        ),
        ("lat: 99.000000 long: 14.000000", TrackerText()),
        (
            "SOS! Lat:41.31151S, Lon:69.27974 W",
            TrackerText(signals=SOS, place=(-41.31151, -69.27974)),
        ),
        (
            "SOS! Lat:41.31151N Lon:69.27974E",
            TrackerText(signals=SOS, place=(41.31151, 69.27974)),
        ),
        (
            TK203.replace("Signal:F", "Signal:L"),
            TrackerText(
                device=DeviceId("359587011016261"),
                signals=SOS,
                place=(22.566923, 114.051331),
                is_last=True,
            ),
        ),
        (
            "SOS,110727 02:48,V,16,0Km/h,61%,http://maps.google.com/?q=41.35,-69.25",
            TrackerText(signals=SOS, place=(41.35, -69.25), is_last=True),
        ),
        (
            "no gps lat:22.566901 long:114.051258",
            TrackerText(place=(22.566901, 114.051258), is_last=True),
        ),
        ("lighthouse keepers alarmed", TrackerText()),
        ("", TrackerText()),
    ],
)
def test_what_a_trackers_text_says(text: str, found: TrackerText) -> None:
    assert read_tracker(text) == found


@pytest.mark.parametrize(
    ("text", "signals"),
    [
        ("Low battery", {Signal.LOW_BATTERY}),
        ("low battery alarm! lat:22.566901 long:114.051258", {Signal.LOW_BATTERY}),
        ("Warning! Battery is too low, power off automatically.", LOW_AND_OFF),
        ("power alarm lat:22.566901 long:114.051258 speed:0.00", {Signal.POWER_CUT}),
        ("vibration ,Alarm: Date time: 12-10-31 20:08:18", {Signal.VIBRATION}),
        ("Shock Alarm https://maps.google.com/maps?q=+40.7,-73.9", {Signal.VIBRATION}),
        ("speed alert! speed:85.60", {Signal.OVERSPEED}),
        ("Fall down alarm!", {Signal.FALL}),
        ("Geo-fence 1 alarm", {Signal.GEOFENCE}),
        ("No motion alert!", {Signal.UNKNOWN}),
        ("motion alert!", {Signal.MOVEMENT}),
        ("man down", {Signal.FALL}),
        ("Remove alarm", {Signal.REMOVED}),
        ("The watch was taken off", {Signal.REMOVED}),
        ("tamper alert", {Signal.TAMPERED}),
        ("Alarm! battery low, speed:0.00 door:off", {Signal.SOS, Signal.LOW_BATTERY}),
        ("fall alarm, SOS", {Signal.SOS, Signal.FALL}),
        ("Emergency! 41.3,69.2", {Signal.SOS}),
        ("Help!", {Signal.SOS}),
        ("Помогите", {Signal.SOS}),
        ("remove,1 ok", {Signal.UNKNOWN}),
        ("They are at the door! Alarm", {Signal.SOS, Signal.VEHICLE}),
        ("No power. ALARM", {Signal.SOS, Signal.POWER_CUT}),
        ("Geo-fence removed", {Signal.UNKNOWN}),
        ("Admin number removed", {Signal.UNKNOWN}),
        ("SIM card removed!", {Signal.UNKNOWN}),
        ("Battery removed alarm", {Signal.SOS}),
        ("Removed!", {Signal.REMOVED}),
        ("The watch was removed", {Signal.REMOVED}),
        ("lat:22.566901 long:114.051258 speed:0.00 Door:OFF", {Signal.UNKNOWN}),
    ],
)
def test_each_kind_of_alarm_is_its_own_and_none_masks_a_call_for_help(
    text: str, signals: set[Signal]
) -> None:
    assert read_tracker(text).signals == signals


@given(st.text(max_size=2000))
def test_any_text_is_read(text: str) -> None:
    found = read_tracker(text)
    assert found.place is None or abs(found.place[0]) <= 90


@pytest.mark.parametrize("call", ["SOS", "help me", "Alarm"])
def test_a_call_behind_a_long_text_is_one_bug_its_end_was_not_read(call: str) -> None:
    assert read_tracker("speed 0.00 " * 100 + call).signals == {Signal.SOS}
