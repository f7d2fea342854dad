"""Mastodon against a real HTTP server that honours its idempotency key."""

from collections.abc import Iterator
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path

import pytest

from adapters.channels.mastodon import MastodonChannel
from adapters.demo.farends.mastodon import MastodonServer
from adapters.demo.farends.shelf import Mode
from adapters.demo.farends.web import WebAnswer, WebRequest
from engine.errors import ConfigError, DeliveryError, DeliveryUnknownError, RefusalOf
from engine.ports.channel import PublicMessage
from engine.values import EffectId, PublicText
from tests.adapters.channels.contract import ChannelContract, LoopbackClock, Rig

TOKEN = "ZA-Yj3aBD8U8Cm7lKUp-lm9O9BmDgdhHzDeqsY8tlL0"
TEXT = "A defender in Uzbekistan & <needs> help.\n\nWrite: https://example.org/a?b=1&c"


@pytest.fixture
def server() -> Iterator[MastodonServer]:
    """Give an instance whose clock the test may move."""
    server = MastodonServer(LoopbackClock(), token=TOKEN)
    server.start()
    yield server
    server.stop()


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """Give the token's file."""
    path = tmp_path / "token"
    path.write_text(TOKEN)
    path.chmod(0o600)
    return path


@pytest.fixture
def rig(server: MastodonServer, token_file: Path) -> Rig:
    """Give the contract's rig."""
    clock = server._clock
    assert isinstance(clock, LoopbackClock)
    return Rig(
        cls=MastodonChannel,
        options={"url": server.url, "token_file": token_file},
        address_key="url",
        switch=server.switch,
        kept=lambda: len(server.posts.items()),
        carries=PublicMessage,
        clock=clock,
    )


class TestMastodonContract(ChannelContract):
    """The contract of all channels."""


def post(rig: Rig, **changes: object) -> PublicMessage:
    """Return a post that is planned now."""
    made: PublicMessage = replace(
        rig.now(), **{"text": TEXT, "address": "public", **changes}
    )
    return made


def test_a_post_says_the_text_with_language_and_visibility(
    rig: Rig, server: MastodonServer
) -> None:
    receipt = rig.channel(visibility="unlisted").send(post(rig, language="ru"))
    (posted,) = server.posts.items()
    assert receipt.reference == posted.identifier
    assert (posted.text, posted.language) == (TEXT, "ru")
    assert posted.visibility == "unlisted"
    assert "heron" not in posted.key


def test_a_repeat_within_the_hour_is_the_same_post(rig: Rig) -> None:
    notification = post(rig)
    first = rig.channel().send(notification)
    rig.clock.ahead_s += 49 * 60
    again = rig.channel().send(replace(notification, attempt=2))
    assert again == first
    assert rig.kept() == 1


def test_two_effects_with_one_text_are_two_posts(rig: Rig) -> None:
    rig.channel().send(post(rig))
    rig.channel().send(post(rig, key=EffectId("another")))
    assert rig.kept() == 2


def lose_the_answer(rig: Rig, notification: PublicMessage) -> None:
    """Post in a way that the channel cannot know."""
    rig.switch.turn(Mode.DROP)
    with pytest.raises(DeliveryUnknownError):
        rig.channel().send(notification)
    rig.switch.turn(Mode.SERVE)
    assert rig.kept() == 1


def test_after_an_hour_an_unknown_post_is_found_on_the_time_line(rig: Rig) -> None:
    notification = post(rig)
    lose_the_answer(rig, notification)
    rig.clock.ahead_s += 2 * 3600
    receipt = rig.channel().send(replace(notification, attempt=2))
    assert receipt.reference
    assert rig.kept() == 1


def test_the_search_goes_past_a_full_page(rig: Rig) -> None:
    notification = post(rig)
    lose_the_answer(rig, notification)
    for number in range(45):
        other = replace(rig.now(), text=f"{number}", key=EffectId(f"{number}"))
        rig.channel().send(other)
    rig.clock.ahead_s += 2 * 3600
    rig.channel().send(replace(notification, attempt=2))
    assert rig.kept() == 46


def test_after_an_hour_a_post_that_never_arrived_is_made(rig: Rig) -> None:
    rig.channel().send(post(rig, text=PublicText("older"), key=EffectId("older")))
    rig.clock.ahead_s += 60
    notification = post(rig)
    rig.clock.ahead_s += 2 * 3600
    rig.channel().send(replace(notification, attempt=2))
    assert rig.kept() == 2


def test_an_older_post_with_the_same_words_is_not_taken_for_this_one(rig: Rig) -> None:
    rig.channel().send(post(rig, key=EffectId("older")))
    rig.clock.ahead_s += 60
    notification = post(rig)
    rig.clock.ahead_s += 2 * 3600
    rig.channel().send(replace(notification, attempt=2))
    assert rig.kept() == 2


class BehindProxy(MastodonServer):
    """An instance behind a proxy that loses what it answers, and says 503 of that.

    Envoy and others say so of whatever ends before an answer, also behind the request.
    """

    loses = True

    def answer(self, request: WebRequest) -> WebAnswer:
        """Take it, and answer it or not."""
        answer = super().answer(request)
        unavailable = WebAnswer(status=HTTPStatus.SERVICE_UNAVAILABLE)
        return unavailable if self.loses else answer


@pytest.fixture
def behind() -> Iterator[BehindProxy]:
    """Give an instance behind a proxy."""
    server = BehindProxy(LoopbackClock(), token=TOKEN)
    server.start()
    yield server
    server.stop()


def test_what_was_posted_and_answered_503_is_not_posted_again_bug_it_was_read_twice(
    rig: Rig, behind: BehindProxy
) -> None:
    channel = rig.channel(url=behind.url)
    first = post(rig, key=EffectId("7d5c.publish.0.public.mastodon.0"))
    with pytest.raises(DeliveryError) as refusal:
        channel.send(first)
    assert refusal.value.retry
    behind.loses = False
    rig.clock.ahead_s += 5 * 60
    again = EffectId("7d5c.publish.0.public.mastodon.1")
    receipt = channel.send(post(rig, key=again, repeat=1))
    (posted,) = behind.posts.items()
    assert receipt.reference == posted.identifier


@pytest.mark.parametrize(
    ("key", "text"),
    [
        ("7d5c.publish.0.public.mastodon.1", "Another text, approved since."),
        ("7d5c.publish.1.public.mastodon.1", TEXT),
        ("90e2.publish.0.public.mastodon.1", TEXT),
    ],
)
def test_what_says_something_else_or_is_another_approvals_is_another_post(
    rig: Rig, key: str, text: str
) -> None:
    rig.channel().send(post(rig, key=EffectId("7d5c.publish.0.public.mastodon.0")))
    other = replace(post(rig, key=EffectId(key), repeat=1), text=PublicText(text))
    rig.channel().send(other)
    assert rig.kept() == 2


@pytest.mark.parametrize("mode", [Mode.REFUSE, Mode.FAIL, Mode.DROP])
def test_without_its_time_line_a_late_repeat_stays_unknown_and_posts_nothing(
    rig: Rig, mode: Mode
) -> None:
    notification = post(rig)
    lose_the_answer(rig, notification)
    rig.clock.ahead_s += 2 * 3600
    rig.switch.turn(mode)
    with pytest.raises(DeliveryUnknownError):
        rig.channel().send(replace(notification, attempt=2))
    assert rig.kept() == 1


def test_a_wrong_token_is_the_channels_and_not_shown(
    rig: Rig, token_file: Path
) -> None:
    token_file.write_text("wrongtoken")
    for act in (rig.channel().check, lambda: rig.channel().send(post(rig))):
        with pytest.raises(DeliveryError) as refusal:
            act()
        assert refusal.value.of is RefusalOf.CHANNEL
        assert "wrongtoken" not in str(refusal.value)


def test_a_text_that_is_too_long_is_refused_for_good(rig: Rig) -> None:
    with pytest.raises(DeliveryError) as refusal:
        rig.channel().send(replace(post(rig), text=PublicText("x" * 501)))
    assert refusal.value.retry is False


def test_an_unknown_visibility_is_a_configuration_fault(rig: Rig) -> None:
    with pytest.raises(ConfigError) as fault:
        rig.channel(visibility="everybody")
    assert fault.value.key == "channel.tested.options.visibility"
    assert "unlisted" in fault.value.expected
