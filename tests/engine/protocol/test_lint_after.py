"""What never ends, and what is missing after the end, is found and told."""

import pytest

from engine.protocol.explain import explanation
from engine.protocol.findings import Fault
from tests.engine.protocol.test_lint import (
    DUTY,
    HQ,
    NEAR,
    RECHECK,
    STOP,
    UNCONFIRMED,
    found,
    protocol,
)

STOPS = 'stopped_by = ["acknowledged"]'


def again(to: str, text: str, after: str, more: str = "", every_s: int = 60) -> str:
    """Return a step that is repeated for ever."""
    return (
        f'\n[[step]]\nid = "again"\nafter = "{after}"\nto = "{to}"\n'
        f'channels = ["sms"]\ntext = "{text}"\nevery_s = {every_s}\n{more}\n'
    )


@pytest.mark.parametrize(
    ("step", "says"),
    [
        (again("duty", "page", "closed"), "after the end, and nothing stops it"),
        (again("duty", "page", "raised"), "also once an operator has taken it"),
        (again("duty", "page", "raised", STOPS), ""),
        (again("asked", "ask", "raised"), "nothing but the end stops it"),
        (again("asked", "ask", "raised", 'stopped_by = ["real"]'), ""),
        (again("asked", "ask", "raised", "rounds = 3"), ""),
        (again("nearest", "sos", "raised"), ""),
        (again("defender", "received", "raised"), "nothing but the end stops it"),
        (again("defender", "recheck", "closed", every_s=5), "nothing stops it"),
        (
            again("defender", "recheck", "closed", 'stopped_by = ["safe_confirmed"]'),
            "until it is confirmed",
        ),
        (
            again(
                "defender",
                "recheck",
                "closed",
                'stopped_by = ["safe_confirmed"]',
                every_s=86_400,
            ),
            "",
        ),
    ],
)
def test_what_is_repeated_for_ever_is_found_where_nothing_ends_it(
    step: str, says: str
) -> None:
    endless = found(Fault.ENDLESS, HQ, DUTY, NEAR, STOP, step)
    assert [where for where, _ in endless] == ["again"] * bool(says)
    assert all(says in words for _, words in endless)


@pytest.mark.parametrize(
    ("steps", "is_alone"),
    [((NEAR,), True), ((NEAR, RECHECK), False), ((), False)],
)
def test_an_end_after_which_nobody_asks_is_found_and_told(
    steps: tuple[str, ...], *, is_alone: bool
) -> None:
    missing = found(Fault.NO_AFTER_CARE, HQ, DUTY, *steps, STOP)
    assert any("nobody asks after the end" in words for _, words in missing) is is_alone
    said = explanation(protocol(HQ, DUTY, *steps, STOP))
    assert ("After the end nobody asks whether you are safe" in said) is is_alone


def test_a_telephone_that_alone_is_asked_is_found_since_the_police_may_have_it() -> (
    None
):
    alone = found(Fault.NO_AFTER_CARE, HQ, DUTY, NEAR, RECHECK, STOP)
    assert ["of somebody who is detained nobody asks" in words for _, words in alone]
    assert found(Fault.NO_AFTER_CARE, HQ, DUTY, NEAR, RECHECK, UNCONFIRMED, STOP) == []
