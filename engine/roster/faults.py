"""All that is wrong with a roster, told at once.

A reason never quotes what stands in the file, since that may be a name, a number
or a place: it says what was expected, and suggests words of closed lists only.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from engine.errors import DataError


class RosterError(DataError):
    """One or more faults in the files of a roster; the first one gives the fields."""

    def __init__(self, faults: Sequence[DataError]) -> None:
        """Take the faults in the order of the files; at least one."""
        first = faults[0]
        super().__init__(first.file, first.line, first.field, first.reason)
        self.faults = tuple(faults)

    @property
    def each(self) -> tuple[DataError, ...]:
        """Return every fault by itself."""
        return self.faults

    def __str__(self) -> str:
        """Return one line for each fault."""
        return "\n".join(str(fault) for fault in self.faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Origin:
    """Where an entry stands: the file's base name, its line, those of its fields."""

    file: str
    line: int
    lines: Mapping[str, int] = field(default_factory=dict)

    def fault(self, kind: str, name: str, reason: str) -> DataError:
        """Return a fault of the field `name` of this entry (`person`, `device`)."""
        line = self.lines.get(name, self.line)
        return DataError(self.file, line, f"{kind}.{name}", reason)

    def seen_from(self, other: "Origin", name: str) -> str:
        """Say where a field of this entry stands, as a reader of `other` needs it."""
        line = self.lines.get(name, self.line)
        place = f"line {line}"
        return place if self.file == other.file else f"{place} of {self.file}"
