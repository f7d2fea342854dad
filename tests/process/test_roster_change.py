"""An insider moves a colleague's number during a case, against the real process."""

import re
from pathlib import Path
from subprocess import CompletedProcess

import pytest

from adapters.demo.console import OperatorAtConsole
from engine.roster.sample import sample_text
from tests.rig import Rig, eventually

pytestmark = pytest.mark.process
THEIRS, SEIZED = "+998460000011", "+998460000999"


def test_nobody_leads_the_messages_of_a_case_to_themselves_alone(
    tmp_path: Path,
) -> None:
    """One person at the command line named one operator and then the other."""
    folder = tmp_path / "rig"
    folder.mkdir()
    roster = tmp_path / "seized.toml"
    roster.write_text(sample_text().replace(THEIRS, SEIZED))
    with Rig(folder=folder) as rig:
        device = rig.device()
        with rig.operator("alder") as alder, rig.operator("rowan") as rowan:
            device.sos()
            eventually(alder.cases)
            assert rig.sms_to("lapwing")
            for by in ("alder", "rowan"):
                asked = change(rig, roster, by)
                assert asked.returncode == 1
                assert "lapwing" in asked.stderr
                assert "Two operators who have signed in" in asked.stderr
            approve(alder)
            assert numbers(rig) == {THEIRS}, "alder is one of two"
            approve(alder)
            assert numbers(rig) == {THEIRS}, "and stays one"
            approve(rowan)
            assert numbers(rig) == {SEIZED}
        device.socket.close()
        kinds = [str(kind) for (kind,) in rig.rows(KINDS)]
    assert kinds.count("RosterChangeAsked") == 2
    assert kinds.count("RosterChangeApproved") == 2
    assert changes(kinds)[-1] == "RosterImported"


KINDS = "SELECT kind FROM event WHERE stream = 'roster' ORDER BY seq"


def changes(kinds: list[str]) -> list[str]:
    """Leave out the looks at the roster."""
    return [kind for kind in kinds if kind != "RosterRevealed"]


def change(rig: Rig, roster: Path, by: str) -> CompletedProcess[str]:
    state = ("--state", str(rig.state))
    words = ("roster", "import", str(roster), "--by", by, "--anyway", *state)
    return rig.natalia(*words)


def approve(operator: OperatorAtConsole) -> None:
    """Read the change and approve it, as a browser would."""
    found = re.search(r'name="change" value="([^"]+)"', operator.page("/roster"))
    assert found is not None
    assert SEIZED in operator.page("/roster/show", change=found[1])
    operator.page("/roster/approve", change=found[1])


def numbers(rig: Rig) -> set[str]:
    """Return Lapwing's, by the roster in force."""
    words = ("roster", "show", "lapwing", "--reveal", "--state", str(rig.state))
    return set(re.findall(r"\+998\d+", rig.natalia(*words).stdout))
