"""What Okta holds of one person and this application, right now.

A negative answer may end somebody's access, so it has to be Okta's own: a 404 with Okta's error code, about the person
and not about the application, or an answer about the very id that was asked for (Okta also finds users by login).
Whatever else comes back is UNKNOWN.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, Final
from urllib.parse import quote

from syncd.core.subjects import Lookup, Presence
from syncd.okta_source.answers import Answer, error_summary
from syncd.okta_source.client import Reply
from syncd.okta_source.faults import Question
from syncd.okta_source.pacing import Bucket, moment_of
from syncd.okta_source.rows import age_of, text_at, value_at
from syncd.ports import SourceUnhealthyError

STATUSES: Final = {
    **dict.fromkeys(("ACTIVE", "PROVISIONED", "STAGED", "PENDING", "APPROVED", "IMPLICIT"), Presence.ASSIGNED),
    **dict.fromkeys(("DEPROVISIONED", "REVOKED", "INACTIVE", "UNASSIGNED"), Presence.UNASSIGNED),
}
"""What the application user's status says, where it says something. Those of an import say nothing of access."""

DEPROVISIONED: Final = "DEPROVISIONED"
USER_ID: Final = "00u"  # how every Okta user id seen so far begins; Okta documents no form

Ask = Callable[[Question], Awaitable[Reply]]


class _UnclearError(Exception):
    """An answer came, and nothing may be concluded from it."""


async def look_up(ask: Ask, okta_app_id: str, okta_user_id: str) -> Lookup:
    """Ask for the application user, and for the user where that does not bring them. Raises nothing."""
    answers: list[Answer] = []

    async def fetch(path: str, bucket: Bucket) -> dict[str, Any] | None:
        reply = await ask(Question(path, bucket, f"user {okta_user_id}", dict, may_be_missing=True))
        answers.append(reply.answer)
        return _definitive(reply, okta_app_id, okta_user_id)

    try:
        user_id = _quoted(okta_user_id)
        app_user = await fetch(f"/api/v1/apps/{okta_app_id}/users/{user_id}?expand=user", Bucket.APP_USERS)
        user = _embedded(app_user, okta_user_id) or await fetch(f"/api/v1/users/{user_id}", Bucket.USERS)
        found = conclude(okta_user_id, app_user, user, moment_of(answers[0].headers))
    except _UnclearError as error:
        found = Lookup(Presence.UNKNOWN, str(error))
    except SourceUnhealthyError as error:
        found = Lookup(Presence.UNKNOWN, f"{error.what} ({error.where})")
    return replace(found, request_ids=tuple(one.request_id for one in answers if one.request_id))


def conclude(
    okta_user_id: str, app_user: dict[str, Any] | None, user: dict[str, Any] | None, now: datetime | None
) -> Lookup:
    """Return what two answers say together; None is Okta's definitive 404. `now` is when it said so, by its clock."""
    app_status, user_status = text_at(app_user, ("status",)), text_at(user, ("status",))
    told = Lookup(
        Presence.UNKNOWN,
        "",
        user_status=user_status,
        app_status=app_status,
        sync_state=text_at(app_user, ("syncState",)),
        age=age_of(app_user, now),
    )

    def lookup(presence: Presence, detail: str) -> Lookup:
        return replace(told, presence=presence, detail=detail)

    if app_user is None and user is None:
        return _unknown_to_okta(okta_user_id)
    if user_status is None:
        return lookup(Presence.UNKNOWN, "Okta does not say what status the user has")
    if user_status == DEPROVISIONED:
        return lookup(Presence.DEPROVISIONED, "the user is deactivated in Okta")
    if app_user is None:
        return lookup(Presence.UNASSIGNED, f"the user is {user_status} and not assigned to the application")
    presence = STATUSES.get(app_status or "", Presence.UNKNOWN)
    return lookup(presence, f"the user is {user_status}, and the assignment has the status {app_status!r}")


def _unknown_to_okta(okta_user_id: str) -> Lookup:
    """Return GONE for what was an Okta user id. That Okta does not know somebody else's id says nothing."""
    if okta_user_id.startswith(USER_ID):
        return Lookup(Presence.GONE, "Okta knows neither the user nor an assignment")
    return Lookup(Presence.UNKNOWN, f"Okta knows no {okta_user_id!r}, which does not look like an Okta user id")


def _definitive(reply: Reply, okta_app_id: str, okta_user_id: str) -> dict[str, Any] | None:
    """Return the object that a reply brings, or None when Okta has none. Raises `_UnclearError` for anything else."""
    if reply.missing:
        if okta_app_id in error_summary(reply.document):
            raise _UnclearError("Okta does not find the application itself")
        return None
    if text_at(reply.document, ("id",)) != okta_user_id:
        raise _UnclearError("Okta answered about another id than the one asked for")
    document: dict[str, Any] = reply.document
    return document


def _embedded(app_user: dict[str, Any] | None, okta_user_id: str) -> dict[str, Any] | None:
    """Return the user that an application user embeds, if it is the one asked for and has a status."""
    user = value_at(app_user, ("_embedded", "user"))
    complete = text_at(user, ("id",)) == okta_user_id and text_at(user, ("status",)) is not None
    return user if complete else None


def _quoted(okta_user_id: str) -> str:
    """Return the id as one segment of a path. Raises `_UnclearError` for what a server would take for a directory."""
    if not okta_user_id.strip("."):
        raise _UnclearError(f"{okta_user_id!r} is not an Okta user id")
    return quote(okta_user_id, safe="")
