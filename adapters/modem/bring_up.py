"""From an open port to a modem that sends and tells what arrives.

Every command but the starred ones of the field's experience is optional: modems
refuse `AT`, `AT+CMEE=1`, `AT+CSCS` and still send. What must work: an answer to
`AT` or `ATE0`, a SIM that is ready, and PDU mode.
"""

import re
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from adapters.modem.at import fields_of, prefix_of
from adapters.modem.at_replies import answer_of, choices, number_of, pin_state
from adapters.modem.cms_policy import is_busy
from adapters.modem.dialogue import Dialogue
from adapters.modem.heard import Reply
from adapters.modem.options import ModemOptions
from adapters.modem.pins import PinStore, is_of_disk, pin_key
from adapters.modem.settings import SETTINGS, told
from engine.errors import ModemError, ModemGoneError, ModemSilentError

_ANSWER_TRIES = 3
_ROW_S = 0.5
_ROWS_MAX = 8
_LINE_S = 0.25
_BUSY_PAUSES_S = (0.5, 1.0, 2.0, 4.0, 8.0, 8.0, 8.0)
_BOOT_PAUSES_S = (0.5, 2.0, 5.0)
_DIGITS = re.compile(r"\d{6,22}")
_PIN = re.compile(r"[0-9]{4,8}")
_ASK_PIN = "AT+CPIN?"
_PIN_TRIES_LEFT_MIN = 2
_PIN_TRIES = 3
"""So many a SIM gives (ETSI TS 102 221), and again once it has taken its PIN."""
_NO_MEMORY = "that a PIN was tried cannot be remembered: it is not tried"


class AnotherModemError(ModemGoneError):
    """A modem answers, and it is not the one that is looked for."""


@dataclass(slots=True)
class Session:
    """What bringing up has found out; holds until the port closes.

    `store` is the store that is selected for reading (mem1), `receives` the one
    that arriving messages go to (mem3); `acknowledges` says that the modem wants
    a `+CNMA` for each message that it routes past its storage; `told` is what it says
    of its settings once they are set.
    """

    imei: str | None = None
    imsi: str | None = None
    iccid: str | None = None
    model: str | None = None
    store: str = ""
    receives: str = ""
    readable: tuple[str, ...] = ()
    has_report_store: bool = False
    acknowledges: bool = False
    direct_reports: bool = False
    told: dict[str, str] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)

    @property
    def sim(self) -> str | None:
        """Return what tells the SIM from others: ICCID, else IMSI."""
        return self.iccid or self.imsi


def let_pass(dialogue: Dialogue) -> None:
    """Let pass what a modem owes that fell silent, and answers again.

    It comes in a row: none of it answers the next command.
    """
    if dialogue.fell_silent:
        for _ in range(_ROWS_MAX):
            if not dialogue.pause(_ROW_S):
                break
    dialogue.fell_silent = False


def hear_out(dialogue: Dialogue) -> None:
    """Wait for the next lines of a text that came straight, while any come.

    One that is told once its first has come is without the SOS in its second.
    """
    for _ in range(_ROWS_MAX):
        if not (dialogue.is_in_text and dialogue.pause(_LINE_S)):
            break


class BringUp:
    """The first dialogue with a modem."""

    def __init__(
        self, dialogue: Dialogue, options: ModemOptions, pins: PinStore
    ) -> None:
        """Take the dialogue of an open port."""
        self._dialogue = dialogue
        self._options = options
        self._pins = pins
        self._session = Session()

    def run(self, is_ours: Callable[[str | None], bool] | None = None) -> Session:
        """Bring the modem up.

        Args:
            is_ours: asked of its IMEI before its SIM is touched: our PIN would cost
                another SIM a try, and be refused.

        Raises:
            AnotherModemError: it is not ours.
            ModemSilentError: it does not answer.
            ModemError: no SIM, a SIM that is locked, or no PDU mode.

        """
        dialogue = self._dialogue
        hear_out(dialogue)
        dialogue.minds_restart = dialogue.echo.is_mute = False
        try:
            self._answer()
            self._identify()
            if is_ours is not None and not is_ours(self._session.imei):
                message = "another modem is at this port"
                raise AnotherModemError(message)
            self._unlock()
            self._configure()
        finally:
            dialogue.minds_restart = True
        if dialogue.restarted or dialogue.gone:
            dialogue.owed.give_up()
            dialogue.owed.forget_count()
        dialogue.restarted = dialogue.gone = False
        dialogue.echo.is_brought_up()
        return self._session

    def _answer(self) -> None:
        """Get any answer: bare `AT` is refused by some, and is an answer too."""
        dialogue = self._dialogue
        for _ in range(_ANSWER_TRIES):
            dialogue.escape()
            if dialogue.command("AT", deadline_s=self._options.answer_s).final:
                break
        else:
            message = "the modem does not answer"
            raise ModemSilentError(message)
        let_pass(dialogue)
        self._optional("ATE0")
        dialogue.echo.was_heard = False
        for text in ("AT+CMEE=1", "AT^CURC=0"):
            self._optional(text)

    def _identify(self) -> None:
        session = self._session
        # By it the modem is found again: its OK may be lost, its digits are told.
        session.imei = _digits(self._optional("AT+CGSN")) or _digits(
            self._optional("AT+CGSN")
        )
        session.model = _plain(self._optional("AT+CGMM"))
        for text in ("AT+CCID", "AT+ICCID", "AT^ICCID?"):
            session.iccid = _digits(self._optional(text))
            if session.iccid:
                break

    def _unlock(self) -> None:
        for _ in range(_ANSWER_TRIES):
            reply = self._patient(_ASK_PIN)
            if reply.final is not None:
                break
        state = pin_state(answer_of(reply.lines))
        match state:
            case "READY":
                pass
            case "SIM PIN":
                self._enter_pin()
            case "":
                self._without_pin_answer(reply)
            case _:
                message = f"the SIM is locked: {state if state in _LOCKS else 'lock'}"
                raise ModemError(message)
        radio = self._optional("AT+CFUN?")
        if number_of(fields_of(answer_of(radio.lines))[0]) != 1:
            self._patient("AT+CFUN=1")
        self._session.imsi = _digits(self._patient("AT+CIMI"))

    @staticmethod
    def _without_pin_answer(reply: Reply) -> None:
        if reply.final is None:
            message = "the modem does not answer AT+CPIN?"
            raise ModemSilentError(message)
        if reply.final.code.upper() in {"10", "310", "SIM NOT INSERTED"}:
            message = "no SIM is inserted"
            raise ModemError(message)

    def _enter_pin(self) -> None:
        if not self._options.pin:
            message = "the SIM wants a PIN and none is configured"
            raise ModemError(message)
        if not _PIN.fullmatch(self._options.pin):
            message = "the configured PIN is not 4 to 8 digits: it is not tried"
            raise ModemError(message)
        sim = self._session.iccid or self._session.imei or ""
        key = pin_key(sim, self._options.pin)
        left = self._optional('AT+CPINR="SIM PIN"')
        fields = fields_of(left.lines[0]) if left.lines else ()
        tries = number_of(fields[1]) if len(fields) > 1 else None
        is_untried = tries is not None and tries >= _PIN_TRIES
        if self._is_barred(key, is_untried=is_untried):
            message = "the PIN was refused before or had no answer: enter it by hand"
            raise ModemError(message)
        if tries is not None and tries < _PIN_TRIES_LEFT_MIN:
            message = "the SIM has one PIN try left: enter it by hand"
            raise ModemError(message)
        self._bar(key, is_untried=is_untried)
        reply = self._dialogue.command(
            f'AT+CPIN="{self._options.pin}"', deadline_s=self._options.storage_s
        )
        is_open = reply.ok or self._is_open()
        # Where this fails a SIM that is open asks at its next start, and one that is
        # not has counted the try.
        with suppress(OSError, ValueError):
            if is_open:
                self._pins.allow(key)
            elif reply.final is not None:
                self._pins.refuse(key)
        if not is_open:
            refused = "was refused; it is not tried again"
            message = f"the PIN {'had no answer' if reply.final is None else refused}"
            raise ModemError(message)

    def _is_open(self) -> bool:
        """Ask whether the SIM took its PIN: the answer to that may be lost."""
        return any(pin_state(one) == "READY" for one in self._patient(_ASK_PIN).lines)

    def _is_barred(self, key: str, *, is_untried: bool) -> bool:
        try:
            return self._pins.is_barred(key, is_untried=is_untried)
        except (OSError, ValueError) as error:
            _must_count(error, is_untried=is_untried)
            return False

    def _bar(self, key: str, *, is_untried: bool) -> None:
        try:
            self._pins.bar(key)
        except (OSError, ValueError) as error:
            _must_count(error, is_untried=is_untried)

    def _configure(self) -> None:
        self._set_pdu_mode()
        self._session.acknowledges = not self._optional("AT+CSMS=0").ok and (
            self._optional("AT+CSMS=1").ok
        )
        self._optional('AT+CSCS="GSM"')
        self._choose_stores()
        self._choose_routing()
        self._set_service_centre()
        for text in ("AT+CREG=2", "AT+CGREG=2", "AT+CEREG=2", "AT+CLIP=1"):
            self._optional(text)
        for text in SETTINGS:
            self._session.told[text] = told(text, self._optional(text))

    def _set_service_centre(self) -> None:
        """Set it where it is another: each time costs a write of the SIM's memory."""
        wanted = self._options.smsc
        if not wanted:
            return
        told = self._optional("AT+CSCA?")
        if not any(fields_of(line)[0] == wanted for line in told.lines):
            self._optional(f'AT+CSCA="{wanted}"')

    def _set_pdu_mode(self) -> None:
        """Set what cannot be done without; a SIM800 refuses it while it boots."""
        for pause_s in (*_BOOT_PAUSES_S, 0.0):
            if self._patient("AT+CMGF=0").ok:
                return
            self._dialogue.pause(pause_s)
        message = "the modem has no PDU mode"
        raise ModemError(message)

    def _choose_stores(self) -> None:
        offered = _told(self._patient("AT+CPMS=?"), "+CPMS")
        readable = choices(offered[0]) if offered else frozenset()
        receiving = choices(offered[-1]) if offered else frozenset()
        session = self._session
        session.has_report_store = "SR" in readable
        listed = [s for s in self._options.stores if s in readable]
        # MT is SM and ME in one: what lies there would be read twice.
        session.readable = tuple(s for s in listed if s != "MT" or len(listed) == 1)
        for store in self._options.stores:
            if (not receiving or store in receiving) and self._set_stores(store):
                session.store = session.receives = store
                break
        if not session.readable and session.store:
            session.readable = (session.store,)

    def _set_stores(self, store: str) -> bool:
        """Set all three stores, or the two that older modems know (Wavecom)."""
        return any(
            self._patient("AT+CPMS=" + ",".join([f'"{store}"'] * count)).ok
            for count in (3, 2, 1)
        )

    def _choose_routing(self) -> None:
        """Announce arrivals, and have status reports sent straight to us.

        A report kept in storage is lost on modems that announce it in the wrong
        store (Quectel EC25), so `+CDS` comes first.
        """
        fields = _told(self._optional("AT+CNMI=?"), "+CNMI")
        modes, _, _, reports, buffers = (*(choices(f) for f in fields), *[None] * 5)[:5]
        mode = next((m for m in ("2", "1", "3") if modes is None or m in modes), "2")
        wanted = ("1", "2", "0") if self._options.status_reports else ("0",)
        buffer = "0" if buffers is None or "0" in buffers else "1"
        for report in wanted:
            if reports is not None and report not in reports:
                continue
            for flush in dict.fromkeys((buffer, "1", "0")):
                if self._optional(f"AT+CNMI={mode},1,0,{report},{flush}").ok:
                    self._session.direct_reports = report == "1"
                    return

    def _optional(self, text: str) -> Reply:
        reply = self._dialogue.command(text, deadline_s=self._options.command_s)
        if reply.final is None:
            self._dialogue.escape()
        if not reply.ok:
            self._session.refused.append(prefix_of(text[2:].partition("=")[0]))
        return reply

    def _patient(self, text: str) -> Reply:
        """Repeat while the SIM is busy, as it is for seconds after PIN and CFUN."""
        waited = 0.0
        reply = self._optional(text)
        for pause_s in _BUSY_PAUSES_S:
            busy = reply.final is not None and is_busy(reply.final.code)
            if not busy or waited >= self._options.sim_ready_s:
                break
            self._dialogue.pause(pause_s)
            waited += pause_s
            reply = self._optional(text)
        return reply


_LOCKS = frozenset({"SIM PUK", "SIM PIN2", "SIM PUK2", "PH-SIM PIN", "PH-NET PIN"})


def _must_count(error: Exception, *, is_untried: bool) -> None:
    """Let the SIM's own count remember the tries where the disk does not.

    On such a disk an engine comes up to hear each SOS, after a power cut as well.

    Raises:
        ModemError: it has not all of them, or the memory is set wrong.

    """
    if not (is_untried and is_of_disk(error)):
        raise ModemError(_NO_MEMORY) from error


def _told(reply: Reply, prefix: str) -> tuple[str, ...]:
    """Return the fields of the line that answers; () where there is none.

    The answer to an earlier command that came too late may stand before it, with its
    echo: a modem whose stores were read from that had none, and was never read.
    """
    own = [line for line in reply.lines if prefix_of(line) == prefix]
    return fields_of(own[0]) if own else ()


def _digits(reply: Reply) -> str | None:
    if reply.final is not None and not reply.ok:
        return None
    for line in reply.lines:
        match = _DIGITS.search(line)
        if match:
            return match.group()
    return None


def _plain(reply: Reply) -> str | None:
    if not reply.ok or not reply.lines:
        return None
    line = reply.lines[0]
    text = line.partition(":")[2] if line.startswith("+CGMM") else line
    return text.strip().strip('"')[:40] or None
