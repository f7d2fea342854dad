"""What could not be recorded reaches HQ all the same, on every route, once."""

import pytest

from engine.dispatch.actor import Shout
from engine.intake.assess import report_key
from engine.intake.reports import encode_report
from engine.intake.shouter.actor import (
    Heed,
    Shouter,
    Unkept,
    Unrecorded,
)
from engine.intake.shouter.call import NOT_HEARD, NOT_RECORDED, Deaf, Loss, Lost
from engine.intake.shouter.unhandled import NOT_HANDLED, Unhandled
from engine.ports.journal import Place, Record
from engine.roster.model import Roster
from engine.supervision.actor import SupervisedActor
from engine.supervision.child import ChildSpec
from engine.supervision.link import Link
from engine.values import ReportKey
from tests.contracts.journal.requests import append
from tests.engine.alarm.scene import press_of, raise_of
from tests.engine.grown import grow, tree_in
from tests.engine.intake.reports import (
    HERON,
    HERONS,
    ROSTER,
    Meter,
    fix,
    judge_of,
    report,
)
from tests.fakes import START
from tests.simulation.runtime import World

SMS_MAX = 160


class Route(SupervisedActor[Shout]):
    """Notes what it is given to send."""

    def __init__(self, *, link: Link, sent: list[tuple[str, str, str]]) -> None:
        super().__init__(link=link)
        self.sent = sent

    def handle(self, message: Shout) -> None:
        text = message.body.text(self.clock.now())
        self.sent.append((self.link.name, message.body.address, text))


class Rig:
    def __init__(
        self,
        roster: Roster = ROSTER,
        hq: tuple[tuple[str, str], ...] = (("email", "duty@hq"),),
    ) -> None:
        world = World(1)
        self.world = world
        self.sent: list[tuple[str, str, str]] = []
        self.meter = Meter()
        self.tree = tree = tree_in(world)
        self.unrecorded = Unrecorded(
            lambda hint: tree.names.tell("shouter", hint), lambda: roster
        )
        self.judge = judge = judge_of(roster, clock=world)
        arguments = {"sent": self.sent}
        children = [
            ChildSpec(name=name, actor=Route, arguments=arguments)
            for name in ("modem-1", "modem-2", "email")
        ]
        shouter = ChildSpec(
            name="shouter",
            actor=Shouter,
            arguments={
                "judge": judge,
                "board": judge.board,
                "hq": lambda: hq,
                "routes": lambda: (
                    ("modem-1", "sms"),
                    ("modem-2", "sms"),
                    ("email", "email"),
                ),
                "unrecorded": self.unrecorded,
                "telemetry": self.meter,
            },
        )
        grow(tree, world, [*children, shouter], run_s=1)

    def refuse(self, body: bytes | None = None) -> None:
        record = Record(
            key=report_key(report()),
            source="device",
            received_at=START,
            body=encode_report(report()) if body is None else body,
        )
        self.unrecorded.refused([record, Place(person=HERON, fix=fix())])
        self.world.run(1)


def test_an_unrecorded_sos_goes_to_hq_and_all_on_duty_by_every_route() -> None:
    rig = Rig()
    rig.refuse()
    routes = {route for route, _, _ in rig.sent}
    assert routes == {"modem-1", "modem-2", "email"}
    assert len({address for route, address, _ in rig.sent if route != "email"}) == 3
    for _, _, text in rig.sent:
        assert text.startswith(NOT_RECORDED)
        assert "Heron 41.31151,69.27974" in text


def test_the_devices_repeats_are_shown_and_not_shouted_again() -> None:
    rig = Rig()
    rig.refuse()
    before = len(rig.sent)
    rig.refuse()
    assert len(rig.sent) == before
    assert len(rig.unrecorded.lines()) == 1


def test_once_it_is_durable_the_console_shows_it_no_more() -> None:
    rig = Rig()
    rig.refuse()
    (line,) = rig.unrecorded.lines()
    assert line.text.startswith(NOT_RECORDED)
    rig.unrecorded.recorded(line.key)
    assert rig.unrecorded.lines() == ()


def test_what_cannot_even_be_read_is_shouted_as_such() -> None:
    rig = Rig()
    rig.refuse(b"\xff")
    assert {text for _, _, text in rig.sent} == {
        f"{NOT_RECORDED}a message that reached us."
    }


def test_a_signal_that_was_to_be_recorded_with_a_row_is_shouted_too() -> None:
    rig = Rig()
    record = Record(
        key=report_key(report()),
        source="device",
        received_at=START,
        body=encode_report(report()),
    )
    rig.unrecorded.refused([append(records=(record,)), append("alarm/b")])
    rig.world.run(1)
    assert len(rig.unrecorded.lines()) == 1
    assert all(text.startswith(NOT_RECORDED) for _, _, text in rig.sent)


def test_a_place_that_is_not_recorded_shouts_at_nobody() -> None:
    rig = Rig()
    rig.unrecorded.refused([Place(person=HERON, fix=fix())])
    rig.world.run(1)
    assert rig.sent == []
    assert Heed.urgent


def test_a_press_that_was_put_away_goes_to_hq_in_its_own_words() -> None:
    rig = Rig()
    rig.unrecorded.say(Unhandled(command=raise_of(press_of("k1"))))
    rig.world.run(1)
    assert rig.sent
    assert all(text.startswith(NOT_HANDLED) for _, _, text in rig.sent)
    assert all("Heron" in text for _, _, text in rig.sent)


def test_an_exercise_that_is_not_recorded_is_shouted_as_one() -> None:
    rig = Rig()
    rig.judge.drills.arm(HERONS, START)
    rig.refuse()
    assert rig.sent
    assert all("EXERCISE" in text for _, _, text in rig.sent)


def test_a_press_without_room_for_its_alarm_is_shouted_once_and_shown_until_then() -> (
    None
):
    rig = Rig()
    command = raise_of(press_of("k1"))
    for _ in range(3):  # intake looks again and again
        rig.unrecorded.say(Unkept(command=command))
        rig.world.run(10)
    assert len(rig.sent) == 3 * 2 + 1  # three on duty by two modems, HQ by mail
    assert all(text.startswith(f"{NOT_RECORDED}SOS") for _, _, text in rig.sent)
    (line,) = rig.unrecorded.lines()
    rig.unrecorded.recorded(line.key)
    assert rig.unrecorded.lines() == ()


@pytest.mark.parametrize(
    ("loss", "cure"),
    [
        (Loss.DAMAGED, "restore a backup"),
        (Loss.UNWRITTEN, "mend it"),
        (Loss.FULL, "make room"),
    ],
)
def test_a_start_beside_a_lost_journal_is_told_in_one_short_message_and_is_no_sos(
    loss: Loss, cure: str
) -> None:
    rig = Rig()
    rig.unrecorded.say(Lost(loss=loss, at=START))
    rig.world.run(1)
    assert {route for route, _, _ in rig.sent} == {"modem-1", "modem-2", "email"}
    (text,) = {text for _, _, text in rig.sent}
    assert text.startswith(f"{NOT_RECORDED}{loss}: open cases")
    assert f"by hand, {cure}" in text
    assert text.isascii()
    assert len(text) <= SMS_MAX
    (line,) = rig.unrecorded.lines()
    assert line.text == text
    assert "alarms_unrecorded_total" not in rig.meter.counted
    rig.refuse()
    assert "SOS Heron" in str(rig.sent), "an SOS is told beside it"
    assert rig.meter.counted["alarms_unrecorded_total"] == 1


def test_listeners_that_cannot_accept_page_hq_in_one_short_message() -> None:
    rig = Rig()
    names, why = ("console", "gt06", "osmand", "teltonika"), "no descriptor is free"
    rig.unrecorded.say(
        Deaf(key=ReportKey("listeners/1"), listeners=names, why=why, at=START)
    )
    rig.world.run(1)
    assert {route for route, _, _ in rig.sent} == {"modem-1", "modem-2", "email"}
    (text,) = {text for _, _, text in rig.sent}
    assert text.startswith(f"{NOT_HEARD}console, gt06, osmand +1: {why}")
    assert "Restart the engine" in text
    assert text.isascii()
    assert len(text) <= SMS_MAX
    assert "alarms_unrecorded_total" not in rig.meter.counted
