"""The QR code that sets up the app on a telephone; what it holds is a secret."""

import io
import os
import secrets
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import typer

from engine import plugins
from engine.errors import ConfigError, cure_of
from engine.ports.device import PhoneApp
from engine.values import DeviceId

if TYPE_CHECKING:
    from segno import QRCode

TOKEN_BYTES = 10
"""Eighty random bits: nobody tries so many ids at a listener."""
SECRET_BYTES = 16
IN_CLEAR = "over http: whoever listens on the way reads all of it, the id too"
_SCHEMES = frozenset({"http", "https"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """A telephone that is to be enrolled, and what its app reads of that.

    `secret` is "" where the app cannot prove itself by one: then its id is the secret.
    """

    app: str
    device: DeviceId
    uri: str = field(repr=False)
    secret: str = field(repr=False)


def prepared(
    wire_protocol: str, url: str, device: str | None, heartbeat_s: float | None
) -> Setup:
    """Return the set-up of a new telephone, with an id and a secret of its own.

    Raises:
        typer.BadParameter: no app speaks this, or it cannot be told so.

    """
    app, address = app_of(wire_protocol), checked_url(url)
    named = DeviceId(device or app.device_of(secrets.token_hex(TOKEN_BYTES)))
    secret = secrets.token_urlsafe(SECRET_BYTES) if app.takes_secret else ""
    try:
        uri = app.setup_uri(address, named, secret=secret, heartbeat_s=heartbeat_s)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error
    return Setup(app=app.app, device=named, uri=uri, secret=secret)


def app_of(wire_protocol: str) -> PhoneApp:
    """Return the app that speaks a wire protocol.

    Raises:
        typer.BadParameter: no app that a QR code sets up speaks it.

    """
    try:
        found = plugins.load(plugins.DEVICE, wire_protocol, "wire_protocol")
        wire = plugins.made(found, "wire_protocol")
    except ConfigError as error:
        raise typer.BadParameter(str(error)) from error
    if not isinstance(wire, PhoneApp):
        message = (
            f"--url makes a QR code for an app on a telephone, and none speaks"
            f" {wire_protocol!r}: osmand is Traccar Client, owntracks is OwnTracks"
        )
        raise typer.BadParameter(message)
    return wire


def checked_url(url: str) -> str:
    """Return the address of the listener, as telephones reach it.

    Raises:
        typer.BadParameter: it is no address, or has more than one.

    """
    try:
        parts = urlsplit(url)
        is_sound = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        is_sound = False
    if not is_sound or parts.scheme not in _SCHEMES or "@" in url:
        message = "--url is where telephones reach the listener: https://HOST:PORT"
        raise typer.BadParameter(message)
    if parts.query or parts.fragment:
        message = "--url has nothing behind its path: the QR code adds the rest"
        raise typer.BadParameter(message)
    return url


def drawn(uri: str) -> str:
    """Return a QR code for this terminal."""
    out = io.StringIO()
    is_utf8 = "utf" in (sys.stdout.encoding or "").lower()
    _code(uri).terminal(out, compact=is_utf8)
    return out.getvalue()


def write_png(uri: str, path: Path) -> None:
    """Write a QR code into a new file that nobody else may read.

    Raises:
        typer.BadParameter: it is there already, or cannot be written.

    """
    png = io.BytesIO()
    _code(uri).save(png, kind="png", scale=8)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    try:
        with os.fdopen(os.open(path, flags, 0o600), "wb") as file:
            file.write(png.getvalue())
    except FileExistsError as error:
        message = f"--png: {path} is there already; name a new file"
        raise typer.BadParameter(message) from error
    except OSError as error:
        message = f"--png: {path}: {cure_of(error)}"
        raise typer.BadParameter(message) from error


def _code(uri: str) -> "QRCode":
    from segno import make  # noqa: PLC0415 - half a second, for a code alone

    return make(uri, error="l", micro=False)
