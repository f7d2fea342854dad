"""Cases that an engine of version 4 of a raise has left, as its process was killed.

Rows and meaning are that engine's own: what it made of its rows before it ended is what
is made of them now, so that whoever upgrades goes on where they were. Only HQ hears
more at once: that nobody near could be told.
"""

import json

import pytest
from msgspec import structs

from engine.alarm.codec import replay
from engine.alarm.schedule import next_due
from engine.values import AlarmId, Instant
from tests.engine.alarm.test_codec import JOURNALS, stored


@pytest.mark.parametrize("name", ["version-4-forced", "version-4-ended"])
def test_a_case_of_an_older_engine_stands_where_that_one_left_it(name: str) -> None:
    """Under force and closed in appearance; and ended, with questions to come."""
    text = (JOURNALS / f"{name}.jsonl").read_text(encoding="utf-8")
    written = [json.loads(line) for line in text.splitlines()]
    meant = json.loads((JOURNALS / f"{name}.json").read_text(encoding="utf-8"))
    rows = [
        structs.replace(
            stored(row["kind"], json.dumps(row["body"]).encode(), row["version"]),
            seq=row["seq"],
        )
        for row in written
    ]
    alarm = replay(AlarmId(meant["alarm"]), None, rows)
    assert alarm is not None
    due = next_due(alarm, Instant(written[-1]["at_ms"]))
    seen = (alarm.seen.cancelled, alarm.seen.closed, alarm.seen.confirmed)
    assert meant == {
        "alarm": alarm.id,
        "response": alarm.response,
        "truth": alarm.truth,
        "duress": alarm.duress,
        "force": sorted(alarm.force),
        "safe": [[one.name, one.forced] for one in alarm.safe],
        "acknowledged_by": alarm.acknowledged and alarm.acknowledged.by,
        "cancel_requests": alarm.cancel_requests,
        "seen": [str(one) for one in seen],
        "told": sorted(alarm.told),
        "effects": {key: effect.state for key, effect in alarm.effects.items()},
        "rounds": {step: fired.rounds for step, fired in alarm.fired.items()},
        "next_due_ms": None if due is None else due.ms,
    }
