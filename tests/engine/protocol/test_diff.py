"""Two versions are compared by what they do, not by their text."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.protocol.diff import differences
from engine.protocol.model import Level, Proof, Publication, Rung, Updates
from engine.protocol.registry import load_registry
from engine.values import Signal, StepId

STANDARD = load_registry(None, "standard").protocols["standard"]


def test_the_same_steps_under_another_name_and_version_are_no_difference() -> None:
    other = replace(STANDARD, name="Other", version=2, digest="other")
    assert differences(STANDARD, other) == []


def test_what_is_new_gone_and_changed_is_said() -> None:
    first, *rest = STANDARD.steps
    changed = replace(first, count=7, delay=timedelta(seconds=90))
    added = replace(first, id=StepId("extra"))
    after = replace(STANDARD, steps=(changed, *rest[:-1], added))
    lines = differences(STANDARD, after)
    assert "~ colleagues: count 5 -> 7" in lines
    assert "~ colleagues: delay 0 seconds -> 90 seconds" in lines
    assert any(line.startswith("+ ") and "(extra)" in line for line in lines)
    assert any(line.startswith("- ") and "(unconfirmed)" in line for line in lines)


def test_the_order_counts() -> None:
    turned = replace(STANDARD, steps=tuple(reversed(STANDARD.steps)))
    (line,) = differences(STANDARD, turned)
    assert line.startswith("> order: colleagues, hq")


def test_what_holds_for_all_of_it_is_compared_too() -> None:
    after = replace(
        STANDARD,
        triggers=frozenset({Signal.SOS, Signal.FALL}),
        trust_unconfirmed=True,
        verification=load_registry(None, "standard").protocols["quorum"].verification,
    )
    said = "\n".join(differences(STANDARD, after))
    assert "~ triggers: check_in_missed, removed, sos -> fall, sos" in said
    assert "~ trust unconfirmed: no -> yes" in said
    assert (
        "~ verification: none -> (needs 2; of colleagues, contacts, hq; within 15"
        " minutes; otherwise ask)" in said
    )


def test_no_change_is_told_in_our_own_words() -> None:
    """Every table and every list of a file, in people's words."""
    rungs = (
        Rung(channel="sms", proof=Proof.DELIVERED, within=timedelta(seconds=60)),
        Rung(channel="call", proof=Proof.ANSWERED, within=timedelta(seconds=90)),
    )
    first, *rest = STANDARD.steps
    after = replace(
        load_registry(None, "standard").protocols["quorum"],
        steps=(replace(first, ladder=rungs, channels=("sms", "call")), *rest),
        publication=Publication(level=Level.NAME, delay=timedelta(hours=1)),
        updates=Updates(silent=timedelta(minutes=5)),
    )
    said = "\n".join(differences(STANDARD, after))
    assert not any(word in said for word in ("timedelta", "frozenset", "<", "="))
    assert "ladder none -> (channel sms; proof delivered; within 1 minute), (ch" in said


def test_a_distance_has_its_unit_and_what_is_not_said_its_meaning() -> None:
    """*moved m 300.0 -> moved m 300* was told where nothing of it had changed."""
    first, *rest = STANDARD.steps
    wide = replace(first, within_m=30_000.0, every=timedelta(minutes=5), rounds=3)
    far = replace(wide, within_m=None, within_more_m=500.0, rounds=None)
    before = replace(STANDARD, steps=(wide, *rest), updates=Updates(moved_m=300.0))
    moved = Updates(moved_m=300, silent=timedelta(minutes=5))
    after = replace(STANDARD, steps=(far, *rest), updates=moved, crowd_max=7)
    updates = "(moved 300 m; every 10 minutes; silent "
    assert differences(before, after) == [
        "~ crowd max: no limit -> 7",
        f"~ updates: {updates}none) -> {updates}5 minutes)",
        "~ colleagues: within 30 km -> anywhere",
        "~ colleagues: within more 0 m -> 500 m",
        "~ colleagues: rounds 3 -> for ever",
    ]


def test_what_is_forbidden_no_more_is_told() -> None:
    before = replace(STANDARD, forbids=("public", "call"))
    after = replace(STANDARD, forbids=("call",))
    assert differences(before, after) == ["~ forbids: public, call -> call"]
    assert differences(after, STANDARD) == ["~ forbids: call -> none"]


@pytest.mark.parametrize("name", ["widening", "quorum", "arrest"])
def test_nothing_differs_from_itself(name: str) -> None:
    protocol = load_registry(None, "standard").protocols[name]
    assert differences(protocol, protocol) == []
