"""A shout goes to HQ and whoever is on duty, and never to the defender's own things."""

from dataclasses import dataclass, replace
from typing import Any

from msgspec import structs

from engine.alarm.commands import AddNote, RequestCancel, TakeReply
from engine.alarm.state import ReplyKind
from engine.intake.shouter.unhandled import Unhandled
from engine.intake.shouter.whom import addresses_about, addresses_for, routes_of
from engine.roster.board import Board
from engine.roster.model import Number, Role, Roster, Rota
from engine.values import AlarmId, CommandId, DeviceId, PersonId, ReportKey, Signal
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.intake.reports import HERON, HERONS, ROSTER, judge_of
from tests.engine.intake.shouter.test_actor import Rig

HQ = (("email", "duty@hq"),)
CASE = AlarmId("45f7ecbce34c")
CANCEL = RequestCancel(
    command_id=CommandId("k2"),
    press=press_of("k2", signals=(Signal.CANCEL,)),
)
WORDS = AddNote(
    command_id=CommandId("k4"),
    by=None,
    text="two men at the door",
    source=ReportKey("k4"),
    person="lapwing",
)


def on_duty(*people: PersonId) -> Roster:
    """Return the sample roster with these on the rota, and nobody else."""
    officers = tuple(
        replace(one, roles=one.roles | {Role.DUTY}) if one.person in people else one
        for one in ROSTER.people
    )
    return replace(ROSTER, people=officers, rota=Rota(duty=people))


def board_of(roster: Roster) -> Board:
    return judge_of(roster).board


def herons_number() -> Number:
    found = ROSTER.person(HERON)
    assert found is not None
    return found.numbers[0]


def numbers_of(person: PersonId) -> tuple[str, ...]:
    found = ROSTER.person(person)
    assert found is not None
    return found.addresses_on("sms")


FIRST, OTHER, *_ = ROSTER.rota.duty


def test_a_defender_on_duty_reads_nothing_of_their_own_alarm_bug_they_did() -> None:
    board = board_of(on_duty(FIRST, HERON))
    assert addresses_for(board, HQ, HERON) == (
        *HQ,
        ("sms", numbers_of(FIRST)[0]),
    )
    assert ("sms", numbers_of(HERON)[0]) in addresses_for(board, HQ, PersonId("tern"))


def test_nor_does_hqs_address_where_it_is_the_defenders_own() -> None:
    board = board_of(on_duty(FIRST, HERON))
    own = ("sms", numbers_of(HERON)[0])
    assert own not in addresses_for(board, (*HQ, own), HERON)
    assert own in addresses_for(board, (*HQ, own), None)


def test_a_wish_that_a_device_sends_is_left_out_at_its_carriers_alone() -> None:
    board = board_of(on_duty(FIRST, HERON))
    cancel = structs.replace(CANCEL, press=replace(CANCEL.press, device=HERONS))
    assert addresses_about(board, HQ, cancel) == addresses_for(board, HQ, HERON)


def test_a_word_of_nobody_knows_whose_case_goes_to_nothing_that_is_a_defenders() -> (
    None
):
    board = board_of(on_duty(FIRST, HERON))
    own = ("sms", numbers_of(HERON)[0])
    assert addresses_about(board, (*HQ, own), WORDS) == (
        *HQ,
        ("sms", numbers_of(FIRST)[0]),
    )


def test_nor_does_a_defender_on_duty_without_a_device_or_who_shares_a_telephone() -> (
    None
):
    tern = PersonId("tern")
    assert ROSTER.devices_of(tern) == ()
    assert addresses_about(board_of(on_duty(FIRST, tern)), (), WORDS) == (
        ("sms", numbers_of(FIRST)[0]),
    )
    roster = on_duty(FIRST, OTHER)
    people = tuple(
        replace(one, numbers=(herons_number(),)) if one.person == OTHER else one
        for one in roster.people
    )
    shared = replace(roster, people=people)
    assert addresses_about(board_of(shared), (), WORDS) == (
        ("sms", numbers_of(FIRST)[0]),
    )


def test_a_wish_of_a_device_that_is_enrolled_no_more_may_be_anybodys() -> None:
    board = board_of(on_duty(FIRST, HERON))
    press = replace(CANCEL.press, device=DeviceId("350000000000000"))
    gone = structs.replace(CANCEL, press=press)
    assert addresses_about(board, HQ, gone) == addresses_about(board, HQ, WORDS)


def test_whoever_said_it_reads_nothing_of_it_bug_it_may_be_forced_an_officer_read() -> (
    None
):
    """Nor anybody at a telephone that they share: it is in the hands of who forces."""
    board = board_of(on_duty(FIRST, OTHER, HERON))
    said = structs.replace(WORDS, person=FIRST)
    reply = TakeReply(
        command_id=CommandId("k3"),
        person=FIRST,
        reply=ReplyKind.SAFE,
        authentic=True,
        channel="sms",
        source=ReportKey("k3"),
        duress=True,
    )
    for word in (said, reply):
        assert addresses_about(board, HQ, word) == (
            *HQ,
            ("sms", numbers_of(OTHER)[0]),
        )
        alone = board_of(on_duty(FIRST, HERON))
        assert addresses_about(alone, (), word) == (("sms", numbers_of(HERON)[0]),)


def test_where_all_on_duty_are_defenders_it_goes_to_them_as_silence_is_worse() -> None:
    board = board_of(on_duty(HERON))
    assert addresses_about(board, (), WORDS) == (("sms", numbers_of(HERON)[0]),)


def test_what_a_defenders_own_telephone_would_get_goes_out_on_no_route() -> None:
    for command in (raise_of(press_of("k1")), CANCEL):
        rig = Rig(on_duty(FIRST, HERON))
        rig.unrecorded.say(Unhandled(command=command, case=CASE))
        rig.world.run(1)
        told = {address for _, address, _ in rig.sent}
        assert numbers_of(FIRST)[0] in told
        assert numbers_of(HERON)[0] not in told


def test_an_alarm_for_which_nobody_is_left_to_tell_counts_as_unheard() -> None:
    """The console shows it, and an alert rule looks at the count."""
    rig = Rig(on_duty(HERON), hq=())
    rig.refuse()
    rig.world.run(10)
    assert rig.sent == []
    assert len(rig.unrecorded.lines()) == 1
    assert rig.meter.counted["alarms_unheard_total"] == 1


@dataclass
class Lane:
    """As much of a channel as its routes are made of."""

    name: str


def test_what_cannot_be_recorded_goes_by_the_lane_that_checks_nothing() -> None:
    """It waited behind the check of a far end that let it hang."""
    names = {"email": "email", "email/2": "email", "email/3": "email", "hook": "hook"}
    lanes: Any = {lane: Lane(name) for lane, name in names.items()}
    assert routes_of(("modem-1", "modem-2"), lanes) == (
        ("modem-1", "sms"),
        ("modem-2", "sms"),
        ("email/3", "email"),
        ("hook", "hook"),
    )
