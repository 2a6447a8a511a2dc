"""From sources to settings, or to everything that is wrong with them."""

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from syncd.config import sources
from syncd.config.checks import DISAGREEMENT
from syncd.config.extensions import located, read_files
from syncd.config.model import Settings
from syncd.config.problems import ConfigurationError, Key, Problem
from syncd.config.sources import Value
from syncd.config.wording import Finding, dotted, example_at, findings, setting_names

FILES: Final = {
    ("database", "url_file"): ("database", "url"),
    ("server", "event_hook_secret_file"): ("server", "event_hook_secret"),
    ("okta", "api_token_file"): ("okta", "api_token"),
    ("okta", "private_key_file"): ("okta", "private_key"),
    ("audit", "signing_key_file"): ("audit", "signing_key"),
    ("audit", "heads_secret_file"): ("audit", "heads_secret"),
    ("notify", "webhook_secret_file"): ("notify", "webhook_secret"),
    ("notify", "slack_url_file"): ("notify", "slack_url"),
    ("notify", "smtp_password_file"): ("notify", "smtp_password"),
}
"""The settings that name a file, and the secret that it holds."""

_NEEDED_LATER: Final = {"okta", "notify"}
"""Sections of which the endpoint needs no secret."""

Values = dict[Key, Value]


def load(path: Path | None, environ: Mapping[str, str] = os.environ) -> Settings:
    """Return the settings of the file (or of SYNCD_CONFIG, or of the usual file), the credentials and the environment.

    Raises `ConfigurationError` with every problem there is.
    """
    return load_with_origins(path, environ)[0]


def load_with_origins(path: Path | None, environ: Mapping[str, str] = os.environ) -> tuple[Settings, dict[str, str]]:
    """Return the settings, and for each that was given, by dotted name, where it was given. Raises as `load` does."""
    file = sources.find_file(path, environ)
    values = sources.read_file(file) if file else {}
    values |= sources.read_credentials(environ)
    values |= sources.read_environment(environ)
    problems = [*_misnamed(environ), *_read_secret_files(values)]
    settings, found = _validate(values, str(file) if file else "configuration")
    if settings is not None:
        folder = file.absolute().parent if file else Path.cwd()
        settings = settings.model_copy(update={"scim": located(settings.scim, folder)})
        found += read_files(settings.scim)[1]
    if settings is None or problems or found:
        raise ConfigurationError([*problems, *found])
    return settings, {dotted(key): value.origin for key, value in values.items()}


def listening_at(settings: Settings, host: str | None, port: int | None) -> Settings:
    """Return the settings with another address to listen on, and a public URL made of it where none was given.

    Raises `ConfigurationError` when the address is not one that the other settings allow.
    """
    address = {"host": host, "port": port}
    given = {"server": settings.server.model_dump(exclude_unset=True)}
    given["server"] |= {name: value for name, value in address.items() if value is not None}
    values = {key: Value(value, "command line") for key, value in sources.flatten(given)}
    changed, problems = _validate(values, "command line")
    if changed is None:
        raise ConfigurationError(problems)
    return settings.model_copy(update={"server": changed.server})


def _misnamed(environ: Mapping[str, str]) -> Iterator[Problem]:
    """Yield the variables that are a setting but for one underscore; others that begin alike are somebody else's."""
    names = {sources.PREFIX + name.upper().replace(".", "_"): name for name in setting_names() if "." in name}
    for variable in sorted(names.keys() & environ.keys()):
        proper = sources.PREFIX + names[variable].upper().replace(".", sources.SEPARATOR)
        yield Problem("environment", variable, "is no setting", f"Did you mean {proper}?")


def _read_secret_files(values: Values) -> Iterator[Problem]:
    """Put the contents of the files that are named into `values`; yield what prevents it.

    A secret of Okta's or of a way to tell people that this user may not read is left out: only the reconciler needs
    it, and `require_okta` and `require_notify` tell it.
    """
    for name, secret in FILES.items():
        named = values.get(name)
        if named is None or not isinstance(named.given, str):
            continue
        if secret in values:
            what = f"and {dotted(secret)} are both given (the other by {values[secret].origin})"
            yield Problem(named.origin, dotted(name), what, "Keep one")
            continue
        try:
            values[secret] = Value(sources.read_secret(dotted(name), Path(named.given), named.origin), named.origin)
        except ConfigurationError as error:
            yield from error.problems if name[0] not in _NEEDED_LATER else ()


def _validate(values: Values, file: str) -> tuple[Settings | None, list[Problem]]:
    """Return the settings, or None with every problem.

    Pydantic holds settings of a section together only when each is right by itself. So what is wrong is taken out, what
    is missing is made up, and the rest looked at again, until nothing new turns up.
    """
    tried = dict(values)
    problems: dict[Problem, None] = {}
    while True:
        try:
            settings = Settings.model_validate(sources.nest(tried))
        except ValidationError as error:
            found = list(findings(error.errors()))
        else:
            return (None if problems else settings), list(problems)
        problems |= {_problem(finding, values, file): None for finding in found if not _follows(finding, values, tried)}
        tried, before = _put_right(tried, found), tried
        if tried == before:
            return None, list(problems)


def _follows(finding: Finding, values: Values, tried: Values) -> bool:
    """Return whether a finding is only about what was wrong before and taken out."""
    return any(key in values and key not in tried for key in finding.keys)


def _put_right(tried: Values, found: Sequence[Finding]) -> Values:
    missing = {
        key: Value(example_at(key), "") for finding in found if finding.type == "missing" for key in finding.keys
    }
    wrong = [finding.keys[0] for finding in found if finding.type not in {"missing", DISAGREEMENT}]
    kept = {key: value for key, value in tried.items() if not any(key[: len(at)] == at for at in wrong)}
    return kept | missing


def _problem(finding: Finding, values: Values, file: str) -> Problem:
    origins = (value.origin for at in finding.keys for key, value in values.items() if key[: len(at)] == at)
    return Problem(next(origins, file), finding.subject, finding.what, finding.instead)
