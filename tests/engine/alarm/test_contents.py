"""What a message of an alarm says of what is known by then, for each who gets it."""

from dataclasses import replace
from datetime import timedelta

import pytest
from msgspec import structs

from engine.alarm.commands import Lookup, Recipient
from engine.alarm.state import NOWHERE, ReplyKind, SourceDoubt, Truth
from engine.protocol.model import Audience
from tests.engine.alarm.scene import (
    ALDER,
    PROTOCOLS,
    ROWAN,
    Scene,
    letter,
    press_of,
    raise_of,
)
from tests.engine.alarm.test_following import follow

WIDEN_S = 180
SHOW = "\nAlarm a1: natalia alarm show a1"
CONSOLE = "https://console.hq.example"
PAGE = f"\nAlarm a1: {CONSOLE}/alarms/a1"


def sos(scene: Scene) -> list[str]:
    """Return what colleagues were told, in order."""
    return [planned.body.text(scene.now) for planned in scene.planned(Audience.NEAREST)]


def widened(scene: Scene) -> list[str]:
    """Return what those read who are called by the search that is wider."""
    before = len(sos(scene))
    scene.run(WIDEN_S, each_due=scene.settle_all)
    return sos(scene)[before:]


def test_the_first_message_says_that_nobody_has_confirmed_it() -> None:
    assert sos(Scene().raised())[0] == (
        "SOS code-c1 Heron 41.31151,69.27974 +-20m, 10 km from you, now. Not confirmed."
        " Do not go alone. Answer code-c1 and\n1 coming\n2 cannot\n3 need help"
        "\nsign-c1"
    )


def test_who_is_called_once_it_is_verified_reads_that_it_is_confirmed() -> None:
    """Every later round said that nobody has confirmed what HQ had verified."""
    scene = Scene().raised()
    scene.acknowledge()
    scene.verify()
    told = widened(scene)
    assert len(told) == 10
    assert all(". Confirmed. Do not go alone." in text for text in told)


def test_a_quorum_confirms_as_an_operator_does() -> None:
    scene = Scene(protocol=PROTOCOLS["quorum"]).raised()
    scene.reply("c1", ReplyKind.REAL)
    assert scene.state().truth is not Truth.VERIFIED
    scene.reply("c2", ReplyKind.REAL)
    assert scene.state().truth is Truth.VERIFIED
    assert all(". Confirmed. " in text for text in widened(scene))


def test_what_somebody_has_contradicted_since_is_not_called_confirmed() -> None:
    scene = Scene(protocol=PROTOCOLS["quorum"]).raised()
    scene.reply("c1", ReplyKind.REAL)
    scene.reply("c2", ReplyKind.REAL)
    scene.reply("c3", ReplyKind.FALSE)
    told = widened(scene)
    assert told
    assert all(". Not confirmed. " in text for text in told)


def late_press(scene: Scene, hours: int) -> None:
    """Have a press come now that lay with the network or in the device."""
    press = press_of("late", scene.now)
    at = scene.now.plus(timedelta(hours=-hours))
    stored = replace(press, late=True, device_at=at)
    scene.do(raise_of(stored, scene.protocol, place=NOWHERE))


def test_an_old_call_that_comes_after_one_of_now_makes_nobody_read_that_it_is_old() -> (
    None
):
    scene = Scene().raised(place=NOWHERE)
    scene.settle_all()
    late_press(scene, hours=5)
    told = widened(scene)
    assert len(told) == 10
    assert all(", 3 min ago." in text and "late" not in text for text in told), told


def test_a_call_that_is_of_hours_ago_says_so_until_one_of_now_comes() -> None:
    scene = Scene()
    late_press(scene, hours=5)
    assert all(", 5 h ago, 5 h late" in text for text in sos(scene))
    scene.settle_all()
    scene.raised("k2", place=NOWHERE)
    told = widened(scene)
    assert all(", 3 min ago." in text and "late" not in text for text in told), told


def test_what_is_presumed_nobody_has_confirmed() -> None:
    scene = Scene(protocol=PROTOCOLS["street_attack"]).raised()
    scene.run(900, each_due=scene.settle_all)
    assert scene.state().truth is Truth.PRESUMED
    assert not any(". Confirmed." in text for text in sos(scene))


@pytest.mark.parametrize("doubt", list(SourceDoubt))
def test_a_verified_alarm_says_nothing_of_a_sender_who_was_in_doubt(
    doubt: SourceDoubt,
) -> None:
    """Colleagues were told by HQ's word alone, and read that it is not confirmed."""
    scene = Scene().raised(doubt=doubt)
    assert sos(scene) == []
    scene.acknowledge()
    scene.verify()
    told = sos(scene)
    assert len(told) == 5
    assert all(". Confirmed. Do not go alone." in text for text in told)


def test_the_defenders_own_addresses_read_the_same_whether_it_is_verified() -> None:
    texts = []
    for verifies in (False, True):
        scene = Scene(protocol=PROTOCOLS["careful"]).raised()
        scene.acknowledge()
        if verifies:
            scene.verify()
            scene.verify(by=ROWAN)
        scene.cancel()
        theirs = scene.planned(Audience.DEFENDER)
        texts.append([letter(planned).segments for planned in theirs])
    assert texts[0] == texts[1] != []


class WithConsole(Scene):
    """A scene where HQ has said where they open the console."""

    def _answer(self, lookup: Lookup) -> tuple[Recipient, ...]:
        """Answer as the desk does for whoever is at HQ."""
        found = super()._answer(lookup)
        if lookup.audience not in {Audience.HQ, Audience.DUTY}:
            return found
        return tuple(structs.replace(one, console=CONSOLE) for one in found)


def mails(scene: Scene) -> list[str]:
    """Return what HQ's own address was sent, in order."""
    theirs = [one for one in scene.planned() if one.channel == "email"]
    return [one.body.text(scene.now) for one in theirs]


def whole_life(scene: Scene) -> Scene:
    """Raise, move on and close."""
    scene.raised()
    scene.settle_all()
    follow(scene, 900)
    scene.run(600, each_due=scene.settle_all)
    scene.acknowledge()
    scene.confirm_safe(ROWAN)
    scene.close(ALDER)
    return scene


@pytest.mark.parametrize(("kind", "line"), [(Scene, SHOW), (WithConsole, PAGE)])
def test_hqs_mail_of_an_alarm_of_its_moves_and_of_its_end_says_how_to_look_at_it(
    kind: type[Scene], line: str
) -> None:
    """It named neither the alarm nor the console: HQ had to look for the case."""
    told = mails(whole_life(kind()))
    assert [text.split(" ")[0] for text in told] == ["SOS", "Heron", "Heron:"]
    assert all(text.endswith(line) for text in told), told


def test_nobody_but_hq_reads_the_alarms_id_and_no_short_message_has_it() -> None:
    scenes = [
        whole_life(WithConsole(protocol=PROTOCOLS[name]))
        for name in ("standard", "careful")
    ]
    for scene in scenes:
        scene.cancel()
    planned = [one for scene in scenes for one in scene.planned()]
    others = [one for one in planned if one.channel != "email"]
    assert {one.audience for one in others} >= {
        Audience.NEAREST,
        Audience.DUTY,
        Audience.EVERYONE,
        Audience.TOLD,
        Audience.DEFENDER,
    }
    for one in others:
        text = one.body.text(one.at)
        assert "natalia" not in text
        assert "console.hq" not in text


def test_an_officer_who_is_written_to_by_mail_reads_it_as_well() -> None:
    protocol = PROTOCOLS["standard"]
    steps = tuple(
        replace(step, channels=("sms", "email")) if step.id == "duty" else step
        for step in protocol.steps
    )

    class Mailed(WithConsole):
        def _answer(self, lookup: Lookup) -> tuple[Recipient, ...]:
            found = super()._answer(lookup)
            if lookup.audience is not Audience.DUTY:
                return found
            mail = ("email", "alder@x")
            return tuple(
                structs.replace(one, addresses=(*one.addresses, mail)) for one in found
            )

    scene = Mailed(protocol=replace(protocol, steps=steps)).raised()
    paged = [one for one in scene.planned(Audience.DUTY) if one.channel == "email"]
    assert [one.body.text(scene.now).endswith(PAGE) for one in paged] == [True]


def test_what_stands_in_english_beside_a_text_says_nothing_that_the_page_says() -> None:
    class Swedish(Scene):
        def _answer(self, lookup: Lookup) -> tuple[Recipient, ...]:
            found = super()._answer(lookup)
            return tuple(structs.replace(one, language="sv") for one in found)

    scene = Swedish().raised()
    (mail,) = scene.planned(Audience.HQ)
    assert mail.body.text(scene.now).endswith("\nLarm a1: natalia alarm show a1")
    assert mail.english.endswith("Acknowledge at the console.")


def test_hqs_mail_of_the_end_is_two_sentences_bug_the_second_ran_on() -> None:
    scene = Scene().raised()
    scene.settle_all()
    scene.acknowledge()
    scene.close()
    mails = [one for one in scene.planned() if one.channel == "email"]
    mail = mails[-1].body.text(scene.now)
    needed = "HQ tells you if you are still needed"
    assert mail == f"Heron: the alarm has ended at HQ. {needed}.{SHOW}"
