"""The roster of a fleet is one that the engine takes."""

from adapters.fleet.handsets import HANDSETS, device_name
from adapters.fleet.plan import Wish, carriers
from adapters.fleet.roster import roster_of
from engine.roster.parse import parse_roster
from engine.roster.review import review_roster
from engine.values import DeviceId


def test_every_device_of_a_fleet_is_known_by_its_wire_protocol() -> None:
    names = tuple(HANDSETS)
    roster = parse_roster(roster_of(40, names), "fleet.toml")
    wish = Wish(fleet=40, names=names, every_s=1, sos_per_minute=0)
    for carrier in carriers(wish):
        known = roster.device(DeviceId(carrier.device))
        assert known is not None
        assert known.wire_protocol == carrier.handset.name
    assert all(person.fictional for person in roster.people)


def test_the_imeis_of_a_fleet_are_those_of_test_equipment() -> None:
    roster = parse_roster(roster_of(40, ["gt06"]), "fleet.toml")
    assert not [doubt for doubt in review_roster(roster) if "digit" in doubt.text]
    assert device_name(0).startswith("00")
