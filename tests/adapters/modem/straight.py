"""A modem that hands on in text mode what comes, past every store."""

from adapters.modem.driver import SerialModem
from engine.ports.modem import InboundSms, ModemEvent
from tests.adapters.modem.scripted import OK, WORKS, ScriptedModem, driver_of
from tests.fakes import ManualClock


def opened(clock: ManualClock) -> tuple[SerialModem, ScriptedModem]:
    """Return a driver that has brought its modem up, and that."""
    modem = ScriptedModem(clock, WORKS)
    modem.answers["AT+CMGF?"] = f"\r\n+CMGF: 0\r\n{OK}"
    driver = driver_of(modem)
    driver.open()
    return driver, modem


def told_of(clock: ManualClock, said: str) -> list[ModemEvent]:
    """Return what is told of what a modem says unasked."""
    driver, modem = opened(clock)
    modem.say(said)
    return list(driver.poll(drain=False))


def texts(events: list[ModemEvent]) -> list[tuple[str, str]]:
    """Return who has written what."""
    return [(one.sender, one.text) for one in events if isinstance(one, InboundSms)]
