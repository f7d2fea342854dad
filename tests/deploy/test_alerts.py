"""The alert rules: valid, tested, about metrics that exist, each with its page."""

import re
import shlex
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from typer.exceptions import TyperException

from engine.cli.main import natalia
from engine.metrics import Metrics
from tests.deploy.queries import faults_of, faults_of_prose
from tests.requires import requires_command

ROOT = Path(__file__).parents[2]
DEPLOY = ROOT / "deploy"
RUNBOOKS = ROOT / "docs" / "runbooks"

RULES = (DEPLOY / "alerts.yml").read_text(encoding="utf-8")
ALERTS = re.findall(r"^ +- alert: (\w+)$", RULES, re.MULTILINE)
EXPRESSIONS = re.findall(r"^ +expr: (.+)$", RULES, re.MULTILINE)


def promtool(*arguments: str) -> str:
    """Run promtool, hold that it is content, return what it said."""
    # Debian 12 has it in `prometheus`, Debian 13 in a package of its own.
    command = requires_command("promtool", package="prometheus promtool")
    done = subprocess.run(  # noqa: PLW1510 - the code is looked at below
        [command, *arguments], cwd=DEPLOY, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


def parse(command: Any, words: Sequence[str], parent: Any = None) -> None:
    """Take a line apart as the command line does, and run nothing.

    Raises:
        TyperException: an option, an argument or a command is not there.

    """
    context = command.make_context("natalia", list(words), parent=parent)
    rest = [*context._protected_args, *context.args]
    if rest and hasattr(command, "resolve_command"):
        _, following, words = command.resolve_command(context, rest)
        parse(following, words, context)


def test_promtool_accepts_the_rules_and_the_configuration() -> None:
    assert f"{len(ALERTS)} rules found" in promtool(
        "check", "rules", "--lint=all", "--lint-fatal", "alerts.yml"
    )
    promtool("check", "config", "prometheus.yml")


@pytest.mark.slow
def test_each_rule_fires_when_it_must_and_not_before() -> None:
    assert "SUCCESS" in promtool("test", "rules", "alerts_test.yml")


def test_each_rule_has_a_scenario_in_which_it_fires() -> None:
    scenarios = (DEPLOY / "alerts_test.yml").read_text(encoding="utf-8")
    fired = set(re.findall(r'alertname="(\w+)"', scenarios))
    assert fired == set(ALERTS)


def test_each_rule_is_about_metrics_that_exist() -> None:
    assert len(EXPRESSIONS) == len(ALERTS) > 10
    assert [fault for each in EXPRESSIONS for fault in faults_of(each)] == []


def test_each_metric_of_the_process_in_a_rule_is_exposed() -> None:
    exposed = Metrics({}).expose()[0].decode()
    named = set(re.findall(r"\bprocess_\w+", " ".join(EXPRESSIONS)))
    assert named
    assert [name for name in named if f"\n{name} " not in exposed] == []


def test_a_query_about_nothing_is_noticed() -> None:
    assert faults_of("natalia_no_such_total") == [
        "natalia_no_such_total is not declared"
    ]
    assert faults_of('natalia_degraded{reason="mood"}') == [
        "natalia_degraded has no reason mood"
    ]
    assert faults_of('natalia_modem_up{port="x"}') == [
        "natalia_modem_up has no label port"
    ]


def test_each_rule_has_its_page_and_each_page_its_rule() -> None:
    assert {page.stem for page in RUNBOOKS.glob("*.md")} == set(ALERTS)
    for alert in ALERTS:
        assert f"runbook_url: docs/runbooks/{alert}.md\n" in RULES


@pytest.mark.parametrize("alert", ALERTS)
def test_a_page_says_what_it_means_and_what_to_do(alert: str) -> None:
    page = (RUNBOOKS / f"{alert}.md").read_text(encoding="utf-8")
    sections = re.findall(r"^## (.+)\n\n\S", page, re.MULTILINE)
    assert page.startswith(f"# {alert}\n")
    assert sections == ["Meaning", "Impact", "Diagnosis", "Mitigation"]
    assert faults_of_prose(page) == []
    for link in re.findall(r"\]\(([^)]+)\)", page):
        assert (RUNBOOKS / link.partition("#")[0]).is_file(), link


def test_each_command_on_a_page_can_be_typed_as_it_stands_bug_a_file_was_missing() -> (
    None
):
    pages = "\n".join(
        page.read_text(encoding="utf-8") for page in RUNBOOKS.glob("*.md")
    )
    commands = set(re.findall(r"`natalia ([^`]+)`", pages))
    assert len(commands) > 4
    for command in sorted(commands):
        words = shlex.split(command.partition(" > ")[0])
        try:
            parse(natalia(), words)
        except TyperException as error:
            pytest.fail(f"natalia {command}: {error}")


def test_no_page_has_every_reason_from_readiness_bug_degraded_it_names_none() -> None:
    """`/-/ready` has what makes it 503, `natalia status` all that is wrong."""
    pages = [*RUNBOOKS.glob("*.md"), ROOT / "docs" / "operations.md"]
    promises = [
        (page.stem, sentence)
        for page in pages
        for sentence in re.split(r"\.\s", page.read_text(encoding="utf-8"))
        if "/-/ready`" in sentence and "reasons" in sentence
        if page.stem != "NataliaNotReady" and "503" not in sentence
    ]
    assert promises == []


@pytest.mark.parametrize(
    "alert",
    [
        "NataliaAlarmNotNotified",
        "NataliaAlarmNotRecorded",
        "NataliaAlarmStandsStill",
        "NataliaAuditorFound",
        "NataliaNotReady",
    ],
)
def test_what_fires_on_a_full_disk_ends_no_engine_bug_the_page_had_it_restarted(
    alert: str,
) -> None:
    """It tells HQ from memory, and the next one may not start before there is room."""
    text = (RUNBOOKS / f"{alert}.md").read_text(encoding="utf-8")
    cure = " ".join(text.partition("## Mitigation")[2].split())
    first, said, then = cure.partition("do **not** restart")
    assert said
    assert "disk_full" in first
    assert "may not start on a full disk" in then
    assert "systemctl restart" not in first
    assert "restart the service" not in first


def test_a_moved_journal_is_not_restored_over_bug_the_auditors_page_had_it_so() -> None:
    """To the auditor it cannot be read; the engine goes on in the file it has open."""
    text = (RUNBOOKS / "NataliaAuditorFound.md").read_text(encoding="utf-8")
    first, _, then = text.partition("## Mitigation")[2].partition("restore a backup")
    assert then
    assert "journal_moved" in first
    assert "restore nothing" in " ".join(first.split())


def test_a_port_is_held_by_somebody_whom_the_unit_may_not_see() -> None:
    """The page had the engine's log name the program, as root's does alone."""
    assert "ProtectProc=invisible" in (DEPLOY / "natalia.service").read_text()
    text = (RUNBOOKS / "NataliaModemDown.md").read_text(encoding="utf-8")
    assert "cannot be used: the port is held by another program`" in text


def test_a_state_folder_is_copied_through_its_link_bug_the_link_alone_was_copied(
    tmp_path: Path,
) -> None:
    """With `DynamicUser` systemd makes the state folder a symbolic link."""
    documents = [*RUNBOOKS.glob("*.md"), *(ROOT / "docs").glob("*.md")]
    text = "\n".join(page.read_text(encoding="utf-8") for page in documents)
    copies = re.findall(r"`cp -a(?: [^`]*)?`|^cp -a .*", text, re.MULTILINE)
    state, new = tmp_path / "var/lib/natalia", tmp_path / "mnt/new"
    for folder in (tmp_path / "var/lib/private/natalia", new):
        folder.mkdir(parents=True)
    state.symlink_to("private/natalia")
    (state / "journal.db").touch()
    for found in copies:
        words = shlex.split(found.strip("`"))
        if len(words) > 2 and words[2].startswith("/mnt"):
            continue  # the way back
        line = [re.sub(r"^/", f"{tmp_path}/", word) for word in words]
        assert subprocess.run(line, check=False, stderr=-3).returncode == 0, found
        assert (new / "journal.db").is_file(), found
        (new / "journal.db").unlink()
    assert copies


def test_a_command_without_what_it_needs_is_noticed() -> None:
    with pytest.raises(TyperException):
        parse(natalia(), ["roster", "check"])
    with pytest.raises(TyperException):
        parse(natalia(), ["alarm", "explode"])
    parse(natalia(), ["alarm", "show", "ALARM", "--json"])
