"""The schemas that an operator names in the configuration: from files to resource types."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from scim.schema import ResourceType
from scim.schema_files import read_extensions
from syncd.config.model import ScimSettings, Settings
from syncd.config.problems import ConfigurationError, Problem


def resource_types(settings: Settings) -> tuple[ResourceType, ...]:
    """Return User and Group with the extensions that the settings name.

    Raises `ConfigurationError` with every problem of every file.
    """
    types, problems = read_files(settings.scim)
    if problems:
        raise ConfigurationError(problems)
    return types


def read_files(scim: ScimSettings) -> tuple[tuple[ResourceType, ...], list[Problem]]:
    """Return the resource types, and what is wrong with the files, which are left out then."""
    problems: list[Problem] = []
    users, groups = (dict(_read(paths, problems)) for paths in (scim.user_schemas, scim.group_schemas))
    twice = {str(path): "scim.group_schemas" for path in scim.group_schemas if str(path) in users}
    problems += [Problem(file, key, "names it too", "Name a file once") for file, key in twice.items()]
    types, wrong = read_extensions(users, {file: text for file, text in groups.items() if file not in twice})
    return types, [*problems, *(Problem(one.file, one.place, one.what, one.remedy) for one in wrong)]


def located(scim: ScimSettings, folder: Path) -> ScimSettings:
    """Return the settings with paths that do not depend on where the program is started: they begin at `folder`."""
    return ScimSettings(
        user_schemas=tuple(folder / path for path in scim.user_schemas),
        group_schemas=tuple(folder / path for path in scim.group_schemas),
    )


def _read(paths: Sequence[Path], problems: list[Problem]) -> Iterable[tuple[str, bytes]]:
    for path in paths:
        try:
            yield str(path), path.read_bytes()
        except OSError as error:
            problems.append(Problem(str(path), "the file", f"cannot be read: {error.strerror}", "Name a schema file"))
