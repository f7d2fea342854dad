"""How messages and reports reach a virtual modem's client: stored, told, or straight.

What cannot be stored the network holds, as it does in the field.
"""

from collections.abc import Callable

from adapters.modem.virtual_loop import Loop
from adapters.modem.virtual_state import UNREAD, State

_BATCH_S = 0.2
# Routes of TS 27.005, 3.4.1: a message (mt) straight is 2, a report (ds) is 1.
_MESSAGE_STRAIGHT = 2
_REPORT_STRAIGHT, _REPORT_STORED = 1, 2
_REACHABLE = frozenset({1, 5, 6, 7})
_Message = tuple[str, int, Callable[[], None]]


def nobody() -> None:
    """Tell nobody that a message has arrived."""


class Inbox:
    """What comes in, in the loop's thread."""

    def __init__(self, state: State, loop: Loop, say: Callable[..., None]) -> None:
        """Take the state with its stores, and what says lines unasked."""
        self._state = state
        self._loop = loop
        self._say = say
        self._held: list[_Message] = []
        self._batch: list[_Message] = []
        self.plugged = False

    def come_in(self, pdu: str, length: int, arrived: Callable[[], None]) -> None:
        """Let a message in, or gather a batch and let it in back to front.

        `arrived` is called when the modem has it, which may be much later.
        """
        if not self._state.faults.shuffle:
            self._arrive(pdu, length, arrived)
            return
        self._batch.append((pdu, length, arrived))
        if len(self._batch) == 1:
            self._loop.later(_BATCH_S, self._shuffle_in)

    def retry(self) -> None:
        """Let in what was held, where there is room now."""
        used, size = self._state.counts(self._state.settings.memories[2])
        if not self._held or used >= size or not self._reachable:
            return
        held, self._held = self._held, []
        for message in held:
            self._arrive(*message)

    def report(self, pdu: str, length: int) -> None:
        """Take a status report where `+CNMI` says, or lose it as the network does."""
        if not self.plugged:
            return
        state = self._state
        ds = state.settings.cnmi[3]
        if state.faults.cdsi_wrong_store:
            state.store("SR", UNREAD, pdu, length)
            self._say('+CDSI: "SM",0')
        elif ds == _REPORT_STRAIGHT:
            state.unacknowledged += 1
            self._say(f"+CDS: {length}", pdu)
        elif ds == _REPORT_STORED:
            store = state.settings.memories[2]
            index = state.store(store, UNREAD, pdu, length)
            if index is not None:
                self._say(f'+CDSI: "{store}",{index}')

    @property
    def _reachable(self) -> bool:
        state = self._state
        return self.plugged and state.registration in _REACHABLE

    def _shuffle_in(self) -> None:
        batch, self._batch = self._batch, []
        for message in reversed(batch):
            self._arrive(*message)

    def _arrive(self, pdu: str, length: int, arrived: Callable[[], None]) -> None:
        state = self._state
        if not self._reachable:
            self._held.append((pdu, length, arrived))
            return
        mt = state.settings.cnmi[1]
        if mt == _MESSAGE_STRAIGHT and state.settings.pdu_mode:
            state.unacknowledged += 1
            self._say(f"+CMT: ,{length}", pdu)
            arrived()
            return
        store = state.settings.memories[2]
        index = state.store(store, UNREAD, pdu, length)
        if index is None:
            self._held.append((pdu, length, arrived))
            self._say(f'^SMMEMFULL: "{store}"')
            return
        if mt and not state.faults.strikes("lost_cmti"):
            self._say(f'+CMTI: "{store}",{index}')
        arrived()
