"""What stands where on a case: read at a glance, in a window of usual width."""

import pytest
from playwright.sync_api import expect

from tests.browser.boxes import boxes_of
from tests.browser.conftest import Sign
from tests.rig import Rig
from tests.voices import say_safe

pytestmark = pytest.mark.process

FIELDS = (
    "to",
    "hand-over-note",
    "word",
    "safe-remark",
    "reason",
    "false_class",
    "into",
)


@pytest.mark.parametrize("width", [1280, 1600, 820])
def test_each_field_stands_beside_its_label_bug_it_began_the_next_line(
    rig: Rig, sign_in: Sign, width: int
) -> None:
    alder = sign_in("alder", viewport={"width": width, "height": 800})
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.locator("#do-acknowledge").click()
    say_safe(rig, str(rig.alarms()[0]["id"]), "rowan")
    expect(alder.page.locator("#do-close")).to_be_enabled()
    lefts = set()
    for name in (*FIELDS, "remark"):
        label, field = boxes_of(alder.page, f"label[for={name}], #{name}")
        assert label.right <= field.left, f"{name}: left of it"
        assert label.top < field.bottom, f"{name}: in its row"
        assert field.top < label.bottom, f"{name}: in its row"
        lefts.add(round(field.left))
    assert len(lefts) == 1, "all of them below each other"
    assert alder.faults == []


def test_contacts_whom_nobody_has_told_can_be_rung_once_they_are_shown(
    rig: Rig, sign_in: Sign
) -> None:
    alder = sign_in("alder", viewport={"width": 1280, "height": 800})
    with rig.device() as device:
        device.sos()
    alder.case()
    untold = alder.page.locator("#people .untold")
    expect(untold).to_contain_text("Contacts whom nobody has told: ")
    expect(untold.locator(".number")).to_have_count(0)
    alder.page.locator("#do-reveal").click()
    expect(untold.locator(".number").first).to_be_visible()
    numbers = boxes_of(alder.page, "#people .untold .number")
    assert numbers
    for number in numbers:
        assert number.bottom - number.top < 30, "on one line"
        assert 0 <= number.left < number.right <= 1280
    assert alder.faults == []


def test_the_time_line_stands_below_the_people_bug_it_began_below_all_that_can_be_done(
    rig: Rig, sign_in: Sign
) -> None:
    alder = sign_in("alder", viewport={"width": 1280, "height": 800})
    with rig.device() as device:
        device.sos()
    alder.case()
    of_a_case = "#acts, #reveal, #timeline"  # As they follow each other in the page.
    acts, reveal, lines = boxes_of(alder.page, of_a_case)
    assert 0 <= lines.top - reveal.bottom < 40, "right below what is known"
    assert lines.right <= acts.left, "beside what can be done"
    assert lines.top < acts.bottom, "not below it"
    alder.page.set_viewport_size({"width": 360, "height": 640})
    _, reveal, lines = boxes_of(alder.page, of_a_case)
    assert lines.top >= reveal.bottom, "a telephone has it last"
    assert alder.faults == []


def test_the_longest_name_makes_no_page_wider_than_a_telephone(
    rig: Rig, sign_in: Sign
) -> None:
    """An operator's name of 32 letters had it 519 wide, with what to press outside."""
    width = 320
    alder = sign_in("w" * 32, viewport={"width": width, "height": 568})
    with rig.device() as device:
        device.sos()
    alder.case()
    alder.page.locator("#do-acknowledge").click()
    expect(alder.page.locator("#case-head")).to_contain_text("With www")
    wide = "document.documentElement.scrollWidth"
    assert alder.page.evaluate(wide) == width
    alder.page.locator("#up").click()
    expect(alder.page.locator("#group-open")).to_contain_text("With www")
    # Its words are there before its stylesheet, without which it is 776 wide.
    alder.page.wait_for_selector("#live.on")
    assert alder.page.evaluate(wide) == width
