"""What a message of an alarm says of what is known by then, for each who gets it."""

import pytest

from engine.alarm.state import ReplyKind, SourceDoubt, Truth
from engine.protocol.model import Audience
from tests.engine.alarm.scene import PROTOCOLS, ROWAN, Scene

WIDEN_S = 180


def sos(scene: Scene) -> list[str]:
    """Return what colleagues were told, in order."""
    return [planned.body.text(scene.now) for planned in scene.planned(Audience.NEAREST)]


def widened(scene: Scene) -> list[str]:
    """Return what those read who are called by the search that is wider."""
    before = len(sos(scene))
    scene.run(WIDEN_S, each_due=scene.settle_all)
    return sos(scene)[before:]


def test_the_first_message_says_that_nobody_has_confirmed_it() -> None:
    assert sos(Scene().raised())[0] == (
        "SOS code-c1 Heron 41.31151,69.27974 +-20m, now. Not confirmed."
        " Do not go alone. Answer code-c1 1 coming 2 cannot 3 need help. sign-c1"
    )


def test_who_is_called_once_it_is_verified_reads_that_it_is_confirmed() -> None:
    """Every later round said that nobody has confirmed what HQ had verified."""
    scene = Scene().raised()
    scene.acknowledge()
    scene.verify()
    told = widened(scene)
    assert len(told) == 10
    assert all(". Confirmed. Do not go alone." in text for text in told)


def test_a_quorum_confirms_as_an_operator_does() -> None:
    scene = Scene(protocol=PROTOCOLS["quorum"]).raised()
    scene.reply("c1", ReplyKind.REAL)
    assert scene.state().truth is not Truth.VERIFIED
    scene.reply("c2", ReplyKind.REAL)
    assert scene.state().truth is Truth.VERIFIED
    assert all(". Confirmed. " in text for text in widened(scene))


def test_what_somebody_has_contradicted_since_is_not_called_confirmed() -> None:
    scene = Scene(protocol=PROTOCOLS["quorum"]).raised()
    scene.reply("c1", ReplyKind.REAL)
    scene.reply("c2", ReplyKind.REAL)
    scene.reply("c3", ReplyKind.FALSE)
    told = widened(scene)
    assert told
    assert all(". Not confirmed. " in text for text in told)


def test_what_is_presumed_nobody_has_confirmed() -> None:
    scene = Scene(protocol=PROTOCOLS["street_attack"]).raised()
    scene.run(900, each_due=scene.settle_all)
    assert scene.state().truth is Truth.PRESUMED
    assert not any(". Confirmed." in text for text in sos(scene))


@pytest.mark.parametrize("doubt", list(SourceDoubt))
def test_a_verified_alarm_says_nothing_of_a_sender_who_was_in_doubt(
    doubt: SourceDoubt,
) -> None:
    """Colleagues were told by HQ's word alone, and read that it is not confirmed."""
    scene = Scene().raised(doubt=doubt)
    assert sos(scene) == []
    scene.acknowledge()
    scene.verify()
    told = sos(scene)
    assert len(told) == 5
    assert all(". Confirmed. Do not go alone." in text for text in told)


def test_the_defenders_own_addresses_read_the_same_whether_it_is_verified() -> None:
    texts = []
    for verifies in (False, True):
        scene = Scene(protocol=PROTOCOLS["careful"]).raised()
        scene.acknowledge()
        if verifies:
            scene.verify()
            scene.verify(by=ROWAN)
        scene.cancel()
        theirs = scene.planned(Audience.DEFENDER)
        texts.append([planned.body.segments for planned in theirs])
    assert texts[0] == texts[1] != []
