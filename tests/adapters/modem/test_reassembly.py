"""Long messages from their parts: any order, copies, holes and floods."""

from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modem import pdu_text
from adapters.modem.options import HELP_WORDS, ModemOptions
from adapters.modem.pdu import Deliver
from adapters.modem.pdu_encode import encode_deliver
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.pdu_text import Concat
from adapters.modem.reassembly import INCOMPLETE, SOON_S, Reassembly
from engine.intake.meanings import HELP
from engine.ports.modem import InboundSms
from tests.adapters.modem.rig import BOB, QUICK, rig

TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=12)
REFERENCE = 77


def _part(text: str, number: int, total: int, reference: int = REFERENCE) -> Deliver:
    concat = Concat(reference=reference, total=total, number=number)
    return Deliver(
        sender=Address(text=BOB, toa=0x91),
        user_data=pdu_text.build(text, Charset.UCS2, concat=concat),
        dcs=8,
    )


def _message(part: Deliver, slot: int) -> InboundSms:
    concat = part.user_data.concat
    assert concat is not None
    return InboundSms(
        slot=f"SM:{slot}",
        sender=part.sender.text,
        text=part.user_data.text,
        sent_at=None,
        pdu=f"{slot:02X}",
        part=(concat.reference, concat.number, concat.total),
    )


@given(st.lists(TEXTS, min_size=2, max_size=6), st.randoms(use_true_random=False))
def test_parts_join_in_any_order_with_copies(texts: list[str], chance: object) -> None:
    parts = [
        (_message(part, number), part)
        for number, text in enumerate(texts, start=1)
        for part in [_part(text, number, len(texts))]
    ]
    first = parts[:-1] * 2
    chance.shuffle(first)  # type: ignore[attr-defined]
    collector = Reassembly(timeout_s=60)
    for message, part in first:
        assert collector.add(message, part, 0.0) == []
    (whole,) = collector.add(*parts[-1], 0.0)
    assert whole.text == "".join(texts)
    assert whole.part is None
    assert whole.flags == ()
    assert whole.slot == "+".join(f"SM:{n}" for n in range(1, len(texts) + 1))
    assert collector.overdue(1e9) == []


def test_a_surrogate_pair_split_over_two_parts_is_whole_again() -> None:
    halves = "\U0001f198".encode("utf-16-be")
    parts = []
    for number, half in enumerate((halves[:2], halves[2:]), start=1):
        concat = Concat(reference=1, total=2, number=number)
        data = pdu_text.UserData(charset=Charset.UCS2, units=half, concat=concat)
        parts.append(Deliver(sender=Address(text=BOB, toa=0x91), user_data=data, dcs=8))
    collector = Reassembly(timeout_s=60)
    collector.add(_message(parts[0], 1), parts[0], 0.0)
    (whole,) = collector.add(_message(parts[1], 2), parts[1], 0.0)
    assert whole.text == "\U0001f198"


def test_parts_of_two_codings_are_each_read_in_their_own() -> None:
    collector = Reassembly(timeout_s=60)
    plain = Deliver(
        sender=Address(text=BOB, toa=0x91),
        user_data=pdu_text.build(
            "answer: ",
            Charset.GSM7,
            concat=Concat(reference=REFERENCE, total=2, number=1),
        ),
    )
    wide = _part("иду", 2, 2)
    assert collector.add(_message(plain, 1), plain, 0.0) == []
    (whole,) = collector.add(_message(wide, 2), wide, 0.0)
    assert whole.text == "answer: иду"


def test_an_incomplete_message_comes_late_and_marked() -> None:
    collector = Reassembly(timeout_s=60)
    for number, text in ((1, "need "), (3, " now")):
        part = _part(text, number, 3)
        assert collector.add(_message(part, number), part, 0.0) == []
    assert collector.overdue(59.9) == []
    (message,) = collector.overdue(60.0)
    assert message.text == "need [2/3 missing] now"
    assert INCOMPLETE in message.flags
    assert message.part == (REFERENCE, 2, 3)


def test_a_part_with_a_word_of_distress_does_not_wait() -> None:
    collector = Reassembly(timeout_s=60, urgent_words=("SOS",))
    part = _part("sos, they are ", 1, 2)
    (early,) = collector.add(_message(part, 1), part, 0.0)
    assert early.text == "sos, they are [2/2 missing]"
    assert early.slot == ""
    assert collector.add(_message(part, 1), part, 0.0) == []
    rest = _part("here", 2, 2)
    (whole,) = collector.add(_message(rest, 2), rest, 1.0)
    assert whole.text == "sos, they are here"
    assert whole.slot == "SM:1+SM:2"


def test_a_part_that_came_twice_is_deleted_in_both_its_places() -> None:
    collector = Reassembly(timeout_s=60)
    first, second = _part("a", 1, 2), _part("b", 2, 2)
    for slot in (1, 5, 1):
        assert collector.add(_message(first, slot), first, 0.0) == []
    (whole,) = collector.add(_message(second, 2), second, 0.0)
    assert (whole.text, whole.slot) == ("ab", "SM:1+SM:5+SM:2")


def test_parts_of_two_messages_are_not_mixed() -> None:
    collector = Reassembly(timeout_s=60)
    one, other = _part("a", 1, 2, reference=1), _part("b", 2, 2, reference=2)
    assert collector.add(_message(one, 1), one, 0.0) == []
    assert collector.add(_message(other, 2), other, 0.0) == []
    assert len(collector.overdue(60.0)) == 2


def test_a_reference_used_again_costs_no_part_bug_the_earlier_one_was_deleted(
    tmp_path: Path,
) -> None:
    """Some devices number every long message alike."""
    with rig(tmp_path, options=replace(QUICK, multipart_s=30)) as r:
        for text, number in (("SOS not", 1), ("we are", 1), (", at the dam", 2)):
            r.modem.deliver(*encode_deliver(_part(text, number, 2)))
        found = r.events(lambda events: len(events) >= 3)
        for message in found:
            assert isinstance(message, InboundSms)
            r.driver.delete(message.slot)
    told = [(m.text, INCOMPLETE in m.flags) for m in found if isinstance(m, InboundSms)]
    holed = "SOS not[2/2 missing]"  # at once, and again when its place is taken
    assert told == [(holed, True), (holed, True), ("we are, at the dam", False)]
    assert r.modem.state.stores["SM"] == {}


def test_a_flood_of_first_parts_costs_no_memory_and_loses_nothing() -> None:
    collector = Reassembly(timeout_s=1e9)
    out = 0
    for reference in range(200):
        part = _part("x", 1, 2, reference=reference)
        straight = replace(_message(part, 1), slot="")
        out += len(collector.add(straight, part, float(reference)))
    assert out == 200 - 64
    assert len(collector.overdue(2e9)) == 64


def test_parts_that_wait_for_the_rest_leave_half_of_the_store_to_others() -> None:
    collector = Reassembly(timeout_s=1e9)
    collector.places_max = 15
    out: list[InboundSms] = []
    for place in range(40):
        part = _part("x", 1, 2, reference=place)
        out += collector.add(_message(part, place), part, float(place))
    assert [one.slot for one in out] == [f"SM:{place}" for place in range(25)]
    assert all(INCOMPLETE in one.flags for one in out)


def test_parts_that_lie_in_no_store_make_no_room_and_are_waited_with() -> None:
    """They were given up for nothing, and nobody could read them again."""
    collector = Reassembly(timeout_s=1e9)
    collector.places_max = 15
    first = _part("SOS", 1, 2, reference=99)
    collector.add(replace(_message(first, 0), slot=""), first, 0.0)
    for place in range(1, 18):
        part = _part("x", 1, 2, reference=place)
        collector.add(_message(part, place), part, float(place))
    last = _part("!", 2, 2, reference=99)
    (whole,) = collector.add(replace(_message(last, 0), slot=""), last, 20.0)
    assert (whole.text, whole.flags) == ("SOS!", ())


def test_parts_that_never_become_a_message_keep_no_call_for_help_out(
    tmp_path: Path,
) -> None:
    """Thirty SMS made a modem deaf for three minutes: answers and SOS stayed out."""
    with rig(tmp_path, options=replace(QUICK, multipart_s=600)) as r:
        for reference in range(30):
            part = replace(_part("x", 1, 2, reference=reference), sent_at=None)
            r.modem.deliver(*encode_deliver(part))
        r.modem.inject(BOB, "SOS")
        texts: list[str] = []
        for _ in range(10):
            for sms in r.events(bool, drain=True):
                assert isinstance(sms, InboundSms)
                r.driver.delete(sms.slot)
                texts.append(sms.text)
            if "SOS" in texts:
                break
        assert "SOS" in texts


def test_a_long_message_comes_joined_and_is_deleted_whole(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        for number, text in ((2, "two"), (1, "one ")):
            r.modem.deliver(*encode_deliver(_part(text, number, 2)))
        found = r.events(bool)
        (message,) = found
        assert isinstance(message, InboundSms)
        assert message.text == "one two"
        assert len(r.modem.state.stores["SM"]) == 2
        r.driver.delete(message.slot)
        assert r.modem.state.stores["SM"] == {}


def test_an_early_part_leaves_its_place_to_nobody_else(tmp_path: Path) -> None:
    with rig(tmp_path) as r:
        r.modem.deliver(*encode_deliver(_part("SOS ", 1, 2)))
        (early,) = r.events(bool)
        assert isinstance(early, InboundSms)
        r.driver.delete(early.slot)
        r.modem.inject(BOB, "another message")
        r.modem.deliver(*encode_deliver(_part("here", 2, 2)))
        found = r.events(lambda events: len(events) >= 2)
        for message in found:
            assert isinstance(message, InboundSms)
            r.driver.delete(message.slot)
    texts = [m.text for m in found if isinstance(m, InboundSms)]
    assert texts == ["another message", "SOS here"]
    assert r.modem.state.stores["SM"] == {}


def test_parts_on_both_sides_of_a_restart_are_joined(tmp_path: Path) -> None:
    with rig(tmp_path, options=replace(QUICK, multipart_s=30)) as r:
        r.modem.deliver(*encode_deliver(_part("before, ", 1, 2)))
        assert r.driver.wait(2)
        assert r.driver.poll(drain=False) == []
        r.driver.open()
        assert r.driver.poll(drain=True) == []
        r.modem.deliver(*encode_deliver(_part("after", 2, 2)))
        (message,) = r.events(bool)
    assert isinstance(message, InboundSms)
    assert message.text == "before, after"


def test_a_hole_in_a_long_message_is_shown_and_its_parts_stay_until_deleted(
    tmp_path: Path,
) -> None:
    with rig(tmp_path) as r:
        r.modem.deliver(*encode_deliver(_part("only this", 1, 2)))
        assert r.driver.wait(2)
        assert r.driver.poll(drain=False) == []
        (message,) = r.events(bool)
        assert isinstance(message, InboundSms)
        assert message.text == "only this[2/2 missing]"
        assert INCOMPLETE in message.flags
        r.driver.delete(message.slot)
        assert r.modem.state.stores["SM"] == {}


def _collector() -> Reassembly:
    urgent = ModemOptions().urgent_words
    return Reassembly(timeout_s=180, urgent_words=urgent, help_words=HELP_WORDS)


@pytest.mark.parametrize(
    "text",
    [
        *("Help! They are at the door", "HJÄLP mig", "Помогите", "ayúdame", "نجدة"),
        *("help me! lat:41.3", "au secours"),
    ],
)
def test_a_call_for_help_waits_for_a_part_that_is_lost_for_seconds(text: str) -> None:
    collector = _collector()
    part = _part(text, 1, 2)
    assert collector.add(_message(part, 1), part, 100.0) == []
    assert collector.overdue(100.0 + SOON_S - 0.1) == []
    (told,) = collector.overdue(100.0 + SOON_S)
    assert text in told.text
    assert told.slot == "", "its place is kept for the whole"
    assert collector.overdue(150.0) == [], "once"
    assert len(collector.overdue(280.0)) == 1


@pytest.mark.parametrize("text", ["Remove alarm!", "panic", "sos"])
def test_a_trackers_call_waits_for_no_part(text: str) -> None:
    part = _part(text, 1, 2)
    (told,) = _collector().add(_message(part, 1), part, 0.0)
    assert text in told.text


def test_help_that_is_not_needed_is_read_with_what_says_so_bug_a_call() -> None:
    collector = _collector()
    rest, first = _part("help is needed", 2, 2), _part("I am with her, no more ", 1, 2)
    assert collector.add(_message(rest, 2), rest, 0.0) == []
    (whole,) = collector.add(_message(first, 1), first, 3.0)
    assert whole.text == "I am with her, no more help is needed"
    assert collector.overdue(60.0) == []


def test_every_word_of_help_is_told_soon_in_every_language() -> None:
    options = ModemOptions()
    soon = [word.casefold() for word in (*options.urgent_words, *HELP_WORDS)]
    for word in HELP:
        assert any(one in word for one in soon), word
