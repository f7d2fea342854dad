"""Messages that a modem owes an answer, and whose an answer is: pure.

A modem may take the next message while it owes the answer to an earlier one, which
comes late or never. Answers come in the order of the messages. Where all have come
each has its own. One is the last message's where its reference says so: a modem counts
what it hands over (TP-MR, TS 23.040, 9.2.3.6). Else it stays open whose it is, until
the others have come too, or cannot come any more: then it is nobody's.

What is owed outlives the process: after `kill -9` the answer to its last message may
come to the next one.
"""

import json
from collections import deque
from dataclasses import dataclass
from typing import Final, Protocol

from adapters.modem.outcomes import unknown
from engine.ports.modem import LateAnswer, SubmitOutcome

LISTEN_S: Final = 120.0
"""So long after its Ctrl-Z a message may still be answered."""
NOBODYS: Final = unknown("an answer came that may be another message's")
KEPT_MAX: Final = 16
_ROUND: Final = 256


class Kept(Protocol):
    """Where a record of what is owed outlives the process."""

    def read(self) -> str:
        """Return the last record that still holds; "" where there is none."""

    def write(self, record: str) -> None:
        """Replace the record."""


@dataclass(slots=True)
class _Message:
    """One that was handed over: its number, and until when it is answered.

    `place` counts those that were handed over, and no number that was passed over.
    `is_awaited` where somebody wants to hear what becomes of it.
    """

    number: int
    until_s: float
    place: int
    is_awaited: bool = True


class Owed:
    """Handed over and not answered, oldest first; times are seconds of boottime."""

    def __init__(self, kept: Kept | None = None) -> None:
        """Start with what an earlier process has left, else with nothing.

        Another program that has sent by the same SIM in between makes the count too
        low, and the answer that is owed then may be taken for the next message's.
        """
        self._kept = kept
        self._record: list[object] = []
        self._messages: deque[_Message] = deque()
        self._answers: list[SubmitOutcome] = []
        self._told: list[LateAnswer] = []
        self._own: _Message | None = None
        self._numbered = self._handed = 0
        self.was_in_doubt = False
        self._last: tuple[int, int] | None = None
        self._plugged = ""
        self._restore()

    def __len__(self) -> int:
        """Return how many may still be answered, the one that is waited for too."""
        return len(self._messages)

    @property
    def is_in_doubt(self) -> bool:
        """Whether an answer has come and it is open whose it is."""
        return bool(self._answers) or not all(m.is_awaited for m in self._messages)

    def forget_count(self) -> None:
        """Forget which reference was last: the SIM may be another."""
        self._last = None
        self._keep()

    @property
    def next_number(self) -> int:
        """The number of the next message."""
        return self._numbered + 1

    def pass_over(self, number: int) -> None:
        """Give no further message this number, nor one before it."""
        if number > self._numbered:
            self._numbered = number
            self._keep()

    def numbers(self) -> list[int]:
        """Return the messages whose answer somebody wants to hear, oldest first."""
        return [m.number for m in self._messages if m.is_awaited]

    def opened(self, plugged: str) -> None:
        """Take at which port it is; one that was plugged in anew owes nothing."""
        before, self._plugged = self._plugged, plugged
        if before and plugged and before != plugged:
            self.give_up()
            self.forget_count()
        self._keep()

    def give_up(self) -> None:
        """Expect no answer any more: the modem has started anew.

        Who waits for one hears that from whom they have handed it to.
        """
        self._nobodys(outstanding=0)
        self._own = None
        self._keep()

    def know_none(self) -> None:
        """Take the answer that came for nobody's: the others are owed yet.

        Who waits for one hears that from whom they have handed it to.
        """
        come = len(self._answers) + 1
        self._nobodys(outstanding=max(0, len(self._messages) - come))
        self._own = None
        self._keep()

    def hand_over(self, now_s: float) -> None:
        """Take one more, which is waited for."""
        self.expire(now_s)
        if len(self._messages) == KEPT_MAX:
            self._nobodys(outstanding=KEPT_MAX - 1)
        self._numbered += 1
        self._handed += 1
        # Once nothing has followed, nobody waits for it again: messages do.
        self.was_in_doubt = self.is_in_doubt
        self._own = _Message(self._numbered, now_s + LISTEN_S, self._handed)
        self._messages.append(self._own)
        self._keep()

    def wait_no_more(self) -> int:
        """Leave what is waited for; return its number, 0 where no answer may follow."""
        own, self._own = self._own, None
        return own.number if own is not None and own.is_awaited else 0

    def answered(self, answer: SubmitOutcome, now_s: float) -> SubmitOutcome | None:
        """Take an answer; return the outcome of what is waited for once it has one.

        What it settles of others is told by `tell`.
        """
        self.expire(now_s)
        if not self._messages:
            return None
        self._answers.append(answer)
        own = self._own
        if len(self._answers) == len(self._messages):
            settled = list(zip(self._messages, self._answers, strict=True))
            self._messages.clear()
            self._answers.clear()
        elif self._is_the_last_ones(answer):
            settled = [(self._messages.pop(), self._answers.pop())]
            if self._answers:
                left = len(self._messages) - len(self._answers)
                self._nobodys(outstanding=left)
        else:
            return None
        outcome: SubmitOutcome | None = None
        for message, told in settled:
            self._learn(message, told)
            if message is own:
                outcome = told if message.is_awaited else NOBODYS
                self._own = None
            else:
                self._tell(message, told)
        self._keep()
        return outcome

    def tell(self) -> list[LateAnswer]:
        """Return what has become of those that are waited for no more, in order."""
        told, self._told = self._told, []
        return told

    def expire(self, now_s: float) -> None:
        """Expect no answer to what is too old.

        An answer that had come by then, and might be its own, is nobody's for ever.
        """
        while self._messages and self._messages[0].until_s < now_s:
            if self._answers:
                self._nobodys(outstanding=len(self._messages) - len(self._answers))
            else:
                self._messages.popleft()
        self._keep()

    def _nobodys(self, *, outstanding: int) -> None:
        """Tell that nobody knows of any; so many answers may yet come, to nobody."""
        for message in self._messages:
            self._tell(message, NOBODYS)
            message.is_awaited = False
        while len(self._messages) > outstanding:
            self._messages.popleft()
        self._answers.clear()

    def _tell(self, message: _Message, outcome: SubmitOutcome) -> None:
        if message.is_awaited and message is not self._own:
            self._told.append(LateAnswer(outcome=outcome, number=message.number))

    def _is_the_last_ones(self, answer: SubmitOutcome) -> bool:
        """Say whether every earlier message must have had a smaller reference."""
        if self._last is None or answer.reference is None:
            return False
        reference, place = self._last
        # What was refused between may have moved the count, or not: it differs with
        # whether the modem or the network has refused.
        most = self._messages[-1].place - place
        steps = (answer.reference - reference) % _ROUND
        return most <= steps < _ROUND // 2

    def _learn(self, message: _Message, outcome: SubmitOutcome) -> None:
        """Note where the count stands."""
        if outcome.reference is not None:
            self._last = outcome.reference, message.place

    def _keep(self) -> None:
        if self._kept is None:
            return
        messages = [
            [m.number, m.until_s, m.is_awaited, m.place] for m in self._messages
        ]
        record: list[object] = [self._numbered, self._last, messages, self._plugged]
        record.append(self._handed)
        if record != self._record:  # asked at every look at the modem
            self._record = record
            self._kept.write(json.dumps(record))

    def _restore(self) -> None:
        record = "" if self._kept is None else self._kept.read()
        try:
            numbered, last, messages, plugged, *handed = json.loads(record)
            # Earlier versions passed no number over: each was its place.
            owed = [
                _Message(int(n), float(s), int(place[0] if place else n), bool(is_))
                for n, s, is_, *place in messages
            ]
            count = (int(last[0]), int(last[1])) if last else None
            counts = [int(one) for one in (numbered, *handed)]
        except (ValueError, TypeError):
            return  # none, or no record of ours
        self._messages.extend(owed)
        self._numbered, self._handed = counts[0], counts[-1]
        self._last, self._plugged = count, str(plugged)
