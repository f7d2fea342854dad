"""Any life of an alarm: replay equals live, and the rules that no order breaks."""

from dataclasses import replace
from datetime import timedelta

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule

from engine.alarm.case_events import TakenIn
from engine.alarm.casework import people_of
from engine.alarm.codec import replay
from engine.alarm.commands import Close, Follow, HandOver, HandPeopleOn, TakeIn, Tick
from engine.alarm.decide import consider
from engine.alarm.events import (
    AlarmAcknowledged,
    AlarmClosed,
    AlarmRaised,
    AlarmReopened,
    AlarmVerified,
    CancelRequested,
    NotificationPlanned,
    PressJoined,
    PublicationApproved,
    QuorumReached,
    ReplyReceived,
    SafetyConfirmed,
    VerdictGiven,
)
from engine.alarm.rows import append_of, head_of
from engine.alarm.schedule import next_due
from engine.alarm.state import (
    VERDICTS,
    Alarm,
    CloseReason,
    ReplyKind,
    SourceDoubt,
    Truth,
)
from engine.journal.memory import MemoryStore
from engine.ports.journal import Appended, EffectClass, EffectState
from engine.protocol.model import Audience
from engine.roster.model import Word
from engine.values import AlarmId, CommandId, OperatorId
from tests.engine.alarm.scene import ALARM, PROTOCOLS, TASHKENT, Scene

OPERATORS = st.sampled_from(["alder", "rowan"]).map(OperatorId)
OUTCOMES = st.sampled_from(
    [state for state in EffectState if state is not EffectState.PLANNED]
)


class AlarmLife(RuleBasedStateMachine):
    """Draws commands; holds the alarm to what must be true of every life."""

    scene: Scene
    store: MemoryStore
    stored: int
    before: Alarm | None

    @initialize(
        name=st.sampled_from(sorted(PROTOCOLS)),
        consented=st.booleans(),
        doubt=st.none() | st.sampled_from(SourceDoubt),
    )
    def raised(self, *, name: str, consented: bool, doubt: SourceDoubt | None) -> None:
        self.scene = Scene(protocol=PROTOCOLS[name], consented=consented)
        self.store = MemoryStore()
        self.stored, self.before = 0, None
        self.scene.raised("first", doubt=doubt)

    @rule(seconds=st.integers(0, 400))
    def time_passes(self, seconds: int) -> None:
        self.scene.run(seconds)

    @rule(index=st.integers(0, 500), state=OUTCOMES, retry=st.booleans())
    def an_effect_settles(self, *, index: int, state: EffectState, retry: bool) -> None:
        effects = sorted(self.scene.state().effects)
        if effects:
            self.scene.settle(effects[index % len(effects)], state, retry=retry)

    @rule(person=st.integers(1, 8), kind=st.sampled_from(ReplyKind), real=st.booleans())
    def somebody_answers(self, *, person: int, kind: ReplyKind, real: bool) -> None:
        self.scene.reply(f"c{person}", kind, authentic=real)

    @rule(key=st.integers(0, 9))
    def the_button_is_pressed(self, key: int) -> None:
        self.scene.raised(f"press-{key}")

    @rule(north_deg=st.floats(-0.1, 0.1))
    def the_device_says_where_it_is(self, north_deg: float) -> None:
        place = replace(TASHKENT, lat_deg=41.3 + north_deg, at=self.scene.now)
        self.scene.do(Follow(command_id=self.scene.command_id(), place=place))

    @rule(word=st.none() | st.sampled_from(Word))
    def a_cancel_comes(self, word: Word | None) -> None:
        self.scene.cancel(word)

    @rule(person=st.integers(1, 8), kind=st.sampled_from(ReplyKind))
    def somebody_is_forced_to_answer(self, *, person: int, kind: ReplyKind) -> None:
        self.scene.reply(f"c{person}", kind, duress=True)

    @rule(word=st.none() | st.sampled_from(Word))
    def the_defender_answers_that_they_are_safe(self, word: Word | None) -> None:
        self.scene.reply("heron", ReplyKind.SAFE, word=word)

    @rule(by=OPERATORS)
    def confirm_safe(self, by: OperatorId) -> None:
        self.scene.confirm_safe(by)

    @rule(by=OPERATORS)
    def acknowledge(self, by: OperatorId) -> None:
        self.scene.acknowledge(by)

    @rule(by=OPERATORS, truth=st.sampled_from([Truth.VERIFIED, Truth.FALSE]))
    def verify(self, by: OperatorId, truth: Truth) -> None:
        self.scene.verify(truth, by)

    @rule(by=OPERATORS)
    def approve(self, by: OperatorId) -> None:
        self.scene.approve(by)

    @rule(by=OPERATORS)
    def close(self, by: OperatorId) -> None:
        self.scene.close(by)

    @rule(by=OPERATORS)
    def merge(self, by: OperatorId) -> None:
        self.scene.do(
            Close(
                command_id=self.scene.command_id(),
                by=by,
                reason=CloseReason.DUPLICATE,
                into=AlarmId("b2"),
            )
        )

    @rule(missing=st.booleans())
    def its_people_are_handed_on(self, *, missing: bool) -> None:
        self.scene.do(
            HandPeopleOn(
                command_id=self.scene.command_id(),
                into=AlarmId("b2"),
                missing=missing,
            )
        )

    @rule(person=st.integers(1, 30))
    def another_case_is_merged_into_it(self, person: int) -> None:
        one = TakenIn(
            person=f"c{person}",
            alias=f"C{person}",
            audience=Audience.NEAREST,
            language="en",
            sign="sign",
            code="b2-code",
            zone="UTC",
            ways=(("sms", f"+1555c{person}"),),
        )
        self.scene.do(
            TakeIn(
                command_id=self.scene.command_id(), other=AlarmId("b3"), people=(one,)
            )
        )

    @rule(by=OPERATORS, to=OPERATORS)
    def hand_over(self, by: OperatorId, to: OperatorId) -> None:
        self.scene.do(
            HandOver(command_id=self.scene.command_id(), by=by, to=to, note="words")
        )

    @rule(by=OPERATORS)
    def reopen(self, by: OperatorId) -> None:
        self.scene.reopen(by)

    @invariant()
    def replay_equals_live(self) -> None:
        assert replay(ALARM, None, self.scene.rows) == self.scene.state()

    @invariant()
    def the_journal_takes_every_decision_and_gives_it_back(self) -> None:
        new = tuple(self.scene.events[self.stored :])
        if not new:
            return
        append = append_of(
            self.before,
            self.scene.state(),
            new,
            CommandId(f"append-{self.stored}"),
            self.store.epoch,
            next_due(self.scene.state(), self.scene.now),
        )
        (answer,) = self.store.commit((append,), self.scene.now)
        assert isinstance(answer, Appended)
        self.before = replay(ALARM, self.before, answer.events)
        self.stored = len(self.scene.events)
        assert self.before == self.scene.state()

    @invariant()
    def only_an_operators_act_moves_the_case_on(self) -> None:
        acts = (AlarmAcknowledged, AlarmVerified, PublicationApproved, AlarmClosed)
        for event in self.scene.events:
            if isinstance(event, acts):
                assert event.by

    @invariant()
    def it_is_true_or_false_by_a_person_at_hq_or_by_enough_who_agree(self) -> None:
        state = self.scene.state()
        rule = state.protocol.verification
        spoken: dict[Truth, set[str]] = {Truth.VERIFIED: set(), Truth.FALSE: set()}
        for event in self.scene.events:
            if isinstance(event, ReplyReceived) and event.authentic:
                truth = VERDICTS.get(event.reply)
                if truth is not None:
                    spoken[truth].add(event.person)
            if isinstance(event, VerdictGiven):
                spoken[event.truth].add(event.by)
            if isinstance(event, QuorumReached):
                assert rule is not None
                assert len(set(event.names)) >= rule.needs
                assert set(event.names) <= spoken[event.truth]
        decided = (AlarmVerified, QuorumReached)
        if state.truth in {Truth.VERIFIED, Truth.FALSE}:
            last = [e for e in self.scene.events if isinstance(e, decided)][-1]
            assert last.truth is state.truth

    @invariant()
    def after_a_word_of_force_one_person_closes_nothing(self) -> None:
        forced, said = False, set[str]()
        for event in self.scene.events:
            match event:
                case CancelRequested():
                    forced |= event.press.duress
                    said = set() if event.press.duress else said
                case AlarmRaised() | PressJoined():
                    said = set()
                case ReplyReceived() if event.duress:
                    forced, said = True, set()
                case ReplyReceived() if event.authentic and event.person != "heron":
                    if event.reply in {ReplyKind.SAFE, ReplyKind.FALSE}:
                        said.add(event.person)
                case SafetyConfirmed():
                    said.add(event.by)
                case AlarmReopened() if not event.apparent:
                    forced, said = False, set()
                case AlarmClosed() if not event.apparent:
                    assert not forced or len(said | {event.by}) >= 2
                case _:
                    pass

    @invariant()
    def while_it_is_open_nobody_but_the_defender_hears_of_an_end(self) -> None:
        is_open = True
        for event in self.scene.events:
            if isinstance(event, AlarmClosed) and not event.apparent:
                is_open = False
            if isinstance(event, AlarmReopened):
                is_open = True
            if isinstance(event, NotificationPlanned):
                assert not (is_open and event.audience is Audience.TOLD)

    @invariant()
    def no_key_is_used_twice(self) -> None:
        keys = [planned.effect for planned in self.scene.planned()]
        assert len(keys) == len(set(keys))

    @invariant()
    def the_world_is_told_at_most_once_and_by_two_people(self) -> None:
        posts = self.scene.planned(Audience.PUBLIC)
        # No rule here has the far end say that it may take one later.
        assert len(posts) <= 1
        if posts:
            state = self.scene.state()
            assert state.consented
            assert state.approved is not None
            earlier = self.scene.events[: self.scene.events.index(posts[0])]
            judged = [
                e for e in earlier if isinstance(e, AlarmVerified | QuorumReached)
            ]
            assert judged[-1].truth is Truth.VERIFIED
            assert getattr(judged[-1], "by", "") != state.approved.by
            assert state.approved.by not in getattr(judged[-1], "names", ())

    @invariant()
    def an_unconfirmed_source_reaches_no_colleague_before_a_person_verified_it(
        self,
    ) -> None:
        confirmed = self.scene.protocol.trust_unconfirmed
        for event in self.scene.events:
            if isinstance(event, AlarmRaised | PressJoined):
                confirmed |= event.press.doubt is None
            confirmed |= (
                isinstance(event, AlarmVerified | QuorumReached)
                and event.truth is Truth.VERIFIED
            )
            if isinstance(event, NotificationPlanned):
                near = event.audience in {Audience.NEAREST, Audience.CONTACTS}
                assert confirmed or not near

    @invariant()
    def nothing_exclusive_is_ever_repeated(self) -> None:
        for planned in self.scene.planned():
            if planned.effect_class is EffectClass.EXCLUSIVE:
                assert planned.repeat_of is None

    @invariant()
    def an_open_alarm_that_nobody_has_acknowledged_always_has_a_deadline(self) -> None:
        state = self.scene.state()
        due = next_due(state, self.scene.now)
        if state.is_open and state.acknowledged is None:
            assert due is not None
            assert due.since(self.scene.now) <= timedelta(seconds=301)
        assert due is None or due >= self.scene.now

    @invariant()
    def whoever_was_told_hears_of_the_end(self) -> None:
        state = self.scene.state()
        stops = [s for s in state.protocol.steps if s.to is Audience.TOLD]
        if state.is_open or not stops:
            return
        if state.merged_into is not None:
            # They hear of the end of the case that goes on, which is told of them.
            assert state.handed_on or people_of(state) is not None
            return
        (stop,) = stops
        reached = {
            (one.person, channel)
            for one in state.taken_in
            for channel, _ in one.ways
            if channel in stop.channels
        } | {
            (effect.person, effect.channel)
            for effect in state.effects.values()
            if effect.audience
            not in {
                Audience.PUBLIC,
                Audience.TOLD,
                Audience.DEFENDER,
                Audience.EVERYONE,
            }
            and effect.channel in stop.channels
            and effect.state
            not in {EffectState.PLANNED, EffectState.WITHDRAWN, EffectState.REJECTED}
        }
        closed = max(
            i
            for i, e in enumerate(self.scene.events)
            if isinstance(e, AlarmClosed) and not e.apparent
        )
        stopped = {
            (planned.person, planned.channel)
            for planned in self.scene.events[closed:]
            if isinstance(planned, NotificationPlanned)
            and planned.audience is Audience.TOLD
        }
        assert reached <= stopped

    @invariant()
    def the_clear_columns_say_whether_it_must_be_looked_at(self) -> None:
        state, now = self.scene.state(), self.scene.now
        head = head_of(state, next_due(state, now))
        assert head.is_open == (state.is_open or head.next_due is not None)

    @invariant()
    def a_decision_names_what_falls_due_after_it(self) -> None:
        tick = Tick(command_id=CommandId("look"))
        decision = consider(ALARM, self.scene.state(), tick, {}, self.scene.now)
        assert decision.alarm is not None
        assert decision.due == next_due(decision.alarm, self.scene.now)


TestAlarmLife = AlarmLife.TestCase
TestAlarmLife.settings = settings(
    max_examples=40, stateful_step_count=25, deadline=None
)
