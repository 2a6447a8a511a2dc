"""Where the values are that a path of a filter reaches: in columns, in rows of their own, or in the JSON document."""

from collections.abc import Callable, Collection, Mapping
from typing import Any, Final, NamedTuple, Protocol

from sqlalchemy import (
    Integer,
    Select,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    exists,
    false,
    func,
    literal,
    or_,
    select,
)
from sqlalchemy.sql.elements import ColumnElement
from sqlalchemy.sql.selectable import TableValuedAlias

from scim.attribute_path import AttributePath, resolve
from scim.filter.syntax import And, Comparison, Filter, Operator
from scim.resource import fold
from scim.schema import ResourceType, Type
from syncd.store.constructs import POSTGRESQL
from syncd.store.documents import EMAILS
from syncd.store.filter_tests import Test, test_of
from syncd.store.nesting import members_through_others
from syncd.store.tables import JSON_VALUE, TYPE_NAMES, attr_value, member, resource

Predicate = ColumnElement[bool]


class Reach(Protocol):
    """What the paths of a condition look into: a resource, or one value of a multi-valued attribute."""

    def some(self, path: AttributePath, test: Test) -> Predicate:
        """Return that at least one value that the path reaches passes the test."""

    def one(self, path: AttributePath, condition: Filter, meets: Callable[["Reach"], Predicate]) -> Predicate:
        """Return that one value of the multi-valued attribute meets the whole condition. `meets` compiles it."""


COLUMNS: Final[Mapping[tuple[str, str], ColumnElement[Any]]] = {
    ("User", "userName"): resource.c.ukey,
    ("User", "displayName"): resource.c.display_key,
    ("Group", "displayName"): resource.c.ukey,
    **{
        (name, path): found
        for name in TYPE_NAMES.values()
        for path, found in {
            "id": resource.c.id,
            "externalId": resource.c.external_id,
            "meta": literal("meta"),
            "meta.resourceType": literal(name),
            "meta.version": literal('W/"').concat(cast(resource.c.version, Text)).concat(literal('"')),
        }.items()
    },
}
"""Single values outside of the JSON document, by resource type and path: text as it is compared."""

MOMENTS: Final = {"meta.created": resource.c.created, "meta.lastModified": resource.c.modified}
"""Moments outside of the JSON document, by path."""

_other: Final = resource.alias("other")
_type_key: Final = case(*((_other.c.type == code, literal(fold(name))) for code, name in TYPE_NAMES.items()))
_app: Final = bindparam("app", type_=resource.c.app.type)


_Parts = Mapping[str, ColumnElement[Any]]


class _Relation(NamedTuple):
    """A multi-valued attribute that is kept as membership rows: whose they are, and where its parts are found.

    `far_parts` are those of the values that follow from several rows: groups that somebody is in through others.
    """

    rows: Select[tuple[int]]
    parts: _Parts
    far_parts: _Parts | None = None

    def owners(self, meets: Callable[[_Parts], Predicate]) -> Predicate:
        """Return that the resource has a value whose parts meet the condition. It is looked for from the values on."""
        near = self.rows.where(meets(self.parts))
        if self.far_parts is None:
            return resource.c.pk.in_(near)
        far = members_through_others(_other, and_(_other.c.app == _app, meets(self.far_parts)))
        return resource.c.pk.in_(near.union_all(far))


_group_parts: Final[_Parts] = {"value": _other.c.id, "display": _other.c.ukey}

_RELATIONS: Final[Mapping[tuple[str, str], _Relation]] = {
    ("Group", "members"): _Relation(
        select(member.c.group_pk)
        .join_from(member, _other, _other.c.pk == member.c.member_pk)
        .where(_other.c.app == _app),
        {
            "value": _other.c.id,
            "display": func.coalesce(member.c.display_key, _other.c.display_key, _other.c.ukey),
            "type": _type_key,
        },
    ),
    ("User", "groups"): _Relation(
        select(member.c.member_pk)
        .join_from(member, _other, _other.c.pk == member.c.group_pk)
        .where(_other.c.app == _app),
        {**_group_parts, "type": literal("direct")},
        {**_group_parts, "type": literal("indirect")},
    ),
}
MEMBERS: Final = _RELATIONS["Group", "members"]


class InResource:
    """The reach of a filter: paths look into resources of one type. Statements bind `app` themselves.

    `indexed` are the URNs of the extensions whose marked attributes have all their values in the index.
    """

    def __init__(self, resource_type: ResourceType, dialect: str, indexed: Collection[str] = ()) -> None:
        self._type = resource_type
        self._dialect = dialect
        self._indexed = indexed

    def some(self, path: AttributePath, test: Test) -> Predicate:
        """Return that a value passes, found by the shortest way there is."""
        name = str(path)
        if self._lacks(path):
            return false()
        if name in MOMENTS:
            return test.on_moment(MOMENTS[name])
        if (found := COLUMNS.get((self._type.name, name))) is not None:
            return test.on(found)
        if name == "schemas":
            return self._some_schema(test)
        if relation := _RELATIONS.get((self._type.name, path.attribute.name)):
            return relation.owners(lambda parts: test.on(parts[path.leaf.name if path.sub_attribute else "value"]))
        return _indexed(name, test) if self._has_index(path) else self._some_in_document(path, test)

    def one(self, path: AttributePath, condition: Filter, meets: Callable[[Reach], Predicate]) -> Predicate:
        """Return that one value meets the condition. An equality with an indexed value narrows the search."""
        if self._lacks(path):
            return false()
        if relation := _RELATIONS.get((self._type.name, path.attribute.name)):
            return relation.owners(lambda parts: meets(InRow(parts)))
        elements = elements_of(path, self._dialect)
        found = exists(select(1).select_from(elements).where(meets(InValue(elements.c.value))))
        value = resolve(self._type, f"{path}.value")
        needed = needed_value(condition) if value is not None and self._has_index(value) else None
        return and_(_indexed(str(value), needed), found) if needed else found

    def _has_index(self, path: AttributePath) -> bool:
        """Return whether all values at the path have their rows in the index."""
        if path.extension is None:
            return str(path) == EMAILS
        return path.leaf.indexed and path.extension.urn in self._indexed

    def _some_schema(self, test: Test) -> Predicate:
        extensions = (
            and_(part_of(resource.c.search, (schema.urn,), Type.STRING).is_not(None), test.on(literal(schema.urn)))
            for schema in self._type.extensions
        )
        return or_(test.on(literal(self._type.schema.urn)), *extensions)

    def _some_in_document(self, path: AttributePath, test: Test) -> Predicate:
        if not path.attribute.multi_valued or path.sub_attribute is None:
            return test.on(part_of(resource.c.search, path.keys(), path.leaf.type))
        elements = elements_of(path, self._dialect)
        return exists(select(1).select_from(elements).where(InValue(elements.c.value).some(path, test)))

    def _lacks(self, path: AttributePath) -> bool:
        """Return whether only other resource types of the query have the attribute: then there is no value here."""
        return resolve(self._type, str(path)) is None


class _InOneValue:
    """The reach of a condition in brackets, in which a path names a part of the value."""

    def one(self, path: AttributePath, condition: Filter, meets: Callable[[Reach], Predicate]) -> Predicate:
        """Refuse: the grammar has no brackets within brackets."""
        raise TypeError(f"a value path within a value path: {path}[{condition}], {meets}")


class InRow(_InOneValue):
    """The reach into one membership row."""

    def __init__(self, parts: _Parts) -> None:
        self._parts = parts

    def some(self, path: AttributePath, test: Test) -> Predicate:
        """Return that the part passes."""
        return test.on(self._parts[path.leaf.name])


class InValue(_InOneValue):
    """The reach into one value of a list in the JSON document."""

    def __init__(self, value: ColumnElement[Any]) -> None:
        self._value = value

    def some(self, path: AttributePath, test: Test) -> Predicate:
        """Return that the part passes."""
        return test.on(part_of(self._value, (path.leaf.name,), path.leaf.type))


def elements_of(path: AttributePath, dialect: str) -> TableValuedAlias:
    """Return the values of a multi-valued attribute in the JSON document as rows, with columns `value` and `place`."""
    keys = path.keys()[:-1] if path.sub_attribute else path.keys()
    value = column("value", JSON_VALUE)
    if dialect == POSTGRESQL:
        return func.jsonb_array_elements(resource.c.search[keys]).table_valued(value, with_ordinality="ordinality")
    values = func.json_each(resource.c.search, "$" + "".join(f'."{key}"' for key in keys))
    return values.table_valued(value, column("key", Integer()))


def part_of(source: ColumnElement[Any], keys: tuple[str, ...], kind: Type) -> ColumnElement[Any]:
    """Return what the JSON holds under the keys, as SQL text, boolean or number; NULL where there is nothing."""
    part = source[keys]
    typed: ColumnElement[Any]
    if kind is Type.BOOLEAN:
        typed = part.as_boolean()
    elif kind in {Type.INTEGER, Type.DECIMAL}:
        typed = part.as_float()
    else:
        typed = part.as_string()
    return typed


def _indexed(path: str, test: Test) -> Predicate:
    """Return that a value passes, by the index of values."""
    found = select(attr_value.c.resource_pk).where(
        attr_value.c.app == _app, attr_value.c.attribute == path, test.on(attr_value.c.value)
    )
    return resource.c.pk.in_(found)


def needed_value(condition: Filter) -> Test | None:
    """Return the equality of `value` that the condition cannot hold without, if there is one."""
    for term in condition.terms if isinstance(condition, And) else (condition,):
        if isinstance(term, Comparison) and term.operator is Operator.EQUAL and term.path.leaf.name == "value":
            return test_of(term) if term.value is not None else None
    return None
