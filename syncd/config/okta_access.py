"""What it takes to read an Okta org, beyond what `load` insists on.

The endpoint needs no credential and, under systemd, gets none; so that only half of one is there is no mistake until
somebody wants to use it.
"""

from collections.abc import Iterator
from typing import Final

from syncd.config import sources
from syncd.config.model import APP_CREDENTIAL, OktaSettings, Settings
from syncd.config.problems import ConfigurationError, Problem

_WHERE: Final = "configuration"
_FILES: Final = ("api_token_file", "private_key_file")


def require_okta(settings: Settings) -> OktaSettings:
    """Return the settings of the org once they suffice: an address, and an API token or all of an app's credential.

    Raises `ConfigurationError` with all that is missing.
    """
    problems = [*_address(settings.okta), *_credential(settings.okta)]
    if problems:
        raise ConfigurationError(problems)
    return settings.okta


def _address(okta: OktaSettings) -> Iterator[Problem]:
    if okta.org_url is None:
        yield Problem(_WHERE, "okta.org_url", "is missing", 'Set it to "https://example.okta.com"')


def _credential(okta: OktaSettings) -> Iterator[Problem]:
    missing = [f"okta.{name}" for name in APP_CREDENTIAL if getattr(okta, name) is None]
    if okta.api_token is not None or not missing:
        return
    unread = list(sources.unread_secrets("okta", okta, _FILES, _WHERE))
    if unread:
        yield from unread
    elif len(missing) == len(APP_CREDENTIAL):
        instead = "Set okta.api_token_file, or okta.client_id, okta.private_key_file and okta.key_id"
        yield Problem(_WHERE, "[okta]", "holds no credential", instead)
    else:
        yield Problem(_WHERE, " and ".join(missing), "must be set too", f"Set {', '.join(APP_CREDENTIAL)} together")
