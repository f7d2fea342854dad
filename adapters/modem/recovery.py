"""The recovery ladder of one modem, rung by rung, mildest first."""

import subprocess
from contextlib import suppress
from typing import Protocol

from adapters.modem.dialogue import Dialogue
from adapters.modem.options import ModemOptions
from engine.errors import (
    ModemBusyError,
    ModemError,
    ModemGoneError,
    ModemSilentError,
)
from engine.ports.clock import Clock

RUNGS = 5
_TRIES = 3
_REOPEN_EVERY_S = 1.0
_RADIO_OFF_S = 10.0
_POWER_COMMAND_S = 30.0


class Reopens(Protocol):
    """What can close, open and bring up a modem."""

    def connect(self) -> None:
        """Open the port where it is closed; nothing is said on it."""

    def reopen(self) -> None:
        """Close, find, open and bring up."""

    def close(self) -> None:
        """Close; never raises."""


class Recovery:
    """Climbs; remembers when the modem was last reset.

    A reset makes things worse for half a minute (the modem leaves the bus, and
    some come back as a CD-ROM first), so that it is done at most once in ten.
    """

    def __init__(
        self,
        dialogue: Dialogue,
        options: ModemOptions,
        clock: Clock,
        modem: Reopens,
    ) -> None:
        """Take the dialogue and what can reopen it."""
        self._dialogue = dialogue
        self._options = options
        self._clock = clock
        self._modem = modem
        self._reset_at_s: float | None = None

    def climb(self, rung: int) -> bool:
        """Try one rung; True where the modem answers.

        Raises:
            ModemError: the rung did not help.

        """
        match rung:
            case 0:
                self._modem.connect()
                self._dialogue.escape()
                return self._answers()
            case 1:
                self._modem.connect()
                return any(self._answers() for _ in range(_TRIES))
            case 2:
                self._modem.reopen()
                return True
            case 3:
                return self._reset()
            case 4:
                return self._power()
            case 5:
                return self._radio()
            case _:
                return False

    def _answers(self) -> bool:
        return (
            self._dialogue.command("AT", deadline_s=self._options.answer_s).final
            is not None
        )

    def _radio(self) -> bool:
        """Switch the radio off and on: a registration that is stale is made anew."""
        self._modem.connect()
        dialogue, deadline_s = self._dialogue, self._options.storage_s
        dialogue.minds_restart = False  # `+CFUN: 1` unasked is no news here
        try:
            off = dialogue.command("AT+CFUN=4", deadline_s=deadline_s)
            if off.ok:
                dialogue.pause(_RADIO_OFF_S)
            on = dialogue.command("AT+CFUN=1", deadline_s=deadline_s)
        finally:
            dialogue.minds_restart = True
        return off.ok and on.ok

    def _reset(self) -> bool:
        now_s = self._clock.boottime_s()
        if (
            self._reset_at_s is not None
            and now_s - self._reset_at_s < self._options.reset_every_s
        ):
            return False
        # A modem that could not be brought up was closed: it hears nothing then.
        self._modem.connect()
        self._reset_at_s = now_s
        with suppress(ModemError):
            self._dialogue.command("AT+CFUN=1,1", deadline_s=self._options.command_s)
        self._dialogue.gone = True
        return self._come_back()

    def _power(self) -> bool:
        if not self._options.power_command:
            return False
        self._modem.close()
        try:
            done = subprocess.run(  # noqa: S603 -- an argument list of the configuration, no shell, nothing from outside in it
                self._options.power_command,
                check=False,
                timeout=_POWER_COMMAND_S,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.DEVNULL,
            )
        except (OSError, subprocess.TimeoutExpired):
            return False
        self._dialogue.gone = True
        return done.returncode == 0 and self._come_back()

    def _come_back(self) -> bool:
        """Close the old handle first, then wait for the port to come back."""
        self._modem.close()
        start_s = self._clock.boottime_s()
        while (
            self._clock.boottime_s() - start_s < self._options.settle_s
            and not self._dialogue.interrupted
        ):
            self._dialogue.beat()
            with suppress(ModemGoneError, ModemSilentError, ModemBusyError):
                self._modem.reopen()
                return True
            self._clock.sleep(_REOPEN_EVERY_S)
        return False
