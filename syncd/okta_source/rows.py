"""One row of the application's user listing, raw JSON to `Assignment`.

Read without the SDK's models: those refuse a whole page for one value they do not know. A status nobody has heard of
is kept as sent; only a row that does not say whom it is about is refused.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from syncd.core.attributes import DEPARTMENT, FAMILY_NAME, GIVEN_NAME, USER_NAME, WORK_EMAIL
from syncd.core.subjects import Assignment

Place = tuple[str, ...]

_PROFILE: Final = ("profile",)
_USER: Final = ("_embedded", "user")
_USER_PROFILE: Final = (*_USER, "profile")

LOCATIONS: Final[Mapping[str, tuple[Place, ...]]] = {
    USER_NAME: (("credentials", "userName"), (*_USER_PROFILE, "login")),
    GIVEN_NAME: ((*_PROFILE, "givenName"), (*_PROFILE, "firstName"), (*_USER_PROFILE, "firstName")),
    FAMILY_NAME: ((*_PROFILE, "familyName"), (*_PROFILE, "lastName"), (*_USER_PROFILE, "lastName")),
    WORK_EMAIL: ((*_PROFILE, "email"), (*_USER_PROFILE, "email")),
    DEPARTMENT: ((*_PROFILE, "department"), (*_USER_PROFILE, "department")),
}
"""Where the value of each SCIM path is found in a row, best place first. The application's own profile is what Okta
pushes; the person's profile stands in for what an application does not map."""


_APART: Final = timedelta(minutes=15)
"""How far Okta's own clocks are believed to be apart: `Date` is in whole seconds, and of another machine."""


class RowError(ValueError):
    """The row does not say whom it is about."""


def read_row(row: Any, now: datetime | None = None) -> Assignment:
    """Return the row as a value. Raises `RowError` for what is no object, or has no id.

    `now` is when Okta sent it, by the `Date` of its answer. Texts that are null, empty or of another type are absent; a
    missing `status` is the empty one, which no table knows.
    """
    okta_user_id = text_at(row, ("id",))
    if okta_user_id is None:
        raise RowError("a row is no object with an id")
    return Assignment(
        okta_user_id=okta_user_id,
        user_name=text_at(row, ("credentials", "userName")),
        external_id=text_at(row, ("externalId",)),
        app_status=text_at(row, ("status",)) or "",
        user_status=text_at(row, (*_USER, "status")),
        scope=text_at(row, ("scope",)),
        sync_state=text_at(row, ("syncState",)),
        attributes=_attributes(row),
        age=age_of(row, now),
    )


def age_of(app_user: Any, now: datetime | None) -> timedelta | None:
    """Return for how long an application user has been as it is: since it was made, or changed its status, if later.

    None where Okta does not say so in full, or names a moment that is yet to come. Both moments are Okta's.
    """
    moments = [moment_at(app_user, (name,)) for name in ("created", "statusChanged")]
    known = [moment for moment in moments if moment is not None]
    if now is None or not known or now - max(known) < -_APART:
        return None
    return max(now - max(known), timedelta())


def moment_at(document: Any, place: Place) -> datetime | None:
    """Return the moment at a place in nested objects, aware, or None where there is none."""
    try:
        moment = datetime.fromisoformat(text_at(document, place) or "")
    except ValueError:
        return None
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def text_at(document: Any, place: Place) -> str | None:
    """Return the text at a place in nested objects, or None where there is none."""
    text = value_at(document, place)
    return text if isinstance(text, str) and text else None


def value_at(document: Any, place: Place) -> Any:
    """Return the value at a place in nested objects, or None where there is none."""
    for name in place:
        if not isinstance(document, dict):
            return None
        document = document.get(name)
    return document


def _attributes(row: Any) -> dict[str, str]:
    found = {
        path: next((text for place in places if (text := text_at(row, place))), None)
        for path, places in LOCATIONS.items()
    }
    return {path: text for path, text in found.items() if text is not None}
