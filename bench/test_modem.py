"""PDUs and messages per second, beside other libraries and daemons, in one run.

Peers in Python: see `bench/peers/pdu.py`. Daemons: `apt-get install gammu-smsd
smstools`. What is missing is skipped with those words. Each row asserts first that
what it times is right.
"""

import json
import os
import queue
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from adapters.modem import pdu_text
from adapters.modem.compose import fit_text
from adapters.modem.driver import SerialModem
from adapters.modem.pdu import Deliver, Submit
from adapters.modem.pdu_decode import decode
from adapters.modem.pdu_encode import encode_deliver, encode_submit, submit
from adapters.modem.pdu_fields import Address, Charset
from adapters.modem.virtual import VirtualModem
from adapters.modem.virtual_faults import Faults
from adapters.modem.virtual_links import PtyLink
from adapters.modem.virtual_network import VirtualNetwork
from engine.clock import SystemClock
from engine.journal.sqlite import JOURNAL_FILE, SqliteStore
from engine.ports.journal import (
    Append,
    Appended,
    EffectChange,
    EffectClass,
    EffectRow,
    EffectState,
    Head,
    NewEvent,
)
from engine.ports.modem import SendResult
from engine.values import CommandId, EffectId, Instant
from tests.adapters.modem.rig import ALARM, ALICE, OUTSIDE, CountingTelemetry
from tests.requires import requires_command

TEXT = ALARM
CLOCK = SystemClock()


def _deliver() -> str:
    message = Deliver(
        sender=Address(text=OUTSIDE, toa=0x91),
        user_data=pdu_text.build(TEXT, Charset.GSM7),
        sent_at=Instant.parse("2026-11-25T03:00:00Z").to_datetime(),
    )
    return encode_deliver(message)[0]


@pytest.mark.benchmark(group="modem: decode a DELIVER")
def test_decode(benchmark: BenchmarkFixture) -> None:
    text = _deliver()
    pdu = decode(text)
    assert isinstance(pdu, Deliver)
    assert pdu.user_data.text == TEXT
    benchmark(decode, text)


@pytest.mark.benchmark(group="modem: encode a SUBMIT")
def test_encode(benchmark: BenchmarkFixture) -> None:
    def encode() -> str:
        data = pdu_text.build(TEXT, Charset.GSM7)
        return encode_submit(submit(OUTSIDE, data, validity=timedelta(minutes=30)))[0]

    pdu = decode(encode(), from_mobile=True)
    assert isinstance(pdu, Submit)
    assert pdu.user_data.text == TEXT
    benchmark(encode)


@pytest.mark.benchmark(group="modem: fit an alarm into one part")
def test_fit(benchmark: BenchmarkFixture) -> None:
    assert fit_text(TEXT).text == TEXT
    benchmark(fit_text, TEXT)


def _peers(python: str) -> dict[str, dict[str, float | str | None]]:
    case = {"deliver": _deliver(), "text": TEXT, "number": OUTSIDE, "rounds": 2000}
    script = Path(__file__).with_name("peers") / "pdu.py"
    done = subprocess.run(
        (python, str(script)),
        input=json.dumps(case),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    found: dict[str, dict[str, float | str | None]] = json.loads(done.stdout)
    return found


def test_the_codec_beside_its_peers(capsys: pytest.CaptureFixture[str]) -> None:
    rounds = 2000
    start = time.perf_counter()
    text = _deliver()
    for _ in range(rounds):
        decode(text)
    ours = rounds / (time.perf_counter() - start)
    start = time.perf_counter()
    for _ in range(rounds):
        data = pdu_text.build(TEXT, Charset.GSM7)
        encode_submit(submit(OUTSIDE, data, validity=timedelta(minutes=30)))
    encodes = rounds / (time.perf_counter() - start)
    rows: dict[str, dict[str, float | str | None]] = _peers(sys.executable)
    if peers := os.environ.get("NATALIA_PEERS"):
        rows |= _peers(peers)
    with capsys.disabled():
        print(f"\n{'PDUs per second':16}{'decode':>10}{'encode':>10}  right")
        print(f"{'natalia':16}{ours:10,.0f}{encodes:10,.0f}  True")
        for name, row in rows.items():
            encoded = f"{row['encodes']:10,.0f}" if row["encodes"] else f"{'-':>10}"
            right = row["text"] == TEXT
            print(f"{name:16}{row['decodes']:10,.0f}{encoded}  {right}")
    pure = {name: row for name, row in rows.items() if name != "gammu"}
    assert all(ours >= float(row["decodes"] or 0) for row in pure.values())
    assert all(encodes >= float(row["encodes"] or 0) for row in pure.values())


@contextmanager
def _modem(answer_s: float) -> Iterator[tuple[VirtualModem, SerialModem]]:
    network = VirtualNetwork(clock=CLOCK)
    with VirtualModem(
        ALICE, clock=CLOCK, network=network, faults=Faults(latency_s=answer_s)
    ) as modem:
        driver = SerialModem(modem.port, clock=CLOCK, telemetry=CountingTelemetry())
        driver.open()
        try:
            yield modem, driver
        finally:
            driver.close()


@pytest.mark.benchmark(group="modem: one message, answered in 0 s")
def test_bare_driver(benchmark: BenchmarkFixture) -> None:
    with _modem(0) as (_, driver):

        def send() -> None:
            outcome = driver.submit(OUTSIDE, TEXT, validity_min=30)
            assert outcome.result is SendResult.SENT

        benchmark(send)
        driver.poll(drain=False)


@pytest.mark.benchmark(group="modem: one message, answered in 0 s")
def test_with_the_journal_in_the_path(
    benchmark: BenchmarkFixture, tmp_path: Path
) -> None:
    store = SqliteStore(tmp_path / JOURNAL_FILE)
    sends = _Journalled(store)
    with _modem(0) as (_, driver):
        benchmark(lambda: sends.send(driver))
        driver.poll(drain=False)
    store.close()


class _Journalled:
    """Sends as the modem's actor does: attempting, the message, accepted.

    Each is a commit of its own, on disk before the next begins. The effect is
    planned outside of what is timed, by the alarm.
    """

    def __init__(self, store: SqliteStore) -> None:
        self._store = store
        self._planned: queue.SimpleQueue[EffectId] = queue.SimpleQueue()
        self._count = 0

    def send(self, driver: SerialModem) -> None:
        if self._planned.empty():
            self._plan(200)
        effect = self._planned.get()
        self._change(effect, 0, EffectState.PLANNED, EffectState.ATTEMPTING)
        outcome = driver.submit(OUTSIDE, TEXT, validity_min=30)
        assert outcome.result is SendResult.SENT
        self._change(effect, 1, EffectState.ATTEMPTING, EffectState.ACCEPTED)

    def _plan(self, count: int) -> None:
        rows = []
        for _ in range(count):
            self._count += 1
            effect = EffectId(f"a/{self._count}")
            self._planned.put(effect)
            rows.append(
                EffectRow(
                    effect_id=effect,
                    alarm="alarm/a",
                    effect_class=EffectClass.SAFETY,
                    channel="sms",
                    rank=1,
                    planned_at=Instant(1),
                    body=TEXT.encode(),
                )
            )
        append = Append(
            stream=f"alarm/{self._count}",
            expected_seq=0,
            epoch=self._store.epoch,
            command_id=CommandId(f"plan-{self._count}"),
            events=(NewEvent(kind="Planned", body=b"{}"),),
            head=Head(status="notifying", is_open=True),
            plans=tuple(rows),
        )
        (answer,) = self._store.commit([append], CLOCK.now())
        assert isinstance(answer, Appended)

    def _change(
        self, effect: EffectId, seq: int, before: EffectState, after: EffectState
    ) -> None:
        append = Append(
            stream=f"effect/{effect}",
            expected_seq=seq,
            epoch=self._store.epoch,
            command_id=CommandId(f"{effect}-{seq}"),
            events=(NewEvent(kind=after.value, body=b'{"attempt": 1}'),),
            head=Head(status=after.value, is_open=seq == 0),
            changes=(
                EffectChange(
                    effect_id=effect,
                    state=after,
                    requires=frozenset({before}),
                    attempt=1,
                    route="modem-1",
                ),
            ),
        )
        (answer,) = self._store.commit([append], CLOCK.now())
        assert isinstance(answer, Appended)
        self._store.tidy()


def test_a_slow_network_is_the_only_limit(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    count, answer_s = 4, 2.5
    store = SqliteStore(tmp_path / JOURNAL_FILE)
    sends = _Journalled(store)
    with _modem(answer_s) as (_, driver):
        start = time.perf_counter()
        for _ in range(count):
            sends.send(driver)
        each_s = (time.perf_counter() - start) / count
    store.close()
    over = each_s / answer_s - 1
    with capsys.disabled():
        print(f"\nmodem answers in {answer_s} s: {each_s:.4f} s each, {over:.2%} over")
    assert over < 0.02


def test_the_daemons_beside_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Print what gammu-smsd and smstools need for each of ten messages."""
    smsd = requires_command("gammu-smsd", package="gammu-smsd")
    tools = requires_command("smsd", package="smstools")
    rows = {
        "gammu-smsd": _daemon(tmp_path / "g", _gammu(tmp_path / "g"), str(smsd)),
        "smstools": _daemon(tmp_path / "s", _smstools(tmp_path / "s"), str(tools)),
    }
    with capsys.disabled():
        for name, each_s in rows.items():
            print(f"\n{name}: {each_s:.2f} s each, answered in 0 s", end="")
        print()


MESSAGES = 10


def _gammu(folder: Path) -> tuple[str, ...]:
    for name in ("inbox", "outbox", "sent", "error"):
        (folder / name).mkdir(parents=True)
    (folder / "conf").write_text(
        f"[gammu]\ndevice = {folder / 'modem'}\nconnection = at115200\n"
        "synchronizetime = no\n[smsd]\nservice = files\n"
        f"inboxpath = {folder}/inbox/\noutboxpath = {folder}/outbox/\n"
        f"sentsmspath = {folder}/sent/\nerrorsmspath = {folder}/error/\n"
        "checksecurity = 0\nchecksignal = 0\ncheckbattery = 0\nchecknetwork = 0\n"
    )
    for i in range(MESSAGES):
        name = f"OUTC20261125_03000{i}_00_{OUTSIDE}_sms0.txt"
        (folder / "outbox" / name).write_text(f"message {i}", encoding="utf-8")
    return ("-c", str(folder / "conf"))


def _smstools(folder: Path) -> tuple[str, ...]:
    for name in ("outgoing", "checked", "sent", "failed", "incoming", "report"):
        (folder / name).mkdir(parents=True)
    spools = "".join(f"{p.name} = {p}\n" for p in sorted(folder.iterdir()))
    (folder / "conf").write_text(
        f"devices = VM1\n{spools}logfile = {folder}/log\ninfofile = {folder}/info\n"
        f"pidfile = {folder}/pid\ndelaytime = 1\nuser = root\ngroup = root\n"
        f"[VM1]\ndevice = {folder / 'modem'}\nincoming = no\nbaudrate = 115200\n"
        "rtscts = no\n"
    )
    for i in range(MESSAGES):
        body = f"To: {OUTSIDE[1:]}\n\nmessage {i}"
        (folder / "outgoing" / str(i)).write_text(body)
    return ("-t", f"-c{folder / 'conf'}")


def _daemon(folder: Path, arguments: tuple[str, ...], command: str) -> float:
    """Return seconds a message from the first that was sent to the last."""
    times: queue.SimpleQueue[float] = queue.SimpleQueue()
    network = VirtualNetwork(
        clock=CLOCK, on_message=lambda *_: times.put(time.perf_counter())
    )
    link = PtyLink(folder / "modem")
    with VirtualModem(ALICE, clock=CLOCK, network=network, link=link):
        process = subprocess.Popen(
            (command, *arguments),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            seen = [times.get(timeout=60) for _ in range(MESSAGES)]
        finally:
            process.terminate()
            process.wait(10)
    return (seen[-1] - seen[0]) / (MESSAGES - 1)
