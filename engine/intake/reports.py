"""A report as the journal keeps it: JSON, the raw frame in base64."""

from dataclasses import replace

from pydantic import ConfigDict, TypeAdapter, ValidationError

from engine.ports.device import DeviceReport
from engine.values import DeviceId

_ADAPTER = TypeAdapter(
    tuple[DeviceReport],
    config=ConfigDict(
        ser_json_bytes="base64",
        val_json_bytes="base64",
        # As null, a latitude that is no number would leave the whole SOS unreadable.
        ser_json_inf_nan="strings",
    ),
)


def legible(report: DeviceReport) -> DeviceReport:
    """Return the report with every text one that can be written down.

    JSON of a device may name half a character (a lone surrogate); neither journal
    nor message can hold it, and it must not cost the SOS beside it.
    """
    said = (
        report.protocol,
        report.device or "",
        report.no_fix_reason or "",
        *report.codes,
        *report.cells,
        *report.wifi,
        *report.attributes,
        *report.attributes.values(),
    )
    if all(map(_is_whole, said)):
        return report
    return replace(
        report,
        protocol=_whole(report.protocol),
        no_fix_reason=report.no_fix_reason and _whole(report.no_fix_reason),
        device=None if report.device is None else DeviceId(_whole(report.device)),
        codes=tuple(map(_whole, report.codes)),
        cells=tuple(map(_whole, report.cells)),
        wifi=tuple(map(_whole, report.wifi)),
        attributes={_whole(k): _whole(v) for k, v in report.attributes.items()},
    )


def _is_whole(text: str) -> bool:
    return text.isascii() or text == _whole(text)


def _whole(text: str) -> str:
    return text.encode(errors="replace").decode()


def encode_report(report: DeviceReport) -> bytes:
    """Return the body of a recorded signal."""
    return _ADAPTER.dump_json((report,))


def decode_report(body: bytes) -> DeviceReport | None:
    """Return the report of a recorded signal; None where it cannot be read."""
    try:
        return _ADAPTER.validate_json(body)[0]
    except (ValidationError, ValueError):
        return None
