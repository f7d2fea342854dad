"""`natalia check-config` ends with 3 where `natalia serve` would not start."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from engine.cli.check_listeners import of_privileged
from engine.cli.check_rights import Account, of_rights
from engine.config import load_config
from engine.errors import EngineError
from engine.protocol.registry import load_registry
from engine.start import CONTROL_SOCKET, start
from tests.engine.cli.services import natalia
from tests.engine.cli.test_check import configuration

Patch = pytest.MonkeyPatch
Output = pytest.CaptureFixture[str]
PORTS = "[console]\nport = 0\n[metrics]\nport = 0\n"
TLS = 'tls = {{ port = 0, cert_file = "{0}", key_file = "{0}" }}\n'
HOOK = (
    '[[channel]]\nname = "w"\nkind = "webhook"\n[channel.options]\n'
    'url = "http://127.0.0.1:1/"\nsecret_file = "none"\n'
)


def state_is(made: Callable[[Path], None]) -> Callable[[Path], None]:
    return lambda folder: made(folder / "state")


def nothing(_: Path) -> None:
    """Leave the folder as it is."""


def bad_roster(folder: Path) -> None:
    (folder / "state").mkdir()
    (folder / "state" / "roster.toml").write_text("x")


def inside(name: str) -> Callable[[Path], None]:
    return state_is(lambda state: (state / name).mkdir(parents=True))


REFUSED = {
    "a certificate that is none": (
        PORTS + "[gateway.gt06]\nport = 0\n" + TLS.format("roster.toml"),
        nothing,
    ),
    "TLS over UDP": (
        PORTS + "[gateway.h02_udp]\nport = 0\n" + TLS.format("none"),
        nothing,
    ),
    "a UDP address of another machine": (
        PORTS + '[gateway.h02_udp]\nhost = "192.0.2.1"\nport = 0\n',
        nothing,
    ),
    "one port by two names": (
        PORTS + "[gateway.gt06]\nport = 15023\n"
        '[gateway.h02]\nhost = "localhost"\nport = 15023\n',
        nothing,
    ),
    "a secret that is not there": (PORTS + HOOK, nothing),
    "a state folder that is a file": (PORTS, state_is(Path.touch)),
    "a state folder that is a link to nothing": (
        PORTS,
        state_is(lambda state: state.symlink_to("nowhere")),
    ),
    "a folder for the control socket": (PORTS, inside(CONTROL_SOCKET)),
    "a folder for the lock": (PORTS, inside("engine.lock")),
    "a folder for the journal": (PORTS, inside("journal.db")),
    "a kept roster that is none": (PORTS, bad_roster),
    "a file for action protocols": (
        PORTS + '[protocols]\nfolder = "roster.toml"\n',
        nothing,
    ),
}


@pytest.mark.parametrize("name", REFUSED)
def test_it_ends_with_3_where_a_start_is_refused(
    name: str, patch: Patch, out: Output, tmp_path: Path
) -> None:
    text, prepare = REFUSED[name]
    path = configuration(tmp_path, text)
    prepare(tmp_path)
    assert natalia(patch, "check-config", "--json", path) == 3
    assert json.loads(out.readouterr().out)["starts"] is False
    with pytest.raises(EngineError):
        start(load_config(Path(path))).stop()


@contextmanager
def taken(kind: socket.SocketKind) -> Iterator[int]:
    with socket.socket(socket.AF_INET, kind) as other:
        other.bind(("127.0.0.1", 0))
        if kind is socket.SOCK_STREAM:
            other.listen()
        yield other.getsockname()[1]


@pytest.mark.parametrize(
    ("wire", "kind"), [("h02", socket.SOCK_STREAM), ("h02_udp", socket.SOCK_DGRAM)]
)
def test_it_ends_with_3_where_a_port_is_taken(
    wire: str, kind: socket.SocketKind, patch: Patch, tmp_path: Path
) -> None:
    with taken(kind) as port:
        path = configuration(tmp_path, f"{PORTS}[gateway.{wire}]\nport = {port}\n")
        assert natalia(patch, "check-config", path) == 3
        with pytest.raises(EngineError):
            start(load_config(Path(path))).stop()
    assert natalia(patch, "check-config", path) == 0


def test_strict_ends_with_4_where_there_is_a_warning(
    patch: Patch, out: Output, tmp_path: Path
) -> None:
    path = configuration(tmp_path)
    assert natalia(patch, "check-config", path) == 0
    assert "no modem: nobody gets an SMS" in out.readouterr().out
    assert natalia(patch, "check-config", "--strict", path) == 4
    assert natalia(patch, "check-config", "--strict", "--json", path) == 4
    assert natalia(patch, "check-config", "--strict", str(tmp_path / "none")) == 3


USER = Account(name="natalia", number=54_321, groups=frozenset())


def test_a_port_below_1024_is_not_for_a_user_other_than_root(tmp_path: Path) -> None:
    path = configuration(
        tmp_path, "[console]\nport = 80\n[gateway.gt06]\nport = 5023\n"
    )
    config = load_config(Path(path))
    (said,) = of_privileged(config, USER)
    assert said.startswith(
        "console.port: user natalia may not listen at 80: the engine"
    )
    assert (
        of_privileged(config, Account(name="root", number=0, groups=USER.groups)) == []
    )


def test_a_state_folder_that_a_user_may_not_make_ends_the_start(
    tmp_path: Path,
) -> None:
    """pytest's own folders are for their owner alone, so one is made elsewhere."""
    path = configuration(tmp_path)
    config = load_config(Path(path))
    config = config.model_copy(update={"state": Path("/etc/natalia-none/state")})
    said = list(of_rights(Path("/etc/passwd"), config, USER))
    assert any("may not make it in /etc: the engine does not" in one for one in said)
    config = config.model_copy(update={"state": Path("/var/lib/natalia-none")})
    assert not any(
        "may not make it" in one for one in of_rights(Path(path), config, USER)
    )


def test_a_folder_of_action_protocols_that_cannot_be_read_is_refused(
    patch: Patch, tmp_path: Path
) -> None:
    """Path.glob finds nothing there: the samples would be in force in silence."""

    listed = Path.iterdir

    def shut(folder: Path) -> Iterator[Path]:
        if folder == tmp_path:
            raise PermissionError
        return listed(folder)

    patch.setattr(Path, "iterdir", shut)
    with pytest.raises(EngineError, match=r"protocols\.folder: cannot be read"):
        load_registry(tmp_path, "standard")
