"""Sessions and the throttle, in virtual time."""

import json

from hypothesis import given, settings
from hypothesis import strategies as st

from engine.console.sessions import (
    FREE_FAILURES,
    IDLE_S,
    KEYS_MAX,
    LONGEST_S,
    REVEALED_S,
    THROTTLE_MAX_S,
    Sessions,
    Throttle,
)
from engine.values import AlarmId, OperatorId

ALDER = OperatorId("alder")
ALARM = AlarmId("a1")


def test_a_session_that_is_used_goes_on_and_an_idle_one_ends() -> None:
    sessions = Sessions()
    token, _ = sessions.open(ALDER, 0.0)
    assert sessions.find(token, IDLE_S) is not None
    assert sessions.find(token, 2 * IDLE_S) is not None
    assert sessions.find(token, 3 * IDLE_S + 1) is None


def test_no_session_lasts_longer_than_a_shift() -> None:
    sessions = Sessions()
    token, _ = sessions.open(ALDER, 0.0)
    moment_s = 0.0
    while moment_s <= LONGEST_S:
        assert sessions.find(token, moment_s) is not None
        moment_s += IDLE_S
    assert sessions.find(token, moment_s) is None


def test_a_session_comes_back_after_a_restart_and_its_token_is_not_kept() -> None:
    sessions = Sessions()
    token, first = sessions.open(ALDER, 100.0)
    kept = sessions.take_changes()
    assert kept is not None
    assert token not in kept
    assert sessions.take_changes() is None
    found = Sessions(kept).find(token, 200.0)
    assert found is not None
    assert (found.operator, found.csrf) == (ALDER, first.csrf)
    assert Sessions(kept).find(token, 100.0 + IDLE_S + 1) is None


def test_a_session_that_has_ended_stays_ended_after_a_restart() -> None:
    sessions = Sessions()
    token, _ = sessions.open(ALDER, 0.0)
    sessions.close(token)
    assert Sessions(sessions.take_changes() or "").find(token, 1.0) is None


@settings(deadline=None)
@given(st.text() | st.from_type(type(None)).map(json.dumps) | st.just('{"a": [1]}'))
def test_nothing_in_the_kept_file_breaks_the_start(text: str) -> None:
    assert Sessions(text).find("token", 0.0) is None


def test_another_password_ends_the_other_sessions_of_that_operator_only() -> None:
    sessions = Sessions()
    mine, _ = sessions.open(ALDER, 0.0)
    elsewhere, _ = sessions.open(ALDER, 0.0)
    theirs, _ = sessions.open(OperatorId("rowan"), 0.0)
    sessions.close_others(ALDER, mine)
    assert sessions.find(mine, 1.0) is not None
    assert sessions.find(elsewhere, 1.0) is None
    assert sessions.find(theirs, 1.0) is not None


def test_what_is_revealed_is_hidden_again_after_five_minutes() -> None:
    _, session = Sessions().open(ALDER, 0.0)
    session.reveal(ALARM, 10.0)
    assert session.may_see(ALARM, 10.0 + REVEALED_S - 1)
    assert not session.may_see(ALARM, 10.0 + REVEALED_S)
    assert not session.may_see(AlarmId("a2"), 11.0)


def test_guessing_gets_slower_and_slower_and_never_ends_for_good() -> None:
    throttle = Throttle()
    keys = ("name/alder", "from/127.0.0.1")
    now_s, waits = 0.0, []
    for _ in range(FREE_FAILURES + 12):
        wait_s = throttle.wait_s(keys, now_s)
        waits.append(wait_s)
        now_s += wait_s
        throttle.attempt(keys, now_s)
    assert waits[:FREE_FAILURES] == [0.0] * FREE_FAILURES
    assert waits[FREE_FAILURES:] == sorted(waits[FREE_FAILURES:])
    assert waits[-1] == THROTTLE_MAX_S


def test_many_guesses_at_once_are_no_way_round_the_throttle() -> None:
    """Attempts counted only once their check failed: a thousand at once all passed."""
    throttle = Throttle()
    keys = ("name/alder",)
    passed = 0
    for _ in range(1_000):
        if throttle.wait_s(keys, 0.0) == 0:
            throttle.attempt(keys, 0.0)
            passed += 1
    assert passed == FREE_FAILURES


def test_whoever_guesses_for_days_waits_as_long_as_before() -> None:
    throttle = Throttle()
    keys = ("name/alder",)
    for _ in range(2_000):
        throttle.attempt(keys, 0.0)
    assert throttle.wait_s(keys, 0.0) == THROTTLE_MAX_S


def test_the_right_password_forgets_the_wrong_ones() -> None:
    throttle = Throttle()
    for _ in range(FREE_FAILURES):
        throttle.attempt(("name/alder",), 0.0)
    throttle.succeeded(("name/alder",))
    assert throttle.wait_s(("name/alder",), 0.0) == 0


def test_made_up_names_do_not_fill_the_memory() -> None:
    throttle = Throttle()
    for number in range(KEYS_MAX + 50):
        throttle.attempt((f"name/{number}",), 0.0)
    assert len(throttle._attempts) == KEYS_MAX
