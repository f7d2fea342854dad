"""When a modem's actor looks at what, and how soon it tries a dead one again."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from engine.errors import ModemSilentError
from engine.ports.modem import SendResult, SubmitOutcome

DRAIN_S = 45.0
HEALTH_S = 30.0
SIGN_S = 3.0
"""So often an idle modem is asked for a sign: with two tries silence shows in 10 s."""
WORK_S = 2.0
FIRST = timedelta(milliseconds=500)
SLOWEST = timedelta(seconds=30)
RUNGS = 5
RESET_RUNG, RADIO_RUNG = 3, 5
UNREGISTERED_S = 120.0
RESET_EVERY_S = 600.0
LATE_S = 25.0
"""How long a message's answer is waited for before another route begins."""
LISTEN_S = 120.0
"""How long after its message a modem may still answer."""
PROBE_S = 10.0
_PROBE_SOON_S = 1.0


@dataclass(slots=True)
class Pacing:
    """Counts failures in a row and remembers when storage and health were looked at.

    Times are seconds of CLOCK_BOOTTIME.
    """

    failures: int = 0
    _drained_s: float = 0.0
    _asked_s: float = 0.0
    _sign_s: float = 0.0
    _work_s: float = 0.0
    _listens_until_s: float | None = None
    _probed_s: float = 0.0
    is_quiet: bool = False
    """Whether it is listened to although it takes commands: an answer is in doubt."""
    _rung_due_s: float | None = None
    _network_tries: int = 0

    def opened(self, now_s: float) -> None:
        """Note a success: storage and health have just been looked at."""
        self.failures = 0
        self._drained_s = self._asked_s = self._sign_s = now_s

    def failed(self, *, was_open: bool) -> int | None:
        """Note a failure; return the rung of the recovery ladder to climb, if any.

        A modem that was open gets the first rung at once; one that stays dead the
        next rung at every second try, up to the last, again and again.
        """
        self.failures += 1
        if was_open:
            return 0
        return (self.failures // 2) % RUNGS if self.failures % 2 == 0 else None

    @property
    def is_listening(self) -> bool:
        """Whether the modem has not taken a command since a message's answer is due."""
        return self._listens_until_s is not None

    def listen(self, now_s: float, *, is_quiet: bool = False) -> None:
        """Note a message without an answer, `LATE_S` after it was handed over.

        Or `is_quiet`: one with an answer that may be another's, at any time.
        """
        self.is_quiet = is_quiet
        self._listens_until_s = now_s + LISTEN_S - (0.0 if is_quiet else LATE_S)
        self._probed_s = now_s

    def heard(self) -> None:
        """Note that the modem takes commands again, or is given up."""
        self._listens_until_s, self.is_quiet = None, False

    def learned(self, outcome: SubmitOutcome) -> None:
        """Note a late answer: where it is somebody's, nothing is in doubt any more."""
        if self.is_quiet and outcome.result is not SendResult.UNKNOWN:
            self.heard()

    def patience_over(self, now_s: float) -> bool:
        """Say whether an answer cannot come any more."""
        return self._listens_until_s is not None and now_s >= self._listens_until_s

    def recovers(self, now_s: float, answers: Callable[[], bool]) -> bool:
        """Note whether a modem that is listened to can be used again, and say so.

        One that is quiet for doubt can once no earlier answer can come any more.

        Raises:
            ModemSilentError: it has said nothing for as long as it may be listened to.

        """
        is_over = self.patience_over(now_s)
        can_be_used = is_over if self.is_quiet else answers()
        if can_be_used:
            self.heard()
        elif is_over:
            message = "no answer to a message, and to nothing since"
            raise ModemSilentError(message)
        return can_be_used

    def probe_due(self, now_s: float, *, spoke: bool) -> bool:
        """Say whether to ask a listening modem for a sign; soon where it has spoken."""
        if now_s - self._probed_s < (_PROBE_SOON_S if spoke else PROBE_S):
            return False
        self._probed_s = now_s
        return True

    def network_rung(self, now_s: float, *, registered: bool) -> int | None:
        """Note the registration; return a rung once it has been missing for long.

        After two minutes the radio is switched off and on (SIM7600, stale in 2G);
        after ten, and once in ten from then on, the modem is restarted (LilyGo).
        Where there is no network that helps nobody, and costs half a minute each.
        """
        if registered:
            self._rung_due_s = None
            return None
        if self._rung_due_s is None:
            self._rung_due_s, self._network_tries = now_s + UNREGISTERED_S, 0
        if now_s < self._rung_due_s:
            return None
        tries = self._network_tries
        self._network_tries += 1
        # From now on: who slept, or was unplugged for the night, would make good for
        # each that it missed, with a port that is closed at every look.
        again_s = RESET_EVERY_S if tries else RESET_EVERY_S - UNREGISTERED_S
        self._rung_due_s = now_s + again_s
        return RESET_RUNG if tries else RADIO_RUNG

    def next_try(self) -> timedelta:
        """Return how long to wait before the port is opened again."""
        return min(SLOWEST, FIRST * (1 << min(max(self.failures - 1, 0), 10)))

    def drain_due(self, now_s: float) -> bool:
        """Say whether the storage shall be read whatever the modem has said."""
        if now_s - self._drained_s < DRAIN_S:
            return False
        self._drained_s = now_s
        return True

    def drained(self, now_s: float) -> None:
        """Note that it was read: a look that takes long leaves time for others."""
        self._drained_s = now_s

    def drain_soon(self) -> None:
        """Have the storage read with the next look."""
        self._drained_s = -DRAIN_S

    def health_due(self, now_s: float) -> bool:
        """Say whether registration and signal shall be asked for."""
        if now_s - self._asked_s < HEALTH_S:
            return False
        self._asked_s = self._sign_s = now_s
        return True

    def sign_due(self, now_s: float) -> bool:
        """Say whether an idle modem shall be asked whether it is still there."""
        if now_s - self._sign_s < SIGN_S:
            return False
        self._sign_s = now_s
        return True

    def ask_soon(self) -> None:
        """Have registration and signal asked for with the next look."""
        self._asked_s = -HEALTH_S

    def work_due(self, now_s: float) -> bool:
        """Say whether the dispatcher shall be asked for work again.

        Not before it has had time to give some: asked twice it gives twice, and what
        comes second ends the ringing of what came first.
        """
        return now_s - self._work_s >= WORK_S

    def asked_for_work(self, now_s: float) -> None:
        """Note that the dispatcher has been asked."""
        self._work_s = now_s
