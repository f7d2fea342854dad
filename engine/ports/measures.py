"""What the engine measures, declared once: the words of `engine.ports.telemetry`.

`DECLARATIONS` is the only list: the exposition, `docs/metrics.md`, the tests of the
alert rules and the dashboard are made from it. Labels are closed: either an
enumeration of the code's own words, or names that the configuration gives, never
anything that a device or a person has sent.
"""

from dataclasses import dataclass
from enum import StrEnum

from engine.ports.device import ReportKind
from engine.ports.journal import EffectState
from engine.ports.modem import SendResult
from engine.values import Signal

PREFIX = "natalia_"


class Kind(StrEnum):
    """The Prometheus types in use."""

    COUNTER = "counter"
    GAUGE = "gauge"
    HISTOGRAM = "histogram"


class DegradedReason(StrEnum):
    """Why the engine promises less than it should."""

    ALL_CHANNELS_DOWN = "all_channels_down"
    CHANNEL_DOWN = "channel_down"
    CHANNEL_MISROUTED = "channel_misrouted"
    MODEM_DOWN = "modem_down"
    OPERATOR_DOWN = "operator_down"
    LOOP_FAILED = "loop_failed"
    STORE_UNREAD = "store_unread"
    DISK_FULL = "disk_full"
    NO_RESERVE = "no_reserve"
    JOURNAL_SLOW = "journal_slow"
    JOURNAL_MOVED = "journal_moved"
    JOURNAL_DAMAGED = "journal_damaged"
    JOURNAL_UNREAD = "journal_unread"
    CLOCK_JUMPED = "clock_jumped"
    CLOCK_DIFFERS = "clock_differs"
    ALARM_STANDING_STILL = "alarm_standing_still"
    CONSOLE_UNREAD = "console_unread"
    LISTENER_DOWN = "listener_down"
    CERTIFICATE_ENDED = "certificate_ended"
    CHILD_FAILING = "child_failing"
    COMMAND_QUARANTINED = "command_quarantined"
    NOBODY_WATCHING = "nobody_watching"
    OPERATORS_UNREAD = "operators_unread"
    PROTOCOL_MISSING = "protocol_missing"
    CONFIG_REFUSED = "config_refused"


@dataclass(frozen=True, slots=True)
class Label:
    """A label and its closed set of values; None: the names of the configuration."""

    name: str
    values: tuple[str, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """One metric, named as `Telemetry` callers name it (without the prefix).

    `buckets` are upper limits: each limit that we promise is one of them. With
    `starts`, series whose label values are all known stand at 0 from the start.
    """

    name: str
    kind: Kind
    help: str
    labels: tuple[Label, ...] = ()
    buckets: tuple[float, ...] = ()
    starts: bool = True

    @property
    def full_name(self) -> str:
        """Return the name that Prometheus sees."""
        return PREFIX + self.name


_CHANNEL = Label("channel")
_MODEM = Label("modem")
_CHILD = Label("child")
_ACTOR = Label("actor")
_PROTOCOL = Label("protocol")
_STATE = Label("state", ("raised", "notifying", "acknowledged", "following_up"))
_ALARM_KIND = Label("kind", ("real", "exercise", "test", "notice"))
_BEGUN = (EffectState.PLANNED, EffectState.ATTEMPTING)
_OUTCOME = Label("outcome", tuple(each for each in EffectState if each not in _BEGUN))
_RESULT = Label("result", tuple(SendResult))

_COMMIT_S = (0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5)
_NOTIFY_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 600)
_ANSWER_S = (5, 10, 15, 30, 60, 120, 300, 600, 1800, 3600)
_SEND_S = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 60, 120)
_LOOKUP_S = (1e-5, 2.5e-5, 5e-5, 1e-4, 2.5e-4, 5e-4, 1e-3, 1e-2, 0.1)
_GROUP = (1, 2, 4, 8, 16, 32, 64, 128, 256)


def _counter(name: str, text: str, *labels: Label) -> Declaration:
    return Declaration(name=name, kind=Kind.COUNTER, help=text, labels=labels)


def _gauge(name: str, text: str, *labels: Label, starts: bool = True) -> Declaration:
    kind = Kind.GAUGE
    return Declaration(name=name, kind=kind, help=text, labels=labels, starts=starts)


def _histogram(
    name: str, text: str, buckets: tuple[float, ...], *labels: Label
) -> Declaration:
    return Declaration(
        name=name, kind=Kind.HISTOGRAM, help=text, labels=labels, buckets=buckets
    )


DECLARATIONS: tuple[Declaration, ...] = (
    _gauge(
        "alarms",
        "Open alarms by kind and by the state of their response.",
        _ALARM_KIND,
        _STATE,
    ),
    _counter("alarms_raised_total", "Alarms raised.", _ALARM_KIND),
    _counter("alarms_closed_total", "Alarms closed.", _ALARM_KIND),
    _counter(
        "alarms_unrecorded_total",
        "Alarms told from memory because no commit succeeded.",
    ),
    _counter(
        "alarms_unheard_total",
        "Alarms told from memory of which somebody was not told: no route took it.",
    ),
    _gauge(
        "oldest_unnotified_alarm_seconds",
        "Age of the oldest open alarm of which nobody has been told; 0 without one.",
        _ALARM_KIND,
    ),
    _gauge(
        "oldest_unacknowledged_alarm_seconds",
        "Age of the oldest alarm that no operator has acknowledged; 0 without one.",
        _ALARM_KIND,
    ),
    _histogram(
        "report_to_journal_seconds",
        "From a report's last byte until it is durable (promised: 0.5 s in a flood).",
        _COMMIT_S,
    ),
    _histogram(
        "report_to_first_notification_seconds",
        "From a report's last byte until the first notification is handed to a channel "
        "(promised: 0.01 s idle, 2 s in a flood, 5 s over a lost modem).",
        _NOTIFY_S,
    ),
    _histogram(
        "report_to_acknowledgement_seconds",
        "From a report's last byte until an operator acknowledges "
        "(the next officer is paged after 60 s).",
        _ANSWER_S,
    ),
    _counter(
        "reports_total",
        "Messages of devices by wire protocol and kind.",
        _PROTOCOL,
        Label("kind", tuple(ReportKind)),
    ),
    _counter(
        "reports_shed_total",
        "Plain reports given up under load, unanswered; the device says them again.",
    ),
    _counter(
        "strays_unshown_total",
        "Unreadable frames of nobody known that HQ was not shown, beyond the bound.",
    ),
    _counter(
        "unread_let_go_total",
        "Connections that hung up in a flood of their network and were not read.",
    ),
    _counter("signals_total", "Signals in reports.", Label("signal", tuple(Signal))),
    _gauge("device_connections", "Open connections of devices.", _PROTOCOL),
    _gauge(
        "gateway_certificate_expiry_timestamp_seconds",
        "When the certificate that a gateway's TLS has in use ends, in Unix time.",
        _PROTOCOL,
        starts=False,
    ),
    _gauge("device_strangers", "Connections that have not said who they are."),
    _counter(
        "device_strangers_let_go_total", "Connections closed to make room for others."
    ),
    _gauge("heartbeats_overdue", "Devices silent for longer than agreed."),
    _counter("deliveries_total", "Effects by channel and outcome.", _CHANNEL, _OUTCOME),
    _counter(
        "delivery_attempts_total",
        "Attempts to deliver by channel and result.",
        _CHANNEL,
        _RESULT,
    ),
    _histogram(
        "delivery_seconds",
        "From the start of an attempt until its result.",
        _SEND_S,
        _CHANNEL,
    ),
    _histogram(
        "channel_phase_seconds",
        "Time that the phases of an attempt took.",
        _SEND_S,
        _CHANNEL,
        Label("phase", ("connect", "tls", "request", "answer")),
    ),
    _gauge(
        "channel_up",
        "1 while a configured channel can be used, else 0; by its messages first, then "
        "by checks. SMS and calls are the modems': `natalia_modem_up`.",
        _CHANNEL,
        starts=False,
    ),
    _gauge(
        "planned_effects",
        "Effects that no channel has pulled; what became of the others is in "
        "`natalia_deliveries_total`.",
    ),
    _gauge(
        "oldest_planned_effect_seconds",
        "Age of the oldest effect that no channel has pulled; 0 without one.",
    ),
    _gauge("modem_up", "1 while a modem answers, else 0.", _MODEM),
    _gauge("modem_registered", "1 while a modem is on its network, else 0.", _MODEM),
    _gauge(
        "modem_signal_dbm", "Received signal strength of a modem.", _MODEM, starts=False
    ),
    _gauge(
        "modem_storage_used_ratio",
        "Share of the message storage in use.",
        _MODEM,
        starts=False,
    ),
    _gauge(
        "modem_last_sent_timestamp_seconds",
        "When a network last took a short message of a modem, in Unix time.",
        _MODEM,
        starts=False,
    ),
    _counter("modem_submits_total", "Short messages by result.", _MODEM, _RESULT),
    _histogram(
        "modem_submit_seconds",
        "From Ctrl-Z until the modem's answer to a submit.",
        _SEND_S,
        _MODEM,
    ),
    _counter("modem_messages_total", "Short messages received.", _MODEM),
    _counter("modem_calls_total", "Calls that rang and were hung up.", _MODEM),
    _counter(
        "modem_loops_total",
        "Messages from a SIM to itself: back in time (sent), or not (unknown).",
        _MODEM,
        Label("result", ("sent", "unknown")),
    ),
    _counter("modem_texts_cut_total", "Texts cut to one short message."),
    _counter("modem_restarts_total", "Modems found to have started anew."),
    _counter(
        "modem_recoveries_total",
        "Runs of the recovery ladder.",
        _MODEM,
        Label("result", ("recovered", "failed")),
    ),
    _histogram("journal_commit_seconds", "Time of one commit with fsync.", _COMMIT_S),
    _histogram("journal_group_requests", "Requests grouped in one commit.", _GROUP),
    _counter(
        "journal_reply_failures_total", "Answers of the journal whose taker failed."
    ),
    _gauge("journal_position", "The last journal position."),
    _gauge("journal_bytes", "Size of the journal with its write-ahead log."),
    _gauge("inbox_depth", "Messages waiting in inboxes, by class of actor.", _ACTOR),
    _counter("inbox_overflows_total", "Hints dropped by full inboxes.", _ACTOR),
    _counter("restarts_total", "Restarts by supervised child.", _CHILD),
    _counter("quarantined_commands_total", "Commands that crashed an actor twice."),
    _histogram(
        "timer_lag_seconds", "From a deadline until its owner was told.", _NOTIFY_S
    ),
    _gauge("clock_offset_seconds", "System clock minus the engine's clock."),
    _histogram(
        "proximity_lookup_seconds", "Time to find the nearest colleagues.", _LOOKUP_S
    ),
    _gauge("console_streams", "Consoles on the event stream."),
    _counter(
        "console_let_go_total",
        "Connections to console and metrics closed to make room for others.",
    ),
    _counter(
        "console_sign_ins_total",
        "Attempts to sign in.",
        Label("outcome", ("accepted", "refused", "throttled")),
    ),
    _gauge(
        "config_last_reload_successful",
        "1 while the last reload put the configuration in force, and from the start; "
        "0 where it was refused and all is as it was.",
    ),
    _gauge(
        "config_last_reload_success_timestamp_seconds",
        "When the configuration in force was put there, in Unix time.",
    ),
    _gauge("ready", "1 while the round trip through the engine succeeds, else 0."),
    _gauge(
        "degraded",
        "1 for each reason why the engine promises less than it should, else 0.",
        Label("reason", tuple(DegradedReason)),
    ),
    _gauge(
        "build_info",
        "Always 1; the running version.",
        Label("version"),
        Label("python"),
    ),
    _counter(
        "telemetry_errors_total",
        "Measurements refused: a fault in the code, never in the data.",
        Label("problem", ("name", "labels", "value")),
    ),
)
