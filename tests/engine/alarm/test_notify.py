"""Who is told what, and through the rounds of the sample action protocols."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.events import StepFired
from engine.alarm.state import (
    NOWHERE,
    Kind,
    KnownPlace,
    PlaceSource,
    ReplyKind,
    SourceDoubt,
    Truth,
)
from engine.ports.journal import EffectClass, EffectState
from engine.protocol.model import LEASE, ActionProtocol, Audience
from engine.protocol.parse import parse_protocol
from engine.values import StepId
from tests.engine.alarm.scene import (
    ENDED_BY_ONE,
    PROTOCOLS,
    ROWAN,
    Scene,
    colleague,
    without,
)
from tests.fakes import START


def rounds(scene: Scene) -> list[tuple[str, float]]:
    """Return which step ran how many seconds after the raise."""
    return [
        (e.step, e.at.since(START).total_seconds())
        for e in scene.events
        if isinstance(e, StepFired) and e.step != "duty"
    ]


def text(scene: Scene, number: int, *audiences: Audience) -> str:
    return scene.planned(*audiences)[number].body.text(scene.now)


def test_a_raise_tells_the_nearest_five_hq_and_the_first_on_duty_at_once() -> None:
    scene = Scene().raised()
    assert scene.told(Audience.NEAREST) == ["c1", "c2", "c3", "c4", "c5"]
    assert scene.told(Audience.HQ) == ["hq-1"]
    assert [(p.person, p.channel) for p in scene.planned(Audience.DUTY)] == [
        ("alder", "sms"),
        ("alder", "call"),
    ]


def test_duty_is_paged_round_and_round_every_sixty_seconds_for_ever() -> None:
    scene = Scene().raised()
    scene.run(3600, each_due=scene.settle_all)
    pages = [p.person for p in scene.planned(Audience.DUTY) if p.channel == "sms"]
    assert len(pages) == 61
    assert pages[:4] == ["alder", "rowan", "spruce", "alder"]


def test_an_acknowledgement_stops_the_paging_and_nothing_else() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    pages = len(scene.planned(Audience.DUTY))
    scene.run(LEASE.total_seconds() - 1)
    assert len(scene.planned(Audience.DUTY)) == pages
    assert len(scene.told(Audience.NEAREST)) == 15, "the search widened all the same"


def test_the_search_widens_where_nobody_is_coming() -> None:
    scene = Scene().raised()
    scene.run(179.9, each_due=scene.settle_all)
    assert len(scene.told(Audience.NEAREST)) == 5
    scene.run(0.2)
    assert len(scene.told(Audience.NEAREST)) == 15
    assert len(set(scene.told(Audience.NEAREST))) == 15, "nobody is asked twice"


def test_the_search_does_not_widen_where_somebody_is_coming() -> None:
    scene = Scene().raised()
    scene.reply("c3", ReplyKind.COMING)
    scene.reply("c1", ReplyKind.CANNOT)
    scene.run(3600)
    assert len(scene.told(Audience.NEAREST)) == 5


def test_a_colleague_who_turns_back_widens_the_search_again() -> None:
    scene = Scene().raised()
    scene.reply("c3", ReplyKind.COMING)
    scene.run(600)
    assert len(scene.told(Audience.NEAREST)) == 5
    scene.reply("c3", ReplyKind.CANNOT)
    assert len(scene.told(Audience.NEAREST)) == 15


@pytest.mark.parametrize(
    "colleagues", [(), (structs.replace(colleague("c1", 1), addresses=()),)]
)
def test_where_nobody_can_be_told_nobodys_answer_is_waited_for(
    colleagues: tuple[object, ...],
) -> None:
    scene = Scene(colleagues=colleagues).raised()  # type: ignore[arg-type] # of recipients
    assert ("widen", 0.0) in rounds(scene)


def by_itself(**changes: object) -> ActionProtocol:
    """Return a search, contacts at once, and a step after the search."""
    (search,) = [step for step in ENDED_BY_ONE.steps if step.id == "colleagues"]
    contacts = replace(search, id=StepId("contacts"), to=Audience.CONTACTS)
    later = replace(
        search,
        id=StepId("later"),
        after="colleagues",
        delay=timedelta(seconds=240),
        **changes,  # type: ignore[arg-type] # by name
    )
    return replace(ENDED_BY_ONE, steps=(search, contacts, later))


@pytest.mark.parametrize(
    ("to", "text", "at_s"),
    [
        (Audience.NEAREST, "sos", 0.0),
        (Audience.CONTACTS, "sos", 0.0),
        (Audience.DUTY, "page", 0.0),
        (Audience.HQ, "hq", 0.0),
        (Audience.ASKED, "ask", 240.0),
        (Audience.SILENT, "ask", 240.0),
        (Audience.EVERYONE, "ask", 240.0),
    ],
)
def test_a_call_for_help_waits_for_nobody_and_a_question_keeps_its_time(
    to: Audience, text: str, at_s: float
) -> None:
    """*Is the alarm real?* reached contacts before the SOS did."""
    channels = ("sms", "email")
    protocol = by_itself(to=to, text=text, channels=channels)
    scene = Scene(protocol=protocol, colleagues=()).raised()
    scene.run(600, each_due=scene.settle_all)
    assert [one for one in rounds(scene) if one[0] == "later"] == [("later", at_s)]


@pytest.mark.parametrize("forbids", [(), ("contacts",), ("call",)])
def test_a_search_is_told_whether_contacts_may_stand_in(
    forbids: tuple[str, ...],
) -> None:
    scene = Scene(protocol=replace(ENDED_BY_ONE, forbids=forbids)).raised()
    stands_in = {ask.contacts_instead for ask in scene.asked}
    assert stands_in == {"contacts" not in forbids}


def test_what_comes_after_the_end_keeps_its_time_where_nobody_hears_of_the_end() -> (
    None
):
    (stop,) = [step for step in ENDED_BY_ONE.steps if step.id == "stop"]
    month = replace(
        stop,
        id=StepId("month"),
        after="stop",
        to=Audience.HQ,
        channels=("email",),
        text="unconfirmed",
        delay=timedelta(days=30),
    )
    scene = Scene(protocol=replace(ENDED_BY_ONE, steps=(stop, month)), colleagues=())
    scene.raised()
    scene.acknowledge()
    scene.close()
    scene.run(3600)
    assert [one[0] for one in rounds(scene)] == ["stop"]
    scene.run(timedelta(days=30).total_seconds())
    assert [one[0] for one in rounds(scene)] == ["stop", "month"]


def test_the_widening_sample_runs_its_three_rounds_without_code() -> None:
    scene = Scene(
        protocol=PROTOCOLS["widening"],
        colleagues=tuple(colleague(f"c{n}", km=20 * n) for n in range(1, 100)),
    ).raised()
    scene.run(3600, each_due=scene.settle_all)
    searched = [one for one in rounds(scene) if one[0] != "hq"]
    assert searched == [("near", 0.0), ("farther", 90.0), ("farthest", 180.0)]
    nearest = [ask for ask in scene.asked if ask.audience is Audience.NEAREST]
    assert [ask.within_m for ask in nearest] == [50e3, 300e3, 3000e3]
    assert len(scene.told(Audience.NEAREST)) == 2 + 5 + 10


def test_without_the_publish_step_nothing_is_ever_published() -> None:
    for protocol in (without(ENDED_BY_ONE, "publish"), PROTOCOLS["widening"]):
        scene = Scene(protocol=protocol).raised()
        scene.acknowledge()
        scene.verify()
        scene.approve()
        scene.run(86_400)
        scene.close()
        assert scene.planned(Audience.PUBLIC) == []
        classes = {planned.effect_class for planned in scene.planned()}
        assert classes == {EffectClass.SAFETY}


@pytest.mark.parametrize("doubt", list(SourceDoubt))
def test_an_unconfirmed_source_tells_hq_only_until_a_person_has_verified(
    doubt: SourceDoubt,
) -> None:
    scene = Scene().raised(doubt=doubt)
    scene.run(600, each_due=scene.settle_all)
    assert {p.audience for p in scene.planned()} == {Audience.HQ, Audience.DUTY}
    scene.acknowledge()
    scene.verify()
    assert scene.told(Audience.NEAREST)[:5] == ["c1", "c2", "c3", "c4", "c5"]


def test_an_unconfirmed_source_tells_colleagues_where_the_protocol_says_so() -> None:
    protocol = replace(ENDED_BY_ONE, trust_unconfirmed=True)
    scene = Scene(protocol=protocol).raised(doubt=SourceDoubt.FAILED_AUTHENTICATION)
    assert len(scene.told(Audience.NEAREST)) == 5
    assert "sender not proven" in text(scene, 0, Audience.NEAREST)


def test_a_press_of_ones_own_device_confirms_the_source() -> None:
    scene = Scene().raised("k1", doubt=SourceDoubt.UNKNOWN_DEVICE)
    scene.raised("k2")
    assert len(scene.told(Audience.NEAREST)) == 5


def test_the_stop_message_goes_to_everyone_who_was_told_and_nobody_else() -> None:
    scene = Scene().raised()
    unsent, refused, *sent = (p.effect for p in scene.planned(Audience.NEAREST))
    for planned in scene.planned(Audience.HQ, Audience.DUTY):
        scene.settle(planned.effect, EffectState.ACCEPTED)
    scene.settle(refused, EffectState.REJECTED)
    for effect, state in zip(
        sent,
        (EffectState.ACCEPTED, EffectState.UNKNOWN, EffectState.DELIVERED),
        strict=True,
    ):
        scene.settle(effect, state)
    scene.acknowledge()
    repeated = [p.effect for p in scene.planned(Audience.NEAREST) if p.repeat]
    scene.close()
    stopped = {(p.person, p.channel) for p in scene.planned(Audience.TOLD)}
    assert stopped == {
        ("c3", "sms"),
        ("c4", "sms"),
        ("c5", "sms"),
        ("hq-1", "email"),
        ("alder", "sms"),
    }
    for effect in (unsent, *repeated):
        assert scene.state().effects[effect].state is EffectState.WITHDRAWN


def test_what_was_being_sent_at_the_end_is_stopped_too_bug_no_stop_message() -> None:
    scene = Scene().raised()
    under_way = scene.planned(Audience.NEAREST)[0]
    scene.acknowledge()
    scene.close()
    assert scene.planned(Audience.TOLD) == []
    scene.settle(under_way.effect, EffectState.ACCEPTED)
    assert scene.told(Audience.TOLD) == [under_way.person]
    scene.settle(under_way.effect, EffectState.DELIVERED)
    scene.run(3600)
    assert scene.told(Audience.TOLD) == [under_way.person]


def test_nothing_goes_to_the_defender() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.verify()
    scene.approve()
    scene.run(3600, each_due=scene.settle_all)
    scene.close()
    assert "heron" not in scene.told()


def test_the_public_text_has_no_alias_code_sign_or_place() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.verify()
    scene.approve(ROWAN)
    (post,) = scene.planned(Audience.PUBLIC)
    said = f"{post.body.text(scene.now)}{post.body}"
    assert "Uzbekistan" in said
    secrets = ("Heron", "heron", "code-", "sign-", "41.3", "69.2", "a1", "SOS")
    assert not [secret for secret in secrets if secret in said]
    assert post.effect_class is EffectClass.EXCLUSIVE


def test_a_recipient_keeps_one_code_through_all_rounds_and_repeats() -> None:
    scene = Scene().raised()
    for planned in scene.planned(Audience.NEAREST):
        scene.settle(planned.effect, EffectState.UNKNOWN)
    for person in ("c1", "c2"):
        code = scene.state().told[person].code
        theirs = [p for p in scene.planned(Audience.NEAREST) if p.person == person]
        assert len(theirs) == 2
        assert all(code in p.body.text(scene.now) for p in theirs)


def test_a_repeat_is_marked_and_avoids_the_route_that_was_in_doubt() -> None:
    scene = Scene().raised()
    first = scene.planned(Audience.NEAREST)[0]
    scene.settle(first.effect, EffectState.UNKNOWN, route="modem-2")
    repeat = scene.planned(Audience.NEAREST)[-1]
    assert repeat.repeat_of == first.effect
    assert repeat.avoid_route == "modem-2"
    assert repeat.body.repeat == 1
    assert repeat.body.text(scene.now).startswith("Repeat SOS")


@pytest.mark.parametrize(
    ("place", "said"),
    [
        (NOWHERE, "no position known, now"),
        (
            KnownPlace(
                source=PlaceSource.DECLARED,
                lat_deg=41.3,
                lon_deg=69.3,
                name="Tashkent",
                at=START.plus(timedelta(days=-300)),
            ),
            "no fix, declared place Tashkent 41.30,69.30, ~10 km from you, now",
        ),
        (
            KnownPlace(
                source=PlaceSource.LAST_FIX,
                lat_deg=41.3,
                lon_deg=69.3,
                accuracy_m=20.4,
                at=START.plus(timedelta(hours=-5)),
            ),
            "+-20m, 10 km from you, 5 h ago, old position",
        ),
        (
            KnownPlace(
                source=PlaceSource.DOUBTED, lat_deg=41.3, lon_deg=69.3, at=START
            ),
            "doubtful 41.30000,69.30000, 10 km from you, now",
        ),
    ],
    ids=lambda one: one.source.value if isinstance(one, KnownPlace) else "",
)
def test_an_old_or_missing_place_says_so_in_words(place: KnownPlace, said: str) -> None:
    scene = Scene().raised(place=place)
    assert said in text(scene, 0, Audience.NEAREST)


@pytest.mark.parametrize("kind", [Kind.EXERCISE, Kind.TEST, Kind.NOTICE])
def test_what_is_not_real_says_so_first(kind: Kind) -> None:
    scene = Scene(kind=kind).raised()
    for planned in scene.planned(Audience.NEAREST, Audience.HQ, Audience.DUTY):
        assert planned.body.text(scene.now).startswith(kind.value.upper())


def test_a_false_alarm_stops_the_widening() -> None:
    scene = Scene().raised()
    scene.acknowledge()
    scene.verify(Truth.FALSE)
    scene.run(3600)
    assert len(scene.told(Audience.NEAREST)) == 5


def test_a_step_after_a_step_of_the_end_waits_for_the_end() -> None:
    source = """
name = "After-care"
version = 1
[[step]]
id = "hq"
to = "hq"
channels = ["email"]
text = "hq"
[[step]]
id = "stop"
after = "closed"
to = "told"
channels = ["email"]
text = "stop"
[[step]]
id = "care"
after = "stop"
delay_s = 86400
to = "hq"
channels = ["email"]
text = "hq"
"""
    scene = Scene(protocol=parse_protocol(source, "care.toml")).raised()
    scene.settle_all()
    scene.run(200_000)
    scene.acknowledge()
    scene.close()
    assert StepId("care") not in scene.state().fired
    scene.settle_all()
    scene.run(100_000)
    assert StepId("care") in scene.state().fired
