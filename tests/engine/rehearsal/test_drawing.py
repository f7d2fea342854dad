"""The time line is a whole SVG: every moment in it, nothing fetched, nothing run."""

from datetime import timedelta
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from engine.protocol.registry import load_registry
from engine.rehearsal.drawing import LEFT, RIGHT, WIDTH, clock, drawing, x_of
from engine.rehearsal.play import Moment, play

SVG = "{http://www.w3.org/2000/svg}"
PROTOCOLS = load_registry(None, "standard").protocols


@pytest.mark.parametrize("name", ["standard", "abduction"])
def test_every_moment_is_a_mark_with_its_words(name: str) -> None:
    moments = play(PROTOCOLS[name])
    svg = ET.fromstring(drawing("A & B <title>", moments))
    marks = svg.findall(f"{SVG}circle")
    assert len(marks) == len(moments)
    said = [mark.findtext(f"{SVG}title") for mark in marks]
    assert "0:00:00 people: the alarm is raised: SOS" in said
    assert svg.findtext(f"{SVG}title") == "A & B <title>"


def test_nothing_is_fetched_and_nothing_runs() -> None:
    text = drawing("Standard", play(PROTOCOLS["standard"]))
    assert text.count("http") == 1  # the name space
    assert not any(word in text for word in ("href", "<script", "<image", "url("))


def test_what_went_wrong_stands_out() -> None:
    good = Moment(after=timedelta(0), lane="a", words="well")
    bad = Moment(after=timedelta(seconds=5), lane="a", words="badly", is_bad=True)
    svg = ET.fromstring(drawing("t", [good, bad]))
    colours = [mark.get("fill") for mark in svg.findall(f"{SVG}circle")]
    assert colours[0] != colours[1]


@given(st.floats(0, 86_400), st.floats(0, 86_400))
def test_later_stands_farther_right_and_inside(one: float, other: float) -> None:
    ends = timedelta(days=1)
    first, second = sorted((one, other))
    left, right = (
        x_of(timedelta(seconds=first), ends),
        x_of(timedelta(seconds=second), ends),
    )
    assert LEFT <= left <= right <= WIDTH - RIGHT + 1e-6


def test_an_empty_play_is_drawn_as_well() -> None:
    assert ET.fromstring(drawing("t", [])).tag == f"{SVG}svg"


def test_times_are_hours_minutes_and_seconds() -> None:
    assert clock(timedelta(hours=25, minutes=3, seconds=7)) == "25:03:07"


def test_weeks_after_the_end_a_time_says_the_day() -> None:
    assert clock(timedelta(days=30, minutes=45, seconds=7)) == "30d 0:45"


def labels_of(ends: timedelta) -> list[tuple[float, float, str]]:
    """Return where each label of a time begins and ends, and its words."""
    last = Moment(after=ends, lane="a", words="late")
    svg = ET.fromstring(drawing("t", [last]))
    found = []
    for label in svg.findall(f"{SVG}text"):
        if label.get("font-size") == "10":
            words, x = label.text or "", float(label.get("x", "0"))
            share = 1 if label.get("text-anchor") == "end" else 0.5
            found.append((x - 6 * len(words) * share, 6 * len(words), words))
    return [(begins, begins + wide, words) for begins, wide, words in found]


@pytest.mark.parametrize("minutes", [1, 30, 120, 1_440, 50_000, 527_040])
def test_no_label_of_a_time_lies_on_another(minutes: int) -> None:
    labels = labels_of(timedelta(minutes=minutes))
    for (_, ends, _), (begins, _, _) in pairwise(labels):
        assert ends <= begins + 0.1, labels


def test_the_days_after_the_end_are_on_the_scale() -> None:
    words = [one for _, _, one in labels_of(timedelta(minutes=50_000))]
    assert words[0] == "raised"
    assert words[-4:] == ["1 day", "3 days", "7 days", "30 days"]


@pytest.mark.parametrize("seconds", [1_800, 1_810, 3_600, 7_200])
def test_no_label_of_a_time_is_cut_off_at_the_edge(seconds: int) -> None:
    last = Moment(after=timedelta(seconds=seconds), lane="a", words="late")
    svg = ET.fromstring(drawing("t", [last]))
    labels = [one for one in svg.findall(f"{SVG}text") if one.get("font-size") == "10"]
    for label in labels:
        x, wide = float(label.get("x", "0")), 6 * len(label.text or "")
        ends = x if label.get("text-anchor") == "end" else x + wide / 2
        assert ends <= WIDTH


def test_what_people_do_can_be_read_on_paper() -> None:
    moments = play(PROTOCOLS["careful"])
    svg = ET.fromstring(drawing("t", moments))
    texts = [one.text or "" for one in svg.findall(f"{SVG}text")]
    people = [moment for moment in moments if moment.lane == "people"]
    times = sorted({moment.after for moment in people})
    assert len(times) < len(people), "two at once have one number"
    for moment in people:
        number = times.index(moment.after) + 1
        assert f"{number}  {clock(moment.after)}  {moment.words}" in texts
        assert texts.count(str(number)) == 1
    bottom = float(svg.get("viewBox", "").split()[-1])
    assert all(float(one.get("y", "0")) < bottom for one in svg.findall(f"{SVG}text"))
