"""A page of old effects that cannot be read: a modem sends all the same."""

import pytest

from engine.errors import JournalError
from engine.journal.memory import MemoryReader
from engine.ports.journal import EffectRow, EffectState
from engine.ports.modem import StatusReport
from tests.engine.dispatch.ledger import row_of
from tests.engine.modems.rig import Rig

_OLD = frozenset({EffectState.ACCEPTED, EffectState.UNKNOWN})


def damage(monkeypatch: pytest.MonkeyPatch, among: frozenset[EffectState]) -> None:
    """Destroy a page that has an effect in each of these states, of another alarm."""
    whole = MemoryReader.effects

    def damaged(
        reader: MemoryReader, states: frozenset[EffectState], alarm: str | None = None
    ) -> list[EffectRow]:
        if alarm is None and not states.isdisjoint(among):
            message = "a page is damaged"
            raise JournalError(message)
        return list(whole(reader, states, alarm))

    monkeypatch.setattr(MemoryReader, "effects", damaged)


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    """Return a rig whose journal has a damaged page, of effects that are settled."""
    damage(monkeypatch, _OLD)
    return Rig()


def test_its_modem_starts_and_sends_bug_it_failed_at_each_start(rig: Rig) -> None:
    rig.plan()
    rig.world.run(5)
    assert rig.outcomes() == [EffectState.ACCEPTED]
    assert rig.driver.opened == 1


def test_a_report_of_what_is_not_remembered_ends_no_modem_bug_each_did(
    rig: Rig,
) -> None:
    for _ in range(5):
        rig.driver.arrived = [
            StatusReport(
                reference=99, recipient="+46701740605", outcome="delivered", status=0
            )
        ]
        rig.world.run(2)
    rig.plan()
    rig.world.run(5)
    assert rig.outcomes() == [EffectState.ACCEPTED]
    assert rig.driver.opened == 1, "the same instance all the while"


def test_what_an_earlier_process_has_planned_is_sent_where_another_alarms_is_damaged(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The dispatcher failed at each start, and with it the engine."""
    before = Rig()
    before.driver.is_gone = True
    before.world.run(1)
    before.ledger.plan(row_of("waits"), row_of("begun", alarm="b"))
    before.world.run(1)
    damage(monkeypatch, frozenset(EffectState))
    after = Rig(before=before)
    after.world.run(5)
    assert after.ledger.state("waits") is EffectState.ACCEPTED
    assert after.ledger.state("begun") is EffectState.ACCEPTED
