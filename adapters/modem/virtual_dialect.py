"""The virtual modem's command set: one command line in, an answer out.

It answers what gammu, smstools, kannel and ModemManager ask for; the list of what
each must get is in `docs/modem.md`.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

from adapters.modem.at import fields_of
from adapters.modem.virtual_answers import (
    Answer,
    Refused,
    cme,
    error,
    ok,
)
from adapters.modem.virtual_messages import MessageCommands
from adapters.modem.virtual_state import Settings, State
from engine.ports.clock import Clock

_PIECE = re.compile(
    r"""
    (?P<basic>[&]?[A-CE-Z])(?P<value>\d*)(?![+])      # ATE0, AT&F, ATZ
    | D(?P<dial>.*)                                   # ATD takes the rest
    | (?P<name>[+^*%$#][A-Z0-9]+)                     # AT+CREG
      (?P<form>=\?|\?|=)?(?P<arguments>(?:"[^"]*"|[^;"])*);?
    """,
    re.VERBOSE | re.IGNORECASE,
)
_NEEDS_SIM = frozenset(
    {"+CIMI", "+CPMS", "+CMGS", "+CMGL", "+CMGR", "+CMGD", "+CMGW", "+CSCA", "+CNMI"}
)
_SIM_PIN, _SIM_PUK, _SIM_BUSY, _BAD_PIN = 11, 12, 14, 16
_ACCEPTED = frozenset(
    {"+CRC", "+COLP", "+CUSD", "+CMMS", "+CSDH", "+IFC", "+CGEREP", "+CTZU", "+ICF"}
    | {"+CSSN", "+CMER", "+CVHU", "+CCWA", "+CGATT", "+IPR", "^CURC", "+CPLS", "+CSCB"}
)

Handler = Callable[[str, str], Answer]


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """What the modem says it is."""

    maker: str = "Vmodem"
    model: str = "VM-1"
    revision: str = "1.0"


class Dialect:
    """Executes command lines on a state."""

    def __init__(
        self, state: State, clock: Clock, identity: Identity | None = None
    ) -> None:
        """Take the state that commands read and change."""
        self._state = state
        self._clock = clock
        self._identity = identity or Identity()
        self._messages = MessageCommands(state)
        self._creg = state.registration
        self._handlers: dict[str, Handler] = {
            "+CPIN": self._pin,
            "+CPINR": self._pin_tries,
            "+CFUN": self._radio,
            "+CMEE": self._errors,
            "+CSCS": self._charset,
            "+CREG": self._registration("+CREG"),
            "+CGREG": self._registration("+CGREG"),
            "+CEREG": self._registration("+CEREG"),
            "+COPS": self._operator,
            "+CLCK": self._facility_lock,
            "+CLIP": self._caller_line,
            "+CLCC": self._calls,
            "+CHUP": self._hang_up,
        } | self._messages.handlers()

    def execute(self, line: str) -> Answer:
        """Run a line, several commands joined by `;` included; never raises."""
        body = line.strip()
        if body[:2].upper() != "AT":
            return error()
        body = body[2:].strip()
        lines: list[str] = []
        at = 0
        while at < len(body):
            if body[at] in "; ":
                at += 1
                continue
            match = _PIECE.match(body, at)
            if match is None or match.end() == at:
                return error()
            at = match.end()
            try:
                answer = self._piece(match)
            except Refused as refused:
                return Answer(lines=tuple(lines), final=refused.final)
            lines.extend(answer.lines)
            if answer.final != "OK" or answer.submits is not None or answer.dials:
                return Answer(
                    lines=tuple(lines),
                    final=answer.final,
                    submits=answer.submits,
                    dials=answer.dials,
                    restarts=answer.restarts,
                )
            if answer.restarts:
                return answer
        return ok(*lines)

    def registration_news(self) -> tuple[str, ...]:
        """Return what is said unasked where the registration is another than before."""
        creg = self._state.registration
        if creg == self._creg:
            return ()
        self._creg = creg
        modes = self._state.settings.registration_modes
        return tuple(f"{n}: {self._registered(m)}" for n, m in modes.items() if m)

    def _piece(self, match: re.Match[str]) -> Answer:
        if match["basic"]:
            return self._basic(match["basic"].upper(), match["value"])
        if match["dial"] is not None:
            return Answer(final="OK", dials=match["dial"].rstrip("; "))
        name = match["name"].upper()
        form = match["form"] or ""
        return self._extended(name, form, (match["arguments"] or "").strip())

    def _basic(self, command: str, value: str) -> Answer:
        settings = self._state.settings
        match command:
            case "E":
                settings.echo = value != "0"
            case "V":
                settings.verbose = value != "0"
            case "Q":
                settings.quiet = value == "1"
            case "Z" | "&F":
                echo = settings.echo
                self._state.settings = Settings(echo=echo)
            case "I":
                identity = self._identity
                return ok(identity.maker, identity.model, f"IMEI: {self._state.imei}")
            case "H":
                self._state.call = ""
            case "A":
                return Answer(final="NO CARRIER")
            case "X" | "&C" | "&D" | "&K" | "S" | "L" | "M" | "&W" | "T" | "P":
                pass
            case _:
                return error()
        return ok()

    def _extended(self, name: str, form: str, arguments: str) -> Answer:
        state = self._state
        if name in _NEEDS_SIM:
            if state.lock == "SIM PIN":
                raise Refused(cme(state, _SIM_PIN))
            if state.lock == "SIM PUK":
                raise Refused(cme(state, _SIM_PUK))
            if self._clock.boottime_s() < state.busy_until_s:
                raise Refused(cme(state, _SIM_BUSY))
        fixed = self._fixed(name, form)
        if fixed is not None:
            return fixed
        handler = self._handlers.get(name)
        if handler is not None:
            return handler(form, arguments)
        if name in _ACCEPTED:
            return ok(f"{name}: 1") if form == "?" else ok()
        return error()

    def _fixed(self, name: str, form: str) -> Answer | None:
        """Answer what never changes: who the modem is, and how strong the signal."""
        state, identity = self._state, self._identity
        said = {
            "+CGMI": identity.maker,
            "+GMI": identity.maker,
            "+CGMM": identity.model,
            "+GMM": identity.model,
            "+CGMR": identity.revision,
            "+GMR": identity.revision,
            "+CGSN": state.imei,
            "+GSN": state.imei,
            "+CIMI": state.imsi,
            "+CCID": f"+CCID: {state.iccid}",
            "+ICCID": f"+ICCID: {state.iccid}",
            "+GCAP": "+GCAP: +CGSM,+DS,+ES",
            "+CNUM": f'+CNUM: "","{state.number}",145',
            "+CSQ": "+CSQ: 21,99",
            "+CPAS": "+CPAS: 0",
            "+CBC": "+CBC: 0,100",
        }.get(name)
        if name == "+WS46" and form == "=?":
            return ok("+WS46: (12,22,25)")
        if said is None or form not in {"", "=?"}:
            return None
        return ok(said) if form == "" else ok()

    def _pin(self, form: str, arguments: str) -> Answer:
        state = self._state
        if form == "?":
            return ok(f"+CPIN: {state.lock}")
        if form != "=":
            return ok()
        code, comma, new_pin = arguments.replace('"', "").partition(",")
        if comma and (state.lock, code) == ("SIM PUK", state.puk):
            state.want_pin(new_pin)
            code = new_pin
        if state.lock != "SIM PIN":
            raise Refused(cme(state, _SIM_PUK if state.lock == "SIM PUK" else 3))
        if code == state.pin:
            state.unlocked, state.pin_tries_left = True, 3
            state.busy_until_s = self._clock.boottime_s() + state.faults.sim_busy_s
            return ok()
        state.pin_tries_left -= 1
        raise Refused(cme(state, _BAD_PIN if state.pin_tries_left else _SIM_PUK))

    def _pin_tries(self, form: str, arguments: str) -> Answer:
        del form, arguments
        return ok(f"+CPINR: SIM PIN,{self._state.pin_tries_left},3")

    def _radio(self, form: str, arguments: str) -> Answer:
        match form:
            case "?":
                return ok(f"+CFUN: {self._state.settings.radio}")
            case "=?":
                return ok("+CFUN: (0,1,4),(0,1)")
            case _:
                function, _, reset = arguments.partition(",")
                if function not in {"0", "1", "4"}:
                    return error()
                self._state.settings.radio = int(function)
                return Answer(final="OK", restarts=reset == "1")

    def _errors(self, form: str, arguments: str) -> Answer:
        if form == "?":
            return ok(f"+CMEE: {self._state.settings.cmee}")
        if form == "=":
            if arguments not in {"0", "1", "2"}:
                return error()
            self._state.settings.cmee = int(arguments)
        return ok("+CMEE: (0,1,2)") if form == "=?" else ok()

    def _charset(self, form: str, arguments: str) -> Answer:
        match form:
            case "?":
                return ok(f'+CSCS: "{self._state.settings.charset}"')
            case "=?":
                return ok('+CSCS: ("IRA","GSM","UCS2")')
            case _:
                wanted = arguments.strip('"')
                if wanted not in {"IRA", "GSM", "UCS2"}:
                    return error()
                self._state.settings.charset = wanted
                return ok()

    def _registration(self, name: str) -> Handler:
        def handler(form: str, arguments: str) -> Answer:
            modes = self._state.settings.registration_modes
            match form:
                case "?":
                    mode = modes.get(name, 0)
                    return ok(f"{name}: {mode},{self._registered(mode)}")
                case "=?":
                    return ok(f"{name}: (0-2)")
                case _:
                    if arguments not in {"0", "1", "2"}:
                        return error()
                    modes[name] = int(arguments)
                    return ok()

        return handler

    def _registered(self, mode: int) -> str:
        place = ',"0017","000000A1",7' if mode > 1 else ""
        return f"{self._state.registration}{place}"

    def _operator(self, form: str, arguments: str) -> Answer:
        settings = self._state.settings
        match form:
            case "?":
                names = ("Virtual Mobile", "Virtual", "00101")
                if not self._state.can_send:
                    return ok("+COPS: 0")
                shown = names[settings.operator_format]
                return ok(f'+COPS: 0,{settings.operator_format},"{shown}",7')
            case "=?":
                return ok(
                    '+COPS: (2,"Virtual Mobile","Virtual","00101",7),,(0,1),(0-2)'
                )
            case _:
                fields = fields_of(f":{arguments}")
                if (
                    fields[0] == "3"
                    and len(fields) > 1
                    and fields[1] in {"0", "1", "2"}
                ):
                    settings.operator_format = int(fields[1])
                return ok()

    @staticmethod
    def _facility_lock(form: str, arguments: str) -> Answer:
        if form == "=?":
            return ok('+CLCK: ("SC","FD","PS","AO","OI")')
        return ok("+CLCK: 0") if arguments.endswith(",2") else error()

    def _caller_line(self, form: str, arguments: str) -> Answer:
        if form == "=" and arguments in {"0", "1"}:
            self._state.settings.clip = int(arguments)
        return ok(f"+CLIP: {self._state.settings.clip},1") if form == "?" else ok()

    def _calls(self, form: str, arguments: str) -> Answer:
        del arguments
        if form or not self._state.call:
            return ok()
        return ok(f'+CLCC: 1,0,{self._state.call_state},0,0,"{self._state.call}",145')

    def _hang_up(self, form: str, arguments: str) -> Answer:
        del arguments
        if form == "=?":
            return error()
        self._state.call = ""
        return ok()
