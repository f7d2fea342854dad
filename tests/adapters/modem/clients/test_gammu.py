"""gammu in its three forms: the library, the command, the daemon."""

import re
import sys
from pathlib import Path

import pytest

from adapters.modem.pdu import Submit
from adapters.modem.pdu_decode import decode
from adapters.modem.split import split
from tests.adapters.modem.clients.harness import (
    CYRILLIC,
    LONG,
    LONG_CYRILLIC,
    PERSON,
    SHORT,
    Bench,
    bench,
    folders,
    holds_text,
)
from tests.requires import requires_command, requires_module

pytestmark = pytest.mark.slow

PHONE = """\
[gammu]
device = {port}
connection = at115200
synchronizetime = no
"""
DAEMON = """
[smsd]
service = files
inboxpath = {folder}/inbox/
outboxpath = {folder}/outbox/
sentsmspath = {folder}/sent/
errorsmspath = {folder}/error/
outboxformat = unicode
transmitformat = auto
deliveryreport = log
checksecurity = 0
checksignal = 0
checkbattery = 0
checknetwork = 0
commtimeout = 2
receivefrequency = 2
logfile = {folder}/smsd.log
debuglevel = 255
"""


def _configured(b: Bench, text: str) -> str:
    path = b.folder / "gammurc"
    path.write_text(text.format(port=b.modem.port, folder=b.folder))
    return str(path)


def test_python_gammu_identifies_sends_and_reads(tmp_path: Path) -> None:
    requires_module("gammu", package="python-gammu")
    with bench(tmp_path) as b:
        b.modem.inject(PERSON, CYRILLIC)
        b.modem.inject(PERSON, LONG_CYRILLIC)
        script = Path(__file__).with_name("gammu_library.py")
        said = b.run(sys.executable, str(script), b.modem.port, PERSON, str(tmp_path))
        assert f"imei {b.modem.state.imei}" in said
        assert "reference 1" in said
        assert "report Status_Report 1 Delivered" in said
        assert f"read {PERSON} {CYRILLIC}" in said
        assert f"read {PERSON} {LONG_CYRILLIC}" in said
        texts = [text for _, text in b.sent]
        assert texts[:2] == ["short", CYRILLIC]
        assert "".join(texts[2:]) == LONG
        first = next(line for line in b.dialogue if line.endswith("<1A>"))
        pdu = decode(first.split()[1].removesuffix("<1A>"), from_mobile=True)
        assert isinstance(pdu, Submit)
        assert pdu.status_report_request


def test_gammu_identifies_sends_and_lists(tmp_path: Path) -> None:
    requires_command("gammu", package="gammu")
    with bench(tmp_path) as b:
        phone = _configured(b, PHONE)
        assert b.modem.state.imei in b.run("gammu", "-c", phone, "identify")
        b.run(
            *("gammu", "-c", phone, "sendsms", "TEXT", PERSON, "-report"),
            *("-text", SHORT),
        )
        assert b.sent == [(PERSON, SHORT)]
        b.modem.inject(PERSON, CYRILLIC)
        b.until(
            "stored", lambda: b.modem.state.stores["ME"] or b.modem.state.stores["SM"]
        )
        assert CYRILLIC in b.run(
            "gammu",
            "-c",
            phone,
            "getallsms",
        )


def test_gammu_smsd_sends_short_long_and_cyrillic_and_receives(tmp_path: Path) -> None:
    smsd = requires_command("gammu-smsd", package="gammu-smsd")
    inject = requires_command("gammu-smsd-inject", package="gammu-smsd")
    folders(tmp_path, ("inbox", "outbox", "sent", "error"))
    with bench(tmp_path) as b:
        daemon = _configured(b, PHONE + DAEMON)
        log = b.log("smsd.log")
        queue = (str(inject), "-c", daemon, "TEXT", PERSON, "-report")
        b.run(*queue, "-text", SHORT)
        b.run(*queue, "-unicode", "-text", CYRILLIC)
        b.run(*queue, "-len", str(len(LONG)), "-text", LONG)
        b.modem.inject(PERSON, "K7F2 1")
        b.modem.inject(PERSON, LONG_CYRILLIC)
        with b.running(str(smsd), "-c", daemon, log="smsd.out"):
            state = b.modem.state
            identity = (
                "[Manufacturer: Vmodem]",
                f"Received IMEI {state.imei}",
                f"Received IMSI {state.imsi}",
            )
            b.until("identified", lambda: all(each in _read(log) for each in identity))
            b.until("all sent", lambda: LONG in b.sent_texts().replace("|", ""))
            b.until("received", lambda: holds_text(tmp_path / "inbox", "K7F2 1"))
            parts = [part.text for part in split(LONG_CYRILLIC, reference=1)]
            assert len(parts) > 1
            b.until(
                "all parts received",
                lambda: all(holds_text(tmp_path / "inbox", part) for part in parts),
            )
            b.until(
                "each part reported as delivered",
                lambda: _delivered(_read(log)) >= set(range(1, len(b.sent) + 1)),
            )
            assert _references(_read(log)) == set(range(1, len(b.sent) + 1))
        assert (PERSON, SHORT) in b.sent
        assert (PERSON, CYRILLIC) in b.sent


def _read(log: Path) -> str:
    return log.read_text("latin-1") if log.exists() else ""


def _references(log: str) -> set[int]:
    """Return the references under which the daemon has sent."""
    sent = rf"Transmitted .* to {re.escape(PERSON)}, message reference 0x(\w+)$"
    return {int(each, 16) for each in re.findall(sent, log, re.MULTILINE)}


def _delivered(log: str) -> set[int]:
    """Return the references that reports, to their own recipient, call delivered.

    The files' service logs a report and matches it to no message: that is ours to do.
    A line without recipient, reference 0, is only the announcement (`+CDSI`).
    """
    report = (
        rf"\]: Delivery report: Delivered to {re.escape(PERSON)}, "
        r"message reference 0x(\w+)$"
    )
    return {int(each, 16) for each in re.findall(report, log, re.MULTILINE)}
