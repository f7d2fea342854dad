"""A press after either end, with a kill -9 between: what the telephone sees."""

import re
from pathlib import Path

import pytest

from engine.roster.sample import sample_text
from tests.process.watched import UNDER_WAY_SQL, keep_watched
from tests.rig import Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

FURTHER = """
[[step]]
id = "asked"
after = "closed"
delay_s = 1
to = "defender"
channels = ["sms"]
text = "recheck"
"""
CODE = re.compile(r"([A-Z][A-Z0-9]{3}): are you safe")
TRUE, FORCED = "allrighty43", "byforce43"
OWN = f"""
language = "en"
sign = "Umbrella"
action_protocol = "watched"
safe_word = "{TRUE}"
duress_word = "{FORCED}"
"""


def roster() -> str:
    """Return the sample with words for Heron, who reads English here."""
    own = re.compile(r'(id = "heron"\n.*?)(?=\n\n)', re.DOTALL)
    before, heron, after = own.split(sample_text(), maxsplit=1)
    kept = re.sub(r"(?m)^(language|action_protocol|sign) = .*\n?", "", heron)
    return before + kept.rstrip() + OWN + after


class Life:
    """Heron, whoever holds Heron's telephone, and an operator."""

    def __init__(self, rig: Rig, word: str) -> None:
        self.rig, self.word = rig, word
        (self.number,) = {n for n, one in rig.numbers().items() if one == "heron"}
        self.cases: list[str] = []

    def texts(self) -> list[str]:
        """Return what has reached the telephone."""
        messages = self.rig.messages.items()
        return [sms.text for sms in messages if sms.number == self.number]

    def asked(self) -> list[str]:
        """Return the codes of the questions after an end."""
        return [code[1] for text in self.texts() if (code := CODE.match(text))]

    def masked(self) -> list[str]:
        """Return the texts with each code as its place among the codes."""
        both = {code: f"<{place}>" for place, code in enumerate(self.asked())}
        return [
            re.sub("|".join(both), lambda found: both[found[0]], text)
            for text in self.texts()
        ]

    def press_and_end(self) -> None:
        """Press, say the word, and have HQ close what was pressed."""
        with self.rig.device() as device:
            assert device.sos()
        case = eventually(self._new)
        self.cases.append(case)
        before = len(self.texts())
        self.rig.modems[0].inject(self.number, self.word)
        eventually(lambda: self.texts()[before:])
        with self.rig.operator("alder") as alder:
            assert alder.act(case, "acknowledge") is None
            assert alder.act(case, "close", reason="safe") is None
        eventually(lambda: len(self.asked()) == len(self.cases))

    def _new(self) -> str | None:
        known = {str(one["id"]) for one in self.rig.alarms()}
        return next(iter(known.difference(self.cases)), None)


def lived(folder: Path, word: str) -> tuple[Life, list[dict[str, object]]]:
    """Return two presses, each ended after that word, with a kill between them."""
    extra = keep_watched(folder, FURTHER)
    with Rig(folder=folder, roster_text=roster(), extra_config=extra) as rig:
        life = Life(rig, word)
        life.press_and_end()
        # What is on its way when it is killed is said again, after a true end too.
        eventually(lambda: rig.rows(UNDER_WAY_SQL) == [(0,)])
        rig.kill()
        rig.start()
        life.press_and_end()
        return life, [rig.alarm(case) for case in life.cases]


def test_after_either_end_a_further_press_has_a_code_and_a_question_of_its_own(
    tmp_path: Path,
) -> None:
    true, ended = lived(tmp_path / "true", TRUE)
    forced, going_on = lived(tmp_path / "forced", FORCED)
    for life in (true, forced):
        assert len(set(life.asked())) == len(life.cases) == 2
    assert forced.masked() == true.masked()
    assert [one["open"] for one in ended] == [False, False]
    assert [one["open"] for one in going_on] == [True, True]
    assert [one["links"] for one in going_on] == [[forced.cases[1]], [forced.cases[0]]]
