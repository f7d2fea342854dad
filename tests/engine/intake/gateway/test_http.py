"""Wire protocols over HTTP: 200 only for what is durable."""

import asyncio
from collections.abc import Callable, MutableMapping, Sequence
from typing import Any

import pytest

from adapters.devices.osmand import Osmand
from engine.intake.gateway.http import BODY_MAX, HttpDevices
from engine.ports.device import DeviceReport
from tests.fakes import ManualClock


class Gate:
    """Stands for the door: answers at once."""

    def __init__(self, *, is_durable: bool) -> None:
        self.is_durable = is_durable
        self.reports: list[DeviceReport] = []

    def let_in(
        self, reports: Sequence[DeviceReport], answer: Callable[[bool], None]
    ) -> None:
        self.reports += reports
        answer(self.is_durable)


def request(gate: Gate, query: str = "", parts: Sequence[bytes] = (b"",)) -> int:
    """Return the status that one request is answered with."""
    waiting = list(parts)
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        part = waiting.pop(0)
        return {"type": "http.request", "body": part, "more_body": bool(waiting)}

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    scope = {
        "type": "http",
        "method": "POST",
        "path": "/",
        "query_string": query.encode(),
        "headers": [],
    }
    app = HttpDevices(Osmand(), gate, ManualClock())  # type: ignore[arg-type] # what it uses of a door
    asyncio.run(app(scope, receive, send))
    return int(sent[0]["status"])


@pytest.mark.parametrize(("is_durable", "status"), [(True, 200), (False, 503)])
def test_an_sos_is_accepted_only_where_it_is_durable(
    *, is_durable: bool, status: int
) -> None:
    gate = Gate(is_durable=is_durable)
    query = "id=q4t7-avoc&lat=4.6&lon=-74.1&timestamp=1795575600&alarm=sos"
    assert request(gate, query) == status
    assert gate.reports[0].signals == {"sos"}


def test_a_body_beyond_all_measure_is_refused_before_it_is_decoded() -> None:
    gate = Gate(is_durable=True)
    parts = [b"x" * 65_536] * (BODY_MAX // 65_536 + 1)
    assert request(gate, parts=parts) == 413
    assert gate.reports == []


def test_a_request_without_a_report_is_answered_all_the_same() -> None:
    assert request(Gate(is_durable=True)) in {200, 400}
