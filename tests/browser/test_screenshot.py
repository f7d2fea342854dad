"""The picture of the console in README.md, taken of a live alarm of the sample people.

`NATALIA_SCREENSHOT=docs/console.png python3 dev test --all tests/browser -k picture`
takes it anew.
"""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx2
import pytest
from playwright.sync_api import expect

from adapters.demo.press import PHONE
from adapters.demo.scenario import CODE, OTHER
from adapters.devices import osmand_encode
from engine.roster.sample import sample_roster
from engine.values import DeviceId, Fix, PersonId
from tests.browser.conftest import Sign
from tests.rig import Rig

pytestmark = pytest.mark.process

SIZE = {"width": 1280, "height": 1400}
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(folder=tmp_path, extra_config="demo = true") as made:
        yield made


def press_phone(rig: Rig) -> None:
    """Let the other defender press SOS in a telephone's app."""
    person = sample_roster().person(PersonId(OTHER))
    assert person is not None
    assert person.declared is not None
    now = rig.clock.now()
    place = person.declared
    fix = Fix(lat_deg=place.lat_deg, lon_deg=place.lon_deg, at=now)
    request = osmand_encode.query(DeviceId(PHONE), at=now, fix=fix, alarm="sos")
    host, port = rig.ports["osmand"]
    url = f"http://{host}:{port}{request.path}?{request.query}"
    assert httpx2.request(request.method, url).is_success


def test_the_picture_shows_a_live_alarm(
    rig: Rig, sign_in: Sign, tmp_path: Path
) -> None:
    alder = sign_in("alder", color_scheme="dark", viewport=SIZE)
    with rig.device() as device:
        device.sos()
    for person, answer in (("lapwing", "1"), ("cormorant", "2")):
        sms = rig.sms_to(person)
        assert sms is not None
        code = CODE.search(sms.text)
        assert code is not None
        rig.modems[0].inject(sms.number, f"{code[1]} {answer}")
    alder.case()
    alder.page.locator("#do-acknowledge").click()
    people = alder.page.locator("#people")
    expect(people).to_contain_text("coming")
    expect(people).to_contain_text("cannot come")
    press_phone(rig)
    expect(alder.page.locator("#shout")).to_contain_text("waits for HQ")
    alder.page.evaluate("document.activeElement.blur()")
    alder.page.wait_for_timeout(1_500)
    wanted = os.environ.get("NATALIA_SCREENSHOT", str(tmp_path / "console.png"))
    alder.page.screenshot(path=wanted)
    assert Path(wanted).read_bytes().startswith(PNG)
    assert alder.faults == []
