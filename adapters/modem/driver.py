"""The driver of a GSM modem on a serial port: PDU mode, one command at a time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import TypeVar

from adapters.modem.arrivals import Arrivals
from adapters.modem.at_replies import (
    answer_of,
    operator,
    pin_state,
    registration,
    signal_dbm,
    storages,
)
from adapters.modem.bring_up import AnotherModemError, BringUp, Session, let_pass
from adapters.modem.call import ring
from adapters.modem.cms_policy import is_without_sim
from adapters.modem.compose import fit, fit_text, piece_of
from adapters.modem.dialogue import Dialogue, never, no_beat
from adapters.modem.heard import Reply
from adapters.modem.options import ModemOptions
from adapters.modem.outcomes import rejected
from adapters.modem.owed import Owed
from adapters.modem.owed_file import OwedFile
from adapters.modem.pdu_encode import encode_submit, submit
from adapters.modem.pdu_text import build
from adapters.modem.pins import PinStore, pin_store
from adapters.modem.recovery import Recovery
from adapters.modem.replug import Which, find_port
from adapters.modem.settings import SETTINGS, Settings
from adapters.modem.submission import Submissions
from adapters.modem.transliterate import Transliteration
from adapters.modem.transport import HeldByUsError, SerialTransport, Transport
from engine.errors import (
    ModemError,
    ModemGoneError,
    ModemSilentError,
    ModemWantedError,
)
from engine.ports.clock import Clock
from engine.ports.modem import (
    Forms,
    ModemEvent,
    ModemHealth,
    RingResult,
    SendResult,
    SubmitOutcome,
)
from engine.ports.telemetry import Telemetry


class SerialModem:
    """One modem behind one port (`engine.ports.modem.ModemDriver`).

    All calls but `interrupt` and `wake` come from one thread. A raise from `submit`
    means that the message was certainly not handed over; once its Ctrl-Z is written
    nothing raises, and silence, unplugging and a restart are outcomes: unknown.
    """

    def __init__(
        self,
        port: str,
        *,
        clock: Clock,
        telemetry: Telemetry,
        options: ModemOptions | Mapping[str, object] | None = None,
        pins: PinStore | None = None,
        transport: Transport | None = None,
        watch: Callable[[str, str], None] | None = None,
    ) -> None:
        """Take the port's path or `socket://host:port`; nothing is opened yet.

        Args:
            port: best a name that stays, from `/dev/serial/by-id`.
            clock: the engine's.
            telemetry: where counts go.
            options: settings, or the configuration's table of them.
            pins: the memory that a PIN was tried; by `options` where None.
            transport: another byte stream than a serial port.
            watch: gets each line of the dialogue, `->` or `<-` in front.

        """
        self.port = port
        self._clock = clock
        self._telemetry = telemetry
        if not isinstance(options, ModemOptions):
            options = ModemOptions.from_mapping(options or {})
        self._options = options
        self._pins = pins or pin_store(options.pin_file)
        self._transport = transport or SerialTransport(port, baud=self._options.baud)
        owed = Owed(OwedFile(options.owed_file) if options.owed_file else None)
        self._dialogue = Dialogue(self._transport, clock, watch, owed=owed)
        self._session = Session()
        self._arrivals = Arrivals(self._dialogue, self._options, clock)
        self.own: Sequence[str] = self._arrivals.own
        """Slots of drafts and of what was sent, as a drain finds them: no arrivals."""
        self.unstored = self._arrivals.unstored
        self._submissions = Submissions(self._dialogue, self._arrivals)
        self._settings = Settings(self._dialogue, self._options)
        self._recovery = Recovery(self._dialogue, self._options, clock, self)
        self._which = Which(self._options)
        self._has_sim = True

    def open(self, *, beat: Callable[[], None] = no_beat) -> ModemHealth:
        """Open the port exclusively and bring the modem up.

        Where the port's name is gone it is looked for by IMEI in the by-id folder.
        `beat` is called at least once a second, here and in every later wait that
        brings none of its own.

        Raises:
            ModemBusyError: another program holds the port; it is named.
            ModemGoneError: there is no such port.
            ModemSilentError: nobody answers.
            ModemError: the SIM is missing or locked, or PDU mode is.

        """
        self.close()
        self._dialogue.beat = beat
        try:
            self._attach()
            return self.health()
        except ModemError:
            self.close()
            raise

    def fit(self, pieces: Sequence[Forms]) -> str:
        """Return the pieces as one text of one part; the least important are cut.

        Args:
            pieces: the forms of each, from long to short: priority (1 survives
                longest) and text, with its own blanks and punctuation.

        """
        parts = [piece_of(forms) for forms in pieces]
        # A town's accent must not turn 160 characters into 70.
        accents = Transliteration.ACCENTS
        return fit(parts, joiner="", transliteration=accents).text

    def submit(
        self,
        number: str,
        text: str,
        *,
        validity_min: int,
        beat: Callable[[], None] = no_beat,
        late_s: float = 120.0,
        status_report: bool = True,
    ) -> SubmitOutcome:
        """Submit one message of one part; a text that is too long loses its end.

        Raises:
            ModemGoneError: the port was lost before the message was handed over.
            ModemSilentError: the modem gave no prompt; nothing was handed over.

        """
        part = fit_text(text, transliteration=Transliteration.TYPOGRAPHY)
        try:
            pdu, length = encode_submit(
                submit(
                    number,
                    build(part.text, part.charset),
                    validity=timedelta(minutes=validity_min),
                    status_report_request=status_report,
                )
            )
        except ValueError:
            return rejected("address", reason="the address is no number")
        self._ready()
        if not self._settings.is_pdu_mode(self._session.told):
            self._begin_anew()
        if part.cut:
            self._telemetry.count("modem_texts_cut_total")
        outcome = self._submissions.prompt(length, self._options.prompt_s, beat)
        if outcome is None:
            outcome = self._submissions.submit(pdu, beat, late_s)
        if outcome.result is SendResult.SENT:
            self._settings.has_sent()
        self._has_sim = not (outcome.code and is_without_sim(outcome.code))
        return outcome

    def ring(
        self,
        number: str,
        *,
        seconds: float,
        beat: Callable[[], None] = no_beat,
        between: Callable[[], None] | None = None,
        gives_way: Callable[[], bool] = never,
    ) -> RingResult:
        """Dial, let it ring, hang up."""
        self._ready()
        return ring(
            self._dialogue,
            self._clock,
            number,
            seconds=seconds,
            beat=beat,
            between=between or beat,
            gives_way=gives_way,
        )

    def poll(
        self, *, drain: bool, gives_way: Callable[[], bool] = never
    ) -> Sequence[ModemEvent]:
        """Return what has arrived; each `drain` returns it again until `delete`."""
        self._ready()
        return self._arrivals.take(self._session, drain=drain, gives_way=gives_way)

    def wait(self, seconds: float) -> bool:
        """Wait for an unsolicited line; True as soon as one has come."""
        is_due = self._arrivals.looks_again or self._arrivals.waits_for_caller
        return is_due or self._dialogue.wait(seconds)

    def answers(self) -> bool:
        """Say whether the modem takes a command; False after `answer_s` of silence."""
        self._dialogue.interrupted = False
        reply = self._dialogue.command("AT", deadline_s=self._options.answer_s)
        if reply.final is None:
            return False
        let_pass(self._dialogue)
        return True

    def next_number(self) -> int:
        """Return the next message's number; they go on over restarts."""
        return self._dialogue.owed.next_number

    def pass_over(self, number: int) -> None:
        """Give no further message a number that was noted, nor one before it."""
        self._dialogue.owed.pass_over(number)

    def owed(self) -> Sequence[int]:
        """Return which messages, also of an earlier process, may be answered."""
        return self._dialogue.owed.numbers()

    def delete(self, slot: str) -> bool:
        """Delete a stored message that the journal has; unknown slots are gone."""
        self._ready()
        return self._arrivals.delete(self._session, slot)

    def health(self, *, gives_way: Callable[[], bool] = never) -> ModemHealth:
        """Ask for registration, signal and storage.

        Raises:
            ModemWantedError: it gave way before all was asked.
            ModemSilentError: two questions in a row were not answered.

        """
        self._ready()
        replies: dict[str, Reply] = {}
        silent = 0
        kept = tuple(filter(self._session.told.get, SETTINGS))
        for text in (*_HEALTH_QUESTIONS, *kept):
            if gives_way():
                raise ModemWantedError
            reply = replies[text] = self._ask(text)
            silent = silent + 1 if reply.final is None else 0
            if silent == _SILENT_MAX:
                message = "the modem does not answer"
                raise ModemSilentError(message)
        told = (
            registration(line, asked=True)
            for text in _REGISTRATION_QUESTIONS
            for line in replies[text].lines
        )
        states = [one for one in told if one is not None]
        registered = not states or any(s.state.can_send for s in states)
        if self._settings.are_forgotten(self._session.told, replies):
            self._begin_anew()
            self._settings.was_brought_up(self._session.told)
        elif not registered and self._is_locked():
            self._bring_up(again=True)  # a SIM that lost contact for a moment
        stores = [s for line in replies["AT+CPMS?"].lines for s in storages(line)]
        receiving = stores[-1] if stores else None
        return ModemHealth(
            registered=registered,
            signal_dbm=_first(signal_dbm, replies["AT+CSQ"]),
            operator=_first(operator, replies["AT+COPS?"]),
            imei=self._session.imei,
            sim=self._session.sim,
            storage_used=receiving.used if receiving else None,
            storage_size=receiving.size if receiving else None,
            model=self._session.model,
        )

    def recover(self, rung: int) -> bool:
        """Try one rung, 0 to 4: escape, AT, reopen, reset, power; True where it helps.

        Beside the ladder, 5 switches the radio off and on. Never raises. A rung that
        does not exist helps nobody: the caller's quarantine begins there.
        """
        try:
            return self._recovery.climb(rung)
        except ModemError:
            return False

    def interrupt(self) -> None:
        """Make a blocked call return at once; from any thread."""
        self._dialogue.interrupted = True
        self._transport.interrupt()

    def wake(self) -> None:
        """Have a wait between commands ask now who it gives way to; from any thread."""
        self._transport.interrupt()

    def close(self) -> None:
        """Close the port; never raises."""
        self._transport.close()
        self._dialogue.reset()

    def connect(self) -> None:
        """Open the port where it is closed; the modem is not brought up.

        Raises:
            ModemBusyError: another program holds the port.
            ModemGoneError: there is no such port.

        """
        if not self._transport.is_open:
            self._open_port(self._transport.name)

    def reopen(self) -> None:
        """Close, open and bring up again.

        Raises:
            ModemError: as `open`.

        """
        self.open(beat=self._dialogue.beat)

    def _attach(self) -> None:
        """Open the configured port, or where else this modem is by its IMEI.

        Where names have changed places another modem of ours may hold this one's port:
        it has found itself there. A stick that was exchanged under the same name is
        taken, unless the configuration names the IMEI.
        """
        try:
            self._open_port(self.port)
            self._bring_up(is_ours=self._which.may_be)
        except (HeldByUsError, ModemGoneError) as error:
            self.close()
            is_another = isinstance(error, AnotherModemError)
            asked = self.port if is_another else ""
            beat = self._dialogue.beat
            found = find_port(self._which.imei, self._options, self._clock, beat, asked)
            if found is None and (self._options.imei or not is_another):
                raise
            self._open_port(found or self.port)
            self._bring_up()
        self._which.becomes(self._session.imei)

    def _open_port(self, port: str) -> None:
        self._transport.name = port
        self._transport.open()
        self._dialogue.reset()
        self._dialogue.owed.opened(self._transport.plugged)

    def _bring_up(
        self,
        *,
        again: bool = False,
        is_ours: Callable[[str | None], bool] | None = None,
    ) -> None:
        self._arrivals.forget()
        before = self._session.sim
        bring_up = BringUp(self._dialogue, self._options, self._pins)
        self._session = bring_up.run(is_ours)
        if before not in {None, self._session.sim}:
            self._dialogue.owed.forget_count()
        self._has_sim, self._arrivals.looks_again = True, again

    def _ready(self) -> None:
        """Bring the modem up again where it has started anew, or its SIM has."""
        self._dialogue.interrupted = False
        if self._dialogue.restarted:
            self._begin_anew()
        elif not self._has_sim:
            self._bring_up(again=True)

    def _begin_anew(self) -> None:
        self._telemetry.count("modem_restarts_total")
        self._bring_up(again=True)

    def _ask(self, text: str) -> Reply:
        return self._dialogue.command(text, deadline_s=self._options.command_s)

    def _is_locked(self) -> bool:
        return pin_state(answer_of(self._ask("AT+CPIN?").lines)) not in {"", "READY"}


T = TypeVar("T")
_SILENT_MAX = 2
_REGISTRATION_QUESTIONS = ("AT+CREG?", "AT+CGREG?", "AT+CEREG?")
_HEALTH_QUESTIONS = (*_REGISTRATION_QUESTIONS, "AT+CSQ", "AT+COPS?", "AT+CPMS?")


def _first(read: Callable[[str], T | None], reply: Reply) -> T | None:
    for line in reply.lines:
        value = read(line)
        if value is not None:
            return value
    return None
