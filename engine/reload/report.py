"""What a reload came to, for the person who asked and for those who look later."""

from dataclasses import dataclass

from engine.errors import Fault, facts_of
from engine.values import Instant


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The result of one reload: all of it is in force, or nothing changed.

    `changed` and `restart` are key paths of the configuration. `restart` names what
    the file says and only a restart puts in force. `notes` are worth knowing.
    """

    at: Instant
    changed: tuple[str, ...] = ()
    restart: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()

    @property
    def is_applied(self) -> bool:
        """Whether the file is in force now, but for what needs a restart."""
        return not self.faults

    def facts(self) -> dict[str, object]:
        """Return it as plain values, for JSON."""
        return {
            "applied": self.is_applied,
            "at": str(self.at),
            "changed": list(self.changed),
            "needs_restart": list(self.restart),
            "notes": list(self.notes),
            "faults": [facts_of(one) for one in self.faults],
        }
