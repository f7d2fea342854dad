"""Action protocols that together say every sentence that an agreement may have."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from engine.ports.device import DeviceCommand
from engine.protocol.model import (
    ActionProtocol,
    Audience,
    CheckInPlan,
    Manner,
    Proof,
    Rung,
    Start,
    Step,
    Voice,
)
from engine.protocol.parse import parse_protocol, sample, sample_names
from engine.protocol.tables import ALL_IS_WELL
from engine.values import Signal, StepId
from tests.engine.protocol.test_explain import WHOLE

SAMPLES = {
    name: parse_protocol(sample(name) or "", f"{name}.toml") for name in sample_names()
}
_MINUTE = timedelta(minutes=1)
_HEAD = "name = 'Mine'\nversion = 1\ncountdown_s = 30\n"
_VERIFICATION = "[verification]\notherwise = '{}'\n"
_DUTY = """
[[step]]
id = "duty"
to = "duty"
channels = ["sms"]
text = "page"
"""
_SOME = 'requires = ["{}"]\nstopped_by = ["{}"]\n'
_FILES = (
    _HEAD + _VERIFICATION.format("ask") + _DUTY,
    _HEAD
    + _VERIFICATION.format("treat_as_real")
    + _DUTY
    + _SOME.format("real", "false"),
    _HEAD + _VERIFICATION.format("ask") + _DUTY + _SOME.format("real", "disputed"),
    _HEAD
    + _VERIFICATION.format("ask")
    + _DUTY
    + _SOME.format("confirmed_source", "real"),
)
_PLANS = (
    CheckInPlan(answers=True, grace=_MINUTE, button=_MINUTE),
    CheckInPlan(answers=True, warnings=(2 * _MINUTE, _MINUTE), grace=_MINUTE),
    CheckInPlan(answers=True, warnings=(timedelta(0),)),
    CheckInPlan(answers=True, warnings=(_MINUTE, timedelta(0))),
)


def every_sentence() -> Iterator[ActionProtocol]:
    """Yield each; what is said of the two that stand in is said of any."""
    yield from SAMPLES.values()
    yield from (parse_protocol(text, "mine.toml") for text in _FILES)
    whole = parse_protocol(WHOLE, "whole.toml")
    yield whole
    rule = SAMPLES["quorum"].verification
    assert rule is not None
    steps = tuple(_steps(whole.steps[0]))
    for number, plan in enumerate(_PLANS):
        yield replace(
            whole,
            steps=steps[:4] if number == 0 else steps,
            check_in=plan,
            triggers=frozenset(Signal) - ALL_IS_WELL - {Signal.CHECK_IN_MISSED},
            risk_triggers=frozenset({Signal.CHECK_IN_MISSED}),
            forbids=("call", *Audience) if number else (),
            lease=_MINUTE if number else None,
            manner=[*Manner][number % 2],
            all_clear_needs=number + 1,
            trust_unconfirmed=number == 0,
            verification=replace(
                rule, of=frozenset({[*Voice][number % 3]}), needs=number + 1
            ),
            device_commands=frozenset(DeviceCommand),
        )


def _steps(near: Step) -> Iterator[Step]:
    """Yield steps of every shape, audience, text and start."""
    ways = ("sms", "call", "email", "public")
    proofs = (*Proof, Proof.SENT)
    rungs = tuple(
        Rung(channel=way, proof=proof, within=_MINUTE)
        for way, proof in zip((*ways, "webhook"), proofs, strict=True)
    )
    yield replace(near, ladder=rungs, channels=(*ways, "webhook"))
    yield replace(near, id=StepId("b"), within_m=None, rounds=2, within_more_m=0.0)
    yield replace(near, id=StepId("c"), count_more=0, rounds=3)
    yield replace(near, id=StepId("d"), delay=_MINUTE, after="near", ladder=())
    said = (
        "sos ask moved stop unconfirmed received cancelled ended recheck public_named"
    )
    texts = said.split()
    starts = ([*Start] * 2)[: len(texts)]
    for to, text, after in zip(Audience, texts, starts, strict=True):
        yield replace(
            near, id=StepId(f"to-{to}"), to=to, text=text, after=after, ladder=()
        )
