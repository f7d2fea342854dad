"""Handsets of text wire protocols: `watch`, `gl200`, `h02`, `gps103` and others."""

from adapters.devices.checksums import xor8
from adapters.devices.gl200 import Gl200, Gl200Udp
from adapters.devices.gps103 import Gps103
from adapters.devices.h02 import H02
from adapters.devices.laipac import Laipac
from adapters.devices.minifinder import Minifinder
from adapters.devices.watch import Watch
from adapters.fleet.said import Due, Frame, Said


class WatchHandset:
    """A watch: wants its log-in and its alarms answered, places have no answer."""

    name = Watch.name
    transport = Watch.transport
    port = Watch.port

    def log_in(self, device: str) -> Frame:
        """Return `LK`."""
        return Frame(_watch(device, "LK,0,0,80"), Due(_watch(device, "LK")))

    def report(self, said: Said) -> Frame:
        """Return `UD`, or `AL` with status bit 16."""
        north = "N" if said.lat_deg >= 0 else "S"
        east = "E" if said.lon_deg >= 0 else "W"
        status = 1 << 16 if said.sos else 0
        content = (
            f"{'AL' if said.sos else 'UD'},{said.at.to_datetime():%d%m%y,%H%M%S},A,"
            f"{abs(said.lat_deg):.6f},{north},{abs(said.lon_deg):.6f},{east},"
            f"0.0,0,0,8,60,{said.battery_percent},0,0,{status:08X},0,0"
        )
        due = Due(_watch(said.device, "AL")) if said.sos else None
        return Frame(_watch(said.device, content), due)


def _watch(device: str, content: str) -> bytes:
    return f"[3G*{device}*{len(content):04X}*{content}]".encode()


class Gl200Handset:
    """A tracker with SACK on: each message is answered by its count."""

    name = Gl200.name
    transport = Gl200.transport
    port = Gl200.port

    def log_in(self, device: str) -> None:
        """Return nothing: each message names its device."""
        del device

    def report(self, said: Said) -> Frame:
        """Return `GTRTL`, or `GTSOS`."""
        count = f"{said.serial & 0xFFFF:04X}"
        now = f"{said.at.to_datetime():%Y%m%d%H%M%S}"
        text = (
            f"+RESP:{'GTSOS' if said.sos else 'GTRTL'},440503,{said.device},,0,0,1,1,"
            f"0.0,0,0.0,{said.lon_deg:.6f},{said.lat_deg:.6f},{now},"
            f"0434,0004,0001,00000001,,{said.battery_percent},{now},{count}$"
        )
        return Frame(text.encode(), Due(f"+SACK:{count}$".encode()))


class Gl200UdpHandset(Gl200Handset):
    """The same over UDP."""

    transport = Gl200Udp.transport


class H02Handset:
    """A clip: an SOS is a bit that is 0; the answer has the server's time in it."""

    name = H02.name
    transport = H02.transport
    port = H02.port

    def log_in(self, device: str) -> None:
        """Return nothing: each message names its device."""
        del device

    def report(self, said: Said) -> Frame:
        """Return `V1` with its status word."""
        at = said.at.to_datetime()
        status = 0xFFFFFFFF ^ (1 << 1 if said.sos else 0)
        text = (
            f"*HQ,{said.device},V1,{at:%H%M%S},A,{_minutes(said.lat_deg, 2, 'NS')},"
            f"{_minutes(said.lon_deg, 3, 'EW')},000.00,000,{at:%d%m%y},{status:08X}#"
        )
        due = Due(f"*HQ,{said.device},V4,V1,".encode(), more=len("20261125030000#"))
        return Frame(text.encode(), due)


class Gps103Handset:
    """A Coban tracker: `E` tells that its SOS has been heard, places have no answer."""

    name = Gps103.name
    transport = Gps103.transport
    port = Gps103.port

    def log_in(self, device: str) -> Frame:
        """Return `A`."""
        return Frame(f"##,imei:{device},A;".encode(), Due(b"LOAD"))

    def report(self, said: Said) -> Frame:
        """Return a report whose word is `tracker`, or `help me`."""
        at = said.at.to_datetime()
        text = (
            f"imei:{said.device},{'help me' if said.sos else 'tracker'},"
            f"{at:%y%m%d%H%M},,F,{at:%H%M%S}.000,A,{_minutes(said.lat_deg, 2, 'NS')},"
            f"{_minutes(said.lon_deg, 3, 'EW')},0.00,0;"
        )
        due = Due(f"**,imei:{said.device},E;".encode()) if said.sos else None
        return Frame(text.encode(), due)


class MinifinderHandset:
    """A pendant of the generation before: nothing that it says has an answer."""

    name = Minifinder.name
    transport = Minifinder.transport
    port = Minifinder.port

    def log_in(self, device: str) -> Frame:
        """Return `!1`."""
        return Frame(f"!1,{device};".encode())

    def report(self, said: Said) -> Frame:
        """Return `!D`; an SOS is bit 6 of its flags."""
        flags = 1 | (1 << 6 if said.sos else 0)
        text = (
            f"!D,{said.at.to_datetime():%d/%m/%y,%H:%M:%S},{said.lat_deg:.6f},"
            f"{said.lon_deg:.6f},0,0,{flags:06X},0.0,{said.battery_percent},8,12,0;"
        )
        return Frame(text.encode())


class LaipacHandset:
    """A wrist-worn tracker: a small status letter asks for an answer."""

    name = Laipac.name
    transport = Laipac.transport
    port = Laipac.port

    def log_in(self, device: str) -> None:
        """Return nothing: each line names its device."""
        del device

    def report(self, said: Said) -> Frame:
        """Return `AVRMC`; an SOS is event 3, which the server also switches off."""
        at = said.at.to_datetime()
        event = "3" if said.sos else "0"
        body = (
            f"AVRMC,{said.device},{at:%H%M%S},a,{_minutes(said.lat_deg, 2, 'NS')},"
            f"{_minutes(said.lon_deg, 3, 'EW')},0.00,0.00,{at:%d%m%y},{event},"
            f"{said.battery_percent},0,0,0,0"
        )
        answer = _line(f"EAVACK,{event},{xor8(body.encode()):02X}")
        if said.sos:
            answer += _line("AVCFG,00000000,d")
        return Frame(_line(body), Due(answer))


def _line(body: str) -> bytes:
    return f"${body}*{xor8(body.encode()):02X}\r\n".encode()


def _minutes(degrees: float, digits: int, hemispheres: str) -> str:
    """Return degrees and minutes as NMEA has them, `4118.0000,N`."""
    whole, minutes = divmod(round(abs(degrees) * 600_000), 600_000)
    letter = hemispheres[0] if degrees >= 0 else hemispheres[1]
    return f"{whole:0{digits}d}{minutes / 10_000:07.4f},{letter}"
