"""`natalia roster`, as a person at a terminal meets it."""

import gc
import json
import warnings
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from socketserver import UnixStreamServer
from threading import Thread
from typing import cast

import pytest
from typer.testing import CliRunner

from engine.cli.client import AbsentError, ServiceError
from engine.cli.roster import app
from engine.roster.parse import parse_roster
from engine.roster.sample import sample_roster, sample_text

RUN = CliRunner()


class _Handler(BaseHTTPRequestHandler):
    server: "Service"

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        self.server.asked.append((self.path, body))
        self._say(self.server.reply, self.server.status)

    def _say(self, found: dict[str, object], status: int = 200) -> None:
        reply = json.dumps(found).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    def do_GET(self) -> None:
        self._say({"protocols": self.server.protocols})

    def log_message(self, *_: object) -> None:
        """Keep the tests' output clean."""


class Service(UnixStreamServer):
    """A control socket that gives one answer and keeps what it was asked."""

    def __init__(self, state: Path) -> None:
        self.asked: list[tuple[str, str]] = []
        self.protocols = ["standard", "widening"]
        self.status, self.reply = 200, cast("dict[str, object]", {})
        super().__init__(str(state / "control.sock"), _Handler)


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with Service(tmp_path) as server:
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def sample(tmp_path: Path) -> str:
    path = tmp_path / "sample.toml"
    path.write_text(sample_text(), encoding="utf-8")
    return str(path)


@pytest.fixture
def wrong(tmp_path: Path) -> str:
    path = tmp_path / "wrong.toml"
    text = sample_text().replace('zone = "Asia/Tashkent"', 'zone = "Asia/Tashkant"')
    path.write_text(text, encoding="utf-8")
    return str(path)


def test_a_sound_file_is_counted_and_named_by_its_version(sample: str) -> None:
    result = RUN.invoke(app, ["check", sample])

    assert result.exit_code == 0
    assert "200 defenders" in result.stdout
    assert sample_roster().version in result.stdout
    assert result.stderr == ""


def test_a_wrong_file_ends_with_three_and_file_line_and_field(wrong: str) -> None:
    result = RUN.invoke(app, ["check", wrong])

    assert result.exit_code == 3
    assert result.stdout == ""
    faults = result.stderr.splitlines()
    assert len(faults) == 6  # five defenders and their contact
    assert all(line.startswith("wrong.toml:") for line in faults)
    assert all(": person.zone: is no IANA time zone; did" in line for line in faults)


def test_faults_come_as_json_too(wrong: str) -> None:
    result = RUN.invoke(app, ["check", "--json", wrong])
    answer = json.loads(result.stdout)

    assert result.exit_code == 3
    assert answer["ok"] is False
    assert {"file", "line", "field", "reason"} == set(answer["faults"][0])


def test_a_doubt_is_shown_and_refuses_nothing(tmp_path: Path) -> None:
    path = tmp_path / "rota.toml"
    path.write_text("version = 1\n", encoding="utf-8")

    plain = RUN.invoke(app, ["check", str(path)])
    as_json = RUN.invoke(app, ["check", "--json", str(path)])

    assert plain.exit_code == as_json.exit_code == 0
    assert "doubt: the duty rota has 0" in plain.stderr
    assert json.loads(as_json.stdout)["doubts"][0]["person"] is None


def test_a_risk_window_of_last_year_is_doubted(sample: str) -> None:
    path = Path(sample)
    window = 'id = "heron"\nrisk_windows = ["2020-01-01 18:00 to 2020-01-02 06:00"]\n'
    path.write_text(
        path.read_text(encoding="utf-8").replace('id = "heron"\n', window, 1),
        encoding="utf-8",
    )
    result = RUN.invoke(app, ["check", sample])

    assert "doubt: heron: a risk window lies in the past" in result.stderr


def test_a_missing_file_ends_with_three_and_its_name(tmp_path: Path) -> None:
    result = RUN.invoke(app, ["check", str(tmp_path / "none.toml")])

    assert result.exit_code == 3
    assert result.stderr.startswith(
        "none.toml: file: cannot be read: it is not there; check the path"
    )


def test_an_import_hands_the_whole_roster_to_the_service(
    sample: str, tmp_path: Path, service: Service
) -> None:
    result = RUN.invoke(app, ["import", sample, "--state", str(tmp_path)])

    assert result.exit_code == 0, result.output
    assert sample_roster().version in result.stdout
    ((path, body),) = service.asked
    assert path == "/roster"
    assert parse_roster(body, "import") == sample_roster()


def test_an_import_that_takes_something_away_amid_a_case_says_so_and_asks(
    sample: str, tmp_path: Path, service: Service
) -> None:
    service.status, service.reply = 409, {"error": "heron would lose by it"}
    arguments = ["import", sample, "--state", str(tmp_path)]

    refused = RUN.invoke(app, arguments)
    RUN.invoke(app, [*arguments, "--anyway"])

    assert isinstance(refused.exception, ServiceError)
    assert "heron would lose by it" in str(refused.exception)
    assert [path for path, _ in service.asked] == ["/roster", "/roster?anyway=1"]


def test_an_import_tells_doubts_and_whom_it_takes_out(
    tmp_path: Path, service: Service
) -> None:
    """Only `check` told them: one file of several took everybody else out."""
    path = tmp_path / "rota.toml"
    path.write_text("version = 1\n", encoding="utf-8")
    service.reply = {"gone": [f"defender-{n:02}" for n in range(12)]}
    arguments = ["import", str(path), "--state", str(tmp_path)]

    plain = RUN.invoke(app, arguments)
    as_json = RUN.invoke(app, [*arguments, "--json"])

    assert plain.exit_code == as_json.exit_code == 0
    assert "doubt: the duty rota has 0" in plain.stderr
    assert "gone: 12 who were in it before: defender-00, " in plain.stderr
    assert plain.stderr.endswith(", defender-09 and 2 more\n")
    answer = json.loads(as_json.stdout)
    assert as_json.stderr == ""
    assert (len(answer["gone"]), answer["doubts"][0]["person"]) == (12, None)


def test_an_import_tells_which_devices_it_takes_out_bug_their_sos_was_a_strangers(
    tmp_path: Path, service: Service
) -> None:
    path = tmp_path / "rota.toml"
    path.write_text("version = 1\n", encoding="utf-8")
    service.reply = {
        "gone_devices": [{"device": "...0091", "person": "heron"}],
        "gone_secrets": [{"device": "...stor", "person": "stork"}],
    }
    said = RUN.invoke(app, ["import", str(path), "--state", str(tmp_path)]).stderr
    assert "devices gone, strangers now: 1: ...0091 of heron" in said
    assert "devices whose secret is asked for no more: 1: ...stor of stork" in said


def test_a_wrong_file_never_reaches_the_service(
    wrong: str, tmp_path: Path, service: Service
) -> None:
    result = RUN.invoke(app, ["import", wrong, "--state", str(tmp_path)])

    assert result.exit_code == 3
    assert service.asked == []


def test_what_the_service_does_not_have_is_named_by_our_file_and_line(
    tmp_path: Path, service: Service
) -> None:
    """The service reads another text than ours: its lines would lead nowhere."""
    mine = tmp_path / "mine.toml"
    named = 'action_protocol = "standard"'
    text = "# a remark\n" + sample_text().replace(named, named[:-2] + 't"', 1)
    mine.write_text(text, encoding="utf-8")

    result = RUN.invoke(app, ["import", str(mine), "--state", str(tmp_path)])

    line = 1 + text.splitlines().index('action_protocol = "standart"')
    field = "person.action_protocol"
    assert result.exit_code == 3
    reason = "names no action protocol; did you mean 'standard'?"
    assert result.stderr == f"mine.toml:{line}: {field}: {reason}\n"
    assert service.asked == []


@pytest.mark.parametrize("command", ["check", "import"])
def test_a_wire_protocol_that_is_not_installed_is_refused(
    command: str, tmp_path: Path
) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(sample_text().replace('"gt06"', '"gt07"', 1), encoding="utf-8")

    result = RUN.invoke(app, [command, str(path)])

    assert result.exit_code == 3
    fault = "device.wire_protocol: names no wire protocol; did you mean 'gt06'?"
    assert result.stderr == f"mine.toml:11: {fault}\n"


def test_what_the_service_refuses_is_said_in_its_words(
    sample: str, tmp_path: Path, service: Service
) -> None:
    service.status, service.reply = 422, {"error": "the disk is full"}

    result = RUN.invoke(app, ["import", sample, "--state", str(tmp_path)])

    assert isinstance(result.exception, ServiceError)
    assert str(result.exception) == "the disk is full"


@pytest.mark.parametrize("command", [["import", "SAMPLE"], ["list"], ["show", "heron"]])
def test_without_a_service_it_says_so(
    command: list[str], sample: str, tmp_path: Path
) -> None:
    arguments = [sample if one == "SAMPLE" else one for one in command]

    result = RUN.invoke(app, [*arguments, "--state", str(tmp_path)])
    told = str(result.exception)

    assert type(result.exception) is AbsentError
    assert "no engine runs on" in told
    # httpcore2 leaves a socket that could not connect to the garbage collector.
    del result
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_a_list_has_aliases_and_ids_and_no_number(sample: str) -> None:
    result = RUN.invoke(app, ["list", "--json", sample])
    people = json.loads(result.stdout)

    assert len(people) == 223
    assert set(people[0]) == {"person", "alias", "roles"}
    assert "+" not in result.stdout


def test_numbers_are_listed_only_when_revealed(sample: str) -> None:
    result = RUN.invoke(app, ["list", "--reveal", "--json", sample])
    people = {one["person"]: one for one in json.loads(result.stdout)}

    assert people["heron"]["numbers"] == ["+998460000010"]


def test_one_person_is_shown_without_number_place_and_sign(sample: str) -> None:
    hidden = RUN.invoke(app, ["show", "heron", sample])
    revealed = RUN.invoke(app, ["show", "heron", sample, "--reveal"])

    assert "alias: Heron" in hidden.stdout
    assert "lapwing" in hidden.stdout
    for secret in ("+998", "Tashkent", "41.3", "004999010640018"):
        assert secret not in hidden.stdout
        assert secret in revealed.stdout


def test_an_unknown_person_is_a_failure_and_not_quoted(sample: str) -> None:
    result = RUN.invoke(app, ["show", "somebody", sample])

    assert result.exit_code == 1
    said = "natalia: the roster has nobody with this id; see: natalia roster list\n"
    assert result.stderr == said


def test_the_service_is_asked_for_a_reveal_and_can_journal_it(
    tmp_path: Path, service: Service
) -> None:
    service.reply = {"ok": True, "person": {"person": "heron", "available": True}}

    result = RUN.invoke(app, ["show", "heron", "--reveal", "--state", str(tmp_path)])

    assert result.stdout == "person: heron\navailable: yes\n"
    ((path, body),) = service.asked
    assert path == "/roster/read"
    assert json.loads(body) == {
        "command": "roster.show",
        "person": "heron",
        "reveal": True,
    }


@pytest.mark.parametrize("command", ["check", "import", "list", "show"])
def test_help_has_examples(command: str) -> None:
    result = RUN.invoke(app, [command, "--help"])

    assert result.exit_code == 0
    assert f"$ natalia roster {command}" in result.stdout
