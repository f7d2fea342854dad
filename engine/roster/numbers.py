"""Telephone numbers in E.164, and which of them reach nobody.

A real person's number lies in a range that its country's plan allots. A fictional
person's number must not ring anywhere: it lies in a range that a regulator keeps
for fiction, or in none that the plan allots (libphonenumber's metadata decide). So
no sample can alarm a stranger, and no example number stays behind in a real
roster, where it would be a colleague who is never reached.
"""

import re
from typing import NamedTuple

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat, PhoneNumberType

from engine.roster.model import Number


class Reserved(NamedTuple):
    """Numbers kept for fiction (a regular expression over E.164) and who keeps them."""

    pattern: str
    keeper: str


# ACMA names thirty single numbers, not a range.
_ACMA = (
    "70006 70110 70156 70157 70158 70159 70313 70737 71266 71491 71804 72549 72665"
    " 72983 73087 73770 74118 74632 75254 75789 76398 76801 77426 77644 78148 78888"
    " 78957 79212 79455 79760"
)

RESERVED = (
    Reserved(r"\+447700900\d{3}", "Ofcom, drama: mobile"),
    Reserved(r"\+442079460\d{3}", "Ofcom, drama: London"),
    Reserved(r"\+441632960\d{3}", "Ofcom, drama: no area"),
    Reserved(r"\+1[2-9]\d{2}55501\d{2}", "NANPA, 555-0100 to 555-0199"),
    Reserved(rf"\+614915(?:{'|'.join(_ACMA.split())})", "ACMA, creative works"),
    Reserved(r"\+467017406(?:0[5-9]|[1-9]\d)", "PTS, fiction: mobile"),
    Reserved(r"\+3363998\d{4}", "ARCEP 2018-0881, audiovisual works: mobile"),
    Reserved(r"\+33(?:19900|26191|35301|46571|53649)\d{4}", "ARCEP 2018-0881"),
    Reserved(r"\+49(?:17139200|176040690)\d{2}", "BNetzA 148/2021, media: mobile"),
    Reserved(r"\+49(?:3023125|4066969|6990009|2214710|8999998)\d{3}", "BNetzA"),
    Reserved(r"\+3532091\d{5}", "ComReg, fiction"),
)

_NO_SMS = frozenset(
    {
        PhoneNumberType.FIXED_LINE,
        PhoneNumberType.PAGER,
        PhoneNumberType.PREMIUM_RATE,
        PhoneNumberType.SHARED_COST,
        PhoneNumberType.TOLL_FREE,
        PhoneNumberType.UAN,
        PhoneNumberType.VOICEMAIL,
    }
)
"""What nobody carries. A foreign number without its plus is often one of them here."""
_ANY_RESERVED = re.compile("|".join(f"(?:{one.pattern})" for one in RESERVED))


_SHORTENED = re.compile(r"\d(?:[.,]\d+)?[eE]\+?\d")
"""8.6E+11: what a spreadsheet shows of a long number, and has saved."""
_DECIMAL = re.compile(r"[.,]\d\s*$")
"""46701740611.0: the library would read one digit more, and often find it sound."""


class NumberError(ValueError):
    """A number cannot be used; the text says why and never quotes it."""


def read_number(text: str, *, country: str, fictional: bool) -> Number:
    """Return a number in E.164; without a plus sign it is one of `country`.

    Raises:
        NumberError: it is no number, or none that such a person may have.

    """
    if _SHORTENED.search(text) or _DECIMAL.search(text):
        reason = "was changed by a spreadsheet; make the column text and write it again"
        raise NumberError(reason)
    try:
        parsed = phonenumbers.parse(text, country)
    except NumberParseException as error:
        reason = "is not a telephone number; write +, country code and number"
        raise NumberError(reason) from error
    if parsed.extension is not None:
        reason = "has an extension; an SMS reaches whole numbers only"
        raise NumberError(reason)
    if any(one.isalpha() for one in text):
        # They would be read as the digits on their keys, an O as a 6.
        reason = "has letters in it; write digits alone"
        raise NumberError(reason)
    if not phonenumbers.is_possible_number(parsed):
        reason = "is too long or too short for its country"
        raise NumberError(reason)
    if _lacks_plus(text, parsed):
        reason = "may lack its plus sign; write +, country code and number"
        raise NumberError(reason)
    number = Number(phonenumbers.format_number(parsed, PhoneNumberFormat.E164))
    allotted = phonenumbers.is_valid_number(parsed)
    reserved = is_reserved(number)
    if fictional and allotted and not reserved:
        reason = "may ring at a stranger; a fictional person needs one that cannot"
        raise NumberError(reason)
    if not fictional and reserved:
        reason = (
            "is kept for fiction and reaches nobody; write a real one, or"
            " fictional = true for somebody made up"
        )
        raise NumberError(reason)
    if not fictional and not allotted:
        reason = "lies in no range that its country allots"
        raise NumberError(reason)
    return number


def _lacks_plus(text: str, parsed: phonenumbers.PhoneNumber) -> bool:
    """Say whether the digits are a number of the country with its code as well.

    A spreadsheet takes the plus away, and 49151... is sound in Germany either way.
    """
    digits = "".join(str(int(one)) for one in text if one.isdecimal())
    if parsed.country_code is None or not digits.startswith(str(parsed.country_code)):
        return False
    if any(plus in text for plus in "+\uff0b"):
        return False
    other = phonenumbers.parse(f"+{digits}")
    return other != parsed and phonenumbers.is_valid_number(other)


def is_reserved(number: str) -> bool:
    """Say whether a regulator keeps this number (E.164) for fiction."""
    return _ANY_RESERVED.fullmatch(number) is not None


def is_landline(number: str) -> bool:
    """Say whether a number is a landline or a service's, which most SMS never reach."""
    return phonenumbers.number_type(phonenumbers.parse(number)) in _NO_SMS
