"""Faults of both modems at once, under the real service: nobody is forgotten.

The far end is the judge: whoever the action protocol names gets the alarm, and what
comes twice is marked as a repeat.
"""

import itertools
import json
import time
from collections import Counter, defaultdict

import pytest

from tests.adapters.modem.switches import SWITCHES, mend
from tests.rig import Rig, eventually

pytestmark = [pytest.mark.process, pytest.mark.slow]

NAMED = {"lapwing", "cormorant", "owlet", "quelea", "tinamou"}
BROKEN_S = 3.0
OPEN = "('planned', 'attempting')"
SENT = ("accepted", "delivered", "undelivered")
OPEN_ENDED = ("attempting", "unknown")


# Those that stop a message, its answer or the whole modem; every switch, alone and in
# pairs, is tried against the driver.
FAULTS = [
    ("drop_cmgs",),
    ("drop_ok",),
    ("late_cmgs_s",),
    ("no_prompt",),
    ("no_report",),
    ("no_credit",),
    ("cms_rate",),
    ("creg",),
    ("storage_full",),
    ("hang",),
    ("drop_cmgs", "drop_ok"),
    ("no_prompt", "flood_s"),
    ("hang", "creg"),
]


@pytest.mark.parametrize("names", FAULTS, ids="-".join)
def test_a_fault_of_every_modem_costs_nobody_the_alarm(
    rig: Rig, names: tuple[str, ...]
) -> None:
    for modem, name in itertools.product(rig.modems, names):
        modem.faults.set(name, SWITCHES.get(name, "on"))
    with rig.device() as device:
        assert device.sos(), "an SOS is taken all the same"
    time.sleep(BROKEN_S)  # noqa: TID251 - the service is left alone with it
    for modem, name in itertools.product(rig.modems, names):
        if name in SWITCHES:
            mend(modem.faults, name)
        else:
            modem.faults.hang = False
    assert eventually(lambda: set(rig.told()) >= NAMED, timeout_s=90)
    # Those of the first round are settled; duty is paged on and on.
    first = "SELECT count(*) FROM effect WHERE channel = 'sms' AND effect_id LIKE "
    to_them = f"{first}'%.sms.0' AND state IN {OPEN}"
    eventually(lambda: rig.rows(to_them) == [(0,)], timeout_s=90)
    _nothing_comes_twice_unmarked(rig)
    _what_is_recorded_is_true(rig)


def _what_is_recorded_is_true(rig: Rig) -> None:
    """The network has what was accepted, and never had what was rejected."""
    before, told, after = _states(rig), Counter(rig.told()), _states(rig)
    for person in after:
        sure = sum(before[person][state] for state in SENT)
        perhaps = sum(after[person][state] for state in (*SENT, *OPEN_ENDED))
        assert sure <= told[person] <= perhaps, (person, after[person])


def _states(rig: Rig) -> dict[str, Counter[str]]:
    """Return in which states each person's notifications by SMS are."""
    states: defaultdict[str, Counter[str]] = defaultdict(Counter)
    for effect, state in rig.rows(
        "SELECT effect_id, state FROM effect WHERE channel = 'sms'"
    ):
        states[str(effect).split(".")[-3]][str(state)] += 1
    return states


def _nothing_comes_twice_unmarked(rig: Rig) -> None:
    numbers = rig.numbers()
    plain = Counter(
        numbers.get(sms.number, "?")
        for sms in rig.messages.items()
        if not sms.is_repeat
    )
    assert {one: count for one, count in plain.items() if one in NAMED} == (
        dict.fromkeys(NAMED & plain.keys(), 1)
    )
    ended: defaultdict[str, set[str]] = defaultdict(set)
    for stream, body in rig.rows(
        "SELECT stream, CAST(body AS TEXT) FROM event WHERE kind = 'EffectSettled'"
    ):
        ended[str(stream).removeprefix("effect/")].add(json.loads(str(body))["state"])
    attempted = rig.rows(
        "SELECT effect_id FROM effect WHERE channel = 'sms'"
        f" AND state NOT IN {OPEN} AND state != 'withdrawn'"
    )
    for (effect,) in attempted:
        base, _, repeat = str(effect).rpartition(".")
        if int(repeat) > 0:
            before = ended[f"{base}.{int(repeat) - 1}"]
            assert before & {"unknown", "rejected", "undelivered"}, effect
        outcomes = ended[str(effect)]
        assert outcomes, "an attempt without an end"
        assert not {"accepted", "rejected"} <= outcomes, "two ends"
