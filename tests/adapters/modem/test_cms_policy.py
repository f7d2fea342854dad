"""The policy table: total over what modems write, and the captured proposal's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modem.cms_policy import POLICIES, FaultClass, is_busy, policy
from tests.adapters.modem.vectors import transcripts


def test_every_code_of_the_captured_table_has_a_policy() -> None:
    codes = transcripts()["cms_error_policy"]["codes"]
    listed = {entry["code"] for entry in codes if isinstance(entry["code"], int)}
    assert listed - set(POLICIES) == set()


@given(st.text(max_size=12))
def test_any_code_has_a_policy(code: str) -> None:
    assert policy(code).meaning


@pytest.mark.parametrize("code", ["²", "99999", "unknown error", "", "-1", "515"])
def test_a_code_that_is_none_is_worth_another_route(code: str) -> None:
    assert policy(code).retry


@pytest.mark.parametrize("code", ["1", "30", "96", "304"])
def test_what_no_route_mends_is_not_tried_again(code: str) -> None:
    assert not policy(code).retry


def test_a_duplicate_that_the_network_refuses_counts_as_sent() -> None:
    assert policy("197").fault is FaultClass.SENT


@pytest.mark.parametrize("code", ["14", "314", "515", "SIM busy"])
def test_a_busy_sim_asks_for_patience(code: str) -> None:
    assert is_busy(code)
