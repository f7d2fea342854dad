"""A file for one defender is a shared one and what is different, and is held to all."""

from pathlib import Path

import pytest

from engine.errors import DataError
from engine.protocol.model import ActionProtocol, Audience
from engine.protocol.parse import load_protocol, parse_protocol, sample
from engine.protocol.registry import load_registry

SHARED = """
name = "Shared"
version = 7
triggers = ["sos", "fall"]
forbids = ["call"]
never = ["call the police"]

[verification]
needs = 2
within_s = 600
otherwise = "ask"

[[step]]
id = "near"
to = "nearest"
count = 5
within_km = 30
channels = ["sms"]
text = "sos"

[[step]]
id = "hq"
to = "hq"
channels = ["email"]
text = "hq"

[[step]]
id = "ask"
after = "near"
delay_s = 60
to = "silent"
channels = ["sms"]
text = "ask"
"""
OWN = 'name = "Own"\nversion = 1\nbased_on = "shared"\n'
LADDER = """
[[step]]
id = "near"
[[step.ladder]]
channel = "sms"
proof = "delivered"
within_s = 60
[[step.ladder]]
channel = "email"
proof = "answered"
within_s = 60
"""
LATER = """
[[step]]
id = "later"
after = "ask"
delay_s = 60
to = "contacts"
channels = ["sms"]
text = "sos"
"""


def own(text: str = "", shared: str = SHARED) -> ActionProtocol:
    return parse_protocol(OWN + text, "own.toml", find={"shared": shared}.get)


def test_what_is_not_said_is_as_in_the_shared_one() -> None:
    plain, mine = parse_protocol(SHARED, "shared.toml"), own()
    assert mine.steps == plain.steps
    assert mine.verification == plain.verification
    assert mine.triggers == plain.triggers
    assert (mine.name, mine.version) == ("Own", 1)


def test_a_name_and_a_version_are_its_own() -> None:
    with pytest.raises(DataError, match=r"own\.toml: version: is missing"):
        parse_protocol(
            'name = "Own"\nbased_on = "shared"\n',
            "own.toml",
            find={"shared": SHARED}.get,
        )


def test_a_step_takes_over_what_it_does_not_say() -> None:
    near, hq, ask = own('[[step]]\nid = "near"\ncount = 9\n').steps
    assert (near.count, near.within_m, near.text) == (9, 30_000.0, "sos")
    assert (hq.id, ask.id) == ("hq", "ask")


def test_a_ladder_takes_the_place_of_channels() -> None:
    assert own(LADDER).steps[0].channels == ("sms", "email")


def test_a_table_takes_over_what_it_does_not_say() -> None:
    rule = own("[verification]\nneeds = 3\n").verification
    assert rule is not None
    assert (rule.needs, rule.within.total_seconds()) == (3, 600.0)


def test_a_new_step_comes_last_and_one_can_be_left_out() -> None:
    assert [step.id for step in own(LATER).steps] == ["near", "hq", "ask", "later"]
    assert [step.id for step in own('without = ["ask"]\n').steps] == ["near", "hq"]


def test_what_the_shared_one_forbids_stays_forbidden() -> None:
    mine = own('forbids = ["public"]\nnever = ["tell the landlord"]\n')
    assert mine.never == ("call the police", "tell the landlord")
    with pytest.raises(DataError, match="call is forbidden by this file"):
        own('[[step]]\nid = "near"\nchannels = ["call"]\n')


def test_a_shared_step_that_is_forbidden_is_left_out_by_its_id() -> None:
    with pytest.raises(DataError, match=r'hq is forbidden .* without = \["hq"\]'):
        own('forbids = ["hq"]\n')


def test_the_digest_is_of_both() -> None:
    assert own().digest != own(shared=SHARED + "# a remark\n").digest
    assert own().digest != own("# a remark\n").digest


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ('without = ["asc"]\n', "own.toml:4: without: 'shared' has no step 'asc'"),
        ('[[step]]\nid = "hq"\ncount = 900\n', "own.toml:4: step 'hq'.count: "),
        ('without = ["ask"]\n' + LATER, "own.toml:6: step 'later'.after: 'ask' is no"),
        ("[verification]\nneeds = 99\n", "own.toml:5: verification.needs: "),
        ('withot = ["ask"]\n', "did you mean 'without'?"),
        ("[[step]]\ncount = 3\n", "step"),
    ],
)
def test_what_is_wrong_is_named_where_it_stands_in_the_own_file(
    text: str, says: str
) -> None:
    with pytest.raises(DataError) as raised:
        own(text)
    assert says in str(raised.value)


def test_a_slip_in_the_id_of_a_shared_step_is_said_with_what_was_meant() -> None:
    """It told to fill in a new step, and the shared one would have stayed as it was."""
    with pytest.raises(DataError, match=r"step 'naer'\.to: is missing.*mean 'near'\?"):
        own('[[step]]\nid = "naer"\ncount = 9\n')


def test_the_quotation_marks_of_a_word_processor_are_said_with_their_cure() -> None:
    with pytest.raises(DataError, match=r"own\.toml:4: TOML: .*straight quotation"):
        own("never = [\u201ccall the police\u201d]\n")
    with pytest.raises(DataError, match=r"own\.toml:4: TOML: [^;]*$"):
        own("countdown_s = 30 s\n")


SINGLE_BRACKETS = '[step]\nid = "near"\ncount = 9\n'
TWICE = '[[step]]\nid = "near"\ncount = 9\n[[step]]\nid = "near"\nwithin_km = 80\n'


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (SINGLE_BRACKETS, r"own\.toml:4: step: must be written \[\[step\]\]"),
        ('step = ["near"]\n', r"own\.toml:4: step: must be written \[\[step\]\]"),
        (TWICE, r"own\.toml:7: step 'near'\.id: stands here twice"),
        (LATER + LATER, r"own\.toml:13: step 'later'\.id: stands here twice"),
    ],
)
def test_no_step_of_the_own_file_is_passed_over(text: str, says: str) -> None:
    """`[step]` changed nothing, and of a copied step only the last one was left."""
    with pytest.raises(DataError, match=says):
        own(text)


def test_a_fault_of_the_shared_one_is_named_by_the_step() -> None:
    with pytest.raises(DataError, match=r"own\.toml: step 'near'\.to: "):
        own(shared=SHARED.replace('to = "nearest"', 'to = "nearby"'))
    with pytest.raises(DataError, match=r"shared\.toml:1: TOML: "):
        own(shared="this is not TOML")


def test_nothing_is_based_on_what_is_not_there_or_is_itself_based_on_another() -> None:
    with pytest.raises(DataError, match=r"own\.toml:3: based_on: no action protocol"):
        parse_protocol(OWN, "own.toml", find=lambda _: None)
    with pytest.raises(DataError, match=r"own\.toml:3: based_on: 'shared' is itself"):
        own(shared=OWN)


@pytest.mark.parametrize("name", sorted(load_registry(None, "standard").protocols))
def test_every_sample_can_be_based_on(name: str, tmp_path: Path) -> None:
    file = tmp_path / "heron.toml"
    file.write_text(f'name = "Heron"\nversion = 1\nbased_on = "{name}"\n')
    text = sample(name)
    assert text is not None
    assert load_protocol(file).steps == parse_protocol(text, name).steps


def test_a_file_beside_it_goes_before_a_sample_and_the_folder_knows_both(
    tmp_path: Path,
) -> None:
    (tmp_path / "arrest.toml").write_text(SHARED)
    (tmp_path / "heron.toml").write_text(OWN.replace('"shared"', '"arrest"'))
    (tmp_path / "protest.toml").write_text(OWN.replace('"shared"', '"protest"'))
    protocols = load_registry(tmp_path, "standard").protocols
    assert [step.id for step in protocols["heron"].steps] == ["near", "hq", "ask"]
    assert any(step.to is Audience.TOLD for step in protocols["protest"].steps)


@pytest.mark.parametrize("name", ["../shared", "a/b", "", ".", "nul\\u0000l"])
def test_what_is_no_name_of_a_file_is_refused_where_it_stands(
    tmp_path: Path, name: str
) -> None:
    """A way into another folder was a traceback."""
    file = tmp_path / "own.toml"
    file.write_text(f'name = "Own"\nversion = 1\nbased_on = "{name}"\n')
    with pytest.raises(DataError, match=r"own\.toml:3: based_on: no action protocol"):
        load_protocol(file)


def test_a_slip_in_what_it_is_based_on_or_leaves_out_is_said_with_what_was_meant() -> (
    None
):
    head = 'name = "Own"\nversion = 1\n'
    for words, meant in (
        ('based_on = "street-attack"\n', "street_attack"),
        ('based_on = "street_attack"\nwithout = ["farthr"]\n', "farther"),
    ):
        with pytest.raises(DataError, match=f"; did you mean '{meant}'\\?$"):
            parse_protocol(head + words, "own.toml")


@pytest.mark.parametrize("steps", ["[{x = 1}]", "[[1]]", "[3]"])
def test_what_is_no_name_of_a_step_is_left_out_by_nobody(steps: str) -> None:
    text = f'name = "Own"\nversion = 1\nbased_on = "standard"\nwithout = {steps}\n'
    with pytest.raises(DataError, match=r"without\[0\]: must be text in quotes"):
        parse_protocol(text, "own.toml")


def test_a_file_of_an_editor_that_begins_with_a_mark_is_read(tmp_path: Path) -> None:
    file = tmp_path / "own.toml"
    file.write_text(SHARED, encoding="utf-8-sig")
    assert load_protocol(file).steps == parse_protocol(SHARED, "own.toml").steps
