"""What takes more people than there are is found, and what takes every one of them."""

import pytest

from engine.protocol.findings import Fault, Reach
from engine.protocol.model import Audience
from tests.engine.protocol.test_lint import DUTY, HQ, NEAR, RULE, STOP, found

SMS, EMAIL = frozenset({"sms"}), frozenset({"email"})
CONTACTS = """
[[step]]
id = "contacts"
to = "contacts"
channels = ["email"]
text = "sos"
"""
ALONE = "all_clear needs {} people, and {} can say so, the defender among them"
FORCED = (
    "after a sign of force an all-clear takes {} people besides the defender, and {}"
    " can say so: {}"
)
NEVER, NONE_AWAY = "nobody could end it", "none of them may be away"


def reach(
    near: int = 0,
    contacts: int = 0,
    *,
    operators: str | None = "",
    officers: str = "",
) -> Reach:
    """Return people by their numbers, and those at HQ by their letters."""
    return Reach(
        people={
            Audience.NEAREST: (SMS,) * near,
            Audience.CONTACTS: (EMAIL,) * contacts,
            Audience.DUTY: (SMS,) * 3,
        },
        operators=None if operators is None else frozenset(operators),
        officers=frozenset(officers),
    )


def said(*steps: str, of: Reach) -> list[str]:
    return [
        words
        for fault in (Fault.IMPOSSIBLE, Fault.QUORUM)
        for _, words in found(fault, *steps, reach=of)
    ]


def all_clear(needs: int) -> str:
    return f"[all_clear]\nneeds = {needs}\n"


@pytest.mark.parametrize(
    ("needs", "of", "expected"),
    [
        (1, reach(operators="a"), FORCED.format(2, 1, NEVER)),
        (1, reach(operators="ab"), FORCED.format(2, 2, NONE_AWAY)),
        (1, reach(operators="abc"), ""),
        (1, reach(1, operators="ab"), ""),
        (4, reach(1, 1, operators="a"), FORCED.format(4, 3, NEVER)),
        (5, reach(1, 1, operators="a"), ALONE.format(5, 4)),
        (4, reach(1, 1, operators="ab"), FORCED.format(4, 4, NONE_AWAY)),
        (4, reach(2, 1, operators="ab"), ""),
        (9, reach(2, 1, operators=None), ""),
    ],
)
def test_an_all_clear_that_takes_more_people_than_there_are_is_found(
    needs: int, of: Reach, expected: str
) -> None:
    found_words = said(all_clear(needs), HQ, DUTY, NEAR, CONTACTS, STOP, of=of)
    assert len(found_words) == bool(expected)
    assert expected in "".join(found_words)


def test_what_can_never_be_is_more_than_what_takes_everybody() -> None:
    one, two = reach(operators="a"), reach(operators="ab")
    assert len(found(Fault.IMPOSSIBLE, HQ, DUTY, STOP, reach=one)) == 1
    assert found(Fault.QUORUM, HQ, DUTY, STOP, reach=one) == []
    assert len(found(Fault.QUORUM, HQ, DUTY, STOP, reach=two)) == 1
    assert found(Fault.IMPOSSIBLE, HQ, DUTY, STOP, reach=two) == []


def test_one_name_is_one_voice_at_hq_and_an_officer_speaks_who_is_paged() -> None:
    both = reach(operators="ab", officers="ab")
    assert said(HQ, DUTY, STOP, of=both) == [FORCED.format(2, 2, NONE_AWAY)]
    more = reach(operators="ab", officers="bc")
    assert said(HQ, DUTY, STOP, of=more) == []
    assert said(HQ, STOP, of=more) == [FORCED.format(2, 2, NONE_AWAY)]


def test_who_is_told_by_nothing_does_not_speak() -> None:
    of = reach(4, 4, operators="a")
    assert said(HQ, DUTY, STOP, of=of) == [FORCED.format(2, 1, NEVER)]
    assert said(HQ, DUTY, NEAR, STOP, of=of) == []
    by_call = CONTACTS.replace("email", "call")
    assert said(HQ, DUTY, by_call, STOP, of=of) == [FORCED.format(2, 1, NEVER)]


def test_forbidden_contacts_do_not_speak() -> None:
    """They counted, since they were told in place of the nearest."""
    of = reach(0, 4, operators="a")
    mail = NEAR.replace('"sms"', '"sms", "email"')
    assert said(HQ, DUTY, mail, STOP, of=of) == []
    forbidden = 'forbids = ["contacts"]\n'
    assert said(forbidden, HQ, DUTY, mail, STOP, of=of) == [FORCED.format(2, 1, NEVER)]


def test_no_more_of_the_nearest_speak_than_may_be_asked() -> None:
    of = reach(9, operators="a")
    most = "crowd_max = 1\n"
    assert said(most, HQ, DUTY, NEAR, STOP, of=of) == [FORCED.format(2, 2, NONE_AWAY)]


@pytest.mark.parametrize(
    ("operators", "expected"),
    [
        ("", ["verification needs 3 people, and 2 can be reached"]),
        ("a", ["verification needs 3 people, which is everybody there is"]),
        ("ab", []),
        (None, []),
    ],
)
def test_a_quorum_with_hq_counts_its_operators(
    operators: str | None, expected: list[str]
) -> None:
    with_hq = RULE.replace('"contacts"', '"hq"')
    of = reach(2, operators=operators)
    words = said(with_hq, HQ, DUTY, NEAR, STOP, of=of)
    assert [one for one in words if "verification" in one] == expected


@pytest.mark.parametrize(
    ("more", "needs", "is_found"),
    [
        ("", 2, False),
        ("", 3, True),
        ("every_s = 60\nrounds = 2\n", 4, False),
        ("every_s = 60\nrounds = 2\n", 5, True),
        ("every_s = 60\nrounds = 3\ncount_more = 1\n", 9, False),
        ("every_s = 60\nrounds = 3\ncount_more = 1\n", 10, True),
        ("every_s = 60\n", 10, False),
        ("replaces_declined = true\n", 10, False),
    ],
)
def test_a_quorum_that_the_steps_cannot_fill_is_found(
    more: str, needs: int, *, is_found: bool
) -> None:
    """Everybody in the roster counted, whoever was asked; without one, nobody did."""
    rule = RULE.replace('"colleagues", "contacts"', '"colleagues"')
    near = NEAR.replace("count = 5", "count = 2") + more
    steps = (rule.replace("needs = 3", f"needs = {needs}"), HQ, DUTY, near, STOP)
    for of in (None, reach(200, operators="abc")):
        words = [one for _, one in found(Fault.IMPOSSIBLE, *steps, reach=of)]
        assert ["colleagues at most" in one for one in words] == [True] * is_found


PUBLIC = """
[[step]]
id = "post"
after = "approved"
to = "public"
channels = ["public"]
text = "public"
requires = ["verified", "consented", "approved"]
"""
HQ_RULE = """
[verification]
needs = 2
of = ["hq"]
within_s = 300
otherwise = "ask"
"""


@pytest.mark.parametrize(
    ("head", "operators", "says"),
    [
        (HQ_RULE, "ab", "nobody is left to approve"),
        (HQ_RULE, "abc", ""),
        ("", "a", "nobody is left to approve"),
        ("", "ab", ""),
        (HQ_RULE.replace('["hq"]', '["hq", "colleagues"]'), "ab", ""),
        ('[publication]\ndecider = "z"\n', "abc", "'z' is no operator"),
        ('[publication]\ndecider = "a"\n', "abc", ""),
        (HQ_RULE, None, ""),
    ],
)
def test_a_post_that_nobody_can_approve_is_found(
    head: str, operators: str | None, says: str
) -> None:
    of = Reach(
        people={Audience.NEAREST: (SMS,) * 5},
        operators=None if operators is None else frozenset(operators),
    )
    steps = (head, HQ, DUTY, NEAR, STOP, PUBLIC)
    words = [
        one for where, one in found(Fault.NOBODY, *steps, reach=of) if where == "post"
    ]
    assert len(words) == bool(says)
    assert all(says in one for one in words)
