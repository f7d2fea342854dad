"""Hypothesis strategies for every kind of an alarm's facts."""

from hypothesis import strategies as st

from engine.alarm import case_events as case_facts
from engine.alarm import events as facts
from engine.alarm.refusals import RefusalGround
from engine.alarm.state import (
    Ask,
    CloseReason,
    FalseClass,
    Force,
    Kind,
    ReplyKind,
    Truth,
)
from engine.ports.journal import EffectClass, EffectState
from engine.values import (
    AlarmId,
    PersonId,
    ReportKey,
    StepId,
)
from tests.strategies import (
    AUDIENCES,
    BODIES,
    CHOSEN,
    COUNTS,
    EFFECT_IDS,
    INSTANTS,
    NAMES,
    OPERATORS,
    PLACES,
    PRESSES,
    PROTOCOLS,
    STEPS,
    WORDS,
    maybe,
)

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
        after=st.lists(WORDS.map(AlarmId), max_size=2).map(tuple),
    ),
    facts.PressJoined: st.builds(
        facts.PressJoined,
        at=INSTANTS,
        press=PRESSES,
        place=PLACES,
        urges=st.booleans(),
        after=st.lists(WORDS.map(AlarmId), max_size=2).map(tuple),
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
        facts.AlarmAcknowledged,
        at=INSTANTS,
        by=OPERATORS,
        until=st.none() | INSTANTS,
    ),
    facts.AcknowledgementLapsed: st.builds(
        facts.AcknowledgementLapsed,
        at=INSTANTS,
        by=OPERATORS,
        off_duty=st.booleans(),
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
        case_facts.CaseHandedOver,
        at=INSTANTS,
        by=OPERATORS,
        to=OPERATORS,
        note=WORDS,
        until=st.none() | INSTANTS,
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
    case_facts.PressedAnew: st.builds(
        case_facts.PressedAnew, at=INSTANTS, other=WORDS.map(AlarmId)
    ),
    case_facts.EarlierCaseTold: st.builds(
        case_facts.EarlierCaseTold, at=INSTANTS, other=WORDS.map(AlarmId)
    ),
    case_facts.PeopleLeftOut: st.builds(
        case_facts.PeopleLeftOut,
        at=INSTANTS,
        people=st.lists(
            st.builds(
                case_facts.LeftOut,
                person=WORDS,
                alias=WORDS,
                case=WORDS.map(AlarmId),
                is_hidden=st.booleans(),
            ),
            max_size=3,
        ).map(tuple),
    ),
    case_facts.PersonCountsAgain: st.builds(
        case_facts.PersonCountsAgain,
        at=INSTANTS,
        by=OPERATORS,
        case=WORDS.map(AlarmId),
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
        ground=st.sampled_from(RefusalGround),
    ),
}
ANY_EVENT: st.SearchStrategy[facts.AlarmEvent] = st.one_of(*EVENTS.values())
