"""That what is broken on purpose is still there to be broken."""

import pytest

from tests.test_architecture import ROOT
from tools.broken_builds_list import BROKEN, Broken


@pytest.mark.parametrize("broken", BROKEN, ids=lambda one: one.name)
def test_the_lines_that_a_broken_build_changes_stand_there_once(broken: Broken) -> None:
    for change in broken.changes:
        text = (ROOT / change.file).read_text(encoding="utf-8")
        assert text.count(change.before) == 1, change.file
