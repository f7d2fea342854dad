"""Who is under attack themselves is left out of another case until HQ counts them."""

from msgspec import structs

from engine.alarm.case_events import LeftOut, PeopleLeftOut
from engine.alarm.cases import OpenCases, standing_of
from engine.alarm.commands import CountAgain, LeaveOut
from engine.alarm.events import ActRefused, NotificationPlanned, ReplyReceived
from engine.alarm.left_out import Attack, is_detained, to_leave_out
from engine.alarm.refusals import RefusalGround
from engine.alarm.rows import DETAINED, head_of
from engine.alarm.safety import safe_names
from engine.alarm.state import CloseReason, ReplyKind, Truth, stream_of
from engine.ports.journal import EffectState, HeadRow
from engine.protocol.model import Audience
from engine.values import AlarmId, OperatorId, PersonId
from tests.engine.alarm.scene import ALARM, ALDER, Scene
from tests.fakes import START

OTHER = AlarmId("b2")
SEEN, UNSEEN = Attack(OTHER, is_seen=True), Attack(OTHER, is_seen=False)


def told_in(scene: Scene) -> str:
    return next(
        one.person
        for one in scene.state().told.values()
        if one.audience is Audience.NEAREST
    )


def attacked(*, is_seen: bool = True) -> tuple[Scene, str]:
    """Return a case whose nearest colleague was told, and is under attack since."""
    scene = Scene().raised()
    person = told_in(scene)
    attack = SEEN if is_seen else UNSEEN
    people = to_leave_out(scene.state(), {PersonId(person): attack})
    assert [one.person for one in people] == [person]
    scene.do(LeaveOut(command_id=scene.command_id(), people=people))
    return scene, person


def test_nothing_goes_on_to_their_telephone() -> None:
    scene, person = attacked()
    effects = scene.state().effects.values()
    states = {one.state for one in effects if one.person == person}
    assert EffectState.PLANNED not in states
    scene.acknowledge()
    scene.run(3_600, each_due=scene.settle_all)
    later = [
        event
        for event in scene.of(NotificationPlanned)
        if isinstance(event, NotificationPlanned)
        and event.person == person
        and event.at > START
    ]
    assert later == []


def test_no_answer_of_theirs_counts() -> None:
    scene, person = attacked()
    for reply in (ReplyKind.COMING, ReplyKind.SAFE, ReplyKind.FALSE):
        (answer, *_) = scene.reply(person, reply)
        assert isinstance(answer, ReplyReceived)
        assert not answer.authentic
    assert scene.state().told[person].reply is None
    assert scene.state().truth is not Truth.FALSE
    assert safe_names(scene.state(), as_seen=False) == ()


def test_of_a_hidden_attack_nothing_shows_and_their_all_clear_counts_for_nothing() -> (
    None
):
    scene, person = attacked(is_seen=False)
    (answer, *_) = scene.reply(person, ReplyKind.SAFE)
    assert isinstance(answer, ReplyReceived)
    assert answer.authentic, "its receipt comes as ever"
    assert safe_names(scene.state(), as_seen=False) == ()


def test_hq_counts_them_again_and_that_holds_for_this_attack_alone() -> None:
    scene, person = attacked()
    again = CountAgain(command_id=scene.command_id(), by=ALDER, case=OTHER)
    scene.do(again)
    assert person not in scene.state().left_out
    who = PersonId(person)
    assert to_leave_out(scene.state(), {who: SEEN}) == ()
    (anew,) = to_leave_out(scene.state(), {who: Attack(AlarmId("c3"), is_seen=True)})
    assert anew.case == "c3"
    (answer, *_) = scene.reply(person, ReplyKind.COMING)
    assert isinstance(answer, ReplyReceived)
    assert answer.authentic


def test_nobody_counts_themselves_again() -> None:
    scene, person = attacked()
    by = OperatorId(person)
    done = scene.do(CountAgain(command_id=scene.command_id(), by=by, case=OTHER))
    assert isinstance(done[0], ActRefused)
    assert done[0].ground is RefusalGround.OWN_CASE


def test_the_defender_is_not_left_out_of_their_own_case() -> None:
    scene = Scene().raised()
    own = {PersonId("heron"): SEEN}
    everybody = {
        PersonId(one): Attack(ALARM, is_seen=True) for one in scene.state().told
    }
    assert to_leave_out(scene.state(), own | everybody) == ()


def test_who_is_under_attack_is_known_by_open_cases_and_by_those_who_are_held() -> None:
    scene = Scene().raised()
    attacks: dict[PersonId, Attack] = {}
    cases = OpenCases(attacks)
    cases.note(standing_of(scene.state()))
    assert attacks == {PersonId("heron"): Attack(ALARM, is_seen=True)}
    scene.acknowledge()
    scene.confirm_safe(remark="her lawyer saw her")
    scene.close(reason=CloseReason.DETAINED)
    state = scene.state()
    assert is_detained(state)
    cases.note(standing_of(state))
    assert attacks == {PersonId("heron"): Attack(ALARM, is_seen=True)}
    head = head_of(state, None)
    assert head.is_open
    assert head.subject.startswith(DETAINED)
    found: dict[PersonId, Attack] = {}
    row = HeadRow(
        stream=stream_of(ALARM), owner="engine", epoch=1, seq=state.seq, head=head
    )
    started = OpenCases(found)
    started.read([row], {}, START)
    assert found == attacks
    assert started.of("heron") is None, "a press begins a case of its own"
    scene.confirm_safe(remark="she is at home")
    cases.note(standing_of(scene.state()))
    assert attacks == {}


def test_a_colleague_who_says_that_they_are_forced_is_under_a_hidden_attack() -> None:
    standing = structs.replace(
        standing_of(Scene().raised().state()), forced=(PersonId("lapwing"),)
    )
    attacks: dict[PersonId, Attack] = {}
    cases = OpenCases(attacks)
    cases.note(standing)
    assert attacks[PersonId("lapwing")] == Attack(ALARM, is_seen=False)
    cases.note(structs.replace(standing, forced=()))
    assert PersonId("lapwing") not in attacks


def test_the_record_says_who_was_left_out_and_for_which_case() -> None:
    scene, person = attacked()
    (event,) = scene.of(PeopleLeftOut)
    assert isinstance(event, PeopleLeftOut)
    alias = scene.state().told[person].alias
    assert event.people == (LeftOut(person=person, alias=alias, case=OTHER),)
