"""Two browsers at HQ: the same in both, at once, and with sound until somebody acts."""

import json
import re

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import Sign
from tests.browser.test_accessible import violations
from tests.rig import WAIT_S, Rig, eventually

pytestmark = pytest.mark.process

AT_ONCE_MS = 1_000
BACK_MS = 15_000
NOTE_WHEN_A_ROW_SOUNDS = """
new MutationObserver(() => {
  if (document.querySelector("tr.sounds")) window.soundsAt ??= Date.now();
}).observe(document.body, { attributes: true, childList: true, subtree: true });
"""


def sounding(page: Page, expected: str, timeout_ms: float = WAIT_S * 1000) -> None:
    expect(page.locator("body")).to_have_attribute(
        "data-sounding", expected, timeout=timeout_ms
    )


def test_a_new_alarm_is_in_both_browsers_within_a_second_with_sound(
    rig: Rig, sign_in: Sign
) -> None:
    alder, rowan = sign_in("alder"), sign_in("rowan")
    expect(alder.page.locator("#none")).to_be_visible()
    sounding(alder.page, "no")
    for screen in (alder, rowan):
        screen.page.evaluate(NOTE_WHEN_A_ROW_SOUNDS)
    with rig.device() as device:
        device.sos()
    pressed_ms = rig.clock.now().ms
    for screen in (alder, rowan):
        expect(screen.page.locator("tr.sounds")).to_contain_text("Heron")
        # When it stood there, and not when a question from outside has found it.
        assert screen.page.evaluate("window.soundsAt") - pressed_ms < AT_ONCE_MS
    for screen in (alder, rowan):
        sounding(screen.page, "yes")
        alert = screen.page.get_by_role("alert").filter(has_text="waits for HQ")
        expect(alert).to_have_text("1 alarm waits for HQ: Heron")
        assert screen.page.title() == "(1) Alarms - Natalia"
    alder.page.locator("tr.sounds button").click()
    for screen in (alder, rowan):
        sounding(screen.page, "no")
        expect(screen.page.locator("#shout")).to_be_empty()
        expect(screen.page.locator("#group-open")).to_contain_text("With alder")
        assert screen.page.title() == "Alarms - Natalia"
        assert screen.faults == []


def test_a_click_during_which_the_list_changes_is_not_lost(
    rig: Rig, sign_in: Sign
) -> None:
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
        alder.page.locator("#list").get_by_role("link", name="Heron").hover()
        alder.page.mouse.down()
        device.sos()
        # Long enough for the second press to be on the page, were it not for the mouse.
        alder.page.wait_for_timeout(600)
        alder.page.mouse.up()
    alder.page.wait_for_selector("#case", timeout=5_000)


def test_the_whole_story_is_told_through_the_pages(rig: Rig, sign_in: Sign) -> None:
    alder, rowan = sign_in("alder"), sign_in("rowan")
    with rig.device() as device:
        device.sos()
    alder.case()
    expect(alder.page.locator("#do-close")).to_be_disabled()
    expect(alder.page.locator("#case-head")).to_contain_text("Next, unless you act")
    alder.page.locator("#do-acknowledge").click()
    outcome = alder.page.locator("#outcome")
    expect(outcome).to_contain_text("Paging of the officers on duty stops")
    alder.page.locator("#do-verify").click()
    expect(alder.page.locator("#case-head")).to_contain_text("Verified by alder")
    expect(alder.page.locator("#do-approve")).to_be_disabled()
    expect(alder.page.locator("#acts")).to_contain_text("a second operator has to")
    assert rig.mastodon.posts.items() == ()
    rowan.case()
    expect(rowan.page.locator("#draft")).to_contain_text("Uzbekistan")
    approve = rowan.page.locator("#do-approve")
    approve.click()
    expect(approve).to_have_text("Publish this text now?")
    assert rig.mastodon.posts.items() == ()
    rowan.page.wait_for_timeout(600)
    approve.click()
    assert rig.mastodon.posts.wait_for(lambda _: True, WAIT_S)
    expect(alder.page.locator("#case-head")).to_contain_text("publication: published")
    expect(alder.page.locator("#do-close")).to_be_disabled()
    waits = alder.page.locator("form[data-act=close] .why")
    expect(waits).to_contain_text("closing waits for 1 more besides you")
    rowan.page.locator("#do-safe").click()
    expect(alder.page.locator("#safety")).to_contain_text("1 of 2 whom an all-clear")
    expect(alder.page.locator("#safety")).to_contain_text("(rowan)")
    expect(waits).to_have_text("")
    alder.page.locator("#reason").select_option("safe")
    alder.page.locator("#remark").fill("called back")
    close = alder.page.locator("#do-close")
    close.click()
    alder.page.wait_for_timeout(600)
    close.click()
    for screen in (alder, rowan):
        head = screen.page.locator("#case-head")
        expect(head).to_contain_text("Closed by alder: safe")
        expect(screen.page.locator("#timeline")).to_contain_text("called back")
        expect(screen.page.locator("#do-reopen")).to_be_visible()
        assert screen.faults == []


def test_an_answer_to_an_act_is_seen_at_the_foot_of_a_long_page(
    rig: Rig, sign_in: Sign
) -> None:
    alder = sign_in("alder", viewport={"width": 360, "height": 640})
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.locator("#do-reveal").click()
    outcome = alder.page.locator("#outcome")
    expect(outcome).to_contain_text("Shown to you")
    expect(outcome).to_be_in_viewport()


def test_a_double_click_does_not_publish(rig: Rig, sign_in: Sign) -> None:
    alder, rowan = sign_in("alder"), sign_in("rowan")
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.locator("#do-acknowledge").click()
    alder.page.locator("#do-verify").click()
    rowan.case()
    expect(rowan.page.locator("#do-approve")).to_be_enabled()
    rowan.page.locator("#do-approve").dblclick()
    rowan.page.wait_for_timeout(1_000)
    expect(rowan.page.locator("#case-head")).to_contain_text("publication: none")
    assert rig.mastodon.posts.items() == ()


def test_the_countdown_goes_by_the_servers_clock(rig: Rig, sign_in: Sign) -> None:
    """A browser whose own clock is an hour wrong counts down all the same."""
    alder = sign_in("alder")
    alder.page.clock.install()
    alder.page.clock.fast_forward(3_600_000)
    alder.page.clock.resume()
    alder.page.reload()
    alder.page.wait_for_selector("#live.on")
    with rig.device() as device:
        device.sos()
    due = alder.page.locator("tr.sounds .due")
    expect(due).to_have_text(re.compile(r"^in [0-5]?\d:\d\d$|^in 1:00$"))
    first = due.text_content()
    expect(due).not_to_have_text(first or "")


def test_a_restart_is_seen_and_the_console_comes_back_by_itself(
    rig: Rig, sign_in: Sign
) -> None:
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    expect(alder.page.locator("tr.sounds")).to_be_visible()
    with rig.console_stays():
        cut = alder.page.get_by_role("alert").filter(has_text="NOT LIVE")
        expect(cut).to_be_visible(timeout=3_000)
        expect(alder.page.locator("body")).to_have_attribute("data-live", "no")
        rig.start()
    expect(alder.page.locator("#live")).to_have_text("Live", timeout=BACK_MS)
    expect(alder.page.locator("#cut")).to_be_empty()
    alder.page.locator("tr.sounds button").click()
    expect(alder.page.locator("#group-open")).to_contain_text("With alder")
    with rig.device() as device:
        device.sos(48.85661, 2.35222)
    told = alder.page.locator("#list")
    expect(told).to_contain_text("pressed 2 times")


def test_what_happened_while_a_browser_was_away_is_there_when_it_is_back(
    rig: Rig, sign_in: Sign
) -> None:
    alder = sign_in("alder")
    alder.page.route("**/events*", lambda route: route.abort())
    alder.page.reload()
    expect(alder.page.locator("#live")).to_have_text("NOT LIVE", timeout=BACK_MS)
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("lapwing")
    alder.page.unroute("**/events*")
    expect(alder.page.locator("tr.sounds")).to_contain_text("Heron", timeout=BACK_MS)
    sounding(alder.page, "yes")


def test_who_signs_out_elsewhere_is_told_and_not_left_in_silence(
    rig: Rig, sign_in: Sign
) -> None:
    del rig
    alder = sign_in("alder")
    other = alder.page.context.new_page()
    other.goto(alder.origin)
    other.get_by_role("button", name="Sign out").click()
    other.wait_for_url("**/sign-in")
    cut = alder.page.get_by_role("alert").filter(has_text="you are signed out")
    expect(cut).to_be_visible()
    expect(cut.get_by_role("link", name="Sign in again")).to_be_visible()
    sounding(alder.page, "yes")


def test_a_click_on_a_page_of_an_earlier_sign_in_is_not_put_down_to_the_engine(
    rig: Rig, sign_in: Sign
) -> None:
    """It said "No answer from the engine. Press again", for ever."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.case()
    other = alder.page.context.new_page()
    other.goto(alder.origin)
    other.get_by_role("button", name="Sign out").click()
    other.get_by_label("Operator").fill("rowan")
    other.get_by_label("Password").fill(rig.password("rowan"))
    other.get_by_role("button", name="Sign in").click()
    other.wait_for_selector("#live.on")
    alder.page.locator("#do-acknowledge").click()
    outcome = alder.page.locator("#outcome")
    expect(outcome).to_contain_text("Not done: this page is of an earlier sign-in")


def test_without_javascript_a_page_does_not_say_that_it_is_live(
    rig: Rig, sign_in: Sign
) -> None:
    alder = sign_in("alder")
    expect(alder.page.locator("#none")).to_contain_text("This page is live")
    context = alder.page.context
    still = context.browser.new_context(  # type: ignore[union-attr] # it has one
        java_script_enabled=False, storage_state=context.storage_state()
    )
    page = still.new_page()
    page.goto(alder.origin)
    expect(page.locator("#none")).to_contain_text("No open alarm.")
    expect(page.get_by_text("This page is live")).to_be_hidden()
    expect(page.get_by_role("alert")).to_contain_text("NOT LIVE")
    expect(page.get_by_text("connecting")).to_be_hidden()
    with rig.device() as device:
        device.sos()
    # It is read anew by itself.
    expect(page.locator("#group-waiting")).to_contain_text("Heron", timeout=15_000)
    still.close()


def test_a_list_that_is_cut_off_does_not_say_that_it_is_live(
    rig: Rig, sign_in: Sign
) -> None:
    alder = sign_in("alder")
    rig.kill()
    # Twelve seconds of silence would tell it too, and are not what is meant.
    expect(alder.page.locator("#live")).to_have_text("NOT LIVE", timeout=BACK_MS / 2)
    expect(alder.page.get_by_text("This page is live")).to_be_hidden()


def test_a_page_that_cannot_be_read_anew_does_not_say_that_it_is_live(
    rig: Rig, sign_in: Sign
) -> None:
    """The stream went on, so that an old list stood under the word *Live*."""
    alder = sign_in("alder")
    alder.page.route(alder.origin + "/", lambda route: route.fulfill(status=500))
    with rig.device() as device:
        device.sos()
    expect(alder.page.locator("#shout")).to_contain_text("1 alarm waits for HQ")
    expect(alder.page.locator("#live")).to_have_text("NOT LIVE")
    cut = alder.page.get_by_role("alert").filter(has_text="cannot be read anew")
    expect(cut).to_be_visible()
    alder.page.unroute(alder.origin + "/")
    expect(alder.page.locator("tr.sounds")).to_contain_text("Heron")
    expect(alder.page.locator("#live")).to_have_text("Live")


def test_what_waits_sounds_although_the_page_could_not_ask_for_it_at_first(
    rig: Rig, sign_in: Sign
) -> None:
    """One answer that failed, and the page kept silent about what waited already."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.page.locator("tr.sounds").wait_for()
    # No row comes that would tell: only that all is well, again and again.
    quiet = 'event: state\ndata: {"now_ms":0,"degraded":{},"unrecorded":[]}\n\n'
    alder.page.route(
        "**/events*",
        lambda route: route.fulfill(body=quiet, content_type="text/event-stream"),
    )
    alder.page.route("**/api/alarms", lambda route: route.abort(), times=1)
    alder.page.reload()
    sounding(alder.page, "yes", timeout_ms=8_000)
    expect(alder.page.locator("#shout")).to_contain_text("1 alarm waits for HQ")


def test_whoever_is_cut_off_for_long_hears_it(rig: Rig, sign_in: Sign) -> None:
    alder = sign_in("alder")
    alder.page.clock.install()
    alder.page.route("**/events*", lambda route: route.abort())
    rig.kill()
    expect(alder.page.locator("#live")).to_have_text("NOT LIVE")
    sounding(alder.page, "no")
    alder.page.clock.fast_forward(31_000)
    sounding(alder.page, "yes")


def test_a_click_that_nobody_answers_can_be_made_again(rig: Rig, sign_in: Sign) -> None:
    """It hung for as long as the network did, and every further press was swallowed."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.route("**/acknowledge", lambda _: None, times=1)
    alder.page.locator("#do-acknowledge").click()
    outcome = alder.page.locator("#outcome")
    expect(outcome).to_contain_text("Press again", timeout=17_000)
    alder.page.locator("#do-acknowledge").click()
    expect(outcome).to_contain_text("it is yours now")


def test_much_that_is_wrong_hides_neither_what_waits_nor_an_answer(
    rig: Rig, sign_in: Sign
) -> None:
    alder = sign_in("alder", viewport={"width": 360, "height": 640})
    with rig.device() as device:
        device.sos()
    expect(alder.page.locator("tr.sounds")).to_be_visible()
    lost = [
        {"at": "2026-01-01T00:00:00.000Z", "text": f"NOT RECORDED: SOS number {n}"}
        for n in range(60)
    ]
    said = json.dumps({"now_ms": 0, "degraded": {}, "unrecorded": lost})
    alder.page.route(
        "**/events*",
        lambda route: route.fulfill(
            body=f"event: state\ndata: {said}\n\n", content_type="text/event-stream"
        ),
    )
    alder.page.reload()
    trouble = alder.page.locator("#trouble")
    expect(trouble).to_contain_text("SOS number 59")
    alder.page.locator("#sound").click()
    expect(alder.page.locator("#shout")).to_be_in_viewport(ratio=1)
    expect(alder.page.locator("#outcome")).to_contain_text("the sound of an alarm")
    expect(alder.page.locator("#outcome")).to_be_in_viewport(ratio=1)
    assert violations(alder.page) == []
    trouble.focus()
    alder.page.keyboard.press("End")
    # Asked from outside: a script that looks again by itself would have to evaluate
    # a string, which the page's own policy refuses.
    eventually(lambda: trouble.evaluate("bar => bar.scrollTop > 0"))


def test_every_channel_dead_sounds_on_the_console(rig: Rig, sign_in: Sign) -> None:
    alder = sign_in("alder")
    for modem in rig.modems:
        modem.unplug()
    for server in (rig.mail, rig.hook, rig.mastodon):
        server.stop()
        server.stop = lambda: None  # type: ignore[method-assign] # once is enough
    with rig.device() as device:
        device.sos()
    alert = alder.page.get_by_role("alert").filter(has_text="all channels down")
    expect(alert).to_be_visible(timeout=40_000)
    alder.page.locator("tr.sounds button").click()
    sounding(alder.page, "yes")


def test_sigterm_ends_the_service_with_two_browsers_on_the_stream(
    rig: Rig, sign_in: Sign
) -> None:
    sign_in("alder")
    sign_in("rowan")
    assert rig.metric("natalia_console_streams") == 2.0
    assert rig.stop() < 3.0
