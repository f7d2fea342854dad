"""What a wire protocol must be: bytes of a device in, reports and answers out.

A decoder is total on hostile input: bounded, no exception, no clock, no I/O. It
reads every alarm bit and lets none mask another; whether a signal raises an
alarm is never its business.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Protocol, runtime_checkable

from engine.quick import quick
from engine.values import AlarmBit, DeviceId, Fix, Instant, Signal

READINGS = frozenset(
    {
        *("heart_rate_bpm", "systolic_mmhg", "diastolic_mmhg", "oxygen_percent"),
        *("steps", "temperature_c", "charging", "battery_v", "external_v"),
        *("moving", "ignition", "odometer_m"),
        *("satellites", "satellites_in_view", "hdop", "gsm"),
    }
)
"""Attributes of a report that are numbers or flags, units in their names. What a device
answers to a command (`said`) is none: it may hold whatever was put into the device."""


class Transport(StrEnum):
    """How a wire protocol reaches us."""

    TCP = "tcp"
    UDP = "udp"
    HTTP = "http"


class ReportKind(StrEnum):
    """What a decoded message is for.

    Noise is what names nobody and holds no beginning of a frame.
    """

    LOGIN = "login"
    HEARTBEAT = "heartbeat"
    REPORT = "report"
    UNDECODABLE = "undecodable"
    NOISE = "noise"


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceReport:
    """One decoded message of a device: a report, not a position.

    `fix` is None where the device sent none or an invalid one, and
    `no_fix_reason` says why; `doubtful_fix` then keeps what it sent all the same
    (its last known place, or 0/0): to be shown as such, never to be trusted.
    `device_at` is the device's own claim. `buffered` only where the frame itself
    says that it was stored. `checksum_ok` is None where the wire protocol has none,
    `authentic` where it has no secret. `signals` is the reading without a device
    profile; `codes` holds the raw code behind each, so that a profile can read a
    model-dependent one otherwise. Several reports of one frame share `raw`, those of a
    request have a row each, and they are numbered by `part`: both together say whether
    a report came before. `levels` are the signals of which this frame shows the present
    state: those in `signals` are set now, the others are not. Any other signal is an
    event. `bits` is the gateway's word on each level that is set. A heartbeat says no
    more than that the device lives; with a signal in it, it is a report.
    """

    protocol: str
    kind: ReportKind
    device: DeviceId | None
    received_at: Instant
    raw: bytes
    part: int = 0
    signals: frozenset[Signal] = frozenset()
    codes: tuple[str, ...] = ()
    device_at: Instant | None = None
    fix: Fix | None = None
    doubtful_fix: Fix | None = None
    no_fix_reason: str | None = None
    speed_mps: float | None = None
    course_deg: float | None = None
    altitude_m: float | None = None
    battery_ratio: float | None = None
    cells: tuple[str, ...] = ()
    wifi: tuple[str, ...] = ()
    sequence: int | None = None
    buffered: bool = False
    checksum_ok: bool | None = None
    authentic: bool | None = None
    levels: frozenset[Signal] = frozenset()
    bits: Mapping[Signal, AlarmBit] = field(default_factory=dict)
    attributes: Mapping[str, str] = field(default_factory=dict)


@quick
@dataclass(frozen=True, slots=True, kw_only=True)
class Decoded:
    """What one frame came to.

    `answer` is sent only after `reports` are durable (signals in the journal,
    plain positions in their last-fix row). `close` ends the connection after it.
    """

    reports: tuple[DeviceReport, ...] = ()
    answer: bytes = b""
    close: bool = False


class DeviceCommand(StrEnum):
    """What HQ may ask of a device."""

    LOCATE = "locate"
    INTERVAL = "interval"
    VIBRATE = "vibrate"


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceOrder:
    """One command to one device; `every_s` for an interval, in whole seconds."""

    device: DeviceId
    command: DeviceCommand
    at: Instant
    every_s: int | None = None


@runtime_checkable
class WritesOrders(Protocol):
    """What knows the bytes of some commands.

    A wire protocol, or a session of one where they depend on what its device has said.
    A session is asked from another thread than the one that feeds it.
    """

    def order(self, order: DeviceOrder) -> bytes | None:
        """Return what is written to the device; None where it is not known."""


@runtime_checkable
class TakesOrders(WritesOrders, Protocol):
    """A wire protocol of which the bytes of some commands are known."""

    def order_by_sms(self, order: DeviceOrder) -> str | None:
        """Return what an SMS to its SIM says; None where it is not known."""


class WireSession(Protocol):
    """One connection (or UDP peer): keeps the framing buffer and the log-in."""

    @property
    def device(self) -> DeviceId | None:
        """The device that has logged in on this connection."""

    def feed(self, data: bytes, received_at: Instant) -> Sequence[Decoded]:
        """Take bytes as they come; return what whole frames they completed.

        Never raises; the buffer never exceeds the wire protocol's longest frame.
        """

    def finish(self, received_at: Instant) -> Sequence[Decoded]:
        """Return what still stands in the buffer as frames or undecodable reports.

        For the gateway to call when the connection ends, and when bytes have been
        waiting for the rest of their frame for some seconds: half an SOS must not
        wait in silence. Never raises; nothing where nothing waits.
        """


ModelOf = Callable[[DeviceId], str]
"""The model of a device as the roster has it; empty where it names none."""


@runtime_checkable
class KnowsModels(Protocol):
    """A session that reads some frames by the model of their device.

    Only where the frame itself cannot tell: models that put other things into the
    same bytes.
    """

    def know_models(self, model_of: ModelOf) -> None:
        """Take what is asked at each frame; it never raises, and is quick."""


class WireProtocol(Protocol):
    """A stream or datagram wire protocol, found by entry point."""

    name: str
    transport: Transport
    port: int

    def session(self) -> WireSession:
        """Start with an empty buffer."""


class Tear(StrEnum):
    """Where a request broke off."""

    QUERY = "query"
    LATER = "later"


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """An HTTP request as the gateway read it; `body` is bounded by the gateway.

    `torn` where it broke off: within the request line, so that the query's last field
    may be half of one; or later, so that the same holds for the body, or the body is
    missing altogether. `head` is then what is shown of it where there is no body: all
    that came of a head that did not end or could not be read, its secret left out.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: bytes
    torn: Tear | None = None
    head: bytes = b""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpDecoded:
    """Reports of one request, and the answer once they are durable."""

    reports: tuple[DeviceReport, ...] = ()
    status: int = 200
    answer: bytes = b""


class HttpWireProtocol(Protocol):
    """A wire protocol over HTTP, found by entry point."""

    name: str
    transport: Transport
    port: int

    def decode(self, request: HttpRequest, received_at: Instant) -> HttpDecoded:
        """Return reports and answer; never raises."""


@runtime_checkable
class PhoneApp(Protocol):
    """What a wire protocol adds whose app on a telephone is set up by a QR code.

    `app` is what people install; `takes_secret` whether it can prove itself by one.
    """

    app: str
    takes_secret: bool

    def device_of(self, token: str) -> DeviceId:
        """Return the id of a new telephone, made of a token that cannot be guessed."""

    def setup_uri(
        self, url: str, device: DeviceId, *, secret: str, heartbeat_s: float | None
    ) -> str:
        """Return what the app reads from a QR code, the secret in it.

        Args:
            url: where telephones reach the listener.
            device: what it shall call itself.
            secret: its password; "" where it has none.
            heartbeat_s: the longest silence agreed upon, in seconds.

        Raises:
            ValueError: the app cannot call itself by this id; the words say why.

        """
