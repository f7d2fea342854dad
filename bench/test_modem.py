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
from adapters.modem.pdu_text import Concat, UserData
from engine.clock import SystemClock
from engine.values import Instant
from tests.adapters.modem.rig import ALARM, OUTSIDE

TEXT = ALARM
ROUNDS = 2000
CLOCK = SystemClock()


def _deliver(user_data: UserData | None = None) -> str:
    data = user_data or pdu_text.build(TEXT, Charset.GSM7)
    message = Deliver(
        sender=Address(text=OUTSIDE, toa=0x91),
        user_data=data,
        dcs=8 if data.charset is Charset.UCS2 else 0,
        sent_at=Instant.parse("2026-11-25T03:00:00Z").to_datetime(),
    )
    return encode_deliver(message)[0]


def _hard() -> dict[str, str]:
    """Return PDUs that are read wrong here and there, with what they say."""
    wide = Concat(reference=0x0102, total=2, number=1, wide=True)
    narrow = Concat(reference=1, total=2, number=1)
    gsm7 = Charset.GSM7
    return {
        _deliver(data): data.text
        for data in (
            pdu_text.build("a@b [{€}] ~^|\\", gsm7),
            pdu_text.build("Şişli, Beyoğlu", gsm7, single=1),
            pdu_text.build("Üsküdar, Beyoğlu, İzmit", gsm7, locking=1, single=1),
            pdu_text.build("à l'aide, coração", gsm7, locking=3, single=3),
            pdu_text.build("मदद चाहिए", gsm7, locking=6, single=6),
            pdu_text.build("the first of two", gsm7, concat=wide),
            pdu_text.build("the first of two", gsm7, concat=narrow),
            pdu_text.build("SOS \N{POLICE CARS REVOLVING LIGHT}", Charset.UCS2),
        )
    }


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


def _text(pdu: str) -> str:
    read = decode(pdu)
    assert isinstance(read, Deliver)
    return read.user_data.text


def _peers(python: str) -> dict[str, dict[str, float | str | None]]:
    case = {
        "deliver": _deliver(),
        "text": TEXT,
        "number": OUTSIDE,
        "hard": _hard(),
        "rounds": ROUNDS,
    }
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
    hard = _hard()
    assert {pdu: _text(pdu) for pdu in hard} == hard
    text = _deliver()
    start = time.perf_counter()
    for _ in range(ROUNDS):
        decode(text)
    ours = ROUNDS / (time.perf_counter() - start)
    start = time.perf_counter()
    for _ in range(ROUNDS):
        data = pdu_text.build(TEXT, Charset.GSM7)
        encode_submit(submit(OUTSIDE, data, validity=timedelta(minutes=30)))
    encodes = ROUNDS / (time.perf_counter() - start)
    rows: dict[str, dict[str, float | str | None]] = _peers(sys.executable)
    peers = os.environ.get("NATALIA_PEERS")
    if peers:
        rows |= _peers(peers)
    with capsys.disabled():
        print(f"\n{'PDUs per second':16}{'decode':>10}{'encode':>10}  hard ones right")
        print(f"{'natalia':16}{ours:10,.0f}{encodes:10,.0f}  {len(hard)}")
        for name, row in rows.items():
            encoded = f"{row['encodes']:10,.0f}" if row["encodes"] else f"{'-':>10}"
            assert row["text"] == TEXT
            print(f"{name:16}{row['decodes']:10,.0f}{encoded}  {row['right']}")
    assert all(float(row["right"] or 0) < len(hard) for row in rows.values())
    pure = {name: row for name, row in rows.items() if name != "gammu"}
    if not pure:
        pytest.skip("no pure-Python peer: see bench/peers/pdu.py for NATALIA_PEERS")
    assert all(ours >= float(row["decodes"] or 0) for row in pure.values())
    assert all(encodes >= float(row["encodes"] or 0) for row in pure.values())
