"""Rosters for tests: one by hand, any by Hypothesis."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import strategies as st

from engine.roster.model import (
    Address,
    CircleName,
    Consent,
    DeclaredPlace,
    Device,
    Language,
    Number,
    Person,
    Profile,
    Role,
    Roster,
    Rota,
)
from engine.roster.risk import read_window
from engine.values import DeviceId, PersonId, Signal

CIRCLES = tuple(CircleName(name) for name in ("amber", "coral", "jade"))
ZONES = ("Europe/Stockholm", "Asia/Tashkent", "Pacific/Apia", "UTC")
LETTERS = "abcdefghijklmnopqrstuvwxyzåäöéèñ"
TOLD = frozenset({Role.COLLEAGUE, Role.DUTY})

IDS = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,6}[a-z0-9]", fullmatch=True)
WORDS = st.text(LETTERS, min_size=3, max_size=10)
# Made of what is printed, and not looked for among all texts: few of them are.
_PRINTED = st.text(
    st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=19
)
TEXTS = st.lists(_PRINTED, min_size=1, max_size=4).map(" ".join)


def person(name: str, **changes: object) -> Person:
    """Return a fictional defender and colleague in Sweden, changed as asked."""
    somebody = Person(
        person=PersonId(name),
        alias=name.capitalize(),
        roles=frozenset({Role.DEFENDER, Role.COLLEAGUE}),
        language=Language.SWEDISH,
        zone="Europe/Stockholm",
        country="SE",
        numbers=(Number("+46701740610"),),
        sign=name.capitalize(),
        circles=frozenset({CIRCLES[0]}),
        fictional=True,
    )
    return replace(somebody, **changes)  # type: ignore[arg-type] # fields by name


def place(*, lat_deg: float, lon_deg: float, given_on: str) -> DeclaredPlace:
    """Return a declared place of 10 km."""
    return DeclaredPlace(
        name="Town",
        lat_deg=lat_deg,
        lon_deg=lon_deg,
        accuracy_m=10_000.0,
        given_on=date.fromisoformat(given_on),
    )


PLACES = st.builds(
    DeclaredPlace,
    name=TEXTS,
    lat_deg=st.floats(-90, 90),
    lon_deg=st.floats(-180, 180),
    accuracy_m=st.floats(0, 2_000_000, exclude_min=True),
    given_on=st.dates(date(1970, 1, 1)),
)

ADDRESSES = st.one_of(
    st.builds(
        Address,
        channel=st.just("email"),
        address=st.from_regex(r"[a-z.]{1,9}@[a-z]{1,9}\.example", fullmatch=True),
    ),
    st.builds(Address, channel=st.just("matrix"), address=TEXTS),
)


@st.composite
def rosters(
    draw: st.DrawFn, addresses: st.SearchStrategy[Address] = ADDRESSES
) -> Roster:
    """Draw a roster that breaks no rule, of up to seven people."""
    ids = draw(st.lists(IDS, min_size=1, max_size=7, unique=True))
    count = len(ids)
    words = st.lists(WORDS, min_size=count, max_size=count, unique=True)
    aliases, signs = draw(words), draw(words)
    numbers = draw(
        st.lists(st.integers(0, 999), min_size=count, max_size=count, unique=True)
    )
    people = [
        _drawn(draw, addresses, one, alias, sign, f"+447700900{number:03d}")
        for one, alias, sign, number in zip(ids, aliases, signs, numbers, strict=True)
    ]
    reachable = [one.person for one in people if one.numbers or one.addresses]
    people = [_with_contacts(draw, one, reachable) for one in people]
    defenders = [one.person for one in people if one.has(Role.DEFENDER)]
    on_duty = [one.person for one in people if one.has(Role.DUTY)]
    return Roster(
        people=tuple(people),
        devices=tuple(draw(_devices(defenders))) if defenders else (),
        profiles=tuple(draw(PROFILES)),
        rota=Rota(duty=tuple(draw(st.permutations(on_duty)))),
    )


def _drawn(
    draw: st.DrawFn,
    addresses: st.SearchStrategy[Address],
    name: str,
    alias: str,
    sign: str,
    number: str,
) -> Person:
    roles = draw(st.frozensets(st.sampled_from(Role), min_size=1))
    has_number = bool(roles & TOLD) or Role.CONTACT in roles or draw(st.booleans())
    return Person(
        person=PersonId(name),
        alias=alias,
        roles=roles,
        language=draw(st.sampled_from(Language)),
        zone=draw(st.sampled_from(ZONES)),
        country=draw(st.sampled_from(("GB", "SE", "WS"))),
        numbers=(Number(number),) if has_number else (),
        addresses=tuple(draw(st.lists(addresses, max_size=2))),
        sign=sign,
        safe_word=f"{number[1:]}s",
        duress_word=draw(st.sampled_from(("", f"{number[1:]}d"))),
        circles=draw(st.frozensets(st.sampled_from(CIRCLES))),
        declared=draw(st.none() | PLACES),
        available=draw(st.booleans()),
        live_position_consent=draw(st.booleans()),
        call_is_sos=Role.DEFENDER in roles and draw(st.booleans()),
        publish_consent=draw(st.sampled_from(Consent)),
        public_name=f"Public {alias}",
        action_protocol=draw(st.none() | IDS),
        agreed_text=draw(SIGNED) if Role.DEFENDER in roles else "",
        risk_windows=tuple(draw(st.lists(WINDOWS, unique=True))),
        shifts=tuple(draw(st.lists(WINDOWS, unique=True))),
        fictional=True,
    )


def _with_contacts(draw: st.DrawFn, one: Person, reachable: list[PersonId]) -> Person:
    others = [other for other in reachable if other != one.person]
    if not others or not one.has(Role.DEFENDER):
        return one
    named = draw(st.lists(st.sampled_from(others), unique=True, max_size=3))
    return replace(one, contacts=tuple(named))


SIGNED = st.just("") | st.from_regex(r"[0-9a-f]{16}", fullmatch=True)
HEARTBEATS = st.integers(30, 31 * 86400).map(lambda s: timedelta(seconds=s))
WINDOWS = st.sampled_from(
    ("daily 00:00-00:00", "mon-fri 22:00-06:00", "2026-12-01 18:00 to 2026-12-02 06:00")
).map(read_window)
PROFILES = st.lists(
    st.builds(
        Profile,
        profile=IDS,
        codes=st.dictionaries(TEXTS, st.sampled_from(Signal), min_size=1, max_size=3),
    ),
    max_size=2,
    unique_by=lambda one: one.profile,
)
SIMS = st.from_regex(r"\+[1-9][0-9]{6,14}", fullmatch=True).map(Number)


def _devices(defenders: list[PersonId]) -> st.SearchStrategy[list[Device]]:
    ids = st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._:-]{0,14}", fullmatch=True)
    one = st.builds(
        Device,
        device=ids.map(DeviceId),
        wire_protocol=st.sampled_from(("gt06", "osmand")),
        person=st.sampled_from(defenders),
        profile=st.just("") | IDS,
        model=st.just("")
        | st.from_regex(r"[0-9A-Za-z][ 0-9A-Za-z._-]{0,31}", fullmatch=True),
        number=st.none() | SIMS,
        secret_file=st.none() | TEXTS,
        heartbeat=st.none() | HEARTBEATS,
    )
    return st.lists(
        one,
        max_size=3,
        unique_by=(lambda device: device.device, lambda d: d.number or d.device),
    )


def without(before: Roster, who: PersonId) -> Roster:
    """Return a roster less one person, with all that names them."""
    return replace(
        before,
        people=tuple(
            replace(one, contacts=tuple(c for c in one.contacts if c != who))
            for one in before.people
            if one.person != who
        ),
        devices=tuple(one for one in before.devices if one.person != who),
        rota=replace(
            before.rota, duty=tuple(one for one in before.rota.duty if one != who)
        ),
    )
