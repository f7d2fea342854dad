"""A report as the journal keeps it: JSON, the raw frame in base64."""

from pydantic import ConfigDict, TypeAdapter, ValidationError

from engine.ports.device import DeviceReport

_ADAPTER = TypeAdapter(
    tuple[DeviceReport],
    config=ConfigDict(ser_json_bytes="base64", val_json_bytes="base64"),
)


def encode_report(report: DeviceReport) -> bytes:
    """Return the body of a recorded signal."""
    return _ADAPTER.dump_json((report,))


def decode_report(body: bytes) -> DeviceReport | None:
    """Return the report of a recorded signal; None where it cannot be read."""
    try:
        return _ADAPTER.validate_json(body)[0]
    except (ValidationError, ValueError):
        return None
