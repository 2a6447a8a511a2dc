"""What the table of characteristics says of a whole resource: required, immutable, unique (RFC 7643 section 7).

The types of values, and who may write them, are decided where a body is read (`values`); these rules need the resource
as it was and as it is to be.
"""

from collections.abc import Callable, Collection, Iterator, Mapping
from functools import partial
from typing import Any

from scim.errors import InvalidValue, Mutability, ScimError
from scim.filter.matching import comparison_key
from scim.resource import Document
from scim.schema import Attribute, ResourceType, Returned, Schema
from scim.schema import Mutability as Writable
from scim.schema import Uniqueness as Unique

Parts = Mapping[str, Any]


def refuse_missing(resource_type: ResourceType, document: Document) -> None:
    """Raise `InvalidValue` where a required attribute, or a required part of a value that is there, has no value.

    An extension as a whole is optional: what is required in it is so once anything of it is there.
    """
    _refuse(resource_type, dict.fromkeys(_missing(resource_type, document)), InvalidValue)


def refuse_taken_away(resource_type: ResourceType, before: Document, after: Document, *, by_removal: bool) -> None:
    """Raise an error where a change leaves something required without a value: `Mutability` if it says remove.

    What lacked it before may go on without: a stricter schema must not keep anybody from being deactivated.
    """
    missing = dict.fromkeys(_missing(resource_type, after))
    if missing:
        lacking = set(_missing(resource_type, before))
        new = [path for path in missing if path not in lacking]
        _refuse(resource_type, new, Mutability if by_removal else InvalidValue)


def _refuse(resource_type: ResourceType, missing: Collection[str], error: type[ScimError]) -> None:
    if missing:
        raise error(f"Missing: {', '.join(missing)}. A {resource_type.name} cannot be without.")


def with_immutable(resource_type: ResourceType, before: Document, after: Document) -> Document:
    """Return what a replacement leaves: with the immutable values that it does not mention (RFC 7644 section 3.5.1).

    An extension that it does not mention, and that has such a value, stays as it was.
    """
    kept: dict[str, Any] = dict(after)
    for schema, old, new in _holders(resource_type, before, after):
        silent = {
            attribute.name: old[attribute.name]
            for attribute in schema.immutable
            if attribute.mutability is Writable.IMMUTABLE and attribute.name in old and attribute.name not in new
        }
        if silent and schema is resource_type.schema:
            kept |= silent
        elif silent:
            kept[schema.urn] = {**new, **silent} if new else old
    return kept


def refuse_changed(resource_type: ResourceType, before: Document, after: Document) -> None:
    """Raise `Mutability` where an immutable value, once set, would be another one or none (RFC 7643 section 7)."""
    for schema, old, new in _holders(resource_type, before, after):
        for attribute in schema.immutable:
            if path := _changed(attribute, old.get(attribute.name), new.get(attribute.name)):
                where = path if schema is resource_type.schema else f"{schema.urn}:{path}"
                raise Mutability(f"{where}: is immutable, and has another value already.")


def unique_values(resource_type: ResourceType, document: Document) -> frozenset[tuple[str, str]]:
    """Return (path, what stands for the value in comparisons) of each value of extensions that must be unique.

    Both `server` and `global` mean: among all resources of one tenant. Nobody can know of others.
    """
    return frozenset(
        (f"{schema.urn}:{path}", key)
        for schema in resource_type.extensions
        for attribute in schema.unique
        for path, key in keyed(attribute, document.get(schema.urn, {}).get(attribute.name), _is_unique)
    )


def without_hidden(resource_type: ResourceType, document: Document) -> Document:
    """Return the document without what is never returned of extensions, and without those that are not served.

    Whatever is told of a change, to an auditor or an application, has none of it.
    """
    shown: dict[str, Any] = {}
    for name, value in document.items():
        schema = resource_type.extension(name) if ":" in name else None
        if schema is not None:
            shown[name] = _without_hidden(schema.attribute, value) if schema.withheld else value
        elif ":" not in name:
            shown[name] = value
    return shown


def _without_hidden(find: Callable[[str], Attribute | None], parts: Parts) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for name, value in parts.items():
        attribute = find(name)
        if attribute is None or attribute.returned is Returned.NEVER:
            continue
        inner = partial(_without_hidden, attribute.sub_attribute)
        if isinstance(value, Mapping):
            shown[name] = inner(value)
        else:
            items = value if isinstance(value, list) else ()
            shown[name] = [inner(item) if isinstance(item, Mapping) else item for item in items] or value
    return shown


def keyed(attribute: Attribute, value: Any, wanted: Any) -> Iterator[tuple[str, str]]:
    """Yield (path, key as text) of the values of an attribute, and of its parts, that are `wanted` by definition."""
    for item in value if isinstance(value, list) else () if value is None else (value,):
        if isinstance(item, Mapping):
            parts = ((part, item.get(part.name)) for part in attribute.sub_attributes)
            yield from (
                (f"{attribute.name}.{path}", key) for part, held in parts for path, key in keyed(part, held, wanted)
            )
        elif wanted(attribute):
            yield attribute.name, str(comparison_key(attribute, item))


def _is_unique(attribute: Attribute) -> bool:
    return attribute.uniqueness is not Unique.NONE


def _holders(resource_type: ResourceType, before: Document, after: Document) -> Iterator[tuple[Schema, Parts, Parts]]:
    """Yield each schema that has something immutable, with what holds its attributes before and after."""
    if resource_type.schema.immutable:
        yield resource_type.schema, before, after
    for schema in resource_type.extensions:
        if schema.immutable:
            yield schema, before.get(schema.urn, {}), after.get(schema.urn, {})


def _changed(attribute: Attribute, old: Any, new: Any) -> str | None:
    """Return the path of what changed although it must not, or None.

    Of several values, each is added and taken away as a whole; `patch` refuses to change a part of one.
    """
    if old is None:
        return None
    if attribute.mutability is Writable.IMMUTABLE:
        return None if new == old else attribute.name
    if not isinstance(old, Mapping):
        return None
    parts = (part for part in attribute.sub_attributes if part.mutability is Writable.IMMUTABLE)
    changed = next(
        (part.name for part in parts if part.name in old and (new or {}).get(part.name) != old[part.name]), None
    )
    return changed and f"{attribute.name}.{changed}"


def _missing(resource_type: ResourceType, document: Document) -> Iterator[str]:
    yield from _missing_parts(resource_type.schema.demanding, document)
    for schema in resource_type.extensions:
        if schema.urn in document:
            yield from (f"{schema.urn}:{path}" for path in _missing_parts(schema.demanding, document[schema.urn]))


def _missing_parts(demanding: tuple[Attribute, ...], parts: Parts) -> Iterator[str]:
    for attribute in demanding:
        value = parts.get(attribute.name)
        if value is None and attribute.required:
            yield attribute.name
        needed = [part.name for part in attribute.sub_attributes if part.required]
        for item in value if isinstance(value, list) else (value,):
            if isinstance(item, Mapping):
                yield from (f"{attribute.name}.{name}" for name in needed if name not in item)
