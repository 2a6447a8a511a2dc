"""What the repository must never hold, and what it must always say."""

import re
import subprocess
import tomllib
from pathlib import Path

import click
import pytest

import syncd
from syncd.cli import COMMANDS
from syncd.cli import syncd as program

ROOT = Path(__file__).parents[2]


def tracked() -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    names = listed.stdout.splitlines()
    if not names:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in names if (ROOT / name).is_file()]


def texts() -> list[tuple[Path, str]]:
    found = []
    for path in tracked():
        try:
            found.append((path.relative_to(ROOT), path.read_text(encoding="utf-8")))
        except UnicodeDecodeError:
            continue
    return found


# Written so that this file does not hold what it looks for.
FORBIDDEN = {
    "a package registry": r"pypi\.o" r"rg|pythonhosted\.o" r"rg|npmjs\.(org|com)|deb\.debian\.o" r"rg",
    "something unfinished": r"\bTO" r"DO\b|FIX" r"ME|NotImplemented" r"Error",
    "a mock": r"unittest\.mo" r"ck import|Magic" r"Mock",
    "a private key": r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n[A-Za-z0-9+/]{20}",
}


@pytest.mark.parametrize("what", FORBIDDEN)
def test_no_file_holds(what: str) -> None:
    found = [
        f"{path}: {match.group(0)!r}"
        for path, text in texts()
        if (match := re.search(FORBIDDEN[what], text)) is not None
    ]
    assert not found


def test_every_command_is_in_the_readme_and_has_a_help() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    context = program.make_context("syncd", [], resilient_parsing=True)
    for name in COMMANDS:
        command = program.get_command(context, name)
        assert command is not None
        assert command.help, name
        assert f"syncd {name}" in readme, f"the README does not name syncd {name}"
        assert all(option.help for option in command.params if isinstance(option, click.Option)), (
            f"syncd {name}: an option without a help"
        )


def test_the_changelog_knows_this_version() -> None:
    assert f"## {syncd.__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_dependency_has_a_line_that_says_why() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    names = [
        re.split(r"[<>=\[]", line)[0].lower()
        for line in [*project["dependencies"], *project["optional-dependencies"]["dev"]]
    ]
    told = (ROOT / "docs" / "decisions" / "0001-dependencies.md").read_text(encoding="utf-8").lower()
    assert [name for name in names if f"| {name} |" not in told] == []


def test_the_locked_requirements_carry_hashes_and_name_no_index() -> None:
    for path in (ROOT / "requirements").glob("*.txt"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"^(--index|-i |--extra-index|--find-links|--trusted)", text, re.MULTILINE), path.name
        pins = re.findall(r"^[a-z0-9].*?==\S+ \\\n    --hash=sha256:", text, re.MULTILINE | re.IGNORECASE)
        assert len(pins) == len(re.findall(r"^[a-zA-Z0-9]\S*==", text, re.MULTILINE))
