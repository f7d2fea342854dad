"""Random and mutated PDUs and AT lines against everything that reads them.

    python -m tests.adapters.modem.fuzz --cases 10000000 --state fuzz.json

Half are PDUs; of the rest most are what a modem says, one in five what a client says to
the virtual modem. One in a hundred is a whole session of the driver with a modem that
says mutated things, in virtual time. With a state file, one that was ended is taken up
where it was. Prints cases, seconds, the slowest case, the process's peak memory. Fails
where anything raises, a case takes a second, nothing ends for a minute, or memory
grows.
"""

import argparse
import faulthandler
import json
import os
import resource
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path
from random import Random

from adapters.modem import at, at_replies, cms_policy, pdu_decode
from adapters.modem.pdu import Deliver
from adapters.modem.reassembly import Reassembly
from adapters.modem.virtual_dialect import Dialect
from adapters.modem.virtual_state import State
from engine.clock import SystemClock
from engine.ports.modem import InboundSms
from tests.adapters.modem.fuzz_session import run_session

_PDUS = tuple(
    bytes.fromhex(octets)
    for octets in (
        "07912143658709F1040B918100551512F20000111010214365000AE8329BFD4697D9EC37",
        "0011000B916407281553F80000AA0AE8329BFD4697D9EC37",
        "0006030B916407214365F7621142227115006211422271250000",
        "07919730071111F1400B919746121611F10000811170021222230E06080412340201C8329BFD6601",
        "0041000B916407214365F70008AA0C050003010201041F0440043800",
        "0071000B916407214365F70000FF1303250104188008A00AC802BA8030A0980C",
        "0112065150713220052304067265706F7274",
        "0242AB893404913619096120636F6D6D616E64",
    )
)
_SAID_BY_MODEM = (
    b"\r\nOK\r\n",
    b"\r\n+CMS ERROR: 500\r\n",
    b'\r\n+CREG: 2,1,"0017","000000A1",7\r\n',
    b'\r\n+CPMS: ("SM","ME"),("SM","ME"),("SM")\r\n',
    b'\r\n+CMTI: "SM",3\r\n',
    b"\r\n+CDS: 25\r\n0006030B916407214365F7\r\n",
    b"\r\n> ",
    b"\r\n+CMGS: 17\r\n\r\nOK\r\n",
    b'\r\n+CLIP: "+46701234567",145,,,,0\r\n',
    b"\r\n+CSQ: 21,99\r\n",
    b"\r\n+CNMI: (0-3),(0-3),(0,2),(0-2),(0,1)\r\n",
    b"\r\n+CMGL: 1,1,,30\r\n07911326040000F0\r\n",
)
_SAID_TO_MODEM = (
    b"AT+CMEE=1;+CREG=2",
    b'AT+CPMS="SM","ME","MT"',
    b"AT+CNMI=2,1,0,1,0",
    b"AT+CMGR=1",
    b"AT+CMGL=4",
    b"AT+CMGD=1,4",
    b"AT+CMGS=23",
    b'AT+CPIN="1234"',
    b'AT+CSCS="GSM";+COPS=3,2;+COPS?',
    b"ATE0V1&F;+CMGF=?",
    b"ATD+46701234567;",
    b"AT+CFUN=1,1",
)
_SPICE = b'\r\n>,:"()-+*#0123456789ABCDEF\x1a\x1b\x00\xff\xb2'
_CHUNK = 10_000
_SESSION_AT = 99
_HANG_S = 60.0
_STDERR = 2
_SLOW_S = 1.0
_MEMORY_MB_MAX = 64.0


class Kind(StrEnum):
    """What a case is read as."""

    PDU = "pdu"
    FROM_MODEM = "from modem"
    TO_MODEM = "to modem"
    SESSION = "session"


@dataclass(slots=True)
class Progress:
    """What a run has done so far; a state file holds it between two calls."""

    seed: int
    cases: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    peak_mb: float = 0.0

    def __str__(self) -> str:
        """Return it as a line for people."""
        rate = self.cases / self.seconds if self.seconds else 0.0
        return (
            f"{self.cases:,} cases in {self.seconds:,.0f} s ({rate:,.0f}/s), slowest"
            f" {self.slowest_s * 1000:.1f} ms of CPU, peak {self.peak_mb:.0f} MB"
        )


class FoundError(Exception):
    """A case that raised; says which, and how to meet it again."""


def main(arguments: list[str] | None = None) -> int:
    """Run the fuzzer; 0 where nothing raised, hung or grew."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    parser.add_argument("--state", type=Path, help="file to go on from")
    options = parser.parse_args(arguments)
    progress = _read(options.state) or Progress(seed=options.seed)
    try:
        while progress.cases < options.cases:
            # A C extension or a regular expression that hangs answers to no signal.
            faulthandler.dump_traceback_later(_HANG_S, exit=True, file=_STDERR)
            _chunk(progress, options.cases)
            _write(options.state, progress)
            if progress.cases % (25 * _CHUNK) == 0:
                _say(str(progress))
    except FoundError as found:
        _say(str(found))
        return 1
    finally:
        faulthandler.cancel_dump_traceback_later()
    _say(f"{progress}\nnothing raised; seed {progress.seed}")
    is_bounded = progress.slowest_s < _SLOW_S and progress.peak_mb < _MEMORY_MB_MAX
    return 0 if is_bounded else 1


def cases(seed: int, first: int, count: int) -> Iterator[tuple[bytes, Kind]]:
    """Yield a chunk's cases as `main` makes them; `first` is how many went before.

    Each chunk has a generator of its own, told its seed and its place: one that
    failed can be made again without those before it.
    """
    chance = Random(f"{seed}/{first}")
    for case in range(count):
        if case % 2 == 0:
            yield _mutated_pdu(chance), Kind.PDU
        elif case % 100 == _SESSION_AT:
            yield chance.randbytes(8), Kind.SESSION
        elif case % 10 == 1:
            yield _mutated(_SAID_TO_MODEM, 2, chance), Kind.TO_MODEM
        else:
            yield _mutated(_SAID_BY_MODEM, 3, chance), Kind.FROM_MODEM


class Reader:
    """All that reads what a modem, the network or a client has sent."""

    def __init__(self) -> None:
        """Begin with an empty tokenizer, no parts, and a modem that is new."""
        self._tokenizer = at.Tokenizer()
        self._parts = Reassembly(timeout_s=1.0, urgent_words=("SOS",))
        self._now_s = 0.0
        state = State(number="+46700000001", imei="8" * 15, imsi="0" * 15, iccid="8946")
        self._dialect = Dialect(state, SystemClock())
        state.store("SM", 0, _PDUS[0].hex().upper(), 23)

    def read(self, data: bytes, kind: Kind) -> None:
        """Read one case through every function that could meet it."""
        match kind:
            case Kind.PDU:
                self._pdu(data.decode("latin-1"))
            case Kind.FROM_MODEM:
                for token in self._tokenizer.feed(data):
                    if isinstance(token, at.Line):
                        self._line(token.text)
            case Kind.TO_MODEM:
                self._dialect.execute(data.decode("latin-1"))
            case Kind.SESSION:
                chance = Random(data)
                run_session(chance, partial(_mutate, chance=chance), _SAID_BY_MODEM)

    def _pdu(self, text: str) -> None:
        for from_mobile, has_smsc in ((False, True), (True, True), (True, False)):
            pdu = pdu_decode.decode(text, from_mobile=from_mobile, has_smsc=has_smsc)
            if isinstance(pdu, Deliver):
                pdu.user_data.text.encode("utf-8")
                self._now_s += 0.1
                message = InboundSms(
                    slot="SM:1",
                    sender=pdu.sender.text,
                    text=pdu.user_data.text,
                    sent_at=None,
                    pdu=text,
                )
                self._parts.add(message, pdu, self._now_s)
                self._parts.overdue(self._now_s)

    @staticmethod
    def _line(line: str) -> None:
        final = at.final_of(line)
        if final is not None:
            cms_policy.policy(final.code)
            cms_policy.is_busy(final.code)
        at.prefix_of(line)
        at.is_boot(line)
        at.is_unsolicited(line)
        for field in at.fields_of(line):
            at_replies.choices(field)
            at_replies.number_of(field)
        for asked in (False, True):
            at_replies.registration(line, asked=asked)
        for read in _READS:
            read(line)
        at_replies.stored_pdus((line, line))


_READS = (
    at_replies.signal_dbm,
    at_replies.storages,
    at_replies.operator,
    at_replies.submit_reference,
    at_replies.stored_at,
    at_replies.pin_state,
    at_replies.caller,
)


def _chunk(progress: Progress, until: int) -> None:
    """Read the next cases, at most so many that `until` is reached.

    Raises:
        FoundError: one of them raised.

    """
    first, reader = progress.cases, Reader()
    count = min(_CHUNK, until - first)
    began_s, slowest_s = time.perf_counter(), 0.0
    clock_s = time.thread_time
    for nth, (data, kind) in enumerate(cases(progress.seed, first, count), start=1):
        before_s = clock_s()
        try:
            reader.read(data, kind)
        except Exception as error:
            which = f"seed {progress.seed}, case {first + nth} ({nth} of its chunk)"
            message = f"{which}: {error!r} on {kind} {data!r}"
            raise FoundError(message) from error
        slowest_s = max(slowest_s, clock_s() - before_s)
    progress.cases += count
    progress.seconds += time.perf_counter() - began_s
    progress.slowest_s = max(progress.slowest_s, slowest_s)
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    progress.peak_mb = max(progress.peak_mb, peak_mb)


def _mutated_pdu(chance: Random) -> bytes:
    kind = chance.random()
    if kind < 0.1:
        return chance.randbytes(int(chance.random() * 200)).hex().encode()
    octets = bytearray(_PDUS[int(chance.random() * len(_PDUS))])
    for _ in range(1 + int(chance.random() * 5)):
        _mutate(octets, chance)
    text = octets.hex().upper().encode()
    if kind > 0.95:
        broken = bytearray(text)
        _mutate(broken, chance)
        return bytes(broken)
    return text


def _mutated(lines: tuple[bytes, ...], most: int, chance: Random) -> bytes:
    count = 1 + int(chance.random() * most)
    octets = bytearray().join(chance.choices(lines, k=count))
    for _ in range(int(chance.random() * 8)):
        _mutate(octets, chance)
    return bytes(octets)


def _mutate(octets: bytearray, chance: Random) -> None:
    # `random` alone: `randrange` takes as long as all the rest of this function.
    at_octet = int(chance.random() * (len(octets) + 1))
    match int(chance.random() * 5):
        case 0:
            del octets[at_octet:]
        case 1:
            octets[at_octet:at_octet] = chance.randbytes(1 + int(chance.random() * 4))
        case 2 if at_octet < len(octets):
            octets[at_octet] = int(chance.random() * 256)
        case 3:
            octets[at_octet:at_octet] = bytes(chance.choices(_SPICE, k=3))
        case _:
            octets += octets[at_octet : at_octet + 40]


def _read(path: Path | None) -> Progress | None:
    if path is None or not path.exists():
        return None
    return Progress(**json.loads(path.read_text(encoding="ascii")))


def _write(path: Path | None, progress: Progress) -> None:
    if path is not None:
        fresh = path.with_suffix(".new")
        fresh.write_text(json.dumps(asdict(progress)), encoding="ascii")
        fresh.replace(path)


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
