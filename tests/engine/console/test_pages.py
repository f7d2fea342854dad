"""Who may come in, and what every answer carries."""

import re
from typing import Literal

import pytest
from starlette.routing import Mount, Route

from engine.console.known import FILE
from engine.console.pages import console_app
from engine.console.security import BODY_MAX, HEADERS, OTHER_SIGN_IN, inside
from engine.console.sessions import IDLE_S
from engine.console.sign_in import BUSY, CHECKING_MAX
from tests.engine.console.hq import Hq, browser

OPEN = {("GET", "/sign-in"), ("POST", "/sign-in")}


def routes(hq: Hq) -> list[tuple[str, str]]:
    """Return every method and path of the console but the static files."""
    found = []
    for route in console_app(hq.desk).routes:
        if isinstance(route, Mount):
            continue
        assert isinstance(route, Route)
        path = route.path.replace("{alarm}", "a1").replace("{act}", "acknowledge")
        found += [(method, path) for method in route.methods or () if method != "HEAD"]
    return found


def test_every_route_but_the_sign_in_needs_a_session(hq: Hq) -> None:
    hq.press()
    with browser(hq, None) as at:
        for method, path in routes(hq):
            answer = at.client.request(method, path)
            if (method, path) in OPEN:
                continue
            assert answer.status_code in {303, 401}, (method, path)
            assert "Heron" not in answer.text
    assert len(routes(hq)) >= 11
    found = hq.alarm(hq.press())
    assert found is not None
    assert found.acknowledged is None


def test_every_answer_carries_the_headers(hq: Hq) -> None:
    hq.press()
    for operator in (None, "alder"):
        with browser(hq, operator) as at:
            paths = [path for method, path in routes(hq) if method == "GET"]
            paths += ["/alarms/none", "/nowhere", "/static/console.css", "/static/no"]
            for path in set(paths) - {"/events"}:
                answer = at.client.get(path)
                for name, value in HEADERS.items():
                    assert answer.headers[name] == value, (path, name)


def test_the_policy_allows_nothing_from_elsewhere_and_nothing_inline(hq: Hq) -> None:
    policy = HEADERS["Content-Security-Policy"]
    assert policy.startswith("default-src 'self'; ")
    assert "unsafe" not in policy
    with browser(hq) as at:
        hq.press()
        for path in ("/", "/alarms/a1", "/sign-in", "/password"):
            page = at.client.get(path).text
            assert "<style" not in page
            assert " style=" not in page
            assert " onclick=" not in page
            assert "http://" not in page
            assert "https://" not in page


def test_an_answer_is_never_kept_by_the_browser(hq: Hq) -> None:
    with browser(hq) as at:
        assert at.client.get("/").headers["cache-control"] == "no-store"


def test_the_cookie_is_for_this_console_alone(hq: Hq) -> None:
    password = hq.enrol()
    with browser(hq, None) as at:
        answer = at.client.post(
            "/sign-in", data={"operator": "alder", "password": password}
        )
        assert answer.status_code == 303
        cookie = answer.headers["set-cookie"].lower()
        assert "httponly" in cookie
        assert "samesite=strict" in cookie
        assert "domain" not in cookie
        assert at.client.get("/").status_code == 200


def test_over_tls_the_cookie_is_secure(hq: Hq) -> None:
    password = hq.enrol()
    with browser(hq, None) as at:
        answer = at.client.post(
            "https://testserver/sign-in",
            data={"operator": "alder", "password": password},
        )
    assert "secure" in answer.headers["set-cookie"].lower()


@pytest.mark.parametrize(
    "target",
    [
        "//evil.example",
        "/\\evil.example",
        "https://evil.example/",
        "/\t/evil.example",
        "/\n/evil.example",
        "/ /evil.example",
        "/.//evil.example",
        "javascript:alert(1)",
        "",
        "evil.example",
        "/%2f/evil.example",
        "/alarms/a1?refused=x",
    ],
)
def test_signing_in_never_leads_out_of_the_console(hq: Hq, target: str) -> None:
    assert inside(target) == "/"
    password = hq.enrol()
    with browser(hq, None) as at:
        answer = at.client.post(
            "/sign-in",
            params={"to": target},
            data={"operator": "alder", "password": password},
        )
        assert answer.headers["location"] == "/"


def test_signing_in_leads_back_to_the_case(hq: Hq) -> None:
    hq.press()
    with browser(hq, None) as at:
        answer = at.client.get("/alarms/a1")
        assert answer.headers["location"] == "/sign-in?to=/alarms/a1"
    assert inside("/alarms/a1") == "/alarms/a1"


def test_an_act_after_the_session_ended_leads_back_to_its_case(hq: Hq) -> None:
    """It led to a GET of the act's own address, which there is not."""
    hq.press()
    with browser(hq, None) as at:
        answer = at.client.post("/alarms/a1/acknowledge")
        assert answer.headers["location"] == "/sign-in?to=/alarms/a1"


@pytest.mark.parametrize("token", ["", "wrong", "å"])
@pytest.mark.parametrize("path", ["/alarms/a1/acknowledge", "/sign-out", "/password"])
def test_a_form_without_its_csrf_token_does_nothing(
    hq: Hq, path: str, token: str
) -> None:
    alarm = hq.press()
    with browser(hq) as at:
        assert at.client.post(path, data={"csrf": token}).status_code == 403
        assert at.client.get("/").status_code == 200
    found = hq.alarm(alarm)
    assert found is not None
    assert found.acknowledged is None


def test_a_page_of_an_earlier_sign_in_says_so_and_not_that_nobody_answers(
    hq: Hq,
) -> None:
    """Its words were no JSON, which the page's script took for an engine away."""
    hq.press()
    with browser(hq) as at:
        stale = {"csrf": "of another sign-in"}
        accept = {"accept": "application/json"}
        answer = at.client.post("/alarms/a1/acknowledge", data=stale, headers=accept)
        assert (answer.status_code, answer.json()["error"]) == (403, OTHER_SIGN_IN)
        page = at.client.post("/alarms/a1/acknowledge", data=stale).text
        assert f"Not done: {OTHER_SIGN_IN}." in page
        assert '<a href="/alarms/a1">Back</a>' in page


def test_what_cannot_be_done_is_said_in_a_page_without_javascript(hq: Hq) -> None:
    hq.press()
    with browser(hq) as at:
        answer = at.client.post("/alarms/a1/close", data={"csrf": at.csrf})
        assert answer.status_code == 422
        assert "Not done: reason: one of safe" in answer.text
        assert at.client.get("/nowhere").status_code == 404
        assert "Not done: there is no such page." in at.client.get("/nowhere").text


def test_another_operators_csrf_token_is_no_good(hq: Hq) -> None:
    hq.press()
    with browser(hq, "alder") as alder, browser(hq, "rowan") as rowan:
        rowan.csrf = alder.csrf
        answer = rowan.client.post("/alarms/a1/close", data={"csrf": alder.csrf})
        assert answer.status_code == 403


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_no_form_of_another_site_is_taken_not_even_to_sign_in(
    hq: Hq, site: str
) -> None:
    password = hq.enrol()
    with browser(hq, None) as at:
        answer = at.client.post(
            "/sign-in",
            data={"operator": "alder", "password": password},
            headers={"sec-fetch-site": site},
        )
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


def test_wrong_passwords_are_slowed_down_and_counted(hq: Hq) -> None:
    password = hq.enrol()
    with browser(hq, None) as at:
        codes = [
            at.client.post(
                "/sign-in", data={"operator": "alder", "password": "wrong"}
            ).status_code
            for _ in range(7)
        ]
        assert codes == [403] * 5 + [429] * 2
        right = {"operator": "alder", "password": password}
        assert at.client.post("/sign-in", data=right).status_code == 429
        hq.clock.advance(10)
        assert at.client.post("/sign-in", data=right).status_code == 303
    exposition = hq.metrics.expose()[0].decode()
    assert 'natalia_console_sign_ins_total{outcome="refused"} 5.0' in exposition
    assert 'natalia_console_sign_ins_total{outcome="throttled"} 3.0' in exposition


def test_guessing_elsewhere_keeps_no_known_browser_out_bug_hq_was_locked_out(
    hq: Hq,
) -> None:
    """Behind a tunnel all of HQ has one address, and names are no secret."""
    right = {"operator": "alder", "password": hq.enrol()}
    wrong = {"operator": "alder", "password": "wrong"}
    with browser(hq, None) as officer, browser(hq, None) as stranger:
        assert officer.client.post("/sign-in", data=right).status_code == 303
        for _ in range(9):
            stranger.client.post("/sign-in", data=wrong)
        assert stranger.client.post("/sign-in", data=right).status_code == 429
        assert officer.client.post("/sign-in", data=right).status_code == 303
        # Its own failures count, and it is known for its own operator alone.
        codes = [
            officer.client.post("/sign-in", data=wrong).status_code for _ in range(6)
        ]
        assert codes == [403] * 5 + [429]
        other = {"operator": "rowan", "password": "wrong"}
        assert officer.client.post("/sign-in", data=other).status_code == 429


def test_guesses_from_everywhere_keep_no_known_browser_waiting_behind_them(
    hq: Hq,
) -> None:
    """Each under another name and address: an officer's check was the last of all."""
    right = {"operator": "alder", "password": hq.enrol()}
    with browser(hq, None) as officer, browser(hq, None) as stranger:
        assert officer.client.post("/sign-in", data=right).status_code == 303
        hq.desk.checking = CHECKING_MAX
        refused = stranger.client.post("/sign-in", data=right)
        assert (refused.status_code, BUSY in refused.text) == (429, True)
        assert officer.client.post("/sign-in", data=right).status_code == 303
        hq.desk.checking = 0
        assert stranger.client.post("/sign-in", data=right).status_code == 303
    assert hq.desk.checking == 0


@pytest.mark.parametrize("path", ["/sign-in", "/alarms/a1/note"])
@pytest.mark.parametrize("form", ["files", "data"])
def test_no_form_is_longer_than_any_of_ours_and_none_reaches_the_disk(
    hq: Hq, path: str, form: Literal["files", "data"]
) -> None:
    """A file that anybody sent lay in the temporary folder, however long."""
    long = b"x" * (BODY_MAX + 1)
    with browser(hq, "alder") as at:
        sent = (
            {"files": {"text": long}} if form == "files" else {"data": {"text": long}}
        )
        answer = at.client.post(path, **sent)  # type: ignore[arg-type] # one of two
        assert answer.status_code == 413
        assert answer.headers["connection"] == "close"
        assert "at most 64 KiB" in answer.text


def test_a_browser_stays_known_after_a_restart_and_nobody_makes_a_mark(
    hq: Hq,
) -> None:
    mark = hq.desk.known.mark("alder")
    after = hq.restart().desk.known
    nonce, _, seal = mark.partition(".")
    assert after.throttle_key(mark, "alder") == f"known/{nonce}"
    for forged in ("", ".", nonce, f"{nonce}.", f"{nonce}.\u00e5", f"x.{seal}"):
        assert after.throttle_key(forged, "alder") is None
    assert after.throttle_key(mark, "rowan") is None
    assert (hq.state / FILE).stat().st_mode & 0o777 == 0o600


def test_a_wrong_name_and_a_wrong_password_look_the_same(hq: Hq) -> None:
    hq.enrol()
    with browser(hq, None) as at:
        pages = {
            at.client.post(
                "/sign-in", data={"operator": name, "password": "wrong"}
            ).text
            for name in ("alder", "nobody", "")
        }
    assert len(pages) == 1


def test_signing_out_ends_the_session_at_the_server(hq: Hq) -> None:
    with browser(hq) as at:
        token = at.client.cookies["natalia_session"]
        answer = at.client.post("/sign-out", data={"csrf": at.csrf})
        assert answer.headers["clear-site-data"] == '"storage"'
        assert 'natalia_session=""; ' in answer.headers["set-cookie"]
        assert "Max-Age=0" in answer.headers["set-cookie"]
        at.client.cookies.set("natalia_session", token)
        assert at.client.get("/").status_code == 303


def test_an_idle_console_has_to_sign_in_again(hq: Hq) -> None:
    with browser(hq) as at:
        hq.clock.advance(IDLE_S + 1)
        assert at.client.get("/").status_code == 303
        assert at.client.get("/api/alarms").status_code == 401


def test_a_case_that_is_not_there_is_said_to_be_missing(hq: Hq) -> None:
    with browser(hq) as at:
        assert at.client.get("/alarms/none").status_code == 404
        assert at.client.get("/api/alarms/none").status_code == 404
        assert at.act("none", "acknowledge")["refused"] == "there is no such alarm"


def test_an_address_cannot_put_words_into_the_page(hq: Hq) -> None:
    hq.press()
    with browser(hq) as at:
        page = at.client.get("/alarms/a1?refused=call+this+number").text
        assert "call this number" not in page
        assert "it was not done" in page


def test_what_people_write_is_shown_and_never_run(hq: Hq) -> None:
    hq.press(alias="<script>alert(1)</script>")
    with browser(hq) as at:
        at.act("a1", "note", text="<img src=x onerror=alert(1)>")
        for path in ("/", "/alarms/a1"):
            page = at.client.get(path).text
            assert "<script>alert" not in page
            assert "<img" not in page


def test_an_empty_list_says_that_it_is_live(hq: Hq) -> None:
    with browser(hq) as at:
        page = at.client.get("/").text
    assert "No open alarm." in page
    # Its style shows the sentence only while the page's script says so.
    assert '<span class="while-live">This page is live:' in page


def test_a_case_of_several_days_says_of_each_line_on_which_day_it_was(hq: Hq) -> None:
    """What had happened a week before looked as if it were of tonight."""
    alarm = hq.press()
    raised = hq.clock.now()
    hq.clock.advance(7 * 86_400)
    with browser(hq) as at:
        at.act(alarm, "note", text="her sister rang")
        page = at.client.get(f"/alarms/{alarm}").text
    days = re.findall(r'<li class="day">(.{10}) UTC</li>', page)
    assert days == [str(hq.clock.now())[:10], str(raised)[:10]]
    assert page.index(days[0]) < page.index("her sister rang") < page.rindex(days[1])
    assert f"raised {days[1]} <time" in page
