"""What a fact makes of an alarm, where no way through a case shows it by itself."""

from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.events import AlarmClosed, AlarmReopened, ReplyReceived
from engine.alarm.evolve import evolve
from engine.alarm.state import (
    NOWHERE,
    VERDICTS,
    Act,
    Alarm,
    Ask,
    CloseReason,
    FalseClass,
    Force,
    Held,
    ReplyKind,
    Response,
    Safe,
    Said,
    Truth,
)
from engine.protocol.model import Audience, Voice
from engine.values import AlarmId, OperatorId
from tests.engine.alarm.scene import ALDER, Scene

VOICES = {Audience.NEAREST, Audience.CONTACTS, Audience.DUTY}
SAYS_SAFE = {ReplyKind.SAFE, ReplyKind.FALSE}


def told_alarm(audience: Audience) -> Alarm:
    """Return an open alarm whose colleague c1 was told as one of that audience."""
    alarm = Scene().raised().state()
    return structs.replace(
        alarm,
        told={**alarm.told, "c1": structs.replace(alarm.told["c1"], audience=audience)},
    )


def answered(alarm: Alarm, reply: ReplyKind, person: str = "c1") -> Alarm:
    """Return the alarm after an authentic answer."""
    return evolve(
        alarm,
        ReplyReceived(
            at=alarm.raised_at.plus(timedelta(minutes=1)),
            person=person,
            reply=reply,
            authentic=True,
            channel="sms",
        ),
    )


@pytest.mark.parametrize("audience", list(Audience))
@pytest.mark.parametrize("reply", list(ReplyKind))
def test_only_who_was_asked_says_that_all_is_well_and_only_by_saying_so(
    audience: Audience, reply: ReplyKind
) -> None:
    before = told_alarm(audience)
    after = answered(before, reply)
    counts = audience in VOICES
    assert [one.name for one in after.safe] == (
        ["c1"] if counts and reply in SAYS_SAFE else []
    )
    assert len(after.voices) == (counts and reply in VERDICTS)
    acts = reply not in SAYS_SAFE and reply not in VERDICTS
    assert after.told["c1"].reply == (reply if acts else None)
    assert (after.told["c1"].replied_at is not None) == acts


@pytest.mark.parametrize("reply", list(ReplyKind))
def test_an_answer_of_somebody_who_was_told_nothing_changes_nothing(
    reply: ReplyKind,
) -> None:
    before = Scene().raised().state()
    after = answered(before, reply, "nobody")
    assert structs.replace(after, seq=before.seq) == before


def closed(alarm: Alarm, minutes: int, *, apparent: bool = False) -> Alarm:
    """Return the alarm after a close, so many minutes after its raise."""
    return evolve(
        alarm,
        AlarmClosed(
            at=alarm.raised_at.plus(timedelta(minutes=minutes)),
            by=ALDER,
            reason=CloseReason.SAFE,
            remark="",
            apparent=apparent,
        ),
    )


def test_what_the_defender_saw_end_ends_for_them_once() -> None:
    alarm = Scene().raised().state()
    seen = closed(alarm, 5, apparent=True)
    assert seen.is_open
    ended = closed(seen, 30)
    assert ended.response is Response.CLOSED
    assert ended.seen.closed == seen.seen.closed == closed(alarm, 5).seen.closed


def test_a_case_that_ends_has_handed_on_nobody_yet() -> None:
    before = structs.replace(
        Scene().raised().state(), handed_on=True, merged_into=AlarmId("b")
    )
    after = closed(before, 5)
    assert not after.handed_on
    assert after.merged_into is None


def ended(truth: Truth) -> Alarm:
    """Return a case with everything in it that a first response may leave behind."""
    alarm = Scene().raised().state()
    at = alarm.raised_at.plus(timedelta(minutes=3))
    act = Act(by=ALDER, at=at)
    said = [
        Said(name=name, voice=Voice.COLLEAGUES, truth=Truth.FALSE, at=at)
        for name in ("c1", "c2")
    ]
    told = structs.replace(alarm.told["c1"], reply=ReplyKind.COMING, replied_at=at)
    left = structs.replace(
        alarm,
        truth=truth,
        verified=act,
        acknowledged=Held(by=ALDER, at=at),
        voices=tuple(said),
        ask=Ask.DISPUTED,
        safe=(Safe(name="c1", at=at),),
        safe_heard=1,
        safe_confirmed=act,
        called_off=True,
        danger_at=at,
        force=frozenset({Force.MOVING}),
        duress=True,
        told={**alarm.told, "c1": told},
        told_place=NOWHERE,
        moved_at=at,
    )
    return structs.replace(
        closed(left, 5), false_class=FalseClass.HOAX, merged_into=AlarmId("b")
    )


def test_a_case_that_is_open_again_in_secret_forgets_who_said_that_all_is_well() -> (
    None
):
    before = ended(Truth.UNVERIFIED)
    at = before.raised_at.plus(timedelta(hours=1))
    after = evolve(before, AlarmReopened(at=at, by=None, silent=True))
    assert (after.safe, after.safe_heard) == ((), 0)
    assert after.seen == before.seen


@pytest.mark.parametrize("truth", list(Truth))
@pytest.mark.parametrize("by", [ALDER, None])
def test_a_case_that_is_open_again_begins_anew_field_by_field(
    truth: Truth, by: OperatorId | None
) -> None:
    before = ended(truth)
    at = before.raised_at.plus(timedelta(hours=1))
    after = evolve(before, AlarmReopened(at=at, by=by))
    by_press = by is None
    expected = structs.replace(
        before,
        seq=before.seq + 1,
        response=Response.NOTIFYING,
        acknowledged=None,
        closed=None,
        close_reason=None,
        false_class=None,
        merged_into=None,
        urgent_since=at,
        opened_at=at,
        heard=2,
        decided_at=None if by_press else at,
        ask=None,
        safe=(),
        safe_heard=0,
        safe_confirmed=None,
        called_off=False,
        danger_at=None,
        force=frozenset(),
        duress=False,
        # Held in tests of their own: which steps run anew, and what the defender sees.
        fired=after.fired,
        spent=after.spent,
        seen=after.seen,
    )
    if by_press:
        expected = structs.replace(
            expected,
            told={
                person: structs.replace(entry, ended=True, reply=None, replied_at=None)
                for person, entry in before.told.items()
            },
            told_place=before.place,
            moved_at=None,
        )
        if truth in {Truth.FALSE, Truth.PRESUMED}:
            expected = structs.replace(expected, truth=Truth.UNVERIFIED, verified=None)
    assert after == expected
