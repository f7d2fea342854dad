"""What a service tells whoever has started it and keeps it running: systemd."""

import socket
from collections.abc import Callable
from contextlib import suppress

WORD_S = 1.0
STEP_S = 120
"""So long a step of a start may last. None waits for more than five syncs of the disk
(where a killed engine's log is copied, and the epoch made durable), so each may take
24 s. A start that hangs gets on no more, and is killed after that."""


class Keeper:
    """Tells it that the service gets on, and is ready; neither waits nor fails.

    One that is begun anew, or hangs, takes no word for a while: that must end no
    service. Without one nothing is told.
    """

    def __init__(self, boottime_s: Callable[[], float]) -> None:
        """Find out whether there is one, by the environment."""
        from systemd_watchdog import WatchDog  # type: ignore[attr-defined] # noqa: PLC0415 - only a service needs it; it lists no exports

        way = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        way.settimeout(0)
        self._watchdog = WatchDog(way)
        self._owes_ready, self._status = False, "ready"
        self._boottime_s, self._said_s = boottime_s, -WORD_S

    def starts(self) -> None:
        """Say that the start gets on, and may take a while yet; from any thread.

        To be called where a step is done, not by a timer: it puts off the end of a
        start that takes longer than the unit allows.
        """
        now_s = self._boottime_s()
        if now_s - self._said_s < WORD_S:
            return
        with suppress(OSError):
            # One word of two lines: the library has no name for the second.
            self._watchdog.status(f"starting\nEXTEND_TIMEOUT_USEC={STEP_S * 1_000_000}")
            self._said_s = now_s

    def ready(self, status: str = "ready") -> None:
        """Say that the service is ready, now or with a later word."""
        self._owes_ready, self._status = True, status
        with suppress(OSError):
            self._watchdog.ready()
            self._watchdog.status(status)
            self._owes_ready = False

    def reloading(self, now_us: int) -> None:
        """Say that a reload begins; `ready` says that it has ended.

        By `now_us`, of CLOCK_MONOTONIC, systemd tells this word from one before its
        request (sd_notify(3)).
        """
        with suppress(OSError):
            # One word of two lines: the library has no name for either.
            self._watchdog.status(f"reloading\nRELOADING=1\nMONOTONIC_USEC={now_us}")

    def alive(self) -> None:
        """Say that the service gets on."""
        if self._owes_ready:
            self.ready(self._status)
        with suppress(OSError):
            self._watchdog.notify()
