"""Secrets are compared in constant time and made by `secrets` (Cure53 PBL-15)."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FILES = sorted(path for folder in ("syncd", "scim") for path in (ROOT / folder).rglob("*.py"))

SECRET = re.compile(
    r"(^|_)(secret|password|passwd|token|bearer|credential|presented|authorization|api_key)s?$", re.IGNORECASE
)
DIGESTS_OF_TOKENS = {"syncd/web/tokens.py", "syncd/web/gate.py", "syncd/store/tokens.py"}
"""Here a digest stands for a secret; elsewhere it is of a plan or of attributes."""

NO_SECRET = {("scim/filter/tokens.py", "token"), ("syncd/simulator/user_routes.py", "EXPIRE_PASSWORD")}
"""A word of a filter, and the name of an operation."""

CHANCE = {"syncd/okta_source/client.py": "how long to wait before trying again"}
"""Who may use `random`, and for what."""


def name_of(node: ast.expr) -> str:
    """Return what an operand is called. A column in a statement is none: the database compares it, and we again."""
    if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Attribute) and node.value.attr == "c":
        return ""
    return node.id if isinstance(node, ast.Name) else node.attr if isinstance(node, ast.Attribute) else ""


def plain_comparisons(source: str, file: str) -> Iterator[tuple[int, str]]:
    """Yield line and name where something that is called like a secret is compared with == or !=."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Compare) or not any(isinstance(op, ast.Eq | ast.NotEq) for op in node.ops):
            continue
        for name in map(name_of, (node.left, *node.comparators)):
            is_digest = file in DIGESTS_OF_TOKENS and "digest" in name
            if (SECRET.search(name) or is_digest) and (file, name) not in NO_SECRET:
                yield node.lineno, name


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_cure53_pbl_15_a_secret_is_compared_by_compare_digest_only(path: Path) -> None:
    assert list(plain_comparisons(path.read_text(encoding="utf-8"), str(path.relative_to(ROOT)))) == []


@pytest.mark.parametrize(
    ("line", "caught"),
    [
        ("if given == self._api_token: pass", True),
        ("if token != other: pass", True),
        ("ok = record.digest == presented", True),
        ("ok = hmac.compare_digest(token, other)", False),
        ("ok = token is None", False),
    ],
)
def test_the_check_finds_what_it_is_for(line: str, caught: bool) -> None:
    assert bool(list(plain_comparisons(line, "syncd/web/tokens.py"))) == caught


def imports(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            yield node.module or ""


def test_cure53_pbl_15_chance_that_can_be_foretold_makes_no_secret() -> None:
    users = {
        str(path.relative_to(ROOT))
        for path in FILES
        if "random" in imports(ast.parse(path.read_text(encoding="utf-8")))
    }
    assert users == set(CHANCE)


def test_cure53_pbl_15_tokens_come_from_the_system_s_own_source() -> None:
    tree = ast.parse((ROOT / "syncd/web/tokens.py").read_text(encoding="utf-8"))
    (mint,) = (node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name == "mint")
    called = {ast.unparse(node.func) for node in ast.walk(mint) if isinstance(node, ast.Call)}
    assert called == {"secrets.token_urlsafe"}
