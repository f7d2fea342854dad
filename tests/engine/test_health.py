"""What is wrong with the engine, and with what of it."""

from hypothesis import given
from hypothesis import strategies as st

from engine.health import ALL_CHANNELS_DOWN, Health, Standing
from tests.engine.intake.reports import Meter

ROUTES = st.sampled_from(["modem-1", "modem-2", "email"])


def test_nothing_is_wrong_at_first() -> None:
    assert Health(Meter()).reasons() == {}


def test_a_reason_holds_as_long_as_one_component_complains() -> None:
    meter = Meter()
    health = Health(meter)
    health.report("child_failing", "b", wrong=True)
    health.report("child_failing", "a", wrong=True)
    assert health.reasons() == {"child_failing": ("a", "b")}
    health.report("child_failing", "a", wrong=False)
    assert health.reasons() == {"child_failing": ("b",)}
    assert meter.shown["degraded", "child_failing"] == 1.0
    health.report("child_failing", "b", wrong=False)
    health.report("child_failing", "b", wrong=False)
    assert health.reasons() == {}
    assert meter.shown["degraded", "child_failing"] == 0.0


@given(st.lists(st.tuples(ROUTES, st.booleans()), min_size=1, max_size=30))
def test_all_channels_are_down_while_none_is_up(words: list[tuple[str, bool]]) -> None:
    meter = Meter()
    health = Health(meter)
    for name, is_up in words:
        health.route(name, "modem_down", is_up=is_up)
    latest = dict(words)
    down = tuple(sorted(name for name, is_up in latest.items() if not is_up))
    reasons = health.reasons()
    assert reasons.get("modem_down", ()) == down
    assert (ALL_CHANNELS_DOWN in reasons) == (not any(latest.values()))
    shown = meter.shown["degraded", ALL_CHANNELS_DOWN]
    assert bool(shown) == (ALL_CHANNELS_DOWN in reasons)


def test_sms_and_calls_leave_while_one_modem_is_up_another_channel_by_itself() -> None:
    health = Health(Meter())
    assert health.is_down("sms"), "no modem has been seen yet"
    for name, is_up in (("modem-1", False), ("modem-2", True)):
        health.route(name, "modem_down", is_up=is_up)
    health.route("email", "channel_down", is_up=False)
    channels = ("sms", "call", "email", "webhook")
    assert [one for one in channels if health.is_down(one)] == ["email"]
    health.route("modem-2", "modem_down", is_up=False)
    health.route("email", "channel_down", is_up=True)
    assert [one for one in channels if health.is_down(one)] == ["sms", "call"]


def test_a_public_account_that_is_up_is_no_way_to_anybody() -> None:
    health = Health(Meter())
    health.tells_nobody(frozenset({"mastodon"}))
    health.route("mastodon", "channel_down", is_up=True)
    assert health.reasons() == {}
    health.route("modem-1", "modem_down", is_up=False)
    assert ALL_CHANNELS_DOWN in health.reasons()
    health.route("mastodon", "channel_down", is_up=True)
    assert ALL_CHANNELS_DOWN in health.reasons()
    health.route("modem-1", "modem_down", is_up=True)
    health.route("mastodon", "channel_down", is_up=False)
    assert health.reasons() == {"channel_down": ("mastodon",)}


def test_two_reasons_that_take_turns_are_each_new_once_while_a_channel_is_down() -> (
    None
):
    standing = Standing()
    said = (None, "reset", "refused", "reset", "refused", None, None, "reset")
    news = [standing.is_news(wrong) for wrong in said]
    assert news == [False, True, True, False, False, True, False, True]


def test_a_route_that_is_forgotten_complains_no_more_and_is_no_way_out() -> None:
    health = Health(Meter())
    health.route("modem-1", "modem_down", is_up=False)
    health.route("modem-2", "modem_down", is_up=True)
    health.report("store_unread", "modem-1", wrong=True)
    health.forget("modem-1")
    assert health.reasons() == {}
    health.route("modem-1", "modem_down", is_up=False)
    health.forget("modem-2")
    assert ALL_CHANNELS_DOWN in health.reasons()
    health.forget("modem-1")
    assert "modem_down" not in health.reasons()


def test_a_channel_to_the_world_alone_is_no_way_to_anybody_from_then_on() -> None:
    health = Health(Meter())
    health.route("post", "channel_down", is_up=True)
    health.route("modem-1", "modem_down", is_up=False)
    health.tells_nobody(frozenset({"post"}))
    health.route("modem-1", "modem_down", is_up=False)
    assert ALL_CHANNELS_DOWN in health.reasons()


def test_what_messages_have_shown_of_a_channel_ends_with_its_configuration() -> None:
    health = Health(Meter())
    before = health.standing("email")
    assert health.standing("email") is before
    health.forget("email")
    assert health.standing("email") is not before
