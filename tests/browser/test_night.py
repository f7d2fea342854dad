"""An officer on duty at night: many pages, a network that goes, a shift that ends."""

import json
import socket
import threading
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest
from playwright.sync_api import Page, expect

from engine.journal.sqlite import JOURNAL_FILE
from tests.browser.boxes import box_of
from tests.browser.conftest import Screen, Sign
from tests.browser.test_live import sounding
from tests.process.test_damage import damage
from tests.rig import Rig, eventually

pytestmark = pytest.mark.process

STRANGERS = (
    "004999010650009",
    "004999010650017",
    "004999010650025",
    "004999010650033",
    "004999010650041",
    "004999010650058",
)
PAGES = 8
"""More than the six connections that a browser keeps to one address."""
STALE_MS = 12_000
SOON_MS = STALE_MS - 2_000
"""Before a page notices by itself that it hears nothing."""
IDLE_MS = 7_000
COUNT_TONES = """
window.tones = 0;
const start = OscillatorNode.prototype.start;
OscillatorNode.prototype.start = function (...at) {
  window.tones += 1;
  return start.apply(this, at);
};
"""
HIDDEN_WITH_STREAMS = """
Object.defineProperty(document, "hidden", { get: () => true });
window.streams = [];
window.EventSource = class extends EventSource {
  constructor(...of) {
    super(...of);
    window.streams.push(this);
  }
};
"""
SLEEPS = "const was = Date.now; Date.now = () => was() + 360_000;"
"""As after six minutes: the wall clock alone has gone on."""
IS_STREAMING = "window.streams.some((one) => one.readyState === EventSource.OPEN)"


class Wire:
    """A way to the console on which everything can stop, with no end of it sent."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self.listening = socket.create_server(("127.0.0.1", 0))
        self.dead: set[int] = set()
        self.pairs: list[tuple[socket.socket, socket.socket]] = []
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> tuple[str, int]:
        host, port = self.listening.getsockname()
        return host, port

    def cut(self) -> None:
        """Carry nothing more by what is connected; what connects anew works."""
        self.dead = set(range(len(self.pairs)))

    def close(self) -> None:
        self.listening.close()
        for near, far in self.pairs:
            near.close()
            far.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                near, _ = self.listening.accept()
                far = socket.create_connection(self.target)
                self.pairs.append((near, far))
                number = len(self.pairs) - 1
                for way in ((near, far), (far, near)):
                    args = (number, *way)
                    threading.Thread(target=self._carry, args=args, daemon=True).start()

    def _carry(self, number: int, source: socket.socket, to: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if number not in self.dead:
                    to.sendall(data)
            if number not in self.dead:
                to.shutdown(socket.SHUT_WR)


@pytest.fixture
def wire(rig: Rig) -> Iterator[Wire]:
    with closing(Wire(rig.ports["console"])) as made:
        rig.ports["console"] = made.address
        yield made


def strangers(rig: Rig, imeis: tuple[str, ...]) -> None:
    for imei in imeis:
        with rig.device(imei) as device:
            device.sos()


def live(page: Page, timeout_ms: float = 10_000) -> None:
    expect(page.locator("#live")).to_have_text("Live", timeout=timeout_ms)


def test_eight_pages_of_one_browser_are_all_live_and_can_act(
    rig: Rig, sign_in: Sign
) -> None:
    """From the sixth on nothing loaded, and no page's acts had an answer."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
        alder.case()
        pages = [alder.page]
        for _ in range(PAGES - 1):
            page = alder.page.context.new_page()
            page.goto(alder.page.url, timeout=10_000)
            live(page)
            pages.append(page)
        device.sos()
        for page in pages:
            told = page.locator("#case-head")
            expect(told).to_contain_text("pressed 2 times", timeout=SOON_MS)
            live(page)
        pages[-1].locator("#do-acknowledge").click()
        for page in pages:
            told = page.locator("#case-head")
            expect(told).to_contain_text("With alder", timeout=SOON_MS)
        # Whichever of them have the stream: the others take over.
        for page in pages[:4]:
            page.close()
        device.sos()
        for page in pages[4:]:
            told = page.locator("#case-head")
            expect(told).to_contain_text("pressed 3 times", timeout=STALE_MS / 2)
            live(page)
    assert alder.faults == []


def test_a_page_in_the_background_needs_no_other_page_while_there_are_few(
    rig: Rig, sign_in: Sign
) -> None:
    """Its clock may stand still for a minute, and it has to sound if the other dies."""
    alder = sign_in("alder")
    behind = alder.page.context.new_page()
    behind.add_init_script(HIDDEN_WITH_STREAMS)
    behind.goto(alder.origin)
    live(behind)
    with rig.device() as device:
        device.sos()
    for page in (alder.page, behind):
        expect(page.locator("tr.sounds")).to_contain_text("Heron")
    # Asked from outside: the row may have come by the other page while its own stream
    # was being opened.
    eventually(lambda: behind.evaluate(IS_STREAMING))


def test_a_stream_that_stands_still_without_an_error_is_asked_for_anew(
    rig: Rig, wire: Wire, sign_in: Sign
) -> None:
    """After a sleep, or a change of network, it was dead until somebody reloaded."""
    alder = sign_in("alder")
    # As in the middle of a night: what was asked for before is closed by the engine.
    alder.page.wait_for_timeout(IDLE_MS)
    wire.cut()
    with rig.device() as device:
        device.sos()
    row = alder.page.locator("tr.sounds")
    expect(row).to_contain_text("Heron", timeout=STALE_MS + 12_000)
    live(alder.page)
    expect(alder.page.locator("body")).to_have_attribute("data-sounding", "yes")


def test_a_computer_that_slept_shows_no_longer_what_was_revealed(
    rig: Rig, sign_in: Sign
) -> None:
    """Its steady clock stands still meanwhile: whoever woke it read where she is."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.locator("#do-reveal").click()
    expect(alder.page.locator("#place")).to_contain_text("41.")
    alder.page.route("**/*", lambda route: route.abort())
    alder.page.evaluate(SLEEPS)
    expect(alder.page.locator("#place")).to_have_text("Hidden again.")
    expect(alder.page.locator("#people")).to_have_text("Hidden again.")


def test_a_silence_is_over_once_a_computer_has_slept(rig: Rig, sign_in: Sign) -> None:
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    body = alder.page.locator("body")
    expect(body).to_have_attribute("data-sounding", "yes")
    alder.page.keyboard.press("s")
    expect(body).to_have_attribute("data-sounding", "silenced")
    alder.page.evaluate(SLEEPS)
    expect(body).to_have_attribute("data-sounding", "yes")


def test_a_note_outlives_the_end_of_a_session(rig: Rig, sign_in: Sign) -> None:
    """The way to sign in led away from the page, and what was written was gone."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.locator("#note").fill("she is in hospital 4")
    context = alder.page.context
    token = next(one for one in context.cookies() if one["name"] == "natalia_session")
    context.clear_cookies(name=str(token["name"]))
    alder.page.locator("#do-note").click()
    expect(alder.page.locator("#outcome")).to_contain_text("you are signed out")
    # The stream is of the session that was, and goes on until it ends.
    alder.page.route("**/events*", lambda route: route.abort())
    with rig.device() as device:
        device.sos()
    link = alder.page.get_by_role("link", name="Sign in again")
    with context.expect_page() as opened:
        link.click()
    page = opened.value
    page.get_by_label("Operator").fill("alder")
    page.get_by_label("Password").fill(rig.password("alder"))
    page.get_by_role("button", name="Sign in").click()
    live(page)
    alder.page.unroute("**/events*")
    live(alder.page)
    alder.page.locator("#do-note").click()
    expect(alder.page.locator("#outcome")).to_contain_text("Note kept")
    expect(page.locator("#timeline")).to_contain_text("she is in hospital 4")


def test_a_page_does_not_go_on_for_another_operator(rig: Rig, sign_in: Sign) -> None:
    alder = sign_in("alder")
    other = alder.page.context.new_page()
    other.goto(alder.origin)
    other.get_by_role("button", name="Sign out").click()
    other.get_by_label("Operator").fill("rowan")
    other.get_by_label("Password").fill(rig.password("rowan"))
    other.get_by_role("button", name="Sign in").click()
    live(other)
    cut = alder.page.locator("#cut")
    expect(cut).to_contain_text("rowan is signed in in this browser now")
    expect(alder.page.locator("#live")).to_have_text("NOT LIVE")


def test_however_many_wait_the_bar_names_the_first_and_counts_the_rest(
    rig: Rig, sign_in: Sign
) -> None:
    """Fifty names covered all of a telephone's screen, buttons included."""
    alder = sign_in("alder", viewport={"width": 320, "height": 568})
    strangers(rig, STRANGERS)
    with rig.device() as device:
        device.sos()
    shout = alder.page.locator("#shout")
    expect(shout).to_contain_text("7 alarms wait for HQ: Heron, ")
    expect(shout).to_contain_text(" and 2 more")
    expect(shout.get_by_role("link")).to_have_count(5)
    box = box_of(alder.page, "#shout")
    assert box.bottom - box.top < 568 / 2


def test_an_alarm_that_comes_in_the_silence_after_another_rings_once(
    rig: Rig, sign_in: Sign
) -> None:
    """For two minutes nothing that came was heard."""
    alder = sign_in("alder")
    alder.page.add_init_script(COUNT_TONES)
    alder.page.reload()
    live(alder.page)
    alder.page.locator("#sound").click()
    strangers(rig, STRANGERS[:1])
    body = alder.page.locator("body")
    expect(body).to_have_attribute("data-sounding", "yes")
    alder.page.keyboard.press("s")
    expect(body).to_have_attribute("data-sounding", "silenced")
    before = alder.page.evaluate("window.tones")
    with rig.device() as device:
        device.sos()
    expect(alder.page.locator("#shout")).to_contain_text("2 alarms wait")
    eventually(lambda: alder.page.evaluate("window.tones") > before)
    alder.page.wait_for_timeout(2_000)
    assert alder.page.evaluate("window.tones") == before + 2, "two tones are one ring"
    expect(body).to_have_attribute("data-sounding", "silenced")


def test_what_waits_sounds_on_where_it_cannot_be_read_again(
    rig: Rig, sign_in: Sign
) -> None:
    """A list that was refused was taken for an empty one."""
    alder = sign_in("alder")
    with rig.device() as device:
        device.sos()
    sounding(alder.page, "yes")
    refused = json.dumps({"error": "the journal cannot be read here"})
    alder.page.route(
        "**/api/alarms",
        lambda route: route.fulfill(
            status=503, body=refused, content_type="application/json"
        ),
    )
    wells = 'event: state\ndata: {"now_ms":0,"degraded":{},"unrecorded":[]}\n\n'
    resets = f"event: reset\nid: 1\ndata: {{}}\n\n{wells}{wells}"
    alder.page.route(
        "**/events*",
        lambda route: route.fulfill(body=resets, content_type="text/event-stream"),
    )
    rig.sms_to("lapwing")
    with alder.page.expect_response("**/api/alarms"):
        alder.page.evaluate(
            "dispatchEvent(new PageTransitionEvent('pageshow', {persisted: true}))"
        )
    alder.page.wait_for_timeout(2_000)
    assert alder.page.evaluate("document.body.dataset.sounding") == "yes"
    expect(alder.page.locator("#shout")).to_contain_text("1 alarm waits for HQ")


def damaged(rig: Rig, screen: Screen) -> None:
    """Have the engine begin anew with a case in hand whose rows it cannot read."""
    with rig.device() as device:
        device.sos()
    assert rig.sms_to("tinamou")
    screen.case()
    screen.page.locator("#do-acknowledge").click()
    sounding(screen.page, "no")
    rig.kill()
    damage(rig.state / JOURNAL_FILE)
    rig.start()


def test_a_case_that_nobody_can_go_on_with_sounds_until_it_is_heard(
    rig: Rig, sign_in: Sign
) -> None:
    """It was in hand, and stood still without a sound; for days it drowns no other."""
    damaged(rig, sign_in("alder"))
    alder = sign_in("alder")
    sounding(alder.page, "yes")
    trouble = alder.page.locator("#trouble")
    expect(trouble).to_contain_text("alarm standing still")
    alder.page.keyboard.press("s")
    sounding(alder.page, "no")
    alder.page.reload()
    expect(trouble).to_have_attribute("role", "alert")
    sounding(alder.page, "no")
    sounding(sign_in("rowan").page, "yes")
    strangers(rig, STRANGERS[:1])
    sounding(alder.page, "yes")


def test_whoever_comes_on_shift_hears_what_the_one_before_has_silenced(
    rig: Rig, sign_in: Sign
) -> None:
    """Nobody had signed out, and a case that stands still sounded for them never."""
    damaged(rig, sign_in("alder"))
    alder = sign_in("alder")
    page = alder.page
    sounding(page, "yes")
    page.keyboard.press("s")
    sounding(page, "no")
    alder.open("/sign-in")
    page.get_by_label("Operator").fill("rowan")
    page.get_by_label("Password").fill(rig.password("rowan"))
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_selector("#live.on")
    sounding(page, "yes")
