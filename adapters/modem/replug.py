"""A modem found again under another name, by its IMEI."""

import re
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from adapters.modem.bring_up import let_pass
from adapters.modem.dialogue import Dialogue
from adapters.modem.memory import remember, remembered
from adapters.modem.options import ModemOptions
from adapters.modem.transport import SerialTransport
from engine.errors import ModemBusyError, ModemError
from engine.ports.clock import Clock

# Without its check digit, as some modems tell it.
_IMEI_DIGITS_MIN = 14
_TRIES = 2
_HELD_S = 1.0
"""So long a port is held by who asks it which modem it is."""


class Which:
    """Which modem is ours: its IMEI, kept over restarts where a file is given.

    A port may have another name after a restart too. Without a word of the IMEI no
    port is looked for, so that neither a file that cannot be read nor one that cannot
    be written keeps a modem that works from working.
    """

    def __init__(self, options: ModemOptions) -> None:
        """Take what is configured, else what is remembered."""
        self._path = Path(options.imei_file) if options.imei_file else None
        self.imei = options.imei
        if not self.imei and self._path is not None:
            with suppress(OSError, ValueError):
                self.imei = "".join(remembered(self._path))

    def may_be(self, imei: str | None) -> bool:
        """Say whether this is ours, or may be where either is not known."""
        return not self.imei or not imei or is_same(imei, self.imei)

    def becomes(self, imei: str | None) -> None:
        """From now on this one is ours; one that does not tell changes nothing."""
        if not imei or imei == self.imei:
            return
        self.imei = imei
        if self._path is not None:
            with suppress(OSError):
                remember(self._path, {imei})


def is_same(imei: str, other: str) -> bool:
    """Say whether two are one modem's, whatever of its end is written.

    Some modems leave the check digit out, others tell their software's version there.
    """
    one, two = (re.sub(r"[ /-]", "", written) for written in (imei, other))
    if len(one) == len(two) or min(len(one), len(two)) < _IMEI_DIGITS_MIN:
        return one == two
    return one[:_IMEI_DIGITS_MIN] == two[:_IMEI_DIGITS_MIN]


def find_port(
    imei: str,
    options: ModemOptions,
    clock: Clock,
    beat: Callable[[], None],
    asked: str = "",
) -> str | None:
    """Ask every port of the folder for its IMEI; None where none has this one.

    A composite modem shows several ports under `/dev/serial/by-id` of which one or
    two answer. Those held by others are asked once more: whoever looks for a modem as
    well, since two names have changed places, lets them go. `asked` is one that has
    another's.
    """
    if not options.by_id_folder or not imei:
        return None
    ports = sorted(Path(options.by_id_folder).glob("*"))
    known = Path(asked).resolve() if asked else None
    left = [path for path in ports if path.resolve() != known]
    for pause_s in (_HELD_S, 0.0):
        held: list[Path] = []
        for path in left:
            try:
                if is_same(_imei(str(path), options, clock, beat) or "", imei):
                    return str(path)
            except ModemBusyError:
                held.append(path)
            except ModemError:
                continue
        if not held:
            break
        left = held
        beat()
        clock.sleep(pause_s)
    return None


def _imei(
    port: str, options: ModemOptions, clock: Clock, beat: Callable[[], None]
) -> str | None:
    transport = SerialTransport(port, baud=options.baud)
    dialogue = Dialogue(transport, clock, beat=beat)
    dialogue.minds_restart = False
    transport.open()
    try:
        dialogue.escape()
        # An answer can be lost; twice at one port is one that does not speak AT.
        if not any(
            dialogue.command("AT", deadline_s=options.answer_s).final
            for _ in range(_TRIES)
        ):
            return None
        let_pass(dialogue)
        reply = dialogue.command("AT+CGSN", deadline_s=options.answer_s)
        for line in reply.lines:
            digits = "".join(c for c in line if c.isdecimal())
            if len(digits) >= _IMEI_DIGITS_MIN:
                return digits
        return None
    finally:
        transport.close()
