"""What programs are answered under `/api`: JSON, whatever goes wrong."""

import pytest
from starlette.testclient import TestClient

from engine.console.pages import FAILED, console_app
from engine.console.security import HEADERS
from engine.errors import JournalError
from tests.engine.console.hq import Hq, browser

API = "/api/alarms"
ACCEPTED = ["*/*", "text/html", "application/json"]


def broken(hq: Hq, monkeypatch: pytest.MonkeyPatch, error: Exception) -> TestClient:
    """Return a client of a console whose cases cannot be looked at."""

    def fail() -> None:
        raise error

    monkeypatch.setattr(hq.desk, "catch_up", fail)
    client = TestClient(console_app(hq.desk), raise_server_exceptions=False)
    client.cookies.set("natalia_session", hq.token())
    return client


@pytest.mark.parametrize("accept", ACCEPTED)
@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/api", 404),
        ("GET", "/api/", 404),
        ("GET", "/api/nothing", 404),
        ("GET", f"{API}/none", 404),
        ("POST", API, 405),
        ("DELETE", f"{API}/a1", 405),
    ],
)
def test_what_is_not_there_is_said_in_json_bug_the_bare_api_was_a_page(
    hq: Hq, accept: str, method: str, path: str, status: int
) -> None:
    hq.press()
    with browser(hq) as at:
        answer = at.client.request(method, path, headers={"accept": accept})
    assert answer.status_code == status
    assert answer.json().keys() == {"error"}
    assert (answer.headers.get("allow") is None) is (status != 405)
    if status == 405:
        assert answer.json()["error"] == "here only GET or HEAD will do"


@pytest.mark.parametrize("path", ["/api", "/api/nothing", API])
def test_whoever_has_not_signed_in_is_led_to_no_page(hq: Hq, path: str) -> None:
    with browser(hq, None) as at:
        answer = at.client.get(path)
    assert (answer.status_code, answer.json()) == (401, {"error": "sign in first"})


@pytest.mark.parametrize("accept", ACCEPTED)
@pytest.mark.parametrize("path", [API, f"{API}/a1"])
@pytest.mark.parametrize(
    ("error", "status"), [(JournalError("x"), 503), (ValueError("Heron"), 500)]
)
def test_what_fails_is_said_in_json_bug_a_500_was_two_words_without_its_headers(
    hq: Hq,
    monkeypatch: pytest.MonkeyPatch,
    error: Exception,
    status: int,
    path: str,
    accept: str,
) -> None:
    hq.press()
    answer = broken(hq, monkeypatch, error).get(path, headers={"accept": accept})
    assert answer.status_code == status
    assert "look again" in answer.json()["error"]
    assert "Heron" not in answer.text
    assert HEADERS.items() <= {k: answer.headers[k] for k in HEADERS}.items()


def test_a_page_that_fails_says_what_to_do_and_its_script_presses_again(
    hq: Hq, monkeypatch: pytest.MonkeyPatch
) -> None:
    """JSON would be taken for *not done*; so the same press is given once more."""
    hq.press()
    client = broken(hq, monkeypatch, ValueError("x"))
    answer = client.get("/", headers={"accept": "application/json"})
    assert (answer.status_code, answer.text) == (500, f"{FAILED}\n")
    assert answer.headers["content-type"].startswith("text/plain")
