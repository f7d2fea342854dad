"""What the control socket answers about the roster."""

import json
from dataclasses import replace

import pytest

from engine.roster.listing import respond, show_person
from engine.roster.risk import read_window
from engine.roster.sample import sample_roster

ROSTER = sample_roster()


def test_a_listing_names_the_version_and_is_plain_json() -> None:
    answer = respond({"command": "roster.list"}, ROSTER)

    assert json.loads(json.dumps(answer)) == answer
    assert (answer["ok"], answer["version"]) == (True, ROSTER.version)


@pytest.mark.parametrize("reveal", ["yes", 1, None, "true"])
def test_only_a_true_reveal_reveals(reveal: object) -> None:
    request = {"command": "roster.show", "person": "heron", "reveal": reveal}

    answer = json.dumps(respond(request, ROSTER))

    assert "+998" not in answer
    assert "Tashkent" not in answer


def test_everybody_can_be_shown_revealed_as_plain_json() -> None:
    for one in ROSTER.people:
        request = {"command": "roster.show", "person": one.person, "reveal": True}
        answer = respond(request, ROSTER)
        assert json.loads(json.dumps(answer)) == answer
        assert one.numbers[0] in json.dumps(answer)


def test_somebody_on_duty_is_shown_with_their_shifts() -> None:
    shift = read_window("mon-fri 08:00-20:00")
    officer = replace(ROSTER.duty()[0], shifts=(shift,))
    roster = replace(ROSTER, people=(officer,))

    shown = show_person(roster, officer.person, reveal=False)

    assert shown is not None
    assert shown["shifts"] == ["mon-fri 08:00-20:00"]


@pytest.mark.parametrize(
    "request_",
    [
        {},
        {"command": "roster.import"},
        {"command": "roster.show"},
        {"command": "roster.show", "person": 7},
        {"command": "roster.show", "person": "nobody"},
        {"command": ["roster.list"]},
    ],
)
def test_what_cannot_be_served_is_answered_all_the_same(
    request_: dict[str, object],
) -> None:
    answer = respond(request_, ROSTER)

    assert answer["ok"] is False
    assert isinstance(answer["error"], str)
