"""What waits for a case to read its rows, noted once and given on once."""

from engine.alarm.commands import AddNote, AlarmCommand
from engine.alarm.directory.waiting import KEPT_MAX, Waiting
from engine.alarm.messages import Distress, Do
from engine.supervision.failure import Failure
from engine.values import AlarmId, CommandId
from tests.engine.alarm.directory.unread import FORCED, joining, own_press, tick
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.alarm.test_actor import FIRST
from tests.engine.alarm.test_actor_force import MINE


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


def test_an_instance_that_ends_before_it_has_what_waits_leaves_that() -> None:
    """It has read its rows, and what an earlier one was given it has not yet."""
    press, word = joining(own_press("k2")), Do(command=FORCED)
    for is_let_go in (True, False):
        waiting = Waiting()
        waiting.waits(FIRST, word, is_begun=False)
        waiting.joins(FIRST, press, is_begun=False)
        unread = Failure(kind="JournalError", place="here", unread=True)
        assert waiting.failed(FIRST, unread, is_begun=False) == ([], [])
        assert waiting.is_waited_for(FIRST, is_begun=True)
        if is_let_go:
            left = waiting.let_go(FIRST, is_begun=True)
        else:
            left = waiting.failed(FIRST, unread, is_begun=True)
        assert left == ([press], [FORCED])
        assert not waiting.is_waited_for(FIRST, is_begun=False)


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
