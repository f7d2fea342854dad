"""The policy table: total over what modems write, and the captured proposal's."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from adapters.modem.cms_policy import (
    POLICIES,
    FaultClass,
    is_busy,
    is_without_sim,
    policy,
)
from tests.adapters.modem.vectors import transcripts


def test_every_code_of_the_captured_table_has_a_policy() -> None:
    codes = transcripts()["cms_error_policy"]["codes"]
    listed = {entry["code"] for entry in codes if isinstance(entry["code"], int)}
    assert listed - set(POLICIES) == set()


def test_the_class_of_every_captured_code_is_ours_but_for_one() -> None:
    # Our words for its classes; 10 (call barred) may be the SIM's fault as well, and
    # the table itself has it go over to another SIM once.
    ours = {
        "permanent-recipient": "recipient",
        "sim-or-recipient": "sim_or_recipient",
        "temporary-long": "temporary_long",
        "bug": "ours",
        "unknown-outcome": "unknown",
    }
    theirs = {
        entry["code"]: ours.get(entry["class"], entry["class"])
        for entry in transcripts()["cms_error_policy"]["codes"]
        if isinstance(entry["code"], int)
    }
    deviating = {c for c, fault in theirs.items() if policy(str(c)).fault != fault}
    assert deviating == {10}


def test_what_fails_this_recipient_everywhere_or_is_our_mistake_is_not_repeated() -> (
    None
):
    final = {"permanent-recipient", "bug", "sent"}
    for entry in transcripts()["cms_error_policy"]["codes"]:
        if isinstance(entry["code"], int) and entry["code"] != 10:
            wanted = entry["class"] not in final
            assert policy(str(entry["code"])).retry is wanted, entry["code"]


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


@pytest.mark.parametrize("code", ["311", "cme 11", "316", "cme 12", "SIM PIN required"])
def test_a_sim_that_is_locked_or_lost_is_to_be_opened_again(code: str) -> None:
    assert is_without_sim(code)


@pytest.mark.parametrize("code", ["38", "cme 100", "314", "500", ""])
def test_what_is_refused_for_another_reason_has_its_sim(code: str) -> None:
    assert not is_without_sim(code)


@pytest.mark.parametrize("code", ["14", "314", "515", "SIM busy"])
def test_a_busy_sim_asks_for_patience(code: str) -> None:
    assert is_busy(code)
