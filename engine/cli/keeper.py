"""What a service tells whoever has started it and keeps it running: systemd."""

import socket
from contextlib import suppress


class Keeper:
    """Tells it that the service is ready, and gets on; neither waits nor fails.

    One that is begun anew, or hangs, takes no word for a while: that must end no
    service. Without one nothing is told.
    """

    def __init__(self) -> None:
        """Find out whether there is one, by the environment."""
        from systemd_watchdog import WatchDog  # type: ignore[attr-defined] # noqa: PLC0415 - only a service needs it; it lists no exports

        way = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        way.settimeout(0)
        self._watchdog = WatchDog(way)
        self._owes_ready = False

    def ready(self) -> None:
        """Say that the service is ready, now or with a later word."""
        self._owes_ready = True
        with suppress(OSError):
            self._watchdog.ready()
            self._owes_ready = False

    def alive(self) -> None:
        """Say that the service gets on."""
        if self._owes_ready:
            self.ready()
        with suppress(OSError):
            self._watchdog.notify()
