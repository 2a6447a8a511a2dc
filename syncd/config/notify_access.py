"""What it takes to tell people something, beyond what `load` insists on.

The endpoint tells nobody anything and, under systemd, gets none of these secrets; so that one is missing is no mistake
until somebody wants to use it.
"""

from collections.abc import Iterator
from typing import Final

from syncd.config import sources
from syncd.config.audit import AuditSettings
from syncd.config.notify import NotifySettings
from syncd.config.problems import ConfigurationError, Problem

_WHERE: Final = "configuration"
_FILES: Final = ("webhook_secret_file", "slack_url_file", "smtp_password_file")

_PARTNERS: Final = {"webhook_secret": "webhook_url", "smtp_password": "smtp_username", "smtp_username": "smtp_host"}
"""Settings that say nothing without another one."""


def require_notify(notify: NotifySettings) -> NotifySettings:
    """Return the settings once each way that is set can be used. Raises `ConfigurationError` with all that is wrong."""
    problems = [*sources.unread_secrets("notify", notify, _FILES, _WHERE), *_lacks(notify)]
    if problems:
        raise ConfigurationError(problems)
    return notify


def require_audit(audit: AuditSettings) -> AuditSettings:
    """Return the settings once heads can be posted where they are to be. Raises `ConfigurationError`."""
    problems = [*sources.unread_secrets("audit", audit, ("heads_secret_file",), _WHERE)]
    if audit.heads_url and audit.heads_secret is None and audit.heads_secret_file is None:
        instead = "Set audit.heads_secret_file: what is not signed can be forged"
        problems.append(Problem(_WHERE, "audit.heads_secret", "is missing", instead))
    if problems:
        raise ConfigurationError(problems)
    return audit


def _lacks(notify: NotifySettings) -> Iterator[Problem]:
    if notify.webhook_url and notify.webhook_secret is None and notify.webhook_secret_file is None:
        instead = "Set notify.webhook_secret_file: what is not signed can be forged"
        yield Problem(_WHERE, "notify.webhook_secret", "is missing", instead)
    for name, partner in _PARTNERS.items():
        if getattr(notify, name) is not None and getattr(notify, partner) is None:
            yield Problem(_WHERE, f"notify.{name}", f"says nothing without {partner}", f"Set notify.{partner} too")
