"""The grammar of AT replies, against captured ones and against noise."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modem.at import (
    Final,
    FinalKind,
    Line,
    Prompt,
    Token,
    Tokenizer,
    fields_of,
    final_of,
    is_boot,
    prefix_of,
)
from adapters.modem.at_replies import (
    ExtendedSignal,
    Technology,
    caller,
    choices,
    extended_signal,
    operator,
    pin_state,
    registration,
    signal_dbm,
    storages,
    stored_at,
    stored_pdus,
    submit_reference,
)
from tests.adapters.modem.vectors import replies

_STATES = {
    "HOME": "home",
    "SEARCHING": "searching",
    "DENIED": "denied",
    "ROAMING": "roaming",
    "IDLE": "not_registered",
    "UNKNOWN": "unknown",
    "HOME_SMS_ONLY": "home_sms_only",
    "ROAMING_SMS_ONLY": "roaming_sms_only",
    "EMERGENCY_ONLY": "emergency_only",
    "HOME_CSFB_NOT_PREFERRED": "home_no_csfb",
    "ROAMING_CSFB_NOT_PREFERRED": "roaming_no_csfb",
    "ATTACHED_RLOS": "rlos",
}


_TECHNOLOGIES = {
    "UNKNOWN": None,
    "GSM": Technology.GSM,
    "GSM_COMPACT": Technology.GSM_COMPACT,
    "UMTS": Technology.UTRAN,
    "HSDPA": Technology.HSDPA,
    "HSUPA": Technology.HSUPA,
    "HSPA": Technology.HSPA,
    "LTE_NB_IOT": Technology.NB_IOT,
    "EDGE": Technology.EDGE,
    "LTE": Technology.LTE,
    "5GNR": Technology.NR_5GCN,
}


def _tokens(raw: str) -> list[Token]:
    tokenizer = Tokenizer()
    return tokenizer.feed(raw.encode("latin-1", "replace")) + tokenizer.flush()


def _lines(raw: str) -> tuple[str, ...]:
    return tuple(t.text for t in _tokens(raw) if isinstance(t, Line))


@pytest.mark.parametrize("reply", replies())
def test_a_captured_reply_is_cut_into_its_lines(reply: dict[str, Any]) -> None:
    raw = reply["raw"].encode("latin-1", "replace").decode("latin-1")
    said = [
        line.lstrip(" >").lstrip()
        for line in raw.replace("\r", "\n").split("\n")
        if line.strip(" >")
    ]
    assert list(_lines(reply["raw"])) == said
    prompts = sum(isinstance(token, Prompt) for token in _tokens(reply["raw"]))
    assert prompts == sum(line.startswith(">") for line in raw.split("\n"))


@pytest.mark.parametrize("reply", replies())
def test_a_captured_reply_means_what_its_source_asserts(
    reply: dict[str, Any],
) -> None:
    expected, lines = reply.get("expected"), _lines(reply["raw"])
    match expected:
        case {"state": str(state), "lac": lac, "ci": cell, "act": technology, **other}:
            assert not other
            asked = reply["kind"] == "solicited"
            read = registration(lines[0], asked=asked)
            assert read is not None
            assert read.state == _STATES[state]
            assert (read.area or 0) == int(lac, 16)
            assert (read.cell or 0) == int(cell, 16)
            assert read.technology == _TECHNOLOGIES[technology]
        case {"final_result": bool(is_final), "is_error": is_error, **other}:
            assert not other
            finals = [f for f in map(final_of, lines) if f is not None]
            assert bool(finals) is is_final
            assert not finals or finals[0].ok is not is_error
        case {"mem1": first, "mem2": second, **other}:
            assert not other
            assert [s.name for s in storages(lines[0])[:2]] == [first, second]
        case dict():
            _check_fields(lines, expected)
        case [*messages]:
            stored = stored_pdus(lines)
            # `+CMGR` tells no index; the source says 0.
            told = [
                {"index": s.index or 0, "status": s.status, "pdu": s.pdu}
                for s in stored
            ]
            assert told == messages
        case _:
            assert expected is None
            # No more is asserted than that it can be read to its end.
            assert [prefix_of(line) for line in lines] != [""]


def _check_fields(lines: tuple[str, ...], expected: dict[str, Any]) -> None:
    match expected:
        case {"lock": lock, "expect_prefix": is_prefixed, **other}:
            assert not other
            assert lines[0].startswith("+CPIN:") is is_prefixed
            state = pin_state(lines[0]).replace(" ", "_").replace("-", "_")
            assert ("NONE" if state == "READY" else state) == lock
        case {"operator": name, **other}:
            assert not other
            assert operator(lines[0]) == name
        case {"state": int(state), **other}:
            assert not other
            assert fields_of(lines[0])[0] == str(state)
        case {"number": number, **other}:
            assert not other
            assert fields_of(lines[0])[1] == number
        case {"length": length, "pdu": pdu, **other}:
            assert not other
            assert fields_of(lines[0]) == (str(length),)
            assert lines[1] == pdu
        case {"rxlev": _, **levels}:
            _check_signal(lines[0], {"rxlev": expected["rxlev"], **levels})
        case {"after_echo_removal": left, **other}:
            assert not other
            assert left.strip() == "" or left.strip().split("\n")[0].strip() in lines
        case _:
            assert not expected


def _check_signal(line: str, expected: dict[str, float]) -> None:
    """Compare levels as sent, and what they mean; what is not known has no value."""
    levels = dict(zip(_CESQ_LEVELS, map(float, fields_of(line)), strict=True))
    read = extended_signal(line)
    assert read is not None
    meant = {"rssi": read.rssi_dbm, "rscp": read.rscp_dbm, "ecio": read.ecno_db}
    meant |= {"rsrq": read.rsrq_db, "rsrp": read.rsrp_dbm}
    known = {name: value for name, value in meant.items() if value is not None}
    assert levels | known == expected


_CESQ_LEVELS = (
    *("rxlev", "ber", "rscp_level", "ecn0_level"),
    *("rsrq_level", "rsrp_level"),
)


@pytest.mark.parametrize(
    ("raw", "tokens"),
    [
        (b"\r\n> ", [Prompt()]),
        (b"\n>", [Prompt()]),
        (b"> \r", [Prompt()]),
        (b"\r\nOK\r\n\r\n> ", [Line("OK"), Prompt()]),
        (b"+CDS: 25\r0006", [Line("+CDS: 25")]),
        (b"OK\r", [Line("OK")]),
        (b"\xff\x80OK\r", [Line("OK")]),
        (b"\x1bAT\r", [Line("AT")]),
        (b"\r\n\xff> ", [Prompt()]),
        (b"\r\n\x11 >\r\n", [Prompt()]),
        (b"\r\r\nERROR\r\r\n", [Line("ERROR")]),
    ],
)
def test_a_prompt_and_a_line_are_told_apart(raw: bytes, tokens: list[Token]) -> None:
    assert Tokenizer().feed(raw) == tokens


@given(st.binary(max_size=300), st.lists(st.integers(1, 20), max_size=40))
def test_how_bytes_are_split_changes_no_line(raw: bytes, cuts: list[int]) -> None:
    raw = raw.replace(b">", b"")
    whole = Tokenizer()
    expected = whole.feed(raw) + whole.flush()
    torn, found, at = Tokenizer(), [], 0
    for cut in cuts:
        found += torn.feed(raw[at : at + cut])
        at += cut
    found += torn.feed(raw[at:])
    found += torn.flush()
    assert found == expected


@given(st.binary(max_size=500))
def test_any_bytes_are_tokens_and_any_line_is_read(raw: bytes) -> None:
    tokenizer = Tokenizer()
    for token in tokenizer.feed(raw) + tokenizer.flush():
        if isinstance(token, Line):
            line = token.text
            for read in (
                final_of,
                prefix_of,
                fields_of,
                is_boot,
                signal_dbm,
                extended_signal,
                storages,
                operator,
                submit_reference,
                stored_at,
                pin_state,
                caller,
                choices,
            ):
                read(line)
            registration(line, asked=True)
            registration(line, asked=False)


@given(st.text(alphabet='",() :;aé0', max_size=40))
def test_fields_part_at_commas_outside_quotes_and_brackets(line: str) -> None:
    body = line.partition(":")[2] if ":" in line else line
    fields, depth, is_quoted = [""], 0, False
    for character in body:
        if character == '"':
            is_quoted = not is_quoted
        elif character == "," and not is_quoted and depth == 0:
            fields.append("")
        else:
            if not is_quoted:
                depth = max(0, depth + (character == "(") - (character == ")"))
            fields[-1] += character
    assert fields_of(line) == tuple(field.strip() for field in fields)


def test_a_line_without_end_is_cut_and_memory_bounded() -> None:
    tokenizer = Tokenizer()
    for _ in range(100):
        tokens = tokenizer.feed(b"x" * 4000)
        assert all(
            len(token.text) <= 4096 for token in tokens if isinstance(token, Line)
        )
    assert len(tokenizer._rest) <= 4096


@pytest.mark.parametrize(
    ("line", "final"),
    [
        ("OK", Final(kind=FinalKind.OK)),
        ("+CMS ERROR: 500", Final(kind=FinalKind.CMS, code="500")),
        ("+CME ERROR: SIM busy", Final(kind=FinalKind.CME, code="SIM busy")),
        ("COMMAND NOT SUPPORT", Final(kind=FinalKind.UNSUPPORTED)),
        ("NO CARRIER", Final(kind=FinalKind.CALL, code="NO CARRIER")),
        ("CONNECT 115200", Final(kind=FinalKind.OK, code="CONNECT")),
        ("+CMGS: 5", None),
        ("OKAY", None),
        ("CONNECTED", None),
    ],
)
def test_a_final_result_is_known(line: str, final: Final | None) -> None:
    assert final_of(line) == final


PDU = "07816407000000F0100B916407214365F70111621142222134040C416650DA0485C76B104D06"


def test_a_pdu_that_a_line_has_torn_is_whole_bug_its_end_was_lost() -> None:
    whole = ("+CMGL: 1,1,,30", PDU, "+CMGL: 2,1,,30", PDU)
    for cut in (1, 2, 20, 75):
        torn = ("+CMGL: 1,1,,30", PDU[:cut], PDU[cut:], "+CMGL: 2,1,,30", PDU)
        assert stored_pdus(torn) == stored_pdus(whole)
    assert stored_pdus(("+CMGR: 1,,30", PDU, PDU))[0].pdu == PDU
    assert stored_pdus(("+CMGR: 1,,30", PDU[:40], "no hex"))[0].pdu == PDU[:40]


def test_index_zero_is_a_place_and_minus_one_is_none() -> None:
    assert stored_at('+CMTI: "ME",0') == ("ME", 0)
    assert stored_at("+CMTI: ,-1") is None


def test_what_a_modem_offers_is_read_in_all_its_spellings() -> None:
    assert choices("(0-2)") == {"0", "1", "2"}
    assert choices('("SM","ME")') == {"SM", "ME"}
    assert choices("(2)") == {"2"}
    assert choices("(0-99999999)") == {"0-99999999"}
    assert choices("(1-²)") == {"1-²"}


def test_an_extended_signal_has_only_what_the_modem_knows() -> None:
    assert extended_signal("+CESQ: 99,99,255,255,20,80") == ExtendedSignal(
        rsrq_db=-10, rsrp_dbm=-61
    )
    assert extended_signal("+CESQ: 99,99,255,255") is None


def test_a_signal_that_is_not_known_is_none() -> None:
    assert signal_dbm("+CSQ: 99,99") is None
    assert signal_dbm("+CSQ: 21,99") == -71


def test_a_store_that_is_not_counted_has_not_the_count_of_the_next() -> None:
    told = storages('+CPMS: "SM",,,"ME",0,25,"ME",7,')
    assert [(s.name, s.used, s.size) for s in told] == [
        ("SM", None, None),
        ("ME", 0, 25),
        ("ME", None, None),
    ]
    assert [s.used for s in storages("+CPMS: ,,1,30,0,30")[:1]] == [None]


@pytest.mark.parametrize("mode", ["", "2,"])
def test_a_cell_of_five_octets_is_read_bug_it_was_none(mode: str) -> None:
    line = f'+C5GREG: {mode}1,"0A1B2C","0AB12CD34E",11,6,"01.ABCDEF"'
    read = registration(line, asked=bool(mode))
    assert read is not None
    assert (read.area, read.cell) == (0x0A1B2C, 0x0AB12CD34E)
    assert read.technology is Technology.NR_5GCN


@given(st.binary(max_size=60).map(lambda raw: raw.replace(b"\xfe", b"\r\n> ")))
def test_bytes_that_come_one_by_one_are_the_same_tokens(raw: bytes) -> None:
    whole, torn = Tokenizer(), Tokenizer()
    raw = re.sub(rb">[\s\x00-\x20\x7f-\xff]*>", b"> ", raw)
    found = [token for octet in raw for token in torn.feed(bytes((octet,)))]
    assert found + torn.flush() == whole.feed(raw) + whole.flush()
