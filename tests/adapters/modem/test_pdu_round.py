"""What is encoded decodes to itself: DELIVER, SUBMIT and status report, all fields."""

from dataclasses import replace
from datetime import datetime, timedelta, timezone

from hypothesis import given
from hypothesis import strategies as st

from adapters.modem import pdu_text
from adapters.modem.gsm7_tables import DEFAULT, GAP, LOCKING, SINGLE_SHIFT
from adapters.modem.pdu import Deliver, StatusReport, Submit
from adapters.modem.pdu_decode import decode, decode_stored
from adapters.modem.pdu_encode import (
    encode_deliver,
    encode_status_report,
    encode_submit,
)
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.pdu_text import Concat, Element, UserData
from adapters.modem.pdu_validity import EnhancedValidity

_PLAIN = sorted(set(DEFAULT + SINGLE_SHIFT[0]) - {GAP, "\x1b"})
OCTETS = st.integers(0, 255)
DIGITS = st.text("0123456789*#abc", max_size=20)
# Type 5 is a name's; 1 has a sign in front.
NUMBERS = st.builds(
    lambda ton, npi, digits: Address(
        text="+" + digits if ton == 1 and digits else digits,
        toa=0x80 | ton << 4 | npi,
    ),
    st.sampled_from([0, 1, 2, 3, 4, 6, 7]),
    st.integers(0, 15),
    DIGITS,
)
# An escape takes two septets, and eleven fill the field.
NAMES = st.builds(
    Address,
    text=st.text(sorted(DEFAULT.replace("\x1b", "")), max_size=11),
    toa=st.just(0xD0),
)
CENTRES = st.none() | st.from_regex(r"\+[0-9]{1,20}", fullmatch=True).map(
    lambda text: Address(text=text, toa=0x91)
)
TIMES = st.builds(
    lambda moment, quarters: moment.replace(
        microsecond=0, tzinfo=timezone(timedelta(minutes=15 * quarters))
    ),
    st.datetimes(datetime(1990, 1, 1), datetime(2089, 12, 31)),  # noqa: DTZ001 - made aware above
    st.integers(-56, 56),
)
VALIDITIES = st.one_of(
    st.none(),
    TIMES,
    st.integers(1, 143).map(lambda fives: timedelta(minutes=5 * fives)),
    st.integers(5, 63).map(lambda weeks: timedelta(weeks=weeks)),
    st.builds(EnhancedValidity, single_shot=st.booleans()),
)
CONCATS = st.none() | st.builds(
    lambda reference, numbers, wide: Concat(
        reference=reference if wide else reference & 0xFF,
        total=max(numbers),
        number=min(numbers),
        wide=wide,
    ),
    st.integers(0, 0xFFFF),
    st.tuples(st.integers(1, 255), st.integers(1, 255)),
    st.booleans(),
)


@st.composite
def user_data(draw: st.DrawFn) -> tuple[UserData, int]:
    """Return what fits one part, in any alphabet, and a coding scheme that says so."""
    charset = draw(st.sampled_from(Charset))
    concat = draw(CONCATS)
    locking, single, letters = 0, 0, _PLAIN
    if charset is Charset.GSM7:
        locking, single = draw(st.sampled_from(range(14))), draw(st.integers(0, 13))
        known = LOCKING.get(locking, DEFAULT) + SINGLE_SHIFT[single]
        letters = sorted(set(known) - {GAP, "\x1b"})
        text = draw(st.text(letters, max_size=70))
    elif charset is Charset.UCS2:
        text = draw(st.text(st.characters(exclude_categories=["Cs"]), max_size=28))
    else:
        text = draw(st.binary(max_size=110).map(lambda raw: raw.decode("latin-1")))
    data = pdu_text.build(text, charset, concat=concat, locking=locking, single=single)
    # What nobody knows stands between what everybody does, and moves the fill bits.
    ports = draw(st.lists(st.binary(max_size=5), max_size=1))
    extra = tuple(Element(iei=0x70, data=octets) for octets in ports)
    schemes = {
        Charset.GSM7: [0x00, 0x10, 0x53, 0x0C, 0xC8, 0xD3, 0xF1, 0xA5],
        Charset.DATA: [0x04, 0x16, 0x44, 0xF7],
        Charset.UCS2: [0x08, 0x18, 0x5B, 0xE0],
    }
    scheme = draw(st.sampled_from(schemes[charset]))
    return replace(data, elements=extra + data.elements), scheme


FLAGS = st.booleans()


@given(NUMBERS | NAMES, user_data(), TIMES, CENTRES, OCTETS, FLAGS, FLAGS, FLAGS)
def test_a_deliver_decodes_to_itself(
    sender: Address,
    coded: tuple[UserData, int],
    sent_at: datetime,
    smsc: Address | None,
    protocol_id: int,
    more: bool,  # noqa: FBT001 - drawn by Hypothesis
    reports: bool,  # noqa: FBT001
    replies: bool,  # noqa: FBT001
) -> None:
    data, dcs = coded
    sent = Deliver(
        sender=sender,
        user_data=data,
        sent_at=sent_at,
        dcs=dcs,
        protocol_id=protocol_id,
        more_messages=more,
        status_report_indication=reports,
        reply_path=replies,
        smsc=smsc,
    )
    octets, length = encode_deliver(sent)
    came = decode_stored(octets)
    assert isinstance(came, Deliver)
    assert replace(came, flags=()) == sent
    assert came.sent_at is not None
    assert came.sent_at.utcoffset() == sent_at.utcoffset()
    assert set(came.flags) <= {"unknown_coding"}
    assert decode(octets[-2 * length :].lower(), has_smsc=False) == replace(
        came, smsc=None
    )


@given(NUMBERS | NAMES, user_data(), VALIDITIES, CENTRES, OCTETS, FLAGS, FLAGS, FLAGS)
def test_a_submit_decodes_to_itself(
    recipient: Address,
    coded: tuple[UserData, int],
    validity: timedelta | datetime | EnhancedValidity | None,
    smsc: Address | None,
    reference: int,
    reports: bool,  # noqa: FBT001
    once: bool,  # noqa: FBT001
    replies: bool,  # noqa: FBT001
) -> None:
    data, dcs = coded
    sent = Submit(
        recipient=recipient,
        user_data=data,
        validity=validity,
        dcs=dcs,
        reference=reference,
        status_report_request=reports,
        reject_duplicates=once,
        reply_path=replies,
        smsc=smsc,
    )
    came = decode_stored(encode_submit(sent)[0])
    assert isinstance(came, Submit)
    assert replace(came, flags=()) == sent


@given(NUMBERS | NAMES, TIMES, TIMES, OCTETS, OCTETS, CENTRES, FLAGS, FLAGS)
def test_a_status_report_decodes_to_itself(
    recipient: Address,
    sent_at: datetime,
    discharged_at: datetime,
    reference: int,
    status: int,
    smsc: Address | None,
    commanded: bool,  # noqa: FBT001
    more: bool,  # noqa: FBT001
) -> None:
    sent = StatusReport(
        reference=reference,
        recipient=recipient,
        sent_at=sent_at,
        discharged_at=discharged_at,
        status=status,
        for_command=commanded,
        more_messages=more,
        smsc=smsc,
    )
    assert decode_stored(encode_status_report(sent)[0]) == sent
