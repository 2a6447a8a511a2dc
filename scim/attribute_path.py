"""Attribute paths: the dotted, URN-prefixed names of filters, PATCH and projection (RFC 7644 sections 3.5.2, 3.10)."""

from collections.abc import Sequence
from dataclasses import dataclass

from scim.schema import COMMON, Attribute, ResourceType, Schema


@dataclass(frozen=True, slots=True, repr=False)
class AttributePath:
    """A path that was resolved against a resource type.

    `extension` is None for the core schema and for the common attributes. `attribute` is the attribute,
    `sub_attribute` the part behind the dot, or None.
    """

    attribute: Attribute
    sub_attribute: Attribute | None = None
    extension: Schema | None = None

    @property
    def leaf(self) -> Attribute:
        """The attribute whose values the path names."""
        return self.sub_attribute or self.attribute

    def keys(self) -> tuple[str, ...]:
        """Return the keys from a document to the values: ("name", "familyName") or (URN, "department")."""
        head = (self.extension.urn, self.attribute.name) if self.extension else (self.attribute.name,)
        return (*head, self.sub_attribute.name) if self.sub_attribute else head

    def __str__(self) -> str:
        name = self.attribute.name + (f".{self.sub_attribute.name}" if self.sub_attribute else "")
        return f"{self.extension.urn}:{name}" if self.extension else name

    def __repr__(self) -> str:
        # The generated one would write out the schema.
        return f"AttributePath({self})"


def resolve(resource_type: ResourceType, text: str) -> AttributePath | None:
    """Return what `text` names in the resource type, or None when the schema has no such attribute.

    Names and URNs ignore case (RFC 7643 section 2.1, RFC 7644 section 3.10). A URN may be the core schema's or an
    extension's; without one, the core schema and the common attributes are meant.
    """
    extension, name = _split_urn(resource_type, text)
    if name is None:
        return None
    head, dot, tail = name.partition(".")
    attribute = extension.attribute(head) if extension else core_attribute(resource_type, head)
    if attribute is None:
        return None
    if not dot:
        return AttributePath(attribute, None, extension)
    sub_attribute = attribute.sub_attribute(tail)
    return AttributePath(attribute, sub_attribute, extension) if sub_attribute else None


def resolve_in(resource_types: Sequence[ResourceType], text: str) -> AttributePath | None:
    """Return what `text` names in the first of the resource types that has it, or None."""
    found = (resolve(one, text) for one in resource_types)
    return next((path for path in found if path is not None), None)


def _split_urn(resource_type: ResourceType, text: str) -> tuple[Schema | None, str | None]:
    if not text.lower().startswith("urn:"):
        return None, text
    for schema in resource_type.schemas():
        prefix = f"{schema.urn}:"
        if text.lower().startswith(prefix.lower()):
            return (None if schema is resource_type.schema else schema), text[len(prefix) :]
    return None, None


def core_attribute(resource_type: ResourceType, name: str) -> Attribute | None:
    """Return the attribute of the core schema, or the common one, with that name in any case; or None."""
    return resource_type.schema.attribute(name) or _COMMON.get(name.lower())


_COMMON = {attribute.name.lower(): attribute for attribute in COMMON}
