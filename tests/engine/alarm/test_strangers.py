"""A flood of alarms of nobody we know, before and beside one of somebody we know."""

from dataclasses import replace
from datetime import timedelta

from msgspec import structs

from engine.alarm.following import followed
from engine.alarm.rows import plans_of
from engine.alarm.state import Kind, KnownPlace, SourceDoubt
from engine.dispatch.queue import (
    RANK_HQ,
    RANK_STOP,
    RANK_STRANGER,
    RANK_STRANGERS_CALL,
    Queue,
)
from engine.ports.journal import EffectRow
from engine.protocol.registry import HQ_ALONE, UNKNOWN_DEVICE
from engine.values import AlarmId, Instant, PersonId
from tests.engine.alarm.scene import PROTOCOLS, Scene, press_of, raise_of
from tests.fakes import START

STRANGERS = 200
LATER = START.plus(timedelta(minutes=1))


def stranger(number: int, now: Instant = START) -> Scene:
    protocol = PROTOCOLS[UNKNOWN_DEVICE]
    scene = Scene(protocol=protocol, id=AlarmId(f"s{number}"), now=now)
    press = press_of(f"s{number}", now, doubt=SourceDoubt.UNKNOWN_DEVICE)
    command = raise_of(press, protocol, consented=False)
    scene.do(structs.replace(command, subject=f"device-{number}", defender=None))
    return scene


def test_nobody_looks_where_a_stranger_is_nor_without_an_alarm_or_after_it() -> None:
    """No board knows them, and would be asked for nobody, or for nothing."""
    ended = Scene().raised()
    ended.settle_all()
    ended.acknowledge()
    ended.close()
    for alarm in (stranger(1).state(), ended.state(), None):
        assert followed(alarm, dict[PersonId, KnownPlace]().__getitem__, LATER) is None


def waiting(*scenes: Scene) -> Queue:
    queue = Queue()
    for scene in scenes:
        for row in plans_of(scene.state(), tuple(scene.events)):
            queue.offer(row)
    return queue


def taken(queue: Queue, channel: str) -> list[EffectRow]:
    rows = []
    while (row := queue.take((channel,), lambda _: False)) is not None:
        rows.append(row)
    return rows


def test_two_hundred_strangers_delay_no_message_of_a_defenders_alarm() -> None:
    """Each of theirs went first: a modem was minutes at it before the first colleague.

    Anybody can send as many, and a page of each waits again a minute later.
    """
    flood = [stranger(number) for number in range(STRANGERS)]
    heron = Scene(now=LATER).raised()
    for channel in ("sms", "call", "email"):
        rows = taken(waiting(*flood, heron), channel)
        of_heron = [place for place, row in enumerate(rows) if row.alarm == "alarm/a1"]
        assert len(rows) >= STRANGERS
        assert of_heron == list(range(len(of_heron)))
        assert of_heron or channel == "call"


def test_nor_do_notices_of_everybody_whose_number_or_device_somebody_knows() -> None:
    """Each pages an officer by SMS as an alarm does, three minutes later."""
    flood = []
    for number in range(STRANGERS):
        scene = Scene(
            protocol=PROTOCOLS[HQ_ALONE], id=AlarmId(f"n{number}"), kind=Kind.NOTICE
        ).raised(f"n{number}")
        scene.run(180)
        flood.append(scene)
    heron = Scene(now=flood[0].now).raised()
    rows = taken(waiting(*flood, heron), "sms")
    of_heron = [place for place, row in enumerate(rows) if row.alarm == "alarm/a1"]
    assert len(rows) >= STRANGERS
    assert of_heron == list(range(len(of_heron)))


def test_a_strangers_alarm_is_told_all_the_same_and_by_every_way() -> None:
    rows = waiting(stranger(1))
    for channel in ("sms", "call", "email"):
        assert taken(rows, channel), channel


def test_what_pages_of_a_stranger_is_no_stop_message_that_a_sim_may_have_to_keep() -> (
    None
):
    rows = [row for way in ("sms", "call") for row in taken(waiting(stranger(1)), way)]
    stops = Scene().raised()
    stops.settle_all()
    stops.acknowledge()
    before = len(stops.events)
    stops.close()
    ended = plans_of(stops.state(), tuple(stops.events[before:]))
    assert max(row.rank for row in rows) < min(row.rank for row in ended)


def ranks(scene: Scene) -> set[tuple[str, str, int]]:
    """Return who is told, by which channel, with which rank."""
    rows = plans_of(scene.state(), tuple(scene.events))
    steps = {one.effect: one.step for one in scene.state().effects.values()}
    return {(steps[row.effect_id], row.channel, row.rank) for row in rows}


def test_of_a_stranger_the_pages_go_last_and_of_those_the_calls() -> None:
    scene = stranger(1)
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    assert ranks(scene) == {
        ("hq", "email", RANK_STRANGER),
        ("duty", "sms", RANK_STRANGER),
        ("duty", "call", RANK_STRANGERS_CALL),
        ("stop", "sms", RANK_STOP),
        ("stop", "email", RANK_STOP),
    }


def test_of_a_notice_the_pages_go_with_what_hq_gets_and_the_end_behind() -> None:
    protocol = PROTOCOLS[HQ_ALONE]
    stop = next(s for s in PROTOCOLS[UNKNOWN_DEVICE].steps if s.id == "stop")
    protocol = replace(protocol, steps=(*protocol.steps, stop))
    scene = Scene(protocol=protocol, kind=Kind.NOTICE).raised()
    scene.run(180, each_due=scene.settle_all)
    scene.acknowledge()
    scene.close()
    assert {(step, rank) for step, _, rank in ranks(scene)} == {
        ("hq", RANK_HQ),
        ("duty", RANK_HQ),
        ("stop", RANK_STOP),
    }
