"""The demo's story: every step is seen at its far end, or named as missing."""

import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import TypeVar, cast

import httpx2

from adapters.demo.console import ConsoleError, OperatorAtConsole
from adapters.demo.ended import said_of_the_end
from adapters.demo.farends.hook import Hook
from adapters.demo.press import PHONE, PLACE, UnansweredError, press
from adapters.demo.stage import SentSms, Stage
from adapters.devices import osmand_encode
from engine.values import DeviceId, Fix, Instant

WAIT_S = 10.0
POLL_S = 0.01
UNPUBLISHED_S = 0.5
"""How long a post by verifying alone is looked for: an approved one takes 0.05."""
QUIET_MIN_MS = 5 * 60_000
"""The sample pages every minute; acknowledged, it asks again after half an hour."""
HQ_LANGUAGE = "en"
DEFENDER, OTHER = "heron", "avocet"
CODE = re.compile(r"\b([A-Z](?=[A-Z]*\d)[A-Z\d]{3})\b")
PAGE = re.compile(r"\bSOS\b")
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
                self._hq_channels(alarm)
            self._answer(alder, alarm)
            other = self._phone(alder, rowan)
            quiet_since = self._acknowledge(alder, alarm, other)
            self._decide(alder, rowan, alarm)
            self._quiet(quiet_since)
            self._end(alder, rowan, alarm)

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

    def _hq_channels(self, alarm: str) -> None:
        stage = self._stage
        mail = stage.mail.mails.wait_for(lambda one: alarm in one.text, WAIT_S)
        mail = _found("HQ gets an e-mail", mail)
        self._say("e-mail to HQ", "SMTP server", at=mail.at)
        hook = stage.hook.hooks.wait_for(lambda one: _is_of(one, alarm), WAIT_S)
        hook = _found("HQ gets a signed webhook", hook)
        self._say("signed webhook to HQ, signature verified", "HTTP server", at=hook.at)
        duty = stage.officers()[0]
        officer, alias = stage.number(duty), self._alias(duty)
        sms = stage.messages.wait_for(lambda one: one.number == officer, WAIT_S)
        sms = _found(f"the officer on duty, {alias}, gets an SMS", sms)
        self._say(f"SMS to {alias}, the officer on duty", "telephone", at=sms.at)
        call = stage.calls.wait_for(lambda one: one.number == officer, WAIT_S)
        call = _found(f"the telephone of {alias}, on duty, rings", call)
        what = f"the telephone of {alias}, the officer on duty, rings"
        self._say(what, "telephone", at=call.at)

    def _answer(self, operator: OperatorAtConsole, alarm: str) -> None:
        """Let the nearest colleague answer 1, from their own telephone."""
        self._step = "the nearest colleague answers"
        nearest = str(_nearest(operator.case(alarm))[0]["person"])
        code = self._code_of(nearest)
        self._stage.modems[0].inject(self._stage.number(nearest), f"{code} 1")
        self._wait(
            "the console shows who is coming",
            lambda: [
                person
                for person in _nearest(operator.case(alarm))
                if person["person"] == nearest and person["reply"] == "coming"
            ],
        )
        self._say(f"{self._alias(nearest)} answers {code} 1: coming", "HQ console")
        number = self._stage.number(nearest)
        receipt = self._stage.messages.wait_for(
            lambda one: one.number == number and one.text.startswith("Received."),
            WAIT_S,
        )
        receipt = _found("the answer gets a receipt", receipt)
        what = f"SMS to {self._alias(nearest)}: {receipt.text}"
        self._say(what, "telephone")

    def _phone(self, operator: OperatorAtConsole, second: OperatorAtConsole) -> str:
        """Press SOS in a telephone's app, over HTTP; returns that alarm, closed."""
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
            trust_env=False,
        )
        _require(self._step, answer.is_success)
        self._say("a second SOS, from a telephone's app, acknowledged", "HTTP client")
        other = self._at_hq(operator, OTHER)
        self._act("acknowledge the second alarm", operator, other, "acknowledge")
        how = {"reason": "false_alarm", "remark": "pocket"}
        self._say_safe(operator, other)
        self._act("close the second alarm", second, other, "close", **how)
        said = "the second alarm is closed by two: alder says safe, rowan a false alarm"
        self._say(said, "HQ console")
        return other

    def _acknowledge(
        self, operator: OperatorAtConsole, alarm: str, other: str
    ) -> Instant:
        """Acknowledge; returns since when no officer on duty may be paged."""
        self._act("acknowledge", operator, alarm, "acknowledge")
        # What was on its way when either alarm was taken still arrives.
        self._wait(
            "no page waits once alder has acknowledged",
            lambda: all(_is_paged(operator.case(one)) for one in (alarm, other)),
        )
        since = self._stage.clock.now()
        due_ms = operator.case(alarm)["next_due_ms"]
        pages_again = isinstance(due_ms, int) and due_ms < since.ms + QUIET_MIN_MS
        _require("paging stops once alder has acknowledged", not pages_again)
        self._say("alder acknowledges: no page waits any more", "HQ console")
        return since

    def _decide(
        self, alder: OperatorAtConsole, rowan: OperatorAtConsole, alarm: str
    ) -> None:
        posts = self._stage.mastodon.posts
        self._act("verify", alder, alarm, "verify", truth="verified")
        self._step = "one operator alone cannot publish"
        _require(self._step, alder.act(alarm, "approve") is not None)
        step = "nothing is published by verifying"
        _require(step, posts.wait_for(lambda _: True, UNPUBLISHED_S) is None)
        self._say("alder verifies; nothing is published by that", "Mastodon")
        self._say("alder may not approve as well: refused", "HQ console")
        approved = self._stage.clock.now()
        self._act("approve", rowan, alarm, "approve")
        post = posts.wait_for(lambda _: True, WAIT_S)
        post = _found("the post appears in public", post)
        _require(step, post.at.ms >= approved.ms)
        alias = self._alias(DEFENDER)
        _require(
            "the post names neither person nor place",
            not (alias in post.text or str(PLACE[0])[:5] in post.text),
        )
        self._say(f"rowan approves; the world reads: {post.text}", "Mastodon", post.at)

    def _quiet(self, since: Instant) -> None:
        """Hold that no officer's telephone got anything since, nor rang."""
        stage = self._stage
        pages = [one for one in stage.messages.items() if PAGE.search(one.text)]
        rung = [(one.number, one.at) for one in stage.calls.items()]
        got = [*rung, *((one.number, one.at) for one in pages)]
        officers = {stage.number(one) for one in stage.officers()}
        late = [at for number, at in got if number in officers and at.ms > since.ms]
        _require("no officer on duty is paged after alder has acknowledged", not late)
        self._say("no officer has been paged since alder acknowledged", "telephones")

    def _end(
        self, operator: OperatorAtConsole, second: OperatorAtConsole, alarm: str
    ) -> None:
        """Close by two, and look for the end where its alarm was seen, at HQ's too."""
        stage, self._step = self._stage, "close"
        people = [str(one["person"]) for one in _nearest(operator.case(alarm))]
        codes = {one: self._code_of(one) for one in (*people, stage.officers()[0])}
        refused = operator.act(alarm, "close", reason="safe")
        _require("one operator alone cannot close", refused is not None)
        self._say("alder may not close alone: refused", "HQ console")
        self._say_safe(operator, alarm)
        self._act("close", second, alarm, "close", reason="safe")
        self._say("alder says that Heron is safe, and rowan closes", "HQ console")
        alias = self._alias(DEFENDER)
        for person, code in codes.items():
            language = str(stage.person(person)["language"])
            number, said = stage.number(person), said_of_the_end(language, code, alias)
            sms = stage.messages.wait_for(partial(_begins, number, said), WAIT_S)
            _found(f"{self._alias(person)} gets the stop message", sms)
        self._say(f"stop message to all {len(people)} colleagues", "telephones")
        officer = self._alias(stage.officers()[0])
        self._say(f"stop message to {officer}, the officer on duty", "telephone")
        said = said_of_the_end(HQ_LANGUAGE, "", alias)
        mail = stage.mail.mails.wait_for(
            lambda one: alarm in one.text and one.text.startswith(said), WAIT_S
        )
        _found("HQ gets an e-mail of the end", mail)
        hook = stage.hook.hooks.wait_for(
            lambda one: _is_of(one, alarm, step="stop"), WAIT_S
        )
        _found("HQ gets a signed webhook of the end", hook)
        self._say("the end to HQ, by e-mail and by signed webhook", "servers")

    def _say_safe(self, operator: OperatorAtConsole, alarm: str) -> None:
        """Give the first of the two words that an all-clear takes."""
        how = {"remark": "spoke with them"}
        self._act("say that the defender is safe", operator, alarm, "safe", **how)

    def _code_of(self, person: str) -> str:
        """Return the code of alarm and person, as their first SMS has it."""
        found = CODE.search(self._sms_to(person).text)
        step = f"the SMS to {self._alias(person)} has the code of alarm and recipient"
        return _found(step, found)[1]

    def _sms_to(self, person: str) -> SentSms:
        numbers = {n for n, one in self._numbers.items() if one == person}
        sms = self._stage.messages.wait_for(lambda one: one.number in numbers, WAIT_S)
        if sms is None:
            step = f"{self._alias(person)} gets an SMS"
            raise MissingStepError(step)
        return sms

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


def _is_paged(case: dict[str, object]) -> bool:
    """Say whether nothing in a case waits for an officer or is on its way to one.

    A call that is on its way rings.
    """
    people = cast("list[dict[str, object]]", case["people"])
    ways = [
        (way["channel"], way["state"])
        for one in people
        if one["audience"] == "duty"
        for way in cast("list[dict[str, object]]", one["channels"])
    ]
    waits = any(state == "planned" for _, state in ways)
    return not waits and ("sms", "attempting") not in ways


def _begins(number: str, said: str, sms: SentSms) -> bool:
    return sms.number == number and sms.text.startswith(said)


def _is_of(hook: Hook, alarm: str, step: str = "hq") -> bool:
    return (hook.data.get("alarm"), hook.data.get("step")) == (alarm, step)


def _until(seconds: float) -> Iterator[None]:
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        yield
        time.sleep(POLL_S)  # noqa: TID251 - likewise
