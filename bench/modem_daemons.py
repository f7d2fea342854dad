"""gammu-smsd and smstools on a virtual modem: what their peers measure us against.

`apt-get install gammu-smsd smstools`; what is missing is skipped with those words.
"""

import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.adapters.modem.rig import OUTSIDE
from tests.requires import requires_command


def gammu_smsd(folder: Path, port: str, messages: int) -> tuple[str, ...]:
    """Write a configuration and an outbox; return the command."""
    command = requires_command("gammu-smsd", package="gammu-smsd")
    for name in ("inbox", "outbox", "sent", "error"):
        (folder / name).mkdir(parents=True)
    (folder / "conf").write_text(
        f"[gammu]\ndevice = {port}\nconnection = at115200\n"
        "synchronizetime = no\n[smsd]\nservice = files\n"
        f"inboxpath = {folder}/inbox/\noutboxpath = {folder}/outbox/\n"
        f"sentsmspath = {folder}/sent/\nerrorsmspath = {folder}/error/\n"
        "checksecurity = 0\nchecksignal = 0\ncheckbattery = 0\nchecknetwork = 0\n"
    )
    for i in range(messages):
        name = f"OUTC20261125_0300{i:02d}_00_{OUTSIDE}_sms0.txt"
        (folder / "outbox" / name).write_text(f"message {i}", encoding="utf-8")
    return (str(command), "-c", str(folder / "conf"))


def smstools(folder: Path, port: str, messages: int) -> tuple[str, ...]:
    """Write a configuration and an outbox; return the command."""
    command = requires_command("smsd", package="smstools")
    for name in ("outgoing", "checked", "sent", "failed", "incoming", "report"):
        (folder / name).mkdir(parents=True)
    spools = "".join(f"{p.name} = {p}\n" for p in sorted(folder.iterdir()))
    (folder / "conf").write_text(
        f"devices = VM1\n{spools}logfile = {folder}/log\ninfofile = {folder}/info\n"
        f"pidfile = {folder}/pid\ndelaytime = 1\nuser = root\ngroup = root\n"
        f"[VM1]\ndevice = {port}\nincoming = no\nbaudrate = 115200\n"
        "rtscts = no\n"
    )
    for i in range(messages):
        body = f"To: {OUTSIDE[1:]}\n\nmessage {i}"
        (folder / "outgoing" / str(i)).write_text(body)
    return (str(command), "-t", f"-c{folder / 'conf'}")


@contextmanager
def running(command: tuple[str, ...]) -> Iterator[None]:
    """Run a daemon."""
    process = subprocess.Popen(
        command,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield
    finally:
        process.terminate()
        process.wait(30)


def seconds_each(
    command: tuple[str, ...], handed: Callable[[], int], messages: int
) -> float:
    """Return seconds a message, from the first at the far end to the last."""
    before = handed()
    with running(command):
        first_s = _when(handed, before + 1)
        return (_when(handed, before + messages) - first_s) / (messages - 1)


def _when(handed: Callable[[], int], count: int) -> float:
    deadline_s = time.perf_counter() + 90
    while handed() < count:
        assert time.perf_counter() < deadline_s, "the daemon sends no more"
        time.sleep(0.005)  # noqa: TID251 - another process is waited for
    return time.perf_counter()
