"""Times in which nothing can have happened yet are found."""

import pytest

from engine.protocol.findings import Fault, Reach
from engine.protocol.model import Audience
from tests.engine.protocol.test_lint import DUTY, HQ, NEAR, RULE, STOP, found


def ladder(proof: str, within_s: int, channel: str = "sms") -> str:
    """Return five people on two rungs; the last rung's time ends nothing."""
    return NEAR.replace('channels = ["sms"]\n', "") + (
        f'[[step.ladder]]\nchannel = "{channel}"\nproof = "{proof}"\n'
        f"within_s = {within_s}\n"
        '[[step.ladder]]\nchannel = "email"\nproof = "accepted"\nwithin_s = 5\n'
    )


@pytest.mark.parametrize(
    ("proof", "enough_s"),
    [("sent", 20), ("accepted", 20), ("delivered", 26), ("answered", 80)],
)
def test_a_rung_must_leave_time_for_its_proof(proof: str, enough_s: int) -> None:
    late = found(Fault.DEADLINE, HQ, DUTY, ladder(proof, enough_s - 1), STOP)
    ((where, words),) = late
    assert where == "near"
    assert f"'sms' has {enough_s - 1} s to be {proof}" in words
    assert found(Fault.DEADLINE, HQ, DUTY, ladder(proof, enough_s), STOP) == []


def test_a_rung_has_time_enough_for_as_many_as_there_are_and_modems_that_send() -> None:
    two = (frozenset({"sms"}),) * 2
    steps = (HQ, DUTY, ladder("delivered", 14), STOP)
    assert (
        found(Fault.DEADLINE, *steps, reach=Reach(people={Audience.NEAREST: two})) == []
    )
    assert len(found(Fault.DEADLINE, *steps, reach=Reach(people={}, modems=2))) == 1
    assert found(Fault.DEADLINE, *steps, reach=Reach(people={}, modems=3)) == []


@pytest.mark.parametrize("channel", ["call", "matrix", "webhook"])
def test_what_never_proves_a_delivery_is_not_waited_for(channel: str) -> None:
    said = f"nothing proves that {channel!r} was delivered"
    for proof, times in (("delivered", 1), ("answered", 0)):
        late = found(Fault.DEADLINE, HQ, DUTY, ladder(proof, 3600, channel), STOP)
        assert [w for w, words in late if said in words] == ["near"] * times


@pytest.mark.parametrize(
    ("countdown_s", "within_s", "times"), [(60, 120, 0), (61, 120, 1), (0, 90, 0)]
)
def test_people_who_hear_too_late_to_be_believed_are_found(
    countdown_s: int, within_s: int, times: int
) -> None:
    rule = RULE.replace("300", str(within_s))
    head = f"countdown_s = {countdown_s}\n{rule}"
    late = found(Fault.DEADLINE, head, HQ, DUTY, NEAR, STOP)
    assert ["who hear of it" in words for _, words in late] == [True] * times
    with_hq = head.replace('"contacts"', '"hq"')
    assert found(Fault.DEADLINE, with_hq, HQ, DUTY, NEAR, STOP) == []


@pytest.mark.parametrize(("warn_s", "times"), [(599, 0), (600, 1), (3600, 1)])
def test_a_warning_that_comes_as_soon_as_the_button_is_pressed_is_found(
    warn_s: int, times: int
) -> None:
    head = f"[check_in]\nanswers = true\nwarn_s = [60, {warn_s}]\nbutton_s = 600\n"
    late = found(Fault.DEADLINE, head, HQ, DUTY, NEAR, STOP)
    assert ["check_in.warn_s" in words for _, words in late] == [True] * times


CONTACTS = (frozenset({"sms"}),) * 10


@pytest.mark.parametrize("to", ["asked", "silent", "everyone"])
@pytest.mark.parametrize(("every_s", "times"), [(24, 0), (23, 1)])
def test_a_round_counts_everybody_whom_the_steps_may_have_told(
    to: str, every_s: int, times: int
) -> None:
    """Five colleagues and a contact need 24 s; each counted as one person."""
    contacts = NEAR.replace("nearest", "contacts").replace('"near"', '"named"')
    again = (
        f'\n[[step]]\nid = "again"\nto = "{to}"\nchannels = ["sms"]\ntext = "ask"\n'
        f"every_s = {every_s}\nrounds = 3\n"
    )
    steps = (HQ, DUTY, NEAR, contacts.replace("count = 5\n", ""), STOP, again)
    late = [words for where, words in found(Fault.DEADLINE, *steps) if where == "again"]
    assert ["needs about 24 s" in words for words in late] == [True] * times
    of = Reach(people={Audience.NEAREST: CONTACTS[:2], Audience.CONTACTS: CONTACTS})
    counted = dict(found(Fault.DEADLINE, *steps, reach=of))
    assert "needs about 48 s" in counted["again"]
