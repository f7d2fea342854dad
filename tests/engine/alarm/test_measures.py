"""What is measured of alarms: how many wait, and the times that are promised."""

from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.measures import Measures
from engine.alarm.rows import kind_in
from engine.alarm.state import Alarm, Kind, Response
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from engine.roster.model import Word
from engine.values import AlarmId
from tests.engine.alarm.scene import Scene
from tests.fakes import ManualClock


class Telemetry:
    def __init__(self) -> None:
        self.kinds: dict[tuple[str, str], float] = {}
        self.counts: list[tuple[str, str]] = []
        self.seen: dict[str, list[float]] = {}

    def count(self, name: str, amount: float = 1, **labels: str) -> None:
        del amount
        self.counts.append((name, labels.get("kind", "")))

    def gauge(self, name: str, value: float, **labels: str) -> None:
        assert name == "alarms"
        self.kinds[labels.get("kind", ""), labels.get("state", "")] = value

    def observe(self, name: str, value: float, **labels: str) -> None:
        del labels
        self.seen.setdefault(name, []).append(value)


def alarm_of(scene: Scene) -> Alarm:
    assert scene.alarm is not None
    return scene.alarm


def watched(clock: ManualClock) -> tuple[Scene, Measures, Telemetry]:
    telemetry = Telemetry()
    measures = Measures(telemetry, clock)
    scene = Scene()
    scene.raised()
    measures.changed(alarm_of(scene), tuple(scene.events))
    return scene, measures, telemetry


def test_an_alarm_that_nobody_was_told_of_grows_old(clock: ManualClock) -> None:
    scene, measures, telemetry = watched(clock)
    assert telemetry.counts == [("alarms_raised_total", "real")]
    assert telemetry.kinds["real", "notifying"] == 1
    age_s = measures.oldest_unnotified_s(Kind.REAL)
    clock.advance(30)
    assert measures.oldest_unnotified_s(Kind.REAL) == age_s + 30
    events = scene.settle(scene.waiting()[0], EffectState.ACCEPTED)
    measures.changed(alarm_of(scene), events)
    assert measures.oldest_unnotified_s(Kind.REAL) == 0
    assert len(telemetry.seen["report_to_first_notification_seconds"]) == 1
    assert measures.oldest_unacknowledged_s(Kind.REAL) > 0


def test_the_second_notification_is_not_the_first(clock: ManualClock) -> None:
    scene, measures, telemetry = watched(clock)
    for effect in scene.waiting()[:2]:
        events = scene.settle(effect, EffectState.ACCEPTED)
        measures.changed(alarm_of(scene), events)
    assert len(telemetry.seen["report_to_first_notification_seconds"]) == 1


def test_the_first_notification_is_measured_once_bug_its_delivery_counted_as_well(
    clock: ManualClock,
) -> None:
    scene, measures, telemetry = watched(clock)
    first, *_ = scene.waiting()
    for state in (EffectState.ACCEPTED, EffectState.DELIVERED):
        events = scene.settle(first, state)
        measures.changed(alarm_of(scene), events)
    assert len(telemetry.seen["report_to_first_notification_seconds"]) == 1


def test_acknowledging_ends_the_waiting_and_closing_the_count(
    clock: ManualClock,
) -> None:
    scene, measures, telemetry = watched(clock)
    events = scene.acknowledge()
    measures.changed(alarm_of(scene), events)
    assert measures.oldest_unacknowledged_s(Kind.REAL) == 0
    assert len(telemetry.seen["report_to_acknowledgement_seconds"]) == 1
    assert telemetry.kinds["real", "acknowledged"] == 1
    events = scene.close()
    measures.changed(alarm_of(scene), events)
    assert telemetry.kinds["real", "acknowledged"] == 0
    assert ("alarms_closed_total", "real") in telemetry.counts


def test_a_number_that_has_not_moved_is_not_told_again(clock: ManualClock) -> None:
    scene, measures, telemetry = watched(clock)
    telemetry.kinds.clear()
    measures.changed(alarm_of(scene), scene.tick())
    assert telemetry.kinds == {}


def test_what_was_open_before_the_start_is_counted(clock: ManualClock) -> None:
    telemetry = Telemetry()
    measures = Measures(telemetry, clock)
    measures.seed(
        [
            (AlarmId("a"), Kind.REAL, Response.NOTIFYING.value, clock.now()),
            (AlarmId("b"), Kind.REAL, Response.CLOSED.value, clock.now()),
        ],
        told={AlarmId("a")},
    )
    clock.advance(60)
    assert telemetry.kinds["real", "notifying"] == 1
    assert measures.oldest_unacknowledged_s(Kind.REAL) == 60
    assert measures.oldest_unnotified_s(Kind.REAL) == 0


@pytest.mark.parametrize("status", ["notifying", "acknowledged_without_lease"])
def test_whom_nobody_was_told_of_before_a_start_counts_bug_only_once_looked_at(
    clock: ManualClock, status: str
) -> None:
    before = [(AlarmId("a"), Kind.REAL, status, clock.now())]
    clock.advance(600)
    measures = Measures(Telemetry(), clock)
    measures.seed(before, told=())
    assert measures.oldest_unnotified_s(Kind.REAL) == 600
    assert measures.oldest_unnotified_s(Kind.EXERCISE) == 0


def test_what_closes_before_it_was_looked_at_counts_no_more(
    clock: ManualClock,
) -> None:
    scene, _, _ = watched(clock)
    before = [(alarm_of(scene).id, Kind.REAL, "notifying", clock.now())]
    measures = Measures(Telemetry(), clock)
    measures.seed(before, told=())
    clock.advance(60)
    assert measures.oldest_unnotified_s(Kind.REAL) >= 60
    scene.acknowledge()
    events = scene.close()
    measures.changed(alarm_of(scene), events)
    assert measures.oldest_unnotified_s(Kind.REAL) == 0


def test_a_case_that_was_reopened_is_as_old_as_that_once_it_is_looked_at(
    clock: ManualClock,
) -> None:
    scene, _, _ = watched(clock)
    raised_at = clock.now()
    clock.advance(900)
    alarm = structs.replace(alarm_of(scene), opened_at=clock.now())
    measures = Measures(Telemetry(), clock)
    measures.seed([(alarm.id, Kind.REAL, "notifying", raised_at)], told=())
    assert measures.oldest_unnotified_s(Kind.REAL) == 900
    measures.found(alarm)
    assert measures.oldest_unnotified_s(Kind.REAL) == 0


def test_whom_nobody_was_told_of_before_the_start_is_seen_bug_the_age_was_0(
    clock: ManualClock,
) -> None:
    scene, _, _ = watched(clock)
    measures = Measures(Telemetry(), clock)
    before = [(alarm_of(scene).id, Kind.REAL, "notifying", clock.now())]
    measures.seed(before, told={alarm_of(scene).id})
    clock.advance(60)
    assert measures.oldest_unnotified_s(Kind.REAL) == 0
    measures.found(alarm_of(scene))
    assert measures.oldest_unnotified_s(Kind.REAL) >= 60
    scene.settle(scene.waiting()[0], EffectState.ACCEPTED)
    measures.found(alarm_of(scene))
    assert measures.oldest_unnotified_s(Kind.REAL) == 0


def test_the_first_notification_is_measured_once_bug_a_start_made_a_report_the_first(
    clock: ManualClock,
) -> None:
    scene, _, _ = watched(clock)
    first, *_ = scene.waiting()
    scene.settle(first, EffectState.ACCEPTED)
    telemetry = Telemetry()
    measures = Measures(telemetry, clock)
    measures.found(alarm_of(scene))
    events = scene.settle(first, EffectState.DELIVERED)
    measures.changed(alarm_of(scene), events)
    assert "report_to_first_notification_seconds" not in telemetry.seen


def test_an_untold_alarm_keeps_its_age_over_a_start_bug_a_press_made_it_young(
    clock: ManualClock,
) -> None:
    scene, before, _ = watched(clock)
    age_s = before.oldest_unnotified_s(Kind.REAL)
    clock.advance(540)
    alarm = structs.replace(alarm_of(scene), urgent_since=clock.now())
    measures = Measures(Telemetry(), clock)
    measures.found(alarm)
    assert measures.oldest_unnotified_s(Kind.REAL) == age_s + 540
    assert measures.oldest_unacknowledged_s(Kind.REAL) == 0


def reopened(clock: ManualClock, *, stops_went_out: bool) -> tuple[Scene, Measures]:
    """Have a case that everybody was told of end, and open again by a forced cancel.

    The end may have been told, and HQ alone may have opened it again.
    """
    scene, measures, _ = watched(clock)
    scene.settle_all()
    scene.now = scene.now.plus(timedelta(minutes=2))
    scene.acknowledge()
    scene.close()
    if stops_went_out:
        scene.settle_all()
        scene.now = scene.now.plus(timedelta(minutes=2))
        scene.cancel(Word.DURESS)
    else:
        scene.reopen()
    measures.changed(alarm_of(scene), ())
    clock.advance(scene.now.since(clock.now()).total_seconds() + 60)
    return scene, measures


def test_whom_nobody_is_told_anew_of_is_seen_bug_what_was_sent_before_the_end_counted(
    clock: ManualClock,
) -> None:
    scene, measures = reopened(clock, stops_went_out=True)
    assert alarm_of(scene).force, "they were forced to call it off"
    assert measures.oldest_unnotified_s(Kind.REAL) >= 60
    for later in (measures, Measures(Telemetry(), clock)):
        later.found(alarm_of(scene))
        assert later.oldest_unnotified_s(Kind.REAL) >= 60
    scene.settle(scene.waiting()[0], EffectState.ACCEPTED)
    measures.changed(alarm_of(scene), ())
    assert measures.oldest_unnotified_s(Kind.REAL) == 0


def test_whoever_has_not_heard_of_an_end_has_been_told(clock: ManualClock) -> None:
    scene, measures = reopened(clock, stops_went_out=False)
    assert scene.waiting(), "who is on duty is paged anew"
    assert measures.oldest_unnotified_s(Kind.REAL) == 0


@pytest.mark.parametrize("audience", [Audience.DEFENDER, Audience.PUBLIC])
def test_what_brings_no_help_tells_nobody_bug_their_own_telephone_counted(
    clock: ManualClock, audience: Audience
) -> None:
    scene, measures, _ = watched(clock)
    first, *_ = scene.waiting()
    scene.settle(first, EffectState.ACCEPTED)
    alarm = alarm_of(scene)
    own = structs.replace(alarm.effects[first], audience=audience)
    clock.advance(60)
    effects = {**alarm.effects, first: own}
    measures.changed(structs.replace(alarm, effects=effects), ())
    assert measures.oldest_unnotified_s(Kind.REAL) >= 60
    measures.changed(alarm, ())
    assert measures.oldest_unnotified_s(Kind.REAL) == 0


def test_what_was_accepted_and_failed_before_a_start_was_the_first_already(
    clock: ManualClock,
) -> None:
    scene, _, _ = watched(clock)
    first, second, *_ = scene.waiting()
    for state in (EffectState.ACCEPTED, EffectState.UNDELIVERED):
        scene.settle(first, state)
    telemetry = Telemetry()
    measures = Measures(telemetry, clock)
    measures.found(alarm_of(scene))
    clock.advance(5)
    assert measures.oldest_unnotified_s(Kind.REAL) >= 5
    events = scene.settle(second, EffectState.ACCEPTED)
    measures.changed(alarm_of(scene), events)
    assert "report_to_first_notification_seconds" not in telemetry.seen


def test_a_case_that_was_found_and_closed_is_forgotten(clock: ManualClock) -> None:
    scene, _, _ = watched(clock)
    scene.settle(scene.waiting()[0], EffectState.ACCEPTED)
    telemetry = Telemetry()
    measures = Measures(telemetry, clock)
    measures.found(alarm_of(scene))
    scene.acknowledge()
    events = scene.close()
    measures.changed(alarm_of(scene), events)
    measures.found(alarm_of(scene))
    assert set(telemetry.kinds.values()) == {0}
    assert measures.oldest_unacknowledged_s(Kind.REAL) == 0


def test_an_exercise_is_counted_apart_bug_it_looked_like_somebody_in_need(
    clock: ManualClock,
) -> None:
    telemetry = Telemetry()
    measures = Measures(telemetry, clock)
    scene = Scene(kind=Kind.EXERCISE)
    scene.raised()
    measures.changed(alarm_of(scene), tuple(scene.events))
    seeded = [(AlarmId("before"), Kind.EXERCISE, "notifying", clock.now())]
    measures.seed(seeded, told=())
    clock.advance(400)
    assert telemetry.kinds["exercise", "notifying"] == 2
    assert telemetry.kinds["real", "notifying"] == 0
    for oldest_s in (measures.oldest_unacknowledged_s, measures.oldest_unnotified_s):
        assert (oldest_s(Kind.REAL), oldest_s(Kind.EXERCISE) >= 400) == (0, True)


@pytest.mark.parametrize(
    ("standing", "kind"),
    [
        ("real:heron", Kind.REAL),
        ("over/exercise:heron", Kind.EXERCISE),
        ("unseen/notice:message", Kind.NOTICE),
        ("", Kind.REAL),
        ("of-later:heron", Kind.REAL),
    ],
)
def test_the_clear_column_says_of_which_kind_an_open_case_is(
    standing: str, kind: Kind
) -> None:
    assert kind_in(standing) is kind
