"""What can be read and will not help is found, each kind by an example."""

from collections.abc import Sequence

import pytest

from engine.ports.modem import Forms
from engine.protocol.findings import Fault, Reach, Warned
from engine.protocol.lint import lint
from engine.protocol.model import ActionProtocol, Audience
from engine.protocol.parse import parse_protocol

HEAD = 'name = "Mine"\nversion = 1\n'
HQ = """
[[step]]
id = "hq"
to = "hq"
channels = ["email"]
text = "hq"
"""
DUTY = """
[[step]]
id = "duty"
to = "duty"
channels = ["sms", "call"]
text = "page"
every_s = 60
stopped_by = ["acknowledged"]
"""
NEAR = """
[[step]]
id = "near"
to = "nearest"
count = 5
channels = ["sms"]
text = "sos"
"""
STOP = """
[[step]]
id = "stop"
after = "closed"
to = "told"
channels = ["sms", "email"]
text = "stop"
"""
RULE = """
[verification]
needs = 3
of = ["colleagues", "contacts"]
within_s = 300
otherwise = "ask"
"""


TWO = "[all_clear]\nneeds = 2\n"


def protocol(*steps: str) -> ActionProtocol:
    return parse_protocol(HEAD + "".join(steps), "mine.toml")


def found(
    fault: Fault, *steps: str, reach: Reach | None = None
) -> list[tuple[str, str]]:
    warned = lint(protocol(*steps), reach=reach)
    return [(one.step, one.words) for one in warned if one.fault is fault]


def test_a_sound_one_has_nothing_but_texts_to_review() -> None:
    steps = (TWO, HQ, DUTY, NEAR, STOP, RECHECK, UNCONFIRMED)
    faults = {one.fault for one in lint(protocol(*steps))}
    assert faults == {Fault.UNREVIEWED}


def step(**fields: str) -> str:
    lines = "\n".join(f"{key} = {value}" for key, value in fields.items())
    return f'\n[[step]]\nto = "hq"\nchannels = ["email"]\ntext = "hq"\n{lines}\n'


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        (
            {"requires": '["verified"]', "stopped_by": '["verified"]'},
            "requires 'verified' and is stopped by it",
        ),
        ({"requires": '["verified"]', "stopped_by": '["real"]'}, "verified is"),
        ({"requires": '["verified", "false"]'}, "exclude each other"),
        ({"after": '"approved"', "stopped_by": '["approved"]'}, "always holds"),
        ({"after": '"verified"', "stopped_by": '["real"]'}, "always holds"),
    ],
)
def test_a_step_that_never_comes_is_found_and_so_is_what_waits_for_it(
    fields: dict[str, str], says: str
) -> None:
    never = step(id='"never"', **fields)
    waits = step(id='"waits"', after='"never"')
    (one, words), (other, why) = found(Fault.UNREACHABLE, HQ, DUTY, never, waits)
    assert (one, other) == ("never", "waits")
    assert says in words
    assert why == "begins after 'never', which never runs"


def test_people_who_cannot_be_reached_are_found() -> None:
    reach = Reach(people={Audience.NEAREST: (frozenset({"email"}),) * 4})
    assert found(Fault.NOBODY, HQ, DUTY, NEAR, STOP, reach=reach) == [
        ("near", "nobody of 'nearest' can be reached by sms")
    ]


def test_one_person_alone_is_a_single_point() -> None:
    reach = Reach(people={Audience.DUTY: (frozenset({"sms", "call"}),)}, modems=2)
    assert found(Fault.SINGLE_POINT, HQ, DUTY, NEAR, reach=reach) == [
        ("duty", "one person alone of 'duty' can be reached by sms or call")
    ]


def test_people_are_counted_by_whichever_way_each_has() -> None:
    two = DUTY.replace('"sms", "call"', '"sms", "matrix"')
    people = {Audience.DUTY: (frozenset({"sms"}), frozenset({"matrix", "email"}))}
    reach = Reach(people=people, modems=2)
    assert found(Fault.SINGLE_POINT, HQ, two, NEAR, reach=reach) == []
    by_mail = DUTY.replace('"sms", "call"', '"email", "webhook"')
    ((where, words),) = found(Fault.SINGLE_POINT, HQ, by_mail, NEAR, reach=reach)
    assert (where, "one person alone" in words) == ("duty", True)


def test_one_modem_is_a_single_point_for_whatever_goes_by_it() -> None:
    one, two = (Reach(people={}, modems=modems) for modems in (1, 2))
    ((where, words),) = found(Fault.SINGLE_POINT, HQ, DUTY, NEAR, reach=one)
    assert (where, "one modem alone" in words) == ("", True)
    assert found(Fault.SINGLE_POINT, HQ, DUTY, NEAR, reach=two) == []


def test_an_audience_that_was_not_looked_at_is_not_spoken_of() -> None:
    assert found(Fault.NOBODY, HQ, DUTY, NEAR, STOP, reach=Reach(people={})) == []


def test_one_channel_for_everybody_is_a_single_point() -> None:
    by_mail = DUTY.replace('"sms", "call"', '"email"')
    ((where, words),) = found(Fault.SINGLE_POINT, HQ, by_mail)
    assert where == ""
    assert "'email' alone" in words


def test_what_goes_by_modem_alone_is_a_single_point() -> None:
    ((where, words),) = found(Fault.SINGLE_POINT, DUTY, NEAR)
    assert where == ""
    assert "'call' and 'sms', by modem, alone" in words
    assert found(Fault.SINGLE_POINT, HQ, DUTY, NEAR) == []


def test_people_who_never_hear_of_the_end_are_found() -> None:
    ((where, words),) = found(Fault.NOBODY, HQ, DUTY, NEAR)
    assert (where, "hears of the end" in words) == ("", True)
    assert found(Fault.NOBODY, HQ, DUTY, NEAR, STOP) == []
    assert found(Fault.NOBODY, HQ, DUTY) == []


def test_a_quorum_that_has_no_time_is_found() -> None:
    hasty = RULE.replace("300", "59")
    ((where, words),) = found(Fault.DEADLINE, hasty, HQ, DUTY, NEAR)
    assert where == ""
    assert "within_s is 59: nobody can have answered" in words
    assert found(Fault.DEADLINE, RULE, HQ, DUTY, NEAR) == []


@pytest.mark.parametrize(("delay_s", "times"), [(180, 0), (181, 1)])
def test_whoever_is_asked_too_late_to_be_heard_is_found(
    delay_s: int, times: int
) -> None:
    """Counted from the raise, over the steps between."""
    between = step(id='"between"', delay_s="60")
    ask = f"""
[[step]]
id = "ask"
after = "between"
delay_s = {delay_s}
to = "silent"
channels = ["sms"]
text = "ask"
"""
    late = found(Fault.DEADLINE, RULE, HQ, DUTY, NEAR, between, ask)
    assert [where for where, _ in late] == ["ask"] * times


@pytest.mark.parametrize(
    ("contacts", "said"),
    [
        (0, ["verification needs 3 people, and 2 can be reached"]),
        (1, ["verification needs 3 people, which is everybody there is"]),
        (2, []),
    ],
)
def test_a_quorum_of_more_people_than_there_are_is_found(
    contacts: int, said: list[str]
) -> None:
    by_sms = frozenset({"sms"})
    people = {
        Audience.NEAREST: (by_sms, by_sms),
        Audience.CONTACTS: (by_sms,) * contacts,
    }
    steps = (RULE, HQ, DUTY, NEAR, STOP)
    for of, expected in ((people, said), ({}, [])):
        few = [
            words
            for fault in (Fault.IMPOSSIBLE, Fault.QUORUM)
            for _, words in found(fault, *steps, reach=Reach(people=of))
        ]
        assert few == expected


def test_nobody_at_hq_is_found() -> None:
    assert ("", "HQ is never told: nobody takes the case") in found(Fault.NOBODY, NEAR)


def test_paging_that_ends_is_a_single_point() -> None:
    ends = DUTY.replace("every_s = 60", "every_s = 60\nrounds = 3")
    assert any("round and round" in w for _, w in found(Fault.SINGLE_POINT, HQ, ends))


WIDER = """
[[step]]
id = "wider"
after = "near"
delay_s = 180
to = "nearest"
count = 5
channels = ["sms"]
text = "sos"
stopped_by = ["somebody_coming"]
"""


@pytest.mark.parametrize(("most", "times"), [(5, 1), (4, 1), (6, 0)])
def test_a_step_for_which_the_crowd_has_no_room_is_never_reached(
    most: int, times: int
) -> None:
    crowd = f"crowd_max = {most}\n"
    told = found(Fault.UNREACHABLE, crowd, HQ, DUTY, NEAR, WIDER, STOP)
    assert [where for where, _ in told] == ["wider"] * times
    assert all(f"crowd_max is {most}, and 'near' before it" in w for _, w in told)


def test_the_crowd_has_room_where_nobody_is_counted_or_a_step_may_not_have_run() -> (
    None
):
    crowd = "crowd_max = 5\n"
    assert found(Fault.UNREACHABLE, HQ, DUTY, NEAR, WIDER) == []
    may_not = NEAR + 'requires = ["verified"]\n'
    assert found(Fault.UNREACHABLE, crowd, HQ, DUTY, may_not, WIDER) == []
    stopped = NEAR + 'stopped_by = ["false"]\n'
    assert found(Fault.UNREACHABLE, crowd, HQ, DUTY, stopped, WIDER) == []
    after_all = WIDER.replace('after = "near"', 'after = "verified"')
    assert found(Fault.UNREACHABLE, crowd, HQ, DUTY, NEAR, after_all) == []


def test_an_acknowledgement_that_lasts_for_good_is_a_single_point() -> None:
    for_good = "acknowledgement_lease_s = 0\n"
    ((where, words),) = found(Fault.SINGLE_POINT, for_good, HQ, DUTY, NEAR)
    assert where == ""
    assert "silences it for good" in words


def test_a_round_that_takes_longer_than_its_repeat_is_found() -> None:
    hasty = DUTY.replace("every_s = 60", "every_s = 20")
    ((where, words),) = found(Fault.DEADLINE, HQ, hasty)
    assert where == "duty"
    assert "about 24 s on 1 modem(s)" in words
    two = Reach(people={}, modems=2)
    assert found(Fault.DEADLINE, HQ, hasty, reach=two) == []


@pytest.mark.parametrize(("delay_s", "times"), [(30, 1), (79, 1), (80, 0), (180, 0)])
def test_a_step_that_waits_for_an_answer_must_leave_time_for_one(
    delay_s: int, times: int
) -> None:
    widen = step(
        id='"widen"',
        after='"near"',
        delay_s=str(delay_s),
        stopped_by='["somebody_coming"]',
    )
    assert len(found(Fault.DEADLINE, HQ, DUTY, NEAR, widen)) == times


def cut_to(length: int) -> "object":
    def fit(pieces: Sequence[Forms]) -> str:
        kept = [forms[0] for forms in pieces]
        while sum(len(text) for _, text in kept) > length:
            least = max(kept, key=lambda piece: piece[0])
            kept.remove(least)
        return "".join(text for _, text in kept)

    return fit


def test_a_text_that_loses_what_is_needed_is_found_in_its_language() -> None:
    short = lint(protocol(HQ, DUTY, NEAR), fit=cut_to(60))  # type: ignore[arg-type] # a fake
    assert any(w.fault is Fault.TEXT_TOO_LONG and "'ru'" in w.words for w in short)
    long = lint(protocol(HQ, DUTY, NEAR), fit=cut_to(300))  # type: ignore[arg-type] # a fake
    assert all(w.fault is not Fault.TEXT_TOO_LONG for w in long)


def test_a_text_that_loses_how_to_behave_is_found_where_it_is_said() -> None:
    def deaf(pieces: Sequence[Forms]) -> str:
        return "".join(forms[0][1] for forms in pieces if "Quiet" not in forms[0][1])

    said = {}
    for head in ('manner = "quiet"\n', ""):
        quiet: tuple[Warned, ...] = lint(protocol(head, HQ, DUTY, NEAR), fit=deaf)
        said[head] = [w.words for w in quiet if w.fault is Fault.TEXT_TOO_LONG]
    words = "'sos' in 'en': one SMS loses 'Quiet: do not call'"
    assert list(said.values()) == [[words], []]


def test_one_text_in_many_steps_is_named_once() -> None:
    again = NEAR.replace('"near"', '"again"')
    short: tuple[Warned, ...] = lint(protocol(HQ, DUTY, NEAR, again), fit=cut_to(60))  # type: ignore[arg-type] # a fake
    named = [w.words for w in short if w.fault is Fault.TEXT_TOO_LONG]
    assert len(named) == len(set(named))


RECHECK = """
[[step]]
id = "day-1"
after = "closed"
delay_s = 86400
to = "defender"
channels = ["sms"]
text = "recheck"
stopped_by = ["safe_confirmed"]
"""

UNCONFIRMED = """
[[step]]
id = "hq-day-1"
after = "closed"
delay_s = 86400
to = "hq"
channels = ["email"]
text = "unconfirmed"
stopped_by = ["safe_confirmed"]
"""


@pytest.mark.parametrize(
    ("steps", "has_word", "expected"),
    [
        ((HQ, RECHECK), False, ["day-1"]),
        ((HQ, RECHECK), True, []),
        ((HQ, RECHECK), None, []),
        ((HQ,), False, []),
    ],
)
def test_a_telephone_that_confirms_without_a_word_that_its_owner_is_safe_is_found(
    steps: tuple[str, ...],
    has_word: bool | None,  # noqa: FBT001 - a case
    expected: list[str],
) -> None:
    reach = Reach(people={}, has_word=has_word)
    warned = lint(protocol(*steps), reach=reach)
    assert [one.step for one in warned if one.fault is Fault.FORGEABLE] == expected


@pytest.mark.parametrize("signed", ["", protocol(HQ).printed_digest])
def test_nothing_is_said_of_a_text_that_was_signed_or_never(signed: str) -> None:
    assert found(Fault.CHANGED, HQ, reach=Reach(people={}, agreed_text=signed)) == []


def test_a_text_that_is_not_the_one_signed_is_found_with_both_digests() -> None:
    signed = protocol(HQ).printed_digest
    reach = Reach(people={}, agreed_text=signed)
    ((step, words),) = found(Fault.CHANGED, HQ, RECHECK, reach=reach)
    now = protocol(HQ, RECHECK).printed_digest
    assert not step
    assert f"signed is {signed}, and this one is {now}: " in words
    assert "have it signed, and write the new digest into agreed_text" in words
