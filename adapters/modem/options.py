"""What a configuration may say of a modem."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any, Self

from engine.errors import ConfigError, Gathered, meant_by

PIN = re.compile(r"([0-9]{4,8})?")
"""Empty where the SIM asks for none."""
# ruff: noqa: RUF001 -- six languages
URGENT_WORDS = ("SOS", "alarm", "panic", "emergency", "remove", "taken off", "take off")
"""What trackers call for help by, and people in a hurry: told twice is better than
three minutes late."""
HELP_WORDS = (
    *("help", "hjälp", "сос", "беда", "помощь", "помоги", "спасите"),
    *("ayuda", "ayúda", "ayúde", "ayude", "auxilio", "socorro", "aide", "secours"),
    *("نجدة", "مساعدة", "ساعد", "أنقذ", "انقذ"),
)
"""Words of people, who also write that no more help is needed: the rest, which is
on its way most often, says which."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemOptions:
    """Settings of one modem; the defaults suit one that is plugged in and works.

    `by_id_folder` and `imei` find the modem again under another name: every port
    in the folder (`/dev/serial/by-id`) is asked for its IMEI. Where `imei` is ""
    that of the last session counts, over restarts where `imei_file` remembers it.
    `power_command` is run on the ladder's last rung: an argument list that cuts and
    restores the modem's USB power. `pin_file` remembers, over restarts, that a PIN was
    tried; without it only as long as the process lives. `multipart_s` is how long an
    incomplete message waits for its parts; with one of `urgent_words` in a part it
    does not wait, and with a word for help not for long. `owed_file` keeps over
    `kill -9` which messages may be answered.
    """

    baud: int = 115200
    pin: str = ""
    pin_file: str = ""
    smsc: str = ""
    imei: str = ""
    imei_file: str = ""
    owed_file: str = ""
    by_id_folder: str = ""
    power_command: tuple[str, ...] = ()
    status_reports: bool = True
    stores: tuple[str, ...] = ("SM", "ME", "MT")
    multipart_s: float = 180.0
    command_s: float = 5.0
    prompt_s: float = 5.0
    storage_s: float = 20.0
    answer_s: float = 2.0
    sim_ready_s: float = 30.0
    settle_s: float = 60.0
    reset_every_s: float = 600.0
    urgent_words: tuple[str, ...] = URGENT_WORDS

    @classmethod
    def from_mapping(cls, settings: Mapping[str, object]) -> Self:
        """Take a table of the configuration as it was read.

        Raises:
            ConfigError: keys are unknown or values of the wrong kind, all of them.

        """
        known = {field.name: field.default for field in fields(cls)}
        values: dict[str, Any] = {}
        gathered = Gathered()
        for key, value in settings.items():
            with gathered.block():
                if key not in known:
                    path, expected = f"modem.{key}", f"one of {', '.join(known)}"
                    cure = meant_by(key, known) or "take it out"
                    raise ConfigError(path, expected, cure)
                values[key] = _as_kind(key, value, known[key])
        gathered.tell()
        return cls(**values)


_EXPECTED: Mapping[type, str] = {
    tuple: "a list of texts",
    float: "seconds from 0",
    int: "a whole number, without quotes",
    str: "text in quotes",
    bool: "true or false, without quotes",
}


def _as_kind(key: str, value: object, default: object) -> object:
    kind = type(default)
    if kind is tuple and isinstance(value, list | tuple):
        if all(isinstance(part, str) for part in value):
            return tuple(value)
    elif kind is float and isinstance(value, int | float):
        if not isinstance(value, bool) and value >= 0:
            return float(value)
    elif type(value) is kind and (key != "pin" or PIN.fullmatch(str(value))):
        return value
    expected = "4 to 8 digits, in quotes" if key == "pin" else _EXPECTED[kind]
    path = f"modem.{key}"
    raise ConfigError(path, expected, "correct the value")
