"""A decoder of somebody else's that returns what its port has not: HQ sees it."""

import asyncio
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from engine.intake.gateway.guard import Guard
from engine.intake.gateway.mistaken import Caught
from engine.ports.device import Decoded, HttpDecoded, HttpRequest, ReportKind, Transport
from engine.values import DeviceId, Instant
from tests.engine.intake.gateway.http_gate import Gate, serving
from tests.engine.intake.reports import HERONS, SOS, fix, report
from tests.fakes import START

UTC_DAY = datetime(2026, 1, 1, tzinfo=UTC)


class Unsound:
    """A wire protocol whose decoder returns what it was given, over TCP and HTTP."""

    name = "unsound"
    transport = Transport.TCP
    port = 0

    def __init__(self, made: object) -> None:
        self.made = made
        self.device = HERONS

    def session(self) -> "Unsound":
        return self

    def feed(self, data: bytes, received_at: Instant) -> Sequence[object]:
        del data, received_at
        return [self.made]

    def finish(self, received_at: Instant) -> Sequence[object]:
        del received_at
        return []

    def decode(self, request: HttpRequest, received_at: Instant) -> object:
        del request, received_at
        return self.made


SLIPS = {
    "Decoded: NoneType": None,
    "Decoded: DeviceReport": report(),
    "answer: str": Decoded(answer="ok"),  # type: ignore[arg-type] # what is tried
    "reports: list": Decoded(reports=[report()]),  # type: ignore[arg-type] # see above
    "reports: bytes": Decoded(reports=(b"sos",)),  # type: ignore[arg-type] # see above
    "device: int": Decoded(reports=(replace(report(), device=4999),)),  # type: ignore[arg-type] # see above
    "device_at: datetime": Decoded(reports=(replace(report(), device_at=UTC_DAY),)),  # type: ignore[arg-type] # see above
    "device_at: a moment that no calendar has": Decoded(
        reports=(report(device_at=Instant(START.ms * 1000)),)
    ),
    "altitude_m: int that no float holds": Decoded(
        reports=(replace(report(), altitude_m=10**400),)
    ),
    "fix.lat_deg: int that no float holds": Decoded(
        reports=(report(fix=fix(-(10**400))),)
    ),
    "device_at.ms: float": Decoded(
        reports=(report(device_at=Instant(START.ms / 7)),)  # type: ignore[arg-type] # see above
    ),
    "fix.at: a moment that no calendar has": Decoded(
        reports=(report(fix=fix(at=Instant(-(10**18)))),)
    ),
    "fix.lat_deg: str": Decoded(
        reports=(report(fix=fix("41.3")),)  # type: ignore[arg-type] # see above
    ),
    "signals: str": Decoded(reports=(report(signals=frozenset({"sos"})),)),  # type: ignore[arg-type] # see above
    "attributes: float": Decoded(
        reports=(report(attributes={"battery_v": 3.9}),)  # type: ignore[dict-item] # see above
    ),
}


@pytest.mark.parametrize("slip", SLIPS)
def test_what_a_session_returns_that_its_port_has_not_is_shown_and_not_answered(
    slip: str, caplog: pytest.LogCaptureFixture
) -> None:
    """It was a closed connection, and nobody saw what had come."""
    session = Caught(Unsound(SLIPS[slip]).session, "unsound")  # type: ignore[arg-type] # what is tried
    (shown,) = session.feed(b"SOS", START)
    assert (shown.answer, shown.close, session.is_lost) == (b"", True, True)
    (one,) = shown.reports
    assert (one.kind, one.device, one.raw) == (
        ReportKind.UNDECODABLE,
        HERONS,
        b"SOS",
    )
    (said,) = caplog.records
    assert vars(said)["problem"] == slip
    assert session.finish(START) == []


def test_an_sos_in_an_unsound_report_is_one_of_its_device() -> None:
    made = SLIPS["attributes: float"]
    session = Caught(Unsound(made).session, "unsound")  # type: ignore[arg-type] # what is tried
    (shown,) = session.feed(b"SOS", START)
    assert shown.reports[0].signals == SOS


def test_what_is_sound_beside_it_is_taken_as_it_is() -> None:
    class Both(Unsound):
        def feed(self, data: bytes, received_at: Instant) -> Sequence[object]:
            return [SLIPS["answer: str"], *super().feed(data, received_at)]

    sound = Decoded(reports=(report(),), answer=b"ok")
    session = Caught(Both(sound).session, "unsound")  # type: ignore[arg-type] # what is tried
    kept, shown = session.feed(b"SOS", START)
    assert (kept, shown.close) == (sound, True)


@pytest.mark.parametrize(
    ("made", "device"),
    [
        (None, None),
        (HttpDecoded(reports=(report(),), status=99), HERONS),
        (HttpDecoded(reports=(report(),), answer="ok"), HERONS),  # type: ignore[arg-type] # see above
    ],
)
def test_a_request_whose_decoder_returns_what_its_port_has_not_is_shown(
    made: object, device: DeviceId | None
) -> None:
    gate = Gate()

    async def scene() -> bytes:
        guard = Guard(lambda _: True)
        async with serving(gate, guard, wire=Unsound(made)) as port:  # type: ignore[arg-type] # see above
            reader, writer = await asyncio.open_connection("127.0.0.1", port)
            writer.write(b"GET /?alarm=sos HTTP/1.1\r\nHost: h\r\n\r\n")
            answer = await asyncio.wait_for(reader.readline(), 10)
            writer.close()
            return answer

    assert b" 500 " in asyncio.run(scene())
    (one,) = gate.reports
    assert (one.kind, one.raw) == (ReportKind.UNDECODABLE, b"GET /?alarm=sos")
    assert one.device == device
    assert one.signals == (SOS if device else frozenset())
