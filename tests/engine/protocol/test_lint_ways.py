"""Who is not told for certain, is told no more, or never of the end, is found."""

import pytest

from engine.protocol.findings import Fault
from tests.engine.protocol.test_lint import DUTY, HQ, NEAR, STOP, found

ACKNOWLEDGED = 'stopped_by = ["acknowledged"]'


@pytest.mark.parametrize(
    "condition", ["somebody_coming", "verified", "real", "false", "approved"]
)
def test_paging_that_something_else_than_an_operator_ends_is_a_single_point(
    condition: str,
) -> None:
    """Colleagues may come, and a quorum may decide: nobody at HQ has taken it."""
    both = DUTY.replace(ACKNOWLEDGED, f'stopped_by = ["acknowledged", "{condition}"]')
    ((where, words),) = found(Fault.SINGLE_POINT, HQ, both, NEAR)
    assert where == "duty"
    assert "until an operator has taken it" in words
    waits = f'{DUTY}requires = ["{condition}"]\n'
    assert [one for one, _ in found(Fault.SINGLE_POINT, HQ, waits, NEAR)] == ["duty"]


def test_another_page_that_goes_on_makes_up_for_one_that_ends() -> None:
    ends = DUTY.replace(ACKNOWLEDGED, 'stopped_by = ["verified"]')
    more = DUTY.replace('"duty"\nto', '"duty-2"\nto')
    assert found(Fault.SINGLE_POINT, HQ, ends, more, NEAR) == []


def test_hq_that_hears_only_of_some_is_found() -> None:
    some = 'requires = ["confirmed_source"]\n'
    ((where, words),) = found(Fault.NOBODY, HQ + some, DUTY + some, NEAR, STOP)
    assert (where, "HQ is not told in every case" in words) == ("", True)
    assert found(Fault.NOBODY, HQ + some, DUTY, NEAR, STOP) == []


def test_hq_that_waits_for_a_step_that_may_not_come_is_found() -> None:
    near = f'{NEAR}requires = ["confirmed_source"]\n'
    after = 'after = "near"\n'
    lost = found(Fault.NOBODY, near, HQ + after, DUTY + after, STOP)
    assert ["every case" in words for _, words in lost] == [True]
    assert found(Fault.NOBODY, NEAR, HQ + after, DUTY + after, STOP) == []


@pytest.mark.parametrize(("delay_s", "times"), [(60, 0), (61, 1), (86_400, 1)])
def test_hq_that_hears_late_is_found(delay_s: int, times: int) -> None:
    late = f"delay_s = {delay_s}\n"
    said = [words for _, words in found(Fault.DEADLINE, HQ + late, DUTY + late, NEAR)]
    assert said == [f"HQ hears of it {delay_s} s after the raise"] * times
    assert found(Fault.DEADLINE, HQ + late, DUTY, NEAR) == []


def test_a_search_without_a_place_that_may_tell_nobody_instead_is_found() -> None:
    forbidden = 'forbids = ["contacts"]\n'
    ((where, words),) = found(Fault.NOBODY, forbidden, HQ, DUTY, NEAR, STOP)
    assert (where, "without a position it tells nobody" in words) == ("near", True)
    assert found(Fault.NOBODY, forbidden, HQ, DUTY, STOP) == []
    assert found(Fault.NOBODY, 'forbids = ["public"]\n', HQ, DUTY, NEAR, STOP) == []


@pytest.mark.parametrize(
    ("head", "steps", "times"),
    [
        ("", (NEAR,), 0),
        ("[all_clear]\nneeds = 1\n", (NEAR,), 1),
        ("[all_clear]\nneeds = 2\n", (NEAR,), 0),
        ("", (), 0),
    ],
)
def test_an_end_by_one_operator_is_found_where_people_are_told(
    head: str, steps: tuple[str, ...], times: int
) -> None:
    """One who was forced, or deceived by a forced cancel, called everybody off."""
    said = found(Fault.FORGEABLE, head, HQ, DUTY, *steps, STOP)
    assert ["one operator alone may end it" in words for _, words in said] == (
        [True] * times
    )


def test_whoever_is_told_by_a_way_that_the_end_does_not_take_is_found() -> None:
    stop = STOP.replace('"sms", "email"', '"email"')
    lost = dict(found(Fault.NOBODY, HQ, DUTY, NEAR, stop))
    assert set(lost) == {"near", "duty"}
    assert "told by 'sms' alone hears of no end" in lost["near"]
    assert "'sms' or 'call'" in lost["duty"]


def test_whoever_is_rung_reads_of_the_end_and_so_do_all_on_a_ladder() -> None:
    rung = NEAR.replace('"sms"', '"call"')
    ladder = NEAR.replace('channels = ["sms"]\n', "") + (
        '[[step.ladder]]\nchannel = "matrix"\nproof = "accepted"\nwithin_s = 60\n'
        '[[step.ladder]]\nchannel = "sms"\nproof = "delivered"\nwithin_s = 60\n'
    )
    for near in (rung, ladder):
        assert found(Fault.NOBODY, HQ, DUTY, near, STOP) == []
    by_matrix = NEAR.replace('"sms"', '"matrix"')
    assert [w for w, _ in found(Fault.NOBODY, HQ, DUTY, by_matrix, STOP)] == ["near"]


@pytest.mark.parametrize("rule", ["requires", "stopped_by"])
def test_an_end_of_which_people_hear_only_sometimes_is_found(rule: str) -> None:
    stop = f'{STOP}{rule} = ["verified"]\n'
    ((where, words),) = found(Fault.NOBODY, HQ, DUTY, NEAR, stop)
    assert (where, "only if something else holds" in words) == ("stop", True)
    always = STOP.replace('"stop"\nafter', '"stop-2"\nafter')
    assert found(Fault.NOBODY, HQ, DUTY, NEAR, stop, always) == []


def again(audience: str, channel: str) -> str:
    return f"""
[[step]]
id = "again"
after = "near"
delay_s = 300
to = "{audience}"
channels = ["{channel}"]
text = "ask"
"""


@pytest.mark.parametrize(
    ("audience", "channel", "is_lost"),
    [
        ("asked", "sms", False),
        ("silent", "call", False),
        ("asked", "email", True),
        ("silent", "email", True),
        ("everyone", "email", False),
        ("everyone", "matrix", True),
    ],
)
def test_whoever_is_written_to_again_by_a_way_that_nobody_knows_is_found(
    audience: str, channel: str, *, is_lost: bool
) -> None:
    step = again(audience, channel)
    lost = found(Fault.NOBODY, HQ, DUTY, NEAR, step, STOP)
    assert [where for where, _ in lost] == ["again"] * is_lost


@pytest.mark.parametrize(("delay_s", "times"), [(300, 0), (301, 1), (86_400, 1)])
def test_officers_who_are_paged_late_are_found_though_hq_has_an_e_mail(
    delay_s: int, times: int
) -> None:
    late = DUTY.replace("every_s", f"delay_s = {delay_s}\nevery_s")
    said = found(Fault.DEADLINE, HQ, late, NEAR)
    assert [where for where, _ in said] == ["duty"] * times
    assert all(f"paged before {delay_s} s after the raise" in w for _, w in said)


@pytest.mark.parametrize(
    ("channels", "times"), [("email", 1), ("webhook", 1), ("sms", 0), ("pager", 0)]
)
def test_officers_who_are_paged_by_what_wakes_nobody_are_found(
    channels: str, times: int
) -> None:
    """A rota that was paged by e-mail alone passed for one."""
    quiet = DUTY.replace('["sms", "call"]', f'["{channels}"]')
    assert quiet != DUTY
    said = found(Fault.DEADLINE, HQ, quiet, NEAR)
    assert [where for where, _ in said] == ["duty"] * times
    assert all("wakes nobody" in words for _, words in said)
    rung = DUTY.replace('"duty"\nto', '"duty-2"\nto')
    assert found(Fault.DEADLINE, HQ, quiet, NEAR, rung) == []


def test_officers_who_are_paged_late_over_a_chain_of_steps_are_found() -> None:
    near = NEAR.replace("count", "delay_s = 200\ncount")
    chain = DUTY.replace("every_s", 'after = "near"\ndelay_s = 200\nevery_s')
    ((where, words),) = found(Fault.DEADLINE, HQ, near, chain)
    assert (where, "before 400 s" in words) == ("duty", True)
    assert (
        found(Fault.DEADLINE, HQ, near, chain, DUTY.replace('"duty"\nto', '"d2"\nto'))
        == []
    )


@pytest.mark.parametrize(
    ("said", "times"), [("delay_s = 3600\n", 0), ("delay_s = 3601\n", 1)]
)
def test_an_end_of_which_people_hear_late_is_found(said: str, times: int) -> None:
    """Until then they go on, to a place where nobody needs them."""
    late = [one for one, _ in found(Fault.DEADLINE, HQ, DUTY, NEAR, STOP + said)]
    assert late == ["stop"] * times
    soon = STOP.replace('"stop"\nafter', '"soon"\nafter')
    assert found(Fault.DEADLINE, HQ, DUTY, NEAR, STOP + said, soon) == []


def test_an_end_that_follows_a_step_that_may_not_come_is_found() -> None:
    first = HQ.replace('"hq"\nto', '"first"\nafter = "closed"\nto')
    waits = f'{first}requires = ["verified"]\n'
    after = STOP.replace('"closed"', '"first"')
    lost = [words for _, words in found(Fault.NOBODY, HQ, DUTY, NEAR, waits, after)]
    assert ["only if something else holds" in words for words in lost] == [True]
    assert found(Fault.NOBODY, HQ, DUTY, NEAR, first, after) == []


def test_a_call_whose_one_message_may_be_lost_is_found() -> None:
    """A modem that hangs leaves it unknown whether an SMS has gone out."""
    once = "repeats = 0\n"
    contacts = NEAR.replace("nearest", "contacts").replace("count = 5\n", "")
    for steps in ((HQ + once, NEAR), (HQ, NEAR + once), (HQ, contacts + once)):
        ((_, words),) = found(Fault.SINGLE_POINT, *steps, DUTY, STOP)
        assert "repeats is 0" in words
    assert found(Fault.SINGLE_POINT, HQ + "repeats = 1\n", DUTY + once, NEAR) == []


def test_a_ladder_is_not_one_message_bug_each_rung_was_said_to_be_the_last() -> None:
    rung = '[[step.ladder]]\nchannel = "{}"\nwithin_s = 300\nproof = "answered"\n'
    rungs = [rung.format(channel) for channel in ("sms", "call")]
    near = NEAR.replace('channels = ["sms"]\n', "") + "repeats = 0\n"
    assert found(Fault.SINGLE_POINT, HQ, DUTY, near + "".join(rungs), STOP) == []
    (alone,) = found(Fault.SINGLE_POINT, HQ, DUTY, near + rungs[0], STOP)
    assert "repeats is 0" in alone[1]
