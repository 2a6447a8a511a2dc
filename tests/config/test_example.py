"""`config.example.toml` holds every setting, with its meaning and its default."""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from pydantic.fields import FieldInfo

from scim.exchange import Limits
from syncd.config import AppSettings, LimitSettings, Settings, load
from syncd.config.loading import FILES
from syncd.config.section import Section
from syncd.core.policy import Policy
from syncd.core.situations import DEFAULT_MODES

EXAMPLE = Path(__file__).parents[2] / "config.example.toml"
APP = "apps.crm"


def fields(section: type[Section], prefix: str) -> Iterator[tuple[str, FieldInfo]]:
    for name, field in section.model_fields.items():
        if isinstance(field.annotation, type) and issubclass(field.annotation, Section):
            yield from fields(field.annotation, f"{prefix}{name}.")
        elif name not in {"apps", "modes"}:
            yield f"{prefix}{name}", field


FIELDS = dict(fields(Settings, "")) | dict(fields(AppSettings, f"{APP}."))


@pytest.fixture(scope="module")
def meanings() -> dict[str, str]:
    """Every setting of the file by dotted name, commented out or not, with the comment above it."""
    found, section, comment = {}, "", ""
    for line in EXAMPLE.read_text().splitlines():
        if table := re.fullmatch(r"\[(.+)\]", line):
            section = table[1]
        elif setting := re.match(r"#?([\w-]+) = ", line):
            found[f"{section}.{setting[1]}"] = comment.removeprefix("# ")
        comment = line
    return found


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return tomllib.loads(re.sub(r"(?m)^#(?=\w+ = )", "", EXAMPLE.read_text()))


def test_it_holds_exactly_the_settings_there_are(meanings: dict[str, str]) -> None:
    modes = {f"{APP}.modes.{situation}" for situation in DEFAULT_MODES}
    assert meanings.keys() == FIELDS.keys() | modes


@pytest.mark.parametrize("name", FIELDS)
def test_a_setting_has_its_line_of_meaning_and_its_default(
    name: str, meanings: dict[str, str], values: dict[str, Any]
) -> None:
    field = FIELDS[name]
    assert meanings[name] == field.description
    value: Any = values
    for part in name.split("."):
        value = value[part]
    default = field.default.get_secret_value() if isinstance(field.default, SecretStr) else field.default
    if field.is_required() or default is None:
        assert field.examples is not None
        assert value == field.examples[0]
    elif field.default_factory is None:
        assert value == (list(default) if isinstance(default, tuple) else default)


def test_it_loads_and_says_nothing_but_the_defaults() -> None:
    example = load(EXAMPLE, {})
    app = AppSettings(okta_app_id=example.apps["crm"].okta_app_id)
    assert example.apps["crm"].policy().digest() == app.policy().digest() == Policy().digest()
    assert example.model_copy(update={"apps": {}}) == Settings()


def test_the_limits_are_those_of_the_library() -> None:
    assert asdict(LimitSettings().as_limits()) == asdict(Limits())


def test_every_setting_that_names_a_secret_file_is_read() -> None:
    assert {".".join(name) for name in FILES} == {name for name in FIELDS if name.endswith("_file")}
