"""The page by which somebody runs a case from the journal alone."""

import json
from dataclasses import replace

from msgspec import structs

from engine.alarm.state import ReplyKind
from engine.cli.journal_page import page
from engine.dispatch.outcomes import ATTEMPTING, SETTLED
from engine.ports.journal import EffectState, StoredEvent
from engine.protocol.model import Manner
from tests.engine.alarm.forced import forced
from tests.engine.alarm.scene import Scene, head_row


def rows_of(scene: Scene) -> list[StoredEvent]:
    """Return the rows as a journal numbers them."""
    return [
        structs.replace(row, seq=seq, position=seq)
        for seq, row in enumerate(scene.rows, start=1)
    ]


def shown(scene: Scene, rows: list[StoredEvent] | None = None) -> str:
    assert scene.alarm is not None
    head = structs.replace(head_row(scene.alarm), seq=len(scene.rows))
    return "\n".join(page(head, rows_of(scene) if rows is None else rows))


def effect_row(scene: Scene, kind: str, **body: object) -> StoredEvent:
    """Return a row of the first notification's own stream."""
    first = next(iter(scene.state().effects))
    last = rows_of(scene)[-1]
    return structs.replace(
        last,
        position=last.position + 1,
        stream=f"effect/{first}",
        seq=1,
        kind=kind,
        body=json.dumps(body).encode(),
    )


def test_it_says_whom_to_ring_and_who_is_coming_bug_it_was_a_dump() -> None:
    scene = Scene().raised()
    scene.settle(scene.waiting()[0], EffectState.UNKNOWN)
    scene.reply("c1", ReplyKind.COMING)
    text = shown(scene)
    assert text.splitlines()[0].startswith("Heron UZ: ")
    assert "Position from the device: 41.31151,69.27974" in text
    (line,) = [line for line in text.splitlines() if line.startswith("  C1 ")]
    assert "coming" in line
    assert "+1555c1" in line
    assert "unknown whether it was sent" in text
    assert "Next, while the engine runs: tell the next officer on duty" in text
    assert "To send: SMS to C1 (+1555c1): SOS code-c1 Heron" in text
    assert '"digest"' not in text
    assert max(map(len, text.splitlines())) < 400


def test_an_attempt_under_way_is_said_and_an_outcome_once() -> None:
    scene = Scene().raised()
    first = scene.waiting()[0]
    to = scene.state().effects[first].person.title()
    under_way = effect_row(scene, ATTEMPTING, attempt=1, route="modem-2")
    text = shown(scene, [*rows_of(scene), under_way])
    assert f"Being sent: SMS to {to} by modem-2" in text
    note = {"attempt": 1, "route": "modem-2", "text": "SOS K7F2 Heron"}
    text = shown(scene, [*rows_of(scene), effect_row(scene, ATTEMPTING, **note)])
    assert f"Being sent: SMS to {to} by modem-2: SOS K7F2 Heron" in text
    alone = effect_row(scene, SETTLED, state="accepted", route="modem-2")
    assert f"Outcome: SMS to {to}: accepted" in shown(scene, [*rows_of(scene), alone])
    scene.settle(first, EffectState.ACCEPTED)
    text = shown(scene, [*rows_of(scene), alone])
    assert text.count(f"Outcome: SMS to {to}") == 1


def test_what_must_be_known_before_anybody_rings_is_on_it() -> None:
    quiet = Scene(protocol=replace(Scene().protocol, manner=Manner.QUIET)).raised()
    assert "Quiet: do not call the defender" in shown(quiet)


def test_a_sign_of_force_is_on_it_as_it_is_in_the_journal() -> None:
    assert "Under force: the defender's word of force was said" in shown(forced())


def test_what_is_behind_a_row_that_is_lost_is_told_as_far_as_it_can_be() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.settle_all()
    rows = rows_of(scene)
    for lost in range(1, len(rows)):
        text = shown(scene, rows[:lost] + rows[lost + 1 :])
        assert text.startswith("Heron UZ: ")
    without_the_raise = shown(scene, rows[1:])
    assert "AlarmAcknowledged" in without_the_raise
    assert shown(scene, []) == ""
