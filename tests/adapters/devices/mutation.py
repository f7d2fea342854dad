"""Mutated frames: what a broken line, a broken device or an attacker may send."""

import random
import tomllib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from adapters.devices import session as shell
from adapters.devices.reading import UnreadableError
from engine.ports.device import HttpDecoded, HttpRequest, Transport, WireSession
from engine.values import Instant
from tests.adapters.devices.vectors import RECEIVED_AT, Vector, load

BYTES_MAX = 4096


@dataclass(frozen=True, slots=True)
class FuzzedDecoder:
    """A decoder under fire: how to reach it, and the frames to start from."""

    name: str
    module: str
    seeds: tuple[bytes, ...]
    fire: Callable[[Sequence[bytes]], int]
    """Takes the segments of one connection; returns how many reports they made."""


def protocols() -> Mapping[str, Any]:
    """Return every wire protocol of `pyproject.toml`, by its entry point's name.

    Read from the file, not from the installed distribution: an environment that has
    not been made anew knows no entry point that has just been added.
    """
    text = (Path(__file__).parents[3] / "pyproject.toml").read_text()
    rows = tomllib.loads(text)["project"]["entry-points"]["natalia_engine.device"]
    found = {}
    for name, reference in rows.items():
        module, _, attribute = reference.partition(":")
        found[name] = getattr(import_module(module), attribute)()
    return found


@cache
def targets() -> Mapping[str, FuzzedDecoder]:
    """Return every wire protocol under fire, with its captured frames."""
    found = {}
    for name, protocol in protocols().items():
        seeds = tuple(_as_sent(vector)[:BYTES_MAX] for vector in load(protocol.name))
        if protocol.transport is Transport.HTTP:
            fire = _over_http(protocol.decode)
        else:
            fire = _over_a_session(protocol.session)
        module = type(protocol).__module__
        found[name] = FuzzedDecoder(name, module, seeds or (b"\0",), fire)
    return found


@contextmanager
def mistakes_raise() -> Iterator[None]:
    """Let what a session forgives in service raise: it is what is looked for."""
    forgiven = shell.MISTAKES
    shell.MISTAKES = (UnreadableError,)
    try:
        yield
    finally:
        shell.MISTAKES = forgiven


def mutated(seeds: Sequence[bytes], rng: random.Random) -> list[bytes]:
    """Return the segments of one connection: frames, broken in up to four ways."""
    frame = bytearray(rng.choice(seeds))
    for _ in range(rng.randint(0, 4)):
        rng.choice(_MUTATIONS)(frame, seeds, rng)
    data = bytes(frame[:BYTES_MAX])
    if rng.random() < 0.5 or len(data) < 2:
        return [data]
    at = rng.randrange(1, len(data))
    return [data[:at], data[at:]]


def _as_sent(vector: Vector) -> bytes:
    """Return the frame; of a request without a body its query, `?` in front."""
    if vector.frame or "http" not in vector.raw:
        return vector.frame
    uri: str = vector.raw["http"]["uri"]
    return b"?" + urlsplit(uri).query.encode("latin-1")


def _over_a_session(
    session: Callable[[], WireSession],
) -> Callable[[Sequence[bytes]], int]:
    def fire(segments: Sequence[bytes]) -> int:
        connection = session()
        reports = 0
        for segment in segments:
            for one in connection.feed(segment, RECEIVED_AT):
                reports += len(one.reports)
            assert_keeps_no_more_than_a_frame(connection)
        for one in connection.finish(RECEIVED_AT):
            reports += len(one.reports)
        return reports

    return fire


def assert_keeps_no_more_than_a_frame(session: WireSession) -> None:
    """Hold what a stream's session keeps to its longest frame."""
    if isinstance(session, shell.StreamSession):
        limit = session._decoder.frame_bytes_max
        assert len(session._buffer) <= limit
        assert len(session._between) <= limit


def _over_http(
    decode: Callable[[HttpRequest, Instant], HttpDecoded],
) -> Callable[[Sequence[bytes]], int]:
    def fire(segments: Sequence[bytes]) -> int:
        body = b"".join(segments)
        query = ""
        if body.startswith(b"?"):
            query, body = body[1:].decode("latin-1"), b""
        elif len(segments) > 1:
            query = body.decode("latin-1")
        request = HttpRequest(
            method="POST", path="/", query=query, headers={}, body=body
        )
        return len(decode(request, RECEIVED_AT).reports)

    return fire


def _flip(frame: bytearray, _seeds: Sequence[bytes], rng: random.Random) -> None:
    if frame:
        frame[rng.randrange(len(frame))] ^= 1 << rng.randrange(8)


def _set(frame: bytearray, _seeds: Sequence[bytes], rng: random.Random) -> None:
    if frame:
        frame[rng.randrange(len(frame))] = rng.choice((0, 0x7F, 0x80, 0xFF, 0x2C, 0x0D))


def _delete(frame: bytearray, _seeds: Sequence[bytes], rng: random.Random) -> None:
    start = rng.randrange(len(frame) + 1)
    del frame[start : start + rng.randint(1, 8)]


def _insert(frame: bytearray, _seeds: Sequence[bytes], rng: random.Random) -> None:
    at = rng.randrange(len(frame) + 1)
    frame[at:at] = rng.randbytes(rng.randint(1, 8))


def _truncate(frame: bytearray, _seeds: Sequence[bytes], rng: random.Random) -> None:
    del frame[rng.randrange(len(frame) + 1) :]


def _repeat(frame: bytearray, _seeds: Sequence[bytes], rng: random.Random) -> None:
    start = rng.randrange(len(frame) + 1)
    piece = frame[start : start + rng.randint(1, 32)]
    frame[start:start] = piece * rng.randint(1, 8)


def _splice(frame: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    other = rng.choice(seeds)
    at = rng.randrange(len(frame) + 1)
    frame[at:] = other[rng.randrange(len(other) + 1) :]


def _append(frame: bytearray, seeds: Sequence[bytes], rng: random.Random) -> None:
    frame += rng.choice(seeds)


_MUTATIONS = (_flip, _set, _delete, _insert, _truncate, _repeat, _splice, _append)
