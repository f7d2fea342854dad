"""What an entry of a roster file may say, field by field, before cross-references.

TOML gives these tables as they are, CSV after turning its cells into them, so both
are held to one set of rules. Texts of errors never quote the input.
"""

import re
from collections.abc import Collection
from datetime import date
from functools import cache
from typing import Annotated, NoReturn, TypeVar
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

import phonenumbers
from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationInfo,
    field_validator,
)
from pydantic_core import PydanticCustomError

from engine.errors import suggestion
from engine.roster.model import Consent, Language, Role
from engine.roster.numbers import NumberError, read_number
from engine.roster.risk import read_window
from engine.roster.signs import alias_fault, sign_fault
from engine.roster.words import word_fault
from engine.values import Signal

_LISTED_MAX = 8
_CHANNELS = frozenset({"email", "webhook"})
_ID = re.compile(r"[a-z0-9](?:[a-z0-9_-]{0,30}[a-z0-9])?")
_CHANNEL = re.compile(r"[a-z][a-z0-9_-]{1,31}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s.]+(?:\.[^@\s.]+)+")
_E164 = re.compile(r"\+[1-9][0-9]{6,14}")
_SIGNED = re.compile(r"[0-9a-f]{16}")
_MODEL = re.compile(r"[0-9A-Za-z][0-9A-Za-z ._-]{0,31}")
_DEVICE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._:/-]{0,63}")

Word = TypeVar("Word", bound=str)


def _refuse(reason: str) -> NoReturn:
    kind, template = "roster", "{reason}"
    raise PydanticCustomError(kind, template, {"reason": reason})


def _one_of(noun: str, known: Collection[Word]) -> BeforeValidator:
    by_text = {str(one): one for one in known}

    def check(value: object) -> Word:
        if isinstance(value, str) and value in by_text:
            return by_text[value]
        word = value if isinstance(value, str) else ""
        hint = suggestion(word, by_text)
        if not hint and len(by_text) <= _LISTED_MAX:
            hint = f": it is one of {', '.join(by_text)}"
        _refuse(f"is no known {noun}{hint}")

    return BeforeValidator(check)


def _identifier(value: str) -> str:
    if _ID.fullmatch(value) is None:
        _refuse("must be 1 to 32 of a-z, 0-9, _ and -; it shows in logs: no name")
    return value


# Its own cache keeps eight, and a roster of many lands reads each file again and again.
_zone_info = cache(ZoneInfo)


def _zone(value: str) -> str:
    try:
        _zone_info(value)
    except (OSError, ValueError, ZoneInfoNotFoundError):
        hint = suggestion(value, available_timezones())
        _refuse(f"is no IANA time zone{hint}")
    return value


def _device(value: str) -> str:
    if _DEVICE.fullmatch(value) is None:
        _refuse("must be the id that the device sends: 1 to 64 letters, digits, ._:/-")
    return value


def _model(value: str) -> str:
    if _MODEL.fullmatch(value) is None:
        _refuse("must be the maker's name of it: 1 to 32 letters, digits, blanks, ._-")
    return value


def _sim(value: str) -> str:
    if _E164.fullmatch(value) is None:
        _refuse("must be the SIM's own number: +, country code and number, no blanks")
    return value


def _signed(value: str) -> str:
    if _SIGNED.fullmatch(value) is None:
        _refuse(
            "must be the 16 characters 0-9 and a-f that stand after Text: in what"
            " natalia protocol explain prints"
        )
    return value


def _is_webhook(value: str) -> bool:
    try:
        url = urlsplit(value)
    except ValueError:
        return False
    if url.scheme == "https":
        return bool(url.hostname)
    return url.scheme == "http" and url.hostname == "127.0.0.1"


def _printable(value: str) -> str:
    if not value.isprintable() or value != value.strip():
        _refuse("must be printable text without blanks around it")
    return value


Identifier = Annotated[str, AfterValidator(_identifier)]
Text = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_printable)]
FilePath = Annotated[
    str, Field(min_length=1, max_length=4096), AfterValidator(_printable)
]
Country = Annotated[str, _one_of("country", phonenumbers.SUPPORTED_REGIONS)]
Figure = Annotated[float, Field(allow_inf_nan=False)]


class _Entry(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


class AddressEntry(_Entry):
    """An address on a channel; channels come by entry point, so any name may be."""

    channel: str
    address: Text

    @field_validator("channel")
    @classmethod
    def _known_or_new(cls, value: str) -> str:
        if value in {"sms", "call"}:
            _refuse("belongs into numbers")
        hint = suggestion(value, _CHANNELS)
        if value not in _CHANNELS and (hint or _CHANNEL.fullmatch(value) is None):
            _refuse(f"is no known channel{hint}")
        return value

    @field_validator("address")
    @classmethod
    def _looks_right(cls, value: str, info: ValidationInfo) -> str:
        channel = info.data.get("channel")
        if channel == "email" and _EMAIL.fullmatch(value) is None:
            _refuse("is no e-mail address")
        if channel == "webhook" and not _is_webhook(value):
            _refuse("must begin with https:// (http:// for 127.0.0.1 only)")
        return value


class DeclaredEntry(_Entry):
    """A declared place."""

    name: Text
    lat_deg: Annotated[Figure, Field(ge=-90, le=90)]
    lon_deg: Annotated[Figure, Field(ge=-180, le=180)]
    accuracy_m: Annotated[Figure, Field(gt=0, le=2_000_000)]
    given_on: date


class PersonEntry(_Entry):
    """A person; the order of the fields is the order in which they are checked."""

    id: Identifier
    alias: str
    roles: Annotated[list[Annotated[Role, _one_of("role", Role)]], Field(min_length=1)]
    fictional: bool = False
    language: Annotated[Language, _one_of("language", Language)]
    zone: Annotated[str, AfterValidator(_zone)]
    country: Country
    numbers: list[str] = []
    addresses: list[AddressEntry] = []
    sign: str = ""
    safe_word: str = ""
    duress_word: str = ""
    circles: list[Identifier] = []
    contacts: list[Identifier] = []
    declared: DeclaredEntry | None = None
    available: bool = True
    live_position_consent: bool = False
    call_is_sos: bool = False
    publish_consent: Annotated[Consent, _one_of("consent", Consent)] = Consent.NONE
    public_name: Text | None = None
    action_protocol: Identifier | None = None
    agreed_text: Annotated[str, AfterValidator(_signed)] | None = None
    risk_windows: list[str] = []
    shifts: list[str] = []

    @field_validator("alias")
    @classmethod
    def _fits_every_sms(cls, value: str) -> str:
        reason = alias_fault(value)
        if reason is not None:
            _refuse(reason)
        return value

    @field_validator("sign")
    @classmethod
    def _fits_own_sms(cls, value: str, info: ValidationInfo) -> str:
        reason = sign_fault(value, info.data.get("language")) if value else None
        if reason is not None:
            _refuse(reason)
        return value

    @field_validator("safe_word", "duress_word")
    @classmethod
    def _one_word(cls, value: str) -> str:
        reason = word_fault(value) if value else None
        if reason is not None:
            _refuse(reason)
        return value

    @field_validator("numbers")
    @classmethod
    def _in_e164(cls, value: list[str], info: ValidationInfo) -> list[str]:
        country, fictional = info.data.get("country"), info.data.get("fictional")
        if country is None or fictional is None:
            return value
        found: list[str] = []
        for place, text in enumerate(value, start=1):
            try:
                number = read_number(text, country=country, fictional=fictional)
            except NumberError as error:
                _refuse(f"number {place} {error}")
            found.append(number)
        return _no_repeats(found)

    @field_validator("risk_windows", "shifts")
    @classmethod
    def _in_local_time(cls, value: list[str]) -> list[str]:
        for place, text in enumerate(value, start=1):
            try:
                read_window(text)
            except ValueError as error:
                _refuse(f"window {place} {error}")
        return _no_repeats(value)

    @field_validator("roles", "circles", "contacts")
    @classmethod
    def _once_each(cls, value: list[Word]) -> list[Word]:
        return _no_repeats(value)


class DeviceEntry(_Entry):
    """A device of a defender."""

    id: Annotated[str, AfterValidator(_device)]
    wire_protocol: Identifier
    person: Identifier
    profile: Identifier | None = None
    model: Annotated[str, AfterValidator(_model)] | None = None
    number: Annotated[str, AfterValidator(_sim)] | None = None
    secret_file: FilePath | None = None
    heartbeat_s: Annotated[Figure, Field(ge=30, le=31 * 86400)] | None = None
    safe_codes: list[Text] = []
    duress_codes: list[Text] = []

    @field_validator("safe_codes", "duress_codes")
    @classmethod
    def _once_each(cls, value: list[Word]) -> list[Word]:
        return _no_repeats(value)


class ProfileEntry(_Entry):
    """What a model's codes mean."""

    id: Identifier
    codes: Annotated[
        dict[Text, Annotated[Signal, _one_of("signal", Signal)]], Field(min_length=1)
    ]


class RotaEntry(_Entry):
    """The duty rota."""

    duty: list[Identifier] = []


def _no_repeats(value: list[Word]) -> list[Word]:
    if len(set(value)) != len(value):
        _refuse("names something twice")
    return value
