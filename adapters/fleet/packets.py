"""Handsets of binary wire protocols: `gt06`, `minifinder2`, `teltonika`."""

from struct import pack

from adapters.devices import gt06_encode
from adapters.devices.checksums import crc16_arc
from adapters.devices.gt06 import Gt06
from adapters.devices.gt06_packet import frame_of as gt06_frame
from adapters.devices.minifinder2 import Minifinder2
from adapters.devices.minifinder2 import frame_of as minifinder2_frame
from adapters.devices.teltonika import Teltonika
from adapters.fleet.said import Due, Frame, Said


class Gt06Handset:
    """A bracelet: logs in, and wants each packet echoed by type and serial."""

    name = Gt06.name
    transport = Gt06.transport
    port = Gt06.port

    def log_in(self, device: str) -> Frame:
        """Return the log-in packet."""
        return Frame(gt06_encode.log_in(device, serial=0), _gt06_due(0x01, 0))

    def report(self, said: Said) -> Frame:
        """Return a location, or an alarm packet."""
        gps = gt06_encode.Gps(lat_deg=said.lat_deg, lon_deg=said.lon_deg, at=said.at)
        serial = said.serial & 0xFFFF
        if said.sos:
            data = gt06_encode.alarm(gps, _CELL, serial=serial)
            return Frame(data, _gt06_due(0x16, serial))
        data = gt06_encode.location(gps, _CELL, serial=serial)
        return Frame(data, _gt06_due(0x12, serial))


def _gt06_due(kind: int, serial: int) -> Due:
    return Due(gt06_frame(kind, b"", serial))


class Minifinder2Handset:
    """A pendant: no log-in, its IMEI in each frame; wants what asks for it answered."""

    name = Minifinder2.name
    transport = Minifinder2.transport
    port = Minifinder2.port

    def log_in(self, device: str) -> None:
        """Return nothing: each frame names its device."""
        del device

    def report(self, said: Said) -> Frame:
        """Return a data frame: IMEI, alarm bits where there are some, time, place."""
        seconds = (said.at.ms // 1000).to_bytes(4, "little")
        status = (said.battery_percent << 24).to_bytes(4, "little")
        lat, lon = (round(one * _DEGREE) for one in (said.lat_deg, said.lon_deg))
        values = [(0x01, said.device.encode())]
        if said.sos:
            values.append((0x02, (1 << 12).to_bytes(4, "little") + seconds))
        values.append((0x24, seconds + status))
        values.append((0x20, pack("<iiHHhHIB", lat, lon, 0, 0, 0, 9, 0, 8)))
        body = b"\x01" + b"".join(
            bytes((len(value) + 1, key)) + value for key, value in values
        )
        sequence = said.serial & 0xFFFF
        due = minifinder2_frame(b"\x7f\x01\x00", sequence)
        return Frame(minifinder2_frame(body, sequence, flags=0x10), Due(due))


class TeltonikaHandset:
    """A tracker with codec 8: logs in, and wants its records counted back."""

    name = Teltonika.name
    transport = Teltonika.transport
    port = Teltonika.port

    def log_in(self, device: str) -> Frame:
        """Return length and IMEI."""
        return Frame(len(device).to_bytes(2) + device.encode(), Due(b"\x01"))

    def report(self, said: Said) -> Frame:
        """Return a packet of one record; an SOS is IO 236 with priority panic."""
        place = (round(said.lon_deg * _DEGREE), round(said.lat_deg * _DEGREE))
        elements = [(113, said.battery_percent)]
        if said.sos:
            elements.append((236, 1))
        record = pack(
            ">QBiihHBH",
            *(said.at.ms, 2 if said.sos else 0, *place, 0, 0, 8, 0),
        )
        record += bytes((236 if said.sos else 0, len(elements), len(elements)))
        record += b"".join(bytes(element) for element in elements) + bytes(3)
        data = b"\x08\x01" + record + b"\x01"
        whole = bytes(4) + len(data).to_bytes(4) + data + crc16_arc(data).to_bytes(4)
        return Frame(whole, Due((1).to_bytes(4)))


_CELL = gt06_encode.Cell(mcc=434, mnc=4, lac=1, cid=1)
_DEGREE = 10_000_000
