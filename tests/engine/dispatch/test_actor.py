"""The dispatcher: what waits meets who is idle, and no hint is needed for it."""

from collections.abc import Callable, Iterable
from datetime import timedelta

import pytest
from msgspec import structs

from engine.dispatch.actor import (
    BACKLOG,
    RESCAN,
    Away,
    Failed,
    Hurry,
    Idle,
    Listening,
    Planned,
    RoutesChanged,
    Take,
    Withdrawn,
)
from engine.dispatch.attempts import Attempts
from engine.dispatch.choice import PATIENCE_MS
from engine.dispatch.outcomes import Settled, unknown_append
from engine.dispatch.queue import (
    RANK_DISTRESS,
    RANK_HQ,
    RANK_STOP,
)
from engine.dispatch.routes import BURST
from engine.health import Health
from engine.journal.memory import Medium
from engine.ports.journal import EffectClass, EffectState
from engine.protocol.lint_slips import KNOWN_CHANNELS
from engine.supervision.actor import SupervisedActor
from engine.supervision.child import ChildSpec, OnDown, Strategy
from engine.supervision.link import Link
from engine.supervision.supervisor import supervisor
from engine.values import EffectId
from tests.engine.dispatch.ledger import FULL, LOST, SILENT, Ledger, lives, row_of
from tests.engine.dispatch.wiring import attempts_on, dispatcher_on
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import Meter
from tests.simulation.runtime import World

Got = list[tuple[str, str]]


class Route(SupervisedActor[object]):
    """Notes what it is given; dies when it is told to."""

    def __init__(self, *, link: Link, got: Got) -> None:
        super().__init__(link=link)
        self.got = got

    def handle(self, message: object) -> None:
        match message:
            case Take():
                given = (message.row, *message.behind)
                self.got += [(self.link.name, row.effect_id) for row in given]
            case Hurry():
                self.got.append((self.link.name, "hurry"))
            case _:
                raise ZeroDivisionError


class Rig:
    def __init__(
        self, medium: Medium | None = None, channels: Iterable[str] = KNOWN_CHANNELS
    ) -> None:
        self.world, self.channels = World(1), channels
        self.ledger = Ledger(self.world, medium)
        self.got: Got = []
        self.settled: list[Settled] = []
        self.meter = Meter()
        self.health = Health(self.meter)
        self.tree = tree_in(self.world)

    def start(self) -> "Rig":
        def route(name: str) -> ChildSpec:
            return ChildSpec(
                name=name,
                actor=Route,
                arguments={"got": self.got},
                on_down=OnDown.RETRY_FOREVER,
                intensity=0,
                retry_s=3600.0,
            )

        dispatcher = dispatcher_on(
            self.ledger,
            self.settled.append,
            meter=self.meter,
            health=self.health,
            channels=self.channels,
        )
        routes = [route("modem-1"), route("modem-2"), route("email")]
        children = [dispatcher, supervisor("routes", Strategy.ONE_FOR_ONE, routes)]
        grow(self.tree, self.world, children)
        return self

    def tell(self, message: object, name: str = "dispatcher") -> None:
        assert self.tree.names.tell(name, message)
        self.world.run(0.1)

    def idle(self, name: str, *channels: str) -> None:
        self.tell(Idle(worker=name, channels=channels or ("sms", "call")))

    def attempts(self, route: str, told: Callable[[Settled], None]) -> Attempts:
        return attempts_on(self.ledger, route, told)


@pytest.fixture
def rig() -> Rig:
    return Rig().start()


def test_what_is_planned_goes_to_who_is_idle_once(rig: Rig) -> None:
    row = row_of()
    rig.ledger.plan(row)
    rig.idle("modem-1")
    rig.tell(Planned(rows=(row,)))
    rig.tell(Planned(rows=(row,)))
    assert rig.got == [("modem-1", "e1")]


def test_a_lost_hint_is_found_again_in_the_rows(rig: Rig) -> None:
    rig.idle("modem-1")
    rig.ledger.plan(row_of())
    rig.world.run(2.5)
    assert rig.got == [("modem-1", "e1")]


def test_with_a_backlog_the_rows_are_read_less_often_and_not_never(rig: Rig) -> None:
    many = [row_of(f"m{number}", channel="email") for number in range(BACKLOG + 1)]
    rig.tell(Planned(rows=tuple(many)))
    rig.idle("modem-1")
    rig.world.run(5)
    rig.ledger.plan(row_of("lost"))
    rig.world.run(5)
    assert rig.got == []
    rig.world.run(8)
    assert rig.got == [("modem-1", "lost")]


def test_what_was_handed_over_and_never_begun_is_handed_over_again(rig: Rig) -> None:
    rig.ledger.plan(row_of())
    rig.idle("modem-1")
    rig.idle("modem-2")
    rig.world.run(10)
    assert rig.got == [("modem-1", "e1"), ("modem-2", "e1")]


def test_a_withdrawn_effect_is_not_handed_over(rig: Rig) -> None:
    rig.tell(Planned(rows=(row_of(),)))
    rig.tell(Withdrawn(effects=(EffectId("e1"),)))
    rig.idle("modem-1")
    assert rig.got == []


def test_a_route_gets_only_its_own_channels(rig: Rig) -> None:
    rig.tell(Planned(rows=(row_of("mail", channel="email"), row_of("sms"))))
    rig.idle("email", "email")
    rig.idle("modem-1")
    assert rig.got == [("email", "mail"), ("modem-1", "sms")]


def test_the_most_urgent_is_handed_over_first(
    rig: Rig, monkeypatch: pytest.MonkeyPatch
) -> None:
    rig.idle("email", "email")
    rig.idle("modem-1")
    told: list[str] = []
    tell = rig.tree.names.tell

    def noting(name: str, message: object) -> bool:
        if isinstance(message, Take):
            told.append(name)
        return tell(name, message)

    monkeypatch.setattr(rig.tree.names, "tell", noting)
    mail = row_of("mail", channel="email", rank=RANK_HQ)
    rig.tell(Planned(rows=(mail, row_of("sms", rank=RANK_DISTRESS))))
    assert told == ["modem-1", "email"]


def test_who_takes_several_is_given_a_share_of_many(rig: Rig) -> None:
    rows = [row_of(f"m{number}", channel="email") for number in range(7)]
    rig.tell(Planned(rows=tuple(rows)))
    rig.tell(Away(worker="modem-1"))
    rig.tell(Idle(worker="email", channels=("email",), takes=4))
    assert rig.got == [("email", f"m{number}") for number in range(4)]
    rig.tell(Idle(worker="modem-2", channels=("email",), takes=4))
    assert rig.got[4:] == [("modem-2", "m4")], "two are up, and three wait"


def test_what_is_exclusive_is_handed_over_alone(rig: Rig) -> None:
    rows = [
        structs.replace(
            row_of(name, channel="email"), effect_class=EffectClass.EXCLUSIVE
        )
        for name in ("one", "two", "three")
    ]
    rig.tell(Planned(rows=tuple(rows)))
    rig.tell(Idle(worker="email", channels=("email",), takes=4))
    assert rig.got == [("email", "one")]


def test_a_repeat_goes_round_the_doubtful_route(rig: Rig) -> None:
    rig.idle("modem-2")
    rig.tell(Planned(rows=(row_of("other"),)))
    rig.idle("modem-1")
    rig.tell(Planned(rows=(row_of("repeat", avoid_route="modem-1"),)))
    assert ("modem-1", "repeat") not in rig.got
    rig.idle("modem-2")
    assert ("modem-2", "repeat") in rig.got


def test_just_after_a_start_a_repeat_waits_for_the_other_route_to_come_up() -> None:
    """Two modems: whoever opened its port first had what it had failed at itself."""
    rig = Rig(channels=["sms", "sms"]).start()
    rows = (row_of("repeat", avoid_route="modem-1"), row_of("other"))
    rig.tell(Planned(rows=rows))
    rig.idle("modem-1")
    assert rig.got == [("modem-1", "other")], "only what it has failed at waits"
    rig.idle("modem-1")
    rig.idle("modem-2")
    assert rig.got[1:] == [("modem-2", "repeat")]


def test_a_repeat_waits_for_some_seconds_and_no_more_for_a_route_that_never_comes() -> (
    None
):
    rig = Rig(channels=["sms", "sms"]).start()
    rig.ledger.plan(row_of("repeat", avoid_route="modem-1"))
    rig.idle("modem-1")
    assert rig.got == []
    rig.world.run(PATIENCE_MS / 1000 + RESCAN.total_seconds())
    assert rig.got == [("modem-1", "repeat")]


def test_a_route_that_went_away_or_died_is_no_way_round_bug_waited_for_the_dead(
    rig: Rig,
) -> None:
    rig.idle("modem-1")
    rig.idle("modem-2")
    rig.tell(Away(worker="modem-2"))
    rig.tell(Planned(rows=(row_of("repeat", avoid_route="modem-1"),)))
    assert rig.got == [("modem-1", "repeat")]
    rig.idle("modem-2")
    rig.idle("modem-1")
    rig.tell("die", name="modem-2")
    rig.tell(Planned(rows=(row_of("again", avoid_route="modem-1"),)))
    assert rig.got[-1] == ("modem-1", "again")


def test_at_a_start_whatever_was_under_way_is_unknown_and_the_alarm_is_told() -> None:
    medium = Medium()
    before = Rig(medium)
    before.ledger.plan(row_of("e1"), row_of("e2"))
    assert before.attempts("modem-1", before.settled.append).begin(row_of("e1"), lives)
    rig = Rig(medium).start()
    assert rig.ledger.state("e1") is EffectState.UNKNOWN
    assert [(s.effect, s.route, s.outcome.state) for s in rig.settled] == [
        ("e1", "modem-1", EffectState.UNKNOWN)
    ]
    rig.idle("modem-2")
    assert rig.got == [("modem-2", "e2")], "what was only planned goes out"


@pytest.mark.parametrize("fault", [SILENT, LOST, FULL])
def test_what_a_route_that_is_gone_left_is_told_bug_only_at_the_next_start(
    fault: str,
) -> None:
    """The configuration dropped the route, and the journal gave no answer at first."""
    medium = Medium()
    before = Rig(medium)
    before.ledger.plan(row_of("e1"))
    assert before.attempts("gone", before.settled.append).begin(row_of("e1"), lives)
    rig = Rig(medium)
    rig.ledger.fault = lambda _: fault
    rig.start().world.run(30)
    assert rig.settled == []
    rig.ledger.fault = lambda _: ""
    rig.world.run(5)
    assert rig.ledger.state("e1") is EffectState.UNKNOWN
    assert [(s.effect, s.route, s.outcome.state) for s in rig.settled] == [
        ("e1", "gone", EffectState.UNKNOWN)
    ]
    asked = len(rig.ledger.asked)
    rig.world.run(30)
    assert len(rig.ledger.asked) == asked, "and nothing is asked any more"


def test_what_waits_is_measured(rig: Rig) -> None:
    old = rig.world.now().plus(timedelta(seconds=-40)).ms
    rig.ledger.plan(row_of("old", planned_ms=old))
    rig.world.run(4)
    assert rig.meter.shown["oldest_planned_effect_seconds", ""] > 40
    assert rig.meter.shown["planned_effects", ""] == 1


def test_of_two_idle_routes_the_one_that_reaches_is_given_the_message(rig: Rig) -> None:
    rig.tell(Failed(worker="modem-1", address="+46701740605"))
    rig.idle("modem-1")
    rig.idle("modem-2")
    rig.tell(Planned(rows=(row_of("sos"),)))
    assert rig.got == [("modem-2", "sos")]
    rig.tell(Planned(rows=(row_of("next"),)))
    assert rig.got[-1] == ("modem-1", "next"), "nothing waits for a better route"


def test_an_operator_on_which_two_fail_at_once_is_reported_until_one_succeeds(
    rig: Rig,
) -> None:
    rig.tell(Idle(worker="modem-1", channels=("sms",), operator="Telia"))
    rig.tell(Idle(worker="modem-2", channels=("sms",), operator="Tele2"))
    for number in ("+46701740605", "+46701740606"):
        assert rig.health.reasons() == {}
        rig.tell(Failed(worker="modem-1", address=number))
    assert rig.health.reasons() == {"operator_down": ("modem-1",)}
    rig.tell(Planned(rows=(row_of("sos", address="+998901234567"),)))
    assert rig.got == [("modem-2", "sos")]
    rig.tell(Idle(worker="modem-1", channels=("sms",), reached="+46701740607"))
    assert rig.health.reasons() == {}


def test_what_waits_for_a_channel_that_is_configured_no_more_is_told_bug_in_silence(
    rig: Rig,
) -> None:
    rig.ledger.plan(row_of("page", channel="matrix"))
    rig.world.run(2.5)
    assert rig.health.reasons() == {"channel_down": ("matrix",)}
    withdraw = structs.replace(
        unknown_append(row_of("page"), rig.ledger.epoch),
        stream="alarm/a",
        expected_seq=1,
        changes=(),
        withdraws=(EffectId("page"),),
    )
    rig.ledger.ask(withdraw, 1.0)
    rig.tell(Withdrawn(effects=(EffectId("page"),)))
    rig.world.run(2.5)
    assert rig.health.reasons() == {}


def test_what_is_no_sos_waits_for_the_bucket_and_an_sos_does_not(rig: Rig) -> None:
    for number in range(int(BURST) + 5):
        rig.idle("modem-1")
        rig.tell(Planned(rows=(row_of(f"sos-{number}"),)))
    rig.idle("modem-1")
    stop = row_of("stop", rank=RANK_STOP)
    rig.ledger.plan(stop)
    rig.tell(Planned(rows=(stop, row_of("sos"))))
    assert rig.got[-1] == ("modem-1", "sos")
    rig.idle("modem-1")
    assert rig.got[-1] == ("modem-1", "sos")
    rig.world.run(30)
    assert rig.got[-1] == ("modem-1", "stop")


def test_a_route_that_listens_is_hurried_where_it_is_the_last_one(rig: Rig) -> None:
    rig.idle("modem-2")
    rig.tell(Listening(worker="modem-1", channels=("sms", "call")))
    rig.tell(Planned(rows=(row_of("one"),)))
    rig.tell(Planned(rows=(row_of("two"),)))
    assert rig.got == [("modem-2", "one")], "modem-2 is busy, and up"
    rig.tell(Away(worker="modem-2"))
    assert rig.got[-1] == ("modem-1", "hurry")
    rig.tell(Planned(rows=(row_of("three"),)))
    assert rig.got.count(("modem-1", "hurry")) == 1


def test_what_a_route_had_under_way_is_unknown_once_it_has_left_for_good(
    rig: Rig,
) -> None:
    for effect, route in (("e1", "modem-1"), ("e2", "modem-2")):
        row = row_of(effect)
        rig.ledger.plan(row)
        assert rig.attempts(route, lambda _: None).begin(row, lambda: None)
    rig.tell(RoutesChanged())
    assert rig.settled == []
    rig.tell(RoutesChanged(gone="modem-1"))
    assert [(one.effect, one.route) for one in rig.settled] == [("e1", "modem-1")]
    assert [one.outcome.state for one in rig.settled] == [EffectState.UNKNOWN]


def test_a_channel_that_is_configured_later_is_missed_no_more() -> None:
    known = ["sms"]
    rig = Rig(channels=known).start()
    rig.ledger.plan(row_of(channel="email"))
    rig.world.run(2.5)
    assert rig.health.reasons()["channel_down"] == ("email",)
    known.append("email")
    rig.tell(RoutesChanged())
    rig.world.run(2.5)
    assert "channel_down" not in rig.health.reasons()
