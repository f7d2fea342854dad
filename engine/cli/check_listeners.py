"""What `check-config` says of listening sockets; binds none of them."""

from itertools import combinations

from engine.config import Config, Listen
from engine.errors import ConfigError
from engine.intake.gateway.tls import context
from engine.loading import wire_of
from engine.ports.device import Transport

_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - to know it, not to bind to it


def check_listeners(config: Config) -> None:
    """Refuse two listeners of ours at one port; loads each wire protocol.

    Raises:
        ConfigError: names the second; or a wire protocol is not installed.

    """
    udp: dict[str, Listen] = {}
    tcp = {"console": config.console, "metrics": config.metrics}
    for name, table in config.gateway.items():
        is_udp = wire_of(name).transport is Transport.UDP
        (udp if is_udp else tcp)[f"gateway.{name}"] = table
        if table.tls is not None:
            tcp[f"gateway.{name}.tls"] = table.tls
    for listeners in (udp, tcp):
        for (first, one), (second, other) in combinations(listeners.items(), 2):
            if _meet(one, other):
                key = f"{second}.port"
                expected = f"a port of its own, but {first} has {one.port} as well"
                raise ConfigError(key, expected, "choose another")


def of_tls(config: Config) -> list[str]:
    """Return which certificates are amiss: the service may see more than we do."""
    amiss = []
    for name, table in config.gateway.items():
        if table.tls is not None:
            try:
                context(f"gateway.{name}.tls", table.tls)
            except ConfigError as error:
                amiss.append(str(error))
    return amiss


def _meet(one: Listen, other: Listen) -> bool:
    hosts = {one.host, other.host}
    is_same_place = len(hosts) == 1 or hosts & _EVERYWHERE
    return bool(is_same_place) and one.port == other.port != 0
