"""Devices: they send a frame until they are answered, and outlive the engine."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import timedelta
from functools import cache

from msgspec import structs

from engine.intake.assess import report_key
from engine.intake.gateway.behind import Behind
from engine.ports.device import DeviceReport, ReportKind
from engine.values import DeviceId, Fix, Instant, Signal
from tests.simulation.cast import DURESS_CODE, SAFE_CODE, roster
from tests.simulation.host import Frame, Host
from tests.simulation.invariants import Watching
from tests.simulation.plan import Item
from tests.simulation.tasks import Wait

ACTS = frozenset(
    {Signal.SOS, Signal.REMOVED, Signal.CANCEL, Signal.FALL, Signal.CHECK_IN}
)
ANSWER_WITHIN_S = 10.0
AGAIN_S = 5.0


@cache
def devices() -> dict[str, tuple[str, str]]:
    """Return each defender's device: wire protocol and id."""
    return {
        str(device.person): (device.wire_protocol, str(device.device))
        for device in roster().devices
    }


class Devices:
    """Devices repeat a frame, byte for byte, until they are answered."""

    def __init__(self, host: Host, watching: Watching) -> None:
        self._host, self._watching = host, watching
        self._draw = host.world.fork("devices")
        self._last: dict[str, DeviceReport] = {}
        self._behind = Behind()
        """When each came, as the gateway has it: one behind the other after a sleep."""
        self.unheard: Counter[str] = Counter()
        """How many of the next answers do not reach a device, by its id."""
        self.did: Callable[[str], object] = str
        self.connected: Callable[[DeviceReport], object] = str
        """Who is told of a report on a connection to an engine."""
        self._serial = 0

    def press(self, item: Item) -> None:
        """Send what the plan says, and see to it that it is answered."""
        report = self.report(item)
        self._last[item.who] = report
        self.send(report)
        if item.what == "twice":
            self.send(report)

    def replay(self, who: str) -> None:
        """Send an earlier frame again, as somebody who has recorded it would."""
        if who in self._last:
            self.send(self._last[who])

    def send(self, report: DeviceReport) -> None:
        """Send one frame until it is answered."""
        self._host.world.begin(lambda: self._until_answered(report), "device")

    def _until_answered(self, report: DeviceReport) -> None:
        world = self._host.world
        waits: list[Wait] = []
        answers: list[bool] = []
        while not any(answers):
            frame = self._frame(report, waits, answers)
            if self._host.names.tell("gateway", frame):
                self.connected(report)
                world.park(ANSWER_WITHIN_S, waits)
            if not any(answers):
                world.sleep(AGAIN_S)

    def _frame(
        self, report: DeviceReport, waits: list[Wait], answers: list[bool]
    ) -> Frame:
        """Return what is sent once; its own answer may come after it is sent again."""
        world, read = self._host.world, list[DeviceReport]()

        def reports(now: Instant) -> Sequence[DeviceReport]:
            came = replace(report, received_at=now)
            read.append(self._behind.take(came))
            return [came]

        def answer(is_durable: bool) -> None:  # noqa: FBT001 - a yes-or-no question
            if self.unheard[str(report.device)]:
                self.unheard[str(report.device)] -= 1
                self.did("answer_lost")
            else:
                answers.append(is_durable)
            if is_durable and bool(report.signals & ACTS):
                for one in read:
                    at_s = world.boottime_s()
                    self._watching.device_acknowledged(report_key(one), at_s, acts=True)
            world.wake(waits)

        return Frame(reports=reports, answer=answer)

    def report(self, item: Item) -> DeviceReport:
        """Make the report that an item speaks of."""
        draw, world = self._draw, self._host.world
        wire, device = devices()[item.who]
        self._serial += 1
        at = world.now()
        person = next(p for p in roster().people if p.person == item.who)
        place = person.declared
        assert place is not None
        fix = Fix(
            lat_deg=place.lat_deg + draw.uniform(-0.2, 0.2),
            lon_deg=place.lon_deg + draw.uniform(-0.2, 0.2),
            at=at,
            accuracy_m=20.0,
        )
        report = DeviceReport(
            protocol=wire,
            kind=ReportKind.REPORT,
            device=DeviceId(device),
            received_at=at,
            raw=f"{device}/{self._serial}".encode(),
            signals=frozenset({Signal.SOS}),
            device_at=at,
            fix=fix,
            sequence=self._serial % 65_536,
        )
        changes: dict[str, dict[str, object]] = {
            "removed": {"signals": frozenset({Signal.REMOVED})},
            "no_fix": {"fix": None, "no_fix_reason": "no satellites"},
            "late": {
                "buffered": True,
                "device_at": at.plus(timedelta(hours=-1)),
            },
            "clock": {"device_at": at.plus(timedelta(days=draw.choice((-9, 3_000))))},
            "zero": {"fix": structs.replace(fix, lat_deg=0.0, lon_deg=0.0)},
            "checksum": {"checksum_ok": False, "fix": None, "doubtful_fix": fix},
            "unauthentic": {"authentic": False},
            "stranger": {"device": DeviceId(f"stranger-{self._serial}")},
            "fall": {"signals": frozenset({Signal.FALL})},
            "walks": {"signals": frozenset()},
            "cancel": {"signals": frozenset({Signal.CANCEL})},
            "safe_code": {
                "signals": frozenset({Signal.CANCEL}),
                "codes": (SAFE_CODE,),
            },
            "duress_code": {
                "signals": frozenset({Signal.CANCEL}),
                "codes": (DURESS_CODE,),
            },
            "undecodable": {
                "kind": ReportKind.UNDECODABLE,
                "signals": frozenset(),
                "fix": None,
            },
        }
        return replace(report, **changes.get(item.what, {}))  # type: ignore[arg-type] # a table of fields
