"""A page that asks for what waits twice at once, and hears the answers out of order."""

import pytest
from playwright.sync_api import APIResponse, Route, expect

from tests.browser.conftest import Sign
from tests.browser.test_live import BACK_MS, sounding
from tests.rig import Rig

pytestmark = pytest.mark.process


def test_an_old_answer_behind_a_newer_one_silences_no_alarm_that_waits(
    rig: Rig, sign_in: Sign
) -> None:
    alder = sign_in("alder")
    asked: list[Route] = []
    old: list[APIResponse] = []

    def answer(route: Route) -> None:
        """Fail the first, keep the second back, and let all others through."""
        asked.append(route)
        if len(asked) == 1:
            route.abort()
        elif len(asked) == 2:
            old.append(route.fetch())
        else:
            route.continue_()

    alder.page.route("**/api/alarms", answer)
    alder.page.reload()
    expect(alder.page.locator("#live.on")).to_be_visible()
    while not old:
        alder.page.wait_for_timeout(50)
    with rig.device() as device:
        device.sos()
    sounding(alder.page, "yes", BACK_MS)
    while len(asked) < 3:
        alder.page.wait_for_timeout(50)
    alder.page.wait_for_timeout(500)
    sounding(alder.page, "yes")
    asked[1].fulfill(response=old[0])
    alder.page.wait_for_timeout(500)
    sounding(alder.page, "yes")
    expect(alder.page.locator("#shout")).to_have_text("1 alarm waits for HQ: Heron")
