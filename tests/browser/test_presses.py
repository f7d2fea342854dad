"""What one press does, where a hand is quick, heavy or late: no more than was meant."""

from collections.abc import Callable

import pytest
from playwright.sync_api import Page, Route, expect

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
    close.scroll_into_view_if_needed()
    box = box_of(alder.page, "#do-close")
    spot = (box.left + box.right) / 2, (box.top + box.bottom) / 2
    made_s = alder.page.evaluate("(performance.timeOrigin + performance.now()) / 1000")
    hand = alder.page.context.new_cdp_session(alder.page)
    for after_s in (0.0, 0.2):
        for kind in ("mousePressed", "mouseReleased"):
            made = {"type": kind, "x": spot[0], "y": spot[1], "button": "left"}
            when = {"clickCount": 1, "timestamp": made_s + after_s}
            hand.send("Input.dispatchMouseEvent", made | when)
    expect(close).to_contain_text("tell everybody")
    alder.page.wait_for_timeout(500)
    expect(alder.page.locator("#case-head")).to_contain_text("With alder")


def test_a_note_that_is_mended_while_nobody_answers_is_kept_as_well(
    rig: Rig, sign_in: Sign
) -> None:
    """It was answered *Note kept*, and what was kept was the first one alone."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.case()

    def lose(route: object) -> None:
        route.fetch()  # type: ignore[attr-defined] # the engine has it
        route.abort()  # type: ignore[attr-defined] # and its answer is lost

    alder.page.route("**/note", lose, times=1)
    alder.page.locator("#note").fill("her sister rang")
    alder.page.locator("#do-note").click()
    expect(alder.page.locator("#outcome")).to_contain_text("Press again")
    alder.page.locator("#note").fill("her sister rang: she is in hospital")
    alder.page.locator("#do-note").click()
    expect(alder.page.locator("#outcome")).to_contain_text("Note kept")
    expect(alder.page.locator("#timeline")).to_contain_text("she is in hospital")


def test_what_is_written_while_a_note_is_on_its_way_stays(
    rig: Rig, sign_in: Sign
) -> None:
    """The answer to the first one emptied the field under the second."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.case()
    note = alder.page.locator("#note")

    def late(route: Route) -> None:
        answer = route.fetch()
        note.fill("she is in hospital 4")
        route.fulfill(response=answer)

    alder.page.route("**/note", late, times=1)
    note.fill("her sister rang")
    alder.page.locator("#do-note").click()
    expect(alder.page.locator("#outcome")).to_contain_text("Note kept")
    expect(note).to_have_value("she is in hospital 4")
    alder.page.locator("#do-note").click()
    expect(alder.page.locator("#timeline")).to_contain_text("in hospital 4")
    expect(note).to_have_value("")
