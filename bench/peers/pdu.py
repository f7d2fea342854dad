"""PDUs per second of other libraries, each in an interpreter that has it.

    python -m venv /tmp/peers
    /tmp/peers/bin/pip install python-messaging smspdudecoder 'bitstring<5'
    NATALIA_PEERS=/tmp/peers/bin/python python3 dev bench modem

Reads {"deliver": HEX, "text": TEXT, "number": NUMBER, "hard": {HEX: TEXT, ...},
"rounds": N} on standard input and writes, for each library, decodes and encodes per
second (null where it has no such thing), what it makes of the PDU, and how many of the
hard ones it reads right. Stands alone on purpose: the peers
are GPL or need packages of an age that the engine's environment must not have.
"""

import contextlib
import importlib
import json
import sys
import time
from collections.abc import Callable
from functools import partial
from typing import Any

Case = dict[str, Any]
Call = Callable[[], Any]
Decode = Callable[[str], Any]


def per_second(call: Call, rounds: int) -> float:
    """Call once to warm up, then so often against the clock."""
    call()
    start = time.perf_counter()
    for _ in range(rounds):
        call()
    return rounds / (time.perf_counter() - start)


def right(decode: Decode, hard: dict[str, str]) -> int:
    """Count what is read right; a library that raises has not read it."""
    count = 0
    for deliver, text in hard.items():
        with contextlib.suppress(Exception):
            count += decode(deliver) == text
    return count


def python_messaging(case: Case) -> tuple[Decode, Call | None]:
    """Dead since 2020; GPL-2."""
    sms = importlib.import_module("messaging.sms")

    def decode(deliver: str) -> Any:
        return sms.SmsDeliver(deliver).data["text"]

    def encode() -> Any:
        return sms.SmsSubmit(case["number"], case["text"]).to_pdu()[0].pdu

    return decode, encode


def smspdudecoder(case: Case) -> tuple[Decode, Call | None]:
    """Decodes only; MIT."""
    del case
    easy = importlib.import_module("smspdudecoder.easy")
    return lambda deliver: easy.read_incoming_sms(deliver)["content"], None


def python_gammu(case: Case) -> tuple[Decode, Call | None]:
    """LibGammu, in C; GPL-2."""
    gammu = importlib.import_module("gammu")
    message = {
        "Text": case["text"],
        "Number": case["number"],
        "SMSC": {"Number": "+46700000000", "Location": 1},
        "Class": -1,
        "Coding": "Default_No_Compression",
        "Type": "Submit",
        "Folder": 1,
        "State": "Sent",
    }

    def decode(deliver: str) -> Any:
        return gammu.DecodePDU(bytes.fromhex(deliver), SMSC=True)["Text"]

    return decode, lambda: gammu.EncodePDU(message)


PEERS = {
    "messaging": python_messaging,
    "smspdudecoder": smspdudecoder,
    "gammu": python_gammu,
}


def main() -> None:
    """Time what this interpreter has."""
    case = json.load(sys.stdin)
    found: Case = {}
    for name, make in PEERS.items():
        try:
            decode, encode = make(case)
        except ImportError:
            continue
        deliver = case["deliver"]
        found[name] = {
            "text": decode(deliver),
            "right": right(decode, case["hard"]),
            "decodes": per_second(partial(decode, deliver), case["rounds"]),
            "encodes": per_second(encode, case["rounds"]) if encode else None,
        }
    json.dump(found, sys.stdout)


if __name__ == "__main__":
    main()
