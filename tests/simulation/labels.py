"""Whether what a measurement is labelled with may be there (I10). Pure."""

from functools import cache

from engine.ports.measures import DECLARATIONS

_DECLARED = frozenset(each.name for each in DECLARATIONS)


@cache
def wrong_in(name: str, labels: tuple[str, ...], secrets: frozenset[str]) -> str:
    """Say what is wrong with a measurement's name and labels; empty: nothing."""
    if name not in _DECLARED:
        return "a measurement that is not declared"
    if any(secret in label for label in labels for secret in secrets):
        return "something personal in a label"
    return ""
