"""What comes later of an effect, while the journal hangs: the last word is written."""

import pytest

from engine.dispatch.outcomes import Outcome
from engine.ports.journal import EffectState, Reply, Request
from tests.engine.dispatch.ledger import FULL, LOST, SILENT, lives
from tests.engine.dispatch.test_attempts import SENT, UNKNOWN, Rig


@pytest.fixture
def rig() -> Rig:
    return Rig()


@pytest.mark.parametrize("ends", [FULL, SILENT, LOST])
@pytest.mark.parametrize("taken", [(False, False), (True, False), (False, True)])
def test_of_two_that_come_while_the_journal_hangs_the_later_is_written(
    rig: Rig, monkeypatch: pytest.MonkeyPatch, ends: str, taken: tuple[bool, bool]
) -> None:
    """A late answer, then *undelivered*: it was forgotten behind the first of them."""
    rig.one.begin(rig.row, lives)
    rig.one.settle(rig.row, UNKNOWN)
    rig.one.mend()
    hung: list[tuple[Request, Reply]] = []
    with monkeypatch.context() as patched:
        patched.setattr(rig.ledger, "submit", lambda *asked: hung.append(asked))
        rig.one.settle_late(rig.row, SENT)
        rig.one.settle_late(rig.row, Outcome(state=EffectState.UNDELIVERED))
    ledger = rig.ledger
    for (request, reply), is_taken in zip(hung, taken, strict=True):
        monkeypatch.setattr(
            ledger, "fault", lambda _, now=is_taken: "" if now else ends
        )
        ledger.submit(request, reply)
    ledger.fault = lambda _: ""
    for _ in range(4):
        rig.one.mend()
    assert ledger.state("e1") is EffectState.UNDELIVERED
    assert EffectState.UNDELIVERED in rig.states()
    before = len(rig.ledger.asked)
    rig.one.mend()
    assert len(rig.ledger.asked) == before


def test_what_is_final_is_kept_beside_what_was_said_before_it(rig: Rig) -> None:
    """Both are asked for again at once, and the journal takes neither."""
    rig.one.begin(rig.row, lives)
    rig.one.settle(rig.row, UNKNOWN)
    rig.ledger.fault = lambda _: FULL
    for state in (EffectState.ACCEPTED, EffectState.UNDELIVERED, EffectState.DELIVERED):
        rig.one.settle_late(rig.row, Outcome(state=state))
        rig.one.mend()
    rig.ledger.fault = lambda _: ""
    for _ in range(4):
        rig.one.mend()
    assert rig.states() == [EffectState.UNKNOWN, EffectState.UNDELIVERED]
