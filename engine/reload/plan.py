"""What changes from one configuration to the next: pure.

A value that lives in a socket, a lock or a process of its own needs a restart. The plan
keeps the old one of those and names it; everything else is put in force.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar

from engine.config import ChannelTable, Config, GatewayTable, ModemTable, TlsListen
from engine.errors import ConfigError, Fault
from engine.protocol.registry import Registry
from engine.roster.model import Roster

PER_PROCESS: Final = ("state", "log", "demo", "proxies")
"""Top keys that are set up once for the process."""
ROSTER: Final = "roster: natalia roster import FILE puts it in force"
AUDITOR: Final = "auditor: systemctl restart natalia-auditor"
PROTOCOL_GONE: Final = "each action protocol that the roster names"

Table = TypeVar("Table", ModemTable, ChannelTable)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """A configuration with all that it names, as it was read; immutable.

    `digests` are of the files that channels and TLS listeners read, by path.
    """

    config: Config
    registry: Registry
    roster: Roster
    digests: Mapping[Path, bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """What is put in force, and who goes on undisturbed.

    `settings` are the new ones, with the old values of what needs a restart. `modems`
    and `channels` are the names whose actors stay; each other is started or leaves.
    """

    settings: Settings
    changed: tuple[str, ...]
    restart: tuple[str, ...]
    modems: frozenset[str]
    channels: frozenset[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """Why nothing changes; at least one reason, each with its cure."""

    reasons: tuple[Fault, ...]


def plan(old: Settings, new: Settings, people: Roster) -> Changes | Refused:
    """Return what changes.

    Args:
        old: what is in force.
        new: what the files say now.
        people: the roster in force, which a reload leaves as it is.

    """
    lost = _lost(old.registry, new.registry, people)
    if lost:
        cure = (
            f"{lost} people have one that is not there any more: put its file back, or"
            " import a roster without it first"
        )
        return Refused(reasons=(ConfigError("protocols.folder", PROTOCOL_GONE, cure),))
    before, asked = old.config, new.config
    config = asked.model_copy(
        update={
            **{key: getattr(before, key) for key in PER_PROCESS},
            "metrics": before.metrics,
            "console": asked.console.model_copy(
                update={"host": before.console.host, "port": before.console.port}
            ),
            "gateway": {
                name: _listening(table, asked.gateway.get(name))
                for name, table in before.gateway.items()
            },
        }
    )

    def is_read_alike(table: ChannelTable) -> bool:
        return all(
            old.digests.get(file) == new.digests.get(file) for file in files_of(table)
        )

    modems, changed_modems = _compared("modem", before.modem, asked.modem)
    channels, changed_channels = _compared(
        "channel", before.channel, asked.channel, is_read_alike
    )
    settings = Settings(
        config=config,
        registry=new.registry,
        roster=new.roster,
        # A listener whose table is gone stays, with the files that it was made of.
        digests={**old.digests, **new.digests},
    )
    return Changes(
        settings=settings,
        changed=(
            *_values(before, config),
            *_protocols(old.registry, new.registry),
            *changed_modems,
            *changed_channels,
            *_certificates(old, settings),
        ),
        restart=(*_sockets(before, asked), *_elsewhere(before, new, people)),
        modems=modems,
        channels=channels,
    )


def files_of(table: ChannelTable) -> list[Path]:
    """Return the files that a channel reads when it is made: secrets, certificates."""
    return [
        Path(value)
        for option, value in table.options.items()
        if option.endswith("_file") and isinstance(value, str)
    ]


def _lost(old: Registry, new: Registry, people: Roster) -> int:
    """Count whose action protocol this change takes away; one missing before is not."""
    gone = old.protocols.keys() - new.protocols.keys()
    return sum(person.action_protocol in gone for person in people.people)


def _listening(old: GatewayTable, new: GatewayTable | None) -> GatewayTable:
    """Return the listener as it is bound, with the certificates of the new table."""
    if old.tls is None or new is None or new.tls is None:
        return old
    files = {"cert_file": new.tls.cert_file, "key_file": new.tls.key_file}
    return old.model_copy(update={"tls": old.tls.model_copy(update=files)})


def _compared(
    key: str,
    old: tuple[Table, ...],
    new: tuple[Table, ...],
    is_alike: Callable[[Table], bool] = lambda _: True,
) -> tuple[frozenset[str], list[str]]:
    """Return the names that stay as they are, and a line for each other one."""
    was, now = ({table.name: table for table in tables} for tables in (old, new))
    kept = frozenset(
        name
        for name, table in now.items()
        if was.get(name) == table and is_alike(table)
    )
    said = dict.fromkeys(was.keys() - now.keys(), "removed")
    said |= dict.fromkeys(now.keys() - was.keys(), "added")
    said |= dict.fromkeys((was.keys() & now.keys()) - kept, "changed")
    return kept, [f"{key}.{name} {what}" for name, what in sorted(said.items())]


def _values(old: Config, new: Config) -> Iterator[str]:
    if old.hq != new.hq:
        yield "hq"
    if old.public != new.public:
        yield "public"
    if old.hq_language != new.hq_language:
        yield "hq_language"
    if old.console.address != new.console.address:
        yield "console.address"


def _protocols(old: Registry, new: Registry) -> Iterator[str]:
    """Count them: a file's name may be a person's."""
    if old.default != new.default:
        yield "protocols.default"
    was, now = old.protocols, new.protocols
    counts = {
        "added": len(now.keys() - was.keys()),
        "removed": len(was.keys() - now.keys()),
        "changed": sum(was[name] != now[name] for name in was.keys() & now.keys()),
    }
    said = [f"{count} {what}" for what, count in counts.items() if count]
    if said:
        yield f"protocols: {', '.join(said)}"


def _certificates(old: Settings, new: Settings) -> Iterator[str]:
    for name, table in new.config.gateway.items():
        before = old.config.gateway[name].tls
        if table.tls is None or before is None:
            continue
        was, now = (
            [digests.get(file) for file in (tls.cert_file, tls.key_file)]
            for tls, digests in ((before, old.digests), (table.tls, new.digests))
        )
        if was != now:
            yield f"gateway.{name}.tls certificate"


def _sockets(old: Config, new: Config) -> Iterator[str]:
    """Name what is bound, locked or set up once for the whole process."""
    for key in PER_PROCESS:
        if getattr(old, key) != getattr(new, key):
            yield key
    for place, was, now in (
        ("console", old.console, new.console),
        ("metrics", old.metrics, new.metrics),
    ):
        for key in ("host", "port"):
            if getattr(was, key) != getattr(now, key):
                yield f"{place}.{key}"
    for name in sorted(old.gateway.keys() | new.gateway.keys()):
        before, after = old.gateway.get(name), new.gateway.get(name)
        if _place(before) != _place(after):
            yield f"gateway.{name}"
        if _place(before and before.tls) != _place(after and after.tls):
            yield f"gateway.{name}.tls"


def _place(listen: GatewayTable | TlsListen | None) -> tuple[str, int] | None:
    return None if listen is None else (listen.host, listen.port)


def _elsewhere(old: Config, new: Settings, people: Roster) -> Iterator[str]:
    """Name what another command, or another process, puts in force."""
    if new.roster.version != people.version:
        yield ROSTER
    if old.auditor != new.config.auditor:
        yield AUDITOR
