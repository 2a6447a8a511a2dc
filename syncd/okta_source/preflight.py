"""What has to hold before a walk: the application is there, active, the one that was meant, and readable."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from typing import Any, Final

from syncd.okta_source.answers import Answer
from syncd.okta_source.faults import NO_APP, SCOPE, Question
from syncd.okta_source.pacing import Bucket, date_of
from syncd.okta_source.rows import text_at
from syncd.okta_source.settings import OktaSettings
from syncd.ports import SourceFault, SourceIdentity, SourceUnhealthyError

PUSHES: Final = {
    "PUSH_NEW_USERS": "Okta does not create users in the application",
    "PUSH_USER_DEACTIVATION": "Okta does not deactivate users in the application",
}
TOLERATED_SKEW: Final = 60  # seconds; Okta refuses a private key's assertion that is minutes off


def app_question(settings: OktaSettings) -> Question:
    """Return the question that preflight asks."""
    return Question(f"/api/v1/apps/{settings.okta_app_id}", Bucket.APP, "the application", dict)


def check_app(app: dict[str, Any], settings: OktaSettings) -> SourceIdentity:
    """Return the identity of the application. Raises `SourceUnhealthyError` when it is not active, or another one."""
    label, status = text_at(app, ("label",)) or "", text_at(app, ("status",))
    where = app_question(settings).where
    if text_at(app, ("id",)) != settings.okta_app_id:
        raise SourceUnhealthyError(
            SourceFault.APP, f"Okta answered about application {app.get('id')!r}", where=where, remedy=NO_APP.remedy
        )
    if status != "ACTIVE":
        raise SourceUnhealthyError(
            SourceFault.APP,
            f"the application {label!r} is {status}, and then Okta lists fewer users than it has",
            where=where,
            remedy="Activate it in the Okta admin console, or take it out of the configuration",
        )
    if settings.expected_label is not None and label != settings.expected_label:
        raise SourceUnhealthyError(
            SourceFault.APP,
            f"the application is called {label!r}, not {settings.expected_label!r}",
            where=where,
            remedy="Correct okta_app_id, or expected_label if the application was renamed",
        )
    return SourceIdentity(settings.okta_app_id, label, credential_digest(settings), filter_digest(settings))


def check_scopes(granted: frozenset[str] | None, settings: OktaSettings) -> None:
    """Raise `SourceUnhealthyError` when the access token came without the scope that the listing needs.

    Okta leaves out a scope that was not granted and says nothing. None, with an API token, is no statement.
    """
    if granted is not None and "okta.apps.read" not in granted:
        raise SourceUnhealthyError(
            SourceFault.PERMISSION,
            "the access token came without the scope okta.apps.read",
            where=app_question(settings).where,
            remedy=SCOPE.remedy,
        )


def warnings(app: dict[str, Any], granted: frozenset[str] | None, answer: Answer, now: datetime) -> Iterator[str]:
    """Yield what an operator should know and what stops nothing: pushes switched off, no scope, a wrong clock."""
    features = app.get("features")
    enabled = features if isinstance(features, list) else []
    for feature, consequence in PUSHES.items():
        if feature not in enabled:
            yield f"warning: the application lacks the feature {feature}: {consequence}"
    if granted is not None and "okta.users.read" not in granted:
        yield "warning: the scope okta.users.read is missing: no account can be confirmed as gone or deactivated"
    told = date_of(answer.headers)
    skew = 0 if told is None else round(now.timestamp()) - told
    if abs(skew) > TOLERATED_SKEW:
        yield f"warning: this machine's clock is {abs(skew)} s {'ahead of' if skew > 0 else 'behind'} Okta's"


def credential_digest(settings: OktaSettings) -> str:
    """Return 32 hex digits that are equal exactly when org and credential are. Nothing can be read back from them."""
    if settings.api_token:
        credential = f"SSWS {hashlib.sha256(settings.api_token.encode()).hexdigest()}"
    else:
        credential = f"client {settings.client_id}"
    return _digest(f"{settings.org_url}\n{credential}")


def filter_digest(settings: OktaSettings) -> str:
    """Return 32 hex digits that are equal exactly when the same listing is asked for, in pages of whatever size."""
    return _digest(f"{settings.listing_path}?expand=user")


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:32]
