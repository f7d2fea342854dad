"""What arrives: stored messages, reports sent straight to us, calls."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import assert_never

from adapters.modem import pdu_decode, text_mode
from adapters.modem.at import is_unsolicited, prefix_of
from adapters.modem.at_replies import storages, stored_at, stored_pdus
from adapters.modem.bring_up import Session, hear_out
from adapters.modem.cms_policy import is_busy
from adapters.modem.dialogue import UNSOLICITED_MAX, Dialogue, never
from adapters.modem.heard import Unsolicited
from adapters.modem.inbound import as_believed, in_doubt, inbound, outcome_of
from adapters.modem.options import HELP_WORDS, ModemOptions
from adapters.modem.outcomes import late_outcome
from adapters.modem.pdu import (
    Command,
    Deliver,
    DeliverReport,
    Submit,
    SubmitReport,
    Undecodable,
)
from adapters.modem.pdu import (
    StatusReport as StatusReportPdu,
)
from adapters.modem.reassembly import Reassembly
from adapters.modem.rereading import Rereading
from adapters.modem.ringing import LINES as CALL_LINES
from adapters.modem.ringing import Ringing
from adapters.modem.sorting import Sorted, may_be_words
from engine.errors import ModemSilentError
from engine.ports.clock import Clock
from engine.ports.modem import (
    InboundSms,
    ModemEvent,
    StatusReport,
)

_SLOT_JOIN = "+"
_REPORT_STORE = "SR"
_INDEX_MAX = 255
# Also of a store that says it has fewer, or none: most long messages are no longer.
_PLACES_MIN = 4
_BUSY_PAUSES_S = (0.5, 1.0, 2.0)
_AT_ONCE = 4
"""So many places are read at one look; an SOS that waits to be sent waits no longer."""


class Arrivals:
    """Turns URCs and storage into events; owns the parts of long messages."""

    def __init__(self, dialogue: Dialogue, options: ModemOptions, clock: Clock) -> None:
        """Take the dialogue of the port."""
        self._dialogue = dialogue
        self._options = options
        self._clock = clock
        self._unstored: list[ModemEvent] = []
        self._given: set[str] = set()
        self._handed: set[str] = set()
        self._pdus = 0
        self._text: Unsolicited | None = None
        self.looks_again = False
        """Whether the next look is at every store: what came meanwhile is unsaid."""
        self._gives_way: Callable[[], bool] = never
        self.own: list[str] = []
        self._ringing = Ringing(clock)
        self._lost = Rereading(dialogue, options, clock)
        self._parts = Reassembly(
            timeout_s=options.multipart_s,
            urgent_words=options.urgent_words,
            help_words=HELP_WORDS,
        )

    @property
    def waits_for_caller(self) -> bool:
        """Whether a call rings whose number may still come."""
        return self._ringing.waits

    def forget(self) -> None:
        """Forget what was read of the stores: the SIM may be another."""
        self._given.clear()
        self._handed.clear()
        self._parts.forget_stored()

    def take(
        self, session: Session, *, drain: bool, gives_way: Callable[[], bool]
    ) -> Sequence[ModemEvent]:
        """Return what has come since the last time.

        Where it gives way the rest lies in storage, and the next look is at all of it.

        Raises:
            ModemGoneError: the port is lost; what was read before is not lost, it
                is still in storage. What never was is returned the next time.
            ModemSilentError: the modem does not answer; the same holds.

        """
        self._gives_way = gives_way
        self._dialogue.catch_up()
        hear_out(self._dialogue)
        drain, self.looks_again = drain or self.looks_again, False
        heard = self._sort(UNSOLICITED_MAX if drain else _AT_ONCE)
        self._dialogue.owed.expire(self._clock.boottime_s())
        self._unstored.extend(self._dialogue.owed.tell())
        for urc in heard.direct:
            self._unstored.extend(self._straight(urc))
        for _ in heard.direct:
            self._acknowledge(session)
        # No store has it, and to hang up may find the port lost.
        self._unstored.extend(self._ringing.hear(heard.calls))
        if self._ringing.must_hang_up:
            self._ringing.hung_up(is_over=self._hang_up())
        events: list[ModemEvent] = []
        if drain or heard.hint:
            events.extend(self._drain(session))
        else:
            for store, index in heard.slots:
                if self._leaves_off():
                    break
                events.extend(self._read(session, store, index))
        if heard.reports and session.has_report_store and not self._leaves_off():
            events.extend(self._list(session, _REPORT_STORE) or ())
            self._select(session, session.receives)
        events.extend(self._parts.overdue(self._clock.boottime_s()))
        self._handed.update(getattr(one, "slot", None) or "" for one in events)
        unstored, self._unstored = self._unstored, []
        return [*unstored, *events]

    def unstored(self) -> Sequence[ModemEvent]:
        """Return what no store has, without a word to the modem; all of it is sorted.

        What stores have is read when the modem is there again.
        """
        heard = self._sort(UNSOLICITED_MAX)
        for urc in heard.direct:
            self._unstored.extend(self._straight(urc))
        self._unstored.extend(self._ringing.hear(heard.calls, is_lost=True))
        unstored, self._unstored = self._unstored, []
        return unstored

    def catch_late(self) -> None:
        """Take late answers that have come, before a message is waited for."""
        unsolicited = self._dialogue.unsolicited
        for urc in list(unsolicited):
            if self._is_late(urc):
                unsolicited.remove(urc)

    def _is_late(self, urc: Unsolicited) -> bool:
        """Take a line that answers an earlier submit; False where it is none."""
        outcome = None if urc.behind else late_outcome(urc.line)
        if outcome is not None:
            self._dialogue.owed.answered(outcome, self._clock.boottime_s())
        return outcome is not None

    def _sort(self, slots_max: int) -> Sorted:
        """Sort what the modem has said unasked; what is too much waits its turn."""
        heard = Sorted(before=self._text)
        unsolicited = self._dialogue.unsolicited
        while unsolicited and (
            len(heard.slots) < slots_max or unsolicited[0].behind  # in one text
        ):
            urc = unsolicited.popleft()
            match prefix_of(urc.line):
                case "+CMTI" | "+CDSI" as kind:
                    slot = stored_at(urc.line)
                    heard.reports = heard.reports or kind == "+CDSI"
                    if slot is None:
                        heard.hint = True
                    else:
                        heard.slots.append(slot)
                case "^SMMEMFULL":
                    heard.hint = True
                case "+CMT" | "+CDS":
                    heard.comes(urc)
                case word if word in CALL_LINES:
                    heard.calls.append(urc.line)
                case _ as word:
                    is_ours = self._is_late(urc) or is_unsolicited(word)
                    if not is_ours and may_be_words(urc.line):
                        heard.goes_on(urc, urc.line)
        self._text = heard.text
        return heard

    def delete(self, session: Session, slot: str) -> bool:
        """Delete one message, all parts of it, where they lie as they were read.

        One that has not been returned since the modem was brought up is another one
        than the caller means: a look that fails has read it, and nobody has it.

        Returns:
            whether the modem has said of each place that it is free.

        Raises:
            ModemSilentError: the modem does not answer.

        """
        if slot not in self._handed and slot not in self.own:
            return False
        is_free = True
        for one in slot.split(_SLOT_JOIN):
            store, colon, index = one.partition(":")
            if not colon or not index.isdecimal() or one not in self._given:
                is_free = False
                continue
            self._select(session, store)
            if session.store != store or self._dialogue.restarted:
                is_free = False
                continue
            reply = self._dialogue.command(
                f"AT+CMGD={index}", deadline_s=self._options.storage_s
            )
            if reply.final is None:
                message = "the modem does not answer AT+CMGD"
                raise ModemSilentError(message)
            self._given.discard(one)
            is_free = is_free and reply.ok
        self._parts.deleted(slot)
        return is_free

    def _leaves_off(self) -> bool:
        """Say whether the rest is left for the next look: more urgent work waits."""
        self.looks_again |= self._gives_way()
        return self.looks_again

    def _acknowledge(self, session: Session) -> None:
        if session.acknowledges:
            # One and no more: a second one is answered with +CMS ERROR: 340.
            self._dialogue.command("AT+CNMA", deadline_s=self._options.command_s)

    def _hang_up(self) -> bool:
        with suppress(ModemSilentError):
            return any(
                self._dialogue.command(one, deadline_s=self._options.command_s).ok
                for one in ("AT+CHUP", "ATH")
            )
        return False

    def _drain(self, session: Session) -> Sequence[ModemEvent]:
        """Read every store that can hold arrivals; only full ones are listed.

        `AT+CMGL` hangs Huawei's firmware after twenty minutes of polling, so that
        it is asked for only where `AT+CPMS` counts something.

        Raises:
            ModemSilentError: the store that messages arrive in refuses to be read, or
                each one does where that is not known, and no other has anything.
                Silence about it would be taken for none.

        """
        self.own.clear()
        home = session.receives
        listed: dict[str, Sequence[ModemEvent] | None] = {}
        for store in session.readable:
            if not self._leaves_off():
                listed[store] = self._list(session, store)
        events = [event for found in listed.values() for event in found or ()]
        if self.looks_again:
            return events
        theirs = [listed[home]] if home in listed else [*listed.values()]
        is_refused = bool(theirs) and all(found is None for found in theirs)
        if home:
            self._select(session, home)
        if not events and (is_refused or (home and session.store != home)):
            message = "the store of received messages refuses to be read"
            raise ModemSilentError(message)
        return events

    def _list(self, session: Session, store: str) -> Sequence[ModemEvent] | None:
        """Return what lies in a store; None where it cannot be read, or selected."""
        used = self._select(session, store)
        if used == 0:
            return () if session.store == store else None
        reply = self._dialogue.command("AT+CMGL=4", deadline_s=self._options.storage_s)
        if reply.final is None:
            self._dialogue.escape()
            message = "the modem does not answer AT+CMGL"
            raise ModemSilentError(message)
        if not reply.ok:
            return self._scan(session, store, used)
        events: list[ModemEvent] = []
        for stored in stored_pdus(reply.lines):
            if stored.index is not None:
                pdu = self._lost.whole(stored, stored.index)
                events.extend(self._events(pdu, f"{store}:{stored.index}"))
        return events

    def _scan(
        self, session: Session, store: str, used: int | None
    ) -> Sequence[ModemEvent] | None:
        """Read by index where the modem has no list; index 0 is valid.

        None where something is there and nothing can be read; a part, or a draft, is
        read and no event.
        """
        events: list[ModemEvent] = []
        found, before = 0, self._pdus
        for index in range(_INDEX_MAX + 1):
            if (used is not None and found >= used) or self._leaves_off():
                break
            read = self._read(session, store, index)
            found += bool(read)
            events.extend(read)
        return events if self._pdus > before or not used else None

    def _read(self, session: Session, store: str, index: int) -> Sequence[ModemEvent]:
        store = store or session.receives
        self._select(session, store)
        if session.store != store:
            return ()
        reply = self._dialogue.command(
            f"AT+CMGR={index}", deadline_s=self._options.storage_s
        )
        if reply.final is None:
            self._dialogue.escape()
            message = "the modem does not answer AT+CMGR"
            raise ModemSilentError(message)
        found = stored_pdus(reply.lines)
        if reply.lines and not found:
            found = self._lost.again(index)
        events: list[ModemEvent] = []
        for stored in found:
            pdu = self._lost.whole(stored, index)
            events.extend(self._events(pdu, f"{store}:{index}"))
        return events

    def _select(self, session: Session, store: str) -> int | None:
        """Make a store the one that is read; return how much it holds, if told.

        A modem that refuses keeps the store it had, and nothing may be read from or
        deleted in that one under this one's name: 0 then. A busy one (Wavecom's CME
        515 right after a submit) is asked again.
        """
        selected = store == session.store
        text = "AT+CPMS?" if selected else f'AT+CPMS="{store}"'
        for pause_s in (*_BUSY_PAUSES_S, 0.0):
            reply = self._dialogue.command(text, deadline_s=self._options.storage_s)
            if reply.final is None:
                message = "the modem does not answer AT+CPMS"
                raise ModemSilentError(message)
            if reply.ok or not is_busy(reply.final.code) or self._leaves_off():
                break
            self._dialogue.pause(pause_s, over=self._gives_way)
        if not reply.ok and not selected:
            return 0
        session.store = store
        counts = [s for line in reply.lines for s in storages(line)]
        if store and selected and counts and counts[0].name not in {"", store}:
            session.store = ""  # changed by another program, or by a start unsaid
            return self._select(session, store)
        if not counts or counts[0].size is None:
            return None
        if store == session.receives:
            # Else parts that never become a message would leave room for no other.
            self._parts.places_max = max(_PLACES_MIN, counts[0].size // 2)
        return counts[0].used

    def _straight(self, urc: Unsolicited) -> Sequence[ModemEvent]:
        """Return what came past every store, in text mode where it is forgotten."""
        told = text_mode.straight(urc.line, urc.pdu)
        if told is None:
            return as_believed(urc, self._events(urc.pdu, "", behind=urc.behind))
        return as_believed(urc, (told,))

    def _events(
        self, pdu: str, slot: str, *, behind: bool = False
    ) -> Sequence[ModemEvent]:
        decoded = pdu_decode.decode_stored(pdu)
        self._pdus += 1
        self._given.add(slot)
        match decoded:
            case Deliver() if behind:
                return (in_doubt(inbound(decoded, pdu, slot)),)
            case Deliver():
                found = self._parts.add(
                    inbound(decoded, pdu, slot), decoded, self._clock.boottime_s()
                )
                # No drain brings these again, and the one under way may fail.
                self._unstored.extend(one for one in found if not one.slot)
                return [one for one in found if one.slot]
            case StatusReportPdu():
                return (
                    StatusReport(
                        reference=decoded.reference,
                        recipient=decoded.recipient.text,
                        outcome=outcome_of(decoded.status),
                        status=decoded.status,
                        slot=slot or None,
                    ),
                )
            case Submit():
                # A draft, or a copy of what was sent: it takes a place, and no more.
                self.own += [slot] if slot and slot not in self.own else []
                return ()
            case SubmitReport() | DeliverReport() | Command() | Undecodable():
                return (
                    InboundSms(
                        slot=slot,
                        sender="",
                        text="",
                        sent_at=None,
                        pdu=pdu,
                        flags=(*decoded.flags, "undecodable"),
                    ),
                )
            case _:
                assert_never(decoded)
