"""After a word of force the telephone asks on: nothing shows by how long that takes."""

import re
from pathlib import Path

import pytest

from engine.roster.sample import sample_text
from tests.process.watched import keep_watched
from tests.rig import Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

HERON = "+998460000010"
COLLEAGUES = 6
FURTHER = f"""
[[step]]
id = "more"
after = "duress"
to = "nearest"
count = {COLLEAGUES}
within_km = 20000
channels = ["sms"]
text = "sos"
[check_in]
answers = true
"""


def with_words() -> str:
    """Return the sample with Heron on the watched protocol, and with two words."""
    own = 'safe_word = "maples"\nduress_word = "cedars"\naction_protocol = "watched"\n'
    blocks = [
        own.join(
            re.split(r"(?m)^(?=numbers)", re.sub("action_protocol.*\n", "", block))
        )
        if block.startswith('id = "heron"')
        else block
        for block in sample_text().split("[[person]]\n")
    ]
    return "[[person]]\n".join(blocks)


def test_an_answer_about_a_timer_does_not_wait_for_whom_a_word_of_force_calls(
    tmp_path: Path,
) -> None:
    """It came behind all of them: a forced cancel showed by half a minute."""
    extra = keep_watched(tmp_path, FURTHER)
    roster = with_words()
    with Rig(
        folder=tmp_path, roster_text=roster, extra_config=extra, modems_wanted=1
    ) as rig:
        (modem,) = rig.modems
        with rig.device() as device:
            device.sos()
        assert eventually(lambda: len(rig.messages.items()) == 1)
        modem.faults.latency_s = 1.0
        modem.inject(HERON, "cedars")
        assert rig.messages.wait_for(lambda sms: sms.number == HERON, 20)
        modem.inject(HERON, "timer 90 min")
        eventually(lambda: len(rig.messages.items()) == COLLEAGUES + 3)
        order = [sms.number == HERON for sms in rig.messages.items()][2:]
        assert order.count(True) == 1
        assert order.index(True) <= 2, "behind what was on its way, and no other"
