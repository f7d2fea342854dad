"""A channel's part of the configuration: read strictly, faults named by key."""

import ssl
import stat
from collections.abc import Mapping, Sequence
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError
from pydantic_core import ErrorDetails

from engine.errors import ConfigError, Gathered, meant_by
from engine.values import a_number

Whole = Annotated[int, BeforeValidator(a_number)]
Seconds = Annotated[float, Field(gt=0, le=120), BeforeValidator(a_number)]

_SECRET_BYTES_MAX = 4096


class ChannelOptions(BaseModel):
    """What every channel over TCP takes.

    `only_loopback` is the demo's guard: any other address is refused.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, hide_input_in_errors=True)

    connect_timeout_s: Seconds = 5.0
    write_timeout_s: Seconds = 5.0
    read_timeout_s: Seconds = 10.0
    ca_file: Path | None = None
    only_loopback: bool = False


Options = TypeVar("Options", bound=ChannelOptions)


def read_options(
    model: type[Options], channel: str, options: Mapping[str, object]
) -> Options:
    """Return the options of a channel as a checked model.

    Raises:
        ConfigError: keys are missing, unknown or wrong, all of them; never repeats a
            value, which may be a secret.

    """
    try:
        return model.model_validate(dict(options))
    except ValidationError as error:
        faults = error.errors(include_input=False, include_url=False)
    gathered = Gathered()
    misspelt = [fault for fault in faults if fault["type"] == "extra_forbidden"]
    known = model.model_fields
    meant = {meant_by(str(fault["loc"][-1]), known) for fault in misspelt}
    for fault in (*misspelt, *(one for one in faults if one not in misspelt)):
        # A misspelt key is also a missing one; the spelling is the better news.
        is_told = meant_by(str(fault["loc"][-1]), known) in meant
        if not (fault["type"] == "missing" and is_told):
            gathered.faults.append(_fault(fault, channel, sorted(known)))
    gathered.tell()
    raise AssertionError


def _fault(fault: ErrorDetails, channel: str, known: Sequence[str]) -> ConfigError:
    key = ".".join(str(part) for part in fault["loc"])
    match fault["type"]:
        case "extra_forbidden":
            cure = meant_by(key, known) or "take it out"
            return config_error(channel, key, f"one of {', '.join(known)}", cure)
        case "missing":
            return config_error(channel, key, "a value", f"add {key} = ...")
        case "url_type":
            return config_error(channel, key, "an address", "write it in quotes")
        case _:
            said = fault["msg"].removeprefix("Value error, ")
            expected = said.removeprefix("Input should be ")
            return config_error(channel, key, expected, "correct the value")


def config_error(channel: str, key: str, expected: str, cure: str) -> ConfigError:
    """Return the error for one key of one channel."""
    return ConfigError(f"channel.{channel}.options.{key}", expected, cure)


def read_secret(channel: str, key: str, path: Path) -> str:
    """Return what a secret's file holds, without white space around it.

    Raises:
        ConfigError: it cannot be read, is empty or too long, or others may read it.

    """
    try:
        with path.open("rb") as file:
            mode = stat.S_IMODE(path.stat().st_mode)
            secret = file.read(_SECRET_BYTES_MAX + 1).decode("ascii").strip()
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not ASCII text"
        raise config_error(
            channel, key, "a readable file", f"mend the file: {reason}"
        ) from None
    if mode & stat.S_IRWXO:
        cure = "chmod o-rwx the file, or use a systemd credential"
        raise config_error(channel, key, "a file that others cannot read", cure)
    if not secret or len(secret) > _SECRET_BYTES_MAX:
        expected = f"a secret of 1 to {_SECRET_BYTES_MAX} bytes"
        raise config_error(channel, key, expected, "write the secret into the file")
    return secret


def tls_context(channel: str, options: ChannelOptions) -> ssl.SSLContext:
    """Return a verifying TLS context, for `ca_file` where one is given.

    Raises:
        ConfigError: the file is not there or holds no certificate.

    """
    try:
        return ssl.create_default_context(cafile=options.ca_file)
    except OSError:
        pass
    raise config_error(channel, "ca_file", "certificates in PEM", "correct the file")


def is_loopback(host: str) -> bool:
    """Say whether a host is a loopback address, or the name that means one."""
    if host.lower() == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def require_loopback(channel: str, key: str, host: str) -> None:
    """Refuse a host that is not this machine's loopback.

    Raises:
        ConfigError: naming the key; the host is not repeated.

    """
    if not is_loopback(host):
        cure = "use 127.0.0.1, or leave out `demo = true` and only_loopback"
        raise config_error(channel, key, "a loopback address", cure)
