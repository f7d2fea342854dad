"""An action protocol in plain words says all of it, and nothing in our own."""

from dataclasses import replace
from datetime import timedelta

import pytest

from engine.ports.device import DeviceCommand
from engine.protocol.explain import explanation, sentence
from engine.protocol.model import Audience, CheckInPlan, Condition, Updates
from engine.protocol.parse import parse_protocol
from engine.protocol.phrases import span
from engine.protocol.registry import load_registry
from engine.protocol.tables import ALL_IS_WELL
from engine.values import Signal

PROTOCOLS = load_registry(None, "standard").protocols


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_every_sample_is_told_whole_and_can_be_signed(name: str) -> None:
    protocol = PROTOCOLS[name]
    said = explanation(protocol)
    for step in protocol.steps:
        assert sentence(step) in said
        assert f"({step.id})." in said
    assert "Read and agreed:" in said
    assert f"\nText: {protocol.printed_digest}\n" in said
    assert protocol.digest.startswith(protocol.printed_digest)
    assert "calling it off closes nothing" in said


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_no_word_of_the_file_stands_where_a_person_reads(name: str) -> None:
    said = explanation(PROTOCOLS[name])
    assert not any(word in said for word in ("_s ", "stopped_by", "timedelta"))
    assert not any(one.value in said for one in Condition if "_" in one.value)


def test_what_it_begins_with_is_told_in_order_and_each_by_its_own_words() -> None:
    """*It is jammed* stood where nothing but the alarm could be meant."""
    said = explanation(PROTOCOLS["abduction"])
    assert (
        "This is what happens when you press for help, the device is taken off,"
        " somebody tampers with the device, the device is jammed or you have not come"
        " back by the time that you gave.\n"
    ) in said
    alone = {
        explanation(replace(PROTOCOLS["unknown"], triggers=frozenset({signal})))
        .split("This is what happens when ")[1]
        .split(".\n")[0]
        for signal in set(Signal) - ALL_IS_WELL
    }
    assert len(alone) == len(set(Signal) - ALL_IS_WELL)
    assert {words.split()[0] for words in alone} <= {
        *("you", "the", "nothing", "somebody", "another"),
    }


def test_a_protocol_that_publishes_nothing_says_so() -> None:
    assert "Nothing is ever published." in explanation(PROTOCOLS["widening"])
    assert "no name and no place" in explanation(PROTOCOLS["standard"])


def test_a_step_is_a_sentence() -> None:
    steps = {step.id: step for step in PROTOCOLS["standard"].steps}
    said = {str(key): sentence(step) for key, step in steps.items()}
    assert said["duty"] == (
        "As soon as the alarm is raised, the next officer on duty is told by SMS and a"
        " ringing call; again every 1 minute; no more once an operator at HQ has taken"
        " it (duty)."
    )
    assert said["widen"].startswith("3 minutes after step 'colleagues' has run, ")


def test_each_contact_is_told_once_and_the_page_says_so_bug_it_said_all_of_them() -> (
    None
):
    """A second step for them promised a ring that whoever has an SMS never gets."""
    steps = PROTOCOLS["arrest"].steps
    step = next(one for one in steps if one.to is Audience.CONTACTS)
    named = "the contacts whom you have named and who have not been told yet are told"
    assert named in sentence(step)


@pytest.mark.parametrize(
    ("seconds", "words"),
    [
        (1, "1 second"),
        (90, "90 seconds"),
        (60, "1 minute"),
        (7_200, "2 hours"),
        (86_400, "1 day"),
    ],
)
def test_durations_are_said_as_people_say_them(seconds: int, words: str) -> None:
    assert span(timedelta(seconds=seconds)) == words


def test_what_reaches_the_defenders_own_telephone_and_device_is_said() -> None:
    standard = PROTOCOLS["standard"]
    asked = replace(standard, device_commands=frozenset(DeviceCommand))
    said = explanation(asked)
    assert "a warning 10 minutes before its end and at its end." in said
    assert "You are missed 5 minutes after the time that you gave." in said
    assert "to report more or less often, where it is and to vibrate" in said
    assert "HQ may ask" not in explanation(standard)
    assert "Your telephone gets" not in explanation(PROTOCOLS["arrest"])


def test_what_a_step_says_is_told_where_it_is_not_the_alarm_itself() -> None:
    said = explanation(PROTOCOLS["careful"])
    assert "you yourself are asked whether you are safe by SMS" in said
    assert "everybody who was told is told that it has ended by SMS" in said
    assert "has not turned it down is asked whether it is true by SMS" in explanation(
        PROTOCOLS["abduction"]
    )


WHOLE = """
name = "Whole"
version = 1
trust_unconfirmed = true
countdown_s = 30
crowd_max = 7
acknowledgement_lease_s = 1800
fresh_s = 600
manner = "quiet"
never = ["call the police"]

[verification]
needs = 2
otherwise = "ask"

[all_clear]
needs = 3

[updates]
moved_m = 500
silent_s = 900

[publication]
level = "name"
delay_s = 3600
decider = "alder"

[[step]]
id = "near"
to = "nearest"
count = 5
within_km = 50
count_more = 2
within_more_km = 100
every_s = 120
replaces_declined = true
text = "sos"
[[step.ladder]]
channel = "sms"
proof = "delivered"
within_s = 60
[[step.ladder]]
channel = "email"
proof = "answered"
within_s = 120

[[step]]
id = "publish"
after = "approved"
to = "public"
channels = ["public"]
text = "public_named"
requires = ["verified", "consented", "approved"]

[[step]]
id = "follow"
after = "moved"
to = "everyone"
channels = ["sms"]
text = "moved"
"""
WHOLE_SAYS = (
    "by SMS and, unless it has reached their telephone within 1 minute, by e-mail;",
    "again every 2 minutes, each time 2 more of them and 100 km farther;",
    "whoever turns it down is replaced by the next nearest at once (near).",
    "to which you have consented, by a public account;",
    "HQ may close it once 3 people have said that you are safe.",
    "The world is told the public name to which you have consented and the country,",
    "alder at HQ alone may approve it.",
    "It goes out 1 hour after the approval; until then HQ can still find the alarm",
    "Nobody may call the police.",
    "contacts are told all the same, and read so until it is verified.",
    "hear of a press or a fall after 30 seconds, in which you can call it off. A",
    "No more than 7 of the nearest colleagues are asked;",
    "does nothing for 30 minutes, it waits for HQ, and no officer on duty is called",
    "Nobody at HQ is told of it: no step does that.",
    "they must not call you; only HQ's own officers are rung.",
    "A position older than 10 minutes is called old.",
    "You count as elsewhere 500 m from where people were told,",
    "says nothing for 15 minutes after somebody has asked to call it off",
)


@pytest.mark.parametrize("words", WHOLE_SAYS)
def test_everything_that_a_file_can_agree_is_told(words: str) -> None:
    assert words in explanation(parse_protocol(WHOLE, "whole.toml"))


@pytest.mark.parametrize("name", sorted(PROTOCOLS))
def test_what_the_texts_say_of_a_doubt_is_promised_and_no_more(name: str) -> None:
    """It promised that whoever is told reads of a doubt, and that it never ends."""
    protocol = PROTOCOLS[name]
    said = explanation(protocol)
    people = {Audience.NEAREST, Audience.CONTACTS}
    is_told = any(step.to in people for step in protocol.steps)
    trusts = protocol.trust_unconfirmed
    assert ("told only once it is verified." in said) is (is_told and not trusts)
    assert ("read so until it is verified." in said) is (is_told and trusts)
    assert ("reads that it is not confirmed, or, once it is" in said) is is_told
    assert "that it is not confirmed." not in said


def test_who_is_only_asked_is_not_promised_to_read_that_it_is_confirmed() -> None:
    text = HEAD + STEP.format(to="nearest").replace('"sos"', '"page"')
    assert "reads that it is not confirmed" not in explanation(
        parse_protocol(text, "mine.toml")
    )


def test_a_world_that_is_told_a_name_is_never_promised_to_hear_none() -> None:
    assert "no name" not in explanation(parse_protocol(WHOLE, "whole.toml"))


def test_who_decides_where_nobody_else_is_asked_is_told() -> None:
    alone = "An operator at HQ decides alone whether it is true."
    assert alone in explanation(PROTOCOLS["standard"])
    assert alone not in explanation(PROTOCOLS["quorum"])


def test_what_no_step_may_do_is_told() -> None:
    forbidden = ("public", "call", "email", *Audience)
    said = explanation(replace(PROTOCOLS["standard"], forbids=forbidden))
    assert "No step may tell the world anything." in said
    assert "No step may go by a ringing call." in said
    assert "No step may go by e-mail." in said
    assert said.count("No step may go by") == 2, "each audience has words of its own"


def test_how_long_somebody_at_hq_may_do_nothing_is_told() -> None:
    said = explanation(PROTOCOLS["standard"])
    assert "does nothing for 30 minutes, the officers on duty are called" in said
    for_good = explanation(replace(PROTOCOLS["standard"], lease=None))
    assert "nobody else at HQ is called again, even if that operator" in for_good


def test_a_loud_one_and_a_button_and_no_update_are_told() -> None:
    plan = CheckInPlan(button=timedelta(hours=1))
    loud = parse_protocol(WHOLE.replace('"quiet"', '"loud"'), "whole.toml")
    still = replace(loud, check_in=plan, steps=loud.steps[:1], updates=Updates())
    said = explanation(still)
    assert "they should make it known" in said
    assert "check-in button starts a timer of 1 hour" in said
    assert "You count as elsewhere" not in said


def explained(**said: str) -> str:
    head = "".join(f"{key} = {value}\n" for key, value in said.items())
    rule = f"[verification]\n{head}" if said else ""
    step = STEP.format(to="nearest")
    return explanation(parse_protocol(f"{HEAD}{rule}{step}", "mine.toml"))


HEAD = 'name = "Mine"\nversion = 1\n'
STEP = """
[[step]]
id = "one"
to = "{to}"
channels = ["sms"]
text = "sos"
"""


def test_who_is_believed_is_told_as_it_is_decided() -> None:
    """Two colleagues make it true and never false: `verification` has it so."""
    both = explained(needs="2", otherwise='"ask"')
    voices = "2 of your colleagues, your contacts or HQ say so"
    assert f"It counts as true when {voices}; if not within 15 minutes" in both
    assert "as false when as many say so and one of them is at HQ" in both
    assert "instead" not in both
    alone = explained(needs="1", of='["contacts"]', otherwise='"treat_as_real"')
    assert "when one of your contacts says so" in alone
    assert "never make it false." in alone
    assert "at HQ: colleagues" not in alone
    assert "your device sent it, then it waits for HQ, and no officer" in alone
    quorum = explanation(PROTOCOLS["quorum"])
    assert "15 minutes, the officers on duty are asked again." in quorum


@pytest.mark.parametrize(
    ("head", "said"),
    [
        ("", "After a sign of force it takes 2 people, and your own word does not"),
        ("[all_clear]\nneeds = 2\n", "After a sign of force your own word does not"),
    ],
)
def test_what_a_sign_of_force_changes_is_told(head: str, said: str) -> None:
    text = f"{HEAD}{head}{STEP.format(to='hq')}"
    assert said in explanation(parse_protocol(text, "mine.toml"))


def test_who_is_told_where_nobody_knows_the_place_is_told() -> None:
    words = "the contacts whom you have named are told in place of the nearest"
    for to, is_said in (("nearest", True), ("hq", False)):
        text = HEAD + STEP.format(to=to)
        assert (words in explanation(parse_protocol(text, "mine.toml"))) is is_said


@pytest.mark.parametrize("name", ["arrest", "protest", "standard", "unknown"])
def test_how_to_confirm_that_one_is_safe_is_told_to_whoever_is_asked(name: str) -> None:
    words = "6, and the word that you have agreed with HQ. Where you have agreed none,"
    assert (words in explanation(PROTOCOLS[name])) is (name != "unknown")


def test_what_no_trigger_names_is_seen_by_hq_alone() -> None:
    assert "may be meant is shown to HQ alone." in explained()


PAGED = """
[[step]]
id = "duty"
to = "duty"
channels = ["sms"]
text = "page"
every_s = 60
stopped_by = ["acknowledged"]
"""
ONLY_SOME = 'requires = ["confirmed_source"]\n'


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (STEP.format(to="hq"), "HQ is told in any case."),
        (STEP.format(to="contacts") + PAGED, "The officers on duty are told in any"),
        (STEP.format(to="hq") + ONLY_SOME, "HQ is not told in every case: only where"),
        (STEP.format(to="hq") + 'after = "closed"\n', "Nobody at HQ is told of it:"),
        (STEP.format(to="contacts"), "Nobody at HQ is told of it: no step does that."),
    ],
)
def test_hq_is_promised_no_more_than_the_steps_tell_it(steps: str, said: str) -> None:
    whole = explanation(parse_protocol(HEAD + steps, "mine.toml"))
    assert said in whole
    assert ("HQ is told in any case" in whole) is said.startswith("HQ is told")


@pytest.mark.parametrize(
    ("steps", "said"),
    [
        (PAGED, "the officers on duty are called again."),
        (PAGED + ONLY_SOME, "the officers on duty are called again, if what is"),
        (STEP.format(to="hq"), "it waits for HQ, and no officer on duty is called:"),
    ],
)
def test_officers_are_promised_to_be_called_again_only_where_a_step_calls_them(
    steps: str, said: str
) -> None:
    whole = explanation(parse_protocol(HEAD + steps, "mine.toml"))
    assert f"goes off duty or does nothing for 30 minutes, {said}" in whole


@pytest.mark.parametrize(
    ("head", "is_alone"), [("", True), ("[all_clear]\nneeds = 2\n", False)]
)
def test_that_one_operator_may_end_it_is_told(head: str, *, is_alone: bool) -> None:
    said = explanation(parse_protocol(f"{HEAD}{head}{PAGED}", "mine.toml"))
    assert ("One operator alone may end it" in said) is is_alone
    assert ("once 2 people have said that you are safe" in said) is not is_alone


def test_hq_hears_at_once_of_a_countdown_only_where_a_step_tells_it_at_once() -> None:
    text = f'{HEAD}countdown_s = 30\n[verification]\notherwise = "ask"\n'
    at_once = explanation(parse_protocol(text + PAGED, "mine.toml"))
    assert "call it off; HQ hears of it at once." in at_once
    later = PAGED.replace("every_s", "delay_s = 45\nevery_s")
    assert "HQ hears of it at once" not in explanation(
        parse_protocol(text + later, "mine.toml")
    )
