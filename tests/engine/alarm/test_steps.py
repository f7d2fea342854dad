"""What a step may say beyond whom and when: growth, replacement, ladders, leases."""

import itertools
from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.commands import AddNote, Reveal
from engine.alarm.events import (
    AcknowledgementLapsed,
    ActRefused,
    StepFired,
)
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import KnownPlace, PlaceSource, ReplyKind
from engine.ports.journal import EffectState
from engine.protocol.model import ActionProtocol, Audience
from engine.protocol.parse import parse_protocol
from engine.roster.model import Word
from engine.values import Signal
from tests.engine.alarm.scene import (
    ALDER,
    PROTOCOLS,
    ROWAN,
    Scene,
    colleague,
    press_of,
    raise_of,
)

HQ = """
[[step]]
id = "hq"
to = "hq"
channels = ["email"]
text = "hq"

[[step]]
id = "duty"
to = "duty"
channels = ["sms"]
text = "page"
every_s = 60
stopped_by = ["acknowledged"]
"""
RULE = '[verification]\nneeds = 1\nwithin_s = 600\notherwise = "treat_as_real"\n'


def protocol(near: str = "", head: str = "") -> ActionProtocol:
    """Return an action protocol with these fields of its first step."""
    ways = "" if "ladder" in near else 'channels = ["sms"]\n'
    text = (
        f'name = "Mine"\nversion = 1\n{head}\n[[step]]\nid = "near"\nto = "nearest"\n'
        f'text = "sos"\n{ways}{near}\n{HQ}'
    )
    return parse_protocol(text, "mine.toml")


def scene_of(near: str = "", head: str = "") -> Scene:
    return Scene(protocol=protocol(near, head)).raised()


def told(scene: Scene) -> list[str]:
    return scene.told(Audience.NEAREST)


def test_each_round_asks_more_people_farther_away() -> None:
    scene = scene_of(
        "count = 1\nwithin_km = 15\ncount_more = 2\nwithin_more_km = 100\n"
        "every_s = 60\nrounds = 3"
    )
    scene.acknowledge()
    scene.run(600, each_due=scene.settle_all)
    asked = [one for one in scene.asked if one.audience is Audience.NEAREST]
    assert [(one.count, one.within_m) for one in dict.fromkeys(asked)] == [
        (1, 15_000.0),
        (3, 115_000.0),
        (5, 215_000.0),
    ]
    assert told(scene) == [f"c{number}" for number in range(1, 10)]


def test_whoever_turns_it_down_is_replaced_by_the_next_nearest_at_once() -> None:
    scene = scene_of("count = 2\nreplaces_declined = true")
    scene.reply("c1", ReplyKind.CANNOT)
    assert told(scene) == ["c1", "c2", "c3"]
    scene.reply("c1", ReplyKind.CANNOT)
    scene.reply("c2", ReplyKind.COMING)
    assert told(scene) == ["c1", "c2", "c3"], "nobody is replaced twice"
    scene.reply("c3", ReplyKind.CANNOT)
    assert told(scene)[-1] == "c4"


def test_a_replacement_is_no_round_of_its_own() -> None:
    scene = scene_of("count = 2\nreplaces_declined = true\nevery_s = 100\nrounds = 2")
    scene.acknowledge()
    scene.run(50, each_due=scene.settle_all)
    scene.reply("c1", ReplyKind.CANNOT)
    scene.run(49, each_due=scene.settle_all)
    assert len(told(scene)) == 3
    scene.run(2, each_due=scene.settle_all)
    assert len(told(scene)) == 5, "the second round comes when it was due"
    scene.run(500, each_due=scene.settle_all)
    assert len(told(scene)) == 5


def test_where_nobody_is_left_to_replace_somebody_it_is_tried_once() -> None:
    scene = Scene(
        protocol=protocol("count = 1\nreplaces_declined = true"),
        colleagues=(colleague("c1", 1.0),),
    ).raised()
    scene.reply("c1", ReplyKind.CANNOT)
    scene.tick()
    fired = [e for e in scene.of(StepFired) if getattr(e, "replaces", 0)]
    assert len(fired) == 1


def test_a_crowd_is_not_made_larger_than_agreed() -> None:
    near = "count = 3\nevery_s = 60\nrounds = 5"
    scene = scene_of(near, "crowd_max = 4\n")
    scene.acknowledge()
    scene.run(300, each_due=scene.settle_all)
    assert len(told(scene)) == 4
    scene.reply("c1", ReplyKind.CANNOT)
    scene.run(300, each_due=scene.settle_all)
    assert len(told(scene)) == 5, "whoever turns it down leaves room"


def test_a_full_crowd_uses_up_no_rounds() -> None:
    scene = scene_of("count = 2\nevery_s = 60\nrounds = 3", "crowd_max = 2\n")
    scene.acknowledge()
    scene.run(600, each_due=scene.settle_all)
    scene.tick()
    scene.reply("c1", ReplyKind.CANNOT)
    scene.run(600, each_due=scene.settle_all)
    fired = [e for e in scene.events if isinstance(e, StepFired)]
    rounds = [e.round for e in fired if e.step == "near"]
    assert rounds == [1, 2], "the round that had no room was not spent on nobody"
    assert told(scene) == ["c1", "c2", "c3"]


def test_a_chain_of_steps_without_delay_runs_in_one_decision() -> None:
    links = "".join(
        f'[[step]]\nid = "{one}"\nafter = "{after}"\nto = "hq"\n'
        f'channels = ["email"]\ntext = "hq"\n'
        for after, one in itertools.pairwise(("near", "b", "c", "d", "e"))
    )
    chained = parse_protocol(
        'name = "Chain"\nversion = 1\n[[step]]\nid = "near"\nto = "nearest"\n'
        f'channels = ["sms"]\ntext = "sos"\n{links}',
        "chain.toml",
    )
    scene = Scene(protocol=chained).raised()
    fired = [e.step for e in scene.events if isinstance(e, StepFired)]
    assert fired == ["near", "b", "c", "d", "e"]


def test_a_full_crowd_does_not_stop_what_has_to_be_sent_again() -> None:
    scene = scene_of("count = 2", "crowd_max = 2\n")
    effect = scene.planned(Audience.NEAREST)[0].effect
    scene.settle(effect, EffectState.UNKNOWN)
    assert [p.repeat for p in scene.planned(Audience.NEAREST)] == [0, 0, 1]


def test_an_acknowledgement_that_nobody_follows_up_lapses_and_hq_is_paged() -> None:
    scene = scene_of(head="acknowledgement_lease_s = 600\n")
    scene.acknowledge()
    scene.settle_all()
    pages = len(scene.planned(Audience.DUTY))
    scene.run(599, each_due=scene.settle_all)
    assert len(scene.planned(Audience.DUTY)) == pages
    scene.run(2)
    assert len(scene.of(AcknowledgementLapsed)) == 1
    assert scene.state().acknowledged is None
    assert len(scene.planned(Audience.DUTY)) == pages + 1


def test_whoever_acts_on_a_case_keeps_it() -> None:
    scene = scene_of(head="acknowledgement_lease_s = 600\n")
    scene.acknowledge()
    for act in (scene.acknowledge, scene.verify, scene.confirm_safe):
        scene.run(400, each_due=scene.settle_all)
        act()
    assert scene.of(AcknowledgementLapsed) == []
    assert scene.of(ActRefused) == []
    scene.run(601, each_due=scene.settle_all)
    assert len(scene.of(AcknowledgementLapsed)) == 1


@pytest.mark.parametrize("act", ["verify", "confirm_safe"])
def test_each_act_of_an_operator_begins_the_lease_anew(act: str) -> None:
    for agreed in (scene_of().protocol, PROTOCOLS["quorum"]):
        scene = Scene(protocol=replace(agreed, lease=timedelta(minutes=10))).raised()
        scene.acknowledge()
        scene.run(400, each_due=scene.settle_all)
        getattr(scene, act)()
        scene.run(599, each_due=scene.settle_all)
        assert scene.of(AcknowledgementLapsed) == []


def test_a_note_and_a_look_keep_a_case_and_words_of_nobody_at_hq_do_not() -> None:
    scene = scene_of(head="acknowledgement_lease_s = 600\n")
    scene.acknowledge()
    scene.run(400, each_due=scene.settle_all)
    scene.do(AddNote(command_id=scene.command_id(), by=ALDER, text="they drive"))
    scene.run(400, each_due=scene.settle_all)
    scene.do(Reveal(command_id=scene.command_id(), by=ALDER, what="place"))
    scene.run(400, each_due=scene.settle_all)
    assert scene.of(AcknowledgementLapsed) == []
    scene.do(AddNote(command_id=scene.command_id(), by=None, text="who is this"))
    scene.run(201, each_due=scene.settle_all)
    assert len(scene.of(AcknowledgementLapsed)) == 1


def test_colleagues_wait_for_the_countdown_and_hq_does_not() -> None:
    scene = scene_of(head=f"countdown_s = 10\n{RULE}")
    assert scene.told(Audience.HQ)
    assert scene.told(Audience.DUTY)
    assert told(scene) == []
    scene.run(11)
    assert len(told(scene)) == 5


@pytest.mark.parametrize("signal", [Signal.REMOVED, Signal.TAMPERED])
def test_a_device_that_is_torn_off_has_no_countdown(signal: Signal) -> None:
    scene = Scene(protocol=protocol(head=f"countdown_s = 10\n{RULE}"))
    scene.raised(signals=(Signal.SOS, signal))
    assert told(scene)


def test_a_second_press_ends_the_countdown() -> None:
    scene = scene_of(head=f"countdown_s = 10\n{RULE}").raised("again")
    assert told(scene)


def test_what_is_called_off_in_the_countdown_waits_for_hq_and_not_for_ever() -> None:
    scene = scene_of(head=f"countdown_s = 10\n{RULE}")
    scene.cancel()
    scene.run(500, each_due=scene.settle_all)
    assert told(scene) == []
    assert scene.state().is_open
    scene.run(200, each_due=scene.settle_all)
    assert told(scene), "nobody has said what it was, and it counts as real"


def test_a_forced_cancel_in_the_countdown_holds_nobody_back() -> None:
    scene = scene_of(head=f"countdown_s = 10\n{RULE}")
    scene.cancel(Word.DURESS)
    scene.run(11, each_due=scene.settle_all)
    assert told(scene)


def test_a_cancel_after_the_countdown_holds_nobody_back() -> None:
    scene = scene_of("every_s = 60\nrounds = 3", f"countdown_s = 10\n{RULE}")
    scene.run(20, each_due=scene.settle_all)
    scene.cancel(Word.SAFE)
    scene.run(60, each_due=scene.settle_all)
    assert len(told(scene)) == 10


PUBLISH = """
[[step]]
id = "publish"
after = "approved"
to = "public"
channels = ["public"]
text = "public"
requires = ["verified", "consented", "approved"]
"""


def publishing(table: str) -> Scene:
    text = f'name = "Mine"\nversion = 1\n[publication]\n{table}\n{HQ}{PUBLISH}'
    scene = Scene(protocol=parse_protocol(text, "mine.toml")).raised()
    scene.acknowledge()
    scene.verify()
    return scene


def test_only_whom_the_action_protocol_names_approves() -> None:
    scene = publishing('decider = "spruce"')
    scene.approve(ROWAN)
    assert [e.ground for e in scene.of(ActRefused) if isinstance(e, ActRefused)] == [
        RefusalGround.NOT_DECIDER
    ]
    assert scene.planned(Audience.PUBLIC) == []


def test_a_post_waits_as_agreed_and_can_be_taken_back() -> None:
    scene = publishing("delay_s = 600")
    scene.approve(ROWAN)
    scene.run(599, each_due=scene.settle_all)
    assert scene.planned(Audience.PUBLIC) == []
    scene.run(2)
    assert len(scene.planned(Audience.PUBLIC)) == 1
    other = publishing("delay_s = 600")
    other.approve(ROWAN)
    other.acknowledge(ALDER)
    scene.run(60)
    other.verify(by=ROWAN)
    assert other.planned(Audience.PUBLIC) == []


def test_a_position_older_than_agreed_is_called_old_with_the_limit() -> None:
    place = KnownPlace(
        source=PlaceSource.LAST_FIX,
        lat_deg=41.3,
        lon_deg=69.2,
        at=Scene().now.plus(timedelta(minutes=-20)),
    )
    scene = Scene(protocol=protocol(head="fresh_s = 600\n")).raised(place=place)
    text = scene.planned(Audience.NEAREST)[0].body.text(scene.now)
    assert "old position >10 min" in text
    fresh = Scene(protocol=protocol()).raised(place=place)
    assert "old" not in fresh.planned(Audience.NEAREST)[0].body.text(fresh.now)


@pytest.mark.parametrize(
    ("manner", "words"), [("quiet", "Quiet: do not call"), ("loud", "make it known")]
)
def test_whoever_is_told_reads_whether_to_be_quiet_or_loud(
    manner: str, words: str
) -> None:
    scene = scene_of(head=f'manner = "{manner}"\n')
    assert words in scene.planned(Audience.NEAREST)[0].body.text(scene.now)


def test_beside_an_unreviewed_text_stands_the_english_for_hq() -> None:
    people = (
        structs.replace(colleague("c1", 1.0), language="ru"),
        structs.replace(colleague("c2", 2.0), language="en"),
    )
    scene = Scene(protocol=protocol(), colleagues=people).raised()
    russian, english = scene.planned(Audience.NEAREST)
    assert russian.english.startswith("SOS code-c1 Heron 41.31151")
    assert english.english == ""


def test_a_time_is_that_of_the_readers_clock() -> None:
    people = (structs.replace(colleague("c1", 1.0), zone="Asia/Tashkent"),)
    near = '[[step]]\nid = "ask"\nto = "asked"\nafter = "near"\n'
    near += 'channels = ["sms"]\ntext = "ask"\n'
    scene = Scene(protocol=protocol(near), colleagues=people).raised()
    assert "alarm of 08:00 real?" in scene.planned(Audience.ASKED)[0].body.text(
        scene.now
    )


@pytest.mark.parametrize(
    ("level", "name", "said"),
    [
        ("name", "Anna Berg", "Anna Berg, a defender of human rights in Uzbekistan"),
        ("name", "", "A defender of human rights in Uzbekistan has raised"),
    ],
)
def test_the_world_reads_a_name_only_where_person_and_file_have_agreed_to_it(
    level: str, name: str, said: str
) -> None:
    named = PUBLISH.replace('text = "public"', 'text = "public_named"')
    text = f'name = "Mine"\nversion = 1\n[publication]\nlevel = "{level}"\n{HQ}{named}'
    mine = parse_protocol(text, "mine.toml")
    scene = Scene(protocol=mine)
    scene.do(structs.replace(raise_of(press_of(), mine), public_name=name))
    scene.acknowledge()
    scene.verify()
    scene.approve(ROWAN, "public_named")
    (post,) = scene.planned(Audience.PUBLIC)
    assert post.body.text(scene.now).startswith(said)
    assert "Heron" not in post.body.text(scene.now)


def test_a_closed_case_waits_for_nobody_again() -> None:
    scene = scene_of(head="acknowledgement_lease_s = 600\n")
    scene.acknowledge()
    scene.confirm_safe(ROWAN)
    scene.close(ALDER)
    assert not scene.state().is_open
    scene.run(3_600, each_due=scene.settle_all)
    assert scene.of(AcknowledgementLapsed) == []


def test_a_step_that_has_not_begun_replaces_nobody() -> None:
    later = (
        '[[step]]\nid = "wide"\nafter = "near"\ndelay_s = 600\nto = "nearest"\n'
        'channels = ["sms"]\ntext = "sos"\ncount = 3\nreplaces_declined = true\n'
    )
    text = (
        'name = "Two"\nversion = 1\n[[step]]\nid = "near"\nto = "nearest"\ncount = 1\n'
        f'channels = ["sms"]\ntext = "sos"\n{later}{HQ}'
    )
    scene = Scene(protocol=parse_protocol(text, "two.toml")).raised()
    scene.acknowledge()
    scene.reply("c1", ReplyKind.CANNOT)
    scene.run(599, each_due=scene.settle_all)
    assert told(scene) == ["c1"]
    scene.run(2, each_due=scene.settle_all)
    assert told(scene) == ["c1", "c2", "c3", "c4", "c5"], "three, and one for c1"
