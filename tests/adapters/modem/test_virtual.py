"""The virtual modem by itself: a person at a terminal, and what clients demand."""

import os
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import serial
from hypothesis import given, settings
from hypothesis import strategies as st

from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_console import VirtualConsole
from adapters.modem.virtual_dialect import Dialect
from adapters.modem.virtual_faults import Faults
from adapters.modem.virtual_links import Link, PtyLink, SocketLink, link_of
from adapters.modem.virtual_network import VirtualNetwork
from adapters.modem.virtual_state import State
from engine.clock import SystemClock
from tests.adapters.modem.rig import ALICE, BOB, OUTSIDE
from tests.fakes import ManualClock


class Terminal:
    """A person at a terminal program: types, and reads until something is there."""

    def __init__(self, port: str) -> None:
        self._serial = serial.serial_for_url(port, timeout=2)

    def writes(self, text: str) -> None:
        self._serial.write(text.encode("latin-1"))

    def types(self, text: str, until: str = "OK\r\n") -> str:
        self.writes(text)
        return self.reads(until)

    def reads(self, until: str) -> str:
        said: bytes = self._serial.read_until(until.encode("latin-1"))
        assert said.endswith(until.encode("latin-1")), said
        return said.decode("latin-1")

    def close(self) -> None:
        self._serial.close()


@contextmanager
def terminal(modem: VirtualModem) -> Iterator[Terminal]:
    one = Terminal(modem.port)
    try:
        yield one
    finally:
        one.close()


@pytest.fixture
def modem() -> Iterator[VirtualModem]:
    with VirtualModem(ALICE, clock=SystemClock()) as one:
        yield one


def test_what_a_person_types_is_echoed_and_answered(modem: VirtualModem) -> None:
    with terminal(modem) as t:
        assert t.types("AT\r") == "AT\r\r\nOK\r\n"
        assert t.types("ATE0\r") == "ATE0\r\r\nOK\r\n"
        assert t.types("AT+CSQ\r") == "\r\n+CSQ: 21,99\r\n\r\nOK\r\n"
        assert "VM-1" in t.types("ATI\r")


def test_a_person_can_send_in_text_mode(modem: VirtualModem) -> None:
    sent: list[tuple[str, str]] = []
    modem._network._on_message = lambda _, to, text, _at: sent.append((to, text))
    with terminal(modem) as t:
        t.types("AT+CMGF=1\r")
        t.types(f'AT+CMGS="{OUTSIDE}"\r', until="> ")
        assert "+CMGS: 1" in t.types("hej\x08j\x1a")
    assert sent == [(OUTSIDE, "hej")]


def test_a_person_can_read_in_text_mode(modem: VirtualModem) -> None:
    with terminal(modem) as t:
        t.types("AT+CMGF=1\r")
        t.types("AT+CNMI=2,1,0,0,0\r")
        modem.inject(BOB, "K7F2 1")
        t.reads('+CMTI: "SM",1\r\n')
        said = t.types('AT+CMGL="ALL"\r')
        assert f'+CMGL: 1,"REC UNREAD","{BOB}"' in said
        assert "K7F2 1" in said


def test_a_pdu_of_another_length_than_was_told_is_refused_bug_was_sent(
    modem: VirtualModem,
) -> None:
    pdu = "0011000B916407281553F80000AA0AE8329BFD4697D9EC37"
    with terminal(modem) as t:
        for length, end in ((22, "+CMS ERROR: 304\r\n"), (23, "OK\r\n")):
            t.types(f"AT+CMGS={length}\r", until="> ")
            t.types(f"{pdu}\x1a", until=end)


@pytest.mark.parametrize("number", ["", "somebody"])
def test_a_text_to_no_number_is_refused_and_the_modem_lives(
    modem: VirtualModem, number: str
) -> None:
    with terminal(modem) as t:
        t.types("AT+CMGF=1\r")
        t.types(f'AT+CMGS="{number}"\r', until="> ")
        t.types("hej\x1a", until="+CMS ERROR: 304\r\n")
        t.types("AT\r")


def test_an_escape_leaves_the_prompt_and_sends_nothing(modem: VirtualModem) -> None:
    with terminal(modem) as t:
        t.types("AT+CMGS=23\r", until="> ")
        t.types("0011\x1b")
        assert t.types("AT\r").endswith("OK\r\n")


@pytest.mark.parametrize(
    "pdu", ["nonsense", "", "0011000B916407281553F80000AA0AE8329BFD", "00"]
)
def test_what_is_no_pdu_is_refused_and_the_modem_lives(
    modem: VirtualModem, pdu: str
) -> None:
    with terminal(modem) as t:
        t.types("AT+CMGS=23\r", until="> ")
        t.types(f"{pdu}\x1a", until="+CMS ERROR: 304\r\n")
        t.types("AT\r")


def test_one_that_starts_anew_while_it_sends_says_nothing_of_it(
    modem: VirtualModem,
) -> None:
    def is_sending() -> bool:
        return modem.is_sending

    modem.faults.latency_s = 0.3
    with terminal(modem) as t:
        t.types("ATE0\r")
        t.types("AT+CMGS=23\r", until="> ")
        assert not is_sending()
        t.writes("0011000B916407281553F80000AA0AE8329BFD4697D9EC37\x1a")
        while not is_sending():
            time.sleep(0.001)  # noqa: TID251 - until it has read that much
        modem.restart()
        assert not is_sending()
        assert t.reads("SMS Ready\r\n")
        time.sleep(0.4)  # noqa: TID251 - until the answer would have come
        assert "+CMGS" not in t.types("AT\r")


def test_one_that_owes_an_answer_takes_commands_and_answers_in_order(
    modem: VirtualModem,
) -> None:
    pdu = "0011000B916407281553F80000AA0AE8329BFD4697D9EC37\x1a"
    modem.faults.owed_cmgs_s, modem.faults.owed = 0.3, 0.5
    with terminal(modem) as t:
        t.types("ATE0\r")
        t.types("AT+CMGS=23\r", until="> ")
        t.types(pdu, until="+CMGS: 1\r\n\r\nOK\r\n")
        t.types("AT+CMGS=23\r", until="> ")
        t.writes(pdu)
        assert t.types("AT+CSQ\r").startswith("\r\n+CSQ")
        assert modem.is_sending
        t.types("AT+CMGS=23\r", until="> ")
        said = t.types(pdu, until="+CMGS: 3\r\n\r\nOK\r\n")
        assert said.startswith("\r\n+CMGS: 2\r\n\r\nOK\r\n")


def test_a_reset_is_answered_before_it_begins(modem: VirtualModem) -> None:
    modem.faults.command_s = 0.1
    with terminal(modem) as t:
        said = t.types("AT+CFUN=1,1\r", until="SMS Ready\r\n")
    assert said.index("OK") < said.index("RDY")


def test_a_lost_registration_is_told_to_who_wants_to_know(modem: VirtualModem) -> None:
    with terminal(modem) as t:
        t.types("AT+CREG=2;+CGREG=0;+CEREG=1\r")
        modem.faults.creg = 2
        said = t.reads("+CEREG: 2\r\n")
        assert '+CREG: 2,"0017","000000A1",7' in said
        assert "+CGREG" not in said


def test_lines_unasked_wait_until_the_prompt_is_closed(modem: VirtualModem) -> None:
    with terminal(modem) as t:
        t.types("ATE0\r")
        t.types("AT+CMGS=23\r", until="> ")
        modem.say("+CDS: 25")
        modem._loop.call(lambda: None)
        said = t.types(
            "0011000B916407281553F80000AA0AE8329BFD4697D9EC37\x1a", until="+CDS: 25\r\n"
        )
        assert said.index("+CMGS: 1") < said.index("+CDS: 25")


def test_a_port_is_closed_and_opened_again(modem: VirtualModem) -> None:
    for _ in range(3):
        with terminal(modem) as t:
            t.types("AT\r")


def test_nobody_reading_stops_neither_modem_nor_network(modem: VirtualModem) -> None:
    with terminal(modem) as t:
        t.types("AT+CNMI=2,1,0,0,0\r")
        for _ in range(2000):
            modem.say("^RSSI:21" * 8)
        modem._loop.call(lambda: None)
        modem.inject(BOB, "still here")
        modem._loop.call(lambda: None)
        assert modem.state.stores["SM"]


def test_an_unplugged_port_fails_its_reader_and_its_name_is_gone(
    tmp_path: Path,
) -> None:
    name = tmp_path / "modem"
    with VirtualModem(ALICE, clock=SystemClock(), link=PtyLink(name)) as modem:
        with terminal(modem) as t:
            modem.unplug()
            with pytest.raises((serial.SerialException, AssertionError, OSError)):
                t.types("AT\r")
        assert not name.exists()
        modem.replug()
        assert name.exists()
        with terminal(modem) as t:
            t.types("AT\r")
    assert not name.exists()


@pytest.mark.parametrize("kind", ["tcp", "unix", "abstract"])
def test_a_socket_takes_one_client_after_the_other(tmp_path: Path, kind: str) -> None:
    address = {
        "tcp": "tcp:127.0.0.1:0",
        "unix": f"unix:{tmp_path / 'm'}",
        "abstract": f"abstract:natalia-test-{os.getpid()}",
    }[kind]
    with VirtualModem(ALICE, clock=SystemClock(), link=SocketLink(address)) as modem:
        for _ in range(2):
            with _connected(kind, modem.port) as client:
                client.sendall(b"AT\r")
                said = b""
                while not said.endswith(b"OK\r\n"):
                    said += client.recv(100)


@contextmanager
def _connected(kind: str, port: str) -> Iterator[socket.socket]:
    if kind == "tcp":
        host, _, number = port.removeprefix("socket://").partition(":")
        client = socket.create_connection((host, int(number)), timeout=5)
    else:
        client = socket.socket(socket.AF_UNIX)
        client.settimeout(5)
        client.connect(f"\0{port}" if kind == "abstract" else port)
    with client:
        yield client


@pytest.mark.parametrize("kind", ["pty", "unix"])
def test_a_file_where_a_link_shall_be_is_kept_bug_was_deleted(
    tmp_path: Path, kind: str
) -> None:
    path = tmp_path / "notes"
    path.write_text("kept")
    with (
        pytest.raises(OSError, match=r"in the way|in use"),
        VirtualModem(ALICE, clock=SystemClock(), link=link_of(f"{kind}:{path}")),
    ):
        pass
    assert path.read_text() == "kept"


def test_a_link_that_cannot_be_plugged_in_leaves_the_modem_alive_bug_its_thread_died(
    modem: VirtualModem, tmp_path: Path
) -> None:
    console = VirtualConsole([modem])
    assert "No such file" in (console.run(f"replug pty:{tmp_path}/none/modem") or "")
    assert console.run("replug") == modem.port
    with terminal(modem) as t:
        t.types("AT\r")


def test_a_link_that_is_none_is_refused() -> None:
    assert isinstance(link_of("pty"), PtyLink)
    for wrong in ("usb", "tcp:", "unix", "tcp:host", "tcp:h:x", "tcp:h:65536"):
        with pytest.raises(ValueError, match="a link is"):
            link_of(wrong)


def test_a_number_is_found_as_people_write_it() -> None:
    clock = ManualClock()
    network = VirtualNetwork(clock=clock)
    one = VirtualModem(ALICE, clock=clock, network=network)
    network.join(one)
    assert network.find(ALICE) is one
    assert network.find("46700000001") is one
    assert network.find("0700000001") is one
    assert network.find("0001") is None
    assert network.find(BOB) is None
    network.leave(one)
    assert network.find(ALICE) is None


def test_a_rate_strikes_as_often_as_it_says_and_the_same_way_each_time() -> None:
    for _ in range(2):
        faults = Faults(drop_cmgs=0.25)
        struck = [faults.strikes("drop_cmgs") for _ in range(8)]
        assert struck == [False, False, False, True] * 2


def _dialect() -> Dialect:
    clock = ManualClock()
    state = State(number=ALICE, imei="1" * 15, imsi="2" * 15, iccid="8" * 19)
    return Dialect(state, clock)


@settings(max_examples=500)
@given(st.text(max_size=60))
def test_any_command_line_is_answered(line: str) -> None:
    assert _dialect().execute("AT" + line).final


@pytest.mark.parametrize(
    "line",
    [
        "AT+COPS=3,",
        "AT+COPS=3,12",
        "AT+CMGD=1,12",
        *(f"AT+{name}=" + "9" * 5000 for name in ("CMGR", "CMGL", "CMGD", "CMGS")),
    ],
    ids=lambda line: line[:16],
)
def test_a_number_that_is_none_ends_no_modem_bug_thread_died(line: str) -> None:
    answer = _dialect().execute(line)
    assert answer.final or answer.submits


def test_joined_commands_are_one_answer() -> None:
    answer = _dialect().execute("AT+CMEE=1;+CREG=2;+CSQ;+CREG?")
    assert answer.lines == ("+CSQ: 21,99", '+CREG: 2,1,"0017","000000A1",7')
    assert answer.final == "OK"
    assert _dialect().execute("ATE0Q0V1").final == "OK"
    assert _dialect().execute("AT+CSQ;+NONSENSE").final == "ERROR"


def test_a_hundred_modems_end_without_a_thread_left() -> None:

    before = threading.active_count()
    clock = SystemClock()
    start = time.perf_counter()
    modems: list[VirtualModem] = []
    for i in range(100):
        link: Link = PtyLink()
        modems.append(VirtualModem(f"+46700001{i:03}", clock=clock, link=link).start())
    for modem in modems:
        modem.stop()
    assert threading.active_count() == before
    assert time.perf_counter() - start < 10
