"""A colleague who is forced to answer, in a simulated day: HQ hears, nobody else."""

import pytest

from engine.alarm.codec import decode
from engine.alarm.events import AlarmClosed, ReplyReceived
from engine.alarm.state import Alarm, CloseReason, Force, ReplyKind
from engine.intake import answers
from engine.roster import words as roster_words
from engine.roster.model import Roster
from engine.values import Instant, OperatorId, PersonId
from tests.simulation import colleagues
from tests.simulation.colleagues import FORCED, FREE
from tests.simulation.day import Day
from tests.simulation.plan import Item, Plan, plan_of
from tests.simulation.tables import COLLEAGUES

PRESSED_S, AFTER_S, ENDS_S = 100.0, 90.0, 4_000.0
ALIKE_S = 600.0
CODED = sorted({*COLLEAGUES} - {"colleague_uncoded"})


def day_of(what: str, *items: Item, number: int = 1, seed: int = 1) -> Day:
    """Return a day on which whoever is asked first is forced to answer."""
    press = Item(PRESSED_S, "input", "sos", "gannet")
    forced = Item(PRESSED_S - 1, "force", what, "", number, AFTER_S)
    return Day(Plan(seed, tuple(sorted((press, forced, *items)))), ends_s=ENDS_S)


def case_of(day: Day) -> Alarm:
    return min(day.watching.alarms.values(), key=lambda alarm: alarm.opened_at)


def speaker(day: Day) -> PersonId:
    return day.watching.freedom.words[FORCED]


def forced_at(day: Day) -> set[Instant | None]:
    rows = [row for row in day.disk.medium.events if row.kind == "ReplyReceived"]
    said = [one for one in map(decode, rows) if isinstance(one, ReplyReceived)]
    forced = {one.at for one in said if one.duress and one.person == speaker(day)}
    assert forced
    return {*forced}


@pytest.mark.parametrize("kill_s", [0.0, 150.0, 191.0, 400.0])
@pytest.mark.parametrize("what", COLLEAGUES)
def test_whatever_is_said_beside_aword_of_force_hq_hears_it(
    what: str, kill_s: float
) -> None:
    kill = Item(kill_s, "process", "kill")
    day = day_of(what, *([kill] if kill_s else []))
    assert day.run().violation is None
    assert day.outcome.faults[what] == 1
    assert not day.watching.freedom.is_lost(day.disk)
    assert day.watching.freedom.forced


@pytest.mark.parametrize("number", range(7))
@pytest.mark.parametrize("what", CODED)
def test_an_answer_by_force_counts_for_nothing_in_its_case(
    what: str, number: int
) -> None:
    day = day_of(what, number=number)
    assert day.run().violation is None
    case = case_of(day)
    assert Force.COLLEAGUE_FORCED in case.force
    # They may answer another message truly.
    assert case.told[speaker(day)].replied_at not in forced_at(day)
    names = {one.name for one in case.voices} | {one.name for one in case.safe}
    assert speaker(day) not in names


def without_later_receipts(
    messages: list[tuple[int, str]],
) -> list[tuple[int, str]]:
    """Leave out the receipts of later answers: whether there are any is chance."""
    receipts = [one for one in messages if one[1].startswith("HQ has your answer")]
    return [one for one in messages if one not in receipts[1:]]


@pytest.mark.parametrize("number", [0, 1, 3, 6])
@pytest.mark.parametrize("what", ["colleague_forced", "colleague_safe"])
def test_their_own_telephone_gets_what_it_would_after_a_true_answer(
    what: str, number: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    forced = day_of(what, number=number)
    assert forced.run().violation is None
    agree = colleagues.word_of
    monkeypatch.setattr(
        colleagues, "word_of", lambda day, who: agree(day, who) and FREE
    )
    true = day_of(what, number=number)
    assert true.run().violation is None
    assert not true.watching.freedom.forced
    theirs, as_ever = (
        without_later_receipts(at_the_speakers(day)) for day in (forced, true)
    )
    assert [text for _, text in theirs] == [text for _, text in as_ever] != []
    # A later answer may come a tenth of a second later, and its receipt with it.
    for (at_s, _), (then_s, _) in zip(theirs, as_ever, strict=True):
        assert abs(at_s - then_s) <= 1


def test_aword_of_force_that_hq_reads_in_a_case_is_found(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Of texts of ours that go out alone it was asked, and none has people's words."""

    def unmasked(text: str, people: Roster, *, by: str = "") -> str:
        return roster_words.mask(text, people, by=by) if by else text

    monkeypatch.setattr(answers, "mask", unmasked)
    found = day_of("colleague_help").run().violation
    assert found is not None
    assert "a word of force is what HQ reads" in str(found)


@pytest.mark.parametrize("is_own", [True, False])
def test_after_a_colleague_was_forced_the_defenders_word_is_no_second_voice(
    *, is_own: bool
) -> None:
    """An end on theirs and an operator's would have passed, of all but one defender."""
    day = day_of("colleague_forced")
    assert day.run().violation is None
    case, freedom = case_of(day), day.watching.freedom
    assert case.id in freedom.forced
    assert case.defender is not None
    said = case.defender if is_own else PersonId("avocet")
    at, freedom._is_heard = case.opened_at, False
    reply = ReplyReceived(
        at=at, person=said, reply=ReplyKind.SAFE, authentic=True, channel="sms"
    )
    freedom._said_safe.clear()
    freedom.listen(case.id, reply)
    reason = CloseReason.SAFE
    end = AlarmClosed(at=at, by=OperatorId("alder"), reason=reason, remark="")
    assert freedom.may_close(case, end) is not is_own


def test_days_draw_each() -> None:
    drawn = {one.what for seed in range(2_000) for one in plan_of(seed).items}
    assert drawn >= set(COLLEAGUES)


def at_the_speakers(day: Day) -> list[tuple[int, str]]:
    """Return what reached their telephone, and in which second."""
    person = day.host.roster.person(speaker(day))
    assert person is not None
    return [
        (round(at_s), text)
        for at_s, channel, address, text in day.network.arrived
        if channel == "sms" and address in person.numbers
        if at_s < PRESSED_S + AFTER_S + ALIKE_S
    ]
