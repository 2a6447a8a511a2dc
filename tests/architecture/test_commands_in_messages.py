"""A command that a message names can be copied: it is there, and has these options and those that it needs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import click
import pytest

from syncd.cli import syncd
from tests.architecture.test_repository import ROOT

# The demo tells the commands that it does by itself, on a configuration with one application.
SOURCES = sorted(
    path
    for folder in ("workflows", "core", "cli")
    for path in (ROOT / "syncd" / folder).rglob("*.py")
    if path.name != "demo.py"
)
NAMED = re.compile(r"\bsyncd (?P<words>[a-z][a-z-]*(?: [a-z][a-z-]*)*)(?P<rest>(?:(?!syncd )[^`;\n])*)")
OPTION = re.compile(r"(?<!\S)--[a-z][a-z-]*")
PROSE = re.compile(r"syncd (manages|never|knows|of|does|is|has|audit key rotation/v1)\b")
"""What follows the name where no command does."""


def texts(path: Path) -> Iterator[str]:
    """Yield the strings of a file, those that are put together as one; what is filled in is `{}`."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    parts = {id(part) for node in ast.walk(tree) if isinstance(node, ast.JoinedStr) for part in ast.walk(node)}
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            yield "".join(str(part.value) if isinstance(part, ast.Constant) else "{}" for part in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in parts:
            yield node.value


def command_of(words: list[str]) -> click.Command | None:
    """Return the command that the words begin with: a group only where nothing follows its name."""
    command: click.Command = syncd
    for word in words:
        if not isinstance(command, click.Group):
            break
        found = command.get_command(click.Context(command), word)
        if found is None:
            return None
        command = found
    return command


def wrong_of(named: re.Match[str]) -> str | None:
    """Return what is wrong with a command that a text names, or None. What follows a colon is there to be copied.

    Where there are several applications, nothing goes without --app.
    """
    command = command_of(named["words"].split())
    if command is None:
        return "there is no such command"
    options = [one for one in command.params if isinstance(one, click.Option)]
    given = set(OPTION.findall(named["rest"]))
    unknown = given - {name for one in options for name in (*one.opts, *one.secondary_opts)} - {"--help"}
    if unknown:
        return f"it has no {sorted(unknown)}"
    needed = [one for one in options if one.required or "--app" in one.opts]
    missing = [one.opts[0] for one in needed if given.isdisjoint(one.opts)]
    return f"it needs {missing}" if missing and named.string[: named.start()].endswith(": ") else None


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_command_that_a_text_names_is_there_and_can_be_copied(path: Path) -> None:
    found = (named for text in texts(path) for named in NAMED.finditer(text) if not PROSE.match(named[0]))
    wrong = {named[0]: what for named in found if (what := wrong_of(named))}
    assert not wrong


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("run: syncd waiver end ID", "needs ['--reason', '--app']"),
        ("run: syncd plan lists", "no such command"),
        ("`syncd plan list --limits 3`", "no ['--limits']"),
        ("`syncd waiver end` ends it", None),
        ('run: syncd waiver end ID --reason "..."', "needs ['--app']"),
        ('run: syncd waiver end ID --app crm --reason "..."', None),
        ("`syncd plan`", None),
    ],
)
def test_a_command_that_cannot_be_copied_is_found(text: str, what: str | None) -> None:
    named = NAMED.search(text)
    assert named is not None
    assert (what or "") in (wrong_of(named) or "")
    assert (wrong_of(named) is None) is (what is None)
