"""A rehearsal does what a running alarm would do, in a world of one's choice."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.protocol.model import (
    Audience,
    Fallback,
    Proof,
    Publication,
    Rung,
    Voice,
)
from engine.protocol.registry import load_registry
from engine.rehearsal.play import Moment, play
from engine.rehearsal.world import WhatIf

PROTOCOLS = load_registry(None, "standard").protocols
STANDARD = PROTOCOLS["standard"]


def times(moments: tuple[Moment, ...], lane: str, words: str) -> list[float]:
    return [
        moment.after.total_seconds()
        for moment in moments
        if moment.lane == lane and words in moment.words
    ]


def test_officers_are_paged_every_minute_until_one_has_it() -> None:
    assert times(play(STANDARD), "duty", "round") == [0.0, 60.0]


def test_where_nobody_answers_paging_goes_on_for_ever() -> None:
    moments = play(STANDARD, WhatIf().with_nobody(), until=timedelta(minutes=10))
    assert times(moments, "duty", "round") == [60.0 * n for n in range(11)]
    assert times(moments, "people", "") == [0.0]
    assert all(moment.is_out for moment in moments if " to " in moment.words)


def test_somebody_who_comes_stops_the_widening() -> None:
    soon = WhatIf(coming=timedelta(seconds=100))
    assert times(play(STANDARD, soon), "widen", "round") == []
    assert times(play(STANDARD), "widen", "round") == [180.0]


def test_without_a_modem_every_short_message_fails_and_is_tried_again() -> None:
    moments = play(STANDARD, WhatIf(modem_down=True, closed=None))
    failed = times(moments, "colleagues", "not sent")
    assert len(failed) > 5
    assert {moment.lane for moment in moments if moment.is_out} == {
        "hq",
        "_nobody_near",
    }
    assert times(moments, "hq", "email") == [0.0]


def test_without_a_position_the_named_contacts_are_told() -> None:
    moments = play(STANDARD, WhatIf(position_missing=True))
    assert len(times(moments, "colleagues", "sms to contact-")) == 2
    assert times(moments, "colleagues", "sms to colleague-") == []


@pytest.mark.parametrize(
    ("voices", "is_counted"), [(set(Voice), True), ({Voice.COLLEAGUES}, False)]
)
def test_words_that_the_file_does_not_count_are_told_as_such(
    voices: set[Voice], *, is_counted: bool
) -> None:
    rule = PROTOCOLS["quorum"].verification
    assert rule is not None
    rule = replace(rule, of=frozenset(voices))
    moments = play(replace(PROTOCOLS["quorum"], verification=rule), WhatIf())
    said = [one.words for one in moments if "says: verified" in one.words]
    assert len(said) == 2
    silent = [one.endswith("which the file does not count") for one in said]
    assert silent == [not is_counted] * 2


def test_without_a_position_no_contact_is_told_where_contacts_are_forbidden() -> None:
    forbidden = replace(STANDARD, forbids=("contacts",))
    moments = play(forbidden, WhatIf(position_missing=True))
    assert not any("contact-" in moment.words for moment in moments)
    nobody = [one for one in moments if one.lane == "colleagues" and one.is_bad]
    assert [one.words for one in nobody] == ["round 1, 0 found"]
    assert times(moments, "widen", "round 1") == [0.0], "nobody's answer is waited for"


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_whoever_was_told_is_not_found_again_by_a_wider_search(name: str) -> None:
    """A rehearsal promised each contact an SMS more for every step to the nearest."""
    protocol = PROTOCOLS[name]
    searches = {
        step.id
        for step in protocol.steps
        if step.to in {Audience.NEAREST, Audience.CONTACTS}
    }
    alone = replace(WhatIf().with_nobody(), position_missing=True)
    told: dict[str, set[timedelta]] = {}
    for moment in play(protocol, alone):
        if moment.lane in searches and " to " in moment.words:
            person = moment.words.rpartition(" to ")[2]
            told.setdefault(person, set()).add(moment.after)
    assert all(len(times) == 1 for times in told.values()), told
    assert bool(told) is bool(searches)


@pytest.mark.parametrize(
    ("name", "lane"),
    [("standard", "colleagues"), ("street_attack", "near"), ("arrest", "witnesses")],
)
def test_a_position_that_comes_late_calls_the_colleagues_then(
    name: str, lane: str
) -> None:
    late = WhatIf(position_missing=True, moves=timedelta(minutes=5), closed=None)
    moments = play(PROTOCOLS[name], late)
    called = times(moments, lane, "sms to colleague-")
    assert set(called) == {300.0}


def test_nobody_near_is_said_and_the_next_ring_comes_at_once() -> None:
    moments = play(PROTOCOLS["widening"], WhatIf(colleagues=0, coming=None))
    nobody = [m for m in moments if m.lane == "near" and m.is_bad]
    assert nobody[0].words == "round 1, 0 found"
    assert times(moments, "farther", "round") == [0.0]


def test_the_end_is_told_to_everybody_who_was_told() -> None:
    moments = play(STANDARD)
    told = {m.words for m in moments if m.lane != "stop" and " to " in m.words}
    ended = {m.words for m in moments if m.lane == "stop" and " to " in m.words}
    assert {w for w in told if w.startswith("sms")} == {
        w for w in ended if w.startswith("sms")
    }


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
@pytest.mark.parametrize("nobody", [False, True])
def test_every_sample_tells_hq_at_once_and_never_publishes(
    name: str,
    nobody: bool,  # noqa: FBT001 - a case
) -> None:
    what_if = WhatIf().with_nobody() if nobody else WhatIf()
    moments = play(PROTOCOLS[name], what_if, until=timedelta(hours=1))
    assert times(moments, "hq", "email to hq")[0] == 0.0
    public = [s.id for s in PROTOCOLS[name].steps if s.to is Audience.PUBLIC]
    assert all(times(moments, lane, "") == [] for lane in public)


def test_one_world_is_one_history() -> None:
    assert play(STANDARD) == play(STANDARD)


def test_enough_people_say_so_where_it_takes_several_and_the_end_is_played() -> None:
    moments = play(PROTOCOLS["careful"], until=timedelta(days=32))
    assert times(moments, "people", "2 people say the same: verified") == [480.0]
    assert times(moments, "people", "officer-2 says that the defender is safe") == [
        2700
    ]
    assert times(moments, "people", "officer-1 closes it") == [2700.0]
    for day in (1, 3, 7, 30):
        asked = times(moments, f"day-{day}", "sms to defender")
        assert asked == [2700.0 + day * 86_400]
    assert len(times(moments, "unconfirmed", "email to hq")) == 1


@pytest.mark.parametrize(
    ("otherwise", "words"),
    [("ask", "HQ is asked"), ("treat_as_real", "it counts as real")],
)
def test_what_comes_of_silence_is_on_the_time_line(otherwise: str, words: str) -> None:
    rule = PROTOCOLS["quorum"].verification
    assert rule is not None
    silent = replace(rule, otherwise=Fallback(otherwise))
    protocol = replace(PROTOCOLS["quorum"], verification=silent)
    moments = play(protocol, WhatIf().with_nobody())
    (at,) = times(moments, "people", "nobody has said in time whether it is true")
    assert at == rule.within.total_seconds()
    assert times(moments, "people", words) == [at]


def test_an_act_that_the_rules_forbid_is_on_the_time_line() -> None:
    needs = replace(PROTOCOLS["careful"], all_clear_needs=1)
    early = WhatIf(acknowledged=timedelta(minutes=5), closed=timedelta(minutes=1))
    moments = play(needs, early)
    refused = [m for m in moments if "officer-1 may not" in m.words]
    assert [m.is_bad for m in refused] == [True] * len(refused)
    assert refused


def test_an_operator_who_forgets_it_is_on_the_time_line() -> None:
    leased = replace(STANDARD, lease=timedelta(minutes=2))
    moments = play(leased, WhatIf(closed=None))
    assert times(moments, "people", "it waits for HQ again")[0] == 210.0


def test_hq_that_takes_it_and_falls_asleep_is_called_again() -> None:
    lapses = "it waits for HQ again"
    moments = play(STANDARD, WhatIf().with_hq_asleep())
    (at,) = times(moments, "people", lapses)
    assert at == 90 + 1_800
    assert times(moments, "duty", "sms to")[-1] > at
    assert times(play(STANDARD), "people", lapses) == []
    assert times(play(STANDARD, WhatIf(closed=None)), "people", lapses) == []


def test_what_is_called_off_in_its_countdown_waits_for_hq() -> None:
    counted = replace(PROTOCOLS["careful"], countdown=timedelta(seconds=30))
    near = next(s.id for s in counted.steps if s.to is Audience.NEAREST)
    (first, *_) = times(play(counted, WhatIf(verified=None)), near, "sms to")
    assert first == 30.0
    called_off = WhatIf(verified=None, closed=None, cancelled=timedelta(seconds=15))
    moments = play(counted, called_off, until=timedelta(minutes=2))
    assert times(moments, "people", "somebody asks to call it off") == [15.0]
    assert times(moments, near, "sms to") == []


def test_a_device_that_moves_on_after_a_cancel_is_told_of_and_urges_hq() -> None:
    moves = WhatIf(cancelled=timedelta(minutes=3), moves=timedelta(minutes=5))
    moments = play(STANDARD, moves)
    assert times(moments, "people", "they are elsewhere")[:2] == [300.0, 600.0]
    assert times(moments, "follow", "sms to")[0] == 300.0
    assert times(moments, "duty", "sms to")[-1] >= 300.0, "a sign of force"


def test_a_sign_of_force_calls_hq_back_who_take_it_again_and_end_it() -> None:
    """The time line named no sign, and HQ was paged for ever beside its own acts."""
    moves = WhatIf(cancelled=timedelta(minutes=3), moves=timedelta(minutes=5))
    moments = play(PROTOCOLS["careful"], moves)
    (at,) = times(moments, "people", "a sign of force: the position moves")
    assert at == 300.0
    assert times(moments, "people", "it waits for HQ again") == [at]
    assert times(moments, "people", "at HQ takes it") == [90.0, 390.0]
    assert times(moments, "people", "may not") == []
    assert times(moments, "people", "2 people say the same: verified") == [480.0]
    assert times(moments, "people", "officer-1 closes it") == [2700.0]
    assert max(times(moments, "duty", "round")) < at + 90


def test_what_was_done_before_anybody_had_it_is_done_once_somebody_has() -> None:
    late = WhatIf(acknowledged=timedelta(minutes=9))
    moments = play(STANDARD, late)
    assert times(moments, "people", "may not verify: not acknowledged") == [480.0]
    assert times(moments, "people", "officer-1 says: verified") == [570.0]


def test_whoever_sleeps_at_hq_does_not_take_it_again() -> None:
    moments = play(STANDARD, WhatIf().with_hq_asleep(), until=timedelta(hours=3))
    assert times(moments, "people", "at HQ takes it") == [90.0]


@pytest.mark.parametrize("decider", [None, "alder"])
def test_what_the_world_reads_goes_out_once_its_time_to_take_it_back_is_over(
    decider: str | None,
) -> None:
    rule = Publication(delay=timedelta(minutes=5), decider=decider)
    protocol = replace(PROTOCOLS["abduction"], publication=rule)
    published = WhatIf(published=timedelta(minutes=10))
    moments = play(protocol, published)
    approves = f"{decider or 'officer-3'} at HQ approves what the world reads"
    assert times(moments, "people", approves) == [600.0]
    assert times(moments, "publish", "public to public") == [900.0]
    assert times(play(protocol), "publish", "") == []
    asleep = play(protocol, published.with_hq_asleep())
    assert times(asleep, "publish", "") == times(asleep, "people", "approve") == []


def test_where_no_step_is_for_the_public_an_approval_is_refused() -> None:
    moments = play(PROTOCOLS["protest"], WhatIf(published=timedelta(minutes=10)))
    said = "may not approve publication: no public step"
    assert times(moments, "people", said) == [600.0]


def test_whoever_turns_it_down_does_not_come_and_the_next_does() -> None:
    moments = play(STANDARD, WhatIf(declines=timedelta(minutes=1)))
    assert times(moments, "people", "colleague-1 answers: cannot") == [60.0]
    assert times(moments, "people", "colleague-2 answers: coming") == [240.0]
    assert times(play(STANDARD), "people", "answers: cannot") == []


def test_a_round_in_place_of_who_turned_it_down_says_so() -> None:
    """By the file it is no round of its own; on the time line it looked like one."""
    first = replace(STANDARD.steps[0], replaces_declined=True)
    again = replace(STANDARD, steps=(first, *STANDARD.steps[1:]))
    moments = play(again, WhatIf(declines=timedelta(minutes=1)))
    said = "round 2, 1 found in place of 1 who turned it down"
    assert times(moments, first.id, said) == [60.0]
    assert times(moments, first.id, "in place of") == [60.0]


def test_a_ladder_is_not_climbed_where_the_message_arrives() -> None:
    rungs = (
        Rung(channel="sms", proof=Proof.DELIVERED, within=timedelta(seconds=60)),
        Rung(channel="call", proof=Proof.ANSWERED, within=timedelta(seconds=120)),
    )
    first = replace(STANDARD.steps[0], ladder=rungs, channels=("sms", "call"))
    ladder = replace(STANDARD, steps=(first, *STANDARD.steps[1:]))
    assert times(play(ladder), first.id, "call to") == []
    down = play(ladder, WhatIf(modem_down=True), until=timedelta(minutes=3))
    assert times(down, first.id, "call to") != []


@pytest.mark.parametrize("name", ["arrest", "protest"])
def test_a_month_after_the_end_is_played_as_the_sample_has_it(name: str) -> None:
    moments = play(PROTOCOLS[name], until=timedelta(days=32))
    days = [(after - 2700) / 86_400 for after in times(moments, "day-3", "sms to")]
    assert days == [3.0]
    first = {"arrest": "hq-day-1", "protest": "day-1"}[name]
    assert len(times(moments, first, " to ")) == {"arrest": 2, "protest": 1}[name]


def test_a_rehearsal_that_is_too_long_says_where_it_stops(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """It ended in silence: nothing seemed to happen after some twenty hours."""
    monkeypatch.setattr("engine.rehearsal.play.TURNS_MAX", 300)
    nobody = WhatIf().with_nobody()
    last = play(STANDARD, nobody, until=timedelta(days=30))[-1]
    assert last.words.startswith("the rehearsal stops here, after 300 acts")
    assert last.is_bad
    assert timedelta(minutes=30) < last.after < timedelta(hours=3)
    short = play(STANDARD, nobody, until=timedelta(minutes=20))
    assert not any("stops here" in moment.words for moment in short)
