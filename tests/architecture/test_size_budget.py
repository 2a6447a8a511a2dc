"""Small pieces: what a person can hold in the head."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILE_LINES, FUNCTION_LINES = 400, 50
SOURCES = sorted(
    path
    for folder in ("syncd", "scim", "bench", "tests")
    for path in (ROOT / folder).rglob("*.py")
    if "versions" not in path.parts
)


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_file_and_no_function_is_over_the_budget(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= FILE_LINES, f"{lines} lines; the budget of a file is {FILE_LINES}"
    long = {node.name: node.end_lineno - node.lineno + 1 for node in functions(path) if node.end_lineno}
    over = {name: length for name, length in long.items() if length > FUNCTION_LINES}
    assert not over, f"the budget of a function is {FUNCTION_LINES} lines"


@pytest.mark.parametrize("folder", ["syncd", "scim", "bench"])
def test_every_package_says_what_it_owns_never_does_and_may_import(folder: str) -> None:
    for path in (ROOT / folder).rglob("__init__.py"):
        if "migrations" in path.parts:
            continue
        law = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or ""
        missing = [word for word in ("Owns:", "Never:", "May import:") if word not in " ".join(law.split())]
        assert not missing, f"{path.relative_to(ROOT)} does not say {missing}"
