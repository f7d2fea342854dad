"""One TOML file; every error names the key path, what was expected and the cure.

Secrets are files, named by keys that end in `_file`. Listening sockets bind to
loopback unless the file says otherwise.
"""

from collections.abc import Iterator
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import Annotated

import tomli
from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.config_environment import traced
from engine.config_faults import (
    ADDRESS,
    HOST,
    LOG,
    NAME,
    NUMBER,
    each_name_once,
    faults_of,
    nulls_in,
)
from engine.config_paths import anchored
from engine.errors import ConfigError, Gathered, cure_of, too_much
from engine.files import read_text
from engine.values import a_number

LOOPBACK = "127.0.0.1"
NO_STATE = "no-state-folder-is-named"
# What the engine's own actors, and a modem's two channels, are called.
RESERVED = frozenset(
    {
        "alarms",
        "call",
        "channels",
        "checkins",
        "dispatcher",
        "doors",
        "engine",
        "gateway",
        "intake",
        "journal",
        "modems",
        "orders",
        "probe",
        "register",
        "reloader",
        "shouter",
        "sms",
        "timers",
        "vigil",
        "web",
    }
)

Whole = Annotated[int, BeforeValidator(a_number)]
Figure = Annotated[float, BeforeValidator(a_number)]


class _Table(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Listen(_Table):
    """A listening socket."""

    host: str = Field(default=LOOPBACK, pattern=HOST)
    port: Whole = Field(ge=0, le=65535)


class ConsoleTable(Listen):
    """HQ's console; `address` is where HQ's browsers open it, for HQ's own mail."""

    port: Whole = Field(default=8620, ge=0, le=65535)
    address: str = Field(default="", pattern=ADDRESS)

    @field_validator("address")
    @classmethod
    def _without_the_last_slash(cls, address: str) -> str:
        return address.rstrip("/")


class MetricsTable(Listen):
    """Metrics and readiness, for Prometheus."""

    port: Whole = Field(default=9620, ge=0, le=65535)


class TlsListen(Listen):
    """A listening socket with TLS; the files are PEM."""

    cert_file: Path
    key_file: Path


class GatewayTable(Listen):
    """A wire protocol's port, and one beside it for devices that speak TLS."""

    tls: TlsListen | None = None


class ModemTable(_Table):
    """A modem: `port` is a device node or a name under /dev/serial/by-id.

    Where its SIM's own `number` is given it writes to itself every `self_test_h` hours.
    """

    name: str = Field(pattern=NAME)
    port: str
    driver: str = "serial"
    number: str = Field(default="", pattern=NUMBER, repr=False)
    self_test_h: Figure = Field(default=24.0, ge=1.0)
    options: dict[str, object] = Field(default_factory=dict)


class ChannelTable(_Table):
    """A channel of another kind than SMS; `options` are the adapter's own.

    `lanes` is how many notifications are on their way at the same time.
    """

    name: str = Field(pattern=NAME)
    kind: str
    lanes: Whole = Field(default=4, ge=1, le=32)
    options: dict[str, object] = Field(default_factory=dict)


class HqAddress(_Table):
    """Where HQ as such is told, beside the console and the officers on duty."""

    channel: str
    address: str = Field(repr=False)


class Public(_Table):
    """Where the world is told."""

    channel: str
    address: str = ""


class AuditorTable(_Table):
    """The auditor's own ways: none of them should be the engine's."""

    metrics: Listen = Listen(port=9621)
    every_s: Figure = Field(default=10, ge=1, le=60)
    repeat_s: Figure = Field(default=300, ge=10, le=86400)
    modem: tuple[ModemTable, ...] = ()
    channel: tuple[ChannelTable, ...] = ()
    hq: tuple[HqAddress, ...] = ()

    _names_are_unique = field_validator("modem", "channel")(each_name_once)


class Protocols(_Table):
    """Action protocols: a folder of TOML files, and the one for everybody else."""

    folder: Path | None = None
    default: str = "standard"


class Config(BaseSettings):
    """Everything that a running engine is told."""

    model_config = SettingsConfigDict(
        extra="forbid",
        frozen=True,
        env_prefix="NATALIA_",
        env_nested_delimiter="__",
    )

    state: Path
    roster: Path | None = None
    protocols: Protocols = Protocols()
    console: ConsoleTable = ConsoleTable()
    metrics: MetricsTable = MetricsTable()
    gateway: dict[str, GatewayTable] = Field(default_factory=dict)
    modem: tuple[ModemTable, ...] = ()
    channel: tuple[ChannelTable, ...] = ()
    hq: tuple[HqAddress, ...] = ()
    public: tuple[Public, ...] = ()
    hq_language: str = "en"
    auditor: AuditorTable = AuditorTable()
    log: str = Field("json", pattern=LOG)
    proxies: tuple[str, ...] = ()
    demo: bool = False

    @field_validator("state", mode="before")
    @classmethod
    def _is_named(cls, state: object) -> object:
        if state == "":  # it would be the file's own folder
            message = "a folder, such as /var/lib/natalia"
            raise ValueError(message)
        return state

    @field_validator("proxies")
    @classmethod
    def _are_addresses(cls, proxies: tuple[str, ...]) -> tuple[str, ...]:
        try:
            return tuple(str(ip_network(one)) for one in proxies)
        except ValueError as error:
            message = "addresses or networks of proxies, such as 127.0.0.1"
            raise ValueError(message) from error

    _names_are_unique = field_validator("modem", "channel")(each_name_once)


TABLES: dict[str, type[BaseModel]] = {
    "auditor": AuditorTable,
    "modem": ModemTable,
    "channel": ChannelTable,
    "console": ConsoleTable,
    "metrics": MetricsTable,
    "gateway": GatewayTable,
    "tls": TlsListen,
    "hq": HqAddress,
    "public": Public,
    "protocols": Protocols,
    "": Config,
}
"""What may stand under a key, for whoever has misspelt it; "" is the whole."""


def load_config(path: Path) -> Config:
    """Read the configuration; relative paths in it count from its own folder.

    Raises:
        ConfigError: names key path, expectation and cure.

    """
    return parse_config(read_table(path), path.parent.resolve())


def read_table(path: Path) -> dict[str, object]:
    """Read the file as TOML, whatever stands in it.

    Raises:
        ConfigError: names the file.

    """
    try:
        return tomli.loads(read_text(path))
    except FileNotFoundError as error:
        cure = "check its path"
        raise ConfigError(path.name, "a configuration file", cure) from error
    except (OSError, UnicodeDecodeError) as error:
        expected = "a readable UTF-8 file"
        raise ConfigError(path.name, expected, cure_of(error)) from error
    except tomli.TOMLDecodeError as error:
        raise ConfigError(path.name, "TOML", f"mend it: {error}") from error
    except (RecursionError, ValueError) as error:
        raise ConfigError(path.name, "TOML", f"mend it: {too_much(error)}") from error


def parse_config(table: dict[str, object], folder: Path) -> Config:
    """Turn a TOML table into a configuration.

    Raises:
        ConfigError: see `load_config`.

    """
    config, gathered = _read(table, folder)
    gathered.faults = traced(gathered.faults, table, Config)
    gathered.tell()
    assert config is not None
    return config


def sound_part(
    table: dict[str, object], folder: Path
) -> tuple[Config | None, list[ConfigError]]:
    """Return what of a TOML table can be used, and all that is wrong with it.

    Whatever stands under a top key with a fault is left out; None where too little is
    left. With a fault it is no configuration to start with.
    """
    config, gathered = _read(table, folder)
    if config is None:
        wrong = {fault.key.replace("[", ".").split(".")[0] for fault in gathered.faults}
        left = {key: value for key, value in table.items() if key not in wrong}
        config, rest = _read({"state": NO_STATE, **left}, folder)
        # An address may be on a channel that was left out.
        gathered.faults += [
            one for one in rest.faults if config and not one.key.endswith(".channel")
        ]
    return config, traced(gathered.faults, table, Config)


def _read(table: dict[str, object], folder: Path) -> tuple[Config | None, Gathered]:
    gathered = Gathered()
    gathered.faults += nulls_in(table)
    if gathered.faults:
        return None, gathered
    try:
        config = Config.model_validate(table)
    except ValidationError as error:
        gathered.faults += faults_of(error, TABLES)
        return None, gathered
    for check in (_check_names, _check_channels, _check_language, _check_loopback):
        gathered.faults += check(config)
    return anchored(config, folder), gathered


def _check_names(config: Config) -> Iterator[ConfigError]:
    """Refuse a name that two would answer to: actors are told by their names."""
    modems = [(f"modem[{n}].name", one.name) for n, one in enumerate(config.modem)]
    channels = [
        (f"channel[{n}].name", one.name) for n, one in enumerate(config.channel)
    ]
    taken = set(RESERVED)
    for key, name in (*modems, *channels):
        if name in taken:
            expected = f"a name of its own, but {name!r} is taken"
            yield ConfigError(key, expected, "choose another")
        taken.add(name)


def _check_language(config: Config) -> Iterator[ConfigError]:
    from engine.protocol.language import LANGUAGES  # noqa: PLC0415 - only a config needs it

    if config.hq_language not in LANGUAGES:
        key, expected = "hq_language", f"one of: {', '.join(LANGUAGES)}"
        yield ConfigError(key, expected, "change the value")


def _check_channels(config: Config) -> Iterator[ConfigError]:
    """Refuse an address on a channel that is not there: nobody would be told."""
    used = {f"hq[{n}].channel": one.channel for n, one in enumerate(config.hq)}
    used |= {f"public[{n}].channel": one.channel for n, one in enumerate(config.public)}
    yield from _check_known(used, config.channel, config.modem)
    auditor = config.auditor
    own = {f"auditor.hq[{n}].channel": one.channel for n, one in enumerate(auditor.hq)}
    yield from _check_known(own, auditor.channel, auditor.modem)


def _check_known(
    used: dict[str, str],
    tables: tuple[ChannelTable, ...],
    modems: tuple[ModemTable, ...],
) -> Iterator[ConfigError]:
    channels = [table.name for table in tables]
    known = [*channels, "sms"] if modems else channels
    for key, name in used.items():
        if name not in known:
            expected = f"one of: {', '.join(sorted(known)) or 'none is configured'}"
            yield ConfigError(key, expected, "name a [[channel]]")


def _check_loopback(config: Config) -> Iterator[ConfigError]:
    """Refuse a demo's listener that others could reach; the rest see to theirs."""
    if not config.demo:
        return
    gateways = [
        *((f"gateway.{name}", one) for name, one in config.gateway.items()),
        *(
            (f"gateway.{name}.tls", one.tls)
            for name, one in config.gateway.items()
            if one.tls is not None
        ),
    ]
    listeners = (
        ("console", config.console),
        ("metrics", config.metrics),
        ("auditor.metrics", config.auditor.metrics),
        *gateways,
    )
    for key, listen in listeners:
        if not _is_loopback(listen.host):
            path, cure = f"{key}.host", "the demo listens on this machine alone"
            yield ConfigError(path, "a loopback address", cure)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
