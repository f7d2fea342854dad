"""Ladders: the next channel where proof of delivery does not come in time."""

from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.schedule import next_due
from engine.alarm.state import ReplyKind
from engine.ports.journal import EffectState
from engine.protocol.model import Audience
from tests.engine.alarm.scene import ALDER, ROWAN, Scene, colleague
from tests.engine.alarm.test_steps import protocol

LADDER = """
count = 1
[[step.ladder]]
channel = "sms"
proof = "delivered"
within_s = 60
[[step.ladder]]
channel = "call"
proof = "answered"
within_s = 120
[[step.ladder]]
channel = "email"
proof = "accepted"
within_s = 60
"""


def climbing() -> Scene:
    one = colleague("c1", 1.0)
    ways = (("sms", "+1"), ("call", "+1"), ("email", "c1@x"))
    one = structs.replace(one, addresses=ways)
    scene = Scene(protocol=protocol(LADDER), colleagues=(one,)).raised()
    scene.acknowledge()
    return scene


def channels(scene: Scene) -> list[str]:
    return [planned.channel for planned in scene.planned(Audience.NEAREST)]


def test_a_ladder_goes_up_where_proof_does_not_come_in_time() -> None:
    scene = climbing()
    assert channels(scene) == ["sms"]
    scene.settle_all(EffectState.ACCEPTED)
    scene.run(59)
    assert channels(scene) == ["sms"]
    scene.run(2)
    assert channels(scene) == ["sms", "call"], "accepted is not delivered"
    scene.settle_all(EffectState.DELIVERED)
    scene.run(120)
    assert channels(scene) == ["sms", "call", "email"], "ringing is not answering"
    scene.settle_all(EffectState.ACCEPTED)
    scene.run(3600)
    assert len(channels(scene)) == 3


def test_a_ladder_stops_at_the_proof_that_it_wants() -> None:
    scene = climbing()
    scene.settle_all(EffectState.DELIVERED)
    scene.run(3600)
    assert channels(scene) == ["sms"]


def test_a_human_answer_is_every_proof() -> None:
    scene = climbing()
    scene.settle_all(EffectState.ACCEPTED)
    scene.reply("c1", ReplyKind.COMING)
    scene.run(3600)
    assert channels(scene) == ["sms"]


@pytest.mark.parametrize("state", [EffectState.UNDELIVERED, EffectState.EXPIRED])
def test_what_has_certainly_failed_does_not_wait_for_its_time(
    state: EffectState,
) -> None:
    scene = climbing()
    scene.settle_all(state)
    assert "call" in channels(scene)


def test_repeats_on_a_rung_give_it_no_more_time() -> None:
    scene = climbing()
    scene.settle_all(EffectState.UNKNOWN)
    scene.settle_all(EffectState.ACCEPTED)
    scene.run(61)
    assert channels(scene).count("call") == 1


def test_a_rung_without_an_address_is_passed_over() -> None:
    one = structs.replace(colleague("c1", 1.0), addresses=(("email", "c1@x"),))
    scene = Scene(protocol=protocol(LADDER), colleagues=(one,)).raised()
    assert channels(scene) == ["email"]


def test_the_next_rung_stands_in_the_schedule() -> None:
    scene = climbing()
    scene.settle_all(EffectState.ACCEPTED)
    due = next_due(scene.state(), scene.now)
    assert due is not None
    assert due.since(scene.now) == timedelta(seconds=60)


def test_nobody_climbs_for_a_case_that_is_closed() -> None:
    scene = climbing()
    scene.settle_all(EffectState.ACCEPTED)
    scene.confirm_safe(ROWAN)
    scene.close(ALDER)
    assert not scene.state().is_open
    scene.run(600, each_due=scene.settle_all)
    assert channels(scene) == ["sms"]
