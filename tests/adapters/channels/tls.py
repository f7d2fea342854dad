"""The far end's side of TLS."""

import ssl
from pathlib import Path


def server_context(certificate: Path) -> ssl.SSLContext:
    """Return the far end's side of TLS."""
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)
    return context
