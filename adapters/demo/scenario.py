"""The demo's story: every step is seen at its far end, or named as missing."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count
from typing import TypeVar, cast

import httpx2

from adapters.demo.console import ConsoleError, OperatorAtConsole
from adapters.demo.press import PHONE, PLACE, UnansweredError, press
from adapters.demo.stage import SentSms, Stage
from adapters.devices import osmand_encode
from engine.values import DeviceId, Fix, Instant

WAIT_S = 10.0
POLL_S = 0.01
DEFENDER, OTHER = "heron", "avocet"
CODE = re.compile(r"\b([A-Z](?=[A-Z]*\d)[A-Z\d]{3})\b")
T = TypeVar("T")
NO_ANSWER = (ConsoleError, httpx2.HTTPError, OSError)
"""What comes of an engine that is gone, or that does not speak any more."""


class MissingStepError(Exception):
    """A step was not seen at its far end."""

    def __init__(self, step: str) -> None:
        """Name the step."""
        super().__init__(step)
        self.step = step


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One line of the story: how long after the press, what, and where it was seen."""

    after_ms: float
    what: str
    where: str


Tell = Callable[[Seen], None]


class Scenario:
    """Plays once, through real sockets, a serial modem and the console's HTTP."""

    def __init__(self, stage: Stage, tell: Tell) -> None:
        """Take the stage; `tell` gets each line as it happens."""
        self._stage, self._tell = stage, tell
        self._numbers = stage.numbers()
        self._pressed = stage.clock.now()
        self._serial = count(1)
        self._held: list[Seen] | None = None
        self._step = "operators sign in at the console"

    def play(self) -> None:
        """Play the story.

        Raises:
            MissingStepError: names the first step that was not seen, also where
                that is because the engine has gone.

        """
        try:
            self._play()
        except NO_ANSWER as error:
            step = f"{self._step} ({str(error) or type(error).__name__})"
            raise MissingStepError(step) from error

    def _play(self) -> None:
        stage = self._stage
        url, words = stage.ports.console, stage.passwords
        with (
            OperatorAtConsole(url, "alder", words["alder"]) as alder,
            OperatorAtConsole(url, "rowan", words["rowan"]) as rowan,
        ):
            with self._in_order():
                # Its answer may be seen after the first SMS.
                self._press()
                alarm = self._at_hq(alder, DEFENDER)
                self._colleagues(alder, alarm)
                self._hq_channels()
            self._answer(alder, alarm)
            self._phone(alder)
            self._decide(alder, rowan, alarm)
            self._end(alder, alarm)

    def _press(self) -> None:
        """Press the button of a gt06 device."""
        self._step = "the device's SOS is acknowledged"
        try:
            self._pressed = press(self._stage, self._serial)
        except UnansweredError as error:
            raise MissingStepError(str(error)) from error
        self._say("SOS packet acknowledged: it is on disk", "gt06 device, TCP")

    def _at_hq(self, operator: OperatorAtConsole, subject: str) -> str:
        alias = self._stage.person(subject)["alias"]
        row = self._wait(
            f"the console shows the alarm of {alias}",
            lambda: next(
                (
                    row
                    for row in operator.cases()
                    if row["alias"] == alias and row["sounds"]
                ),
                None,
            ),
        )
        self._say(f"the console shows the alarm of {alias}, with sound", "HQ console")
        return str(row["id"])

    def _colleagues(self, operator: OperatorAtConsole, alarm: str) -> None:
        """Wait for the SMS of each colleague that the case names."""
        self._act("reveal the people", operator, alarm, "reveal")
        people = self._wait(
            "colleagues are chosen", lambda: _nearest(operator.case(alarm))
        )
        for person in people:
            sms = self._sms_to(str(person["person"]))
            distance_m = person["distance_m"]
            away = "" if not isinstance(distance_m, float) else distance_m / 1000
            self._say(
                f"SMS to {self._alias(str(person['person']))}, {away:.0f} km away:"
                f" {sms.text}",
                "telephone behind the GSM modem",
                at=sms.at,
            )

    def _hq_channels(self) -> None:
        stage = self._stage
        mail = stage.mail.mails.wait_for(lambda _: True, WAIT_S)
        mail = _found("HQ gets an e-mail", mail)
        self._say("e-mail to HQ", "SMTP server", at=mail.at)
        hook = stage.hook.hooks.wait_for(lambda _: True, WAIT_S)
        hook = _found("HQ gets a signed webhook", hook)
        self._say("signed webhook to HQ, signature verified", "HTTP server", at=hook.at)
        officer = self._duty_number()
        sms = stage.messages.wait_for(lambda one: one.number == officer, WAIT_S)
        sms = _found("the officer on duty gets an SMS", sms)
        self._say("SMS to the officer on duty", "telephone", at=sms.at)
        call = stage.calls.wait_for(lambda one: one.number == officer, WAIT_S)
        call = _found("the officer's telephone rings", call)
        self._say("the telephone of the officer on duty rings", "telephone", at=call.at)

    def _answer(self, operator: OperatorAtConsole, alarm: str) -> None:
        """Let the nearest colleague answer 1, from their own telephone."""
        self._step = "the nearest colleague answers"
        nearest = str(_nearest(operator.case(alarm))[0]["person"])
        sms = self._sms_to(nearest)
        found = CODE.search(sms.text)
        found = _found("the SMS has the code of alarm and recipient", found)
        self._stage.modems[0].inject(sms.number, f"{found[1]} 1")
        self._wait(
            "the console shows who is coming",
            lambda: [
                person
                for person in _nearest(operator.case(alarm))
                if person["person"] == nearest and person["reply"] == "coming"
            ],
        )
        self._say(f"{self._alias(nearest)} answers {found[1]} 1: coming", "HQ console")

    def _phone(self, operator: OperatorAtConsole) -> None:
        """Press SOS in a telephone's app, over HTTP."""
        self._step = "the telephone's SOS is acknowledged"
        host, port = self._stage.ports.devices["osmand"]
        now = self._stage.clock.now()
        declared = cast("dict[str, float]", self._stage.person(OTHER)["declared"])
        fix = Fix(lat_deg=declared["lat_deg"], lon_deg=declared["lon_deg"], at=now)
        request = osmand_encode.query(DeviceId(PHONE), at=now, fix=fix, alarm="sos")
        answer = httpx2.request(
            request.method,
            f"http://{host}:{port}{request.path}?{request.query}",
            timeout=WAIT_S,
        )
        _require(self._step, answer.is_success)
        self._say("a second SOS, from a telephone's app, acknowledged", "HTTP client")
        other = self._at_hq(operator, OTHER)
        self._act("acknowledge the second alarm", operator, other, "acknowledge")
        how = {"reason": "false_alarm", "remark": "pocket"}
        self._act("close the second alarm", operator, other, "close", **how)
        self._say("the second alarm is closed: a false alarm", "HQ console")

    def _decide(
        self, alder: OperatorAtConsole, rowan: OperatorAtConsole, alarm: str
    ) -> None:
        self._act("acknowledge", alder, alarm, "acknowledge")
        self._say("alder acknowledges: paging stops", "HQ console")
        self._act("verify", alder, alarm, "verify", truth="verified")
        self._step = "one operator alone cannot publish"
        _require(self._step, alder.act(alarm, "approve") is not None)
        _require(
            "nothing is published by verifying", not self._stage.mastodon.posts.items()
        )
        self._say("alder verifies; nothing is published by that", "HQ console")
        self._say("alder may not approve as well: refused", "HQ console")
        self._act("approve", rowan, alarm, "approve")
        post = self._stage.mastodon.posts.wait_for(lambda _: True, WAIT_S)
        post = _found("the post appears in public", post)
        alias = self._alias(DEFENDER)
        _require(
            "the post names neither person nor place",
            not (alias in post.text or str(PLACE[0])[:5] in post.text),
        )
        self._say(f"rowan approves; the world reads: {post.text}", "Mastodon", post.at)

    def _end(self, operator: OperatorAtConsole, alarm: str) -> None:
        self._step = "close"
        told = {person["person"] for person in _nearest(operator.case(alarm))}
        before = len(self._stage.messages.items())
        self._act("close", operator, alarm, "close", reason="safe")
        self._say("alder closes: safe", "HQ console")
        numbers = {n for n, person in self._numbers.items() if person in told}
        self._wait(
            "everybody who was told gets the stop message",
            lambda: numbers <= self._ended_for(before),
        )
        self._say(f"stop message to all {len(told)} colleagues", "telephones")

    def _ended_for(self, before: int) -> set[str]:
        """Return who has got a message since that is no SOS."""
        late = self._stage.messages.items()[before:]
        return {sms.number for sms in late if not sms.text.startswith("SOS")}

    def _sms_to(self, person: str) -> SentSms:
        numbers = {n for n, one in self._numbers.items() if one == person}
        sms = self._stage.messages.wait_for(lambda one: one.number in numbers, WAIT_S)
        if sms is None:
            step = f"{self._alias(person)} gets an SMS"
            raise MissingStepError(step)
        return sms

    def _duty_number(self) -> str:
        first = self._stage.roster["rota"]["duty"][0]
        numbers = cast("list[str]", self._stage.person(first)["numbers"])
        return numbers[0]

    def _alias(self, person: str) -> str:
        return str(self._stage.person(person)["alias"])

    def _act(
        self, step: str, operator: OperatorAtConsole, alarm: str, act: str, **how: str
    ) -> None:
        self._step = step
        refused = operator.act(alarm, act, **how)
        _require(f"{step} (refused: {refused})", refused is None)

    def _wait(self, step: str, look: Callable[[], T | None]) -> T:
        self._step = step
        for _ in _until(WAIT_S):
            found = look()
            if found:
                return found
        raise MissingStepError(step)

    @contextmanager
    def _in_order(self) -> Iterator[None]:
        """Tell what is seen within in the order of time, not in that of looking."""
        self._held = []
        try:
            yield
        finally:
            held, self._held = self._held, None
            for seen in sorted(held, key=lambda one: one.after_ms):
                self._tell(seen)

    def _say(self, what: str, where: str, at: Instant | None = None) -> None:
        moment = self._stage.clock.now() if at is None else at
        after = moment.since(self._pressed).total_seconds() * 1000
        seen = Seen(after_ms=after, what=what, where=where)
        if self._held is None:
            self._tell(seen)
        else:
            self._held.append(seen)


def _require(step: str, is_seen: object) -> None:
    """Raise with the step's name where it was not seen."""
    if not is_seen:
        raise MissingStepError(step)


def _found(step: str, item: T | None) -> T:
    """Return what was found; raise with the step's name where nothing was."""
    if item is None:
        raise MissingStepError(step)
    return item


def _nearest(case: dict[str, object]) -> list[dict[str, object]]:
    """Return the colleagues of a case who were told first, nearest first."""
    people = case.get("people")
    if not isinstance(people, list):
        return []
    return [one for one in people if one["audience"] == "nearest"]


def _until(seconds: float) -> Iterator[None]:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yield
        time.sleep(POLL_S)  # noqa: TID251 - likewise
