"""What a configuration names: adapters constructed, ports bound, the roster read."""

import os
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from ssl import SSLContext
from types import MappingProxyType
from typing import Any, cast

from engine import plugins
from engine.app import Adapters
from engine.config import ChannelTable, Config, HqAddress, Listen, Public
from engine.console.desk import KEPT_ROSTER
from engine.dispatch.channel.actor import lane_name
from engine.errors import ConfigError, Gathered
from engine.intake.gateway.certificates import Validity, validity
from engine.intake.gateway.sockets import bind, bind_datagrams
from engine.intake.gateway.tls import context
from engine.modems.loopback import self_tests
from engine.ports.channel import (
    AnyChannel,
    Channel,
    Message,
    PersonalMessage,
    PublicMessage,
)
from engine.ports.clock import Clock
from engine.ports.device import HttpWireProtocol, Transport, WireProtocol
from engine.ports.modem import ModemDriver
from engine.ports.telemetry import Telemetry
from engine.protocol.model import Audience
from engine.protocol.registry import Registry
from engine.roster.model import Roster
from engine.roster.parse import load_roster
from engine.roster.rules import Known

NOTHING: Mapping[str, Any] = MappingProxyType({})
_WORDS: Mapping[type[Message], str] = {
    PersonalMessage: "personal",
    PublicMessage: "public",
}
"""What is said of each kind of message that a channel may carry."""


def listening(
    config: Config,
    adapters: Adapters | None,
    clock: Clock,
    telemetry: Telemetry,
    opened: ExitStack,
) -> tuple[Mapping[str, socket.socket], Adapters]:
    """Bind every port there is; all that are taken are told at once."""
    gathered = Gathered()
    pages: dict[str, socket.socket] = {}
    for key, listen in (("console", config.console), ("metrics", config.metrics)):
        with gathered.block():
            pages[key] = opened.enter_context(bind(key, listen))
    if adapters is None:
        adapters = load_adapters(config, clock, telemetry, opened, gathered)
    gathered.tell()
    return pages, adapters


def load_adapters(
    config: Config,
    clock: Clock,
    telemetry: Telemetry,
    opened: ExitStack,
    gathered: Gathered,
) -> Adapters:
    """Construct what the configuration names; listeners are closed with `opened`.

    Raises:
        ConfigError: an adapter is not installed or refuses its options, or ports
            cannot be listened at: all of them, with those that `gathered` has.

    """
    streams: dict[str, tuple[WireProtocol, socket.socket]] = {}
    https: dict[str, tuple[HttpWireProtocol, socket.socket]] = {}
    for name, table in config.gateway.items():
        wire = wire_of(name)
        doors: list[tuple[str, Listen]] = [(name, table)]
        if table.tls is not None:
            doors.append((tls_name(name), table.tls))
        for door, listen in doors:
            with gathered.block():
                listening = opened.enter_context(_bound(wire, door, listen))
                if wire.transport is Transport.HTTP:
                    https[door] = (cast("HttpWireProtocol", wire), listening)
                else:
                    streams[door] = (cast("WireProtocol", wire), listening)
    gathered.tell()
    return Adapters(
        channels=load_channels(config, clock, telemetry),
        modems=load_modems(config, clock, telemetry),
        self_tests=self_tests(config.modem),
        streams=streams,
        https=https,
        tls=load_contexts(config),
        certificates=load_certificates(config),
    )


def load_contexts(config: Config) -> dict[str, SSLContext]:
    """Return the server's side of each TLS listener, by the listener's name.

    Raises:
        ConfigError: a certificate or a key cannot be used.

    """
    return {
        tls_name(name): context(f"gateway.{name}.tls", table.tls)
        for name, table in config.gateway.items()
        if table.tls is not None
    }


def load_certificates(config: Config) -> dict[str, Validity]:
    """Return until when each is good that can be understood; all have been loaded."""
    read = {
        name: validity(table.tls.cert_file)
        for name, table in config.gateway.items()
        if table.tls is not None
    }
    return {name: found for name, found in read.items() if found is not None}


def tls_name(name: str) -> str:
    """Return what the TLS listener of a wire protocol is called: its key path."""
    return f"{name}.tls"


def wire_of(name: str) -> WireProtocol | HttpWireProtocol:
    """Construct the wire protocol of a name.

    Raises:
        ConfigError: it is not installed, or is none.

    """
    key = f"gateway.{name}"
    wire = plugins.made(plugins.load(plugins.DEVICE, name, key), key)
    transport = getattr(wire, "transport", None)
    is_http = transport is Transport.HTTP
    plugins.held(wire, HttpWireProtocol if is_http else WireProtocol, key)
    if not isinstance(transport, Transport):
        cure = "mend it: take a member of engine.ports.device.Transport"
        raise ConfigError(key, "an adapter with a transport", cure)
    return cast("WireProtocol | HttpWireProtocol", wire)


def hearing(config: Config) -> Callable[[str], bool]:
    """Return what says whether a listener is there for who speaks a wire protocol.

    One of TCP and UDP is enough, since many devices speak both.
    """
    heard = frozenset(_spoken(name) for name in config.gateway)
    return lambda name: _spoken(name) in heard


def _spoken(name: str) -> str:
    try:
        return wire_of(name).name
    except ConfigError:
        return name  # what is wrong with it is said where it is listened for


def tls_over_udp(key: str) -> ConfigError:
    """Return why a table `tls` of a wire protocol over UDP is refused."""
    cure = "take it out: over UDP there is none"
    return ConfigError(key, "a wire protocol over TCP or HTTP", cure)


def check_gateways(config: Config) -> Iterator[ConfigError]:
    """Refuse what would end a start, of each wire protocol; binds nothing."""
    for name, table in config.gateway.items():
        try:
            is_udp = wire_of(name).transport is Transport.UDP
        except ConfigError as error:
            yield error
        else:
            if is_udp and table.tls is not None:
                yield tls_over_udp(f"gateway.{name}.tls")


def _bound(
    wire: WireProtocol | HttpWireProtocol, name: str, listen: Listen
) -> socket.socket:
    key = f"gateway.{name}"
    if wire.transport is not Transport.UDP:
        return bind(key, listen)
    if name.endswith(".tls"):
        raise tls_over_udp(key)
    return bind_datagrams(key, listen)


def current_roster(config: Config, *, known: Known | None = None) -> Roster:
    """Return the roster in force: the one last imported, else the configured one.

    Where something is `known` beside it, it must fit that.

    Raises:
        DataError: names file, line and field.
        ConfigError: the state folder cannot be looked into, or the file be read.

    """
    is_kept = has_kept_roster(config)
    path = config.state / KEPT_ROSTER if is_kept else config.roster
    if path is None:
        return Roster()
    try:
        os.close(os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC))
    except OSError as error:
        # Which of two files of that name it is has to be said.
        expected = f"{'an imported' if is_kept else 'a'} roster that can be read"
        cure = f"{path}: {error.strerror}; mend the path or its rights"
        key = "state" if is_kept else "roster"
        raise ConfigError(key, expected, cure) from error
    return load_roster([path], known=known)


def has_kept_roster(config: Config) -> bool:
    """Say whether a roster was imported: the configured one counts no more.

    Raises:
        ConfigError: the state folder cannot be looked into.

    """
    try:
        return (config.state / KEPT_ROSTER).exists()
    except OSError as error:
        expected = "a folder that this user may look into"
        cure = f"{config.state}: {error.strerror}; mend its permissions"
        key = "state"
        raise ConfigError(key, expected, cure) from error


def load_channels(
    config: Config,
    clock: Clock,
    telemetry: Telemetry,
    *,
    kept: Mapping[str, AnyChannel] = NOTHING,
) -> Mapping[str, AnyChannel]:
    """Construct the configured channels, one for each lane, by the lane's name.

    The demo's may speak to loopback alone. Lanes that are `kept` are taken as they are.

    Raises:
        ConfigError: see `load_adapters`.

    """
    channels: dict[str, AnyChannel] = {}
    for number, table in enumerate(config.channel):
        key = f"channel[{number}].kind"
        kind = plugins.load(plugins.CHANNEL, table.kind, key)
        carries = _carried_by(kind)
        if carries is None:
            raise _undeclared(key)
        options = dict(table.options)
        if config.demo:
            options["only_loopback"] = True
        for lane in range(1, table.lanes + 1):
            name = lane_name(table.name, lane)
            if name in kept:
                channels[name] = kept[name]
                continue
            channel = plugins.made(
                kind, key, table.name, options, clock=clock, telemetry=telemetry
            )
            plugins.held(channel, Channel, key)
            if _carried_by(channel) is not carries:
                raise _undeclared(key)
            channels[name] = cast("AnyChannel", channel)
    return channels


def misrouted(config: Config, registry: Registry) -> Iterator[ConfigError]:
    """Refuse each way by which a channel would get a message that it does not carry.

    Nobody may read by a public channel who needs help, and where; a post by a personal
    one is read by nobody. The dispatcher refuses the same, message by message.
    """
    carried = _carried(config.channel)
    if config.modem:
        carried |= dict.fromkeys(("sms", "call"), PersonalMessage)
    yield from _addressed(config.hq, "hq", carried, PersonalMessage)
    yield from _addressed(config.public, "public", carried, PublicMessage)
    yield from misrouted_auditor(config)
    for name, protocol in sorted(registry.protocols.items()):
        for step in protocol.steps:
            is_public = step.to is Audience.PUBLIC
            kind = PublicMessage if is_public else PersonalMessage
            for channel in step.channels:
                key = f"action protocol {name!r}, step {step.id!r}"
                yield from _wrong(key, channel, carried, kind)


def misrouted_auditor(config: Config) -> Iterator[ConfigError]:
    """Refuse a public channel where the auditor tells HQ."""
    auditor = config.auditor
    carried = _carried(auditor.channel)
    yield from _addressed(auditor.hq, "auditor.hq", carried, PersonalMessage)


def public_ones(channels: Mapping[str, AnyChannel]) -> frozenset[str]:
    """Return the names of those that tell the world, and so nobody of ours."""
    ones = channels.values()
    return frozenset(str(one.name) for one in ones if one.carries is PublicMessage)


def _carried(tables: Sequence[ChannelTable]) -> dict[str, type[Message]]:
    """Return what channels carry; a kind that does not say so is refused elsewhere."""
    found: dict[str, type[Message]] = {}
    for table in tables:
        try:
            kind = plugins.load(plugins.CHANNEL, table.kind, "channel")
        except ConfigError:
            continue
        carries = _carried_by(kind)
        if carries is not None:
            found[table.name] = carries
    return found


def _carried_by(channel: object) -> type[Message] | None:
    declared = getattr(channel, "carries", None)
    return next((kind for kind in _WORDS if kind is declared), None)


def _undeclared(key: str) -> ConfigError:
    expected = "a channel that declares which messages it carries"
    cure = "mend it: carries = PersonalMessage or PublicMessage, of its class"
    return ConfigError(key, expected, f"{cure} (engine.ports.channel)")


def _addressed(
    entries: Sequence[HqAddress | Public],
    table: str,
    carried: Mapping[str, type[Message]],
    kind: type[Message],
) -> Iterator[ConfigError]:
    for number, one in enumerate(entries):
        yield from _wrong(f"{table}[{number}].channel", one.channel, carried, kind)


def _wrong(
    key: str, channel: str, carried: Mapping[str, type[Message]], kind: type[Message]
) -> Iterator[ConfigError]:
    carries = carried.get(channel, kind)
    if carries is not kind:
        is_not = f"but {channel!r} carries {_WORDS[carries]} ones"
        expected = f"a channel that carries {_WORDS[kind]} messages, {is_not}"
        yield ConfigError(key, expected, "name another channel")


def load_modems(
    config: Config,
    clock: Clock,
    telemetry: Telemetry,
    *,
    owner: str = "",
    kept: Mapping[str, ModemDriver] = NOTHING,
) -> Mapping[str, ModemDriver]:
    """Construct the configured modems; nothing is opened.

    `owner` stands before a modem's name in the names of files: what an engine's modem
    owes, and which one it is, must not be overwritten by another process' modem of the
    same name. A PIN that was refused to one is tried by neither. Modems that are `kept`
    are taken as they are.

    Raises:
        ConfigError: see `load_adapters`; in the demo also a port that is no pty.

    """
    modems: dict[str, ModemDriver] = {}
    for number, table in enumerate(config.modem):
        key = f"modem[{number}]"
        if table.name in kept:
            modems[table.name] = kept[table.name]
            continue
        if config.demo and not _is_pty(table.port):
            cure, path = "the demo speaks to virtual modems alone", f"{key}.port"
            raise ConfigError(path, "a pty", cure)
        driver = f"{key}.driver"
        kind = plugins.load(plugins.MODEM, table.driver, driver)
        options, name = dict(table.options), f"{owner}{table.name}"
        if table.driver == "serial":
            # An answer that is owed over a restart is not the next message's.
            options.setdefault("owed_file", str(config.state / f"owed-{name}"))
        if "pin" in options:
            # Three starts in a row would lock a SIM if each tried a wrong PIN anew.
            options.setdefault("pin_file", str(config.state / f"pin-{table.name}"))
        if "by_id_folder" in options:
            # The port may have another name after a restart as well.
            options.setdefault("imei_file", str(config.state / f"imei-{name}"))
        try:
            modem = plugins.made(
                kind,
                driver,
                table.port,
                clock=clock,
                telemetry=telemetry,
                options=options,
            )
        except ConfigError as error:
            if error.key == driver:
                raise
            # An adapter knows its options, and not which of the modems has them.
            raise error.under(partial(_option_of, key)) from error
        plugins.held(modem, ModemDriver, driver)
        modems[table.name] = cast("ModemDriver", modem)
    return modems


def _option_of(modem: str, key: str) -> str:
    return f"{modem}.options.{key.rpartition('.')[2]}"


def _is_pty(port: str) -> bool:
    return Path(port).resolve().is_relative_to("/dev/pts")
