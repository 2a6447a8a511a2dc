"""What resources are sorted by, in SQL: the same as `scim.sorting.sort_key`, on both databases."""

from collections.abc import Callable, Mapping
from typing import Any, Final

from sqlalchemy import Boolean, Column, Float, Text, case, cast, literal, null, select
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.types import TypeEngine

from scim.attribute_path import AttributePath, resolve
from scim.schema import ResourceType, Type
from syncd.store.constructs import in_byte_order
from syncd.store.filter_paths import COLUMNS, MOMENTS, elements_of, part_of
from syncd.store.tables import resource

_OTHER_THAN_TEXT: Final[Mapping[Type, TypeEngine[Any]]] = {
    Type.BOOLEAN: Boolean(),
    Type.INTEGER: Float(),
    Type.DECIMAL: Float(),
}
# What every resource of a type has alike. Of its schemas, the first one is that of the type itself.
_SAME_FOR_ALL: Final[Mapping[str, Callable[[ResourceType], str]]] = {
    "meta.resourceType": lambda resource_type: resource_type.name,
    "schemas": lambda resource_type: resource_type.schema.urn,
}


def sort_key_of(path: AttributePath, resource_type: ResourceType, dialect: str) -> ColumnElement[Any]:
    """Return the value that resources of a type are sorted by; NULL where there is none.

    Of an attribute that the type does not have, there is none. All types have keys of one SQL type.
    """
    name = str(path)
    if resolve(resource_type, name) is None:
        return cast(null(), _OTHER_THAN_TEXT.get(path.leaf.type, Text()))
    if name in MOMENTS:
        return MOMENTS[name]
    if name in _SAME_FOR_ALL:
        return cast(literal(_SAME_FOR_ALL[name](resource_type)), Text())
    found = COLUMNS.get((resource_type.name, name))
    if isinstance(found, Column):
        return found
    key = _in_document(path, dialect) if found is None else found
    return key if path.leaf.type in _OTHER_THAN_TEXT else in_byte_order(key)


def _in_document(path: AttributePath, dialect: str) -> ColumnElement[Any]:
    """Return the value in the JSON document: of several the primary one, else the first one."""
    if not path.attribute.multi_valued:
        return part_of(resource.c.search, path.keys(), path.leaf.type)
    elements = elements_of(path, dialect)
    place = list(elements.c)[1]
    primary = path.attribute.sub_attribute("primary")
    order: list[ColumnElement[Any]] = [place]
    if primary is not None and primary.type is Type.BOOLEAN:
        order = [case((part_of(elements.c.value, (primary.name,), Type.BOOLEAN), 0), else_=1), place]
    part = part_of(elements.c.value, (path.leaf.name,), path.leaf.type)
    return select(part).select_from(elements).order_by(*order).limit(1).scalar_subquery()
