"""One channel's worker: pulls an effect, journals the attempt, sends, tells."""

import hashlib
import logging
from datetime import timedelta
from typing import Any, ClassVar, assert_never, cast

from engine.dispatch.actor import Away, Idle, Shout, Take
from engine.dispatch.attempts import Attempts
from engine.dispatch.audience import kind_of, refusal
from engine.dispatch.body import decode_body, decode_public
from engine.dispatch.channel.retry import retrying
from engine.dispatch.outcomes import Outcome
from engine.errors import DeliveryError, DeliveryUnknownError, RefusalOf
from engine.health import Health
from engine.ports.channel import (
    AnyChannel,
    Channel,
    Message,
    PersonalMessage,
    PublicMessage,
    Receipt,
)
from engine.ports.journal import EffectClass, EffectRow, EffectState
from engine.ports.telemetry import Telemetry
from engine.supervision.actor import SupervisedActor
from engine.supervision.failure import Failure, ReplacedError
from engine.supervision.link import Link
from engine.values import ChannelName, EffectId

CHECK_S = 4.0
"""So often one that tells people is asked for a sign: with a connection's five seconds
its end shows in ten."""
PUBLIC_CHECK_S = 15.0
"""So often one to the world alone: its instance is others', and nobody waits for it."""
ASIDE = timedelta(milliseconds=100)
"""So long before a check the dispatcher has to hear of it: what it has given by then is
sent first. A check takes as long as the far end likes."""
ASKED_S = 2.0
"""Who has asked for work so lately does not ask again: asked twice the dispatcher gives
twice, and the second waits for the first, whatever other lane has nothing to do."""
SLACK_S = 5.0
PUBLIC_SLACK_S = 120.0
"""A public post may wait where its far end asks for that: nobody's help waits for it.
Shorter than what the auditor takes for an attempt that stands still."""
TOGETHER = 8
"""So many attempts are begun in one commit at the most, where many wait."""
TOGETHER_SLOW = 24
"""So many where the disk is slow: they last until it has begun the next ones."""
EACH_S = 0.004
"""One for each of these that the disk took for the last ones, if that is more."""
TOGETHER_S = 0.5
"""So long they take in all at the most, as the last one went, and as they go."""
LATELY = 8
"""Of so many it is said how they go, well or not: one quick answer is no quick far end,
and one that hangs at every other is none."""
GIVEN_BACK_S = 1.0
"""What of them has not been tried by then is given back: the far end became slow."""
NOT_TRIED = "not tried: the far end became slow"
FAILED = "the channel failed at it"
FAILED_CHECK = "its check failed"
UNREADABLE = Outcome(state=EffectState.UNKNOWN, reason="its row cannot be read")
"""Not sent, and the alarm words it anew; a public post is for people to look at."""

logger = logging.getLogger(__name__)


def lane_name(channel: str, lane: int) -> str:
    """Return what a lane's worker is called: the first as its channel."""
    return channel if lane == 1 else f"{channel}/{lane}"


class ChannelWorker(SupervisedActor[Take | Shout]):
    """One lane of a channel: sends one effect at a time, and delays nobody else.

    The first lane of a channel also asks now and then whether the far end is there.
    A channel whose far end does not answer goes on pulling: it tries, fails for
    certain, and the alarm repeats. There may be no other channel.
    """

    bound: ClassVar[int] = 100

    def __init__(
        self,
        *,
        link: Link,
        channel: AnyChannel,
        is_first: bool,
        attempts: Attempts,
        telemetry: Telemetry,
        health: Health,
    ) -> None:
        """Take the channel; it is closed at an orderly stop."""
        super().__init__(link=link)
        self._channel, self._is_first = channel, is_first
        self._standing = health.standing(channel.name)
        self._attempts = attempts
        self._telemetry, self._health = telemetry, health
        tells_people = health.tells_people(channel.name)
        self._check_s = CHECK_S if tells_people else PUBLIC_CHECK_S
        self._takes, self._begun_in_s = 1, 0.0
        self._usual_s = TOGETHER_S / LATELY
        self._tried_s = self._asked_s = -PUBLIC_CHECK_S
        self._refusal_of = RefusalOf.CHANNEL
        self._is_aside = is_first

    def started(self) -> None:
        """Settle what an earlier instance left under way, and ask for work.

        Not the first lane, which checks at once: what waits at a start is the others'.
        Its first sign would else come behind what has shown another lane that the far
        end is down, and say for a moment that it is up.
        """
        self._attempts.recover()
        if self._is_aside:
            self._tell_dispatcher(Away(worker=self.link.name))
        else:
            self._ask_for_work()
        self.wake_at(self.clock.now())

    def stopping(self) -> None:
        """Let the dispatcher know, and close."""
        self._tell_dispatcher(Away(worker=self.link.name))
        self._channel.close()

    def handle(self, message: Take | Shout) -> None:
        """Attempt one effect, or send what cannot be recorded."""
        match message:
            case Take():
                self._take(message)
            case Shout():
                message.answered(self._shouted(message))
            case _:
                assert_never(message)

    def _take(self, take: Take) -> None:
        rows, asked_s = (take.row, *take.behind), self.clock.boottime_s()
        begun = self._attempts.begin_all(
            rows, self.beat, is_wanted=lambda: self.inbox.has_urgent
        )
        began_s = self.clock.boottime_s()
        self._begun_in_s, by_s = began_s - asked_s, began_s + GIVEN_BACK_S
        for number, row in enumerate(begun):
            if number and self.clock.boottime_s() >= by_s:
                outcome = Outcome(
                    state=EffectState.REJECTED, reason=NOT_TRIED, retry=True
                )
                self._attempts.settle(row, outcome)
                continue
            try:
                message = self._message(row)
            except ValueError as error:  # damaged: those begun behind it are not
                logger.error("a row cannot be read: %s", Failure.of(error))  # noqa: TRY400 - its text may quote the row
                self._attempts.settle(row, UNREADABLE)
                continue
            is_public = row.effect_class is EffectClass.EXCLUSIVE
            slack_s = PUBLIC_SLACK_S if is_public else SLACK_S
            outcome = self._attempt(message, slack_s)
            self.beat()
            self._attempts.settle(row, outcome)
            self._measure(message.address, outcome)
        self._ask_for_work()

    def rescan(self) -> None:
        """Ask for work again: a hint that was dropped may have been one."""
        self._ask_for_work()

    def woke(self) -> None:
        """Ask whether the far end is there, where no message has just shown it."""
        if self._is_aside:
            self._check()
        elif self._steps_aside():
            return
        # Whoever checks has nothing to do; the dispatcher may not know it.
        if self.clock.boottime_s() - self._asked_s >= ASKED_S:
            self._ask_for_work()
        left_s = self._check_s - (self.clock.boottime_s() - self._tried_s)
        wait = timedelta(seconds=left_s if left_s > 0 else self._check_s)
        self.wake_at(self.clock.now().plus(max(wait, ASIDE)))

    def _steps_aside(self) -> bool:
        """Look around, and say whether a check is due.

        What comes during one is another lane's: some far ends take every message, and
        let a check hang. What was given to this one before that is known comes first.
        """
        self._attempts.mend()
        if self.clock.boottime_s() - self._tried_s < self._check_s:
            return False
        try:
            self._channel.rest()
        except Exception as error:  # noqa: BLE001 - an adapter's, whatever it is
            self._begin_anew(error)
        if not self._is_first:
            return False
        self._tell_dispatcher(Away(worker=self.link.name))
        self._is_aside, self._asked_s = True, -ASKED_S
        self.wake_at(self.clock.now().plus(ASIDE))
        return True

    def _check(self) -> None:
        try:
            self._channel.check()
        except (DeliveryError, DeliveryUnknownError) as error:
            self._show(wrong=error.reason)
        except Exception as error:  # noqa: BLE001 - an adapter's, whatever it is
            # An end by it at each start, and of one lane alone nothing would be sent.
            self._begin_anew(error)
            self._show(wrong=FAILED_CHECK)
        else:
            if self._standing.believes_check(self.clock.boottime_s()):
                self._show()

    def _shouted(self, shout: Shout) -> Outcome:
        """Send from memory what cannot be recorded, on a channel to people."""
        refused = refusal(PersonalMessage, self._channel.carries)
        return refused or self._attempt(self._unrecorded(shout))

    def _attempt(self, message: Message, slack_s: float = SLACK_S) -> Outcome:
        began_s = self.clock.boottime_s()
        self._takes = 1
        try:
            retrier = retrying(
                self.clock,
                slack_s=slack_s,
                beat=self.beat,
                is_stopping=lambda: self.link.stop_by_s is not None,
            )
            send = cast("Channel[Any]", self._channel).send  # of the kind it carries
            receipt: Receipt = retrier(send, message)
            reference = receipt.reference
        except DeliveryError as error:
            self._refusal_of = error.of
            return Outcome(
                state=EffectState.REJECTED, reason=error.reason, retry=error.retry
            )
        except DeliveryUnknownError as error:
            return Outcome(state=EffectState.UNKNOWN, reason=error.reason)
        except ReplacedError:
            raise  # another instance sends, and has its own word
        except Exception as error:  # noqa: BLE001 - an adapter's, whatever it is
            # At one message, perhaps: an end by it would take those begun behind it
            # along, and at each repeat delay whatever else this channel has to send.
            self._begin_anew(error)
            return Outcome(state=EffectState.UNKNOWN, reason=FAILED)
        finally:
            self._tried_s = self.clock.boottime_s()
            took_s = self._tried_s - began_s
            name = self._channel.name
            self._telemetry.observe("delivery_seconds", took_s, channel=name)
            # By itself it takes no longer: what more it took the machine slept.
            awake_s = min(took_s, slack_s + self._channel.timeout_s)
            self._usual_s += (awake_s - self._usual_s) / LATELY
        one_s = max(took_s, self._usual_s, 0.001)
        most = min(max(TOGETHER, int(self._begun_in_s / EACH_S)), TOGETHER_SLOW)
        self._takes = max(1, min(most, int(TOGETHER_S / one_s)))
        return Outcome(state=EffectState.ACCEPTED, reference=reference)

    def _begin_anew(self, error: Exception) -> None:
        """Have an adapter that failed in its own way begin anew, however it ends."""
        name = self._channel.name
        # Without their texts, which may quote the message.
        logger.error("%s failed: %s", name, Failure.of(error))
        try:
            self._channel.close()
        except Exception as worse:  # noqa: BLE001 - what is broken may not end either
            logger.error("%s failed: %s", name, Failure.of(worse))  # noqa: TRY400 - see above

    def _message(self, row: EffectRow) -> Message:
        if kind_of(row) is PublicMessage:
            post = decode_public(row.body)
            return PublicMessage(
                key=row.effect_id,
                channel=ChannelName(row.channel),
                address=post.address,
                text=post.said,
                language=post.language,
                attempt=row.attempt + 1,
                repeat=post.repeat,
                planned_at=row.planned_at,
            )
        body = decode_body(row.body)
        return PersonalMessage(
            key=row.effect_id,
            channel=ChannelName(row.channel),
            address=body.address,
            text=body.text(self.clock.now()),
            subject=body.subject,
            language=body.language,
            attempt=row.attempt + 1,
            repeat=body.repeat,
            planned_at=row.planned_at,
            data=body.data,
        )

    def _unrecorded(self, shout: Shout) -> PersonalMessage:
        now = self.clock.now()
        text = shout.body.text(now)
        # Two at one moment are two: far ends drop what comes under one key again.
        said = hashlib.sha256(f"{shout.body.address}|{text}".encode()).hexdigest()
        return PersonalMessage(
            key=EffectId(f"unrecorded.{now.ms}.{said[:16]}"),
            channel=ChannelName(shout.channel),
            address=shout.body.address,
            text=text,
            subject=shout.body.subject,
            language=shout.body.language,
            planned_at=now,
            data=shout.body.data,
        )

    def _measure(self, address: str, outcome: Outcome) -> None:
        name = self._channel.name
        result = {
            EffectState.ACCEPTED: "sent",
            EffectState.REJECTED: "rejected",
        }.get(outcome.state, "unknown")
        self._telemetry.count("delivery_attempts_total", channel=name, result=result)
        self._telemetry.count(
            "deliveries_total", channel=name, outcome=outcome.state.value
        )
        now_s = self.clock.boottime_s()
        if outcome.state is EffectState.ACCEPTED:
            self._standing.sent(address, now_s)
            self._show()
        elif self._is_ours(address, outcome, now_s):
            self._standing.failed(now_s)
            self._show(wrong=outcome.reason)

    def _is_ours(self, address: str, outcome: Outcome, now_s: float) -> bool:
        """Say whether what failed says that the channel cannot be used."""
        if outcome.state is EffectState.UNKNOWN:
            return True
        if self._refusal_of is RefusalOf.EITHER:
            return not self._standing.is_refused_alone(address, now_s)
        return self._refusal_of is RefusalOf.CHANNEL

    def _show(self, *, wrong: str | None = None) -> None:
        """Show that the channel is up, or down and why."""
        name, is_up = self._channel.name, wrong is None
        if self._standing.is_news(wrong):
            if is_up:
                logger.info("%s can be used again", name)
            else:
                logger.warning("%s cannot be used: %s", name, wrong)
        self._telemetry.gauge("channel_up", float(is_up), channel=name)
        self._health.route(name, "channel_down", is_up=is_up)

    def _ask_for_work(self) -> None:
        channels = (self._channel.name,)
        idle = Idle(worker=self.link.name, channels=channels, takes=self._takes)
        self._asked_s, self._is_aside = self.clock.boottime_s(), False
        self._tell_dispatcher(idle)

    def _tell_dispatcher(self, message: Idle | Away) -> None:
        self.link.tree.names.tell("dispatcher", message)
