"""All action protocols that are in force, by name; read once, checked whole."""

from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path

from engine.errors import DataError, cure_of
from engine.protocol.model import ActionProtocol
from engine.protocol.parse import load_protocol, parse_protocol
from engine.protocol.wording_faults import check_wordings

UNKNOWN_DEVICE = "unknown"
HQ_ALONE = "hq_alone"
STANDARD = "standard"


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """Action protocols by the name of their file; immutable, any thread.

    `unknown` runs for devices that nobody has enrolled, `hq_alone` for signals
    that no action protocol lists as a trigger. A folder may replace either.
    """

    default: str
    protocols: dict[str, ActionProtocol] = field(default_factory=dict)

    def of(self, name: str | None) -> ActionProtocol:
        """Return a person's action protocol; the default one where none is named."""
        return self.protocols.get(name or self.default, self.protocols[self.default])


def load_registry(folder: Path | None, default: str) -> Registry:
    """Read the samples that ship with the engine, then a folder over them.

    The words that they all speak are held to what a text relies on.

    Raises:
        DataError: files are wrong, all of them; or the default is not there.

    """
    check_wordings()
    protocols = _samples()
    faults: list[DataError] = []
    if folder is not None:
        if not folder.is_dir():
            reason = "is no folder; set protocols.folder to one with TOML files"
            raise DataError(folder.name, None, "protocols.folder", reason)
        for path in _files_in(folder):
            try:
                protocols[path.stem] = load_protocol(path)
            except DataError as error:
                faults.append(error)
    if faults:
        raise DataError.of(faults)
    if default not in protocols:
        known = ", ".join(sorted(protocols))
        reason = f"no action protocol {default!r}; one of: {known}"
        place = "configuration"
        raise DataError(place, None, "protocols.default", reason)
    return Registry(default=default, protocols=protocols)


def _files_in(folder: Path) -> list[Path]:
    """Return the files of a folder; `Path.glob` finds none in one it may not read.

    Raises:
        DataError: it cannot be read.

    """
    try:
        return sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError as error:
        reason = f"cannot be read: {cure_of(error)}"
        raise DataError(folder.name, None, "protocols.folder", reason) from error


def _samples() -> dict[str, ActionProtocol]:
    folder = resources.files("engine.protocol") / "samples"
    return {
        source.name.removesuffix(".toml"): parse_protocol(
            source.read_text(encoding="utf-8"), source.name
        )
        for source in folder.iterdir()
        if source.name.endswith(".toml")
    }
