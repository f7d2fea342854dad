"""Every use of a descriptor has its share of the process's limit."""

from dataclasses import astuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.descriptors import LEAST, Needs, Shares, reserves, shared_out, warning

LIMITS = st.integers(0, 2_000_000)
NEEDS = st.builds(
    Needs,
    listeners=st.integers(0, 60),
    modems=st.integers(0, 20),
    lanes=st.integers(0, 200),
    devices=st.integers(0, 30_000),
)
FIELD_KIT = Needs(listeners=4, modems=2, lanes=12, devices=40)


@given(LIMITS, NEEDS)
def test_shares_sum_to_less_than_the_limit(limit: int, needs: Needs) -> None:
    shares = astuple(shared_out(limit, needs))
    assert min(shares) >= 0
    assert sum(shares) < max(limit, 1)


@given(LIMITS, NEEDS)
def test_no_use_has_more_than_its_reserve_before_all_have_theirs(
    limit: int, needs: Needs
) -> None:
    shares, wanted = astuple(shared_out(limit, needs)), astuple(reserves(needs))
    short = [
        n
        for n, (has, asks) in enumerate(zip(shares, wanted, strict=True))
        if has < asks
    ]
    if short:
        assert all(has <= asks for has, asks in zip(shares, wanted, strict=True))
        assert not any(shares[short[0] + 1 :])


@given(LIMITS, st.integers(0, 10_000), NEEDS)
def test_a_higher_limit_takes_from_nobody(limit: int, more: int, needs: Needs) -> None:
    lower, higher = shared_out(limit, needs), shared_out(limit + more, needs)
    assert all(a <= b for a, b in zip(astuple(lower), astuple(higher), strict=True))


@given(LIMITS, NEEDS)
def test_a_limit_that_warns_of_nothing_holds_every_reserve(
    limit: int, needs: Needs
) -> None:
    if warning(limit, needs) is None:
        shares = astuple(shared_out(limit, needs))
        assert all(
            h >= r for h, r in zip(shares, astuple(reserves(needs)), strict=True)
        )


@pytest.mark.parametrize(("limit", "warns"), [(LEAST - 1, True), (LEAST, False)])
def test_below_4096_the_cure_is_named(limit: int, *, warns: bool) -> None:
    said = warning(limit, FIELD_KIT)
    assert (said is not None) is warns
    if said:
        assert f"only {limit}" in said
        assert "LimitNOFILE=65536" in said


def test_with_1024_descriptors_a_field_kit_keeps_every_reserve() -> None:
    shares = shared_out(1_024, FIELD_KIT)
    assert shares.enrolled > 80 + 100
    assert shares.strangers > 200
    assert shares.hq > 64
    assert isinstance(shares, Shares)
