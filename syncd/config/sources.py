"""Where settings come from: a TOML file, then systemd credentials, then the environment; the later one outweighs.

Every value keeps its origin, so that a message can name the place to change. Names are split at two underscores:
`SYNCD_SERVER__PORT` in the environment and the credential `okta__api_token` are `server.port` and `okta.api_token`.
"""

import tomllib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from syncd.config.problems import ConfigurationError, Key, Problem

PREFIX: Final = "SYNCD_"
SEPARATOR: Final = "__"
DEFAULT_FILE: Final = Path("/etc/syncd/config.toml")


@dataclass(frozen=True, slots=True)
class Value:
    """A setting as it was written, and where."""

    given: Any
    origin: str


def find_file(path: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the file to read: the one named, else SYNCD_CONFIG, else the usual one where it is there."""
    if path is not None or PREFIX + "CONFIG" in environ:
        return path or Path(environ[PREFIX + "CONFIG"])
    return DEFAULT_FILE if DEFAULT_FILE.is_file() else None


def read_file(path: Path) -> dict[Key, Value]:
    """Return the settings of a TOML file. Raises `ConfigurationError` when it cannot be read or is no TOML."""
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        what = _unreadable(error) if not isinstance(error, tomllib.TOMLDecodeError) else f"is no TOML: {error}"
        problem = Problem(str(path), "the file", what, "Name another, or write this one as config.example.toml shows")
        raise ConfigurationError([problem]) from error
    return {key: Value(given, str(path)) for key, given in flatten(tables)}


def read_credentials(environ: Mapping[str, str]) -> dict[Key, Value]:
    """Return the settings among the files that systemd passed with LoadCredential; other files are left alone.

    Raises `ConfigurationError` when one cannot be read.
    """
    folder = environ.get("CREDENTIALS_DIRECTORY")
    files = sorted(Path(folder).glob(f"*{SEPARATOR}*")) if folder else []
    origins = {file: f"credential {file}" for file in files}
    return {_key(file.name): Value(read_secret(file.name, file, origin), origin) for file, origin in origins.items()}


def read_secret(setting: str, file: Path, origin: str) -> str:
    """Return what a file holds, without the line's end. `setting` and `origin` say who names the file.

    Raises `ConfigurationError` when it cannot be read.
    """
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        what = f"names {file}, which {_unreadable(error)}"
        raise ConfigurationError([Problem(origin, setting, what, "Name a file that this user can read")]) from error


def unread_secrets(table: str, section: object, names: Iterable[str], origin: str) -> Iterator[Problem]:
    """Yield why the files that a section names were left out when it was loaded: by reading them again.

    `names` are the settings that hold a file, each "NAME_file" beside the setting "NAME" that it fills.
    """
    for name in names:
        file = getattr(section, name)
        if file is not None and getattr(section, name.removesuffix("_file")) is None:
            try:
                read_secret(f"{table}.{name}", file, origin)
            except ConfigurationError as error:
                yield from error.problems


def _unreadable(error: OSError | ValueError) -> str:
    return f"cannot be read: {error.strerror if isinstance(error, OSError) else 'it is not UTF-8'}"


def read_environment(environ: Mapping[str, str]) -> dict[Key, Value]:
    """Return the settings among the variables: those that begin with SYNCD_ and hold two underscores in a row."""
    return {
        _key(name.removeprefix(PREFIX)): Value(text, f"environment variable {name}")
        for name, text in sorted(environ.items())
        if name.startswith(PREFIX) and SEPARATOR in name
    }


def nest(values: Mapping[Key, Value]) -> dict[str, Any]:
    """Return the values as tables within tables. What is written below a plain value is left out."""
    root: dict[str, Any] = {}
    for key, value in values.items():
        table = root
        for part in key[:-1]:
            table = table.setdefault(part, {})
            if not isinstance(table, dict):
                break
        else:
            table.setdefault(key[-1], value.given)
    return root


def _key(name: str) -> Key:
    return tuple(name.lower().split(SEPARATOR))


def flatten(table: Mapping[str, Any], path: Key = ()) -> Iterator[tuple[Key, Any]]:
    """Yield every value of tables within tables with its key. An empty table counts as a value: it is there."""
    for name, value in table.items():
        if isinstance(value, dict) and value:
            yield from flatten(value, (*path, name))
        else:
            yield (*path, name), value
