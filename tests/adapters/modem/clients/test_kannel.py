"""kannel's bearerbox: sends through the modem and passes on what arrives."""

import threading
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from socket import create_server

import pytest

from tests.adapters.modem.clients.harness import (
    CYRILLIC,
    LONG,
    LONG_CYRILLIC,
    PERSON,
    SIM,
    Bench,
    bench,
)
from tests.requires import requires_command

pytestmark = pytest.mark.slow

CONFIGURATION = """\
group = core
admin-port = {admin}
admin-interface = 127.0.0.1
admin-password = test
smsbox-port = {box}
smsbox-interface = 127.0.0.1
log-file = {folder}/kannel.log
log-level = 0

group = smsc
smsc = at
smsc-id = VM0
modemtype = auto
device = {port}
speed = 115200
sms-center = +46700000000
my-number = {sim}
sim-buffering = true

group = modems
id = virtual
name = "Virtual modem"
detect-string = "Vmodem"
init-string = "AT+CNMI=1,2,0,1,0"

group = smsbox
bearerbox-host = 127.0.0.1
bearerbox-port = {box}
sendsms-port = {send}
sendsms-interface = 127.0.0.1

group = sendsms-user
username = t
password = t
max-messages = 3
concatenation = true

group = sms-service
keyword = default
catch-all = yes
get-url = "http://127.0.0.1:{inbox}/in?from=%p&text=%a"
max-messages = 0
"""
CONNECTED = "Connected to bearerbox"
DETECTED = "found string <Vmodem>, using modem definition <Virtual modem>"


def _free_ports(count: int) -> list[int]:
    servers = [create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [int(server.getsockname()[1]) for server in servers]
    for server in servers:
        server.close()
    return ports


@contextmanager
def _inbox(seen: list[str]) -> Iterator[int]:
    class Keeper(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            seen.append(urllib.parse.unquote_plus(self.path, "latin-1"))
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 -- the standard library's name
            del format, args

    server = ThreadingHTTPServer(("127.0.0.1", 0), Keeper)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield int(server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _send(port: int, inbox: int, **more: str) -> bool:
    query = {
        "username": "t",
        "password": "t",
        "from": SIM,
        "to": PERSON,
        "dlr-mask": "31",
        "dlr-url": f"http://127.0.0.1:{inbox}/dlr?s=%d",
    }
    address = f"http://127.0.0.1:{port}/cgi-bin/sendsms?" + urllib.parse.urlencode(
        query | more
    )
    try:
        with urllib.request.urlopen(address, timeout=5) as answer:
            return bool(answer.status == 202)
    except (urllib.error.URLError, OSError):
        return False


def _run(b: Bench, folder: Path, seen: list[str], inbox: int) -> None:
    bearerbox = requires_command("bearerbox", package="kannel")
    smsbox = requires_command("smsbox", package="kannel")
    admin, box, send = _free_ports(3)
    configuration = folder / "kannel.conf"
    configuration.write_text(
        CONFIGURATION.format(
            admin=admin,
            box=box,
            send=send,
            inbox=inbox,
            folder=folder,
            port=b.modem.port,
            sim=SIM,
        )
    )
    log = folder / "bearerbox.out"
    with b.running(str(bearerbox), str(configuration), log=log.name):
        # Of what the modem answers to ATI it takes the string to look for, no more; no
        # other definition is given, so that without it the start fails.
        b.until("identified", lambda: DETECTED in log.read_text("latin-1"))
        b.until("modem ready", lambda: any("CNMI=1,2" in line for line in b.dialogue))
        box_log = folder / "smsbox.out"
        with b.running(str(smsbox), str(configuration), log=box_log.name):
            # It takes messages before it has where to put them, and ends by that
            # (`lock_out: Assertion 'conn != NULL' failed`).
            b.until("connected", lambda: CONNECTED in box_log.read_text("latin-1"))
            b.until("taken", lambda: _send(send, inbox, text="Larm"))
            b.until("sent", lambda: (PERSON, "Larm") in b.sent)
            b.until("delivered", lambda: any("dlr?s=1" in path for path in seen))
            assert _send(send, inbox, text=CYRILLIC, coding="2", charset="UTF-8")
            b.until("cyrillic sent", lambda: (PERSON, CYRILLIC) in b.sent)
            assert _send(send, inbox, text=LONG.strip())
            b.until(
                "long sent",
                lambda: "".join(t for _, t in b.sent if t in LONG) == LONG.strip(),
            )
            b.modem.inject(PERSON, "K7F2 1")
            b.until("received", lambda: any("K7F2 1" in path for path in seen))
            b.modem.inject(PERSON, LONG_CYRILLIC)
            # It passes the octets on as they came.
            ucs2 = LONG_CYRILLIC.encode("utf-16-be").decode("latin-1")
            b.until("joined", lambda: any(ucs2 in path for path in seen))


def test_kannel_sends_reports_and_receives(tmp_path: Path) -> None:
    seen: list[str] = []
    with bench(tmp_path) as b, _inbox(seen) as inbox:
        _run(b, tmp_path, seen, inbox)
        assert any(PERSON in path for path in seen if "K7F2 1" in path)
