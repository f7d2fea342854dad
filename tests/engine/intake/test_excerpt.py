"""What HQ reads of a long message: its beginning, its end, and that it is not all."""

from hypothesis import given
from hypothesis import strategies as st

from engine.intake.excerpt import SHOWN_MAX, excerpt


@given(st.text(max_size=SHOWN_MAX))
def test_what_is_short_is_shown_as_it_is(text: str) -> None:
    assert excerpt(text) == text


@given(st.integers(1, 40_000))
def test_a_long_message_says_that_it_is_one_bug_a_call_at_its_end_was_not_shown(
    more: int,
) -> None:
    text = "At noon " + "x" * (SHOWN_MAX + more - 15) + " help me"
    shown = excerpt(text)
    assert len(shown) == SHOWN_MAX
    assert shown.startswith("At noon x")
    assert shown.endswith("x help me")
    assert f"[more than {len(text) - SHOWN_MAX} characters left out]" in shown
