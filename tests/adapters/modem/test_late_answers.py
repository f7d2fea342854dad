"""What a modem says of a message after the driver has stopped waiting for it."""

from engine.ports.modem import LateAnswer, ModemEvent, SendResult
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
