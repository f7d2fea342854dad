"""axe finds nothing serious, in the dark and in the light, at any width."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import Sign
from tests.rig import Rig

pytestmark = pytest.mark.process

GRAVE = {"serious", "critical"}


def violations(page: Page) -> list[str]:
    """Return what axe finds in a page on which no click is under way."""
    expect(page.locator("[aria-busy]")).to_have_count(0)
    return found_in(page)


def found_in(page: Page) -> list[str]:
    found = Axe().run(page).response["violations"]
    return [
        f"{one['id']}: {one['nodes'][0]['html'][:120]}"
        for one in found
        if one["impact"] in GRAVE
    ]


@pytest.mark.parametrize("scheme", ["dark", "light"])
@pytest.mark.parametrize("width", [1440, 900])
def test_no_page_keeps_anybody_out(
    rig: Rig, sign_in: Sign, scheme: str, width: int
) -> None:
    viewport = {"width": width, "height": 900}
    alder = sign_in("alder", color_scheme=scheme, viewport=viewport)
    seen = {"empty list": violations(alder.page)}
    with rig.device() as device:
        device.sos()
    expect(alder.page.locator("tr.sounds")).to_be_visible()
    seen["list"] = violations(alder.page)
    alder.case()
    expect(alder.page.locator("#case")).to_be_visible()
    seen["case"] = violations(alder.page)
    alder.page.locator("#do-acknowledge").click()
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")
    alder.page.locator("#do-reveal").click()
    expect(alder.page.locator("#place")).to_contain_text("41.31151")
    seen["revealed case"] = violations(alder.page)
    for path in ("/password", "/alarms/none"):
        alder.open(path)
        seen[path] = violations(alder.page)
    alder.page.get_by_role("button", name="Sign out").click()
    alder.page.wait_for_url("**/sign-in")
    seen["sign-in"] = violations(alder.page)
    assert seen == {name: [] for name in seen}
    wide = "document.documentElement.scrollWidth > window.innerWidth"
    assert alder.page.evaluate(wide) is False


@pytest.mark.parametrize("scheme", ["dark", "light"])
def test_a_button_whose_click_is_under_way_can_be_read_bug_it_was_dimmed(
    rig: Rig, sign_in: Sign, scheme: str
) -> None:
    """An engine that is slow to answer must not look like a button that is off."""
    alder = sign_in("alder", color_scheme=scheme)
    with rig.device() as device:
        device.sos()
    expect(alder.page.locator("tr.sounds")).to_be_visible()
    alder.case()
    held: list[Route] = []

    def hold(route: Route) -> None:
        held.append(route)

    alder.page.route("**/acknowledge", hold)
    alder.page.locator("#do-acknowledge").click()
    expect(alder.page.locator("#do-acknowledge[aria-busy]")).to_be_visible()
    assert found_in(alder.page) == []
    assert len(held) == 1, "and it was not answered meanwhile"
