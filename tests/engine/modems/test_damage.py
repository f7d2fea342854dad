"""A page of old effects that cannot be read: a modem sends all the same."""

import pytest

from engine.errors import JournalError
from engine.journal.memory import MemoryReader
from engine.ports.journal import EffectRow, EffectState
from engine.ports.modem import StatusReport
from tests.engine.modems.rig import Rig

_OLD = {EffectState.ACCEPTED, EffectState.UNKNOWN}


@pytest.fixture
def rig(monkeypatch: pytest.MonkeyPatch) -> Rig:
    """Return a rig whose journal has a damaged page, of effects that are settled."""
    whole = MemoryReader.effects

    def damaged(
        reader: MemoryReader, states: frozenset[EffectState], alarm: str | None = None
    ) -> list[EffectRow]:
        if alarm is None and not states.isdisjoint(_OLD):
            message = "a page is damaged"
            raise JournalError(message)
        return list(whole(reader, states, alarm))

    monkeypatch.setattr(MemoryReader, "effects", damaged)
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
