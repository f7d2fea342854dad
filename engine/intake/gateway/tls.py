"""TLS for devices that can: a certificate and its key from files, checked at start."""

import ssl

from engine.config import TlsListen
from engine.errors import ConfigError


def context(key: str, listen: TlsListen) -> ssl.SSLContext:
    """Return the server's side of TLS 1.2 and later.

    Args:
        key: the key path of `listen`, named in errors.
        listen: with the files' paths.

    Raises:
        ConfigError: a file cannot be read, or the two do not fit each other.

    """
    made = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    made.minimum_version = ssl.TLSVersion.TLSv1_2
    try:
        made.load_cert_chain(listen.cert_file, listen.key_file)
    except (OSError, ssl.SSLError) as error:
        expected = "a PEM certificate and its own key, readable to the engine"
        cure = f"mend cert_file or key_file ({type(error).__name__})"
        raise ConfigError(key, expected, cure) from error
    return made
