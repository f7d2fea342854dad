"""What is shown of one modem: measures, and in the log why it cannot be used."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import ParamSpec

from engine.dispatch.outcomes import Outcome
from engine.errors import ModemError
from engine.health import Health
from engine.ports.journal import EffectState
from engine.ports.measures import DegradedReason
from engine.ports.modem import ModemHealth, SendResult, SubmitOutcome
from engine.ports.telemetry import Telemetry
from engine.values import Instant

P = ParamSpec("P")

_RESULTS = {EffectState.ACCEPTED: "sent", EffectState.REJECTED: "rejected"}

logger = logging.getLogger(__name__)


@dataclass(slots=True)
class Gauges:
    """Shows one modem's state and counts what it does."""

    modem: str
    telemetry: Telemetry
    health: Health
    _wrong: str = ""
    _is_deaf: bool = False

    def lost(self, error: ModemError) -> None:
        """Log why the modem cannot be used, once for as long as that stands.

        It is tried again every half minute: each try must not bury what another
        modem says.
        """
        wrong = str(error) or type(error).__name__
        if wrong != self._wrong:
            self._wrong = wrong
            logger.warning("%s cannot be used: %s", self.modem, wrong)

    def attempted(self, channel: str, outcome: Outcome, took_s: float) -> None:
        """Count an attempt and how it ended."""
        telemetry, state = self.telemetry, outcome.state
        result = _RESULTS.get(state, "unknown")
        telemetry.count("delivery_attempts_total", channel=channel, result=result)
        telemetry.count("deliveries_total", channel=channel, outcome=state.value)
        telemetry.observe("delivery_seconds", took_s, channel=channel)
        if channel == "sms":
            telemetry.count("modem_submits_total", modem=self.modem, result=result)
            telemetry.observe("modem_submit_seconds", took_s, modem=self.modem)

    def noting(
        self, submit: Callable[P, SubmitOutcome], now: Callable[[], Instant]
    ) -> Callable[P, SubmitOutcome]:
        """Return `submit`, that shows when a network took a message: any at all."""

        def noted(*args: P.args, **kwargs: P.kwargs) -> SubmitOutcome:
            outcome = submit(*args, **kwargs)
            self.submitted(outcome, now())
            return outcome

        return noted

    def submitted(self, outcome: SubmitOutcome, at: Instant) -> None:
        """Show when a network took a message; what it did not take leaves no mark."""
        if outcome.result is SendResult.SENT:
            name = "modem_last_sent_timestamp_seconds"
            self.telemetry.gauge(name, at.ms / 1000, modem=self.modem)

    def delivered(self, state: EffectState) -> None:
        """Count what a status report said."""
        self.telemetry.count("deliveries_total", channel="sms", outcome=state.value)

    def recovered(self, *, helped: bool) -> None:
        """Count a rung of the recovery ladder."""
        self.telemetry.count(
            "modem_recoveries_total",
            modem=self.modem,
            result="recovered" if helped else "failed",
        )

    def came_in(self, name: str) -> None:
        """Count a message or a call that came in."""
        self.telemetry.count(name, modem=self.modem)

    def loops(self, *, works: bool) -> None:
        """Show whether a message from the SIM to itself has come back."""
        result = "sent" if works else "unknown"
        self.telemetry.count("modem_loops_total", modem=self.modem, result=result)
        self.health.report(DegradedReason.LOOP_FAILED, self.modem, wrong=not works)

    def stamps(self, *, differ: bool) -> None:
        """Show whether SMS count as late since our clock and the network's differ."""
        self.health.report(DegradedReason.CLOCK_DIFFERS, self.modem, wrong=differ)

    def reads(self, *, works: bool) -> None:
        """Show whether the store of received messages can be read."""
        if works == self._is_deaf:
            self._is_deaf = not works
            told = "can be read again" if works else "cannot be read: it only sends"
            logger.warning("%s: its store of messages %s", self.modem, told)
        self.health.report(DegradedReason.STORE_UNREAD, self.modem, wrong=not works)

    def show(self, health: ModemHealth | None) -> None:
        """Show how the modem is; None: it is away."""
        name, telemetry = self.modem, self.telemetry
        is_up = health is not None
        if is_up and self._wrong:
            self._wrong = ""
            logger.info("%s can be used again", name)
        telemetry.gauge("modem_up", float(is_up), modem=name)
        registered = health is not None and health.registered
        telemetry.gauge("modem_registered", float(registered), modem=name)
        if health is not None and health.signal_dbm is not None:
            telemetry.gauge("modem_signal_dbm", health.signal_dbm, modem=name)
        if health is not None and health.storage_size:
            used = (health.storage_used or 0) / health.storage_size
            telemetry.gauge("modem_storage_used_ratio", used, modem=name)
        self.health.route(name, "modem_down", is_up=is_up)
