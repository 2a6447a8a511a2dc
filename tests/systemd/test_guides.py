"""The guides for operators: every command, option, setting and unit that they name exists."""

import re
import shlex
from collections.abc import Iterator

import click
import pytest

from syncd.cli import syncd as program
from syncd.cli.failures import CONFIGURATION, USAGE
from syncd.config import AppSettings, Settings
from syncd.config.wording import setting_names
from syncd.workflows.running import ExitCode
from tests.systemd.unit_files import FOLDER

GUIDES = {
    path.name: path.read_text(encoding="utf-8")
    for path in (FOLDER.parent / "docs/operating.md", FOLDER.parent / "docs/reports.md", FOLDER / "README.md")
}
UNITS = {path.name for path in FOLDER.rglob("*") if path.is_file()}


def code_lines(guide: str) -> Iterator[str]:
    """Yield what the guide shows as code: lines of blocks without their comments, and what stands in the text."""
    text = GUIDES[guide]
    for block in re.findall(r"```sh\n(.*?)```", text, re.DOTALL):
        for line in block.splitlines():
            yield from line.partition("  #")[0].split(" && ")
    yield from re.findall(r"`([^`\n]+)`", re.sub(r"```.*?```", "", text, flags=re.DOTALL))


def commands() -> list[str]:
    lines = {line.strip() for guide in GUIDES for line in code_lines(guide)}
    return sorted(line for line in lines if re.match(r"syncd(-admin)? [a-z]", line))


@pytest.mark.parametrize("line", commands())
def test_a_command_exists_with_its_options(line: str) -> None:
    words = shlex.split(line)[1:]
    context = click.Context(program)
    command: click.Command | None = program
    while isinstance(command, click.Group) and words:
        command = command.get_command(context, words.pop(0))
    assert command is not None, line
    command.make_parser(click.Context(command, resilient_parsing=True)).parse_args(words)


@pytest.mark.parametrize("guide", GUIDES)
def test_a_setting_exists(guide: str) -> None:
    sections = {name for name in Settings.model_fields if name != "apps"}
    known = set(setting_names()) | set(AppSettings.model_fields)
    dotted = {line for line in code_lines(guide) if re.fullmatch(rf"(?:{'|'.join(sections)})\.[a-z_]+", line)}
    assert dotted <= known
    assigned = {line.partition(" = ")[0] for line in code_lines(guide) if re.match(r"[a-z_]+ = ", line)}
    assert assigned <= {name.rpartition(".")[2] for name in known}
    variables = set(re.findall(r"SYNCD_APPS__CRM__([A-Z_]+)", GUIDES[guide]))
    assert {name.lower() for name in variables} <= set(AppSettings.model_fields)


@pytest.mark.parametrize("guide", GUIDES)
def test_a_unit_exists(guide: str) -> None:
    named = re.findall(r"(syncd-[a-z]+@?(?:NAME)?\.(?:service|socket|timer))(?![a-z.])", GUIDES[guide])
    assert {name.replace("@NAME", "@") for name in named} <= UNITS


def test_every_file_of_the_folder_is_told_about() -> None:
    text = GUIDES["README.md"]
    assert [name for name in UNITS - {"README.md"} if name not in text] == []


def test_the_exit_codes_of_the_guide_are_those_there_are() -> None:
    told = {int(code) for code in re.findall(r"^\| (\d+) \|", GUIDES["operating.md"], re.MULTILINE)}
    assert told == {*map(int, ExitCode), USAGE, CONFIGURATION}


def test_the_defaults_that_the_guide_tells_are_the_defaults() -> None:
    app = AppSettings(okta_app_id="0oa1")
    names = ("max_deactivations", "max_percent", "small_population", "min_listing_percent", "revocation_sla_minutes")
    for name in (*names, "freshness_hours", "storm_deactivations", "storm_minutes"):
        assert f"`{name}` ({getattr(app, name):g})" in GUIDES["operating.md"]
    assert f"`report_days` ({app.report_days})" in GUIDES["operating.md"]
    assert f"`report_days` ({app.report_days})" in GUIDES["reports.md"]
    assert f"`digest_hours` ({Settings().notify.digest_hours:g})" in GUIDES["operating.md"]
    assert f"`{app.schedule}` by default" in GUIDES["operating.md"]
