"""What stands behind a place in a message never costs an SOS its place."""

import pytest

from adapters.devices.checksums import sum8, xor8
from adapters.devices.gps103 import Gps103
from adapters.devices.laipac import Laipac
from adapters.devices.meitrack import Meitrack
from adapters.devices.minifinder import Minifinder
from adapters.devices.trv import Trv
from adapters.devices.watch import Watch
from engine.ports.device import WireProtocol
from engine.values import Signal
from tests.adapters.devices.vectors import play

GPS103 = "imei:359587010124900,help me,2603011820,,F,102030.000,A,5005.2471,N"
GPS103 += ",01425.2403,E,{},;"
WATCH = "AL,010326,102030,A,50.087451,N,14.4206710,E,{},0.0,0.0,8,80,44,0,0,00010000,0,"
TRV = "IWAP10260301A5005.2471N01425.2403E000.0102030000.00060009080,{},01,en,00,#"


def watch(text: str) -> str:
    return f"[3G*3907919734*{len(text):04X}*{text}]"


def laipac(speed: str) -> str:
    body = f"AVRMC,999999,102030,A,5005.2471,N,01425.2403,E,{speed},0,010326,3,3800"
    return f"${body}*{xor8(body.encode()):02X}\r\n"


def meitrack(speed: str) -> str:
    rest = (
        f",353358017784062,AAA,1,50.087451,14.420671,260301102030,A,9,25,{speed},0,1.2*"
    )
    head = f"$$A{len(rest) + 4}{rest}"
    return f"{head}{sum8(head.encode()):02X}\r\n"


@pytest.mark.parametrize(
    ("protocol", "text"),
    [
        (Gps103(), GPS103.format("x")),
        (Watch(), watch(WATCH.format(""))),
        (Watch(), watch(WATCH.format("fast"))),
        (Trv(), TRV.format("460,0,,")),
        (Laipac(), laipac("x")),
        (Meitrack(), meitrack("")),
        (Minifinder(), "!D,01/03/26,10:20:30,50.087451,14.420671,,0,41,200,44,9,9,0;"),
    ],
    ids=["gps103", "watch", "watch-word", "trv", "laipac", "meitrack", "minifinder"],
)
def test_a_reading_that_is_none_does_not_cost_an_sos_its_place(
    protocol: WireProtocol, text: str
) -> None:
    (report,) = play(protocol.session(), text.encode()).reports
    assert report.fix is not None
    assert round(report.fix.lat_deg, 4) == 50.0875
    assert round(report.fix.lon_deg, 4) == 14.4207
    if protocol.name != "minifinder":
        assert report.signals == {Signal.SOS}
    assert report.attributes["incomplete"] == "true"
