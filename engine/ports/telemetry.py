"""How adapters report what they measure, without knowing Prometheus."""

from typing import Protocol


class Telemetry(Protocol):
    """Named measurements; names are those of `engine.ports.measures`.

    Labels are closed enumerations: never an id, a number, a name or a place.
    Safe from any thread; never raises.
    """

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        """Add to a counter."""

    def gauge(self, name: str, value: float, **labels: str) -> None:
        """Set a gauge."""

    def observe(self, name: str, value: float, **labels: str) -> None:
        """Put one observation into a histogram; seconds where it is a time."""
