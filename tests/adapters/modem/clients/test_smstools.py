"""smstools' smsd: sends, splits, reassembles, and takes delivery reports."""

from pathlib import Path

import pytest

from tests.adapters.modem.clients.harness import (
    CYRILLIC,
    LONG,
    PERSON,
    SHORT,
    bench,
    folders,
    holds_text,
    parts_of,
)
from tests.requires import requires_command

pytestmark = pytest.mark.slow

FOLDERS = ("outgoing", "checked", "sent", "failed", "incoming", "report")
CONFIGURATION = """\
devices = VM1
outgoing = {folder}/outgoing
checked = {folder}/checked
sent = {folder}/sent
failed = {folder}/failed
incoming = {folder}/incoming
report = {folder}/report
logfile = {folder}/smsd.log
loglevel = 7
infofile = {folder}/smsd.working
pidfile = {folder}/smsd.pid
delaytime = 1
user = root
group = root
incoming_utf8 = yes

[VM1]
device = {port}
init = AT+CPMS="SM","SM","SM"
init2 = AT+CNMI=2,1,0,1,0
incoming = yes
report = yes
baudrate = 115200
rtscts = no
memory_start = 1

"""


def test_smstools_sends_receives_and_reports(tmp_path: Path) -> None:
    smsd = requires_command("smsd", package="smstools")
    folders(tmp_path, FOLDERS)
    with bench(tmp_path) as b:
        configuration = tmp_path / "smsd.conf"
        configuration.write_text(
            CONFIGURATION.format(folder=tmp_path, port=b.modem.port)
        )
        log = b.log("smsd.log")
        for name, text in (("short", SHORT), ("long", LONG), ("cyrillic", CYRILLIC)):
            (tmp_path / "outgoing" / name).write_text(
                f"To: {PERSON[1:]}\nReport: yes\nAlphabet: UTF-8\n\n{text}",
                encoding="utf-8",
            )
        with b.running(str(smsd), "-t", f"-c{configuration}", log="smsd.out"):
            # It asks for no maker and no model.
            state = b.modem.state
            identity = (f"VM1: IMEI: {state.imei}", f"VM1: IMSI: {state.imsi}")
            b.until("identified", lambda: all(each in _read(log) for each in identity))
            b.until("short sent", lambda: (PERSON, SHORT) in b.sent)
            b.until("cyrillic sent", lambda: (PERSON, CYRILLIC) in b.sent)
            b.until("long sent", lambda: len(b.sent) >= 4)
            b.until(
                "a report",
                lambda: holds_text(tmp_path / "report", "received by the SME"),
            )
            b.modem.inject(PERSON, "K7F2 1")
            for pdu, length in reversed(parts_of(CYRILLIC)):
                b.modem.deliver(pdu, length)
            b.until("received", lambda: holds_text(tmp_path / "incoming", "K7F2 1"))
            b.until("reassembled", lambda: holds_text(tmp_path / "incoming", CYRILLIC))
        parts = [text for _, text in b.sent if text in LONG]
        assert "".join(parts).strip() == LONG.strip()


def _read(log: Path) -> str:
    return log.read_text("latin-1") if log.exists() else ""
