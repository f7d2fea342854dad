"""Two changes of the roster at one moment: neither is lost."""

import asyncio
import json

import httpx2

from engine.console.control import control_app
from engine.roster.model import Roster
from engine.roster.parse import parse_roster
from engine.roster.render import render_roster
from engine.roster.sample import sample_roster
from engine.values import DeviceId, PersonId
from tests.engine.console.hq import Hq
from tests.engine.console.test_devices import DEVICE, OWLET, SECRET
from tests.engine.roster.rosters import without

AVOCET = PersonId("avocet")
OTHER = DeviceId("352099001761481")


def at_once(hq: Hq, *asked: tuple[str, str]) -> list[int]:
    """Post each body to its path, all at one moment; return the answers' codes."""

    async def post() -> list[int]:
        way = httpx2.ASGITransport(app=control_app(hq.desk))
        async with httpx2.AsyncClient(transport=way, base_url="http://hq") as client:
            posts = (client.post(path, content=body) for path, body in asked)
            return [one.status_code for one in await asyncio.gather(*posts)]

    return asyncio.run(post())


def rosters(hq: Hq) -> tuple[Roster, Roster]:
    """Return the one in force, and the one of the next start."""
    text = (hq.state / "roster.toml").read_text()
    return hq.desk.parts.board.roster(), parse_roster(text, "roster.toml")


def test_two_devices_that_are_enrolled_at_once_are_both_in_the_roster(hq: Hq) -> None:
    """One was answered as enrolled, and its SOS was a stranger's."""
    other = OWLET.replace(DEVICE, OTHER)
    said = at_once(hq, ("/devices/enrol", OWLET), ("/devices/enrol", other))
    assert said == [200, 200]
    for roster in rosters(hq):
        assert None not in {roster.device(DEVICE), roster.device(OTHER)}


def test_whoever_an_import_took_out_does_not_come_back_by_a_device_of_that_moment(
    hq: Hq,
) -> None:
    """A word that was given away, or a telephone that was seized, was known again."""
    text = render_roster(without(sample_roster(), AVOCET))
    said = at_once(hq, ("/roster", text), ("/devices/enrol", OWLET))
    assert said == [200, 200]
    for roster in rosters(hq):
        assert roster.person(AVOCET) is None
        assert roster.device(DEVICE) is not None


def test_two_secrets_that_are_agreed_on_at_once_both_count(hq: Hq) -> None:
    hq.enrol("alder")
    devices = [one.device for one in hq.desk.parts.board.roster().devices[:2]]
    agreed = [{"by": "alder", "device": one, "secret": SECRET} for one in devices]
    said = at_once(hq, *(("/devices/secret", json.dumps(one)) for one in agreed))
    assert said == [200, 200]
    for roster in rosters(hq):
        found = [roster.device(one) for one in devices]
        assert all(one is not None and one.secret_file for one in found)
