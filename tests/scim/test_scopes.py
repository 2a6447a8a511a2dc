"""A token does what its scopes say, and nothing by default."""

import pytest

from scim.core_schemas import RESOURCE_TYPES
from scim.errors import Forbidden
from scim.scopes import ALL_SCOPES, require_scope, scope_for

METHODS = {"GET": "read", "HEAD": "read", "POST": "write", "PUT": "write", "PATCH": "write", "DELETE": "write"}


@pytest.mark.parametrize("method", [*METHODS, "PROPFIND", "get", ""])
@pytest.mark.parametrize(("name", "prefix"), [("User", "users"), ("Group", "groups")])
def test_reading_needs_one_scope_and_everything_else_the_other(method: str, name: str, prefix: str) -> None:
    needed = f"{prefix}:{METHODS.get(method, 'write')}"
    assert scope_for(method, name) == needed
    for scope in ALL_SCOPES:
        if scope == needed:
            require_scope(frozenset({scope}), method, name)
        else:
            with pytest.raises(Forbidden, match=needed):
                require_scope(frozenset({scope}), method, name)
    with pytest.raises(Forbidden):
        require_scope(frozenset(), method, name)
    require_scope(None, method, name)


def test_every_resource_type_has_scopes_and_an_unknown_one_has_none() -> None:
    for resource_type in RESOURCE_TYPES:
        assert {scope_for("GET", resource_type.name), scope_for("PUT", resource_type.name)} < set(ALL_SCOPES)
    with pytest.raises(KeyError):
        require_scope(frozenset(ALL_SCOPES), "GET", "Device")
