"""A certificate for the far ends that speak TLS; and no channel is left open."""

from collections.abc import Iterator

import pytest

from tests.adapters.channels.contract import MADE
from tests.certificates import certificate

__all__ = ["certificate", "closes_channels"]


@pytest.fixture(autouse=True)
def closes_channels() -> Iterator[None]:
    """Close every channel that the test made, as an orderly stop does."""
    yield
    while MADE:
        MADE.pop().close()
