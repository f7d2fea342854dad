"""Hypothesis strategies for what the engine's packages exchange."""

from datetime import timedelta
from typing import TypeVar

from hypothesis import strategies as st

from engine.alarm import case_events as case_facts
from engine.alarm import events as facts
from engine.alarm.state import (
    Ask,
    CloseReason,
    FalseClass,
    Force,
    Kind,
    KnownPlace,
    PlaceSource,
    Press,
    ReplyKind,
    SourceDoubt,
    Truth,
)
from engine.dispatch.body import EffectBody
from engine.ports.journal import EffectClass, EffectState
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
    AlarmId,
    EffectId,
    Fix,
    Instant,
    OperatorId,
    PersonId,
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
    repeats=st.integers(0, 10),
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
TAKEN_IN = st.builds(
    case_facts.TakenIn,
    person=NAMES,
    alias=WORDS,
    audience=AUDIENCES,
    language=st.sampled_from(["en", "sv"]),
    sign=WORDS,
    code=WORDS,
    zone=st.just("UTC"),
    ways=st.lists(st.tuples(st.sampled_from(["sms", "email"]), WORDS), max_size=2).map(
        tuple
    ),
)
# One strategy for each kind of fact.
EVENTS: dict[type[facts.AlarmEvent], st.SearchStrategy[facts.AlarmEvent]] = {
    facts.AlarmRaised: st.builds(
        facts.AlarmRaised,
        at=INSTANTS,
        kind=st.sampled_from(Kind),
        subject=NAMES,
        defender=maybe(NAMES.map(PersonId)),
        alias=WORDS,
        country=WORDS,
        consented=st.booleans(),
        protocol=PROTOCOLS,
        press=PRESSES,
        place=PLACES,
        has_words=st.booleans(),
        public_name=WORDS,
    ),
    facts.PressJoined: st.builds(
        facts.PressJoined,
        at=INSTANTS,
        press=PRESSES,
        place=PLACES,
        urges=st.booleans(),
    ),
    facts.CancelRequested: st.builds(facts.CancelRequested, at=INSTANTS, press=PRESSES),
    facts.PositionFollowed: st.builds(
        facts.PositionFollowed, at=INSTANTS, place=PLACES
    ),
    facts.SignNoticed: st.builds(
        facts.SignNoticed, at=INSTANTS, sign=st.sampled_from(Force)
    ),
    facts.StepFired: st.builds(
        facts.StepFired,
        at=INSTANTS,
        step=STEPS.map(StepId),
        round=COUNTS,
        found=COUNTS,
        replaces=st.integers(0, 3),
    ),
    facts.RecipientsChosen: st.builds(
        facts.RecipientsChosen,
        at=INSTANTS,
        step=STEPS.map(StepId),
        round=COUNTS,
        audience=AUDIENCES,
        chosen=st.lists(CHOSEN, max_size=3).map(tuple),
    ),
    facts.NotificationPlanned: st.builds(
        facts.NotificationPlanned,
        at=INSTANTS,
        effect=EFFECT_IDS,
        step=STEPS.map(StepId),
        round=COUNTS,
        repeat=COUNTS,
        repeat_of=maybe(EFFECT_IDS),
        person=NAMES,
        audience=AUDIENCES,
        channel=st.sampled_from(["sms", "email"]),
        effect_class=st.sampled_from(EffectClass),
        rank=COUNTS,
        avoid_route=WORDS,
        body=BODIES,
        climbs=maybe(EFFECT_IDS),
        english=WORDS,
    ),
    facts.NotificationSettled: st.builds(
        facts.NotificationSettled,
        at=INSTANTS,
        effect=EFFECT_IDS,
        state=st.sampled_from(EffectState),
        attempt=COUNTS,
        route=WORDS,
        reference=WORDS,
        reason=WORDS,
        retry=st.booleans(),
    ),
    facts.NotificationsWithdrawn: st.builds(
        facts.NotificationsWithdrawn,
        at=INSTANTS,
        effects=st.lists(EFFECT_IDS, max_size=2).map(tuple),
    ),
    facts.ReplyReceived: st.builds(
        facts.ReplyReceived,
        at=INSTANTS,
        person=NAMES,
        reply=st.sampled_from(ReplyKind),
        authentic=st.booleans(),
        channel=st.just("sms"),
        source=maybe(WORDS.map(ReportKey)),
        duress=st.booleans(),
        text=WORDS,
    ),
    facts.AlarmAcknowledged: st.builds(
        facts.AlarmAcknowledged, at=INSTANTS, by=OPERATORS
    ),
    facts.AcknowledgementLapsed: st.builds(
        facts.AcknowledgementLapsed, at=INSTANTS, by=OPERATORS
    ),
    facts.AlarmVerified: st.builds(
        facts.AlarmVerified, at=INSTANTS, by=OPERATORS, truth=st.sampled_from(Truth)
    ),
    facts.VerdictGiven: st.builds(
        facts.VerdictGiven, at=INSTANTS, by=OPERATORS, truth=st.sampled_from(Truth)
    ),
    facts.QuorumReached: st.builds(
        facts.QuorumReached,
        at=INSTANTS,
        truth=st.sampled_from(Truth),
        names=st.lists(NAMES, max_size=3).map(tuple),
    ),
    facts.VerificationAsked: st.builds(
        facts.VerificationAsked, at=INSTANTS, ask=st.sampled_from(Ask)
    ),
    facts.AlarmPresumed: st.builds(facts.AlarmPresumed, at=INSTANTS),
    facts.PublicationApproved: st.builds(
        facts.PublicationApproved, at=INSTANTS, by=OPERATORS, template=WORDS
    ),
    facts.AlarmClosed: st.builds(
        facts.AlarmClosed,
        at=INSTANTS,
        by=OPERATORS,
        reason=st.sampled_from(CloseReason),
        remark=WORDS,
        apparent=st.booleans(),
        false_class=maybe(st.sampled_from(FalseClass)),
        into=maybe(WORDS.map(AlarmId)),
    ),
    facts.SafetyConfirmed: st.builds(
        facts.SafetyConfirmed, at=INSTANTS, by=OPERATORS, remark=WORDS
    ),
    facts.AlarmReopened: st.builds(
        facts.AlarmReopened,
        at=INSTANTS,
        by=maybe(OPERATORS),
        apparent=st.booleans(),
        silent=st.booleans(),
    ),
    case_facts.CaseHandedOver: st.builds(
        case_facts.CaseHandedOver, at=INSTANTS, by=OPERATORS, to=OPERATORS, note=WORDS
    ),
    case_facts.AlarmsLinked: st.builds(
        case_facts.AlarmsLinked, at=INSTANTS, by=OPERATORS, other=WORDS.map(AlarmId)
    ),
    case_facts.PeopleTakenIn: st.builds(
        case_facts.PeopleTakenIn,
        at=INSTANTS,
        other=WORDS.map(AlarmId),
        people=st.lists(TAKEN_IN, max_size=2).map(tuple),
    ),
    case_facts.PeopleHandedOn: st.builds(
        case_facts.PeopleHandedOn,
        at=INSTANTS,
        into=WORDS.map(AlarmId),
        missing=st.booleans(),
    ),
    facts.NoteAdded: st.builds(
        facts.NoteAdded,
        at=INSTANTS,
        by=maybe(OPERATORS),
        text=WORDS,
        source=maybe(WORDS.map(ReportKey)),
        person=maybe(NAMES),
    ),
    facts.DetailsRevealed: st.builds(
        facts.DetailsRevealed, at=INSTANTS, by=OPERATORS, what=WORDS
    ),
    facts.ActRefused: st.builds(
        facts.ActRefused,
        at=INSTANTS,
        by=OPERATORS,
        act=WORDS,
        ground=st.sampled_from(facts.RefusalGround),
    ),
}
ANY_EVENT: st.SearchStrategy[facts.AlarmEvent] = st.one_of(*EVENTS.values())
