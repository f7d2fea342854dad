"""A phone with the Traccar client: `osmand` over HTTP/1.1 that is kept open."""

from adapters.devices import osmand_encode
from adapters.devices.osmand import Osmand
from adapters.fleet.said import Due, Frame, Said
from engine.ports.device import HttpRequest
from engine.values import Fix


class OsmandHandset:
    """Sends its forms by turns: a query, a form in the body, a JSON object."""

    name = Osmand.name
    transport = Osmand.transport
    port = Osmand.port

    def log_in(self, device: str) -> None:
        """Return nothing: each request names its device."""
        del device

    def report(self, said: Said) -> Frame:
        """Return a request."""
        forms = (osmand_encode.query, osmand_encode.form, osmand_encode.document)
        fix = Fix(lat_deg=said.lat_deg, lon_deg=said.lon_deg, at=said.at)
        request = forms[said.serial % len(forms)](
            said.device, at=said.at, fix=fix, alarm="sos" if said.sos else None
        )
        return Frame(as_sent(request), _STORED)


def as_sent(request: HttpRequest) -> bytes:
    """Return a request as it is on the wire."""
    target = f"{request.path}?{request.query}" if request.query else request.path
    headers = {"host": "engine", "content-length": str(len(request.body))}
    headers |= request.headers
    lines = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"{request.method} {target} HTTP/1.1\r\n{lines}\r\n".encode() + request.body


_STORED = Due(b"HTTP/1.1 200 OK\r\n", ends=b"\r\n\r\n")
