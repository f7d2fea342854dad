"""A virtual GSM modem behind a pty, a unix socket or TCP, with faults to switch.

It is good enough for gammu, smstools, kannel and ModemManager, and bad enough, on
demand, for whoever writes a driver. Two or more join a `VirtualNetwork`.
"""

from collections import deque
from collections.abc import Callable
from typing import Self

from adapters.modem.pdu import Deliver
from adapters.modem.pdu_encode import encode_deliver
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.split import split
from adapters.modem.virtual_answers import cms
from adapters.modem.virtual_calls import Calls
from adapters.modem.virtual_dialect import Dialect
from adapters.modem.virtual_faults import Faults
from adapters.modem.virtual_inbox import Inbox, nobody
from adapters.modem.virtual_links import Link, PtyLink
from adapters.modem.virtual_loop import Loop
from adapters.modem.virtual_network import VirtualNetwork
from adapters.modem.virtual_state import State
from adapters.modem.virtual_submit import Owed, message_of
from engine.ports.clock import Clock

_ESCAPE, _END_OF_PDU, _RETURN, _NEWLINE = 0x1B, 0x1A, 0x0D, 0x0A
_BACKSPACE = frozenset({0x08, 0x7F})
_INPUT_MAX = 8192
_TICK_S = 1.0
_BAD_PDU, _NO_SERVICE = 304, 331
_BOOT_LINES = ("RDY", "+CFUN: 1", "+CPIN: READY", "Call Ready", "SMS Ready")
_NOISE = b"\xff\x00\x80\xfe"


class VirtualModem:
    """One modem; its own thread runs between `start` and `stop`.

    Every method may be called from any thread.
    """

    def __init__(
        self,
        number: str,
        *,
        clock: Clock,
        network: VirtualNetwork | None = None,
        link: Link | None = None,
        faults: Faults | None = None,
        pin: str = "",
        imei: str = "",
        watch: Callable[[str, str], None] | None = None,
        on_call: Callable[[str, str], None] | None = None,
    ) -> None:
        """Make a modem with a SIM of this number; `start` plugs it in.

        Args:
            number: the SIM's own, with `+` in front.
            clock: for time stamps and timers.
            network: where its messages go; one of its own where None.
            link: a pty where None.
            faults: switches; they may be changed at any time.
            pin: what the SIM wants before it works.
            imei: made from the number where "".
            watch: gets each line of the dialogue, `<-` from and `->` to the client.
            on_call: told of each call that the client dials: from, to.

        """
        digits = "".join(c for c in number if c.isdecimal())[-8:].rjust(8, "0")
        self.number = number
        self.faults = faults or Faults()
        self.state = State(
            number=number,
            imei=imei or f"8675309{digits}",
            imsi=f"0010100{digits}",
            iccid=f"8946000000{digits}0",
            pin=pin,
            faults=self.faults,
        )
        self._clock = clock
        self._network = network or VirtualNetwork(clock=clock)
        self._loop = Loop(clock, link or PtyLink(), self._on_input)
        self._dialect = Dialect(self.state, clock)
        self._calls = Calls(self.state, self._loop, self._urc, on_call)
        self._watch = watch
        self._buffer = bytearray()
        self._prompt: str | None = None
        self._busy = False
        self._owed = Owed(clock)
        self._life = 0
        self._input: deque[int] = deque()
        self._urcs: deque[bytes] = deque()
        self._inbox = Inbox(self.state, self._loop, self._urc)
        self._injected = 0
        self._plugged = False

    @property
    def port(self) -> str:
        """Return what a client opens: a path, or `socket://host:port`."""
        return self._loop.link.address

    @property
    def is_sending(self) -> bool:
        """Whether it has been handed a message that it has not answered yet.

        One that vanishes from the bus, or starts anew, sends no more.
        """
        return len(self._owed) > 0

    def start(self) -> Self:
        """Plug in and run."""
        self._loop.link.plug()
        self._plugged = self._inbox.plugged = True
        self._network.join(self)
        self._loop.start(f"virtual-modem-{self.port.rpartition('/')[2]}")
        self._loop.post(self._tick)
        return self

    def stop(self) -> None:
        """Leave the network, unplug, end the thread."""
        self._network.leave(self)
        self._loop.call(self._vanish)
        self._loop.stop()

    def __enter__(self) -> Self:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def inject(self, sender: str, text: str) -> None:
        """Deliver a message to this modem, in parts where it is long."""
        self._injected = (self._injected + 1) % 256
        for part in split(text, reference=self._injected):
            pdu = Deliver(
                sender=Address(text=sender, toa=0x91 if sender[:1] == "+" else 0x81),
                user_data=part,
                dcs=8 if part.charset is Charset.UCS2 else 0,
                sent_at=self._clock.now().to_datetime(),
            )
            self.deliver(*encode_deliver(pdu))

    def deliver(
        self, pdu: str, length: int, arrived: Callable[[], None] = nobody
    ) -> None:
        """Take a DELIVER from the network; hold it while it cannot be stored."""
        self._loop.post(lambda: self._inbox.come_in(pdu, length, arrived))
        if self.faults.strikes("duplicate"):
            self._loop.post(lambda: self._inbox.come_in(pdu, length, nobody))

    def report(self, pdu: str, length: int, *, after_s: float) -> None:
        """Take a status report from the network."""
        if self.faults.strikes("no_report"):
            return
        self._loop.post(
            lambda: self._loop.later(after_s, lambda: self._inbox.report(pdu, length))
        )

    def ring(
        self, caller: str, *, number_with: int = 1, is_withheld: bool = False
    ) -> None:
        """Let a caller ring until the modem hangs up, three rings at most.

        Args:
            caller: the caller's number.
            number_with: the ring that the number comes with, counted from 1.
            is_withheld: whether the number line is empty.

        """
        self._loop.post(
            lambda: self._calls.ring(
                caller, number_with=number_with, is_withheld=is_withheld
            )
        )

    def unplug(self) -> None:
        """Vanish from the bus at once."""
        self._loop.call(self._vanish)

    def replug(self, link: Link | None = None) -> None:
        """Come back, started anew, under the same name or behind another link.

        Raises:
            OSError: that link cannot be plugged in; the modem stays unplugged.

        """

        def appear() -> None:
            self._vanish()
            fresh = link or self._loop.link
            fresh.plug()
            self._loop.link = fresh
            self._plugged = self._inbox.plugged = True
            self._boot()

        self._loop.call(appear)

    def restart(self) -> None:
        """Start anew without leaving the bus, saying so with boot URCs."""
        self._loop.call(self._boot)

    def want_pin(self, pin: str) -> None:
        """Have the SIM want this PIN, at once and after each restart; "": none."""
        self._loop.call(lambda: self.state.want_pin(pin))

    def want_puk(self) -> None:
        """Have the SIM want its PUK: `AT+CPIN="PUK","NEW PIN"`."""
        self._loop.call(self.state.want_puk)

    def say(self, line: str) -> None:
        """Say an unsolicited line."""
        self._loop.post(lambda: self._urc(line))

    def _vanish(self) -> None:
        self._plugged = self._inbox.plugged = False
        self._loop.link.unplug()
        self._forget()

    def _forget(self) -> None:
        self._buffer.clear()
        self._input.clear()
        self._urcs.clear()
        self._prompt, self._busy = None, False
        self._owed.forget()
        self._life += 1

    def _boot(self) -> None:
        self._forget()
        self.state.restart()
        self.state.busy_until_s = self._clock.boottime_s() + self.faults.sim_busy_s
        for line in _BOOT_LINES:
            self._urc(line.replace("READY", self.state.lock))
        self._inbox.retry()

    def _on_input(self, data: bytes) -> None:
        if self.faults.hang:
            return
        self._input.extend(data)
        while self._input and not self._busy:
            self._take(self._input.popleft())

    def _take(self, octet: int) -> None:
        if self._prompt is not None:
            self._take_in_prompt(octet)
            return
        if (self.state.settings.echo or self.faults.echo) and octet != _ESCAPE:
            self._out(bytes((octet,)))
        if octet == _RETURN:
            line = self._buffer.decode("latin-1")
            self._buffer.clear()
            if line.strip():
                self._seen("<-", line)
                self._run(line)
        elif octet in _BACKSPACE:
            del self._buffer[-1:]
        elif octet == _ESCAPE:
            self._buffer.clear()
        elif octet != _NEWLINE and len(self._buffer) < _INPUT_MAX:
            self._buffer.append(octet)

    def _take_in_prompt(self, octet: int) -> None:
        if octet == _END_OF_PDU:
            text, argument = self._buffer.decode("latin-1"), self._prompt or ""
            self._buffer.clear()
            self._prompt = None
            self._seen("<-", f"{text.strip()}<1A>")
            self._hand_over(argument, text)
        elif octet == _ESCAPE:
            self._buffer.clear()
            self._prompt = None
            self._answer((), "OK")
        elif octet in _BACKSPACE:
            del self._buffer[-1:]
        elif len(self._buffer) < _INPUT_MAX:
            self._buffer.append(octet)
            if not self.state.settings.pdu_mode and self.state.settings.echo:
                self._out(bytes((octet,)))

    def _run(self, line: str) -> None:
        answer = self._dialect.execute(line)
        if answer.submits is not None:
            self._open_prompt(answer.submits)
            return
        if answer.dials:
            self._calls.dial(answer.dials)
        self._busy = True

        def carry_out() -> None:
            self._answer(answer.lines, answer.final)
            if answer.restarts:
                self._boot()
            elif "+CMGD" in line.upper():
                self._inbox.retry()

        self._later(self.faults.command_s, carry_out)

    def _later(self, seconds: float, callback: Callable[[], None]) -> None:
        """Do something after a time, unless the modem starts anew before."""
        life = self._life
        self._loop.later(seconds, lambda: callback() if life == self._life else None)

    def _open_prompt(self, argument: str) -> None:
        if not self.state.can_send:
            self._answer((), cms(self.state, _NO_SERVICE))
        elif not self.faults.strikes("no_prompt"):
            self._prompt = argument
            self._seen("->", ">")
            self._out(b"> \r" if self.faults.cr_only else b"\r\n> ")

    def _hand_over(self, argument: str, text: str) -> None:
        """Take what was written at the prompt; from here on it counts as sent."""
        pdu_mode = self.state.settings.pdu_mode
        message = message_of(argument, text, pdu_mode=pdu_mode)
        if message is None:
            self._answer((), cms(self.state, _BAD_PDU))
            return
        faults = self.faults
        owes = faults.owed_cmgs_s > 0 and faults.strikes("owed")
        late = faults.late_cmgs_s > 0 and faults.strikes("late")
        seconds = faults.latency_s + late * faults.late_cmgs_s
        refused = faults.no_credit or faults.strikes("cms_rate")
        reference = 0 if refused else self.state.next_reference()
        is_said = refused or not faults.strikes("drop_cmgs")

        def over() -> None:
            block = self._aside if owes else self._block
            if refused:
                self._say((), cms(self.state, faults.refusal), block)
            elif is_said:
                self._say((f"+CMGS: {reference}",), "OK", block)
            if not owes:
                self._fall_silent()

        self._busy = not owes
        answer_s = self._owed.takes(seconds + owes * faults.owed_cmgs_s, over)
        if not refused:
            self._network.submit(self, message, reference, answer_s=answer_s)
        self._later(answer_s, self._owed.end)

    def _answer(self, lines: tuple[str, ...], final: str) -> None:
        self._say(lines, final, self._block)
        self._fall_silent()

    def _say(
        self,
        lines: tuple[str, ...],
        final: str,
        block: Callable[[tuple[str, ...]], None],
    ) -> None:
        faults = self.faults
        if faults.strikes("garbage"):
            self._out(_NOISE)
        if lines:
            block(lines)
        if faults.urc_inside:
            block(("^RSSI:21",))
        if not (final == "OK" and faults.strikes("drop_ok")):
            block((final,))

    def _fall_silent(self) -> None:
        """Be ready for the next command; say what was held back meanwhile."""
        self._busy = False
        self._flush_urcs()
        while self._input and not self._busy:
            self._take(self._input.popleft())

    def _urc(self, *lines: str) -> None:
        """Say lines unasked, but never while the prompt is open.

        smstools answers a `+CDS` that falls into the prompt with `AT+CNMA`, which
        then becomes part of its PDU.
        """
        self._urcs.append(self._formatted(lines))
        self._seen("->", " ".join(lines))
        if self._prompt is None:
            self._flush_urcs()

    def _flush_urcs(self) -> None:
        while self._urcs and self._prompt is None:
            self._out(self._urcs.popleft())

    def _aside(self, lines: tuple[str, ...]) -> None:
        self._urc(*lines)

    def _block(self, lines: tuple[str, ...]) -> None:
        for line in lines:
            self._seen("->", line)
        self._out(self._formatted(lines))

    def _formatted(self, lines: tuple[str, ...]) -> bytes:
        if self.faults.cr_only:
            return "".join(f"{line}\r" for line in lines).encode("latin-1")
        joined = "\r\n".join(lines)
        return f"\r\n{joined}\r\n".encode("latin-1", "replace")

    def _tick(self) -> None:
        """Flood where told to, tell of the network, let it try what it holds."""
        if self.faults.flood_s > 0:
            self._urc("^RSSI:21")
        for line in self._dialect.registration_news():
            self._urc(line)
        self._inbox.retry()
        self._loop.later(self.faults.flood_s or _TICK_S, self._tick)

    def _out(self, data: bytes) -> None:
        if self._plugged and not self.faults.hang:
            self._loop.link.write(data)

    def _seen(self, direction: str, text: str) -> None:
        if self._watch is not None:
            self._watch(direction, text)
