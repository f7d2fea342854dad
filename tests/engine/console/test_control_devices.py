"""The control socket's answers about devices, where whoever asked has gone."""

import asyncio
import json
from collections.abc import MutableMapping

from engine.console.control import control_app
from tests.engine.console.hq import Hq
from tests.engine.intake.reports import HERONS


def test_a_drill_is_not_armed_for_whoever_has_gone_meanwhile(hq: Hq) -> None:
    """Who broke it off while the journal was slow took the next press for real."""
    hq.enrol("alder")
    body = json.dumps({"device": HERONS, "by": "alder"}).encode()
    heard: list[dict[str, object]] = [
        {"type": "http.request", "body": body},
        {"type": "http.disconnect"},
    ]

    async def receive() -> dict[str, object]:
        return heard.pop(0)

    async def send(_: MutableMapping[str, object]) -> None:
        pass

    path = "/devices/drill/arm"
    scope = {"type": "http", "method": "POST", "path": path, "headers": []}
    asyncio.run(control_app(hq.desk)(scope, receive, send))
    assert heard == []
    assert hq.drills.of(HERONS) is None
