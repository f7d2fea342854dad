"""What a page shows as it is now: what else is happening never leaves it behind."""

import pytest
from playwright.sync_api import Route, expect

from engine.journal.sqlite import JOURNAL_FILE
from tests.browser.conftest import Sign
from tests.browser.test_live import BACK_MS
from tests.browser.test_night import SOON_MS, live
from tests.browser.test_presses import with_a_case_to_close
from tests.process.test_damage import damage
from tests.rig import Rig

pytestmark = pytest.mark.process

COMES_LAST = """
const real = crypto.getRandomValues.bind(crypto);
crypto.getRandomValues = (into) =>
  into instanceof Uint32Array ? into.fill(2 ** 32 - 1) : real(into);
"""
"""Of pages that are looked at alike those with the smallest numbers have a stream."""
STANDS_STILL = """
() => new BroadcastChannel("natalia").postMessage({
  from: 1, isHidden: true, kind: "state", id: "",
  data: JSON.stringify({
    now_ms: Date.now(), is_behind: true, unrecorded: [],
    degraded: { console_unread: ["journal.db"] },
  }),
})
"""


def test_a_fourth_page_has_what_came_while_it_was_opened(
    rig: Rig, sign_in: Sign
) -> None:
    """The others told it to rest, and its stream was shut before its first rows."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
        alder.case()
        for _ in range(2):
            page = alder.page.context.new_page()
            page.goto(alder.page.url)
            live(page)
        fourth = alder.page.context.new_page()
        fourth.add_init_script(COMES_LAST)

        def late(route: Route) -> None:
            answer = route.fetch()
            device.sos()
            expect(alder.page.locator("#case-head")).to_contain_text("pressed 2 times")
            route.fulfill(response=answer)

        fourth.route("**/api/alarms", late, times=1)
        # Its own first rows are on their way for longer than a word of the others.
        fourth.route("**/events*", lambda _: None)
        fourth.goto(alder.page.url)
        live(fourth)
        told = fourth.locator("#case-head")
        expect(told).to_contain_text("pressed 2 times", timeout=SOON_MS)


def test_an_answer_says_what_was_done_to_the_case_as_it_is(
    rig: Rig, sign_in: Sign
) -> None:
    """Of a case that was open again it said that nobody is asked any more."""
    alder = with_a_case_to_close(rig, sign_in)
    alder.page.locator("#do-close").click()
    alder.page.wait_for_timeout(700)
    alder.page.locator("#do-close").click()
    expect(alder.page.locator("#case-head")).to_contain_text("Closed by alder: safe")
    alder.page.reload()
    live(alder.page)
    alder.page.locator("#do-reopen").click()
    alder.page.wait_for_timeout(700)
    alder.page.locator("#do-reopen").click()
    expect(alder.page.locator("#do-close")).to_be_visible()
    alder.page.locator("#safe-remark").fill("she rang me")
    alder.page.locator("#do-safe").click()
    expect(alder.page.locator("#outcome")).to_have_text(
        "Kept: you say that the defender is safe. That closes nothing."
    )


def test_whoever_signs_out_leaves_nothing_revealed_on_another_page(
    rig: Rig, sign_in: Sign
) -> None:
    """Whoever came next read where she is there, and no row said so."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.locator("#do-reveal").click()
    expect(alder.page.locator("#place")).to_contain_text("41.31151")
    other = alder.page.context.new_page()
    other.goto(alder.origin)
    other.get_by_role("button", name="Sign out").click()
    expect(alder.page.locator("#cut")).to_contain_text("you are signed out")
    expect(alder.page.locator("#place")).to_have_text("Hidden again.")
    assert "41.31151" not in alder.page.content()
    assert "+998460000011" not in alder.page.content()


def test_a_list_that_stays_open_names_a_case_that_cannot_be_read_any_more(
    rig: Rig, sign_in: Sign
) -> None:
    """It stood there as in hand: no row tells of what cannot be read."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    alder.page.locator("tr.sounds button").click()
    expect(alder.page.locator("#group-open")).to_contain_text("With alder")
    with rig.console_stays():
        damage(rig.state / JOURNAL_FILE)
        rig.start()
    live(alder.page, BACK_MS)
    expect(alder.page.locator("#trouble")).to_contain_text("alarm standing still")
    expect(alder.page.locator("#list")).to_contain_text("Cannot be read whole")
    expect(alder.page.locator("#group-open")).to_have_count(0)
    expect(alder.page.locator("#shout")).to_contain_text("Heron")


def test_a_page_says_that_the_engine_cannot_read_what_is_new_bug_it_stood_still_as_live(
    sign_in: Sign,
) -> None:
    alder = sign_in("alder")
    alder.page.evaluate(STANDS_STILL)
    cut = alder.page.get_by_role("alert").filter(has_text="cannot read here what is")
    expect(cut).to_be_visible()
    expect(alder.page.locator("#live")).to_have_text("NOT LIVE")
    expect(alder.page.locator("#trouble")).to_contain_text("console unread")
    expect(alder.page.locator("#live")).to_have_text("Live", timeout=BACK_MS)
