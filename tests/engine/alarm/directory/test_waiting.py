"""What comes for a case that has stopped: HQ hears of it, or it begins another."""

import pytest

from engine.alarm import awake
from engine.alarm.commands import AddNote, AlarmCommand, RequestCancel, TakeReply, Tick
from engine.alarm.directory import actor as directory
from engine.alarm.directory.actor import Alarms
from engine.alarm.directory.waiting import KEPT_MAX, Joining, Waiting
from engine.alarm.messages import Distress, Do, Forward, ToOpen
from engine.alarm.state import Force, ReplyKind
from engine.errors import JournalError
from engine.journal.memory import Medium, MemoryReader
from engine.ports.journal import StoredEvent
from engine.supervision.failure import Failure
from engine.values import AlarmId, CommandId, PersonId, ReportKey
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.alarm.test_actor import FIRST, PEOPLE, Rig
from tests.engine.alarm.test_actor_force import MINE, forced_cancel, state_of
from tests.engine.alarm.test_actor_still import of_a_newer_engine

FORCED = TakeReply(
    command_id=CommandId("word"),
    person=PersonId("avocet"),
    reply=ReplyKind.SAFE,
    authentic=True,
    channel="sms",
    source=ReportKey("word"),
    duress=True,
)
GIVEN = Forward(alarm_id=FIRST, command=FORCED)
TOLD = ("first", "word")
RETOLD_S = 10.0


def tick() -> Tick:
    return Tick(command_id=CommandId("tick"))


class Damage:
    """The rows of one case, which a disk gives or does not."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, fails: int) -> None:
        self.fails = fails
        read = MemoryReader.stream

        def stream(
            reader: MemoryReader, name: str, after_seq: int = 0
        ) -> tuple[StoredEvent, ...]:
            if name == "alarm/first" and self.fails:
                self.fails -= 1
                message = "it is damaged"
                raise JournalError(message)
            return tuple(read(reader, name, after_seq))

        monkeypatch.setattr(MemoryReader, "stream", stream)


def joining(own: Distress) -> Joining:
    return Joining(Do(command=own.command), own)


def own_press(key: str) -> Distress:
    return Distress(alarm_id=AlarmId(key), command=raise_of(press_of(key)))


def after_a_start() -> Rig:
    """Return an engine in which nobody has read the open case yet."""
    medium = Medium()
    Rig(medium).press()
    rig = Rig(medium)
    rig.codes = iter(f"M{number}" for number in range(10_000))
    return rig


def test_a_word_for_a_case_that_has_stopped_is_told_bug_it_waited_in_silence() -> None:
    rig = of_a_newer_engine()
    rig.tell(GIVEN)
    assert rig.untaken == [TOLD]
    assert not rig.quarantined


def test_it_is_told_as_well_where_nobody_is_started_for_it_any_more() -> None:
    rig = of_a_newer_engine()
    for _ in range(30):
        before = len(rig.untaken)
        rig.tell(GIVEN)
        assert rig.untaken[before:] == [TOLD]


def test_a_word_for_a_case_on_a_damaged_page_is_told_within_a_second_bug_it_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    damage = Damage(monkeypatch, 1_000)
    rig.tell(GIVEN, 1.0)
    assert TOLD in rig.untaken
    damage.fails = 0
    rig.tell(GIVEN, 60.0)
    rig.tell(GIVEN)
    assert "ReplyReceived" in rig.kinds(), "and is the case's once that is read"


def test_one_failed_read_is_no_word_for_hq(monkeypatch: pytest.MonkeyPatch) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1)
    rig.tell(GIVEN, RETOLD_S)
    assert rig.untaken == []
    rig.tell(GIVEN)
    assert "ReplyReceived" in rig.kinds()


def test_a_wish_to_call_off_a_case_that_has_stopped_is_told() -> None:
    rig = of_a_newer_engine()
    wish = RequestCancel(command_id=CommandId("wish"), press=press_of("wish"))
    rig.tell(ToOpen(subject="heron", command=wish))
    assert rig.untaken == [("first", "wish")]


def test_a_press_for_a_case_on_a_damaged_page_begins_another_at_once_bug_20_s_later(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    rig.press("k2", MINE, run_s=1.0)
    assert rig.kinds(MINE)[0] == "AlarmRaised"


@pytest.mark.parametrize("at_s", [quarter / 4 for quarter in range(16)])
def test_it_waits_for_no_start_half_a_minute_later_bug_it_did(
    monkeypatch: pytest.MonkeyPatch, at_s: float
) -> None:
    """One came for the start after which a case is tried once in 30 s alone."""
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    rig.tell(Forward(alarm_id=FIRST, command=tick()), at_s)
    rig.press("k2", MINE, run_s=1.0)
    assert rig.kinds(MINE)[:1] == ["AlarmRaised"]


@pytest.mark.parametrize("at_s", [quarter / 4 for quarter in range(16)])
def test_nor_does_a_word_bug_it_waited_in_silence(
    monkeypatch: pytest.MonkeyPatch, at_s: float
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    rig.tell(Forward(alarm_id=FIRST, command=tick()), at_s)
    rig.tell(GIVEN, 1.0)
    assert rig.untaken == [TOLD]


def test_two_presses_for_a_case_on_a_damaged_page_begin_one_bug_the_first_waited(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    rig.press("k2", MINE, run_s=0.0)
    rig.press("k3", AlarmId("third"), run_s=1.0)
    assert [one.key for one in state_of(rig, MINE).presses] == ["k2", "k3"]
    assert rig.kinds(AlarmId("third")) == []


def test_a_word_of_force_before_a_press_is_the_new_case_s_bug_it_looked_free(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    rig.tell(forced_cancel(rig), run_s=0.0)
    rig.press("k3", AlarmId("third"), run_s=1.0)
    case = state_of(rig, MINE)
    assert [one.key for one in case.presses] == ["forced", "k3"]
    assert Force.DURESS_WORD in case.force


def test_a_word_of_force_after_a_press_looks_like_a_wish_to_call_off_there(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Were it a second press, whoever forces it would see nothing called off."""
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    rig.press("k3", AlarmId("third"), run_s=0.0)
    rig.tell(forced_cancel(rig), run_s=1.0)
    case = state_of(rig, AlarmId("third"))
    assert Force.DURESS_WORD in case.force
    assert case.seen.cancelled is not None
    assert rig.kinds(MINE) == []


def test_presses_that_no_new_case_takes_either_are_told_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    pass_on = Alarms._pass_on

    def only_to_first(
        alarms: Alarms, alarm_id: AlarmId, do: Do, own: Distress | None = None
    ) -> bool:
        return alarm_id == FIRST and pass_on(alarms, alarm_id, do, own)

    monkeypatch.setattr(Alarms, "_pass_on", only_to_first)
    rig.press("k2", MINE, run_s=0.0)
    rig.press("k3", AlarmId("third"), run_s=1.0)
    assert rig.unbegun == ["k2", "k3"]


@pytest.mark.parametrize("is_word", [True, False])
@pytest.mark.parametrize("before", range(5))
def test_a_case_that_something_waits_for_is_not_let_go_bug_that_was_forgotten(
    monkeypatch: pytest.MonkeyPatch, before: int, *, is_word: bool
) -> None:
    """More than may be awake woke while it was to be tried again a moment later."""
    monkeypatch.setattr(directory, "LIVE_MAX", 3)
    rig = after_a_start()
    Damage(monkeypatch, 1_000)
    for _ in range(before):
        rig.tell(Forward(alarm_id=FIRST, command=tick()), 0.0)
    if is_word:
        rig.tell(GIVEN, 0.0)
    else:
        rig.press("k2", MINE, run_s=0.0)
    for person in PEOPLE[1:]:
        rig.press_by(person, 0.0)
    rig.world.run(2.0)
    assert rig.untaken == [TOLD] * is_word
    assert rig.kinds(MINE)[:1] == ["AlarmRaised"] * (not is_word)


def test_nor_is_anything_told_of_it_that_the_next_start_gives(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(directory, "LIVE_MAX", 3)
    rig = after_a_start()
    Damage(monkeypatch, 1)
    rig.press("k2", MINE, run_s=0.0)
    for person in PEOPLE[1:]:
        rig.press_by(person, 0.0)
    rig.world.run(1.0)
    assert rig.kinds(MINE) == []


@pytest.mark.parametrize("is_word", [True, False])
def test_one_that_goes_all_the_same_leaves_what_waits_to_hq_and_to_a_new_case(
    monkeypatch: pytest.MonkeyPatch, *, is_word: bool
) -> None:
    monkeypatch.setattr(directory, "LIVE_MAX", 1)
    monkeypatch.setattr(awake, "BUSY_RATIO", 1)
    rig = after_a_start()
    Damage(monkeypatch, 1)
    if is_word:
        rig.tell(GIVEN, 0.0)
    else:
        rig.press("k2", MINE, run_s=0.0)
    rig.press_by("avocet", 1.0)
    assert rig.untaken == [TOLD] * is_word
    assert rig.kinds(MINE)[:1] == ["AlarmRaised"] * (not is_word)
    assert rig.kinds(AlarmId("avocet"))[:1] == ["AlarmRaised"]


@pytest.mark.parametrize(
    ("given", "kind"), [(own_press("k2"), "PressJoined"), (GIVEN, "ReplyReceived")]
)
def test_what_one_failed_read_met_is_the_case_s_at_the_next_start_bug_20_s_later(
    monkeypatch: pytest.MonkeyPatch, given: Distress | Forward, kind: str
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1)
    rig.tell(given, 1.0)
    assert rig.kinds().count(kind) == 1
    rig.tell(given)
    assert rig.kinds().count(kind) == 1
    assert rig.untaken == []
    assert rig.kinds(AlarmId("k2")) == []


def test_an_act_that_failed_to_whoever_waits_for_it_is_not_done_after_all(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1)
    rig.acknowledge(run_s=1.0)
    assert [done.failed for done in rig.done] == [True]
    assert "AlarmAcknowledged" not in rig.kinds()


def test_a_press_that_one_failed_read_met_begins_no_other_case(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    rig = after_a_start()
    Damage(monkeypatch, 1)
    rig.press("k2", MINE, run_s=RETOLD_S)
    rig.press("k2", MINE)
    assert rig.kinds(MINE) == []
    assert "PressJoined" in rig.kinds()


def test_what_a_case_has_taken_is_told_by_no_later_end_of_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Nor does an old press begin another case, when a page goes bad days later."""
    rig = after_a_start()
    rig.press("k2", MINE)
    rig.tell(GIVEN)
    Damage(monkeypatch, 1_000)
    rig.tree.names.tell(f"alarm/{FIRST}", "what nobody understands")
    rig.world.run(600)
    assert rig.still["first"]
    assert rig.untaken == []
    assert rig.kinds(MINE) == []


def test_nor_is_what_it_was_given_before_it_had_read_its_rows() -> None:
    """It crashes on something else then, or is let go and wakes on a bad page."""
    unread = Failure(kind="JournalError", place="here", unread=True)
    own = Distress(alarm_id=MINE, command=raise_of(press_of("k2")))
    for is_begun in (True, False):
        waiting = Waiting()
        waiting.waits(FIRST, Do(command=FORCED), is_begun=False)
        waiting.joins(FIRST, joining(own), is_begun=False)
        if is_begun:
            assert waiting.failed(FIRST, unread, is_begun=True) == ([], [])
        else:
            waiting.forget(FIRST)
        for _ in range(3):
            assert waiting.failed(FIRST, unread, is_begun=False) == ([], [])


def test_what_waits_is_given_again_once_and_only_where_an_instance_has_ended() -> None:
    unread = Failure(kind="JournalError", place="here", unread=True)
    waiting, word = Waiting(), Do(command=FORCED)
    press = joining(own_press("k2"))
    for fails in (0, 1):
        waiting.waits(FIRST, word, is_begun=False)
        waiting.joins(FIRST, press, is_begun=False)
        for _ in range(fails):
            assert waiting.failed(FIRST, unread, is_begun=False) == ([], [])
        waiting.waits(FIRST, Do(command=tick()), is_begun=True)
        assert waiting.begun(FIRST) == [press.given, word] * fails
        assert waiting.begun(FIRST) == []


def test_no_flood_of_presses_for_one_case_is_kept_without_end() -> None:
    """Each once, however often it comes, and the first goes first."""
    waiting, newer = Waiting(), Failure(kind="UnreadableEventError", place="here")
    presses = [joining(own_press(f"k{number}")) for number in range(KEPT_MAX + 9)]
    for press in (*presses, *presses):
        waiting.joins(FIRST, press, is_begun=False)
    left = waiting.failed(FIRST, newer, is_begun=False)
    assert left == (presses[:KEPT_MAX], [])


def test_a_case_is_waited_for_until_it_has_read_its_rows() -> None:
    waiting = Waiting()
    assert not waiting.is_waited_for(FIRST, is_begun=False)
    press = joining(own_press("k2"))
    waiting.joins(FIRST, press, is_begun=False)
    assert waiting.is_waited_for(FIRST, is_begun=False)
    assert not waiting.is_waited_for(FIRST, is_begun=True)
    assert waiting.let_go(FIRST, is_begun=False) == ([press], [])
    assert not waiting.is_waited_for(FIRST, is_begun=False)
    waiting.waits(FIRST, Do(command=FORCED), is_begun=False)
    assert waiting.is_waited_for(FIRST, is_begun=False)
    assert waiting.let_go(FIRST, is_begun=True) == ([], [])
    assert waiting.let_go(FIRST, is_begun=False) == ([], [])


def test_no_flood_of_words_for_one_case_is_kept_without_end() -> None:
    waiting, newer = Waiting(), Failure(kind="UnreadableEventError", place="here")
    words: list[AlarmCommand] = [
        AddNote(command_id=CommandId(f"n{number}"), by=None, text="")
        for number in range(KEPT_MAX + 9)
    ]
    for word in words:
        waiting.waits(FIRST, Do(command=word), is_begun=False)
    assert waiting.failed(FIRST, newer, is_begun=False) == ([], words[:KEPT_MAX])
    assert waiting.failed(FIRST, newer, is_begun=False) == ([], [])
    waiting.waits(FIRST, Do(command=words[0]), is_begun=False)
    waiting.waits(FIRST, Do(command=words[1]), is_begun=True)
    assert waiting.failed(FIRST, newer, is_begun=False) == ([], [])
    assert waiting.failed(AlarmId("none"), newer, is_begun=False) == ([], [])
