"""Random and mutated PDUs and AT lines against everything that reads them.

    python -m tests.adapters.modem.fuzz --cases 10000000

Prints what it did: cases, seconds, the slowest case, the process's peak memory.
Ends with the seed and the case where something raised.
"""

import argparse
import os
import resource
import time
from collections.abc import Iterator
from random import Random

from adapters.modem import at, at_replies, cms_policy, pdu_decode
from adapters.modem.pdu import Deliver
from adapters.modem.reassembly import Reassembly
from engine.ports.modem import InboundSms

_PDUS = (
    "07912143658709F1040B918100551512F20000111010214365000AE8329BFD4697D9EC37",
    "0011000B916407281553F80000AA0AE8329BFD4697D9EC37",
    "0006030B916407214365F7621142227115006211422271250000",
    "07919730071111F1400B919746121611F10000811170021222230E06080412340201C8329BFD6601",
    "0041000B916407214365F70008AA0C050003010201041F0440043800",
    "0071000B916407214365F70000FF1303250104188008A00AC802BA8030A0980C",
    "0112065150713220052304067265706F7274",
    "0242AB893404913619096120636F6D6D616E64",
)
_LINES = (
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
_SPICE = b'\r\n>,:"()-+*#0123456789ABCDEF\x1a\x1b\x00\xff\xb2'
_REPORT_EVERY = 250_000
_SLOW_S = 0.1


def main(arguments: list[str] | None = None) -> int:
    """Run the fuzzer; 0 where nothing raised."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--cases", type=int, default=1_000_000)
    parser.add_argument("--seed", type=int, default=int.from_bytes(os.urandom(4)))
    options = parser.parse_args(arguments)
    # A generator of its own, told its seed: a failure can be repeated.
    chance = Random(options.seed)
    start_s, slowest_s, case = time.perf_counter(), 0.0, 0
    reader = Reader()
    for case in range(1, options.cases + 1):
        is_pdu = bool(case % 2)
        data = _mutated_pdu(chance) if is_pdu else _mutated_lines(chance)
        before_s = time.thread_time()
        try:
            reader.read(data, is_pdu=is_pdu)
        except Exception as error:  # noqa: BLE001 -- any exception at all is the finding
            _say(f"seed {options.seed}, case {case}: {error!r} on {data!r}")
            return 1
        slowest_s = max(slowest_s, time.thread_time() - before_s)
        if case % _REPORT_EVERY == 0:
            _say(_figures(case, time.perf_counter() - start_s, slowest_s))
    _say(_figures(case, time.perf_counter() - start_s, slowest_s))
    _say(f"nothing raised; seed {options.seed}")
    return 0 if slowest_s < _SLOW_S * 10 else 1


class Reader:
    """All that reads what a modem or the network has sent."""

    def __init__(self) -> None:
        """Begin with an empty tokenizer and no parts."""
        self._tokenizer = at.Tokenizer()
        self._parts = Reassembly(timeout_s=1.0, urgent_words=("SOS",))
        self._now_s = 0.0

    def read(self, data: bytes, *, is_pdu: bool) -> None:
        """Read one case through every function that could meet it."""
        if is_pdu:
            self._pdu(data)
            return
        for token in self._tokenizer.feed(data):
            if isinstance(token, at.Line):
                self._line(token.text)

    def _pdu(self, data: bytes) -> None:
        text = data.decode("latin-1")
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


def _mutated_pdu(chance: Random) -> bytes:
    kind = chance.random()
    if kind < 0.1:
        return chance.randbytes(chance.randrange(200)).hex().encode()
    octets = bytearray.fromhex(chance.choice(_PDUS))
    for _ in range(chance.randrange(1, 6)):
        _mutate(octets, chance)
    text = octets.hex().upper().encode()
    if kind > 0.95:
        broken = bytearray(text)
        _mutate(broken, chance)
        return bytes(broken)
    return text


def _mutated_lines(chance: Random) -> bytes:
    octets = bytearray().join(chance.choices(_LINES, k=chance.randrange(1, 4)))
    for _ in range(chance.randrange(8)):
        _mutate(octets, chance)
    return bytes(octets)


def _mutate(octets: bytearray, chance: Random) -> None:
    at_octet = chance.randrange(len(octets) + 1)
    match chance.randrange(5):
        case 0:
            del octets[at_octet:]
        case 1:
            octets[at_octet:at_octet] = chance.randbytes(chance.randrange(1, 5))
        case 2 if at_octet < len(octets):
            octets[at_octet] = chance.randrange(256)
        case 3:
            octets[at_octet:at_octet] = bytes(chance.choices(_SPICE, k=3))
        case _:
            octets += octets[at_octet : at_octet + 40]


def cases(seed: int, count: int) -> Iterator[tuple[bytes, bool]]:
    """Yield cases as `main` makes them; True where it is a PDU."""
    chance = Random(seed)
    for case in range(1, count + 1):
        if case % 2:
            yield _mutated_pdu(chance), True
        else:
            yield _mutated_lines(chance), False


def _figures(case: int, passed_s: float, slowest_s: float) -> str:
    peak_mb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    rate = case / passed_s if passed_s else 0.0
    return (
        f"{case:,} cases in {passed_s:,.0f} s ({rate:,.0f}/s),"
        f" slowest {slowest_s * 1000:.1f} ms of CPU, peak {peak_mb:.0f} MB"
    )


def _say(text: str) -> None:
    print(text, flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
