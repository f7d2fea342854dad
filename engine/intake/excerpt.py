"""What HQ reads of a long message. Pure."""

SHOWN_MAX = 500
"""Characters: more than a person reads before they act."""
_END = 150


def excerpt(text: str) -> str:
    """Return a message, or how it begins and ends with how much is between them.

    What calls for help may be its last word; and who reads a part must know that it is
    one.
    """
    if len(text) <= SHOWN_MAX:
        return text
    left_out = len(text) - SHOWN_MAX
    mark = f" [more than {left_out} characters left out] "
    begin = SHOWN_MAX - _END - len(mark)
    return f"{text[:begin]}{mark}{text[-_END:]}"
