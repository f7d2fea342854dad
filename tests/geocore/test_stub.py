from __future__ import annotations

import ast
import doctest
from pathlib import Path

import geocore

STUB = Path(geocore.__file__).with_name("_geocore.pyi")


def test_the_examples_of_the_stub_are_true() -> None:
    parser = doctest.DocTestParser()
    runner = doctest.DocTestRunner()
    for node in ast.walk(ast.parse(STUB.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef | ast.FunctionDef):
            text = ast.get_docstring(node) or ""
            names = {name: getattr(geocore, name) for name in geocore.__all__}
            example = parser.get_doctest(text, names, node.name, str(STUB), 0)
            runner.run(example)
    assert runner.summarize().attempted >= 4
    assert runner.summarize().failed == 0


def test_the_extension_is_a_release_build() -> None:
    assert geocore.BUILD_PROFILE == "release"
