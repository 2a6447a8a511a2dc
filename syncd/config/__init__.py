"""The settings: one model, read from a TOML file, systemd credentials and the environment.

Owns: what can be set, its defaults and bounds, and the words in which a wrong setting is told. Never: opens a database
or a socket, or decides what a setting is used for. May import: `core` and `scim` values, `cron`, pydantic.
"""

from syncd.config.extensions import resource_types
from syncd.config.loading import listening_at, load, load_with_origins
from syncd.config.model import (
    AppSettings,
    DatabaseSettings,
    LimitSettings,
    LogSettings,
    OktaSettings,
    ScimSettings,
    ServerSettings,
    Settings,
)
from syncd.config.notify import NotifySettings
from syncd.config.notify_access import require_audit, require_notify
from syncd.config.okta_access import require_okta
from syncd.config.problems import ConfigurationError, Problem

__all__ = [
    "AppSettings",
    "ConfigurationError",
    "DatabaseSettings",
    "LimitSettings",
    "LogSettings",
    "NotifySettings",
    "OktaSettings",
    "Problem",
    "ScimSettings",
    "ServerSettings",
    "Settings",
    "listening_at",
    "load",
    "load_with_origins",
    "require_audit",
    "require_notify",
    "require_okta",
    "resource_types",
]
