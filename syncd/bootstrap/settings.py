"""The configuration: found, read, shown, or written for the first time."""

import json
import os
from pathlib import Path
from urllib.parse import urlsplit

from syncd.config import ConfigurationError, Settings, load, load_with_origins, require_okta
from syncd.config.sources import find_file
from syncd.signing import SigningKey
from syncd.telemetry import configure_logging

SECRETS = (
    "database.url",
    "server.event_hook_secret",
    "okta.api_token",
    "okta.private_key",
    "audit.signing_key",
    "audit.heads_secret",
    "notify.webhook_secret",
    "notify.slack_url",
    "notify.smtp_password",
)

TEMPLATE = """\
# Written by `syncd init`. Every setting, with its default and its meaning: config.example.toml.

[database]
url = {database_url}

[server]
public_url = {public_url}
behind_proxy = false

[okta]
org_url = {org_url}
api_token_file = {token_file}

[audit]
origin = {origin}
signing_key_file = {key_file}
public_key = {public_key}
# heads_folder = "/mnt/audit-heads" # a file system that this machine's administrator cannot rewrite

[apps.{app_name}]
okta_app_id = {okta_app_id}
apply = false # true: the nightly run repairs; false: it only reports
"""


def load_settings(path: Path | None) -> Settings:
    """Return the settings, and let logs go where they say, with every secret of theirs blacked out.

    Raises `ConfigurationError` with every problem there is.
    """
    settings = load(path)
    configure_logging(settings.log.level, settings.log.format, settings.secrets())
    return settings


def configuration_origins(path: Path | None) -> tuple[Path | None, list[tuple[str, str, str]]]:
    """Return the file that is read, and for each setting that was given its name, its value and where it was given.

    A secret's value is not shown. Raises `ConfigurationError` with every problem there is.
    """
    _, origins = load_with_origins(path)
    settings = load(path).model_dump(mode="json")
    rows = [(name, _shown(settings, name), origin) for name, origin in sorted(origins.items())]
    return find_file(path, os.environ), rows


def okta_lack(path: Path | None) -> str | None:
    """Return what the settings lack for reading Okta, in words, or None. Raises `ConfigurationError` as `load` does."""
    settings = load(path)
    try:
        require_okta(settings)
    except ConfigurationError as error:
        return str(error)
    return None


def initialise(path: Path, *, app_name: str, org_url: str, okta_app_id: str, public_url: str) -> None:
    """Write a configuration that only its owner can read, beside it the key of the audit log, and the database.

    Raises `ConfigurationError` when an answer cannot be right; then nothing is left behind.
    """
    from syncd.bootstrap.stores import upgrade_database  # noqa: PLC0415  # the store is not needed to read settings

    folder = path.parent.resolve()
    folder.mkdir(parents=True, exist_ok=True)
    origin = f"{urlsplit(public_url).hostname or 'localhost'}/syncd"
    signing = SigningKey.new(origin)
    text = TEMPLATE.format(
        database_url=json.dumps(f"sqlite:///{folder / 'syncd.db'}"),
        public_url=json.dumps(public_url.rstrip("/")),
        org_url=json.dumps(org_url),
        token_file=json.dumps(str(folder / "okta-api-token")),
        origin=json.dumps(origin),
        key_file=json.dumps(str(folder / "audit.key")),
        public_key=json.dumps(str(signing.key)),
        app_name=app_name,
        okta_app_id=json.dumps(okta_app_id),
    )
    written = [
        _write_private(folder / "okta-api-token", "put-the-api-token-here\n"),
        _write_private(folder / "audit.key", signing.secret_text()),
        _write_private(path, text),
    ]
    try:
        settings = load(path)
    except Exception:
        for file in written:
            file.unlink(missing_ok=True)
        raise
    upgrade_database(settings)


def _shown(settings: object, name: str) -> str:
    if name in SECRETS:
        return "(secret)"
    value = settings
    for part in name.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    return json.dumps(value, ensure_ascii=False)


def _write_private(path: Path, text: str) -> Path:
    """Write a new file that nobody but its owner can read, from its first byte on."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(text)
    return path
