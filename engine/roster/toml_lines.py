"""On which line each value of a TOML text stands, which `tomli` does not say."""

import re
from bisect import bisect_right
from collections.abc import Mapping

import tomli

Path = tuple[str | int, ...]

_BLANK = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'",
    re.DOTALL,
)
_SCALAR = re.compile(r"[^,\]}\n#]+")


def value_lines(text: str) -> Mapping[Path, int]:
    """Map the path of each table and value to its line, counted from 1.

    Args:
        text: TOML that `tomli` has accepted; on other text it gives up where
            it no longer understands, and what it returns is short.

    """
    scan = _Scan(text.replace("\r\n", "\n"))
    scan.document()
    return scan.lines


def nearest_line(lines: Mapping[Path, int], path: Path) -> int | None:
    """Return the line of a path, else that of the closest table around it."""
    for end in range(len(path), 0, -1):
        line = lines.get(path[:end])
        if line is not None:
            return line
    return None


class _Scan:
    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.lines: dict[Path, int] = {}
        self._breaks = [found.start() for found in re.finditer("\n", text)]
        self._last: dict[Path, int] = {}

    def document(self) -> None:
        table: Path = ()
        while True:
            self._blank()
            if self.at >= len(self.text):
                return
            before = self.at
            if self.text[self.at] == "[":
                table = self._header()
            else:
                self._pair(table)
            if self.at == before:
                return

    def _header(self) -> Path:
        is_array = self.text.startswith("[[", self.at)
        width = 2 if is_array else 1
        here = self.at
        self.at += width
        parts = self._key()
        self.at += width
        table: Path = ()
        for part in parts[:-1]:
            table = self._into(table, part)
        table = (*table, parts[-1]) if parts else table
        if is_array:
            self._last[table] = self._last.get(table, -1) + 1
            self._note(table, here)
            table = (*table, self._last[table])
        self._note(table, here)
        return table

    def _into(self, table: Path, part: str) -> Path:
        table = (*table, part)
        return (*table, self._last[table]) if table in self._last else table

    def _pair(self, table: Path) -> None:
        here = self.at
        for part in self._key():
            table = (*table, part)
            self._note(table, here)
        self.at += 1  # the equals sign
        self._value(table)

    def _key(self) -> list[str]:
        parts: list[str] = []
        while True:
            self._blank()
            bare = _BARE_KEY.match(self.text, self.at)
            quoted = _STRING.match(self.text, self.at)
            if bare:
                parts.append(bare[0])
                self.at = bare.end()
            elif quoted:
                parts.append(_unquoted(quoted[0]))
                self.at = quoted.end()
            self._blank()
            if not self.text.startswith(".", self.at):
                return parts
            self.at += 1

    def _value(self, path: Path) -> None:
        self._blank()
        self._note(path, self.at)
        string = _STRING.match(self.text, self.at)
        scalar = _SCALAR.match(self.text, self.at)
        if string:
            self.at = string.end()
        elif self.text.startswith("[", self.at):
            self._array(path)
        elif self.text.startswith("{", self.at):
            self._inline_table(path)
        elif scalar:
            self.at = scalar.end()

    def _array(self, path: Path) -> None:
        self.at += 1
        for index in range(len(self.text)):
            self._blank()
            if self.text[self.at : self.at + 1] in {"]", ""}:
                break
            self._value((*path, index))
            self._blank()
            self.at += self.text.startswith(",", self.at)
        self.at += 1

    def _inline_table(self, path: Path) -> None:
        self.at += 1
        while True:
            self._blank()
            before = self.at
            if self.text[self.at : self.at + 1] in {"}", ""}:
                break
            self._pair(path)
            self._blank()
            self.at += self.text.startswith(",", self.at)
            if self.at == before:
                break
        self.at += 1

    def _blank(self) -> None:
        blank = _BLANK.match(self.text, self.at)
        if blank:
            self.at = blank.end()

    def _note(self, path: Path, at: int) -> None:
        self.lines.setdefault(path, bisect_right(self._breaks, at - 1) + 1)


def _unquoted(quoted: str) -> str:
    """Return what a quoted key says; the quotes too where TOML would refuse it."""
    try:
        return str(tomli.loads(f"k = {quoted}")["k"])
    except tomli.TOMLDecodeError:
        return quoted
