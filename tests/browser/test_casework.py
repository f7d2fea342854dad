"""How HQ keeps its cases in a browser: handed over, linked, merged."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Screen, Sign
from tests.rig import Rig

pytestmark = pytest.mark.process

OTHER_IMEI = "350000000000017"


def case_id(page: Page) -> str:
    """Return the alarm whose page this is."""
    return page.url.rsplit("/", 1)[-1]


def pressed(rig: Rig, screen: Screen) -> None:
    """Have heron press, and open the case."""
    with rig.device() as device:
        device.sos()
    screen.case()


def test_a_case_is_handed_over_with_a_note(rig: Rig, sign_in: Sign) -> None:
    alder, rowan = sign_in("alder"), sign_in("rowan")
    pressed(rig, alder)
    alder.page.locator("#do-acknowledge").click()
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")
    alder.page.get_by_label("Hand over to").fill("rowan")
    alder.page.get_by_label("What they need to know").fill("her lawyer calls at nine")
    alder.page.locator("#do-hand-over").click()
    expect(alder.page.locator("#case-head")).to_contain_text("With rowan")
    rowan.case()
    expect(rowan.page.locator("#case-head")).to_contain_text("With rowan")
    expect(rowan.page.locator("#timeline")).to_contain_text("her lawyer calls at nine")
    assert alder.faults == rowan.faults == []


def test_nobody_is_handed_a_case_who_is_no_operator(rig: Rig, sign_in: Sign) -> None:
    alder = sign_in("alder")
    pressed(rig, alder)
    alder.page.locator("#do-acknowledge").click()
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")
    alder.page.get_by_label("Hand over to").fill("nobody")
    alder.page.get_by_label("What they need to know").fill("all yours")
    alder.page.locator("#do-hand-over").click()
    expect(alder.page.get_by_role("alert")).to_contain_text("Not done")
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")


def test_linked_cases_name_each_other_and_a_duplicate_goes_on_there(
    rig: Rig, sign_in: Sign
) -> None:
    alder, rowan = sign_in("alder"), sign_in("rowan")
    pressed(rig, alder)
    first = case_id(alder.page)
    with rig.device(OTHER_IMEI) as device:
        device.sos()
    rowan.case("unknown")
    second = case_id(rowan.page)
    assert first != second

    rowan.page.get_by_label("Belongs with alarm").fill(first)
    rowan.page.locator("#do-link").click()
    expect(rowan.page.locator("#case .links")).to_contain_text(first)
    expect(alder.page.locator("#case .links")).to_contain_text(second)

    rowan.page.locator("#do-acknowledge").click()
    expect(rowan.page.locator("#do-close")).to_be_enabled()
    rowan.page.locator("#reason").select_option("duplicate")
    rowan.page.get_by_label("If a duplicate, of alarm").fill(first)
    close = rowan.page.locator("#do-close")
    close.click()
    rowan.page.wait_for_timeout(600)  # the second click says: yes, I am sure
    close.click()
    expect(rowan.page.locator("#timeline")).to_contain_text("Goes on elsewhere")
    expect(alder.page.locator("#case-head")).to_contain_text("Waits for HQ")
