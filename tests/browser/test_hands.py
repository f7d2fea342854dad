"""Keys, focus, and what somebody is typing: an update takes nothing away."""

import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.boxes import boxes_of
from tests.browser.conftest import Sign
from tests.rig import Rig
from tests.voices import say_safe

pytestmark = pytest.mark.process


def focused(page: Page) -> str:
    return str(page.evaluate("document.activeElement.id"))


def test_the_list_is_worked_with_j_k_enter_and_a(rig: Rig, sign_in: Sign) -> None:
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    row = alder.page.locator("tr.sounds")
    expect(row).to_be_visible()
    alder.page.keyboard.press("j")
    link = f"open-{row.get_attribute('data-id')}"
    assert focused(alder.page) == link
    alder.page.keyboard.press("k")
    assert focused(alder.page) == link
    alder.page.keyboard.press("a")
    expect(alder.page.locator("#group-open")).to_contain_text("With alder")
    alder.page.keyboard.press("j")
    alder.page.keyboard.press("Enter")
    alder.page.wait_for_selector("#case")
    alder.page.wait_for_selector("#live.on")
    alder.page.keyboard.press("v")
    assert focused(alder.page) == "do-verify"
    alder.page.keyboard.press("u")
    expect(alder.page.locator("#list")).to_be_visible()


def test_a_acknowledges_the_open_case(rig: Rig, sign_in: Sign) -> None:
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.keyboard.press("a")
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")


@pytest.mark.parametrize("letter", ["\u0444", "\u0634"])
def test_a_key_acts_whatever_alphabet_the_keyboard_writes(
    rig: Rig, sign_in: Sign, letter: str
) -> None:
    """With a Russian or Arabic layout none of them did anything, without a word."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.case()
    event = "key => new KeyboardEvent('keydown', {key, code: 'KeyA', bubbles: true})"
    alder.page.evaluate(f"key => document.body.dispatchEvent(({event})(key))", letter)
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")


def test_c_shows_for_whom_a_close_waits_and_then_its_reason_bug_it_did_nothing(
    rig: Rig, sign_in: Sign
) -> None:
    alder, rowan = sign_in("alder"), sign_in("rowan")
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.keyboard.press("a")
    waits = alder.page.locator("#why-close")
    expect(waits).to_contain_text("closing waits for 1 more besides you")
    alder.page.keyboard.press("c")
    expect(waits).to_be_focused()
    expect(waits).to_be_in_viewport()
    rowan.case()
    rowan.page.locator("#safe-remark").fill("her lawyer has seen her")
    rowan.page.locator("#do-detained").click()
    expect(waits).to_have_text("")
    alder.page.keyboard.press("c")
    expect(alder.page.locator("#reason")).to_be_focused()


def test_a_letter_in_a_field_is_a_letter(rig: Rig, sign_in: Sign) -> None:
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.keyboard.press("n")
    alder.page.keyboard.type("a caller saw her, jk")
    expect(alder.page.locator("#note")).to_have_value("a caller saw her, jk")
    expect(alder.page.locator("#case-head")).to_contain_text("Waits for HQ")


def test_single_keys_can_be_turned_off(rig: Rig, sign_in: Sign) -> None:
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.keyboard.press("?")
    alder.page.get_by_label("Single keys act").uncheck()
    alder.page.get_by_role("button", name="Close").last.click()
    alder.page.keyboard.press("a")
    alder.page.wait_for_timeout(500)
    expect(alder.page.locator("#case-head")).to_contain_text("Waits for HQ")


def test_an_update_takes_neither_words_nor_focus(rig: Rig, sign_in: Sign) -> None:
    """Leaving a field for a moment lost what was in it at the next update."""
    alder, rowan = sign_in("alder"), sign_in("rowan")
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.locator("#do-acknowledge").click()
    say_safe(rig, str(rig.alarms()[0]["id"]), "rowan")
    expect(alder.page.locator("#do-close")).to_be_enabled()
    alder.page.locator("#remark").fill("she is with")
    alder.page.locator("#note").fill("second thought")
    alder.page.locator("#note").evaluate("field => field.setSelectionRange(3, 3)")
    rowan.case()
    rowan.page.locator("#note").fill("from rowan")
    rowan.page.locator("#do-note").click()
    expect(alder.page.locator("#timeline")).to_contain_text("from rowan")
    assert focused(alder.page) == "note"
    assert alder.page.locator("#note").evaluate("field => field.selectionStart") == 3
    expect(alder.page.locator("#remark")).to_have_value("she is with")
    expect(alder.page.locator("#note")).to_have_value("second thought")


def test_focus_on_a_row_stays_while_other_rows_come(rig: Rig, sign_in: Sign) -> None:
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
        expect(alder.page.locator("tr.sounds")).to_be_visible()
        alder.page.keyboard.press("j")
        before = focused(alder.page)
        device.sos()
    expect(alder.page.locator("#list")).to_contain_text("pressed 2 times")
    assert focused(alder.page) == before


def test_the_sound_is_tested_and_silence_is_short(rig: Rig, sign_in: Sign) -> None:
    alder = sign_in("alder")
    expect(alder.page.locator("body")).to_have_attribute("data-deaf", "yes")
    alder.page.get_by_role("button", name="Start shift: test the sound").click()
    sound = alder.page.locator("#sound")
    expect(sound).to_have_attribute("aria-pressed", "true")
    expect(alder.page.locator("#outcome")).to_contain_text("If you did not hear it")
    expect(alder.page.locator("body")).to_have_attribute("data-deaf", "no")
    with rig.device() as device:
        device.sos()
        body = alder.page.locator("body")
        expect(body).to_have_attribute("data-sounding", "yes")
        alder.page.keyboard.press("s")
        expect(body).to_have_attribute("data-sounding", "silenced")
        expect(alder.page.locator("#silence")).to_contain_text("Silent for")
        expect(alder.page.locator("#shout")).to_contain_text("waits for HQ")


def test_whoever_opens_a_case_still_hears_what_waits(rig: Rig, sign_in: Sign) -> None:
    """Each page had to be given its sound anew, and said so in a button's colour."""
    alder = sign_in("alder")
    alder.page.locator("#sound").click()
    body = alder.page.locator("body")
    expect(body).to_have_attribute("data-deaf", "no")
    with rig.device() as device:
        device.sos()
    alder.case()
    expect(body).to_have_attribute("data-sounding", "yes")
    expect(body).to_have_attribute("data-deaf", "no")
    expect(alder.page.locator("#mute")).to_be_empty()
    expect(alder.page.locator("#sound")).to_have_text("Sound is on. Test it again")
    alder.page.locator("#up").click()
    alder.page.wait_for_selector("#list")
    expect(body).to_have_attribute("data-deaf", "no")
    assert alder.faults == []


def test_a_page_that_cannot_sound_says_so_until_somebody_presses_on_it(
    rig: Rig, sign_in: Sign
) -> None:
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    mute = alder.page.get_by_role("alert").filter(has_text="NO SOUND on this page")
    expect(mute).to_be_visible()
    alder.page.get_by_role("heading", name="Alarms").click()
    expect(alder.page.locator("#mute")).to_be_empty()
    expect(alder.page.locator("body")).to_have_attribute("data-deaf", "no")
    assert alder.faults == []


def test_what_is_revealed_leaves_the_page_though_the_engine_is_away(
    rig: Rig, sign_in: Sign
) -> None:
    """What an update was recognised by stayed in an attribute of the page."""
    alder = sign_in("alder")
    alder.page.clock.install()
    with rig.device() as device:
        device.sos()
    alder.case()
    assert "41.31151" not in alder.page.content()
    alder.page.locator("#do-reveal").click()
    expect(alder.page.locator("#place")).to_contain_text("41.31151")
    # It counts down from five minutes; which second of them is seen is the machine's.
    left = alder.page.locator("#revealed-left")
    expect(left).to_have_text(re.compile(r"^4:[0-5]\d$"))
    assert "41.31151" in alder.page.content()
    assert "+998460000011" in alder.page.content()
    numbers = boxes_of(alder.page, ".number")
    assert len(numbers) > 5
    assert {one.lines for one in numbers} == {1}, "one that is read out is in two"
    alder.page.route("**/alarms/**", lambda route: route.abort())
    alder.page.clock.fast_forward(301_000)
    expect(alder.page.locator("#place")).to_contain_text("Hidden again")
    assert "41.31151" not in alder.page.content()
    assert "+998460000011" not in alder.page.content()
