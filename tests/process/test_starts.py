"""What keeps the service from starting is named: what, why, and the cure."""

import json
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path

import apsw
import pytest

from engine.cli.main import EXIT_CONFIG, EXIT_HELD
from engine.journal.sqlite import JOURNAL_FILE
from tests.rig import eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

WITHIN_S = 60
MINIMAL = """\
state = "state"
log = "text"
[console]
port = 0
[metrics]
port = 0
[gateway.gt06]
port = 0
"""


@dataclass
class Natalia:
    """The program, with one configuration in a folder of its own."""

    folder: Path
    running: list[subprocess.Popen[str]] = field(default_factory=list)

    @property
    def config(self) -> Path:
        return self.folder / "natalia.toml"

    @property
    def state(self) -> Path:
        return self.folder / "state"

    def run(self, *words: str) -> "subprocess.CompletedProcess[str]":
        """Run a command to its end."""
        return subprocess.run(
            [sys.executable, "-m", "engine", *words],
            capture_output=True,
            text=True,
            check=False,
            timeout=WITHIN_S,
        )

    def refusal(self, code: int = EXIT_CONFIG) -> str:
        """Start the service, which must refuse; return what it says."""
        done = self.run("serve", "--config", str(self.config))
        assert (done.returncode, done.stdout) == (code, ""), done.stdout + done.stderr
        assert "Traceback" not in done.stderr
        assert done.stderr.startswith("natalia: ")
        return done.stderr

    def finding(self) -> str:
        """Check the configuration, which must be wrong; return what is said."""
        done = self.run("check-config", str(self.config))
        assert (done.returncode, done.stdout) == (EXIT_CONFIG, ""), done.stderr
        assert "Traceback" not in done.stderr
        return done.stderr

    def serve(self) -> "subprocess.Popen[str]":
        """Start the service and wait until it is ready."""
        process = subprocess.Popen(
            [sys.executable, "-m", "engine", "serve", "--config", str(self.config)],
            stdout=subprocess.PIPE,
            text=True,
        )
        self.running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process


@pytest.fixture
def natalia(tmp_path: Path) -> Iterator[Natalia]:
    (tmp_path / "natalia.toml").write_text(MINIMAL)
    made = Natalia(tmp_path)
    yield made
    for process in made.running:
        process.kill()
        process.wait()
        if process.stdout is not None:
            process.stdout.close()


@pytest.mark.parametrize(
    ("table", "key"),
    [
        ("[console]", "console.port"),
        ("[metrics]", "metrics.port"),
        ("[gateway.gt06]", "gateway.gt06.port"),
    ],
)
def test_a_port_that_is_taken_is_named_with_how_to_find_who_has_it(
    natalia: Natalia, table: str, key: str
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        natalia.config.write_text(
            MINIMAL.replace(f"{table}\nport = 0", f"{table}\nport = {port}")
        )
        said = natalia.refusal()
    assert f"{key}: expected a free port, but {port} is taken" in said
    assert f"ss -ltnp 'sport = :{port}'" in said


def test_all_ports_that_are_taken_are_told_at_once(natalia: Natalia) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        natalia.config.write_text(MINIMAL.replace("\nport = 0", f"\nport = {port}"))
        said = natalia.refusal().splitlines()
    told = [line.split(".port: ")[0].removeprefix("natalia: ") for line in said]
    assert told == ["console", "metrics", "gateway.gt06"]


@dataclass(frozen=True, kw_only=True)
class Mistake:
    """One mistake in the configuration, and what must be said of it."""

    old: str = "state ="
    new: str
    said: tuple[str, ...]


MISTAKES = {
    "a misspelt key": Mistake(new="sate =", said=("sate: ", "did you mean 'state'?")),
    "a misspelt key of a table": Mistake(
        old="[metrics]\nport", new="[metrics]\nprot", said=("metrics.prot", "'port'")
    ),
    "a wrong type": Mistake(
        old="[console]\nport = 0",
        new='[console]\nport = "many"',
        said=("console.port: expected ", "integer", "change the value"),
    ),
    "a missing roster": Mistake(
        new='roster = "gone.toml"\nstate =',
        said=("roster: expected ", "gone.toml: No such file", "mend the path"),
    ),
    "an unknown kind of channel": Mistake(
        old="[gateway.gt06]",
        new='[[channel]]\nname = "mail"\nkind = "emial"\n[gateway.gt06]',
        said=("channel[0].kind: expected one of: ", "email", "'emial'"),
    ),
    "a channel without its options": Mistake(
        old="[gateway.gt06]",
        new='[[channel]]\nname = "mail"\nkind = "email"\n[gateway.gt06]',
        said=("channel.mail.options.", "a value; add "),
    ),
    "an unknown wire protocol": Mistake(
        old="[gateway.gt06]",
        new="[gateway.gt60]",
        said=("gateway.gt60: expected one of: ", "gt06", "'gt60' is not installed"),
    ),
    "an unknown driver": Mistake(
        old="[gateway.gt06]",
        new='[[modem]]\nname = "m"\nport = "/dev/x"\ndriver = "x"\n[gateway.gt06]',
        said=("modem[0].driver: expected one of: serial",),
    ),
    "an action protocol that is not there": Mistake(
        old="[console]",
        new='[protocols]\ndefault = "standart"\n[console]',
        said=("standart", "standard"),
    ),
    "an address of HQ on no channel": Mistake(
        old="[gateway.gt06]",
        new='[[hq]]\nchannel = "email"\naddress = "x@hq.invalid"\n[gateway.gt06]',
        said=("hq[0].channel: expected one of: ", "name a [[channel]]"),
    ),
    "no TOML at all": Mistake(
        old="[console]", new="[console", said=("natalia.toml: expected TOML", "line 3")
    ),
}


@pytest.mark.parametrize("mistake", MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_in_the_configuration_is_found_before_and_at_the_start(
    natalia: Natalia, mistake: Mistake
) -> None:
    natalia.config.write_text(MINIMAL.replace(mistake.old, mistake.new, 1))
    for said in (natalia.finding(), natalia.refusal()):
        assert [one for one in mistake.said if one not in said] == [], said


def test_a_wrong_line_of_the_roster_is_named_without_its_content(
    natalia: Natalia,
) -> None:
    natalia.config.write_text('roster = "roster.toml"\n' + MINIMAL)
    natalia.folder.joinpath("roster.toml").write_text(
        'version = 1\n\n[[person]]\nid = "wren"\nalias = "Wren"\n'
        'roles = ["defender"]\nlanguage = "sv"\nzone = "Europe/Stockholm"\n'
        'country = "SE"\nnumbers = ["07-quite-secret"]\n'
    )
    for said in (natalia.finding(), natalia.refusal()):
        assert "natalia: roster.toml:10: person.numbers" in said
        assert "secret" not in said


def test_a_configuration_that_is_not_there_is_said(natalia: Natalia) -> None:
    natalia.config.unlink()
    assert "check its path" in natalia.refusal()


def _folder(state: Path) -> None:
    (state / JOURNAL_FILE).mkdir()


def _anothers(state: Path) -> None:
    connection = apsw.Connection(str(state / JOURNAL_FILE))
    connection.execute("CREATE TABLE t (x)")
    connection.close()


@pytest.mark.parametrize(
    ("spoil", "why", "cure"),
    [
        (_folder, "is a folder", "name a file, or move the folder away"),
        (_anothers, "is a database of another program", "name another file"),
    ],
)
def test_a_journal_that_cannot_serve_is_named_and_left_as_it_is(
    natalia: Natalia, spoil: Callable[[Path], None], why: str, cure: str
) -> None:
    natalia.state.mkdir()
    spoil(natalia.state)
    path = natalia.state / JOURNAL_FILE
    before = None if path.is_dir() else path.read_bytes()
    said = natalia.refusal()
    assert f"{path}: " in said
    assert why in said
    assert cure in said
    assert before == (None if path.is_dir() else path.read_bytes())


def test_a_damaged_file_of_operators_keeps_nobody_from_seeing_that_and_mending_it(
    natalia: Natalia,
) -> None:
    natalia.state.mkdir()
    file = natalia.state / "operators.json"
    file.write_text("{")
    natalia.serve()
    state = ("--state", str(natalia.state))
    said = "degraded\n  operators unread: operators.json\n"
    eventually(lambda: natalia.run("status", *state).stdout == said)
    listed = natalia.run("operator", "list", *state)
    assert f"{file} is not the operators' file" in listed.stderr
    file.write_text("{}")
    eventually(lambda: natalia.run("status", *state).returncode == 0)
    assert natalia.run("operator", "add", "alder", *state).returncode == 0


def test_a_state_folder_that_cannot_be_made_is_said(natalia: Natalia) -> None:
    # A file where the folder should be: root may write into any folder.
    natalia.state.write_text("")
    said = natalia.refusal()
    assert "state: expected a folder that this user may write" in said
    assert "choose another or mend its permissions" in said


def test_a_second_engine_refuses_and_names_the_first(natalia: Natalia) -> None:
    first = natalia.serve()
    said = natalia.refusal(EXIT_HELD)
    assert f"held by process {first.pid}, started 20" in said
    assert "stop that engine first" in said
    first.kill()
    first.wait()
    eventually(lambda: natalia.serve().poll() is None)


def test_a_sound_configuration_is_said_to_be_one_and_starts_nothing(
    natalia: Natalia,
) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        natalia.config.write_text(MINIMAL.replace("port = 0", f"port = {port}", 1))
        done = natalia.run("check-config", str(natalia.config), "--json")
        assert done.returncode == EXIT_CONFIG, "another program has the port"
    done = natalia.run("check-config", str(natalia.config), "--json")
    assert done.returncode == 0, done.stderr
    facts = json.loads(done.stdout)
    assert facts["wire protocols"] == ["gt06"]
    assert "no modem: nobody gets an SMS" in facts["warnings"]
    assert not natalia.state.exists()
