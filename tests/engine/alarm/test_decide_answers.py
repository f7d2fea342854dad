"""What an answer, or news of a message, comes to."""

import pytest
from msgspec import structs

from engine.alarm.events import AlarmReopened, ReplyReceived
from engine.alarm.state import ReplyKind
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.roster.model import Word
from tests.engine.alarm.scene import Scene


def test_an_answer_from_whom_nobody_told_counts_for_nothing() -> None:
    scene = Scene().raised()
    scene.reply("stranger", ReplyKind.COMING)
    scene.reply("c1", ReplyKind.COMING, authentic=False)
    assert all(told.reply is None for told in scene.state().told.values())
    replies = [one for one in scene.events if isinstance(one, ReplyReceived)]
    assert [one.authentic for one in replies] == [False, False]


@pytest.mark.parametrize("has_words", [True, False])
def test_only_a_defender_with_a_word_has_to_say_it(*, has_words: bool) -> None:
    scene = Scene().raised()
    told = {**scene.state().told, "heron": scene.state().told["c1"]}
    scene.alarm = structs.replace(scene.state(), told=told, has_words=has_words)
    (received,) = scene.reply("heron", ReplyKind.COMING)
    assert isinstance(received, ReplyReceived)
    assert received.authentic is not has_words


def test_a_forced_answer_reopens_nothing_that_is_open() -> None:
    scene = Scene().raised()
    scene.reply("c1", ReplyKind.SAFE, duress=True)
    assert scene.of(AlarmReopened) == []


def test_an_answer_changes_the_answerers_own_entry_alone() -> None:
    scene = Scene().raised()
    scene.reply("c2", ReplyKind.CANNOT)
    answered = {k: told.reply for k, told in scene.state().told.items() if told.reply}
    assert answered == {"c2": ReplyKind.CANNOT}


@pytest.mark.parametrize("second", list(Word))
@pytest.mark.parametrize("first", list(Word))
def test_who_has_said_since_that_they_cannot_come_is_not_coming_by_an_old_answer(
    first: Word, second: Word
) -> None:
    """The network kept *coming* for half an hour, and *cannot* overtook it."""
    scene = Scene().raised()
    sent = scene.now
    scene.run(1500, each_due=scene.settle_all)
    scene.reply("c1", ReplyKind.CANNOT, word=first)
    scene.run(240, each_due=scene.settle_all)
    scene.reply("c1", ReplyKind.COMING, word=second, sent=sent)
    told = scene.state().told["c1"]
    assert told.seen_reply is ReplyKind.CANNOT, "whichever words they were"
    assert told.reply is (ReplyKind.CANNOT if first is Word.SAFE else None)
    scene.reply("c1", ReplyKind.COMING, sent=scene.now)
    assert scene.state().told["c1"].reply is ReplyKind.COMING


def test_an_answer_that_the_network_kept_counts_where_nothing_overtook_it() -> None:
    scene = Scene().raised()
    sent = scene.now
    scene.run(60, each_due=scene.settle_all)
    scene.reply("c1", ReplyKind.COMING, sent=sent)
    assert scene.state().told["c1"].reply is ReplyKind.COMING, "their first word"
    scene.reply("c2", ReplyKind.CANNOT)
    scene.reply("c2", ReplyKind.COMING, sent=scene.now)
    assert scene.state().told["c2"].reply is ReplyKind.COMING, "of the same moment"
    scene.reply("c1", ReplyKind.CANNOT, sent=sent)
    assert scene.state().told["c1"].reply is ReplyKind.CANNOT, "a *no* is never late"
    [kept] = scene.reply("somebody", ReplyKind.COMING, sent=sent)
    assert isinstance(kept, ReplyReceived)
    assert not kept.authentic, "whoever was not asked is shown all the same"


def test_news_of_an_effect_that_is_older_than_what_is_known_changes_nothing() -> None:
    scene = Scene().raised()
    effect = scene.planned(Audience.NEAREST)[0].effect
    scene.settle(effect, EffectState.ATTEMPTING)
    scene.settle(effect, EffectState.ACCEPTED)
    assert scene.settle(effect, EffectState.ATTEMPTING) == ()
    assert scene.settle(effect, EffectState.ACCEPTED) == ()
    scene.settle(effect, EffectState.DELIVERED)
    assert scene.settle(effect, EffectState.UNKNOWN) == ()
    assert scene.state().effects[effect].state is EffectState.DELIVERED


def test_a_telephone_that_has_it_after_all_is_told_of() -> None:
    scene = Scene().raised()
    effect = scene.planned(Audience.NEAREST)[0].effect
    scene.settle(effect, EffectState.UNDELIVERED)
    assert len(scene.settle(effect, EffectState.DELIVERED)) == 1
    assert scene.state().effects[effect].state is EffectState.DELIVERED
