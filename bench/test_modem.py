"""PDUs per second, beside other libraries, in one run.

Peers: see `bench/peers/pdu.py`. Each row asserts first that what it times is right.
"""

import json
import os
import subprocess
import sys
import time
from datetime import timedelta
from pathlib import Path

import pytest
from pytest_benchmark.fixture import BenchmarkFixture

from adapters.modem import pdu_text
from adapters.modem.compose import fit_text
from adapters.modem.pdu import Deliver, Submit
from adapters.modem.pdu_decode import decode
from adapters.modem.pdu_encode import encode_deliver, encode_submit, submit
from adapters.modem.pdu_fields import Address, Charset
from engine.clock import SystemClock
from engine.values import Instant
from tests.adapters.modem.rig import ALARM, OUTSIDE

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
