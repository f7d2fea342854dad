"""What one press does, where a hand is quick, heavy or late: no more than was meant."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, expect

from tests.browser.boxes import box_of
from tests.browser.conftest import Screen, Sign
from tests.rig import Rig
from tests.voices import say_safe

pytestmark = pytest.mark.process

STRANGERS = ("004999010650009", "004999010650017", "004999010650025")
SECOND_CLICK_MS = 300
"""As long as the second click of a double click may take."""

BUSY_AFTER_A_CLICK = """
button => button.addEventListener("click", () => setTimeout(() => {
  const until = Date.now() + 1500;
  while (Date.now() < until);
}), { once: true })
"""


def twice_at(page: Page, x: float, y: float, moved: Callable[[], None]) -> None:
    """Click, have the page move, and click once more, on a clock that is stopped."""
    page.clock.run_for(1_000)
    page.mouse.click(x, y)
    page.clock.run_for(1)  # an update waits for the release
    moved()
    page.clock.run_for(SECOND_CLICK_MS - 1)
    page.mouse.click(x, y)


def test_a_double_click_on_the_list_acknowledges_one_alarm(
    rig: Rig, sign_in: Sign
) -> None:
    """The row below had come under the mouse, and was acknowledged unread."""
    alder = sign_in("alder")
    alder.stop_clock()
    for imei in STRANGERS:
        with rig.device(imei) as device:
            device.sos()
    buttons = alder.page.locator("tr.sounds button")
    expect(buttons).to_have_count(3)
    box = box_of(alder.page, "tr.sounds button")
    spot = box.left + 20, box.top + 20
    twice_at(alder.page, *spot, moved=lambda: expect(buttons).to_have_count(2))
    expect(alder.page.locator("#outcome")).to_contain_text("the page moved")
    expect(buttons).to_have_count(2)
    alder.page.clock.run_for(700)
    buttons.first.click()
    alder.page.clock.run_for(1)
    expect(buttons).to_have_count(1)


def at_a_case(rig: Rig, sign_in: Sign) -> Screen:
    """Return alder before a page that shows a whole case, which has just begun."""
    alder = sign_in("alder", viewport={"width": 1280, "height": 1400})
    with rig.device() as device:
        device.sos()
    alder.case()
    return alder


def test_a_double_click_on_acknowledge_says_nothing_about_the_truth(
    rig: Rig, sign_in: Sign
) -> None:
    """*True: verify* had moved up to where *Acknowledge* was."""
    alder = at_a_case(rig, sign_in)
    alder.stop_clock()
    box = box_of(alder.page, "#do-acknowledge")
    spot = 0.2 * box.left + 0.8 * box.right, (box.top + box.bottom) / 2
    head = alder.page.locator("#case-head")
    twice_at(alder.page, *spot, moved=lambda: expect(head).to_contain_text("With"))
    alder.page.clock.run_for(1_000)
    alder.page.wait_for_timeout(1_000)
    expect(head).to_contain_text("is it true?")


def test_a_second_press_at_the_same_place_is_of_the_same_button(
    rig: Rig, sign_in: Sign
) -> None:
    """The words "Press again" moved the page, and another button under the mouse."""
    alder = at_a_case(rig, sign_in)
    alder.page.locator("#do-acknowledge").click()
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")
    alarm = str(rig.alarms()[0]["id"])
    say_safe(rig, alarm, "rowan")
    alder.page.reload()
    alder.page.wait_for_selector("#live.on")
    alder.page.locator("#reason").select_option("safe")
    box = box_of(alder.page, "#do-close")
    spot = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    alder.page.mouse.click(*spot)
    expect(alder.page.locator("#do-close")).to_contain_text("tell everybody")
    alder.page.wait_for_timeout(600)
    alder.page.mouse.click(*spot)
    expect(alder.page.locator("#case-head")).to_contain_text("Closed by alder: safe")
    lines = rig.alarm(alarm)["lines"]
    assert isinstance(lines, list)
    said = [one["text"] for one in lines if one["kind"] == "SafetyConfirmed"]
    assert said == ["by rowan"], "none of alder's clicks was of the button beside it"


def with_a_case_to_close(rig: Rig, sign_in: Sign) -> Screen:
    """Return an officer who has taken a case and could close it as *safe*."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.locator("#do-acknowledge").click()
    say_safe(rig, str(rig.alarms()[0]["id"]), "rowan")
    expect(alder.page.locator("#do-close")).to_be_enabled()
    alder.page.locator("#reason").select_option("safe")
    return alder


def test_a_key_that_is_held_down_closes_nothing(rig: Rig, sign_in: Sign) -> None:
    """Enter repeats itself: the question was answered with half a second of it."""
    alder = with_a_case_to_close(rig, sign_in)
    alder.stop_clock()
    alder.page.locator("#reason").select_option("safe")
    alder.page.locator("#do-close").focus()
    for _ in range(20):
        alder.page.keyboard.down("Enter")
        alder.page.clock.run_for(50)
    alder.page.keyboard.up("Enter")
    alder.page.wait_for_timeout(500)
    alder.page.clock.run_for(500)
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")
    alder.page.keyboard.press("Enter")
    expect(alder.page.locator("#case-head")).to_contain_text("Closed by alder")


def test_a_press_between_question_and_answer_is_asked_about_anew(
    rig: Rig, sign_in: Sign
) -> None:
    """The second click closed a case that had become another one under it."""
    alder = with_a_case_to_close(rig, sign_in)
    # A question is taken back after six seconds, and what comes here may take longer.
    alder.stop_clock()
    alder.page.locator("#reason").select_option("safe")
    close = alder.page.locator("#do-close")
    close.click()
    alder.page.clock.run_for(1)
    expect(close).to_contain_text("tell everybody")
    with rig.device() as device:
        device.sos()
    say_safe(rig, str(rig.alarms()[0]["id"]), "rowan")  # of the press before it was
    expect(close).to_be_enabled()
    alder.page.clock.run_for(600)
    close.click()
    expect(alder.page.locator("#outcome")).to_contain_text("pressed again meanwhile")
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")
    alder.page.clock.run_for(600)
    close.click()
    alder.page.clock.run_for(1)
    expect(alder.page.locator("#case-head")).to_contain_text("Closed by alder: safe")


class Hand:
    """Presses a button at the times that it says, by a clock of its own."""

    def __init__(self, page: Page, selector: str, behind_s: float = 0.0) -> None:
        page.locator(selector).scroll_into_view_if_needed()
        box = box_of(page, selector)
        self._spot = (box.left + box.right) / 2, (box.top + box.bottom) / 2
        now_s = page.evaluate("(performance.timeOrigin + performance.now()) / 1000")
        self._begins_s = now_s - behind_s
        self._session = page.context.new_cdp_session(page)

    def press(self, after_s: float) -> None:
        x, y = self._spot
        for kind in ("mousePressed", "mouseReleased"):
            made = {"type": kind, "x": x, "y": y, "button": "left"}
            when = {"clickCount": 1, "timestamp": self._begins_s + after_s}
            self._session.send("Input.dispatchMouseEvent", made | when)


def test_a_burst_of_clicks_closes_nothing(rig: Rig, sign_in: Sign) -> None:
    alder = with_a_case_to_close(rig, sign_in)
    alder.stop_clock()
    alder.page.locator("#reason").select_option("safe")
    for _ in range(5):
        alder.page.locator("#do-close").click()
        alder.page.clock.run_for(150)
    alder.page.wait_for_timeout(500)
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")


def test_a_busy_page_makes_no_second_press_of_a_double_click_bug_it_closed_the_case(
    rig: Rig, sign_in: Sign
) -> None:
    """When it got round to the second half counted, and not when that was made."""
    alder = with_a_case_to_close(rig, sign_in)
    close = alder.page.locator("#do-close")
    close.evaluate(BUSY_AFTER_A_CLICK)
    hand = Hand(alder.page, "#do-close")
    for after_s in (0.0, 0.2):
        hand.press(after_s)
    expect(close).to_contain_text("tell everybody")
    alder.page.wait_for_timeout(500)
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")


@pytest.mark.parametrize("behind_s", [-20.0, 2.5, 20.0])
def test_a_hand_by_another_clock_than_the_page_answers_bug_it_was_asked_for_ever(
    rig: Rig, sign_in: Sign, behind_s: float
) -> None:
    """Of a display elsewhere, say: each press was made before the question."""
    alder = with_a_case_to_close(rig, sign_in)
    alder.page.reload()  # what came before went by the page's clock
    alder.page.wait_for_selector("#live.on")
    alder.page.locator("#reason").select_option("safe")
    close = alder.page.locator("#do-close")
    hand = Hand(alder.page, "#do-close", behind_s=behind_s)
    hand.press(0.0)
    expect(close).to_contain_text("tell everybody")
    hand.press(0.2)
    alder.page.wait_for_timeout(500)
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")
    alder.page.wait_for_timeout(1_000)
    hand.press(1.8)
    expect(alder.page.locator("#case-head")).to_contain_text("Closed by alder: safe")


def test_an_officer_holds_colleagues_after_a_press_that_follows_false(
    rig: Rig, sign_in: Sign
) -> None:
    alder = sign_in("alder", viewport={"width": 1280, "height": 900})
    with rig.device() as device:
        device.sos()
    alder.case()
    hold = alder.page.locator("#do-hold")
    expect(hold).to_be_hidden()
    alder.page.locator("#do-acknowledge").click()
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")
    alder.page.wait_for_timeout(700)
    alder.page.locator("#do-false").click()
    expect(alder.page.locator("#case-head")).to_contain_text("False, says alder")
    with rig.device() as device:
        device.sos()
    again = alder.page.locator("#again")
    expect(again).to_contain_text("colleagues are told to wait for HQ")
    expect(again).to_contain_text("in 0:")
    expect(hold).to_be_visible()
    hold.click()
    expect(again).to_contain_text("Colleagues are held")
    expect(hold).to_be_hidden()
    expect(alder.page.locator("#timeline")).to_contain_text("who holds colleagues")
    assert not alder.faults
