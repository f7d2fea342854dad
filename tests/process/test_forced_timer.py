"""After a word of force the telephone asks on: nothing shows by how long that takes."""

import re
from itertools import islice
from pathlib import Path

import pytest

from engine.roster.model import Role
from engine.roster.sample import sample_roster, sample_text
from tests.process.watched import keep_watched
from tests.rig import WAIT_S, Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

HERON = "+998460000010"
COLLEAGUES = 6
AT_EIGHTEEN = 12
ANSWERED = "SELECT 1 FROM effect WHERE effect_id LIKE 'check-in.%'"
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
PAGED = """
[[step]]
id = "page"
to = "duty"
channels = ["sms"]
text = "page"
every_s = 60
stopped_by = ["acknowledged"]
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
        assert rig.messages.wait_for(lambda sms: sms.number == HERON, WAIT_S)
        modem.inject(HERON, "timer 90 min")
        # From when it was due: how soon the words are read is not its order's.
        eventually(lambda: rig.rows(ANSWERED))
        sent = len(rig.messages.items())
        eventually(lambda: len(rig.messages.items()) == COLLEAGUES + 3)
        order = [sms.number == HERON for sms in rig.messages.items()][2:]
        assert order.count(True) == 1
        place = order.index(True)
        assert place <= sent - 2 + 1, "behind what was on its way, and no other"


def test_a_call_for_help_goes_before_what_many_are_answered_of_their_timers(
    tmp_path: Path,
) -> None:
    """At 18:00 all of them set one: an SOS waited behind every answer."""
    extra = keep_watched(tmp_path, PAGED)
    watched = '[[person]]\naction_protocol = "watched"\n'
    text = re.sub("(?m)^action_protocol.*\n", "", sample_text())
    roster = text.replace("[[person]]\n", watched)
    defenders = (one for one in sample_roster().people if one.has(Role.DEFENDER))
    *asking, caller = (
        str(one.numbers[0]) for one in islice(defenders, AT_EIGHTEEN + 1)
    )
    planned = "SELECT 1 FROM effect WHERE channel = 'sms'"
    with Rig(
        folder=tmp_path, roster_text=roster, extra_config=extra, modems_wanted=1
    ) as rig:
        (modem,) = rig.modems
        up = 'natalia_modem_up{modem="modem-1"}'
        assert eventually(lambda: rig.metric(up) == 1.0)
        # Slow until the SOS is planned, however busy the machine is.
        modem.faults.latency_s = 4.0
        for number in asking:
            modem.inject(number, "timer 90 min")
        assert eventually(lambda: len(rig.rows(planned)) == AT_EIGHTEEN)
        modem.inject(caller, "SOS")
        assert eventually(lambda: len(rig.rows(planned)) > AT_EIGHTEEN)
        modem.faults.latency_s = 0.5
        before = len(rig.messages.items())
        assert before < AT_EIGHTEEN - 3, "others wait for their answers yet"
        assert eventually(lambda: len(rig.messages.items()) >= before + 3)
        told = [sms.number for sms in rig.messages.items()][before : before + 3]
        assert set(told) - set(asking), "the officer on duty is told next"
