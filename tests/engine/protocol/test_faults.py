"""What is wrong with a field is said in words that whoever wrote it knows."""

import re
from math import inf

import pytest
from pydantic import ValidationError
from pydantic_core import ErrorDetails

from engine.errors import DataError
from engine.protocol.faults import worded
from engine.protocol.parse import parse_protocol
from engine.protocol.tables import ProtocolTable

STEP = {"id": "a", "to": "hq", "channels": ["email"], "text": "hq"}
WHOLE = {"name": "Mine", "version": 1, "step": [STEP]}


def of_file(**said: object) -> list[ErrorDetails]:
    with pytest.raises(ValidationError) as caught:
        ProtocolTable.model_validate({**WHOLE, **said})
    return caught.value.errors()


def of_step(**said: object) -> ErrorDetails:
    return of_file(step=[{**STEP, **said}])[0]


RUNG = {"channel": "sms", "proof": "sent", "within_s": 60}


@pytest.mark.parametrize(
    ("detail", "words"),
    [
        (of_file(version="one")[0], "must be a whole number, without quotes"),
        (of_file(version=1.5)[0], "must be a whole number"),
        (of_file(name=3)[0], "must be text in quotes"),
        (of_file(name="")[0], "must not be empty"),
        (of_file(name="x" * 61)[0], "must have at most 60 characters"),
        (of_file(name="a\nb")[0], "one line of text that can be printed"),
        (of_file(never=["a", "\u202eb"])[0], "one line of text that can be printed"),
        (of_file(forbids=["sms\n2. HQ"])[0], "one line of text that can be printed"),
        (of_file(never="call")[0], 'must be a list, such as ["sms", "call"]'),
        (of_file(step={"id": "a"})[0], "must be written [[step]], once for each"),
        (of_file(step=["a"])[0], "is a table; write [[step]] and its fields below"),
        (of_file(step=[])[0], "must have at least 1 entry"),
        (of_file(updates=3)[0], "is a table; write [updates] and its fields below"),
        (of_file(trust_unconfirmed="of course")[0], "must be true or false, without"),
        (of_file(countdown_s="soon")[0], "must be a number, without quotes"),
        (of_file(countdown_s=float("nan"))[0], "must be at most 120"),
        (of_file(fresh_s=5)[0], "must be at least 60"),
        (of_file(trigers=["sos"])[0], "no such field; did you mean 'triggers'?"),
        (of_file(colour=1)[0], "no such field"),
        (
            of_file(verification={})[0],
            "is missing; add otherwise = ..., one of: ask, treat_as_real",
        ),
        (of_file(all_clear={})[0], "is missing; add needs = ..."),
        (
            of_file(verification={"otherwise": "close"})[0],
            "there is no 'close'. One of: ask, treat_as_real",
        ),
        (
            of_file(publication={"decider": "Al"})[0],
            "must be an operator's name: small",
        ),
        (of_file(check_in={"warn_s": [5]})[0], "a warning goes to their own telephone"),
        (of_step(id="A b"), "must be small letters, digits, - and _, with a letter"),
        (of_step(channels=["email\n2. All"]), "must be a channel's name: letters"),
        (of_step(ladder=[{**RUNG, "channel": "\u0455ms"}]), "must be a channel's name"),
        (of_step(within_km=0), "must be more than 0"),
        (of_step(every_s=1e300), "must be at most 31536000"),
        (
            of_step(ladder=[{**RUNG, "proof": "Sent"}]),
            "there is no 'Sent'; did you mean",
        ),
        (of_step(ladder="sms"), "must be written [[ladder]], once for each"),
        (of_step(two="hq"), "no such field; did you mean 'to'?"),
    ],
)
def test_a_fault_is_worded_with_its_cure(detail: ErrorDetails, words: str) -> None:
    assert worded(detail).startswith(words)


def test_a_trigger_is_never_suggested_that_raises_nothing() -> None:
    said = worded(of_file(triggers=["SOS"])[0])
    assert said.startswith(
        "there is no 'SOS'; did you mean 'sos'? One of: sos, removed"
    )
    known = said.split("One of: ")[1].split(", ")
    assert "fall" in known
    assert not {"cancel", "check_in"} & set(known)


def test_what_is_missing_is_named_with_how_to_write_it() -> None:
    with pytest.raises(ValidationError) as caught:
        ProtocolTable.model_validate({})
    said = [worded(one) for one in caught.value.errors()]
    assert said == [
        "is missing; add name = ...",
        "is missing; add version = ...",
        "is missing; add [[step]]",
    ]


@pytest.mark.parametrize("value", [None, 3, "x", -1, inf, [], {}, [3], ["x"], {"x": 1}])
def test_no_fault_of_any_field_speaks_of_python(value: object) -> None:
    foreign = re.compile(r"Input|tuple|dictionary|instance|pattern|Field|Value error")
    fields = [*ProtocolTable.model_fields]
    for field in fields:
        try:
            ProtocolTable.model_validate({**WHOLE, field: value})
        except ValidationError as error:
            for one in error.errors():
                assert not foreign.search(worded(one)), (field, worded(one))


SEVERAL = """\
name = 3
version = 1
trigers = ["sos"]

[[step]]
id = "near"
to = "nearest"
chanels = ["sms"]
text = "sos"

[[step]]
id = "hq"
to = "headquarters"
channels = ["email"]
"""


def told(text: str) -> list[tuple[int | None, str]]:
    with pytest.raises(DataError) as caught:
        parse_protocol(text, "mine.toml")
    assert len(str(caught.value).splitlines()) == len(caught.value.each)
    return [(one.line, one.field) for one in caught.value.each]


def test_all_faults_of_single_fields_are_told_bug_one_hid_the_others() -> None:
    assert told(SEVERAL) == [
        (8, "step[0].chanels"),
        (3, "trigers"),
        (1, "name"),
        (13, "step[1].to"),
        (11, "step[1].text"),
    ], "and no missing channels beside the misspelt ones"


def test_all_faults_of_one_kind_are_told_bug_one_hid_the_others() -> None:
    step = '[[step]]\nid = "{}"\nto = "hq"\nchannels = ["email"]\ntext = "{}"\n'
    steps = "".join(step.format(*one) for one in (("a", "hg"), ("b", "hq"), ("c", "x")))
    found = told(f'name = "Mine"\nversion = 1\n{steps}')
    assert [field for _, field in found] == ["step[0].text", "step[2].text"]


def test_what_stands_over_a_shared_file_has_all_its_faults_told_by_step() -> None:
    own = """\
name = "Mine"
version = 1
based_on = "standard"
[[step]]
id = "colleagues"
count = "many"
[[step]]
id = "widen"
to = "everywhere"
"""
    assert told(own) == [(4, "step 'colleagues'.count"), (7, "step 'widen'.to")]
