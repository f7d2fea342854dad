"""What a row and a case say: the next step, who has been reached, and doubts."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import structs

from engine.alarm.events import AlarmAcknowledged, SignNoticed
from engine.alarm.state import (
    Alarm,
    Ask,
    CloseReason,
    Force,
    Kind,
    PlaceSource,
    ReplyKind,
)
from engine.console.cases import Line
from engine.console.outlook import outlook, upcoming
from engine.console.people import Names, Reach, nothing_stops, people, tally
from engine.console.view import detail, summary
from engine.console.words import (
    ASKS,
    DOUBTS,
    EFFECTS,
    OTHERWISE,
    PLACES,
    REASONS,
    REPLIES,
    spaced,
)
from engine.dispatch.retired import RETIRED
from engine.ports.journal import TOLD, EffectState
from engine.protocol.model import LEASE, Audience, Fallback
from engine.values import AlarmId, EffectId, PlaceDoubt
from tests.engine.alarm.scene import ALDER, ROWAN, Scene
from tests.engine.console.hq import Hq, browser, say_safe
from tests.fakes import START


def row(hq: Hq, alarm: AlarmId) -> dict[str, object]:
    found = hq.alarm(alarm)
    assert found is not None
    return summary(found, hq.clock.now())


def colleague(hq: Hq, alarm: AlarmId) -> dict[str, object]:
    with browser(hq) as at:
        people = at.client.get(f"/api/alarms/{alarm}").json()["people"]
    found: dict[str, object] = next(
        one for one in people if one["audience"] == "nearest"
    )
    return found


def test_the_countdown_goes_to_the_next_step_and_says_what_it_is(hq: Hq) -> None:
    alarm = hq.press()
    found = hq.alarm(alarm)
    assert found is not None
    words, due = outlook(found, hq.clock.now())
    assert words.startswith("tell the ")
    assert due is not None
    left_s = due.since(hq.clock.now()).total_seconds()
    assert 0 < left_s <= 180


def test_repeats_and_second_looks_are_no_steps(hq: Hq) -> None:
    """Half a minute after each message the countdown promised what never came."""
    alarm = hq.press()
    found = hq.alarm(alarm)
    assert found is not None
    following = upcoming(found, hq.clock.now())
    assert following is not None
    assert following[0].id in {"duty", "widen"}


def test_whoever_has_a_case_sees_when_others_are_called_unless_they_act(hq: Hq) -> None:
    alarm = hq.press()
    hq.reply(alarm, ReplyKind.COMING)
    with browser(hq) as at:
        at.act(alarm, "acknowledge")
        page = at.client.get(f"/alarms/{alarm}").text
    assert "Next, unless you act: tell the next officer on duty by SMS" in page
    due_ms = row(hq, alarm)["next_due_ms"]
    assert due_ms == hq.clock.now().plus(LEASE).ms


def test_with_nothing_to_come_it_says_so(hq: Hq) -> None:
    alarm = hq.press()
    with browser(hq) as at:
        at.act(alarm, "acknowledge")
        say_safe(hq, alarm, "rowan")
        at.act(alarm, "close", reason="safe")
        assert row(hq, alarm)["next_due_ms"] is not None, "after-care is to come"
        at.act(alarm, "safe", click="after", remark="saw her")
        page = at.client.get(f"/alarms/{alarm}").text
    assert "No further step by itself: it is with people now." in page
    assert row(hq, alarm)["next_due_ms"] is None


@pytest.mark.parametrize(
    ("state", "reached", "words"),
    [
        (EffectState.PLANNED, Reach.WAITING, "waiting to be sent"),
        (EffectState.ATTEMPTING, Reach.WAITING, "being sent now"),
        (EffectState.ACCEPTED, Reach.ACCEPTED, "handed over, no proof of delivery yet"),
        (EffectState.DELIVERED, Reach.DELIVERED, "delivered"),
        (EffectState.UNDELIVERED, Reach.FAILED, "not delivered"),
        (EffectState.EXPIRED, Reach.FAILED, "not delivered in time"),
        (EffectState.REJECTED, Reach.FAILED, "not sent: refused"),
        (EffectState.UNKNOWN, Reach.FAILED, "unknown whether it was sent"),
        (EffectState.WITHDRAWN, Reach.FAILED, "withdrawn before it was sent"),
    ],
)
def test_a_person_is_told_once_a_network_has_accepted_a_message_to_them(
    hq: Hq, state: EffectState, reached: Reach, words: str
) -> None:
    alarm = hq.press()
    found = hq.alarm(alarm)
    assert found is not None
    case = with_state(found, state)
    shown = summary(case, hq.clock.now())
    is_told = reached in {Reach.ACCEPTED, Reach.DELIVERED}
    assert shown["told"] == int(is_told)
    assert shown["near"] == {
        **dict.fromkeys(map(str, Reach), 0),
        "chosen": 1,
        "told": int(is_told),
        reached.value: 1,
        "parts": [
            {
                "reach": reached.value,
                "text": f"1 failed: {words}"
                if reached is Reach.FAILED
                else f"1 {reached}",
                "bad": reached is Reach.FAILED,
            }
        ],
    }
    assert said_of(case) == ([f"SMS : {words}"], reached.value)


def with_state(case: Alarm, state: EffectState, reason: str = "") -> Alarm:
    """Return a case whose colleague's messages have come to this."""
    theirs = {
        key: structs.replace(one, state=state, reason=reason)
        for key, one in case.effects.items()
        if one.person == "lapwing"
    }
    return structs.replace(case, effects={**case.effects, **theirs})


def test_with_no_modem_up_nobody_is_told_and_the_list_says_why(hq: Hq) -> None:
    """It said `0 coming of 5 told`."""
    alarm = hq.press()
    hq.health.route("modem-1", "modem_down", is_up=False)
    with browser(hq) as at:
        listed, case = at.client.get("/").text, at.client.get(f"/alarms/{alarm}").text
        (shown,) = at.client.get("/api/alarms").json()
        chosen = len(at.client.get(f"/api/alarms/{alarm}").json()["people"])
    assert "<strong>none told</strong> of 1" in listed
    assert "1 waiting: no modem is up" in listed
    assert f'<h2>People told <span class="count">0 of {chosen}</span></h2>' in case
    assert "SMS: waiting to be sent (no modem is up)" in case
    assert (shown["told"], shown["near"]["waiting"]) == (0, 1)

    hq.health.route("modem-1", "modem_down", is_up=True)
    assert hq.desk.why_waiting("sms") == ""
    hq.settle(alarm, EffectState.ACCEPTED)
    with browser(hq) as at:
        listed = at.client.get("/").text
    assert "<strong>0 coming</strong> of 1 told" in listed
    assert "no modem is up" not in listed


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("no credit (CMS 38, sim)", "no credit (CMS 38, sim)"),
        ("ModemGoneError", "the modem is gone"),
        ("SomeOtherError", "the modem failed"),
        ("", "not sent: refused"),
    ],
)
def test_what_failed_says_why_in_the_list_and_beside_the_message(
    hq: Hq, reason: str, words: str
) -> None:
    alarm = hq.press()
    hq.settle(alarm, EffectState.REJECTED, reason=reason)
    found = hq.alarm(alarm)
    assert found is not None
    shown = tally(found, [found.told["lapwing"]], nothing_stops)
    assert shown["parts"] == [
        {"reach": "failed", "text": f"1 failed: {words}", "bad": True}
    ]
    person = colleague(hq, alarm)
    assert (person["reached"], person["why"]) == ("failed", words)


def test_a_repeat_that_waits_says_what_became_of_the_message_before(hq: Hq) -> None:
    alarm = hq.press()
    hq.settle(alarm, EffectState.REJECTED, reason="no network service")
    found = hq.alarm(alarm)
    assert found is not None
    repeated = later(found, Audience.NEAREST, EffectState.PLANNED)
    (one,) = (p for p in shown_people(repeated) if p["audience"] == "nearest")
    channels = one["channels"]
    assert isinstance(channels, list)
    assert [(way["words"], way["why"]) for way in channels] == [
        ("waiting to be sent", "before: no network service")
    ]
    assert (one["reached"], one["why"]) == ("failed", "no network service")


@given(st.lists(st.tuples(st.sampled_from(EffectState), st.booleans()), max_size=8))
def test_everybody_is_counted_once_and_told_only_by_what_a_network_has(
    messages: list[tuple[EffectState, bool]],
) -> None:
    scene = Scene().raised()
    case = scene.state()
    whom = list(case.told.values())
    first = next(iter(case.effects.values()))
    effects = {
        EffectId(f"{number}"): structs.replace(
            first,
            effect=EffectId(f"{number}"),
            person=whom[number % len(whom)].person,
            state=state,
            audience=Audience.TOLD if is_end else Audience.NEAREST,
        )
        for number, (state, is_end) in enumerate(messages)
    }
    found = tally(structs.replace(case, effects=effects), whom, nothing_stops)
    assert sum(int(str(found[one.value])) for one in Reach) == found["chosen"]
    accepted = {e.person for e in effects.values() if e.state in TOLD}
    assert int(str(found["told"])) <= len(accepted)


@pytest.mark.parametrize("before", [None, ReplyKind.COMING])
@pytest.mark.parametrize("kind", ReplyKind)
def test_how_far_a_message_came_shows_nothing_of_a_forced_answer(
    kind: ReplyKind, before: ReplyKind | None
) -> None:
    found = []
    for duress in (False, True):
        scene = Scene().raised()
        who = scene.told(Audience.NEAREST)[0]
        if before is not None:
            scene.reply(who, before)
        scene.reply(who, kind, duress=duress)
        case = scene.state()
        row = shown_people(case)[0]
        seen = [row[name] for name in ("reached", "why", "channels")]
        found.append((seen, tally(case, [case.told[who]], nothing_stops)))
    assert found[0] == found[1]


def test_hq_that_was_not_reached_is_no_colleague_that_was_not_bug_four_of_five(
    hq: Hq,
) -> None:
    """`0 coming of 5, 4 not reached` were one colleague, two at HQ and the officer."""
    alarm = hq.press()
    found = hq.alarm(alarm)
    assert found is not None
    lapwing = found.told["lapwing"]
    told = {
        **found.told,
        "hq-1": structs.replace(lapwing, person="hq-1", audience=Audience.HQ),
        "owl": structs.replace(
            lapwing,
            person="owl",
            audience=Audience.CONTACTS,
            reply=ReplyKind.COMING,
        ),
    }
    failed = structs.replace(
        next(iter(found.effects.values())), person="hq-1", state=EffectState.REJECTED
    )
    case = structs.replace(
        found, told=told, effects={**found.effects, EffectId("e"): failed}
    )
    shown = summary(case, hq.clock.now())
    near, others = shown["near"], shown["others"]
    assert isinstance(near, dict)
    assert isinstance(others, dict)
    assert (near["chosen"], shown["told"], shown["coming"]) == (2, 1, 1)
    assert (near["failed"], others["failed"]) == (0, 1)


def later(case: Alarm, audience: Audience, state: EffectState) -> Alarm:
    """Return a case in which the colleague was sent another message afterwards."""
    first = next(one for one in case.effects.values() if one.person == "lapwing")
    key = EffectId(f"{first.effect}/{audience}")
    other = structs.replace(first, effect=key, audience=audience, state=state)
    return structs.replace(case, effects={**case.effects, key: other})


def shown_people(case: Alarm) -> list[dict[str, object]]:
    return people(case, Names(case, revealed=False), revealed=False)


def said_of(case: Alarm) -> tuple[list[str], object]:
    """Return what the case says of the colleague, and whether they were reached."""
    shown = shown_people(case)
    (one,) = (person for person in shown if person["audience"] == "nearest")
    channels = one["channels"]
    assert isinstance(channels, list)
    said = [f"{way['way']} {way['about']}: {way['words']}" for way in channels]
    return said, one["reached"]


@pytest.mark.parametrize(
    ("audience", "about"),
    [
        (Audience.TOLD, "of the end"),
        (Audience.EVERYONE, "of the move"),
        (Audience.ASKED, "with the question"),
    ],
)
def test_a_later_message_covers_no_alarm_that_did_not_arrive_bug_it_hid_it(
    hq: Hq, audience: Audience, about: str
) -> None:
    alarm = hq.press()
    hq.settle(alarm, EffectState.REJECTED)
    found = hq.alarm(alarm)
    assert found is not None
    case = later(found, audience, EffectState.DELIVERED)
    assert said_of(case) == (
        ["SMS : not sent: refused", f"SMS {about}: delivered"],
        "failed",
    )


def test_of_an_alarm_that_arrived_the_latest_message_alone_is_shown(hq: Hq) -> None:
    alarm = hq.press()
    hq.settle(alarm, EffectState.DELIVERED)
    found = hq.alarm(alarm)
    assert found is not None
    case = later(found, Audience.TOLD, EffectState.UNDELIVERED)
    assert said_of(case) == (["SMS of the end: not delivered"], "delivered")


def test_a_repeat_that_arrived_makes_good_what_did_not(hq: Hq) -> None:
    alarm = hq.press()
    hq.settle(alarm, EffectState.UNDELIVERED)
    found = hq.alarm(alarm)
    assert found is not None
    repeated = later(found, Audience.NEAREST, EffectState.DELIVERED)
    assert said_of(repeated) == (["SMS : delivered"], "delivered")
    ended = later(repeated, Audience.TOLD, EffectState.PLANNED)
    assert said_of(ended) == (["SMS of the end: waiting to be sent"], "delivered")


def test_an_answer_is_proof_enough(hq: Hq) -> None:
    alarm = hq.press()
    hq.settle(alarm, EffectState.UNKNOWN)
    hq.reply(alarm, ReplyKind.NEED_HELP)
    assert colleague(hq, alarm)["reached"] == "delivered"
    with browser(hq) as at:
        assert "1 need help too" in at.client.get("/").text


def test_states_are_said_in_words(hq: Hq) -> None:
    alarm = hq.press()
    said = [row(hq, alarm)["state"]]
    say_safe(hq, alarm, "rowan")
    with browser(hq) as at:
        for act, fields in (
            ("acknowledge", {}),
            ("verify", {"truth": "verified"}),
            ("verify", {"truth": "false"}),
            ("close", {"reason": "false_alarm"}),
        ):
            at.act(alarm, act, **fields)
            said.append(row(hq, alarm)["state"])
    assert said == [
        "Waits for HQ",
        "With alder: is it true?",
        "Verified by alder",
        "False, says alder",
        "Closed by alder: false alarm",
    ]


def test_a_notice_asks_to_be_looked_at(hq: Hq) -> None:
    assert row(hq, hq.press(kind=Kind.NOTICE))["state"] == "Look at it"


def test_every_code_has_words() -> None:
    assert set(EFFECTS) == set(EffectState)
    assert set(PLACES) == set(PlaceSource)
    assert set(DOUBTS) == set(PlaceDoubt)
    assert set(REASONS) == set(CloseReason)
    assert set(REPLIES) == set(ReplyKind)
    assert set(ASKS) == set(Ask)
    assert set(OTHERWISE) == set(Fallback)
    assert spaced("AlarmRaised") == "Alarm raised"


def test_a_case_says_who_is_believed_and_what_happens_otherwise(hq: Hq) -> None:
    alarm = hq.press(protocol="quorum")
    with browser(hq) as at:
        at.act(alarm, "acknowledge")
        at.act(alarm, "verify")
        hq.reply(alarm, ReplyKind.FALSE)
        at.act(alarm, "acknowledge")
        case = at.client.get(f"/api/alarms/{alarm}").json()
        page = at.client.get(f"/alarms/{alarm}").text
    assert case["verification"]["needs"] == 2
    assert case["verification"]["ask"] == ASKS[Ask.DISPUTED]
    assert case["state"] == ASKS[Ask.DISPUTED]
    assert "alder: it is real; not enough by itself" in page
    assert "says that it is false" in page


def test_until_when_people_have_to_say_so_is_counted_down(hq: Hq) -> None:
    alarm = hq.press(protocol="quorum")
    with browser(hq) as at:
        case = at.client.get(f"/api/alarms/{alarm}").json()
        page = at.client.get(f"/alarms/{alarm}").text
    assert case["verification"]["due_ms"] - case["raised_ms"] == 900_000
    assert "Real: 0 of 2, false: 0 of 2" in page
    assert "then the officers on duty are asked again" in page


def test_a_press_says_what_was_measured_of_its_wearer(hq: Hq) -> None:
    alarm = hq.press(readings=(("heart_rate_bpm", "142"), ("gsm", "23")))
    with browser(hq) as at:
        (raised, *_) = at.client.get(f"/api/alarms/{alarm}").json()["lines"]
    assert raised["text"] == "sos (battery 42%, heart rate 142 bpm)"
    assert raised["data"]["readings"] == {"heart_rate_bpm": "142", "gsm": "23"}


def test_a_sign_of_force_is_in_the_time_line_of_operators_on_the_case_alone() -> None:
    scene = Scene().raised()
    scene.acknowledge(ALDER)
    alarm = scene.state()
    lines = [
        Line(position=number, at=START, event=event, kind=type(event).__name__)
        for number, event in enumerate(
            (SignNoticed(at=START, sign=Force.SILENT), *scene.of(AlarmAcknowledged))
        )
    ]
    both, rest = (
        str(detail(alarm, lines, START, revealed=False, operator=one)["lines"])
        for one in (ALDER, ROWAN)
    )
    assert "SignNoticed" in both
    assert "SignNoticed" not in rest
    assert "AlarmAcknowledged" in rest
    by_socket = str(detail(alarm, lines, START, revealed=False)["lines"])
    assert by_socket == rest


@pytest.mark.parametrize(("language", "posted"), [("en", ""), ("ru", "Узбекистан")])
def test_whoever_approves_reads_what_is_posted_and_the_english_where_nobody_has(
    tmp_path: Path, language: str, posted: str
) -> None:
    """The draft was English whatever was posted."""
    hq = Hq(state=tmp_path, public_language=language)
    alarm = hq.press()
    with browser(hq) as at:
        at.act(alarm, "acknowledge")
        at.act(alarm, "verify", truth="verified")
        found = at.client.get(f"/api/alarms/{alarm}").json()
        page = at.client.get(f"/alarms/{alarm}").text
    assert posted in found["draft"]
    assert ("Uzbekistan" in found["draft"]) is not bool(posted)
    assert bool(found["draft_english"]) is bool(posted)
    assert ("In English: <q>" in page) is bool(posted)


def test_no_route_is_said_to_have_refused_what_was_kept_back_bug_hq_rang_the_number(
    hq: Hq,
) -> None:
    """Whoever has that telephone is not to be rung; another one's refusal is mended."""
    alarm = hq.press()
    hq.settle(alarm, RETIRED.state, reason=RETIRED.reason)
    words = f"not sent: {RETIRED.reason}"
    with browser(hq) as at:
        case = at.client.get(f"/api/alarms/{alarm}").json()
    told = next(one for one in case["people"] if one["audience"] == "nearest")
    (way,) = told["channels"]
    assert way["words"] == words
    assert way["route"] == ""
    assert way["bad"]
    said = [one["text"] for one in case["lines"] if RETIRED.reason in one["text"]]
    assert said
    assert all(one.endswith(words) for one in said)


@pytest.mark.parametrize("is_kept_back", [True, False])
def test_the_number_to_ring_is_the_last_one_bug_one_that_was_seized_stood_first(
    *, is_kept_back: bool
) -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    scene.settle_all()
    first, *others = scene.colleagues
    anew = structs.replace(first, addresses=(("sms", "+1666"),))
    scene.colleagues = (anew, *others)
    scene.raised("again")
    alarm = scene.state()
    if is_kept_back:
        effects = {
            key: structs.replace(one, reason=RETIRED.reason)
            if one.address == f"+1555{first.person}"
            else one
            for key, one in reversed([*alarm.effects.items()])
        }
        alarm = structs.replace(alarm, effects=effects)
    told = people(alarm, Names(alarm, revealed=True), revealed=True)
    shown = next(one for one in told if one["person"] == first.person)
    assert shown["addresses"] == ["+1666", f"+1555{first.person}"]


def test_a_number_that_is_in_the_roster_again_is_first_bug_behind_a_wrong() -> None:
    """A wrong roster was in force for an hour, and something was kept back then."""
    scene = Scene().raised()
    scene.acknowledge()
    first, *others = scene.colleagues
    right = first.addresses[0][1]
    for number in ("+1666", right):
        scene.settle_all()
        scene.close()
        scene.settle_all()
        anew = structs.replace(first, addresses=(("sms", number),))
        scene.colleagues = (anew, *others)
        scene.raised(f"again at {number}")
        scene.acknowledge()
    alarm = scene.state()
    kept = next(one for one in alarm.effects.values() if one.address == right)
    kept = structs.replace(kept, reason=RETIRED.reason)
    alarm = structs.replace(alarm, effects={**alarm.effects, kept.effect: kept})
    told = people(alarm, Names(alarm, revealed=True), revealed=True)
    shown = next(one for one in told if one["person"] == first.person)
    assert shown["addresses"] == [right, "+1666"]
