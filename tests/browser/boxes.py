"""Where things stand on a page, all of them measured at one moment.

An update of the console replaces what it brings anew. What is asked in two steps,
which elements there are and where they stand, may ask the second of an element that
is gone by then, which stands nowhere.
"""

from typing import NamedTuple

from playwright.sync_api import Page

MEASURE = """
selector => [...document.querySelectorAll(selector)].map(one => {
  const { left, top, right, bottom } = one.getBoundingClientRect();
  return [left, top, right, bottom, one.getClientRects().length];
})
"""


class Box(NamedTuple):
    """One element's edges in CSS pixels of the window, and how many lines it has."""

    left: float
    top: float
    right: float
    bottom: float
    lines: int


def boxes_of(page: Page, selector: str) -> list[Box]:
    """Return the box of each element that is shown; `selector` is plain CSS."""
    measured = page.evaluate(MEASURE, selector)
    return [box for box in (Box(*edges) for edges in measured) if box.lines]


def box_of(page: Page, selector: str) -> Box:
    """Return the box of the first element that is shown."""
    return boxes_of(page, selector)[0]
