"""A receiver at HQ that fails at what it gets for a while, and then works again."""

import time
from dataclasses import dataclass
from http import HTTPStatus
from pathlib import Path

import pytest

from adapters.demo.farends.hook import HookServer
from adapters.demo.farends.web import WebAnswer, WebRequest
from adapters.modem.host_clock import HostClock
from tests.rig import SECRET, Rig, eventually

pytestmark = pytest.mark.process

FAILS_S = 5.0
AT_ONCE = 2


class StubbornHook(HookServer):
    """Fails at what it gets from the first post on, for so many seconds."""

    def __init__(self, answer: WebAnswer | None, *, fails_s: float = FAILS_S) -> None:
        """Take the port; without an answer the connection is dropped."""
        super().__init__(HostClock(), secret=SECRET)
        self.failing, self.fails_s = answer, fails_s
        self.failed_at: list[float] = []

    def respond(self, request: WebRequest) -> WebAnswer | None:
        """Fail, and hand nothing on, until it works again."""
        now = time.monotonic()
        if request.method == "POST" and now - [*self.failed_at, now][0] < self.fails_s:
            self.failed_at.append(now)
            return self.failing
        return super().respond(request)


@dataclass(kw_only=True)
class HookRig(Rig):
    """The service with a receiver that fails."""

    stubborn: StubbornHook

    def __post_init__(self) -> None:
        """Put it in the place of the other."""
        super().__post_init__()
        self.hook.start()
        self.hook.stop()
        self.hook = self.stubborn


@pytest.mark.parametrize(
    "answer", [WebAnswer(status=HTTPStatus.BAD_GATEWAY), None], ids=["502", "silence"]
)
def test_hq_hears_of_a_press_once_its_receiver_works_again(
    tmp_path: Path, answer: WebAnswer | None
) -> None:
    """All repeats were spent within a second, and none came after it."""
    hook = StubbornHook(answer)
    with HookRig(folder=tmp_path, stubborn=hook, modems_wanted=0) as rig:
        with rig.device() as device:
            device.sos()
        eventually(lambda: states(rig) == ["unknown", "unknown", "accepted"])
    assert len(hook.failed_at) == AT_ONCE
    assert len(hook.hooks.items()) == 1


@pytest.mark.parametrize(
    "status", [HTTPStatus.NOT_FOUND, HTTPStatus.FOUND, HTTPStatus.FORBIDDEN]
)
def test_what_stands_in_a_receivers_place_for_a_while_refuses_nothing_for_good(
    tmp_path: Path, status: HTTPStatus
) -> None:
    """A proxy that said 404 while its receiver began anew cost HQ the press."""
    hook = StubbornHook(WebAnswer(status=status))
    with HookRig(folder=tmp_path, stubborn=hook, modems_wanted=0) as rig:
        with rig.device() as device:
            device.sos()
        eventually(lambda: states(rig) == ["rejected", "rejected", "accepted"])
    assert len(hook.hooks.items()) == 1


def states(rig: Rig) -> list[object]:
    """Return what has become of each message to the receiver, in their order."""
    found = rig.rows(
        "SELECT state FROM effect WHERE channel = 'webhook' ORDER BY planned_at"
    )
    return [state for (state,) in found]
