"""From a document to the columns that stand for it."""

from collections.abc import Mapping
from typing import Any, Final

from scim.characteristics import keyed
from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.filter.matching import comparison_key
from scim.resource import Document, fold
from scim.schema import Attribute, ResourceType, Type
from syncd.core.attributes import compared_attributes, digest
from syncd.core.changes import is_active

UNIQUE: Final[Mapping[str, str]] = {USER_TYPE.name: "userName", GROUP_TYPE.name: "displayName"}
"""The attribute of which no two resources of a type have the same folded value."""

KEYS: Final = ("ukey", "external_id", "display_key")
"""The columns of `resource` that follow from the document and have an index."""

DERIVED: Final = (*KEYS, "label", "active", "digest", "doc", "search")
"""All columns of `resource` that follow from the document."""

EMAILS: Final = "emails.value"


def columns_of(resource_type: ResourceType, document: Document) -> dict[str, Any]:
    """Return the values of the `DERIVED` columns."""
    is_user = resource_type.name == USER_TYPE.name
    return {
        **keys_of(resource_type.name, document),
        "label": label_of(document),
        "active": is_active(document),
        "digest": digest(compared_attributes(document)) if is_user else None,
        "doc": document,
        "search": searchable(resource_type, document),
    }


def keys_of(resource_type: str, document: Document) -> dict[str, str | None]:
    """Return the values of the `KEYS` columns."""
    display_name = document.get("displayName")
    return {
        "ukey": unique_key(resource_type, document),
        "external_id": document.get("externalId"),
        "display_key": fold(display_name) if resource_type == USER_TYPE.name and display_name else None,
    }


def unique_key(resource_type: str, document: Document) -> str | None:
    """Return the folded value that must be unique, or None when the document lacks it."""
    value = document.get(UNIQUE[resource_type])
    return fold(value) if value else None


def label_of(document: Document) -> str | None:
    """Return the name under which others show the resource."""
    return document.get("displayName") or document.get("userName")


def indexed_values(resource_type: ResourceType, document: Document) -> frozenset[tuple[str, str]]:
    """Return (path, what stands for the value in comparisons) of the values that have a row in the index.

    That are those of e-mail addresses, and of what an operator marked.
    """
    emails = ((EMAILS, fold(email["value"])) for email in document.get("emails", ()) if email.get("value"))
    marked = (
        (f"{schema.urn}:{path}", key)
        for schema in resource_type.extensions
        for attribute in schema.indexed
        for path, key in keyed(attribute, document.get(schema.urn, {}).get(attribute.name), _is_indexed)
    )
    return frozenset((*emails, *marked))


def _is_indexed(attribute: Attribute) -> bool:
    return attribute.indexed


def searchable(resource_type: ResourceType, document: Document) -> dict[str, Any]:
    """Return the document as filters see it: every value replaced by what stands for it in comparisons."""
    keys: dict[str, Any] = {}
    for name, value in document.items():
        extension = resource_type.extension(name)
        if extension:
            keys[name] = {part: _key(extension.attribute(part), held) for part, held in value.items()}
        else:
            keys[name] = _key(resource_type.schema.attribute(name), value)
    return keys


def _key(attribute: Attribute | None, value: Any) -> Any:
    if attribute is None:
        return value
    if isinstance(value, list):
        return [_key(attribute, one) for one in value]
    if attribute.type is Type.COMPLEX:
        return {part: _key(attribute.sub_attribute(part), held) for part, held in value.items()}
    return comparison_key(attribute, value)
