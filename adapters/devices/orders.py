"""What is written to a device so that it does something: the bytes that are known.

From the tests of the Traccar server's encoders; a command that is not here is known
for no protocol of ours. Vibration is among these.
"""

from adapters.devices.checksums import sum8, sum16_inverted
from engine.ports.device import DeviceCommand, DeviceOrder

_MINUTE_S, _HOUR_S = 60, 3600
_ID_DIGITS = 15


def gps103(order: DeviceOrder) -> bytes | None:
    """Return `**,imei:...,C,05m`, of Coban's devices."""
    every_s = _every_s(order)
    if every_s is None:
        return None
    size, unit = next(
        (size, unit)
        for size, unit in ((_HOUR_S, "h"), (_MINUTE_S, "m"), (1, "s"))
        if every_s >= size
    )
    return f"**,imei:{order.device},C,{every_s // size:02d}{unit}".encode()


def h02(order: DeviceOrder) -> bytes | None:
    """Return `*HQ,id,S71,HHMMSS,22,10#`."""
    every_s = _every_s(order)
    if every_s is None:
        return None
    return f"*HQ,{order.device},S71,{_clock(order)},22,{every_s}#".encode()


def meitrack(order: DeviceOrder) -> bytes | None:
    """Return `@@A25,imei,A10*58`; the length counts from its comma."""
    if order.command is not DeviceCommand.LOCATE:
        return None
    rest = f",{order.device},A10*"
    head = f"@@A{len(rest) + 4}{rest}"
    return f"{head}{sum8(head.encode()):02X}\r\n".encode()


def tk103(order: DeviceOrder) -> bytes | None:
    """Return `(idAP00)`, or `(idAR00003C0000)` with the seconds in hexadecimal."""
    if order.command is DeviceCommand.LOCATE:
        return f"({order.device}AP00)".encode()
    every_s = _every_s(order)
    return (
        None if every_s is None else f"({order.device}AR00{every_s:04X}0000)".encode()
    )


def tk103_by_sms(order: DeviceOrder) -> str | None:
    """Return the words that `[begin]sms2,...,[end]` has the device take as an SMS."""
    return "*getposl*" if order.command is DeviceCommand.LOCATE else None


def xexun2(order: DeviceOrder) -> bytes | None:
    """Return the frame of `tracking_send=150,150`."""
    every_s = _every_s(order)
    device = order.device
    if every_s is None or len(device) != _ID_DIGITS or not device.isdecimal():
        return None
    body = f"tracking_send={every_s},{every_s}".encode()
    mark = b"\xfa\xaf"
    head = mark + b"\x00\x07\x00\x01" + bytes.fromhex(f"{device}0")
    size, check = len(body).to_bytes(2), sum16_inverted(body).to_bytes(2)
    return head + size + check + body + mark


def _every_s(order: DeviceOrder) -> int | None:
    """Return the interval that is asked for, where a device can keep it."""
    if order.command is not DeviceCommand.INTERVAL or order.every_s is None:
        return None
    return order.every_s if 1 <= order.every_s <= 0xFFFF else None  # noqa: PLR2004 - 16 bits


def _clock(order: DeviceOrder) -> str:
    return f"{order.at.to_datetime():%H%M%S}"
