"""Many alarms at once page one officer by few messages, which count them all."""

import re
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from engine.roster.sample import sample_roster, sample_text
from tests.crowd import crowd
from tests.rig import Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

ALARMS = 200
PAGED = """
SELECT alarm, count(*) FROM effect
WHERE channel = 'sms' AND effect_id LIKE '%.duty.%'
AND state IN ('accepted', 'delivered') GROUP BY alarm
"""
COUNT = re.compile(r"(\d+) x SOS[:.]")


def test_two_hundred_alarms_page_an_officer_by_few_messages_that_count_all(
    tmp_path: Path,
) -> None:
    people, devices = crowd(ALARMS)
    with Rig(folder=tmp_path, roster_text=sample_text() + people) as rig:
        for modem in rig.modems:
            modem.faults.latency_s = 0.2

        def press(imei: str) -> None:
            with rig.device(imei) as device:
                assert device.sos()

        with ThreadPoolExecutor(20) as pool:
            list(pool.map(press, devices))
        eventually(lambda: len(rig.rows(PAGED)) == ALARMS, 60.0)
        paged = _pages(rig)
        counts = {number: sum(map(_cases, texts)) for number, texts in paged.items()}
        assert sum(counts.values()) >= ALARMS
        assert all(len(texts) < ALARMS / 10 for texts in paged.values()), counts
        # Nobody has acknowledged: each is paged again.
        twice = f"{PAGED} HAVING count(*) > 1"
        eventually(lambda: len(rig.rows(twice)) == ALARMS, 150.0)


def _pages(rig: Rig) -> dict[str, list[str]]:
    """Return the texts to each officer, by number."""
    roster = sample_roster()
    officers = {str(n) for p in roster.people if "duty" in p.roles for n in p.numbers}
    found: dict[str, list[str]] = defaultdict(list)
    for sms in rig.messages.items():
        if sms.number in officers:
            found[sms.number].append(sms.text)
    return found


def _cases(text: str) -> int:
    """Return of how many cases a page tells."""
    counted = COUNT.search(text)
    return int(counted[1]) if counted else 1
