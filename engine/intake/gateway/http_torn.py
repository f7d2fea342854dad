"""What can be read of bytes that never became an HTTP request."""

import re

from engine.ports.device import HttpRequest, Tear

HEAD_KEPT_MAX = 16 * 1024
"""Many times what a device sends; a stranger's noise is not kept at length."""


def salvaged(said: bytes) -> HttpRequest:
    """Return what stands of a request whose head did not end, or is malformed.

    A request line that came whole holds a whole query, whatever its headers lack. The
    secret stays in the headers, where it is needed, and out of `head`, which is kept.
    """
    line, line_ended, rest = said.lstrip().partition(b"\n")
    method, _, target = line.rstrip(b"\r").partition(b" ")
    target, query_ended = _target(target, line_ended=bool(line_ended))
    head, body = _parted(rest)
    headers = _headers(head)
    torn = None if query_ended else Tear.QUERY
    if query_ended and method not in _WITHOUT_BODY:
        announced = headers.get("content-length", "")
        torn = None if body and announced == str(len(body)) else Tear.LATER
    path, _, query = target.partition(b"?")
    return HttpRequest(
        method=method.decode("latin-1"),
        path=path.decode("latin-1"),
        query=query.decode("latin-1"),
        headers=headers,
        body=body,
        torn=torn,
        head=b"" if torn is None else _SECRET.sub(rb"\1", said)[:HEAD_KEPT_MAX],
    )


def _target(rest: bytes, *, line_ended: bool) -> tuple[bytes, bool]:
    """Return the target that stands in the rest of a request line, and if it ended."""
    target, version, _ = rest.rpartition(b" HTTP/")
    if version:
        return target, True
    target, blank, begun = rest.rpartition(b" ")
    if blank and b"HTTP/".startswith(begun):
        return target, True
    return rest, line_ended


def _parted(rest: bytes) -> tuple[bytes, bytes]:
    """Part what is behind the request line into header lines and the body."""
    found = _BLANK_LINE.search(b"\n" + rest)
    if found is None:
        return rest, b""
    return rest[: found.start()], rest[found.end() - 1 :]


def _headers(head: bytes) -> dict[str, str]:
    """Return the header lines that stand whole, their names in lower case."""
    lines = head.decode("latin-1").split("\n")[:-1]
    pairs = (line.partition(":") for line in lines[:_LINES_MAX])
    return {
        name.strip().lower(): value.strip() for name, colon, value in pairs if colon
    }


_LINES_MAX = 100
_WITHOUT_BODY = frozenset({b"GET", b"HEAD", b"OPTIONS", b"DELETE"})
_BLANK_LINE = re.compile(rb"\n\r?\n")
_SECRET = re.compile(rb"(?i)(authorization)[^\n]*(?:\n[ \t][^\n]*)*")
