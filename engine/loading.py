"""The adapters that a configuration names, constructed; listening ports are bound."""

import socket
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import cast

from engine import plugins
from engine.app import Adapters
from engine.config import Config, Listen
from engine.dispatch.channel.actor import lane_name
from engine.errors import ConfigError
from engine.intake.gateway.sockets import bind, bind_datagrams
from engine.modems.loopback import self_tests
from engine.ports.channel import Channel
from engine.ports.clock import Clock
from engine.ports.device import HttpWireProtocol, Transport, WireProtocol
from engine.ports.modem import ModemDriver
from engine.ports.telemetry import Telemetry


def load_adapters(
    config: Config, clock: Clock, telemetry: Telemetry, opened: ExitStack
) -> Adapters:
    """Construct what the configuration names; listeners are closed with `opened`.

    Raises:
        ConfigError: an adapter is not installed or refuses its options.

    """
    streams: dict[str, tuple[WireProtocol, socket.socket]] = {}
    https: dict[str, tuple[HttpWireProtocol, socket.socket]] = {}
    for name, listen in config.gateway.items():
        wire, listening = _wire(name, listen)
        opened.enter_context(listening)
        if wire.transport is Transport.HTTP:
            https[name] = (cast("HttpWireProtocol", wire), listening)
        else:
            streams[name] = (cast("WireProtocol", wire), listening)
    return Adapters(
        channels=load_channels(config, clock, telemetry),
        modems=load_modems(config, clock, telemetry),
        self_tests=self_tests(config.modem),
        streams=streams,
        https=https,
    )


def _wire(
    name: str, listen: Listen
) -> tuple[WireProtocol | HttpWireProtocol, socket.socket]:
    key = f"gateway.{name}"
    made = plugins.load(plugins.DEVICE, name, key)
    wire = cast("Callable[[], WireProtocol | HttpWireProtocol]", made)()
    if wire.transport is Transport.UDP:
        return wire, bind_datagrams(key, listen)
    return wire, bind(key, listen)


def load_channels(
    config: Config, clock: Clock, telemetry: Telemetry
) -> Mapping[str, Channel]:
    """Construct the configured channels, one for each lane, by the lane's name.

    The demo's may speak to loopback alone.

    Raises:
        ConfigError: see `load_adapters`.

    """
    channels: dict[str, Channel] = {}
    for number, table in enumerate(config.channel):
        key = f"channel[{number}].kind"
        kind = cast(
            "Callable[..., Channel]", plugins.load(plugins.CHANNEL, table.kind, key)
        )
        options = dict(table.options)
        if config.demo:
            options["only_loopback"] = True
        for lane in range(1, table.lanes + 1):
            channels[lane_name(table.name, lane)] = kind(
                table.name, options, clock=clock, telemetry=telemetry
            )
    return channels


def load_modems(
    config: Config, clock: Clock, telemetry: Telemetry
) -> Mapping[str, ModemDriver]:
    """Construct the configured modems; nothing is opened.

    Raises:
        ConfigError: see `load_adapters`; in the demo also a port that is no pty.

    """
    modems: dict[str, ModemDriver] = {}
    for number, table in enumerate(config.modem):
        key = f"modem[{number}]"
        if config.demo and not _is_pty(table.port):
            cure, path = "the demo speaks to virtual modems alone", f"{key}.port"
            raise ConfigError(path, "a pty", cure)
        kind = cast(
            "Callable[..., ModemDriver]",
            plugins.load(plugins.MODEM, table.driver, f"{key}.driver"),
        )
        options = dict(table.options)
        if "pin" in options:
            # Three starts in a row would lock a SIM if each tried a wrong PIN anew.
            options.setdefault("pin_file", str(config.state / f"pin-{table.name}"))
        modems[table.name] = kind(
            table.port, clock=clock, telemetry=telemetry, options=options
        )
    return modems


def _is_pty(port: str) -> bool:
    return Path(port).resolve().is_relative_to("/dev/pts")
