"""The control socket's answers about devices: who has gone, what proves nothing."""

import asyncio
import json
from collections.abc import MutableMapping

from engine.console.control import control_app
from tests.engine.console.hq import Hq, control
from tests.engine.console.test_devices import OWLET, SECRET
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


def test_a_secret_that_a_tracker_is_not_asked_for_is_said_to_be_none_bug_in_force(
    hq: Hq,
) -> None:
    hq.enrol("alder")
    phone = OWLET.replace("004999010640091", "owlet-phone").replace("gt06", "osmand")
    with control(hq) as client:
        assert (
            client.post("/devices/enrol?by=alder", content=phone).json()["doubts"] == []
        )
        body = {"by": "alder", "secret": SECRET}
        phones = client.post("/devices/secret", json=body | {"device": "owlet-phone"})
        trackers = client.post("/devices/secret", json=body | {"device": HERONS})
    assert phones.json()["doubts"] == []
    (doubt,) = trackers.json()["doubts"]
    assert "'gt06' has nowhere to put one" in doubt
