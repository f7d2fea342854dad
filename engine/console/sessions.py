"""Sessions on the server's side, and a throttle on signing in. No I/O."""

import secrets
from dataclasses import dataclass, field

from engine.values import AlarmId, OperatorId

IDLE_S = 15 * 60.0
LONGEST_S = 12 * 3600.0
REVEALED_S = 5 * 60.0
FREE_FAILURES = 5
THROTTLE_MAX_S = 300.0
TOKEN_BYTES = 32


@dataclass(slots=True)
class Session:
    """One operator at one browser; `revealed` says until when a case may be seen."""

    operator: OperatorId
    csrf: str
    began_s: float
    seen_s: float
    revealed: dict[AlarmId, float] = field(default_factory=dict)

    def reveal(self, alarm: AlarmId, now_s: float) -> None:
        """Let this operator see what is hidden of a case, for some minutes."""
        self.revealed[alarm] = now_s + REVEALED_S

    def may_see(self, alarm: AlarmId, now_s: float) -> bool:
        """Say whether what is hidden of a case may be shown."""
        return self.revealed.get(alarm, 0.0) > now_s


class Sessions:
    """All sessions of this process; a restart signs everybody out."""

    def __init__(self) -> None:
        self._sessions: dict[str, Session] = {}

    def open(self, operator: OperatorId, now_s: float) -> tuple[str, Session]:
        """Begin a session; returns its secret token."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        csrf = secrets.token_urlsafe(TOKEN_BYTES)
        session = Session(operator=operator, csrf=csrf, began_s=now_s, seen_s=now_s)
        self._sessions[token] = session
        return token, session

    def find(self, token: str, now_s: float) -> Session | None:
        """Return a session that is neither idle nor too old, and note the visit."""
        session = self._sessions.get(token)
        if session is None:
            return None
        idle = now_s - session.seen_s > IDLE_S
        if idle or now_s - session.began_s > LONGEST_S:
            del self._sessions[token]
            return None
        session.seen_s = now_s
        return session

    def close(self, token: str) -> None:
        """End a session."""
        self._sessions.pop(token, None)


class Throttle:
    """Slows down guessing, by name and by address, never for ever."""

    def __init__(self) -> None:
        self._failures: dict[str, tuple[int, float]] = {}

    def wait_s(self, keys: tuple[str, ...], now_s: float) -> float:
        """Return how long the next attempt has to wait; 0 where it need not."""
        return max(self._wait_s(key, now_s) for key in keys)

    def failed(self, keys: tuple[str, ...], now_s: float) -> None:
        """Note a failure."""
        for key in keys:
            count, _ = self._failures.get(key, (0, 0.0))
            self._failures[key] = (count + 1, now_s)

    def succeeded(self, keys: tuple[str, ...]) -> None:
        """Forget the failures of these keys."""
        for key in keys:
            self._failures.pop(key, None)

    def _wait_s(self, key: str, now_s: float) -> float:
        count, last_s = self._failures.get(key, (0, 0.0))
        if count < FREE_FAILURES:
            return 0.0
        pause_s = min(THROTTLE_MAX_S, 2.0 ** (count - FREE_FAILURES))
        return max(0.0, last_s + pause_s - now_s)
