"""Receipts of answers: one each, in fixed words, whichever word stood beside it."""

from dataclasses import replace

import pytest

from engine.alarm.state import ReplyKind
from engine.protocol.model import RECEIPT, RECEIPT_TAKEN, Manner
from engine.roster.model import Word
from tests.engine.alarm.scene import ENDED_BY_ONE, Scene, letter

STEPS = {RECEIPT.id, RECEIPT_TAKEN.id}


def receipts(scene: Scene) -> list[tuple[str, str]]:
    return [
        (one.person, "".join(segment.text for segment in letter(one).segments))
        for one in scene.planned()
        if one.step in STEPS
    ]


def raised(scene: Scene | None = None) -> Scene:
    scene = (scene or Scene()).raised()
    scene.settle_all()
    scene.run(10)
    return scene


def test_each_answer_that_counts_gets_one_receipt_in_the_readers_words() -> None:
    scene = raised()
    scene.reply("c1", ReplyKind.COMING)
    assert receipts(scene) == [("c1", "Received. sign-c1")]
    scene.acknowledge()
    scene.reply("c2", ReplyKind.CANNOT)
    scene.reply("c1", ReplyKind.REAL)
    assert receipts(scene)[1:] == [
        ("c2", "HQ has your answer. sign-c2"),
        ("c1", "HQ has your answer. sign-c1"),
    ]
    scene.run(3_600)
    assert len(receipts(scene)) == 3


def test_an_answer_that_does_not_count_gets_none_and_a_quiet_protocol_sends_none() -> (
    None
):
    scene = raised()
    scene.reply("c1", ReplyKind.COMING, authentic=False)
    assert receipts(scene) == []
    quiet = raised(Scene(protocol=replace(ENDED_BY_ONE, manner=Manner.QUIET)))
    quiet.reply("c1", ReplyKind.COMING)
    assert receipts(quiet) == []


@pytest.mark.parametrize("acknowledged", [False, True])
def test_the_receipt_after_a_duress_word_is_the_same(*, acknowledged: bool) -> None:
    seen = []
    for word in (None, Word.SAFE, Word.DURESS):
        scene = raised()
        if acknowledged:
            scene.acknowledge()
        for kind in (ReplyKind.COMING, ReplyKind.CANNOT):
            scene.reply("c1", kind, word=word)
            scene.run(1)
        planned = [one for one in scene.planned() if one.step in STEPS]
        seen.append([(one.at, one.rank, one.body) for one in planned])
    assert seen[0]
    assert seen[0] == seen[1] == seen[2]


def test_what_a_duress_word_begins_waits_for_the_receipt() -> None:
    scene = raised()
    scene.acknowledge()
    scene.run(120)
    before = len(scene.planned())
    scene.reply("c1", ReplyKind.COMING, word=Word.DURESS)
    scene.tick()
    assert [one.step for one in scene.planned()[before:]] == [RECEIPT_TAKEN.id]
    scene.settle_all()
    scene.tick()
    assert len(scene.planned()) > before + 1


def test_a_case_that_a_duress_word_opens_again_sends_no_receipt() -> None:
    """After a true word the case has ended, and nothing is sent."""
    for word in (None, Word.DURESS):
        scene = raised()
        scene.acknowledge()
        scene.close()
        scene.settle_all()
        scene.run(60)
        scene.reply("c1", ReplyKind.COMING, word=word)
        assert receipts(scene) == []


@pytest.mark.parametrize("reopened", [False, True])
def test_whoever_is_told_again_and_answers_again_gets_another_receipt(
    *, reopened: bool
) -> None:
    scene = raised()
    scene.acknowledge()
    scene.reply("c1", ReplyKind.COMING)
    scene.settle_all()
    if reopened:
        scene.close()
        scene.settle_all()
        scene.reopen()
    else:
        scene.verify()
        scene.run(8)
        scene.raised("k2")
    scene.settle_all()
    scene.reply("c1", ReplyKind.COMING)
    keys = [one.effect for one in scene.planned() if one.step in STEPS]
    assert len(set(keys)) == len(keys) == 2
