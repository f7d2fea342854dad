"""Sessions on the server's side, and a throttle on signing in. No I/O.

A session outlives the process, so that a console which watches comes back by
itself after a restart. What is kept of it lets nobody in: the token's hash.
"""

import json
import secrets
from collections.abc import Collection
from dataclasses import dataclass, field
from hashlib import sha256

from engine.values import AlarmId, OperatorId

IDLE_S = 15 * 60.0
LONGEST_S = 12 * 3600.0
REVEALED_S = 5 * 60.0
SAVE_EVERY_S = 60.0
FREE_FAILURES = 5
THROTTLE_MAX_S = 300.0
DOUBLINGS_MAX = 9
"""By then a pause is the longest."""
FORGET_S = 900.0
KEYS_MAX = 10_000
TOKEN_BYTES = 32


@dataclass(slots=True)
class Session:
    """One operator at one browser; `revealed` says until when a case may be seen."""

    operator: OperatorId
    csrf: str
    began_s: float
    seen_s: float
    saved_s: float = 0.0
    revealed: dict[AlarmId, float] = field(default_factory=dict)

    def reveal(self, alarm: AlarmId, now_s: float) -> None:
        """Let this operator see what is hidden of a case, for some minutes."""
        self.revealed[alarm] = now_s + REVEALED_S

    def seen_for_s(self, alarm: AlarmId, now_s: float) -> float:
        """Return for how many seconds yet a case may be seen; 0 where it may not."""
        return max(0.0, self.revealed.get(alarm, 0.0) - now_s)

    def may_see(self, alarm: AlarmId, now_s: float) -> bool:
        """Say whether what is hidden of a case may be shown."""
        return self.seen_for_s(alarm, now_s) > 0

    def is_over(self, now_s: float) -> bool:
        """Say whether it is idle, too old, or from another clock."""
        idle = now_s - self.seen_s > IDLE_S
        return idle or abs(now_s - self.began_s) > LONGEST_S


class Sessions:
    """All sessions. Times are seconds of the engine's UTC, which never steps."""

    def __init__(self, kept: str = "") -> None:
        """Take what `text` returned in an earlier process; nothing of it is trusted."""
        self._sessions: dict[str, Session] = {}
        self._changed = False
        for key, row in _rows(kept).items():
            operator, csrf, began_s, seen_s = row
            self._sessions[key] = Session(
                operator=OperatorId(operator),
                csrf=csrf,
                began_s=began_s,
                seen_s=seen_s,
                saved_s=seen_s,
            )

    def open(self, operator: OperatorId, now_s: float) -> tuple[str, Session]:
        """Begin a session; returns its secret token."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        csrf = secrets.token_urlsafe(TOKEN_BYTES)
        over = [key for key, one in self._sessions.items() if one.is_over(now_s)]
        for key in over:
            del self._sessions[key]
        session = Session(
            operator=operator, csrf=csrf, began_s=now_s, seen_s=now_s, saved_s=now_s
        )
        self._sessions[_key(token)] = session
        self._changed = True
        return token, session

    def find(self, token: str, now_s: float) -> Session | None:
        """Return a session that is neither idle nor too old, and note the visit."""
        session = self._sessions.get(_key(token))
        if session is None:
            return None
        if session.is_over(now_s):
            self.close(token)
            return None
        session.seen_s = now_s
        if now_s - session.saved_s > SAVE_EVERY_S:
            session.saved_s = now_s
            self._changed = True
        return session

    def close(self, token: str) -> None:
        """End a session."""
        if self._sessions.pop(_key(token), None) is not None:
            self._changed = True

    def close_others(self, operator: OperatorId, token: str) -> None:
        """End every other session of an operator, whose password has changed."""
        ours = _key(token)
        gone = [
            key
            for key, one in self._sessions.items()
            if one.operator == operator and key != ours
        ]
        for key in gone:
            del self._sessions[key]
        self._changed = True

    def keep_only(self, operators: Collection[OperatorId]) -> None:
        """End the sessions of everybody else: they may have been removed since."""
        others = {one.operator for one in self._sessions.values()} - {*operators}
        for operator in others:
            self.close_others(operator, "")

    def take_changes(self) -> str | None:
        """Return what to keep for the next process; None where nothing has changed."""
        if not self._changed:
            return None
        self._changed = False
        rows = {
            key: [one.operator, one.csrf, one.began_s, one.seen_s]
            for key, one in self._sessions.items()
        }
        return json.dumps(rows)


class Throttle:
    """Slows down guessing, by name and by address, never for ever."""

    def __init__(self) -> None:
        self._attempts: dict[str, tuple[int, float]] = {}

    def wait_s(self, keys: tuple[str, ...], now_s: float) -> float:
        """Return how long the next attempt has to wait; 0 where it need not."""
        return max(self._wait_s(key, now_s) for key in keys)

    def attempt(self, keys: tuple[str, ...], now_s: float) -> None:
        """Count an attempt before it is checked: many at once are no way round."""
        for key in keys:
            count, last_s = self._attempts.pop(key, (0, now_s))
            if now_s - last_s > FORGET_S:
                count = 0
            self._attempts[key] = (count + 1, now_s)
        while len(self._attempts) > KEYS_MAX:
            del self._attempts[next(iter(self._attempts))]

    def succeeded(self, keys: tuple[str, ...]) -> None:
        """Forget the attempts of these keys."""
        for key in keys:
            self._attempts.pop(key, None)

    def _wait_s(self, key: str, now_s: float) -> float:
        count, last_s = self._attempts.get(key, (0, 0.0))
        if count < FREE_FAILURES or now_s - last_s > FORGET_S:
            return 0.0
        # Bounded first: whoever goes on for days comes to more than a float holds.
        doublings = min(count - FREE_FAILURES, DOUBLINGS_MAX)
        pause_s = min(THROTTLE_MAX_S, 2.0**doublings)
        return max(0.0, last_s + pause_s - now_s)


def _key(token: str) -> str:
    return sha256(token.encode()).hexdigest()


def _rows(kept: str) -> dict[str, tuple[str, str, float, float]]:
    try:
        return {
            str(key): (str(operator), str(csrf), float(began_s), float(seen_s))
            for key, (operator, csrf, began_s, seen_s) in json.loads(kept).items()
        }
    except (ValueError, TypeError, AttributeError):
        return {}
