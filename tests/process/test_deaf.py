"""The engine is never deaf unnoticed: few descriptors, floods, closed far ends."""

import json
import resource
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import httpx2
import pytest

from adapters.demo.farends.mail import MailServer
from tests.rig import Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

DESCRIPTORS = 1_024
IDLE, HALF_OPEN = 1_500, 3_000
HALF_GET = b"GET / HTTP/1.1\r\nHost: console\r\n"
HALF_POST = (
    b"POST %s HTTP/1.1\r\nHost: console\r\nContent-Length: 9\r\n"
    b"Content-Type: application/x-www-form-urlencoded\r\n\r\nhalf"
)
TOLD_S = 5.0
KNOWN_S = 10.0
LEAKED = 16
LOG_LINES_MAX = 100
LIMITED = ("sh", "-c", f'ulimit -n {DESCRIPTORS}; exec "$@"', "sh")


@contextmanager
def connections(
    where: tuple[str, int], number: int, said: bytes = b""
) -> Iterator[None]:
    """Hold so many connections that say no more than this; who is let go stays so."""
    with ExitStack() as stack:
        for _ in range(number):
            one = stack.enter_context(socket.socket())
            one.settimeout(5)
            one.connect(where)
            one.sendall(said)
        yield


def descriptors(rig: Rig) -> int:
    """Return how many the service has open."""
    assert rig.process is not None
    return sum(1 for _ in Path(f"/proc/{rig.process.pid}/fd").iterdir())


def within(seconds: float, look: Callable[[], object]) -> float:
    """Return after how many seconds it came true."""
    began = time.monotonic()
    eventually(look, timeout_s=seconds)
    return time.monotonic() - began


def test_a_flood_with_few_descriptors_holds_up_no_sos_and_floods_no_log(
    tmp_path: Path,
) -> None:
    with Rig(folder=tmp_path, wrapper=LIMITED) as rig, ExitStack() as flood:
        assert rig.process is not None
        pid = rig.process.pid
        assert resource.prlimit(pid, resource.RLIMIT_NOFILE) == (
            DESCRIPTORS - 16,
            DESCRIPTORS,
        )
        assert f"only {DESCRIPTORS} files may be open" in rig.log()
        enrolled = flood.enter_context(rig.device())
        flood.enter_context(connections(rig.ports["gt06"], IDLE))
        flood.enter_context(connections(rig.ports["console"], HALF_OPEN, HALF_GET))
        held = descriptors(rig)
        began = time.monotonic()
        with rig.device() as device:
            assert device.sos()
            acknowledged_s = time.monotonic() - began
        assert rig.sms_to("tinamou", timeout_s=TOLD_S)
        told_s = time.monotonic() - began
        assert enrolled.sos(), "an enrolled device's connection has not given way"
        assert rig.ready()[0] == 200
        with rig.operator("alder"):
            pass
        lines = rig.log().splitlines()
        print(
            f"{held} descriptors; acknowledged after {acknowledged_s * 1000:.0f} ms,"
            f" told after {told_s * 1000:.0f} ms; {len(lines)} lines"
        )
        assert held < DESCRIPTORS
        assert told_s < TOLD_S
        assert len(lines) < LOG_LINES_MAX


@pytest.mark.parametrize(("port", "path"), [("console", "/sign-in"), ("metrics", "/")])
@pytest.mark.parametrize(
    "said",
    [
        HALF_GET,
        HALF_POST,
    ],
    ids=["head", "body"],
)
def test_a_request_that_does_not_come_whole_is_let_go_after_ten_seconds(
    rig: Rig, port: str, path: str, said: bytes
) -> None:
    with socket.create_connection(rig.ports[port], timeout=15) as slow:
        slow.sendall(said.replace(b"%s", path.encode()))
        began = time.monotonic()
        while slow.recv(65_536):
            continue
        took_s = time.monotonic() - began
    # Where no body is read it is answered before, and not waited for.
    assert took_s < 13.0
    assert took_s > 9.0 or (port == "metrics" and said is HALF_POST)
    assert len(rig.log().splitlines()) < LOG_LINES_MAX


def test_a_process_without_descriptors_says_so_and_pages_hq(rig: Rig) -> None:
    eventually(rig.is_ready)
    assert rig.process is not None
    pid = rig.process.pid
    soft, hard = resource.prlimit(pid, resource.RLIMIT_NOFILE)
    # As where something leaks: whatever is closed makes no room.
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (LEAKED, hard))
    with connections(rig.ports["gt06"], 40):

        def is_told() -> bool:
            try:
                status, said = rig.ready()
            except httpx2.TransportError:  # this connection had to give way as well
                return False
            return status == 503 and "gt06" in str(said["reasons"]["listener_down"])  # type: ignore[index]

        known_s = within(KNOWN_S, is_told)
        page = rig.messages.wait_for(lambda sms: "NOT HEARD" in sms.text, KNOWN_S)
        assert page is not None
        assert "gt06" in page.text
        assert len(rig.log().splitlines()) < LOG_LINES_MAX
    resource.prlimit(pid, resource.RLIMIT_NOFILE, (soft, hard))
    recovered_s = within(KNOWN_S, rig.is_ready)
    print(f"known after {known_s:.1f} s, ready again after {recovered_s:.1f} s")
    with rig.device() as device:
        assert device.sos()


def shown(rig: Rig, reason: str, component: str) -> bool:
    """Say whether both `natalia status` and readiness name it."""
    _, said = rig.ready()
    if component not in said["degraded"].get(reason, []):  # type: ignore[attr-defined]
        return False
    status = rig.natalia("status", "--json", "--state", str(rig.state))
    return component in json.loads(status.stdout)["reasons"].get(reason, [])


@pytest.mark.parametrize("how", ["unplugged", "silent"])
def test_a_modem_that_is_gone_shows_within_ten_seconds(rig: Rig, how: str) -> None:
    up = 'natalia_modem_up{modem="modem-1"}'
    eventually(lambda: rig.metric(up) == 1.0)
    if how == "unplugged":
        rig.modems[0].unplug()
    else:
        rig.modems[0].faults.hang = True
    known_s = within(KNOWN_S, lambda: shown(rig, "modem_down", "modem-1"))
    print(f"{how}: known after {known_s:.1f} s")
    assert rig.is_ready(), "the other modem sends"


def test_a_mail_server_that_is_gone_shows_within_ten_seconds(rig: Rig) -> None:
    up = 'natalia_channel_up{channel="email"}'
    eventually(lambda: rig.metric(up) == 1.0)
    rig.mail.stop()
    try:
        known_s = within(KNOWN_S, lambda: shown(rig, "channel_down", "email"))
    finally:
        rig.mail = MailServer(rig.clock)  # the rig stops one at its end
        rig.mail.start()
    print(f"known after {known_s:.1f} s")
