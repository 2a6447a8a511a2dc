"""scim2-models as a second opinion: its models are made of our own schemas, so that only meaning can differ."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from pydantic import ValidationError
from scim2_models import (
    Context,
    Extension,
    PatchOp,
    Resource,
    Schema,
    SCIMException,
    ScimFilter,
    ScimPolicy,
)

from scim.core_schemas import RESOURCE_TYPES
from scim.discovery import schemas
from scim.provider import Provider
from scim.schema import ResourceType
from scim.urns import PATCH_OP

Comparable = Callable[[Any, str], str]

TOLERANT: Final = ScimPolicy(
    remove_value_as_filter=ScimPolicy.RemoveValue.apply, unmatched_path_filter=ScimPolicy.UnmatchedPathFilter.create
)
"""What comes nearest to the profile `entra`."""

_READING: Final = ScimPolicy(unknown=ScimPolicy.Unknown.ignore)


class RefusedError(Exception):
    """The library refuses the filter or the request."""


def _models() -> dict[str, Any]:
    published = {one["id"]: Schema.model_validate(dict(one)) for one in schemas(Provider("https://example.com"))}
    made: dict[str, Any] = {}
    for resource_type in RESOURCE_TYPES:
        core: Any = Resource.from_schema(published[resource_type.schema.urn])
        extensions = [Extension.from_schema(published[one.urn]) for one in resource_type.extensions]
        made[resource_type.name] = core[extensions[0]] if extensions else core
    return made


MODELS: Final = _models()


def read(resource_type: ResourceType, attributes: Mapping[str, Any]) -> Any:
    """Return the library's resource with these attributes. Empty lists are no values (RFC 7643 section 2.5)."""
    present = {name: value for name, value in attributes.items() if value != []}
    return MODELS[resource_type.name].model_validate(present, scim_policy=_READING)


def _filter_type(resource_type: ResourceType) -> Any:
    # Subscripted through the call that the syntax stands for: mypy reads an index as a type.
    return ScimFilter.__class_getitem__(MODELS[resource_type.name])


def matching(resource_type: ResourceType, text: str, resources: list[Any], key: Comparable | None = None) -> list[bool]:
    """Return which resources meet the filter, with another comparison key where one is given. Raises `RefusedError`."""
    try:
        condition = _filter_type(resource_type)(text)
    except SCIMException as error:
        raise RefusedError(str(error)) from error
    if key is None:
        return [condition.match(one) for one in resources]
    with ScimPolicy(comparison_key=key):
        return [condition.match(one) for one in resources]


def patched(resource_type: ResourceType, attributes: Mapping[str, Any], operations: list[Any]) -> dict[str, Any]:
    """Return the attributes of a resource after a PATCH. Raises `RefusedError`."""
    resource = read(resource_type, attributes)
    body = {"schemas": [PATCH_OP], "Operations": operations}
    message: Any = PatchOp.__class_getitem__(MODELS[resource_type.name])
    try:
        request = message.model_validate(body, scim_ctx=Context.RESOURCE_PATCH_REQUEST, scim_policy=TOLERANT)
        request.patch(resource, scim_policy=TOLERANT)
    except (SCIMException, ValidationError) as error:
        raise RefusedError(str(error)) from error
    dumped: dict[str, Any] = resource.model_dump()
    return dumped
