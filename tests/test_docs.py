"""What the documents tell a reader to type or to follow exists."""

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from engine.config import Config

ROOT = Path(__file__).resolve().parent.parent
DOCUMENTS = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "deploy/**/*.md")
    for path in ROOT.glob(pattern)
)
DEV_COMMANDS = ("demo", "run", "test", "check", "bench", "fuzz", "help")

SOURCES = ("engine", "adapters", "bench", "tests", "tools", "deploy", "geocore/src")
VARIABLE = re.compile(r"\bNATALIA_[A-Z][A-Z_]*[A-Z]")

FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^\1```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`((?:python3 dev|natalia|bash \.ci/run)[^`\n]*)`")
LINK = re.compile(r"\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#+ +(.+)$", re.MULTILINE)


def name(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def blocks(language: str) -> Iterator[tuple[str, str]]:
    """Yield document and text of each code block in a language."""
    for path in DOCUMENTS:
        for found in FENCE.finditer(path.read_text(encoding="utf-8")):
            if found[2] == language:
                yield name(path), found[3]


def typed() -> Iterator[tuple[str, str]]:
    """Yield document and command, for every line that a reader is told to type."""
    for document, block in blocks("sh"):
        for line in block.replace("\\\n", " ").splitlines():
            if line.strip() and not line.strip().startswith("#"):
                yield document, line.strip()
    for path in DOCUMENTS:
        for found in INLINE.finditer(path.read_text(encoding="utf-8")):
            yield name(path), found[1]


def natalia_words(command: str) -> tuple[str, ...] | None:
    """Return the subcommands that a typed line gives to natalia, None where none."""
    words = shlex.split(command, comments=True)
    if words[:2] == ["python3", "dev"]:
        known = {"run": words[3:], "demo": ["demo"]}
        words = known.get("".join(words[2:3]), [])
    elif words and words[0] == "natalia":
        words = words[1:]
    else:
        return None
    plain = re.compile(r"[a-z][a-z-]*")
    names = []
    for word in words:
        if not plain.fullmatch(word):
            break
        names.append(word)
    return tuple(names) or None


NATALIA = sorted({words for _, line in typed() if (words := natalia_words(line))})


@cache
def help_of(words: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    program = Path(sys.executable).with_name("natalia")
    return subprocess.run(
        [program, *words, "--help"],
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.mark.slow
@pytest.mark.parametrize("words", NATALIA, ids=" ".join)
def test_a_command_in_the_documents_has_its_help(words: tuple[str, ...]) -> None:
    said = help_of(words)
    assert said.returncode == 0, said.stderr
    assert "Usage" in said.stdout


def test_a_dev_command_in_the_documents_exists() -> None:
    asked = {
        (document, words[2])
        for document, line in typed()
        if (words := shlex.split(line, comments=True))[:2] == ["python3", "dev"]
        if len(words) > len(("python3", "dev"))
    }
    assert asked
    assert {row for row in asked if row[1] not in DEV_COMMANDS} == set()


def test_shell_in_the_documents_parses() -> None:
    for document, block in blocks("sh"):
        done = subprocess.run(
            ["bash", "-n"], input=block, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{document}: {done.stderr}"


def test_python_in_the_documents_parses() -> None:
    for document, block in blocks("python"):
        compile(block, document, "exec")


def test_every_link_leads_somewhere() -> None:
    broken = [
        f"{name(path)}: {link}"
        for path in DOCUMENTS
        for link in LINK.findall(path.read_text(encoding="utf-8"))
        if not link.startswith(("http://", "https://", "mailto:"))
        if not _resolves(path, link)
    ]
    assert broken == []


def _resolves(document: Path, link: str) -> bool:
    file, _, anchor = link.partition("#")
    target = (document.parent / file).resolve() if file else document
    if not target.exists():
        return False
    return not anchor or anchor in _anchors(target)


def _anchors(document: Path) -> set[str]:
    """Return the anchors that a forge makes of a document's headings."""
    headings = HEADING.findall(document.read_text(encoding="utf-8"))
    return {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        for heading in headings
    }


def test_a_file_named_in_the_read_me_is_there() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    named = re.findall(r"`([\w./-]+/[\w.-]+\.\w+)`", text)
    assert named
    assert [file for file in named if not (ROOT / file).exists()] == []


def test_every_decision_is_numbered_once() -> None:
    numbers = [path.name[:4] for path in sorted(ROOT.glob("docs/adr/*.md"))]
    assert numbers == [f"{number:04}" for number in range(1, len(numbers) + 1)]


def test_every_variable_of_the_environment_is_on_its_page() -> None:
    """A key of the configuration has one of its own by its name alone."""
    sources = (
        path
        for pattern in ("*.py", "*.rs", "*.service", "dev", "run")
        for top in (*SOURCES, "dev", ".ci")
        for path in (
            [ROOT / top] if (ROOT / top).is_file() else (ROOT / top).rglob(pattern)
        )
    )
    named = {
        variable
        for path in sources
        for variable in VARIABLE.findall(path.read_text(encoding="utf-8"))
    }
    keys = {f"NATALIA_{key.upper()}" for key in Config.model_fields}
    page = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    said = {one.partition("__")[0] for one in VARIABLE.findall(page)}
    assert "NATALIA_SCREENSHOT" in named, "the search finds what there is"
    assert said == named | keys
