"""Tidy, as a test: what a reader may rely on anywhere in the tree."""

import ast
import gc
import re
import tomllib
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGES = ("engine", "adapters", "geocore")
CODE = (*PACKAGES, "bench", "tests", "tools", "deploy", "docs")

# Modules and packages whose tests stand elsewhere, and where. Those of tests/process
# are held only through the running service: unit tests of their own are wanted, and
# whoever writes them takes the line out.
TESTED_ELSEWHERE = {
    "adapters.demo": "tests/process",
    "engine.__main__": "tests/process",
    "engine.cli.journal": "tests/engine/journal",
    "engine.console.actor": "tests/process",
    "engine.intake.gateway.actor": "tests/process",
    "engine.journal.examine": "tests/process",
    "engine.ports": "tests/contracts",
    "engine.roster.board": "tests/process",
    "engine.supervision.event_loop": "tests/process",
}

# Modules of `engine.alarm` that act instead of deciding: module and reason.
ACTING = {
    "engine.alarm.actor": "owns a thread",
    "engine.alarm.asking": "answers by the desk what is asked",
    "engine.alarm.desk": "looks things up for the actor",
    "engine.alarm.directory.actor": "owns a thread",
    "engine.alarm.measures": "counts for several threads, under a lock",
    "engine.alarm.overdue": "looks into rows for the directory",
    "engine.alarm.settling": "keeps news back for several threads, under a lock",
}

# What the house calls by another word (docs/glossary.md), as a part of a class name.
BANNED_WORDS = {
    "Ack": "Acknowledge",
    "Acked": "Acknowledged",
    "Alert": "Alarm or Notification",
    "Base": "what it is for",
    "Common": "what it holds",
    "Fire": "Raise",
    "Helper": "what it does",
    "Lng": "lon_deg",
    "Location": "Fix or Place",
    "Manager": "what it does",
    "Resolve": "Close",
    "Resolved": "Closed",
    "Target": "Address",
    "User": "Defender, Contact or Operator",
    "Util": "what it does",
    "Utils": "what it does",
}
# Another body's word for another thing: class and where it is defined.
ALLOWED_CLASSES = {"UserData": "TP-UD, 3GPP TS 23.040, 9.2.3.24"}
BANNED_MODULES = {"base", "common", "helpers", "manager", "misc", "utils"}

# Brackets, so that this line does not find itself.
LEFTOVERS = re.compile(r"\b(TOD[O]|FIXM[E]|XX[X])\b")


def files(*suffixes: str, below: tuple[str, ...] = CODE) -> list[Path]:
    """Return our files of these suffixes; nothing that a tool has made."""
    found = (path for top in below for path in sorted((ROOT / top).rglob("*")))
    return [
        path
        for path in found
        if path.suffix in suffixes
        and not {"__pycache__", "target"} & {*path.relative_to(ROOT).parts}
    ]


def name(path: Path) -> str:
    """Return a path as the reader of a failure knows it."""
    return path.relative_to(ROOT).as_posix()


def module(path: Path) -> str:
    """Return the dotted name of a module's file."""
    return name(path.with_suffix("")).replace("/", ".")


@cache
def tree(path: Path) -> ast.Module:
    """Return a file's syntax tree."""
    gc.disable()  # a tree has no garbage, and searching those there are takes longest
    try:
        return ast.parse(path.read_text(encoding="utf-8"), filename=name(path))
    finally:
        gc.enable()


def imports(path: Path) -> set[str]:
    """Return every dotted name that a file imports, from wherever in it."""
    names: set[str] = set()
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            names.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            names.add(node.module)
            names.update(f"{node.module}.{alias.name}" for alias in node.names)
    return names


def test_all_that_is_unsafe_is_in_one_file() -> None:
    """The lint denies it elsewhere; this finds who would let it in again."""
    allowed = re.compile(r"\b(?:allow|expect)\(\s*unsafe_code\b")
    said = {name(path): path.read_text(encoding="utf-8") for path in files(".rs")}
    unsafe = {path for path, text in said.items() if re.search(r"\bunsafe\b", text)}
    assert unsafe == {"geocore/src/raw.rs"}
    assert [path for path, text in said.items() if allowed.search(text)] == [
        "geocore/src/lib.rs"
    ]


def test_a_package_imports_nothing_by_itself() -> None:
    """Otherwise importing a pure module would load the actors beside it."""
    busy = [
        name(path)
        for path in files(".py", below=PACKAGES)
        if path.name == "__init__.py" and path.parent.name != "geocore"
        if len(tree(path).body) != 1 or ast.get_docstring(tree(path)) is None
    ]
    assert busy == []


def test_nothing_is_left_for_later() -> None:
    suffixes = (".py", ".pyi", ".rs", ".js", ".css", ".html", ".toml", ".sh")
    left = [
        f"{name(path)}:{number}"
        for path in [*files(*suffixes), ROOT / "dev", ROOT / ".ci" / "run"]
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if LEFTOVERS.search(line)
    ]
    assert left == []


def test_classes_speak_the_words_of_the_house() -> None:
    classes = {
        node.name: name(path)
        for path in files(".py")
        for node in ast.walk(tree(path))
        if isinstance(node, ast.ClassDef)
    }
    wrong = {
        f"{path}: {title}": f"say {BANNED_WORDS.get(word, 'which protocol')}"
        for title, path in classes.items()
        if title not in ALLOWED_CLASSES
        for word in re.findall(r"[A-Z][a-z0-9]*", title)
        if word in BANNED_WORDS or title == "Protocol"
    }
    assert wrong == {}


def test_no_module_is_named_for_what_is_left_over() -> None:
    assert [name(path) for path in files(".py") if path.stem in BANNED_MODULES] == []


def test_every_module_is_reached_by_tests_where_one_looks_for_them() -> None:
    """By a test of its name, or through what the tests of its folder import."""
    modules = [
        path
        for path in files(".py", below=("engine", "adapters"))
        if path.name != "__init__.py"
    ]
    folders = {path.parent for path in modules}
    reached = {module(path) for folder in folders for path in _reached(folder)}
    orphans = {module(path) for path in modules} - reached
    assert {
        orphan
        for orphan in orphans
        if not any(f"{orphan}.".startswith(f"{held}.") for held in TESTED_ELSEWHERE)
    } == set()


def _reached(folder: Path) -> set[Path]:
    """Return a package's modules that the tests in the mirroring folder lead to."""
    modules = {module(path): path for path in folder.glob("*.py")}
    tests = sorted((ROOT / "tests" / folder.relative_to(ROOT)).glob("test_*.py"))
    found = {
        path
        for path in modules.values()
        if any(test.stem.startswith(f"test_{path.stem}") for test in tests)
    }
    waiting = [*tests, *found]
    while waiting:
        imported = {modules[title] for title in imports(waiting.pop()) & set(modules)}
        waiting.extend(imported - found)
        found |= imported
    return found


def test_the_contract_of_pure_deciding_names_every_module_that_decides() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    contracts = project["tool"]["importlinter"]["contracts"]
    (pure,) = (c for c in contracts if c["name"] == "deciding is pure")
    deciding = {
        module(path)
        for path in files(".py", below=("engine/alarm",))
        if path.name != "__init__.py"
    }
    assert set(pure["source_modules"]) == deciding - set(ACTING)


def test_the_map_shows_every_package() -> None:
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    packages = {
        module(path.parent)
        for path in files(".py", below=PACKAGES)
        if path.name == "__init__.py"
    }
    missing = {package for package in packages if f"`{package}`" not in architecture}
    assert missing == set()


def test_the_map_shows_nothing_that_is_not_there() -> None:
    architecture = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    dotted = set(re.findall(r"`((?:engine|adapters|geocore)(?:\.\w+)*)`", architecture))
    gone = {
        title
        for title in dotted
        if not (path := ROOT / title.replace(".", "/")).is_dir()
        and not path.with_suffix(".py").is_file()
    }
    assert dotted
    assert gone == set()


def test_every_exception_is_of_something_that_is_there() -> None:
    dotted = {title.replace(".", "/") for title in {*TESTED_ELSEWHERE, *ACTING}}
    gone = {
        path
        for path in dotted | set(TESTED_ELSEWHERE.values())
        if not (ROOT / path).exists() and not (ROOT / f"{path}.py").is_file()
    }
    assert gone == set()
