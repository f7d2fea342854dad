"""A model's profile adds meaning, and takes away only what nobody could tell."""

from hypothesis import given
from hypothesis import strategies as st

from engine.roster.model import Profile
from engine.values import Signal

PENDANT = Profile(
    profile="pendant", codes={"alarm:9": Signal.CHECK_IN, "status:bit18": Signal.SOS}
)
VAGUE = {Signal.BUTTON, Signal.UNKNOWN}


def test_a_side_button_means_what_the_profile_says() -> None:
    read = PENDANT.read(frozenset({Signal.BUTTON}), ("alarm:9",))
    assert read == {Signal.CHECK_IN}


def test_a_code_that_it_does_not_name_stays_unknown() -> None:
    read = PENDANT.read(frozenset({Signal.UNKNOWN}), ("alarm:9", "alarm:8"))
    assert read == {Signal.CHECK_IN, Signal.UNKNOWN}


@given(
    st.frozensets(st.sampled_from(Signal)),
    st.lists(st.sampled_from(("alarm:9", "alarm:8", "status:bit18"))),
)
def test_no_profile_hides_what_the_decoder_has_read(
    signals: frozenset[Signal], codes: list[str]
) -> None:
    assert signals - VAGUE <= PENDANT.read(signals, codes)
