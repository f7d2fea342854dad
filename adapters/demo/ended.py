"""How a message of an end begins, so that no other is taken for one.

Read from the file of words and not through the engine: the far ends are outside of it,
and what composes the message must not be what judges it.
"""

import tomllib
from importlib import resources


def said_of_the_end(language: str, code: str, alias: str) -> str:
    """Return the beginning of the stop message; with "" for a code as HQ reads it.

    A repeat of the alarm begins with a mark of its own and a move with other words, in
    whatever language. No form of this beginning is shorter: it survives every cut.
    """
    source = resources.files("engine") / "protocol" / "wording" / f"{language}.toml"
    parts = tomllib.loads(source.read_text(encoding="utf-8-sig"))["text"]["stop"]
    form: str = parts[0][1]
    return form.format(code=code, alias=alias).lstrip()
