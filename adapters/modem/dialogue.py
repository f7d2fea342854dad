"""One dialogue with one modem: one outstanding command, URCs apart.

Used by one thread, but for `interrupt`. Nothing here sleeps: all waiting is done
in the transport's read, with a deadline, so that an answer is taken at once.
"""

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from adapters.modem.announced import LINE_S, Announced
from adapters.modem.at import (
    ASKED_ALONE,
    MESSAGE_COMMANDS,
    REGISTRATIONS,
    Final,
    FinalKind,
    Line,
    Prompt,
    Token,
    Tokenizer,
    command_prefix,
    fields_of,
    final_of,
    has_sign,
    is_boot,
    is_unsolicited,
    prefix_of,
)
from adapters.modem.echo import Echo
from adapters.modem.heard import (
    ModemInterruptedError,
    ModemRestartedError,
    Reply,
    Unsolicited,
)
from adapters.modem.owed import Owed
from adapters.modem.transport import Transport
from engine.errors import ModemGoneError, ModemSilentError
from engine.ports.clock import Clock

ESCAPE = b"\x1b"
END_OF_PDU = b"\x1a"
BEAT_S = 1.0
_GRACE_S = 1.0
UNSOLICITED_MAX = 1000
# What a modem says on and on is nothing: no port holds so much, no store lists so many.
_OCTETS_MAX = 1 << 20
_LINES_MAX = 4096
_SUBMIT = "+CMGS"


def no_beat() -> None:
    """Beat for nobody."""


def never() -> bool:
    """Give way to nobody."""
    return False


@dataclass(slots=True)
class Dialogue:
    """Sends commands and sorts what comes back.

    `beat` is called before each command, and at least once a second in every wait that
    brings none of its own.
    `owed` are the submits that the modem may still answer; `gone` says that it has been
    lost, or reset, so that it answers none of them; `fell_silent` that commands had no
    answer, which may yet come.
    """

    transport: Transport
    clock: Clock
    watch: Callable[[str, str], None] | None = None
    beat: Callable[[], None] = no_beat
    minds_restart: bool = True
    restarted: bool = False
    gone: bool = False
    interrupted: bool = False
    fell_silent: bool = False
    echo: Echo = field(default_factory=Echo)
    owed: Owed = field(default_factory=Owed)
    unsolicited: deque[Unsolicited] = field(
        default_factory=lambda: deque(maxlen=UNSOLICITED_MAX)
    )
    announced: Announced = field(init=False)
    _tokenizer: Tokenizer = field(default_factory=Tokenizer)
    _tokens: deque[Token] = field(default_factory=deque)
    _stale_ok_until_s: float = 0.0

    def __post_init__(self) -> None:
        """Wait for nothing yet."""
        self.announced = Announced(self.clock)

    def reset(self) -> None:
        """Forget what was under way: the port is new."""
        self._tokenizer.reset()
        self._tokens.clear()
        self.unsolicited.extend(self.announced.ends())
        self.announced.line = ""
        self.restarted = False
        self.interrupted = False

    def command(
        self,
        text: str,
        *,
        deadline_s: float,
        prefix: str = "",
        beat: Callable[[], None] | None = None,
        over: Callable[[], bool] = never,
    ) -> Reply:
        """Send one command and wait for its final result.

        Args:
            text: the command without its line end.
            deadline_s: how long the modem may take.
            prefix: that of its information lines (`+CREG`); found in `text` where
                not given.
            beat: called at least once a second while waiting.
            over: ends the wait, as silence would; for what can be called off alone.

        Raises:
            ModemGoneError: the port is lost.
            ModemSilentError: the modem babbles without an end.
            ModemRestartedError: the modem started anew instead of answering.
            ModemInterruptedError: `interrupt` was called.

        """
        # Some hundred that are answered at once, place by place, are a wait as well.
        (beat or self.beat)()
        self.catch_up()
        self.hear_text(beat)
        self._say(text, text.encode("ascii", "replace") + b"\r")
        return self.result(
            deadline_s=deadline_s,
            prefix=prefix or command_prefix(text),
            echo=text,
            beat=beat,
            over=over,
        )

    def result(
        self,
        *,
        deadline_s: float,
        prefix: str,
        echo: str = "",
        beat: Callable[[], None] | None = None,
        over: Callable[[], bool] = never,
    ) -> Reply:
        """Wait for the final result of what has been written already."""
        lines: list[str] = []
        deadline = self.clock.boottime_s() + deadline_s
        graced, refused = False, ""
        while True:
            token = self._next(deadline, beat, over)
            if token is None:
                # Wavecom answers `+CPIN: READY` and no OK; any OK can be lost.
                final = Final(kind=FinalKind.OK) if graced else final_of(refused)
                self.fell_silent |= final is None
                return Reply(final=final, lines=tuple(lines))
            if not isinstance(token, Line) or self._is_aside(token.text, prefix, echo):
                continue
            line = token.text
            final = final_of(line)
            if refused and (final is not None or prefix_of(line) == prefix):
                self._unasked(refused)
                refused = ""
            if final is not None and self._may_be_late(final, prefix):
                refused = line
                deadline = min(deadline, self.clock.boottime_s() + _GRACE_S)
                continue
            if final is not None:
                return Reply(final=final, lines=tuple(lines))
            if not self._belongs(line, prefix, lines):
                self._unasked(line)
                self._check_restart()
                continue
            lines.append(line)
            if len(lines) > _LINES_MAX:
                return Reply(final=None)
            if prefix in ASKED_ALONE and prefix_of(line) == prefix and not graced:
                graced = True
                deadline = min(deadline, self.clock.boottime_s() + _GRACE_S)

    def prompt(
        self, text: str, *, deadline_s: float, beat: Callable[[], None] | None = None
    ) -> Final | None:
        """Send a command that asks for a PDU; None once the prompt has come.

        Returns:
            the final result that came instead of the prompt.

        Raises:
            ModemSilentError: neither came in time.

        """
        self.catch_up()
        self.hear_text(beat)
        self._say(text, text.encode("ascii") + b"\r")
        deadline = self.clock.boottime_s() + deadline_s
        refused: Line | None = None
        while True:
            token = self._next(deadline, beat)
            match token:
                case Prompt():
                    if refused is not None:
                        self._unasked(refused.text)
                    # By its echo: it may take the length for a number, in text mode.
                    self._check_restart(at_prompt=True)
                    return None
                case Line(text=line):
                    if self._is_aside(line, _SUBMIT, text):
                        continue
                    final = final_of(line)
                    if final is None:
                        self._unasked(line)
                        self._check_restart()
                    elif final.kind is FinalKind.CMS and self.owed and not refused:
                        # It may be an earlier message that is refused.
                        refused = token
                        deadline = min(deadline, self.clock.boottime_s() + _GRACE_S)
                    else:
                        return final
                case None:
                    if refused is not None:
                        return final_of(refused.text)
                    message = "no prompt for the message"
                    raise ModemSilentError(message)

    def write_pdu(self, pdu: str) -> None:
        """Write a PDU and the Ctrl-Z that hands it over."""
        self.echo.hands_over()
        self._say(pdu, pdu.encode("ascii") + END_OF_PDU)

    def escape(self) -> None:
        """Leave a prompt, whether or not one is open."""
        self._say("<ESC>", ESCAPE + b"\r")

    def catch_up(self) -> None:
        """Sort what has already come, without waiting.

        Raises:
            ModemGoneError: the port is lost.
            ModemSilentError: there is no end of it; what was said is sorted.

        """
        octets = 0
        while octets < _OCTETS_MAX:
            data = self._read(0)
            octets += len(data)
            if data:
                self._tokens.extend(self._tokenizer.feed(data))
            while self._tokens:
                token = self._take()
                if isinstance(token, Line):
                    self._unasked(token.text)
            if not data:
                return
        message = "the modem babbles without an end"
        raise ModemSilentError(message)

    def hear_text(self, beat: Callable[[], None] | None) -> None:
        """Hear the first line of a text: else it is an answer, or an answer is it."""
        if self.announced.is_of_text:
            self.pause(LINE_S, beat)
            self.unsolicited.extend(self.announced.ends())

    def pause(
        self,
        seconds: float,
        beat: Callable[[], None] | None = None,
        over: Callable[[], bool] = never,
    ) -> bool:
        """Let time pass while sorting what comes; say whether it was asked for.

        `over` ends it early; it is asked whenever the transport's reader is woken.
        """
        deadline, has_come = self.clock.boottime_s() + seconds, False
        while (token := self._next(deadline, beat, over)) is not None:
            text = token.text if isinstance(token, Line) else ""
            has_come |= not is_unsolicited(text)
            if text:
                self._unasked(text)
        return has_come

    @property
    def is_in_text(self) -> bool:
        """Whether a text came straight just now, and what comes may be more of it."""
        return self.minds_restart and self.announced.is_in_text

    def wait(self, seconds: float) -> bool:
        """Wait for an unsolicited result; True as soon as one is there.

        Raises:
            ModemGoneError, ModemSilentError: as `catch_up`.

        """
        deadline = self.clock.boottime_s() + seconds
        self.catch_up()
        while not self.unsolicited and not self.restarted:
            if self.announced.line:
                deadline = min(deadline, self.clock.boottime_s() + LINE_S)
            if (token := self._next(deadline)) is None:
                self.unsolicited.extend(self.announced.ends_late())
                return bool(self.unsolicited)
            if isinstance(token, Line):
                self._unasked(token.text)
        return True

    def _is_aside(self, line: str, prefix: str, echo: str) -> bool:
        """Return whether a line is echo, or ends something else than this command."""
        if self.announced.awaits_text(line):
            self._unasked(line)  # though it be OK, or an error with a number
            return True
        if echo and line.rstrip() == echo:
            self.restarted |= self.echo.comes()
            return True
        final = final_of(line)
        if final is None:
            is_late = prefix != _SUBMIT and prefix_of(line) == _SUBMIT
        elif final.kind is FinalKind.CALL:
            # A call that somebody else ended answers no command of ours.
            is_late = not echo.startswith("ATD")
        elif final.kind is FinalKind.CMS:
            is_late = bool(self.owed) and prefix not in MESSAGE_COMMANDS
        else:
            is_late = final.ok and self.clock.boottime_s() < self._stale_ok_until_s
        if is_late:
            self._unasked(line)
        return is_late

    def _may_be_late(self, final: Final, prefix: str) -> bool:
        """Return whether an earlier message may be refused, not the mode question."""
        is_mode = self.minds_restart and prefix == "+CMGF"
        return is_mode and final.kind is FinalKind.CMS and bool(self.owed)

    def _check_restart(self, *, at_prompt: bool = False) -> None:
        if self.restarted and self.minds_restart:
            if at_prompt:  # the OK to the ESC that follows is not the next command's
                self._stale_ok_until_s = self.clock.boottime_s() + _GRACE_S
            message = "the modem has started anew"
            raise ModemRestartedError(message)

    def _say(self, shown: str, data: bytes) -> None:
        if self.watch is not None:
            self.watch("->", shown)
        try:
            self.transport.write(data)
        except ModemGoneError:
            self.gone = True
            raise

    def _read(self, timeout_s: float) -> bytes:
        try:
            return self.transport.read(timeout_s)
        except ModemGoneError:
            self.gone = True
            raise

    def _next(
        self,
        deadline: float,
        beat: Callable[[], None] | None = None,
        over: Callable[[], bool] = never,
    ) -> Token | None:
        """Return the next token; None at the deadline, or where it is over before."""
        while not self._tokens:
            if self.interrupted:
                self.interrupted = False
                message = "interrupted"
                raise ModemInterruptedError(message)
            left = deadline - self.clock.boottime_s()
            if left <= 0 or over():
                return None
            if data := self._read(min(left, BEAT_S)):
                self._tokens.extend(self._tokenizer.feed(data))
            else:
                (beat or self.beat)()
        return self._take()

    def _take(self) -> Token:
        token = self._tokens.popleft()
        if self.watch is not None:
            self.watch("<-", token.text if isinstance(token, Line) else ">")
        return token

    def _belongs(self, line: str, prefix: str, lines: list[str]) -> bool:
        """Return whether a line answers the pending command."""
        if self.announced.awaits(line):
            return False
        found = prefix_of(line)
        if found == prefix:
            if prefix in REGISTRATIONS and not fields_of(line)[1:]:
                return False  # the asked form has a mode in front of the state
            return not (prefix in ASKED_ALONE and any(map(has_sign, lines)))
        if is_unsolicited(line) or prefix == _SUBMIT:
            return False
        # Noise is no answer; an operator's name in Latin-1 stands behind a prefix.
        may_belong = not has_sign(line) and line.isascii() and line.isprintable()
        if may_belong and self.is_in_text and not any(map(has_sign, lines)):
            self._unasked(line)  # a text's next line, or an answer: told as both
        return may_belong

    def _unasked(self, line: str) -> None:
        if (whole := self.announced.take(line)) is not None:
            self.unsolicited.extend(whole)
            return
        behind = self.announced.is_in_text
        if prefix_of(line) == _SUBMIT:
            # The OK behind an answer that comes too late is not the next command's.
            self._stale_ok_until_s = self.clock.boottime_s() + _GRACE_S
        elif line.rstrip() == "OK":
            self._stale_ok_until_s = 0.0
            return
        self.unsolicited.append(Unsolicited(line=line.rstrip(), behind=behind))
        if is_boot(line):
            self.restarted = True
