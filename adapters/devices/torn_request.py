"""What can still be read of an HTTP request that broke off, and how it is shown.

An app that never says a failed SOS again leaves nothing but what came: its fields that
stand whole are read, an SOS among them is one, and all else is shown with its bytes.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import replace

from engine.ports.device import DeviceReport, HttpRequest, ReportKind
from engine.values import Signal


def is_torn(request: HttpRequest) -> bool:
    """Say whether fewer bytes came than were announced."""
    if request.torn is not None:
        return True
    for key, value in request.headers.items():
        if key.casefold() == "content-length" and value.strip().isdecimal():
            return len(request.body) < int(value[:_DIGITS_MAX])
    return False


def shown(
    reports: Sequence[DeviceReport], lost: DeviceReport
) -> tuple[DeviceReport, ...]:
    """Return the reports of a torn request: an SOS, or something undecodable in them.

    Args:
        reports: what could be read, the torn one last; may be empty.
        lost: an undecodable report of the whole request.

    """
    named = {report.device for report in reports if report.device is not None}
    device = lost.device or (named.pop() if len(named) == 1 else None)
    told = [replace(one, device=one.device or device) for one in reports]
    if told and told[-1].signals:
        attributes = {**told[-1].attributes, "incomplete": "true"}
        told[-1] = replace(told[-1], attributes=attributes)
    elif told:
        told[-1] = replace(told[-1], kind=ReportKind.UNDECODABLE)
    visible = any(
        Signal.SOS in one.signals or one.kind is ReportKind.UNDECODABLE for one in told
    )
    if not visible:
        told.append(replace(lost, device=device, part=len(told)))
    return tuple(told)


def own_frame(line: bytes, row: object) -> bytes:
    """Return what is kept as the frame of one row of several.

    The whole request beside each row would multiply it by as many as it has rows.
    """
    return line[:_LINE_BYTES_MAX] + json.dumps(row).encode()[:_ROW_BYTES_MAX]


def read_json(body: bytes) -> tuple[object, bool]:
    """Return a document, and whether it is whole.

    A torn one is closed behind the last value that stands whole in it; None where it
    is no JSON, torn or not.
    """
    try:
        return json.loads(body), True
    except (ValueError, RecursionError):
        pass
    text = body[:_MENDED_BYTES_MAX].decode(errors="replace")
    try:
        return json.loads(_closed(text)), False
    except (ValueError, RecursionError):
        return None, False


def json_values(body: bytes, *keys: str) -> list[tuple[str, str]]:
    """Return each text or whole number that stands behind one of these keys.

    For what no bracket can mend: a document with bytes missing within.
    """
    text = body.decode(errors="replace")
    return [
        (found["key"], found["text"] or found["number"] or "")
        for found in _PAIR.finditer(text)
        if found["key"] in keys
    ]


def _closed(text: str) -> str:
    """Cut torn JSON behind its last whole value, and close what is open there."""
    closers: list[str] = []
    end, closing = 0, ""
    is_value = True
    for token in _TOKEN.finditer(text):
        match token[0]:
            case "{" | "[":
                if len(closers) >= _DEPTH_MAX:
                    break
                closers.append("}" if token[0] == "{" else "]")
                is_value = token[0] == "["
                end = token.end()
            case "}" | "]":
                if not closers or closers.pop() != token[0]:
                    break
                end = token.end()
            case ",":
                is_value = closers[-1:] == ["]"]
                end = token.start()
            case ":":
                is_value = True
                continue
            case '"':
                break
            case _ if is_value:
                end = token.end()
            case _:
                continue
        closing = "".join(reversed(closers))
    return text[:end] + closing


_DIGITS_MAX = 12
_DEPTH_MAX = 64
_LINE_BYTES_MAX, _ROW_BYTES_MAX = 256, 4096
_MENDED_BYTES_MAX = 64 * 1024
_TOKEN = re.compile(r'"(?:[^"\\]|\\.)*"|[\[\]{},:"]')
_PAIR = re.compile(
    r'"(?P<key>[A-Za-z_]{1,32})"\s{0,8}:\s{0,8}'
    r'(?:"(?P<text>[^"\\]{1,512})"|(?P<number>\d{1,20})(?=[\s,}\]]))'
)
