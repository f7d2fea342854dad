"""What waits for a case to read its rows, and what becomes of it where it cannot.

A case that has stopped takes no word. A press begins another one then; of an answer, a
note or a wish to call off HQ is told, as of a word for which there is no room.
"""

from typing import NamedTuple

from engine.alarm.codec import UnreadableEventError
from engine.alarm.commands import AlarmCommand
from engine.alarm.messages import Distress, Do
from engine.supervision.failure import Failure
from engine.values import AlarmId, CommandId

STARTS_MAX = 2
"""A disk that does not read may do so a moment later, at the next start."""
KEPT_MAX = 500
"""So many words for one case, and presses; each comes again, and is told then."""


class Joining(NamedTuple):
    """A press that was given to a case: what it is there, and what it begins else.

    The two differ for a word of force: to a case it looks like a wish to call off.
    """

    given: Do
    own: Distress


class Left(NamedTuple):
    """What waited for a case that takes none of it, in the order in which it came."""

    presses: list[Joining]
    """The first is to begin a case of its own, which the others join."""
    words: list[AlarmCommand]
    """HQ is to be told of them."""


class Waiting:
    """A book that the directory keeps, in its own thread.

    What waits here was given to an instance that had not read its rows yet. Once one
    has, it has those of its inbox, and whatever ends it is nothing to do with them.
    """

    def __init__(self) -> None:
        """Begin empty."""
        self._joining: dict[AlarmId, dict[CommandId, Joining]] = {}
        self._words: dict[AlarmId, dict[CommandId, Do]] = {}
        self._starts: dict[AlarmId, int] = {}

    def joins(self, alarm_id: AlarmId, press: Joining, *, is_begun: bool) -> None:
        """Note a press that may begin a case of its own, and whom it was given to."""
        presses = self._joining.setdefault(alarm_id, {})
        if len(presses) < KEPT_MAX:
            presses[press.given.command.command_id] = press
        self._is_there(alarm_id, is_begun=is_begun)

    def waits(self, alarm_id: AlarmId, given: Do, *, is_begun: bool) -> None:
        """Note what else was given to a case, unless that one has read its rows."""
        self._is_there(alarm_id, is_begun=is_begun)
        if not is_begun:
            words = self._words.setdefault(alarm_id, {})
            if len(words) < KEPT_MAX:
                words[given.command.command_id] = given

    def _is_there(self, alarm_id: AlarmId, *, is_begun: bool) -> None:
        if not is_begun:
            self._starts.setdefault(alarm_id, 0)
        elif self._has_all(alarm_id, is_begun=True):
            self._has_read(alarm_id)

    def _has_read(self, alarm_id: AlarmId) -> None:
        self._words.pop(alarm_id, None)
        self._starts.pop(alarm_id, None)

    def begun(self, alarm_id: AlarmId) -> list[Do]:
        """Return what is to be given again to a case that has read its rows.

        Whatever an instance that could not read them was given has ended with it. What
        the present one has as well acts once. Whoever waits for an answer has heard
        that nothing was done: it is theirs to ask again.
        """
        given: list[Do] = []
        if self._starts.get(alarm_id):
            given += (one.given for one in self._joining.get(alarm_id, {}).values())
            given += self._words.get(alarm_id, {}).values()
        self._has_read(alarm_id)
        return [one for one in given if one.answered is None]

    def has_news(self, alarm_id: AlarmId) -> None:
        """Take it that a press has come to something."""
        self._joining.pop(alarm_id, None)

    def is_waited_for(self, alarm_id: AlarmId, *, is_begun: bool) -> bool:
        """Say whether anything is lost where a case is let go before it is tried."""
        is_any = alarm_id in self._joining or alarm_id in self._words
        return is_any and not self._has_all(alarm_id, is_begun=is_begun)

    def let_go(self, alarm_id: AlarmId, *, is_begun: bool) -> Left:
        """Forget a case that nobody tries to read any more; return what it leaves."""
        has_all = self._has_all(alarm_id, is_begun=is_begun)
        left = Left([], []) if has_all else self._left(alarm_id)
        self.forget(alarm_id)
        return left

    def _has_all(self, alarm_id: AlarmId, *, is_begun: bool) -> bool:
        """Say whether an instance has read its rows, and has what waited for that.

        Between the two it has not what came before another start: `begun` gives that.
        """
        return is_begun and not self._starts.get(alarm_id)

    def _left(self, alarm_id: AlarmId) -> Left:
        presses = self._joining.get(alarm_id, {}).values()
        words = self._words.get(alarm_id, {}).values()
        return Left(list(presses), [one.command for one in words])

    def forget(self, alarm_id: AlarmId) -> None:
        """Let go of all that was given to a case."""
        self.has_news(alarm_id)
        self._has_read(alarm_id)

    def failed(
        self,
        alarm_id: AlarmId,
        failure: Failure,
        *,
        is_begun: bool,
        is_down: bool = False,
    ) -> Left:
        """Return what is to begin a case of its own, and the words to be told.

        Args:
            alarm_id: the case whose actor has ended.
            failure: how it has.
            is_begun: whether it had read its rows, and handled something.
            is_down: whether it is started again only after a long while.

        """
        is_newer = failure.kind == UnreadableEventError.__name__
        is_begun = self._has_all(alarm_id, is_begun=is_begun)
        if not is_begun and failure.unread and alarm_id in self._starts:
            self._starts[alarm_id] += 1
            if self._starts[alarm_id] < STARTS_MAX and not is_down:
                return Left([], [])
        begins = is_newer or (not is_begun and alarm_id in self._starts)
        left = self._left(alarm_id)
        self.forget(alarm_id)
        return Left(left.presses if begins else [], [] if is_begun else left.words)
