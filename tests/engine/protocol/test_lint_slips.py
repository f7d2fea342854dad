"""What a file says, and what does nothing or means something else, is found."""

import pytest

from engine.protocol.explain import explanation
from engine.protocol.findings import Fault
from engine.protocol.lint import lint
from tests.engine.protocol.test_lint import DUTY, HQ, NEAR, RULE, STOP, found, protocol

CONTACTS = """
[[step]]
id = "contacts"
to = "contacts"
channels = ["sms"]
text = "sos"
"""
PUBLISH = """
[[step]]
id = "publish"
after = "approved"
to = "public"
channels = ["public"]
text = "public"
requires = ["verified", "consented", "approved"]
"""


@pytest.mark.parametrize(
    "field",
    [
        "count = 3",
        "within_km = 20",
        "count_more = 1",
        "within_more_km = 10",
        "replaces_declined = true",
    ],
)
def test_a_search_for_people_who_are_named_is_ignored(field: str) -> None:
    ((where, words),) = found(Fault.IGNORED, HQ, DUTY, CONTACTS + field, STOP)
    assert where == "contacts"
    assert words.startswith(field.partition(" ")[0])
    assert "for the nearest alone" in words


@pytest.mark.parametrize(
    ("others", "never"),
    [
        ((), ["near"]),
        (('after = "near"\n',), ["near", "wider"]),
        (("",), []),
    ],
)
def test_a_step_for_which_somebody_comes_whom_nobody_asks_is_found(
    others: tuple[str, ...], never: list[str]
) -> None:
    """It never runs, and by it alone anybody would be asked to come."""
    near = f'{NEAR}requires = ["somebody_coming"]\n'
    wider = [NEAR.replace('"near"', '"wider"') + one for one in others]
    told = found(Fault.UNREACHABLE, HQ, DUTY, near, *wider, STOP)
    assert [one for one, _ in told] == never
    assert all("requires 'somebody_coming'" in words for _, words in told[:1])


@pytest.mark.parametrize("rounds", ["", "rounds = 3"])
def test_contacts_who_are_to_be_told_again_and_are_told_once_are_found(
    rounds: str,
) -> None:
    again = f"{CONTACTS}every_s = 300\n{rounds}\n"
    ((where, words),) = found(Fault.IGNORED, HQ, DUTY, again, STOP)
    assert where == "contacts"
    assert words.startswith("every_s: each contact is told once")
    reminded = CONTACTS.replace('"contacts"', '"silent"') + "every_s = 300\n"
    assert found(Fault.IGNORED, HQ, DUTY, CONTACTS, reminded, STOP) == []


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ("count_more = 3\n", ["count_more: there is no later round"]),
        ("within_km = 5\nwithin_more_km = 5\n", ["within_more_km: there is no later"]),
        ("within_more_km = 5\nevery_s = 60\n", ["within_more_km: nothing limits it"]),
        ("within_km = 5\nwithin_more_km = 5\ncount_more = 1\nevery_s = 60\n", []),
        ("count = 9\nreplaces_declined = true\n", []),
    ],
)
def test_a_search_that_cannot_grow_is_found(fields: str, said: list[str]) -> None:
    near = NEAR.replace("count = 5\n", "") + fields
    words = [words for _, words in found(Fault.IGNORED, HQ, DUTY, near, STOP)]
    assert len(words) == len(said)
    assert all(one.startswith(start) for one, start in zip(words, said, strict=True))


@pytest.mark.parametrize(
    ("head", "steps", "said"),
    [
        ('[publication]\nlevel = "name"\n', (), "publication: there is no step"),
        ("[publication]\ndelay_s = 60\n", (), "publication: there is no step"),
        ('[publication]\nlevel = "nothing"\n', (), ""),
        ('[publication]\nlevel = "name"\n', (PUBLISH,), "publication.level is name"),
        ("[publication]\ndelay_s = 60\n", (PUBLISH,), ""),
        ("", (PUBLISH + "repeats = 5\n",), "repeats: the public is never told again"),
        ("[updates]\nevery_s = 900\n", (), "updates.every_s"),
        ("[updates]\nmoved_m = 900\n", (), ""),
        ('forbids = ["Contacts"]\n', (), "forbids 'Contacts'"),
        ('forbids = ["police"]\n', (), "forbids 'police'"),
        ('forbids = ["contacts", "webhook", "public"]\n', (), ""),
    ],
)
def test_what_is_agreed_for_the_whole_and_does_nothing_is_found(
    head: str, steps: tuple[str, ...], said: str
) -> None:
    ignored = [words for _, words in found(Fault.IGNORED, head, HQ, DUTY, NEAR, *steps)]
    assert len(ignored) == bool(said)
    assert all(words.startswith(said) for words in ignored)


@pytest.mark.parametrize(("most", "is_found"), [(4, True), (5, False)])
def test_a_search_for_more_than_the_crowd_may_be_is_found(
    most: int, *, is_found: bool
) -> None:
    head = f"crowd_max = {most}\n{RULE}"
    ignored = [words for _, words in found(Fault.IGNORED, head, HQ, DUTY, NEAR)]
    assert [words.partition(":")[0] for words in ignored] == ["crowd_max"] * is_found


def test_a_crowd_and_a_countdown_of_nobody_are_found() -> None:
    rule = RULE.replace('"colleagues", "contacts"', '"hq"')
    head = f"crowd_max = 5\ncountdown_s = 20\n{rule}"
    said = [
        words.partition(":")[0] for _, words in found(Fault.IGNORED, head, HQ, DUTY)
    ]
    assert said == ["crowd_max", "countdown_s"]
    assert found(Fault.IGNORED, head, HQ, DUTY, NEAR) == []


@pytest.mark.parametrize(
    ("triggers", "said"),
    [
        ('["sos", "removed"]', []),
        ('["sos"]', ["torn off (removed)"]),
        ('["removed", "fall"]', ["for help (sos)"]),
    ],
)
def test_a_press_or_a_torn_off_device_that_raises_nothing_is_found(
    triggers: str, said: list[str]
) -> None:
    steps = (f"triggers = {triggers}\n", HQ, DUTY, NEAR, STOP)
    words = [words for _, words in found(Fault.UNREACHABLE, *steps)]
    assert len(words) == len(said)
    assert all(one in line for one, line in zip(said, words, strict=True))


@pytest.mark.parametrize("plan", ["button_s = 21600", "answers = true"])
def test_a_timer_that_raises_nothing_where_it_runs_out_is_found(plan: str) -> None:
    """The telephone said until when, and nobody but HQ would have heard."""
    table = f"[check_in]\n{plan}\n"
    steps = (HQ, DUTY, NEAR, STOP)
    without = 'triggers = ["sos", "removed"]\n'
    ((_, words),) = found(Fault.UNREACHABLE, without + table, *steps)
    assert "runs out (check_in_missed) raises nothing" in words
    assert found(Fault.UNREACHABLE, table, *steps) == []
    assert found(Fault.UNREACHABLE, without, *steps) == []
    said = "Whether you are missed is shown to HQ alone."
    assert said in explanation(protocol(without + table, *steps))
    assert said not in explanation(protocol(table, *steps))


def test_a_quorum_without_hq_is_never_one_for_false() -> None:
    steps = (RULE, HQ, DUTY, NEAR, STOP)
    ((where, words),) = found(Fault.UNREACHABLE, *steps)
    assert (where, "never found false" in words) == ("", True)
    with_hq = RULE.replace('"contacts"', '"hq"')
    assert found(Fault.UNREACHABLE, with_hq, *steps[1:]) == []


def test_a_quorum_of_people_whom_no_step_tells_is_found() -> None:
    rule = RULE.replace('"colleagues", ', "")
    ((_, words),) = found(Fault.NOBODY, rule, HQ, DUTY, NEAR, STOP)
    assert words == "verification waits for contacts, and no step tells them"
    assert found(Fault.NOBODY, rule, HQ, DUTY, NEAR, CONTACTS, STOP) == []


@pytest.mark.parametrize(
    "fields", ['after = "approved"\n', 'requires = ["approved"]\n']
)
def test_what_waits_for_an_approval_that_nobody_can_give_is_found(fields: str) -> None:
    waits = CONTACTS + fields
    ((where, _),) = found(Fault.UNREACHABLE, HQ, DUTY, NEAR, waits, STOP)
    assert where == "contacts"
    assert found(Fault.UNREACHABLE, HQ, DUTY, NEAR, waits, PUBLISH, STOP) == []


def test_what_waits_for_a_dispute_where_there_is_none_is_found() -> None:
    waits = f'{CONTACTS}requires = ["disputed"]\n'
    ((where, _),) = found(Fault.UNREACHABLE, HQ, DUTY, waits, STOP)
    assert where == "contacts"
    rule = RULE.replace('"contacts"', '"hq"')
    assert found(Fault.UNREACHABLE, rule, HQ, DUTY, waits, STOP) == []


@pytest.mark.parametrize(
    "text", ["hq", "page", "notice", "unconfirmed", "ask", "moved"]
)
def test_a_text_that_leaves_people_nothing_to_go_by_is_found(text: str) -> None:
    near = NEAR.replace('"sos"', f'"{text}"')
    ((where, words),) = found(Fault.MISPLACED, HQ, DUTY, near, STOP)
    assert (where, repr(text) in words) == ("near", True)


def test_texts_where_they_belong_are_not_spoken_of() -> None:
    follow = """
[[step]]
id = "follow"
after = "moved"
to = "everyone"
channels = ["sms"]
text = "moved"
"""
    ask = CONTACTS.replace('"contacts"', '"asked"').replace('"sos"', '"ask"')
    assert found(Fault.MISPLACED, HQ, DUTY, NEAR, ask, follow, STOP) == []


@pytest.mark.parametrize(
    ("said", "meant"), [("smss", "sms"), ("emial", "email"), ("cal", "call")]
)
def test_a_channel_that_is_a_slip_is_found_with_what_was_meant(
    said: str, meant: str
) -> None:
    near = NEAR.replace('"sms"', f'"{said}"')
    slip = ("near", f"no channel {said!r} is known; did you mean {meant!r}?")
    assert found(Fault.NOBODY, HQ, DUTY, near, STOP) == [slip], "and no other cure"


def test_a_channel_like_no_other_or_configured_is_no_slip() -> None:
    matrix = NEAR.replace('"sms"', '"matrix", "sms"')
    assert (
        found(Fault.NOBODY, HQ, DUTY, matrix, STOP.replace('"sms"', '"sms", "matrix"'))
        == []
    )
    own = protocol(HQ, DUTY, NEAR.replace('"sms"', '"sms", "email2"'), STOP)
    for configured, times in ((frozenset[str](), 1), (frozenset({"email2"}), 0)):
        warned = lint(own, configured=configured)
        assert sum("did you mean" in one.words for one in warned) == times


@pytest.mark.parametrize("after", ["closed", "stop"])
def test_a_call_for_help_after_the_end_is_misplaced(after: str) -> None:
    late = NEAR.replace('"near"', f'"late"\nafter = "{after}"')
    ((where, words),) = found(Fault.MISPLACED, HQ, DUTY, NEAR, STOP, late)
    assert (where, "when the alarm has ended already" in words) == ("late", True)
