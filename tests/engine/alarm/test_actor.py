"""The alarm's actor: what it makes of what the journal does."""

from collections.abc import Callable, Iterable, Iterator
from itertools import islice

import pytest
from msgspec import structs

from engine.alarm.asking import HELD
from engine.alarm.cases import CaseStanding
from engine.alarm.commands import Acknowledge, Settle, Tick
from engine.alarm.desk import Desk
from engine.alarm.directory.actor import Alarms
from engine.alarm.events import AlarmEvent, NotificationPlanned
from engine.alarm.messages import Changed, Distress, Done, Forward
from engine.alarm.outlets import Outlets
from engine.alarm.state import Alarm
from engine.journal.memory import Medium
from engine.ports.journal import (
    Append,
    EffectRow,
    EffectState,
    Head,
    NewEvent,
    Request,
)
from engine.supervision.child import ChildSpec
from engine.supervision.tree import Tree
from engine.timers.actor import Arm, ArmAll, Timers
from engine.values import AlarmId, CommandId, EffectId, Instant, OperatorId
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.dispatch.ledger import FULL, LOST, SILENT, Ledger, lives
from tests.engine.dispatch.wiring import attempts_on
from tests.engine.grown import grow
from tests.engine.intake.reports import judge_of
from tests.fakes import START
from tests.simulation.runtime import World

FIRST = AlarmId("first")
PEOPLE = ("heron", "avocet", "gannet", "toucan", "lapwing")


class Rig:
    """Timers and the directory on virtual time; the rest of the engine is noted."""

    def __init__(
        self, medium: Medium | None = None, run_s: float = 0.5, now: Instant = START
    ) -> None:
        self.world = World(1, now)
        self.ledger = Ledger(self.world, medium)
        self.quarantined: list[tuple[str, object]] = []
        self.planned: list[EffectRow] = []
        self.withdrawn: list[EffectId] = []
        self.unkept: list[str] = []
        self.untaken: list[tuple[str, str]] = []
        self.unbegun: list[str] = []
        self.still: dict[str, bool] = {}
        self.due: dict[AlarmId, Instant | None] = {}
        self.changes: list[tuple[Alarm, tuple[AlarmEvent, ...]]] = []
        self.found: list[Alarm] = []
        self.standings: list[CaseStanding] = []
        self.done: list[Done] = []
        self.codes: Iterator[str] = iter(f"K{n}" for n in range(10_000))
        self.hears_changes = True
        self.tree = Tree(
            clock=self.world,
            chance=self.world.chance,
            spawn=self.world.spawn,
            on_quarantine=lambda *what: self.quarantined.append(what),
        )
        self.board = judge_of(clock=self.world).board
        self.is_flooded = False
        desk = Desk(
            board=self.board,
            codes=lambda n: list(islice(self.codes, n)),
            is_flooded=lambda: self.is_flooded,
        )
        alarms = ChildSpec(
            name="alarms",
            actor=Alarms,
            arguments={
                "journal": self.ledger,
                "readers": self.ledger,
                "desk": desk,
                "outlets": Outlets(
                    planned=self.planned.extend,
                    withdrawn=self.withdrawn.extend,
                    due=lambda alarm_id, at: self._due_all([(alarm_id, at)]),
                    due_all=self._due_all,
                    stands=self._stands,
                    changed=self._changed,
                    found=self.found.append,
                    unkept=lambda command, _: self.unkept.append(command.command_id),
                    untaken=lambda command, alarm_id: self.untaken.append(
                        (alarm_id, command.command_id)
                    ),
                    unbegun=lambda command: self.unbegun.append(command.press.key),
                    still=lambda what, /, *, wrong: self.still.update({what: wrong}),
                ),
            },
        )
        children = [ChildSpec(name="timers", actor=Timers), alarms]
        grow(self.tree, self.world, children, run_s=run_s)

    def tell(self, message: object, run_s: float = 0.5) -> None:
        assert self.tree.names.tell("alarms", message)
        self.world.run(run_s)

    def press(
        self, key: str = "k1", alarm: AlarmId = FIRST, run_s: float = 0.5
    ) -> None:
        command = raise_of(press_of(key, self.world.now()))
        self.tell(
            Distress(alarm_id=alarm, command=command, answered=self.done.append), run_s
        )

    def press_by(self, person: str, run_s: float = 0.5) -> None:
        command = structs.replace(raise_of(press_of(f"key-{person}")), subject=person)
        self.tell(Distress(alarm_id=AlarmId(person), command=command), run_s)

    def acknowledge(self, command_id: str = "ack", run_s: float = 0.5) -> None:
        command = Acknowledge(command_id=CommandId(command_id), by=OperatorId("alder"))
        forward = Forward(alarm_id=FIRST, command=command, answered=self.done.append)
        self.tell(forward, run_s)

    def settle(self, effect: EffectId, state: EffectState) -> None:
        command = Settle(
            command_id=CommandId(f"{effect}/{state}"),
            effect=effect,
            state=state,
            attempt=1,
        )
        self.tell(Forward(alarm_id=FIRST, command=command), 0.0)

    def kinds(self, alarm: AlarmId = FIRST) -> list[str]:
        rows = self.ledger.store.reader().stream(f"alarm/{alarm}")
        return [row.kind for row in rows]

    def spoil(self, alarm: AlarmId = FIRST) -> None:
        """Let an alarm's rows hold what no code here can read."""
        newer = Append(
            stream=f"alarm/{alarm}",
            expected_seq=len(self.kinds(alarm)),
            epoch=self.ledger.epoch,
            command_id=CommandId("newer"),
            events=(NewEvent(kind="OfANewerEngine", body=b"{}"),),
            head=Head(status="notifying", is_open=True, subject="real:heron"),
        )
        self.ledger.ask(newer, 1.0)
        self.world.run(180)

    def awake(self) -> list[str]:
        return sorted(n for n in self.tree.names.depths() if n.startswith("alarm/"))

    def _due_all(self, dues: Iterable[tuple[AlarmId, Instant | None]]) -> None:
        arms = []
        for alarm_id, at in dues:
            self.due[alarm_id] = at
            tick = Tick(command_id=CommandId(f"tick/{alarm_id}/{at}"))
            forward = Forward(alarm_id=alarm_id, command=tick)
            arms.append(Arm(key=alarm_id, at=at, message=forward, to="alarms"))
        self.tree.names.tell("timers", ArmAll(tuple(arms)))

    def _changed(self, alarm: Alarm, events: tuple[AlarmEvent, ...]) -> None:
        self.changes.append((alarm, events))

    def _stands(self, now: CaseStanding) -> None:
        self.standings.append(now)
        if self.hears_changes:
            self.tree.names.tell("alarms", Changed(now=now))


@pytest.fixture
def rig() -> Rig:
    return Rig()


def once(fault: str, wanted: Callable[[Request], bool]) -> Callable[[Request], str]:
    """Return a fault that strikes the first request of a kind, and no other."""
    left = [fault]

    def strike(request: Request) -> str:
        return left.pop() if left and wanted(request) else ""

    return strike


def anything(request: Request) -> bool:
    return isinstance(request, Append)


def test_what_is_told_to_others_is_durable(rig: Rig) -> None:
    rig.press()
    assert rig.kinds()[0] == "AlarmRaised"
    assert rig.done[0].alarm == rig.changes[0][0]
    assert len(rig.planned) == 7, "five colleagues, and duty by two channels"
    assert all(rig.ledger.state(row.effect_id) for row in rig.planned)
    assert rig.due[FIRST] is not None


def test_a_case_from_before_a_start_is_found_as_its_rows_have_it() -> None:
    medium = Medium()
    rig = Rig(medium)
    rig.press()
    rig.world.run(30)
    assert rig.found == []
    rig.world.crash()
    rig = Rig(medium, now=rig.world.now())
    rig.codes = (f"L{n}" for n in range(99))
    rig.world.run(90)
    assert [(one.id, one.acknowledged) for one in rig.found] == [(FIRST, None)]


def test_in_a_flood_the_nearest_are_asked_seconds_after_hq(rig: Rig) -> None:
    rig.is_flooded = True
    rig.press(run_s=HELD.total_seconds() - 0.5)
    assert [row.channel for row in rig.planned] == ["sms", "call"], "duty's"
    rig.world.run(1)
    assert len(rig.planned) == 7


def test_a_stream_that_moved_is_read_again_and_decided_anew(rig: Rig) -> None:
    rig.press()
    other = Append(
        stream="alarm/first",
        expected_seq=len(rig.kinds()),
        epoch=rig.ledger.epoch,
        command_id=CommandId("elsewhere"),
        events=(
            NewEvent(kind="NoteAdded", body=b'{"at":{"ms":1},"by":null,"text":"x"}'),
        ),
        head=Head(status="notifying", is_open=True),
    )
    rig.ledger.ask(other, 1.0)
    rig.acknowledge()
    assert rig.kinds()[-3:-1] == ["NoteAdded", "AlarmAcknowledged"]
    acks = [r for r in rig.ledger.asked if getattr(r, "command_id", "") == "ack"]
    assert len(acks) == 2, "the same command id, after the conflict"


def test_a_code_in_use_is_drawn_again(rig: Rig) -> None:
    rig.press()
    rig.codes = iter(["K0", "K1", *(f"M{n}" for n in range(1000))])
    moved = structs.replace(raise_of(press_of("k2")), subject="avocet")
    rig.tell(Distress(alarm_id=AlarmId("second"), command=moved))
    assert "AlarmRaised" in rig.kinds(AlarmId("second"))
    assert rig.quarantined == []


def test_no_answer_but_written_acts_once_and_is_told_to_all(rig: Rig) -> None:
    rig.ledger.fault = once(LOST, anything)
    rig.press()
    assert rig.kinds().count("AlarmRaised") == 1
    assert len(rig.planned) == 7
    assert len(rig.changes) == 1
    assert rig.done[0].events, "who waits for the answer hears what it came to"


def test_no_answer_and_not_written_is_asked_again(rig: Rig) -> None:
    rig.ledger.fault = once(SILENT, anything)
    rig.press()
    assert rig.kinds().count("AlarmRaised") == 1
    ids = {r.command_id for r in rig.ledger.asked if isinstance(r, Append)}
    assert ids == {"k1"}


@pytest.mark.parametrize("fault", [SILENT, FULL])
def test_a_journal_that_takes_nothing_puts_no_press_away_bug_quarantined(
    rig: Rig, fault: str
) -> None:
    rig.ledger.fault = lambda _: fault
    for _ in range(4):
        rig.press()
    assert [done.failed for done in rig.done] == [True] * 4
    assert rig.quarantined == []
    rig.ledger.fault = lambda _: ""
    rig.press()
    assert rig.kinds()[0] == "AlarmRaised"


def test_a_full_disk_loses_no_deadline_bug_the_tick_was_put_away(rig: Rig) -> None:
    rig.press()
    before = rig.kinds().count("StepFired")
    rig.ledger.fault = lambda _: FULL
    rig.world.run(600)
    assert rig.kinds().count("StepFired") == before
    rig.ledger.fault = lambda _: ""
    rig.world.run(6)
    assert rig.kinds().count("StepFired") > before
    assert rig.quarantined == []


def test_the_same_command_twice_acts_once_and_both_hear_what_it_came_to(
    rig: Rig,
) -> None:
    rig.press()
    rig.acknowledge("form")
    rig.acknowledge("form")
    assert rig.kinds().count("AlarmAcknowledged") == 1
    kinds = [[type(e).__name__ for e in done.events] for done in rig.done[1:]]
    assert kinds == [["AlarmAcknowledged", "NotificationsWithdrawn"]] * 2


def test_a_tick_finds_the_outcome_whose_hint_was_lost_and_whether_to_try_again(
    rig: Rig,
) -> None:
    from engine.dispatch.outcomes import Outcome  # noqa: PLC0415 - of this test alone

    rig.press()
    row = next(row for row in rig.planned if row.channel == "sms")
    told: list[object] = []
    route = attempts_on(rig.ledger, "modem-1", told.append)
    assert route.begin(row, lives)
    refused = Outcome(state=EffectState.REJECTED, reason="+CMS 500", retry=True)
    route.settle(row, refused)
    came = rig.world.now()
    rig.world.run(40)
    repeats = [
        event
        for _, events in rig.changes
        for event in events
        if isinstance(event, NotificationPlanned) and event.repeat_of == row.effect_id
    ]
    assert len(repeats) == 1
    assert repeats[0].avoid_route == "modem-1"
    settled = rig.changes[-1][0].effects[row.effect_id]
    assert settled.settled_at == came, "not when it was found: that is what is measured"


def test_a_person_found_twice_is_told_by_one_code(rig: Rig) -> None:
    rig.press()
    chosen = [
        one
        for _, events in rig.changes
        for event in events
        for one in getattr(event, "chosen", ())
    ]
    assert len({one.code for one in chosen if one.code}) == len(chosen)
    assert isinstance(chosen[0].distance_m, float)
