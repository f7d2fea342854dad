"""Hypothesis strategies for what the engine's packages exchange."""

from datetime import timedelta
from typing import TypeVar

from hypothesis import strategies as st

from engine.alarm import events as facts
from engine.alarm.state import KnownPlace, PlaceSource, Press, SourceDoubt
from engine.dispatch.body import EffectBody
from engine.protocol.model import (
    ActionProtocol,
    Audience,
    Condition,
    Fallback,
    Level,
    Manner,
    Proof,
    Publication,
    Rung,
    Start,
    Step,
    Updates,
    Verification,
    Voice,
)
from engine.protocol.texts import Segment
from engine.values import (
    EffectId,
    Fix,
    Instant,
    OperatorId,
    ReportKey,
    Signal,
    StepId,
)

T = TypeVar("T")

WORDS = st.text(max_size=20)
NAMES = st.sampled_from(["wren", "owl", "hq-1", "alder", "public-1", "nobody"])
STEPS = st.sampled_from(["colleagues", "hq", "duty", "widen", "publish", "stop", "x"])
INSTANTS = st.integers(0, 4_102_444_800_000).map(Instant)  # to the year 2100
DURATIONS = st.integers(0, 10**10).map(lambda ms: timedelta(milliseconds=ms))
LATITUDES = st.floats(-90, 90)
LONGITUDES = st.floats(-180, 180)
METRES = st.floats(0, 2e7)
COUNTS = st.integers(0, 1000)
FIXES = st.builds(
    Fix,
    lat_deg=LATITUDES,
    lon_deg=LONGITUDES,
    at=INSTANTS,
    accuracy_m=st.none() | METRES,
)
SIGNALS = st.sampled_from(list(Signal))
OPERATORS = st.sampled_from(["alder", "rowan"]).map(OperatorId)


def maybe(strategy: st.SearchStrategy[T]) -> st.SearchStrategy[T | None]:
    """Draw it, or nothing."""
    return st.none() | strategy


PLACES = st.builds(
    KnownPlace,
    source=st.sampled_from(PlaceSource),
    lat_deg=maybe(LATITUDES),
    lon_deg=maybe(LONGITUDES),
    accuracy_m=maybe(METRES),
    at=maybe(INSTANTS),
    name=WORDS,
)
PRESSES = st.builds(
    Press,
    key=st.uuids().map(lambda u: ReportKey(u.hex)),
    at=INSTANTS,
    wire_protocol=st.sampled_from(["gt06", "osmand", "sms"]),
    signals=st.lists(SIGNALS, max_size=3, unique=True).map(tuple),
    codes=st.lists(WORDS, max_size=2).map(tuple),
    device=maybe(st.just("004999010640018")),
    device_at=maybe(INSTANTS),
    late=st.booleans(),
    clock_doubtful=st.booleans(),
    place_doubtful=st.booleans(),
    checksum_failed=st.booleans(),
    undecodable=st.booleans(),
    doubt=maybe(st.sampled_from(SourceDoubt)),
    battery_ratio=maybe(st.floats(0, 1)),
    raw=st.binary(max_size=8).map(bytes.hex),
    text=WORDS,
    proven=st.booleans(),
    duress=st.booleans(),
)
CONDITIONS = st.lists(st.sampled_from(Condition), max_size=3, unique=True).map(tuple)
RUNGS = st.builds(
    Rung,
    channel=st.sampled_from(["sms", "email"]),
    proof=st.sampled_from(Proof),
    within=DURATIONS,
)
ANY_STEP = st.builds(
    Step,
    id=STEPS.map(StepId),
    after=st.sampled_from([*(start.value for start in Start), "colleagues", "hq"]),
    to=st.sampled_from(Audience),
    channels=st.lists(st.sampled_from(["sms", "email"]), min_size=1).map(tuple),
    text=st.sampled_from(["sos", "hq", "page", "stop", "public", "gone"]),
    delay=DURATIONS,
    requires=CONDITIONS,
    stopped_by=CONDITIONS,
    count=st.integers(1, 100),
    within_m=maybe(METRES),
    count_more=st.integers(0, 3),
    within_more_m=METRES,
    replaces_declined=st.booleans(),
    ladder=st.lists(RUNGS, max_size=2, unique_by=lambda one: one.channel).map(tuple),
    every=maybe(DURATIONS),
    rounds=maybe(st.integers(1, 5)),
    repeats=maybe(st.integers(0, 10)),
)
VERIFICATIONS = st.builds(
    Verification,
    needs=st.integers(1, 3),
    of=st.frozensets(st.sampled_from(Voice), min_size=1),
    within=DURATIONS,
    otherwise=st.sampled_from(Fallback),
)
PROTOCOLS = st.builds(
    ActionProtocol,
    name=WORDS,
    version=st.integers(1, 9),
    digest=WORDS,
    triggers=st.frozensets(SIGNALS, max_size=3),
    steps=st.lists(ANY_STEP, max_size=4).map(tuple),
    trust_unconfirmed=st.booleans(),
    verification=maybe(VERIFICATIONS),
    all_clear_needs=st.integers(1, 3),
    countdown=DURATIONS,
    crowd_max=maybe(st.integers(1, 5)),
    lease=maybe(DURATIONS),
    fresh=DURATIONS,
    manner=maybe(st.sampled_from(Manner)),
    publication=st.builds(
        Publication,
        level=st.sampled_from(Level),
        delay=DURATIONS,
        decider=maybe(st.sampled_from(["alder", "rowan"])),
    ),
    never=st.lists(WORDS, max_size=2).map(tuple),
    forbids=st.lists(WORDS, max_size=2).map(tuple),
    updates=st.builds(
        Updates, moved_m=METRES, every=DURATIONS, silent=maybe(DURATIONS)
    ),
)
BODIES = st.builds(
    EffectBody,
    address=WORDS,
    language=st.sampled_from(["en", "ru", "ar"]),
    segments=st.lists(
        st.builds(
            Segment,
            priority=st.integers(1, 9),
            text=WORDS,
            since=maybe(INSTANTS),
            shorter=st.lists(st.tuples(st.integers(1, 9), WORDS), max_size=2).map(
                tuple
            ),
        ),
        max_size=3,
    ).map(tuple),
    subject=WORDS,
    repeat=st.integers(0, 9),
    data=st.dictionaries(WORDS, WORDS, max_size=2),
)
EFFECT_IDS = st.sampled_from(["a.colleagues.1.wren.sms.0", "a.x.9.owl.sms.3"]).map(
    EffectId
)
CHOSEN = st.builds(
    facts.Chosen,
    person=NAMES,
    alias=WORDS,
    language=st.sampled_from(["en", "sv"]),
    sign=WORDS,
    code=WORDS,
    distance_m=maybe(METRES),
    place_age=maybe(DURATIONS),
    declared=st.booleans(),
    zone=st.sampled_from(["UTC", "Asia/Tashkent", "No/Where"]),
    ways=st.lists(st.tuples(st.sampled_from(["sms", "email"]), WORDS), max_size=2).map(
        tuple
    ),
)


AUDIENCES = st.sampled_from(Audience)
