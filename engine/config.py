"""One TOML file; every error names the key path, what was expected and the cure.

Secrets are files, named by keys that end in `_file`. Listening sockets bind to
loopback unless the file says otherwise.
"""

import tomllib
from ipaddress import ip_address
from pathlib import Path
from typing import Annotated

from pydantic import (
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
)
from pydantic_core import ErrorDetails
from pydantic_settings import BaseSettings, SettingsConfigDict

from engine.errors import ConfigError, cure_of, meant_by
from engine.values import a_number

LOOPBACK = "127.0.0.1"
NAME = r"^[a-z][a-z0-9_-]{0,31}$"
NUMBER = r"^(\+[1-9]\d{6,14})?$"
LOG = "^(json|text)$"
ADDRESS = r"^(https?://([A-Za-z0-9.-]+|\[[0-9a-fA-F:]+\])(:\d{1,5})?/?)?$"
PATTERNS = {
    NAME: "1 to 32 of a-z, 0-9, _ and -, a letter first",
    NUMBER: "the SIM's own number: +, country code and number, no blanks",
    LOG: "json or text",
    ADDRESS: "where HQ open the console: https://, host and port, no path",
}
"""What a pattern means, to whoever did not fit it."""
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

    host: str = LOOPBACK
    port: Whole = Field(ge=0, le=65535)


class ConsoleTable(Listen):
    """HQ's console; `address` is where HQ's browsers open it, for HQ's own mail."""

    address: str = Field(default="", pattern=ADDRESS)

    @field_validator("address")
    @classmethod
    def _without_the_last_slash(cls, address: str) -> str:
        return address.rstrip("/")


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
    console: ConsoleTable = ConsoleTable(port=8620)
    metrics: Listen = Listen(port=9620)
    gateway: dict[str, GatewayTable] = Field(default_factory=dict)
    modem: tuple[ModemTable, ...] = ()
    channel: tuple[ChannelTable, ...] = ()
    hq: tuple[HqAddress, ...] = ()
    public: tuple[Public, ...] = ()
    hq_language: str = "en"
    auditor: AuditorTable = AuditorTable()
    log: str = Field("json", pattern=LOG)
    demo: bool = False

    @field_validator("modem", "channel")
    @classmethod
    def _names_are_unique(
        cls, tables: tuple[ModemTable | ChannelTable, ...]
    ) -> tuple[ModemTable | ChannelTable, ...]:
        names = [table.name for table in tables]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            message = f"each name once; {twice[0]!r} is there twice"
            raise ValueError(message)
        return tables


def load_config(path: Path) -> Config:
    """Read the configuration; relative paths in it count from its own folder.

    Raises:
        ConfigError: names key path, expectation and cure.

    """
    try:
        table = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except FileNotFoundError as error:
        cure = "check the path given with --config"
        raise ConfigError(path.name, "a configuration file", cure) from error
    except (OSError, UnicodeDecodeError) as error:
        expected = "a readable UTF-8 file"
        raise ConfigError(path.name, expected, cure_of(error)) from error
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(path.name, "TOML", f"mend it: {error}") from error
    return parse_config(table, path.parent.resolve())


def parse_config(table: dict[str, object], folder: Path) -> Config:
    """Turn a TOML table into a configuration.

    Raises:
        ConfigError: see `load_config`.

    """
    try:
        config = Config.model_validate(table)
    except ValidationError as error:
        raise _config_error(error) from error
    _check_names(config)
    _check_channels(config)
    _check_language(config.hq_language)
    if config.demo:
        _check_loopback(config)
    return _anchored(config, folder)


def _check_names(config: Config) -> None:
    """Refuse a name that two would answer to: actors are told by their names."""
    modems = [(f"modem[{n}].name", one.name) for n, one in enumerate(config.modem)]
    channels = [
        (f"channel[{n}].name", one.name) for n, one in enumerate(config.channel)
    ]
    taken = set(RESERVED)
    for key, name in (*modems, *channels):
        if name in taken:
            expected = f"a name of its own, but {name!r} is taken"
            raise ConfigError(key, expected, "choose another")
        taken.add(name)


def _check_language(language: str) -> None:
    from engine.protocol.language import LANGUAGES  # noqa: PLC0415 - only a config needs it

    if language not in LANGUAGES:
        key, expected = "hq_language", f"one of: {', '.join(LANGUAGES)}"
        raise ConfigError(key, expected, "change the value")


def _check_channels(config: Config) -> None:
    """Refuse an address on a channel that is not there: nobody would be told."""
    used = {f"hq[{n}].channel": one.channel for n, one in enumerate(config.hq)}
    used |= {f"public[{n}].channel": one.channel for n, one in enumerate(config.public)}
    _check_known(used, config.channel, config.modem)
    auditor = config.auditor
    own = {f"auditor.hq[{n}].channel": one.channel for n, one in enumerate(auditor.hq)}
    _check_known(own, auditor.channel, auditor.modem)


def _check_known(
    used: dict[str, str],
    tables: tuple[ChannelTable, ...],
    modems: tuple[ModemTable, ...],
) -> None:
    channels = [table.name for table in tables]
    known = [*channels, "sms"] if modems else channels
    for key, name in used.items():
        if name not in known:
            expected = f"one of: {', '.join(sorted(known)) or 'none is configured'}"
            raise ConfigError(key, expected, "name a [[channel]]")


def _check_loopback(config: Config) -> None:
    """Refuse a listener that others could reach; modems and channels see to theirs."""
    gateways = [
        *((f"gateway.{name}", one) for name, one in config.gateway.items()),
        *(
            (f"gateway.{name}.tls", one.tls)
            for name, one in config.gateway.items()
            if one.tls is not None
        ),
    ]
    listeners = (("console", config.console), ("metrics", config.metrics), *gateways)
    for key, listen in listeners:
        if not _is_loopback(listen.host):
            path, cure = f"{key}.host", "the demo listens on this machine alone"
            raise ConfigError(path, "a loopback address", cure)


def _is_loopback(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _anchored(config: Config, folder: Path) -> Config:
    protocols = config.protocols
    if protocols.folder is not None:
        anchored = folder / protocols.folder
        protocols = protocols.model_copy(update={"folder": anchored})
    roster = None if config.roster is None else folder / config.roster
    gateway = {
        name: one.model_copy(update={"tls": _beside(one.tls, folder)})
        for name, one in config.gateway.items()
    }
    return config.model_copy(
        update={
            "state": folder / config.state,
            "roster": roster,
            "protocols": protocols,
            "gateway": gateway,
        }
    )


def _beside(tls: TlsListen | None, folder: Path) -> TlsListen | None:
    if tls is None:
        return None
    files = {"cert_file": folder / tls.cert_file, "key_file": folder / tls.key_file}
    return tls.model_copy(update=files)


def _config_error(error: ValidationError) -> ConfigError:
    """Return all faults of a file in one, a misspelt key first."""
    faults = error.errors()
    misspelt = [fault for fault in faults if fault["type"] == "extra_forbidden"]
    tables = {fault["loc"][:-1] for fault in misspelt}
    # A misspelt key is also a missing one; the spelling is the better news.
    others = [
        fault
        for fault in faults
        if fault not in misspelt
        and not (fault["type"] == "missing" and fault["loc"][:-1] in tables)
    ]
    first, *rest = [_fault(one) for one in (*misspelt, *others)]
    return ConfigError(first.key, first.expected, first.cure, also=rest)


def _fault(first: ErrorDetails) -> ConfigError:
    location = first["loc"]
    key = "".join(
        f"[{part}]" if isinstance(part, int) else f".{part}" for part in location
    ).lstrip(".")
    match first["type"]:
        case "extra_forbidden":
            return ConfigError(key, "a known key", _suggestion(location))
        case "missing":
            return ConfigError(key, "a value", f"add {location[-1]} = ...")
        case "tuple_type":
            return ConfigError(key, "a list of tables", f"write [[{key}]] for each")
        case "dict_type" | "model_type":
            cure = "write it as { ... }" if "[" in key else f"write [{key}]"
            return ConfigError(key, "a table", cure)
        case "path_type":
            return ConfigError(key, "a path", "write it in quotes")
        case "string_pattern_mismatch":
            expected = PATTERNS[first["ctx"]["pattern"]]
            return ConfigError(key, expected, "change the value")
        case _:
            said = str(first["msg"]).removeprefix("Value error, ")
            said = said.removeprefix("Input should be ")
            return ConfigError(
                # Without a place in the file it is of the environment.
                key or "NATALIA_... (environment)",
                said[:1].lower() + said[1:],
                "change the value",
            )


def _suggestion(location: tuple[int | str, ...]) -> str:
    tables: dict[str, type[BaseModel]] = {
        "auditor": AuditorTable,
        "modem": ModemTable,
        "channel": ChannelTable,
        "console": ConsoleTable,
        "metrics": Listen,
        "gateway": GatewayTable,
        "tls": TlsListen,
        "hq": HqAddress,
        "public": Public,
        "protocols": Protocols,
    }
    outer = "tls" if "tls" in location[:-1] else str(location[0])
    model = Config if len(location) == 1 else tables.get(outer, Config)
    return meant_by(str(location[-1]), model.model_fields) or "take it out"
