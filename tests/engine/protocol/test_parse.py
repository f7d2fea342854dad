"""Action protocols as people write them: every fault names its place and its cure."""

from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.errors import DataError
from engine.protocol.model import (
    Audience,
    Condition,
    Fallback,
    Level,
    Manner,
    Proof,
    Publication,
    Voice,
)
from engine.protocol.parse import load_protocol, parse_protocol
from engine.values import Signal

HEAD = 'name = "Mine"\nversion = 1\n'
STEP = """
[[step]]
id = "near"
to = "nearest"
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


def fault(text: str) -> DataError:
    with pytest.raises(DataError) as caught:
        parse_protocol(text, "mine.toml")
    return caught.value


def test_what_is_not_said_has_its_default() -> None:
    protocol = parse_protocol(HEAD + STEP, "mine.toml")
    (step,) = protocol.steps
    assert protocol.triggers == {Signal.SOS, Signal.REMOVED, Signal.CHECK_IN_MISSED}
    assert not protocol.trust_unconfirmed
    assert (step.after, step.delay, step.count) == ("raised", timedelta(0), 5)
    assert (step.rounds, step.every, step.within_m) == (1, None, None)


def test_seconds_and_kilometres_become_durations_and_metres() -> None:
    text = HEAD + STEP + "delay_s = 90\nevery_s = 60\nwithin_km = 1.5\n"
    (step,) = parse_protocol(text, "mine.toml").steps
    assert step.delay == timedelta(seconds=90)
    assert step.every == timedelta(minutes=1)
    assert step.within_m == 1500.0
    assert step.rounds is None, "what repeats does so for ever unless it says otherwise"


def test_the_digest_is_of_the_text_as_it_was_written() -> None:
    one = parse_protocol(HEAD + STEP, "mine.toml").digest
    other = parse_protocol(HEAD + STEP + "# a remark\n", "mine.toml").digest
    assert one != other
    assert len(one) == 64


@pytest.mark.parametrize(
    ("text", "line", "field", "said"),
    [
        (HEAD + "x = = 1", 3, "TOML", "line 3"),
        (HEAD, None, "step", "is missing; add [[step]]"),
        (HEAD + STEP.replace("to =", "two ="), 6, "step[0].two", "mean 'to'"),
        (HEAD + STEP + "chanels = []\n", 9, "step[0].chanels", "mean 'channels'"),
        ("nmae = 'x'\n" + HEAD + STEP, 1, "nmae", "did you mean 'name'"),
        (HEAD + STEP + "rounds = true\n", 9, "step[0].rounds", "not true or false"),
        (HEAD + STEP + "count = 0\n", 9, "step[0].count", "must be at least 1"),
        (
            HEAD + STEP + "within_km = -1\n",
            9,
            "step[0].within_km",
            "must be more than 0",
        ),
        (HEAD + STEP + "every_s = 1\n", 9, "step[0].every_s", "5"),
        (HEAD + STEP + "every_s = inf\n", 9, "step[0].every_s", "31536000"),
        (HEAD + STEP + "every_s = 1e300\n", 9, "step[0].every_s", "31536000"),
        (HEAD + STEP + "rounds = 3\n", 4, "step[0].every_s", "rounds need every_s"),
        (HEAD + STEP.replace("nearest", "near"), 6, "step[0].to", "'nearest'"),
        (HEAD + STEP.replace('"sms"', ""), 7, "step[0].channels", "at least 1"),
        (HEAD + STEP.replace('"near"', '"Near!"'), 5, "step[0].id", "small letters"),
        (HEAD + STEP * 2, 10, "step[1].id", "is taken"),
        (HEAD + STEP.replace('"near"', '"raised"'), 4, "step[0].id", "is taken"),
        (HEAD + STEP + 'after = "later"\n', 4, "step[0].after", "one of: approved"),
        (HEAD + STEP + 'after = "near"\n', 4, "step[0].after", "no earlier step"),
        (HEAD + STEP.replace('"sos"', '"sso"'), 4, "step[0].text", "mean 'sos'"),
        (HEAD + STEP.replace('"sos"', '"public"'), 4, "step[0].text", "public alone"),
        ('version = 0\nname = "x"\n' + STEP, 1, "version", "must be at least 1"),
        ('triggers = ["soss"]\n' + HEAD + STEP, 1, "triggers[0]", "'sos'"),
        ('without = ["ask"]\n' + HEAD + STEP, 1, "without", "say based_on"),
        ("triggers = []\n" + HEAD + STEP, 1, "triggers", "at least 1"),
        ('triggers = ["cancel"]\n' + HEAD + STEP, 1, "triggers", "cancel says that"),
        (
            'risk_triggers = ["check_in"]\n' + HEAD + STEP,
            1,
            "risk_triggers",
            "check_in says that all is well",
        ),
    ],
)
def test_a_fault_names_line_field_and_cure(
    text: str, line: int | None, field: str, said: str
) -> None:
    error = fault(text)
    assert (error.file, error.line, error.field) == ("mine.toml", line, field)
    assert said in error.reason


END = """
[[step]]
id = "end"
to = "told"
channels = ["sms"]
text = "stop"
"""


@pytest.mark.parametrize(
    "after", ["raised", "cancelled", "verified", "duress", "moved", "near"]
)
@pytest.mark.parametrize("audience", ["told", "everyone", "contacts", "hq"])
def test_nobody_hears_of_an_end_before_hq_has_ended_it(
    after: str, audience: str
) -> None:
    step = END.replace('"told"', f'"{audience}"') + f'after = "{after}"\ndelay_s = 60\n'
    error = fault(HEAD + STEP + step)
    assert (error.line, error.field) == (10, "step[1].after")
    assert 'begin it with after = "closed"' in error.reason


def test_an_end_without_its_beginning_is_refused_and_after_the_close_is_read() -> None:
    assert fault(HEAD + STEP + END).field == "step[1].after"
    later = END.replace('"end"', '"later"') + 'after = "end"\ndelay_s = 60\n'
    parse_protocol(HEAD + STEP + END + 'after = "closed"\n' + later, "mine.toml")


def test_whoever_was_told_is_told_of_the_end_and_nothing_else() -> None:
    end = END.replace('"stop"', '"sos"')
    assert "only HQ ends it" in fault(HEAD + STEP + end).reason
    error = fault(HEAD + STEP + end + 'after = "closed"\n')
    assert (error.field, "'stop'" in error.reason) == ("step[1].text", True)


def test_the_second_steps_fault_is_found_in_the_second_step() -> None:
    error = fault(HEAD + STEP + STEP.replace('"near"', '"far"') + "count = 1000\n")
    assert (error.line, error.field) == (15, "step[1].count")


def test_a_file_that_cannot_be_read_says_so(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged.toml"
    damaged.write_bytes(b"\xff\xfe")
    for path in (damaged, tmp_path / "gone.toml"):
        with pytest.raises(DataError, match=r"toml: file: (is no|cannot)") as caught:
            load_protocol(path)
        assert caught.value.file == path.name


def test_a_file_is_read_as_text(tmp_path: Path) -> None:
    path = tmp_path / "mine.toml"
    path.write_text(HEAD + PUBLISH)
    (step,) = load_protocol(path).steps
    assert step.to is Audience.PUBLIC
    assert Condition.APPROVED in step.requires


def said_of(text: str) -> str:
    """Return what is wrong with it; empty where nothing is."""
    try:
        parse_protocol(text, "mine.toml")
    except DataError as error:
        return str(error)
    return ""


@given(st.text(max_size=200))
def test_any_text_is_a_protocol_or_a_fault_with_a_file(text: str) -> None:
    assert said_of(text).startswith("mine.toml")


@given(
    st.sampled_from([*HEAD.splitlines(), *STEP.splitlines(), *PUBLISH.splitlines()]),
    st.text(max_size=10),
)
def test_any_line_written_otherwise_is_a_protocol_or_a_fault(
    line: str, other: str
) -> None:
    said = said_of((HEAD + STEP + PUBLISH).replace(line, other))
    assert said == "" or said.startswith("mine.toml")


RULE = """
[verification]
needs = 2
of = ["colleagues", "hq"]
within_s = 600
otherwise = "treat_as_real"
"""


def test_a_quorum_says_how_many_whose_until_when_and_what_then() -> None:
    rule = parse_protocol(HEAD + RULE + STEP, "mine.toml").verification
    assert rule is not None
    assert rule.needs == 2
    assert rule.of == {Voice.COLLEAGUES, Voice.HQ}
    assert rule.within == timedelta(minutes=10)
    assert rule.otherwise is Fallback.TREAT_AS_REAL


@pytest.mark.parametrize("word", ["close", "publish", "false", ""])
def test_no_default_closes_and_none_publishes(word: str) -> None:
    found = fault(HEAD + RULE.replace("treat_as_real", word) + STEP)
    assert (found.line, found.field) == (8, "verification.otherwise")
    assert found.reason.endswith("One of: ask, treat_as_real")


def test_a_quorum_without_its_default_is_refused() -> None:
    text = HEAD + RULE.replace("otherwise", "otherwize") + STEP
    found = fault(text)
    assert found.field == "verification.otherwize"
    assert "did you mean 'otherwise'" in found.reason


THEIRS = """
[[step]]
id = "theirs"
after = "cancelled"
to = "defender"
channels = ["sms"]
text = "cancelled"
"""


def test_a_step_for_the_defender_may_follow_what_they_have_seen() -> None:
    (step,) = parse_protocol(HEAD + THEIRS, "mine.toml").steps
    assert (step.to, step.after) == (Audience.DEFENDER, "cancelled")


@pytest.mark.parametrize(
    ("old", "new", "field"),
    [
        ('after = "cancelled"', 'after = "duress"', "after"),
        ('after = "cancelled"', 'after = "verified"', "after"),
        ('text = "cancelled"', 'text = "sos"', "text"),
        ('to = "defender"', 'to = "hq"', "text"),
        ('channels = ["sms"]', 'channels = ["sms"]\nrequires = ["real"]', "stopped_by"),
        (
            'channels = ["sms"]',
            'channels = ["sms"]\nstopped_by = ["somebody_coming"]',
            "stopped_by",
        ),
    ],
)
def test_no_step_for_the_defender_tells_a_forced_cancel_from_a_true_one(
    old: str, new: str, field: str
) -> None:
    assert fault(HEAD + THEIRS.replace(old, new)).field == f"step[0].{field}"


@pytest.mark.parametrize(
    ("audience", "needs"), [("nearest", 2), ("contacts", 2), ("hq", 1), ("duty", 1)]
)
def test_whoever_says_nothing_of_an_all_clear_means_two_where_people_are_called(
    audience: str, needs: int
) -> None:
    """One voice, which may be a forced one, called everybody off by default."""
    steps = STEP.replace('"nearest"', f'"{audience}"')
    assert parse_protocol(HEAD + steps, "mine.toml").all_clear_needs == needs
    one = parse_protocol(HEAD + "[all_clear]\nneeds = 1\n" + steps, "mine.toml")
    assert one.all_clear_needs == 1


def test_an_all_clear_says_how_many_it_takes() -> None:
    text = HEAD + "[all_clear]\nneeds = 3\n" + STEP
    assert parse_protocol(text, "mine.toml").all_clear_needs == 3


def test_words_may_be_joined_as_their_script_does() -> None:
    text = (
        HEAD
        + 'never = ["\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u062f"]\n'
        + STEP
    )
    assert "\u200c" in parse_protocol(text, "mine.toml").never[0]


def test_what_is_agreed_for_the_whole_alarm_is_read() -> None:
    text = HEAD + (
        "countdown_s = 10\ncrowd_max = 8\nacknowledgement_lease_s = 900\n"
        'fresh_s = 600\nmanner = "quiet"\nnever = ["call the police"]\n'
        '[publication]\nlevel = "name"\ndelay_s = 60\ndecider = "rowan"\n'
    )
    mine = parse_protocol(text + RULE + STEP, "mine.toml")
    assert mine.countdown == timedelta(seconds=10)
    assert mine.crowd_max == 8
    assert mine.lease == timedelta(minutes=15)
    assert mine.fresh == timedelta(minutes=10)
    assert mine.manner is Manner.QUIET
    assert mine.never == ("call the police",)
    assert mine.publication == Publication(
        level=Level.NAME, delay=timedelta(minutes=1), decider="rowan"
    )


def test_what_a_file_forbids_is_kept_with_what_its_basis_does() -> None:
    forbids = 'forbids = ["public", "call"]\n'
    assert parse_protocol(HEAD + forbids + STEP, "mine.toml").forbids == (
        "public",
        "call",
    )
    own = 'name = "Own"\nversion = 1\nbased_on = "mine"\nforbids = ["contacts"]\n'
    found = {"mine": HEAD + forbids + STEP}
    assert parse_protocol(own, "own.toml", find=found.get).forbids == (
        "public",
        "call",
        "contacts",
    )


def test_a_file_that_says_nothing_of_a_lease_has_half_an_hour_and_0_is_none() -> None:
    assert parse_protocol(HEAD + STEP, "mine.toml").lease == timedelta(minutes=30)
    none = HEAD + "acknowledgement_lease_s = 0\n" + STEP
    assert parse_protocol(none, "mine.toml").lease is None
    error = fault(HEAD + "acknowledgement_lease_s = 30\n" + STEP)
    assert (error.field, error.line) == ("acknowledgement_lease_s", 3)
    assert "0 for none, or at least 60" in error.reason


def ladder(*rungs: str) -> str:
    tables = "".join(
        f'[[step.ladder]]\nchannel = "{rung}"\nproof = "delivered"\nwithin_s = 60\n'
        for rung in rungs
    )
    return HEAD + STEP.replace('channels = ["sms"]\n', "") + tables


def test_a_ladder_names_its_channels_in_their_order() -> None:
    (step,) = parse_protocol(ladder("sms", "call"), "mine.toml").steps
    assert step.channels == ("sms", "call")
    assert [rung.proof for rung in step.ladder] == [Proof.DELIVERED] * 2
    assert step.ladder[0].within == timedelta(minutes=1)


@pytest.mark.parametrize(
    ("text", "field"),
    [
        (HEAD + STEP.replace('channels = ["sms"]\n', ""), "step[0].channels"),
        (ladder("sms", "sms"), "step[0].ladder"),
        (ladder("sms").replace("nearest", "duty"), "step[0].ladder"),
        (
            ladder("sms").replace('text = "sos"', 'text = "sos"\nchannels = ["call"]'),
            "step[0].channels",
        ),
        (HEAD + 'forbids = ["sms"]\n' + STEP, "step[0]"),
        (HEAD + 'forbids = ["public"]\n' + STEP + PUBLISH, "step[1]"),
        (
            HEAD + 'forbids = ["defender"]\n[check_in]\nanswers = true\n' + STEP,
            "answers",
        ),
        (HEAD + "countdown_s = 10\n" + STEP, "countdown_s"),
        (
            HEAD + 'manner = "quiet"\n' + STEP.replace('"sms"', '"call"'),
            "step[0].channels",
        ),
        (
            HEAD + '[publication]\nlevel = "nothing"\n' + STEP + PUBLISH,
            "step[1]",
        ),
        (
            HEAD + STEP + PUBLISH.replace('text = "public"', 'text = "public_named"'),
            "step[1].text",
        ),
    ],
)
def test_what_cannot_be_meant_is_refused_with_its_place(text: str, field: str) -> None:
    found = fault(text)
    assert found.field == field
    assert found.line is not None


def test_a_misspelt_field_of_a_ladder_names_the_right_one() -> None:
    found = fault(ladder("sms").replace("proof", "prof"))
    assert "did you mean 'proof'" in found.reason
