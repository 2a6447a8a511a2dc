"""What a token may do: one scope for reading and one for writing each resource type (RFC 7644 section 2).

The rule is here; the service asks it once it knows what a request is about. Discovery needs no scope.
"""

from collections.abc import Mapping
from typing import Final

from scim.errors import Forbidden

USERS_READ: Final = "users:read"
USERS_WRITE: Final = "users:write"
GROUPS_READ: Final = "groups:read"
GROUPS_WRITE: Final = "groups:write"

ALL_SCOPES: Final = (USERS_READ, USERS_WRITE, GROUPS_READ, GROUPS_WRITE)

_READING: Final[Mapping[str, str]] = {"User": USERS_READ, "Group": GROUPS_READ}
_WRITING: Final[Mapping[str, str]] = {"User": USERS_WRITE, "Group": GROUPS_WRITE}
_READING_METHODS: Final = frozenset({"GET", "HEAD"})


def scope_for(method: str, resource_type: str) -> str:
    """Return the scope that a request needs. A search by POST reads (RFC 7644 section 3.4.3): ask for "GET".

    A method that nobody knows writes. Raises KeyError for a resource type without scopes: nobody may use it then.
    """
    return (_READING if method in _READING_METHODS else _WRITING)[resource_type]


def require_scope(scopes: frozenset[str] | None, method: str, resource_type: str) -> None:
    """Raise `Forbidden` unless the scopes of a token cover the request; None stands for all of them."""
    if scopes is not None and (needed := scope_for(method, resource_type)) not in scopes:
        raise Forbidden(f"This token's scopes do not cover the request: it needs {needed}.")
