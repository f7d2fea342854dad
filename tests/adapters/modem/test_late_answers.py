"""What a modem says of a message after the driver has stopped waiting for it."""

from dataclasses import dataclass
from pathlib import Path

import pytest

from adapters.modem.driver import SerialModem
from adapters.modem.options import ModemOptions
from engine.ports.modem import LateAnswer, ModemEvent, SendResult, SubmitOutcome
from tests.adapters.modem.scripted import SILENCE, WORKS, ScriptedModem, driver_of
from tests.fakes import ManualClock

NUMBER = "+46701234567"


def _late(clock: ManualClock, line: str, after_s: float) -> list[ModemEvent]:
    """Submit, give up after 25 s, and return what a late line then comes to."""
    modem = ScriptedModem(clock, WORKS, sent=SILENCE)
    driver = driver_of(modem)
    driver.open()
    modem.say(f"\r\n{line}\r\n\r\nOK\r\n", after_s=after_s)
    outcome = driver.submit(NUMBER, "hej", validity_min=5, late_s=25)
    assert outcome.result is SendResult.UNKNOWN
    assert outcome.may_follow
    clock.advance(max(0.0, after_s - 25))
    return list(driver.poll(drain=False))


def test_an_answer_after_we_gave_up_is_told_late(clock: ManualClock) -> None:
    (event,) = _late(clock, "+CMGS: 99", 60)
    assert isinstance(event, LateAnswer)
    assert (event.outcome.result, event.outcome.reference) == (SendResult.SENT, 99)


def test_a_refusal_after_we_gave_up_is_told_late(clock: ManualClock) -> None:
    (event,) = _late(clock, "+CMS ERROR: 38", 60)
    assert isinstance(event, LateAnswer)
    assert (event.outcome.result, event.outcome.code) == (SendResult.REJECTED, "38")


def test_an_answer_after_two_minutes_belongs_to_nobody(clock: ManualClock) -> None:
    assert _late(clock, "+CMGS: 99", 130) == []


def test_a_late_answer_inside_another_dialogue_disturbs_nothing(
    clock: ManualClock,
) -> None:
    late = "\r\n+CMGS: 98\r\n\r\nOK\r\n"
    modem = ScriptedModem(clock, WORKS, sent=SILENCE)
    driver = driver_of(modem)
    driver.open()
    driver.submit(NUMBER, "one", validity_min=5, late_s=25)
    modem.answers["AT+CREG?"] = late + str(WORKS["AT+CREG?"])
    health = driver.health()
    assert (health.registered, health.signal_dbm) == (True, -71)
    (event,) = driver.poll(drain=False)
    assert isinstance(event, LateAnswer)
    assert event.outcome.reference == 98


def test_a_late_answer_before_the_next_prompt_is_not_the_next_ones(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS, sent=SILENCE)
    driver = driver_of(modem)
    driver.open()
    driver.submit(NUMBER, "one", validity_min=5, late_s=25)
    modem.prompt = "\r\n+CMGS: 98\r\n\r\nOK\r\n\r\n> "
    modem.sent = "\r\n+CMGS: 99\r\n\r\nOK\r\n"
    assert driver.submit(NUMBER, "two", validity_min=5).reference == 99
    (event,) = driver.poll(drain=False)
    assert isinstance(event, LateAnswer)
    assert event.outcome.reference == 98


OK_97 = "\r\n+CMGS: 97\r\n\r\nOK\r\n"
OK_98 = "\r\n+CMGS: 98\r\n\r\nOK\r\n"
OK_99 = "\r\n+CMGS: 99\r\n\r\nOK\r\n"
REFUSED = "\r\n+CMS ERROR: 38\r\n"


def _two(clock: ManualClock, answers: str) -> tuple[SerialModem, SubmitOutcome]:
    """Submit one that stays without an answer, and a second one that has these."""
    modem = ScriptedModem(clock, WORKS, sent=SILENCE)
    driver = driver_of(modem)
    driver.open()
    first = driver.submit(NUMBER, "one", validity_min=5, late_s=25)
    assert first.may_follow
    modem.sent = answers
    return driver, driver.submit(NUMBER, "two", validity_min=5, late_s=25)


def _modem(driver: SerialModem) -> ScriptedModem:
    assert isinstance(driver._transport, ScriptedModem)
    return driver._transport


def _told(events: list[ModemEvent]) -> list[tuple[SendResult, int | None]]:
    return [
        (event.outcome.result, event.outcome.reference)
        for event in events
        if isinstance(event, LateAnswer)
    ]


@pytest.mark.parametrize(
    ("answers", "first", "second"),
    [
        (OK_98 + OK_99, (SendResult.SENT, 98), (SendResult.SENT, 99)),
        (OK_98 + REFUSED, (SendResult.SENT, 98), (SendResult.REJECTED, None)),
        (REFUSED + OK_99, (SendResult.REJECTED, None), (SendResult.SENT, 99)),
        (REFUSED + REFUSED, (SendResult.REJECTED, None), (SendResult.REJECTED, None)),
    ],
)
def test_two_answers_are_those_of_two_messages_bug_a_refused_one_was_shown_as_sent(
    clock: ManualClock,
    answers: str,
    first: tuple[SendResult, int | None],
    second: tuple[SendResult, int | None],
) -> None:
    driver, outcome = _two(clock, answers)
    assert (outcome.result, outcome.reference) == second
    assert _told(list(driver.poll(drain=False))) == [first]


@pytest.mark.parametrize("answer", [OK_98, REFUSED])
def test_one_answer_to_two_messages_is_nobodys(clock: ManualClock, answer: str) -> None:
    driver, outcome = _two(clock, answer)
    assert (outcome.result, outcome.may_follow) == (SendResult.UNKNOWN, True)
    assert outcome.retry
    assert list(driver.poll(drain=False)) == []
    clock.advance(130)
    open_for_ever = (SendResult.UNKNOWN, None)
    assert _told(list(driver.poll(drain=False))) == [open_for_ever] * 2


@pytest.mark.parametrize(
    ("answers", "told"),
    [
        ((OK_98, OK_99), [(SendResult.SENT, 98), (SendResult.SENT, 99)]),
        ((OK_98, REFUSED), [(SendResult.SENT, 98), (SendResult.REJECTED, None)]),
        ((REFUSED, OK_99), [(SendResult.REJECTED, None), (SendResult.SENT, 99)]),
    ],
)
def test_an_answer_that_was_nobodys_is_somebodys_once_the_other_has_come(
    clock: ManualClock,
    answers: tuple[str, str],
    told: list[tuple[SendResult, int | None]],
) -> None:
    driver, _ = _two(clock, answers[0])
    driver.poll(drain=False)
    driver.wait(30)
    _modem(driver).say(answers[1])
    assert _told(list(driver.poll(drain=False))) == told


def test_what_is_owed_may_be_the_third_ones_bug_a_sent_one_was_shown_as_refused(
    clock: ManualClock,
) -> None:
    driver, second = _two(clock, OK_98)
    assert second.result is SendResult.UNKNOWN
    _modem(driver).sent = REFUSED  # of the second, or of the third
    third = driver.submit(NUMBER, "three", validity_min=5, late_s=25)
    assert (third.result, third.may_follow) == (SendResult.UNKNOWN, True)
    _modem(driver).say(OK_99)
    assert _told(list(driver.poll(drain=False))) == [
        (SendResult.SENT, 98),
        (SendResult.REJECTED, None),
        (SendResult.SENT, 99),
    ]


def test_a_modem_that_has_started_anew_owes_nothing_bug_its_next_answer_was_anothers(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS, sent=SILENCE)
    driver = driver_of(modem)
    driver.open()
    assert driver.submit(NUMBER, "one", validity_min=5, late_s=25).may_follow
    modem.say("\r\nRDY\r\n")
    assert driver.wait(1)
    assert _told(list(driver.poll(drain=False))) == [(SendResult.UNKNOWN, None)]
    assert driver.submit(NUMBER, "two", validity_min=5, late_s=25).may_follow
    modem.say(REFUSED)
    assert _told(list(driver.poll(drain=False))) == [(SendResult.REJECTED, None)]


def test_a_late_refusal_before_the_next_prompt_is_not_the_next_ones(
    clock: ManualClock,
) -> None:
    modem = ScriptedModem(clock, WORKS, sent=SILENCE)
    driver = driver_of(modem)
    driver.open()
    driver.submit(NUMBER, "one", validity_min=5, late_s=25)
    modem.prompt = REFUSED + "\r\n> "
    modem.sent = OK_99
    assert driver.submit(NUMBER, "two", validity_min=5).reference == 99
    assert _told(list(driver.poll(drain=False))) == [(SendResult.REJECTED, None)]


@pytest.mark.parametrize(
    ("reference", "is_its_own"), [(7, False), (8, False), (9, True), (200, False)]
)
def test_one_answer_is_the_last_messages_where_no_earlier_one_has_its_reference(
    clock: ManualClock, reference: int, *, is_its_own: bool
) -> None:
    modem = ScriptedModem(clock, WORKS)  # the first has reference 7
    driver = driver_of(modem)
    driver.open()
    assert driver.submit(NUMBER, "known", validity_min=5).reference == 7
    modem.sent = SILENCE
    driver.submit(NUMBER, "one", validity_min=5, late_s=25)
    modem.sent = f"\r\n+CMGS: {reference}\r\n\r\nOK\r\n"
    outcome = driver.submit(NUMBER, "two", validity_min=5, late_s=25)
    wanted = SendResult.SENT if is_its_own else SendResult.UNKNOWN
    assert outcome.result is wanted
    assert _told(list(driver.poll(drain=False))) == []
    clock.advance(130)
    late = [] if is_its_own else [(SendResult.UNKNOWN, None)] * 2
    assert _told(list(driver.poll(drain=False))) == late


def test_references_go_round_and_a_refusal_may_use_one_up(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS, sent="\r\n+CMGS: 254\r\n\r\nOK\r\n")
    driver = driver_of(modem)
    driver.open()
    driver.submit(NUMBER, "known", validity_min=5)
    modem.sent = REFUSED
    driver.submit(NUMBER, "refused", validity_min=5)
    modem.sent = SILENCE
    driver.submit(NUMBER, "one", validity_min=5, late_s=25)
    modem.sent = "\r\n+CMGS: 1\r\n\r\nOK\r\n"
    assert driver.submit(NUMBER, "two", validity_min=5, late_s=25).reference == 1
    modem.say("\r\n+CMGS: 0\r\n\r\nOK\r\n")
    assert _told(list(driver.poll(drain=False))) == [(SendResult.SENT, 0)]


def test_no_answer_to_two_messages_leaves_both_open(clock: ManualClock) -> None:
    modem = ScriptedModem(clock, WORKS, sent=SILENCE)
    driver = driver_of(modem)
    driver.open()
    for text in ("one", "two"):
        outcome = driver.submit(NUMBER, text, validity_min=5, late_s=25)
        assert outcome.may_follow
    modem.say(OK_98 + OK_99)
    told = _told(list(driver.poll(drain=False)))
    assert told == [(SendResult.SENT, 98), (SendResult.SENT, 99)]


class KilledError(BaseException):
    """This process is gone."""


def _gone() -> None:
    raise KilledError


@dataclass
class Life:
    """Processes of one modem; each is killed while it waits for an answer."""

    clock: ManualClock
    file: Path

    def driver(self, answers: str) -> SerialModem:
        modem = ScriptedModem(self.clock, WORKS, sent=answers)
        driver = driver_of(modem, ModemOptions(owed_file=str(self.file)))
        driver.open()
        return driver

    def is_killed(self, text: str = "one") -> None:
        driver = self.driver(SILENCE)
        with pytest.raises(KilledError):
            driver.submit(NUMBER, text, validity_min=5, beat=_gone)
        self.clock.advance(3)


@pytest.fixture
def life(clock: ManualClock, tmp_path: Path) -> Life:
    return Life(clock, tmp_path / "owed-modem-1")


@pytest.mark.parametrize(
    ("answers", "first", "second"),
    [
        (OK_98 + REFUSED, (SendResult.SENT, 98), (SendResult.REJECTED, None)),
        (REFUSED + OK_99, (SendResult.REJECTED, None), (SendResult.SENT, 99)),
    ],
)
def test_what_is_owed_over_a_kill_is_not_the_next_messages_bug_it_showed_as_sent(
    life: Life,
    answers: str,
    first: tuple[SendResult, int | None],
    second: tuple[SendResult, int | None],
) -> None:
    life.is_killed()
    driver = life.driver(answers)
    assert (list(driver.owed()), driver.next_number()) == ([1], 2)
    outcome = driver.submit(NUMBER, "two", validity_min=5, late_s=25)
    assert (outcome.result, outcome.reference) == second
    (late,) = driver.poll(drain=False)
    assert isinstance(late, LateAnswer)
    assert (late.outcome.result, late.outcome.reference, late.number) == (*first, 1)


@pytest.mark.parametrize(
    ("last", "result"),
    [("", SendResult.UNKNOWN), (OK_98, SendResult.UNKNOWN), (OK_97, SendResult.SENT)],
)
def test_the_count_before_the_kill_tells_the_next_answer_from_the_one_owed(
    life: Life, last: str, result: SendResult
) -> None:
    if last:
        life.driver(last).submit(NUMBER, "last", validity_min=5)
    life.is_killed()
    outcome = life.driver(OK_99).submit(NUMBER, "two", validity_min=5, late_s=25)
    assert outcome.result is result


def test_what_was_killed_after_its_answer_is_owed_nothing(life: Life) -> None:
    life.driver(OK_98).submit(NUMBER, "one", validity_min=5)
    driver = life.driver(OK_99)
    assert list(driver.owed()) == []
    assert driver.submit(NUMBER, "two", validity_min=5).reference == 99


def test_two_minutes_after_the_kill_nothing_is_owed(life: Life) -> None:
    life.is_killed()
    driver = life.driver(OK_99)
    life.clock.advance(118)
    assert driver.submit(NUMBER, "two", validity_min=5).reference == 99


def test_a_modem_that_starts_anew_after_the_kill_owes_nothing(life: Life) -> None:
    life.is_killed()
    driver = life.driver(OK_99)
    _modem(driver).say("\r\nRDY\r\n")
    assert driver.wait(1)
    driver.poll(drain=False)
    assert driver.submit(NUMBER, "two", validity_min=5).reference == 99
