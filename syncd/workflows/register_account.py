"""The application tells syncd of an account that it made itself."""

from scim.resource import Document, StoredResource
from syncd.core.changes import Cause, Change
from syncd.core.subjects import Origin
from syncd.ports import Database


def register_account(
    database: Database, app: str, cause: Cause, document: Document, origin: Origin = Origin.LOCAL
) -> StoredResource:
    """Store an account that did not come over SCIM, so that reports can count it; the reconciler never touches it.

    `document` is a canonical User without id and meta. Raises `Uniqueness` when the user name is taken.
    """
    with database.transaction(app, cause) as unit:
        stored = unit.record(Change("User", None, document, origin=origin))
    if stored is None:
        raise AssertionError
    return stored
