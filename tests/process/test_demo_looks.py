"""What the demo says that it has seen, it has looked at: a wrong far end is named."""

import threading
from collections.abc import Callable, Mapping

import pytest
from typer.testing import CliRunner

from adapters.demo import cli, scenario
from adapters.demo.console import OperatorAtConsole
from adapters.demo.farends.mastodon import Post
from adapters.demo.farends.shelf import Mode
from adapters.demo.scenario import Scenario
from adapters.demo.stage import RungNumber, SentSms, Stage

pytestmark = [pytest.mark.process, pytest.mark.slow]

Breaks = Callable[[Stage], None]


def _page(stage: Stage) -> None:
    number = stage.number("rowan")
    text = "SOS K7F2 Heron 41.31151,69.27974, now. Open the console and acknowledge"
    stage.messages.add(SentSms(number=number, text=text, at=stage.clock.now()))


def _ring(stage: Stage) -> None:
    number = stage.number("rowan")
    stage.calls.add(RungNumber(number=number, at=stage.clock.now()))


def _post(stage: Stage) -> None:
    post = Post(
        at=stage.clock.now(),
        identifier="1",
        text="Somebody is at risk.",
        visibility="public",
        language="en",
        key="k",
    )
    stage.mastodon.posts.add(post)


def _post_soon(stage: Stage) -> None:
    threading.Timer(0.1, _post, [stage]).start()


def _no_mail(stage: Stage) -> None:
    stage.mail.switch.turn(Mode.REFUSE)


def _no_hook(stage: Stage) -> None:
    stage.hook.switch.turn(Mode.REFUSE)


def _deaf(stage: Stage) -> None:
    for modem in stage.modems:
        modem.faults.hang = True


def _repeats(stage: Stage) -> None:
    """Say every message again, marked as a repeat in its language."""
    words = {"en": "Repeat", "sv": "Upprepat", "ru": "Повтор"}
    people = stage.numbers()
    for sms in stage.messages.items():
        language = str(stage.person(people[sms.number])["language"])
        text = f"{words.get(language, '#2')} {sms.text}"
        again = SentSms(number=sms.number, text=text, at=stage.clock.now())
        stage.messages.add(again)


CASES: Mapping[str, tuple[Mapping[str, Breaks], str]] = {
    "an officer is paged after the acknowledgement": (
        {"verify": _page},
        "no officer on duty is paged after alder has acknowledged",
    ),
    "an officer's telephone rings after it": (
        {"verify": _ring},
        "no officer on duty is paged after alder has acknowledged",
    ),
    "verifying publishes, a moment later": (
        {"verify": _post_soon},
        "nothing is published by verifying",
    ),
    "HQ gets no e-mail of the end": (
        {"approve": _no_mail},
        "HQ gets an e-mail of the end",
    ),
    "HQ gets no webhook of the end": (
        {"approve": _no_hook},
        "HQ gets a signed webhook of the end",
    ),
    "colleagues get repeats and no end": (
        {"approve": _deaf, "close": _repeats},
        "Lapwing gets the stop message",
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_what_the_demo_has_not_seen_is_named(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    breaks, missing = CASES[name]
    played = Scenario._act

    def act(
        self: Scenario,
        step: str,
        operator: OperatorAtConsole,
        alarm: str,
        act: str,
        **how: str,
    ) -> None:
        played(self, step, operator, alarm, act, **how)
        if step in breaks:
            breaks[step](self._stage)

    monkeypatch.setattr(Scenario, "_act", act)
    monkeypatch.setattr(cli, "ENDS", ())
    monkeypatch.setattr(scenario, "WAIT_S", 5.0)
    done = CliRunner().invoke(cli.app, ["--once"])
    assert f"MISSING: {missing}\n" in done.stderr
    assert done.exit_code == 1
