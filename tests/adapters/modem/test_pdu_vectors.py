"""Every captured PDU decodes, and every asserted encoding is ours, octet by octet."""

import re
from datetime import datetime, timedelta
from typing import Any

import pytest

from adapters.modem import gsm7, pdu_text
from adapters.modem.compose import segments
from adapters.modem.gsm7_tables import DEFAULT, GAP, LOCKING, SINGLE_SHIFT
from adapters.modem.pdu import (
    Deliver,
    Submit,
    SubmitReport,
    Tpdu,
)
from adapters.modem.pdu_decode import decode
from adapters.modem.pdu_encode import encode_deliver, encode_submit, submit
from adapters.modem.pdu_fields import (
    Address,
    Charset,
    Reader,
    decode_address,
    encode_address,
    encode_smsc,
)
from adapters.modem.reassembly import Reassembly
from adapters.modem.transliterate import Transliteration, transliterate
from engine.ports.modem import InboundSms
from tests.adapters.modem.pdu_asserted import KNOWN, disagreements, time
from tests.adapters.modem.vectors import pdus

# Vectors that we hold to be wrong, each with the clause that says so. The test
# still runs: it asserts that we differ, so that a change of mind is noticed.
WRONG = {
    "v117": "TS 23.038, 4: class 0 is DCS 0x10; this flash message has DCS 0x00",
    "v131": "TS 23.040, 9.1.2.3: semi-octet 1011 is '#', not 'b'",
    "v431": "TS 23.040, 9.2.3.24: locking shift is IEI 0x25, not decimal 25",
    "v432": "TS 23.040, 9.2.3.24: single shift is IEI 0x24, not decimal 24",
    "v433": "TS 23.040, 9.2.3.24: IEI 0x24 and 0x25, not decimal",
    "v434": "TS 23.038, 4: DCS 0x08 is UCS-2; the octets here are ASCII",
}
# Septet 0 to 2 of Hindi in this source are Bengali signs (U+0981 to U+0983).
HINDI_FIRST = {0: "\u0901", 1: "\u0902", 2: "\u0903"}


def _decoded(vector: dict[str, Any]) -> Tpdu:
    known = "mo" in vector or vector.get("type")
    from_mobile = bool(vector.get("mo", vector.get("type") == "SMS-SUBMIT"))
    has_smsc = bool(vector.get("has_smsc", True))
    pdu = decode(vector["pdu"], has_smsc=has_smsc, from_mobile=from_mobile)
    if not known and isinstance(pdu, SubmitReport):
        return decode(vector["pdu"], has_smsc=has_smsc, from_mobile=True)
    return pdu


@pytest.mark.parametrize("vector", pdus("decode", "both"))
def test_a_captured_pdu_decodes_as_its_source_says(vector: dict[str, Any]) -> None:
    pdu = _decoded(vector)
    if vector["expected"].get("error"):
        assert vector["expected"].keys() <= KNOWN
        assert pdu.flags
        return
    if vector["id"] in WRONG or vector.get("suspect"):
        assert disagreements(vector, pdu)
        return
    assert disagreements(vector, pdu) == []


def _groups() -> list[Any]:
    """Return the groups of which all parts are there, with their whole text."""
    groups: dict[str, dict[int, dict[str, Any]]] = {}
    for one in pdus("decode", "both"):
        (vector,) = one.values
        expected = vector["expected"] if vector else {}
        if "group_text" in expected and "concat" in expected:
            group = groups.setdefault(vector["group"], {})
            group[expected["concat"]["seq"]] = vector
    return [
        pytest.param([group[number] for number in sorted(group)], id=name)
        for name, group in groups.items()
        if len(group) == next(iter(group.values()))["expected"]["concat"]["total"]
    ] or [pytest.param(None, marks=pytest.mark.skip(reason="no whole group is here"))]


@pytest.mark.parametrize("vectors", _groups())
def test_a_groups_parts_say_its_text(vectors: list[dict[str, Any]]) -> None:
    parts = []
    for vector in vectors:
        pdu = _decoded(vector)
        assert isinstance(pdu, Submit | Deliver)
        parts.append(pdu.user_data)
    first = parts[0]
    units = b"".join(part.units for part in parts)
    text = pdu_text.decode_units(
        first.charset, units, locking=first.locking, single=first.single
    )
    assert text == vectors[0]["expected"]["group_text"]


@pytest.mark.parametrize("vector", pdus("both"))
def test_what_was_decoded_encodes_to_the_same_octets(vector: dict[str, Any]) -> None:
    pdu = _decoded(vector)
    assert isinstance(pdu, Submit | Deliver)
    encoded = encode_submit(pdu) if isinstance(pdu, Submit) else encode_deliver(pdu)
    assert encoded[0] == vector["pdu"].upper()
    assert vector["expected"].keys() <= KNOWN
    if "tpdu_len" in vector["expected"]:
        assert encoded[1] == vector["expected"]["tpdu_len"]


def _validity(given: Any) -> timedelta | datetime | None:
    match given:
        case None:
            return None
        case str():
            return time(given)
        case {"absolute": moment}:
            return time(moment)
        case {"seconds": seconds}:
            return timedelta(seconds=seconds)
        case _:
            raise AssertionError(given)


@pytest.mark.parametrize("vector", pdus("encode"))
def test_a_message_encodes_to_the_asserted_octets(vector: dict[str, Any]) -> None:
    given = vector["input"]
    assert vector["expected"].keys() <= {"tpdu_offset", "timestamp"}
    text = transliterate(given["text"], Transliteration.ACCENTS)
    charset = Charset.GSM7
    if given.get("coding") == "Unicode":
        text, charset = given["text"], Charset.UCS2
    elif given.get("dcs") == 4:
        charset = Charset.DATA
    data = pdu_text.build(text, charset)
    minutes = given.get("validity_minutes")
    validity = timedelta(minutes=minutes) if minutes else None
    if vector["source"] == "gammu" and vector["type"] == "SMS-SUBMIT":
        validity = timedelta(weeks=63)
    if vector["type"] != "SMS-SUBMIT":
        pdu = Deliver(
            sender=Address(
                text=given["number"], toa=0x91 if given["number"][0] == "+" else 0x81
            ),
            user_data=data,
            dcs=8 if charset is Charset.UCS2 else 0,
            sent_at=time(vector["expected"]["timestamp"]),
            more_messages=True,
            smsc=Address(text=given["smsc"], toa=0),
        )
        assert encode_deliver(pdu)[0] == vector["pdu"].upper()
        return
    message = submit(
        given["number"],
        data,
        validity=validity or _validity(given.get("validity")),
        status_report_request=given.get("status_report", False),
        reject_duplicates=vector["id"] == "v117",
        message_class=given.get("class", 0 if given.get("flash") else None),
        smsc=given.get("smsc", ""),
    )
    encoded, octets = encode_submit(message)
    same = encoded == vector["pdu"].upper()
    offset = len(encoded) // 2 - octets
    assert offset == vector["expected"].get("tpdu_offset", offset)
    assert same is (vector["id"] not in WRONG)


@pytest.mark.parametrize("vector", pdus("gsm7-pack"))
def test_septets_pack_as_asserted(vector: dict[str, Any]) -> None:
    given = vector["input"]
    assert vector["expected"].keys() == {"packed"}
    packed = gsm7.pack(gsm7.encode(given["text"]), fill_bits=given.get("alignBits", 0))
    assert packed.hex().upper() == vector["expected"]["packed"]


@pytest.mark.parametrize("vector", pdus("charset-table"))
def test_a_national_table_has_every_asserted_character(vector: dict[str, Any]) -> None:
    language = vector["nli"]
    locking = vector["full_locking_table"]
    # Spanish has no locking shift table (TS 23.038, A.3.2).
    for septet, character in enumerate(LOCKING.get(language, DEFAULT)):
        asserted = locking.get(f"{septet:02x}", GAP)
        if language == 6 and septet in HINDI_FIRST:
            # TS 23.038, A.3.6.
            assert character == HINDI_FIRST[septet] != asserted
        else:
            assert character == asserted, hex(septet)
    shifted = vector["full_single_shift_table"]
    for septet, character in enumerate(SINGLE_SHIFT[language]):
        if septet not in {0x0D, 0x1B}:
            assert character == shifted.get(f"{septet:02x}", GAP), hex(septet)
    asserted = vector["expected"]
    assert asserted.keys() == {"locking_asserted", "single_shift_asserted"}
    assert asserted["locking_asserted"].items() <= locking.items()
    assert asserted["single_shift_asserted"].items() <= shifted.items()


@pytest.mark.parametrize("vector", pdus("decode", of_tables=True))
def test_all_septets_of_a_table_read_as_ofono_reads_them(
    vector: dict[str, Any],
) -> None:
    expected = vector["expected"]
    names = {"text", "locking_language", "single_shift_language"}
    assert expected.keys() <= names | {"text_with_language"}
    languages = {None: 0, "Turkish": 1, "Spanish": 2, "Portuguese": 3}
    locking = languages[expected["locking_language"]]
    single = languages[expected["single_shift_language"]]
    pdu = _decoded(vector)
    assert isinstance(pdu, Deliver | Submit)
    read = gsm7.decode(pdu.user_data.units, locking=locking, single=single)
    # 0x1B before 0x1C escapes into a gap: ofono makes that a space and 0x1C.
    assert read.replace(" ", "") == expected["text_with_language"].replace(" ", "")


@pytest.mark.parametrize("vector", pdus("segment-count"))
def test_a_text_takes_as_many_parts_as_asserted(vector: dict[str, Any]) -> None:
    text = vector["input"]["text"]
    charset = Charset.GSM7 if gsm7.can_encode(text) else Charset.UCS2
    assert vector["expected"].keys() == {"segments"}
    assert segments(text, charset) == vector["expected"]["segments"]


@pytest.mark.parametrize("vector", pdus("address"))
def test_an_address_decodes_and_ends_where_asserted(vector: dict[str, Any]) -> None:
    reader = Reader(bytes.fromhex(vector["pdu"]))
    address = decode_address(reader)
    expected = vector["expected"]
    assert expected.keys() <= {"address", "octets_read", "ton"}
    assert address.text.lstrip("+") == expected["address"].lstrip("+")
    assert reader.at == expected.get("octets_read", reader.at)
    assert address.type_of_number.value == expected.get(
        "ton", address.type_of_number.value
    )


@pytest.mark.parametrize("vector", pdus("encode-address"))
def test_an_address_encodes_as_asserted(vector: dict[str, Any]) -> None:
    given = vector["input"]
    encode = encode_smsc if given["smsc_field"] else encode_address
    assert encode(given["address"]).hex().upper() == vector["pdu"].upper()


@pytest.mark.parametrize("vector", pdus("reassemble"))
def test_parts_join_as_asserted(vector: dict[str, Any]) -> None:
    parts = Reassembly(timeout_s=0)
    whole: list[InboundSms] = []
    for slot, text in enumerate(vector["pdus"]):
        pdu = decode(text)
        assert isinstance(pdu, Deliver)
        message = InboundSms(
            slot=f"SM:{slot}",
            sender=pdu.sender.text,
            text=pdu.user_data.text,
            sent_at=None,
            pdu=text,
        )
        whole += parts.add(message, pdu, 0.0)
    left = list(parts.overdue(0.0))
    assert vector["expected"].keys() <= {"text", "error"}
    if vector["expected"].get("error"):
        assert not whole
        assert len(left) == 2
        return
    (joined,) = whole or left
    assert re.sub(r"\[\d/\d missing\]", "", joined.text) == vector["expected"]["text"]
