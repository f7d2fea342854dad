"""A defender on the rota, and a colleague with the defender's own telephone number."""

from pathlib import Path

import pytest

from engine.roster.sample import sample_roster, sample_text
from tests.rig import Rig, eventually
from tests.voices import say_safe

pytestmark = pytest.mark.process


def test_what_is_for_colleagues_and_officers_never_comes_to_the_defenders_telephone(
    tmp_path: Path,
) -> None:
    """Whoever has it would see the end come after a true cancel alone."""
    sample = sample_text()
    numbers = {str(one.person): one.numbers[0] for one in sample_roster().people}
    own = numbers["heron"]
    text = sample.replace(numbers["lapwing"], own)
    text = text.replace('duty = ["', 'duty = ["heron", "', 1)
    roles = 'alias = "Heron"\nroles = ["defender", '
    text = text.replace(roles, f'{roles}"duty", ')
    folder = tmp_path / "rig"
    folder.mkdir()
    with Rig(folder=folder, roster_text=text) as rig:
        with rig.device() as device:
            device.sos()
        with rig.operator("alder") as alder:
            alarm = str(eventually(alder.cases)[0]["id"])
            eventually(lambda: len(rig.messages.items()) > 5)
            alder.act(alarm, "acknowledge")
            told = {sms.number for sms in rig.messages.items()}
            say_safe(rig, alarm, "rowan")
            assert alder.act(alarm, "close", reason="safe") is None
        planned = "SELECT 1 FROM effect WHERE state = 'planned'"
        ends = "SELECT 1 FROM effect WHERE effect_id LIKE '%.stop.%'"
        eventually(lambda: rig.rows(ends) and not rig.rows(planned))
        assert numbers["alder"] in told, "the next of the rota is paged"
        assert own not in {sms.number for sms in rig.messages.items()}
        assert own not in rig.calls.items()
