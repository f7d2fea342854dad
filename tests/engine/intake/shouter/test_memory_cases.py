"""Those nearby are told from memory in turn, once; what is owed to rows is kept."""

from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, ClassVar

from engine.alarm.desk import Desk
from engine.dispatch.actor import Shout
from engine.dispatch.body import EffectBody
from engine.dispatch.outcomes import AWAY, Outcome
from engine.intake.assess import report_key
from engine.intake.replies import CODE
from engine.intake.reports import encode_report
from engine.intake.shouter.actor import Shouter, Unrecorded
from engine.intake.shouter.memory_cases import RESENT, MemoryCases
from engine.journal.memory import MemoryStore
from engine.modems.inbound import record_of
from engine.ports.journal import EffectState, Record
from engine.ports.modem import InboundSms
from engine.supervision.child import ChildSpec
from engine.values import ReportKey
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import ROSTER, Meter, judge_of, report
from tests.engine.intake.shouter.test_again import TAKEN, UNKNOWN, Route, Says
from tests.fakes import START
from tests.simulation.from_memory import REPEATS
from tests.simulation.runtime import World

if TYPE_CHECKING:
    from engine.alarm.state import Alarm

NEAREST = {"cormorant", "lapwing", "owlet", "quelea", "tinamou"}
NUMBERS = {str(n): str(one.person) for one in ROSTER.people for n in one.numbers}


class Nearby:
    """A shouter with two modems, and no address of HQ but those on duty."""

    def __init__(self, *says: Says, has_predecessor: bool = False) -> None:
        world = World(1)
        self.world, self.tree = world, tree_in(world)
        self.unrecorded = Unrecorded(
            lambda hint: self.tree.names.tell("shouter", hint), lambda: ROSTER
        )
        judge = judge_of(clock=world)
        self.recorded: list[Alarm] = []
        codes = iter(f"K{a}{b}2" for a in "ABCDEFGH" for b in "ABCDEFGH")
        self.cases = MemoryCases(
            desk=Desk(board=judge.board, codes=lambda _: ()),
            clock=world,
            recorded=lambda alarm, _: self.recorded.append(alarm),
            has_predecessor=has_predecessor,
            codes=lambda _, count: [next(codes) for _ in range(count)],
        )
        self.says = says or (Says(), Says())
        routes = [
            ChildSpec(name=f"modem-{number}", actor=Noting, arguments={"says": one})
            for number, one in enumerate(self.says, start=1)
        ]
        shouter = ChildSpec(
            name="shouter",
            actor=Shouter,
            arguments={
                "judge": judge,
                "board": judge.board,
                "hq": tuple,
                "routes": lambda: tuple((one.name, "sms") for one in routes),
                "unrecorded": self.unrecorded,
                "telemetry": Meter(),
                "cases": self.cases,
            },
        )
        grow(self.tree, world, [*routes, shouter], run_s=1)

    def press(self, run_s: float = 1) -> None:
        said = report()
        record = Record(
            key=report_key(said),
            source="device",
            received_at=START,
            body=encode_report(said),
        )
        self.unrecorded.refused([record])
        self.world.run(run_s)

    def told(self) -> list[str]:
        """Return who nearby was asked to be told, once for each time."""
        everybody = [NUMBERS[number] for one in self.says for number in one.asked]
        return [one for one in everybody if one in NEAREST]

    def write(self, store: MemoryStore) -> None:
        """Write what is owed, as the journal's actor does."""
        for _ in range(3):
            parts = self.cases.owed(store.epoch)
            answers = store.commit([one for one, _ in parts], self.world.now())
            for (_, reply), answer in zip(parts, answers, strict=True):
                reply(answer)


class Noting(Route):
    """Notes texts as well."""

    texts: ClassVar[list[str]] = []
    answers: ClassVar[dict[str, Callable[[Outcome], None]]] = {}

    def handle(self, message: Shout) -> None:
        self.texts.append(message.body.text(self.clock.now()))
        self.answers[message.body.address] = message.answered
        super().handle(message)


def test_each_of_those_nearby_is_told_once_by_one_route() -> None:
    nearby = Nearby()
    nearby.press()
    assert sorted(nearby.told()) == sorted(NEAREST)
    nearby.press(run_s=60)
    assert sorted(nearby.told()) == sorted(NEAREST), "a repeat is recognised"


def test_a_route_that_is_away_leaves_them_to_the_other_at_once() -> None:
    nearby = Nearby(Says(AWAY), Says())
    nearby.press()
    assert {NUMBERS[one] for one in nearby.says[1].asked} >= NEAREST


def test_who_may_have_been_told_is_told_by_the_other_route_and_as_a_repeat() -> None:
    Noting.texts.clear()
    nearby = Nearby(Says(UNKNOWN), Says())
    nearby.press(run_s=30)
    asked = [one for one in nearby.says[0].asked if NUMBERS[one] in NEAREST]
    assert asked, "the first route had some of them"
    repeats = [text for text in Noting.texts if text.startswith(REPEATS)]
    assert len(repeats) == len(asked)


def test_what_an_earlier_process_may_have_told_is_told_as_a_repeat() -> None:
    Noting.texts.clear()
    nearby = Nearby(has_predecessor=True)
    nearby.press()
    near = [text for text in Noting.texts if CODE.search(text)]
    assert len(near) == len(NEAREST)
    assert all(text.startswith(REPEATS) for text in near)


def test_after_ten_minutes_no_press_is_one_of_before() -> None:
    Noting.texts.clear()
    nearby = Nearby(has_predecessor=True)
    nearby.world.run(RESENT.total_seconds())
    nearby.press()
    assert not any(text.startswith(REPEATS) for text in Noting.texts)


def test_once_its_rows_are_written_nobody_is_asked_any_more() -> None:
    nearby, store = Nearby(Says(AWAY), Says(AWAY)), MemoryStore()
    nearby.press()
    nearby.write(store)
    before = len(nearby.told())
    nearby.world.run(60)
    assert len(nearby.told()) == before
    (alarm,) = nearby.recorded
    planned = store.reader().effects(frozenset({EffectState.PLANNED}))
    assert len(planned) >= len(NEAREST), "they are the dispatcher's to send now"
    assert nearby.cases.owed(store.epoch) == []
    assert alarm.alias == "Heron"


def test_rows_say_who_was_told_and_of_whom_nobody_knows() -> None:
    nearby, store = Nearby(Says(), Says(UNKNOWN)), MemoryStore()
    nearby.press()
    nearby.write(store)
    rows = store.reader().effects(frozenset(EffectState))
    states = {
        row.effect_id.split(".")[3]: row.state
        for row in rows
        if row.effect_id.split(".")[3] in NEAREST
    }
    assert set(states) == NEAREST
    assert set(states.values()) == {EffectState.ACCEPTED}, "the other route had them"


def test_what_is_told_while_a_commit_lasts_is_in_rows_as_well() -> None:
    first, second = Says(None), Says(None)
    nearby, store = Nearby(first, second), MemoryStore()
    nearby.press()
    parts = nearby.cases.owed(store.epoch)
    for number in (*first.asked, *second.asked):
        Noting.answers[number](TAKEN)
    nearby.world.run(1)
    answers = store.commit([one for one, _ in parts], nearby.world.now())
    for (_, reply), answer in zip(parts, answers, strict=True):
        reply(answer)
    nearby.write(store)
    sms = [
        row.state
        for row in store.reader().effects(frozenset(EffectState))
        if row.effect_id.split(".")[3] in NEAREST
    ]
    assert sms == [EffectState.ACCEPTED] * len(NEAREST)


def test_the_end_of_what_was_under_way_then_is_recorded_as_well() -> None:
    first, second = Says(None), Says()
    nearby, store = Nearby(first, second), MemoryStore()
    nearby.press()
    assert nearby.cases.is_sending()
    nearby.write(store)
    under_way = store.reader().effects(frozenset({EffectState.ATTEMPTING}))
    assert under_way
    for number in first.asked:
        Noting.answers[number](TAKEN)
    nearby.world.run(1)
    nearby.write(store)
    assert store.reader().effects(frozenset({EffectState.ATTEMPTING})) == []


def test_what_a_route_that_ended_had_in_hand_is_unknown() -> None:
    nearby, store = Nearby(Says(None), Says(None)), MemoryStore()
    nearby.press()
    nearby.write(store)
    assert store.reader().effects(frozenset({EffectState.ATTEMPTING}))
    for one in nearby.says:
        one.outcome = ZeroDivisionError()
    for name in ("modem-1", "modem-2"):
        shout = Shout(
            channel="sms", body=EffectBody(address="+1", language="en", segments=())
        )
        nearby.tree.names.tell(name, shout)
    nearby.world.run(30)
    nearby.write(store)
    assert store.reader().effects(frozenset({EffectState.ATTEMPTING})) == []
    assert store.reader().effects(frozenset({EffectState.UNKNOWN}))


def test_an_answer_is_read_into_its_case_and_told_at_hq() -> None:
    Noting.texts.clear()
    nearby, store = Nearby(), MemoryStore()
    nearby.press()
    text = next(text for text in Noting.texts if text.startswith("SOS K"))
    code = CODE.search(text)
    assert code is not None
    told = [*nearby.says[0].asked, *nearby.says[1].asked]
    sender = next(one for one in told if NUMBERS[one] == "lapwing")
    named = next(
        t for t in Noting.texts if t.startswith("SOS K") and t.endswith("Lantern")
    )
    found = CODE.search(named)
    assert found is not None
    sms = InboundSms(
        slot="1", sender=sender, text=f"{found[1]} 1", sent_at=None, pdu=""
    )
    record = record_of(sms, nearby.world.now())
    nearby.unrecorded.refused([record])
    nearby.world.run(1)
    assert any("Heron: Lapwing coming." in text for text in Noting.texts)
    nearby.write(store)
    rows = {row.key: row for row in store.reader().inbound(untaken_only=False)}
    assert rows[ReportKey(record.key)].taken_by, "nobody reads it a second time"


def test_words_without_a_code_are_read_into_the_case_of_their_writer() -> None:
    Noting.texts.clear()
    nearby, store = Nearby(), MemoryStore()
    nearby.press()
    sender = next(number for number, name in NUMBERS.items() if name == "lapwing")
    words = "I am at the police station, she is not here"
    sms = InboundSms(slot="1", sender=sender, text=words, sent_at=None, pdu="")
    record = record_of(sms, nearby.world.now())
    nearby.unrecorded.refused([record])
    nearby.world.run(1)
    assert any(f"Heron: Lapwing wrote. Raw: {words}" in text for text in Noting.texts)
    nearby.write(store)
    (row,) = (
        r for r in store.reader().inbound(untaken_only=False) if r.key == record.key
    )
    assert row.taken_by, "nobody reads it a second time"


def test_a_mistake_in_deciding_leaves_hq_told() -> None:
    nearby = Nearby()
    broken = replace(nearby.cases._desk, codes=lambda _: ())
    nearby.cases._desk = broken
    nearby.press()
    assert nearby.told() == []
    assert any(nearby.says[0].asked)
