"""Browser tests: Debian's chromium against the real service; nobody is mocked."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Request, expect

from tests.requires import requires_command
from tests.rig import WAIT_S, Rig

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BEGINS = datetime(2026, 1, 1, tzinfo=UTC)
STOPS = BEGINS + timedelta(days=1)

# A wait ends when it comes true: what is promised in seconds names them.
expect.set_options(timeout=WAIT_S * 1000)


@pytest.fixture(scope="session")
def browser_type_launch_args() -> dict[str, object]:
    """Use the system's chromium: playwright's own browsers are not downloaded."""
    chromium = requires_command("chromium", package="chromium")
    return {"executable_path": str(chromium), "args": list(FLAGS), "headless": True}


@pytest.fixture
def rig(tmp_path: Path) -> Iterator[Rig]:
    with Rig(folder=tmp_path) as made:
        yield made


@dataclass(kw_only=True)
class Screen:
    """One operator's browser, and all that went wrong in it."""

    page: Page
    origin: str
    faults: list[str] = field(default_factory=list)

    def open(self, path: str = "/") -> None:
        self.page.goto(self.origin + path)

    def case(self, alias: str = "Heron") -> None:
        """Open a case from the list, and wait until it is live."""
        self.page.locator("#list").get_by_role("link", name=alias).click()
        self.page.wait_for_selector("#case")
        self.page.wait_for_selector("#live.on")

    def stop_clock(self) -> None:
        """Read the page anew, with a clock that `page.clock.run_for` alone moves on.

        Between two clicks lies what a test says, however slow the machine is.
        """
        self.page.clock.install(time=BEGINS)
        self.page.clock.pause_at(STOPS)
        self.page.reload()
        self.page.wait_for_selector("#live.on")

    def watch(self) -> None:
        """Note errors, broken policies and requests to anywhere else."""
        self.page.on("pageerror", lambda error: self.faults.append(str(error)))
        self.page.on("console", self._said)
        self.page.on("request", self._asked)

    def _said(self, message: object) -> None:
        kind, text = getattr(message, "type", ""), getattr(message, "text", "")
        if kind in {"error", "warning"}:
            self.faults.append(f"{kind}: {text}")

    def _asked(self, request: Request) -> None:
        if urlsplit(request.url).netloc != urlsplit(self.origin).netloc:
            self.faults.append(f"asked another origin: {request.url}")


Sign = Callable[..., Screen]


@pytest.fixture
def sign_in(rig: Rig, browser: Browser) -> Iterator[Sign]:
    """Return a way to open another browser with an operator signed in."""
    screens: list[Screen] = []

    def sign(operator: str, **options: Any) -> Screen:
        word = rig.password(operator)
        host, port = rig.ports["console"]
        context = browser.new_context(**options)
        screen = Screen(page=context.new_page(), origin=f"http://{host}:{port}")
        screens.append(screen)
        screen.watch()
        screen.open()
        screen.page.get_by_label("Operator").fill(operator)
        screen.page.get_by_label("Password").fill(word)
        screen.page.get_by_role("button", name="Sign in").click()
        screen.page.wait_for_selector("#live.on")
        return screen

    yield sign
    for screen in screens:
        screen.page.context.close()
