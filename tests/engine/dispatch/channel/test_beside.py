"""What fails or hangs at one thing keeps no message from going out beside it."""

from datetime import timedelta

import pytest
from msgspec import structs

from engine.dispatch.actor import Away, Planned, Take
from engine.dispatch.channel.actor import (
    FAILED,
    FAILED_CHECK,
    NOT_TRIED,
    UNREADABLE,
)
from engine.ports.journal import EffectState, Reply, Request
from engine.values import EffectId
from tests.engine.dispatch.channel.medium import SILENCE
from tests.engine.dispatch.channel.test_actor import Rig
from tests.engine.dispatch.ledger import row_of


def test_a_message_at_which_an_adapter_fails_takes_no_other_along(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Those begun behind it were unknown, and after six its lane was down for 30 s."""
    rig = Rig()

    def poisonous() -> None:
        if rig.medium.sent[-1].key.startswith("p"):
            rig.medium.faults = [UnicodeEncodeError("utf-8", "Heron", 0, 1, "?")]

    rig.medium.takes_s = 0.1
    rig.medium.seen = poisonous
    for number in range(10):
        rig.plan(f"p{number}")
        rig.plan(f"q{number}")
    rig.world.run(10)
    assert len(rig.medium.sent) == 20
    assert {(one.effect[0], one.outcome.state) for one in rig.told} == {
        ("p", EffectState.UNKNOWN),
        ("q", EffectState.ACCEPTED),
    }
    assert rig.outcomes()[0][1] == FAILED
    assert rig.medium.closed == 10, "each may have left it in any state"
    assert "Heron" not in caplog.text


def test_a_row_that_cannot_be_read_takes_none_along_that_is_begun_behind_it() -> None:
    """They were unknown as well, and had not been tried."""
    rig = Rig()
    rig.medium.seen = lambda: None
    rig.plan("first")
    rig.world.run(2)
    rows = [row_of(f"q{n}", channel="email", address="hq@x") for n in range(16)]
    rows[3] = structs.replace(rows[3], body=b"{")
    rig.ledger.plan(*rows)
    rig.tree.names.tell("dispatcher", Planned(rows=tuple(rows)))
    rig.world.run(5)
    assert len(rig.told) == 17
    (bad,) = (one for one in rig.told if one.outcome.state is not EffectState.ACCEPTED)
    assert (bad.effect, bad.outcome) == ("q3", UNREADABLE)


def broken() -> None:
    message = "Heron"
    raise OSError(message)


def test_an_adapter_that_fails_at_its_end_as_well_is_shown_as_down(
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Its worker ended, began anew, and was shown as up by a check that passed."""
    rig = Rig()

    def poisonous() -> None:
        rig.medium.faults = [ZeroDivisionError()]

    rig.medium.seen, rig.medium.close = poisonous, broken  # type: ignore[method-assign]
    rig.plan()
    rig.plan("e2")
    rig.world.run(20)
    assert rig.outcomes() == [(EffectState.UNKNOWN, FAILED, False)] * 2
    assert rig.health.reasons()["channel_down"] == ("email",)
    assert "Heron" not in caplog.text


@pytest.mark.parametrize("at", ["check", "rest"])
def test_a_message_goes_out_beside_a_look_at_which_an_adapter_fails(
    at: str, caplog: pytest.LogCaptureFixture
) -> None:
    """One lane alone ended by each look, at every start, and sent nothing ever."""
    rig = Rig()
    setattr(rig.medium, at, broken)
    rig.world.run(60)
    assert ("channel_down" in rig.health.reasons()) is (at == "check")
    assert (f"cannot be used: {FAILED_CHECK}" in caplog.text) is (at == "check")
    rig.plan()
    rig.world.run(1)
    assert rig.outcomes() == [(EffectState.ACCEPTED, "", False)]
    assert "channel_down" not in rig.health.reasons()
    assert "Heron" not in caplog.text


def test_a_message_waits_for_no_check_that_hangs() -> None:
    """A receiver that took every post, and let a HEAD hang, was 7 s late."""
    rig = Rig(lanes=2)
    rig.world.run(1)
    rig.medium.checking_s = 10.0
    rig.world.run(15)
    rig.plan()
    rig.world.run(1)
    assert [one.route for one in rig.told] == ["email/2"]


def test_what_is_given_as_a_check_begins_does_not_wait_for_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The dispatcher had given it before it heard of the check, which hung for 10 s."""
    rig = Rig(lanes=2)
    rig.world.run(1)
    rig.medium.checking_s = 10.0
    row = row_of("e1", channel="email", address="hq@x")
    names, waiting = rig.tree.names, [row]
    tell = names.tell

    def at_once(name: str, message: object) -> bool:
        if message == Away(worker="email") and waiting:
            rig.ledger.plan(waiting[0])
            tell("email", Take(row=waiting.pop()))
        return tell(name, message)

    monkeypatch.setattr(type(names), "tell", lambda _, *given: at_once(*given))
    rig.world.run(16)
    assert [one.route for one in rig.told] == ["email"]


def test_the_first_sign_comes_at_once_and_not_behind_what_a_lane_has_shown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """A tenth of a second later it called up what another lane had found down."""
    monkeypatch.setattr("engine.dispatch.channel.actor.ASIDE", timedelta(seconds=5))
    assert Rig(lanes=2).medium.checks == 1


@pytest.mark.parametrize("seed", range(8))
def test_what_waits_at_a_start_waits_for_no_check_that_hangs(seed: int) -> None:
    """The first of it was given to the lane that began to check: it was 5 s late."""
    rig = Rig(lanes=3, seed=seed, waiting=3, checking_s=4.0)
    rig.world.run(0.5)
    assert sorted(one.effect for one in rig.told) == ["e1", "e2", "e3"]


def test_who_has_been_given_a_message_checks_nothing_before_it() -> None:
    rig = Rig()
    rig.world.run(1)
    rig.medium.takes_s, rig.medium.checking_s = 4.0, 4.0
    for effect in "abcde":
        rig.plan(effect)
    rig.world.run(17)
    assert [sent.key for sent in rig.medium.sent] == list("abcde")


def test_a_lane_is_given_nothing_while_it_sends_bug_that_waited_for_it_alone() -> None:
    """Whoever had sent, and then looked around, asked twice and was given two."""
    rig, names = Rig(lanes=2), [f"q{number:02}" for number in range(14)]
    rig.medium.seen, rig.medium.takes_s = lambda: None, 4.0
    rig.world.run(1)
    for name in names:
        rig.plan(name)
    rig.world.run(60)
    sent = [one.key for one in rig.medium.sent]
    for two in range(0, len(names), 2):
        assert sorted(sent[two : two + 2]) == names[two : two + 2]


def test_a_new_alarm_waits_for_no_repeats_of_which_there_is_no_end() -> None:
    """A mail server that took 20 s for each, and said nothing, had sixty before it."""
    rig = Rig(lanes=4)
    rig.medium.seen = lambda: None
    rig.medium.takes_s, rig.medium.faults = 4.0, [SILENCE] * 80
    for number in range(60):
        rig.plan(f"r{number}", repeat=5)
    rig.world.run(5)
    rig.plan("sos")
    rig.world.run(9)
    assert "sos" in {sent.key for sent in rig.medium.sent}


def slow_disk(rig: Rig, journal_s: float, patch: pytest.MonkeyPatch) -> None:
    def submit(request: Request, reply: Reply) -> None:
        reply(rig.ledger._answer(request, 1.0))  # nobody waits for an outcome

    rig.ledger.takes_s = journal_s
    patch.setattr(rig.ledger, "submit", submit)


@pytest.mark.parametrize(("journal_s", "most"), [(0.0, 8), (0.066, 16), (1.0, 24)])
def test_the_slower_the_disk_the_more_is_begun_in_one_commit(
    journal_s: float, most: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig, names = Rig(), [f"e{number:02}" for number in range(80)]
    slow_disk(rig, journal_s, monkeypatch)
    rig.medium.takes_s = 0.01
    begun: list[int] = []
    rig.medium.seen = lambda: begun.append(
        [rig.ledger.state(name) for name in names].count(EffectState.ATTEMPTING)
    )
    for name in names:
        rig.plan(name)
    rig.world.run(60)
    assert [sent.key for sent in rig.medium.sent] == names
    assert max(begun) == most


def untried_of(rig: Rig, count: int, within_s: float) -> list[EffectId]:
    """Return which of a flood of mails came back untried; each has its outcome."""
    rows = [row_of(f"q{n:03}", channel="email", address="hq@x") for n in range(count)]
    rig.ledger.plan(*rows)
    rig.tree.names.tell("dispatcher", Planned(rows=tuple(rows)))
    rig.world.run(within_s)
    assert len(rig.told) == count
    return [one.effect for one in rig.told if one.outcome.reason == NOT_TRIED]


def test_one_quick_answer_has_no_more_begun_than_its_far_end_takes_in_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of a flood a quarter came back untried, and the second time ten seconds late."""
    rig = Rig()
    slow_disk(rig, 0.1, monkeypatch)

    def uneven() -> None:
        rig.medium.takes_s = 0.01 if len(rig.medium.sent) % 2 else 0.12

    rig.medium.seen = uneven
    assert untried_of(rig, 200, within_s=30) == []


def test_of_two_receivers_one_that_hangs_has_few_begun_behind_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """How long it hung did not count: four of five came back untried, and were late."""
    rig = Rig()
    slow_disk(rig, 0.1, monkeypatch)

    def hangs() -> None:
        is_hung = int(rig.medium.sent[-1].key[1:]) % 2 == 0
        rig.medium.takes_s = 2.0 if is_hung else 0.01
        rig.medium.faults = [SILENCE] if is_hung else []

    rig.medium.seen = hangs
    assert untried_of(rig, 60, within_s=200) == []


def test_a_sleep_amid_one_has_those_behind_it_begun_alone_for_no_longer_than_a_hang(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """By eight hours of sleep 72 were begun alone, each in a commit of a second."""
    rig = Rig()
    rig.medium.seen = lambda: None
    rig.medium.takes_s = 0.01
    rig.world.run(1)
    rig.medium.takes_s = 1.0
    rig.plan("q")
    rig.world.run(0.5)
    rig.world.suspend(8 * 3600.0)
    rig.world.run(3)
    assert len(rig.told) == 1
    slow_disk(rig, 1.0, monkeypatch)
    rig.medium.takes_s = 0.01
    rows = [row_of(f"q{n}", channel="email", address="hq@x") for n in range(80)]
    rig.ledger.plan(*rows)
    rig.tree.names.tell("dispatcher", Planned(rows=tuple(rows)))
    rig.world.run(40)
    assert len(rig.told) == 1 + len(rows)
