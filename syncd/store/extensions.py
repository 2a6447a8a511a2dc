"""What is kept beside the documents for an operator's extensions, made anew when one is added, changed or taken away.

That is the form in which filters see the values, the rows of those that are indexed, and the claims to those that are
unique. The table `indexed_attribute` says for which extension, as it was defined then, all of it is there; while it is
being made, whose turn it is.
"""

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from typing import Any, Final

import orjson
from sqlalchemy import Table, bindparam, delete, or_, select, update

from scim.characteristics import unique_values
from scim.core_schemas import ENTERPRISE_USER
from scim.schema import Attribute, ResourceType, Schema
from scim.schema import Uniqueness as Unique
from syncd.store.constructs import insert_on_each
from syncd.store.documents import indexed_values, searchable
from syncd.store.engine import Transactions
from syncd.store.link import Link
from syncd.store.schema import REMEDY, SchemaBehindError
from syncd.store.tables import TYPE_CODES, AnyRow, app, attr_value, indexed_attribute, resource, unique_value

Announce = Callable[[str], None]
Definitions = Mapping[tuple[int, str], str]
"""By code of the resource type and URN of the extension: what the kept values depend on."""

BATCH: Final = 500
"""Resources that are worked on in one transaction: writers wait for no more than these."""

_MOST_TOLD: Final = 10

_DEFINED: Final = select(indexed_attribute.c.type, indexed_attribute.c.attribute, indexed_attribute.c.definition)
_APPS: Final = select(app.c.pk).order_by(app.c.pk)
_NEXT: Final = (
    select(resource.c.pk, resource.c.id, resource.c.doc, resource.c.search)
    .where(resource.c.app == bindparam("app"), resource.c.type == bindparam("type"), resource.c.pk > bindparam("after"))
    .order_by(resource.c.pk)
    .limit(BATCH)
    .with_for_update(key_share=True)
)
_RESEARCH: Final = (
    update(resource)
    .where(resource.c.pk == bindparam("row"))
    .values(search=bindparam("new_search", type_=resource.c.search.type))
)
_MARK: Final = insert_on_each(
    indexed_attribute,
    lambda statement: statement.on_conflict_do_update(
        index_elements=["type", "attribute"], set_={"definition": statement.excluded.definition}
    ),
)
_KEEP: Final = insert_on_each(attr_value, lambda statement: statement.on_conflict_do_nothing())
_CLAIM: Final = insert_on_each(
    unique_value, lambda statement: statement.on_conflict_do_nothing().returning(unique_value.c.resource_pk)
)


class DuplicateValuesError(SchemaBehindError):
    """An attribute is to be unique, and resources have the same value of it already."""


def definitions(resource_types: Iterable[ResourceType]) -> Definitions:
    """Return the definitions of the operator's own extensions."""
    return {
        (TYPE_CODES[one.name], schema.urn): _definition(schema)
        for one in resource_types
        for schema in one.extensions
        if schema.urn != ENTERPRISE_USER.urn
    }


def complete(link: Link, wanted: Definitions) -> frozenset[tuple[int, str]]:
    """Return the extensions of which everything is there, as they are wanted."""
    return frozenset(key for key, definition in _kept(link).items() if wanted.get(key) == definition)


def check_extensions(url: str, resource_types: Iterable[ResourceType]) -> None:
    """Raise `SchemaBehindError`, with the remedy, unless all is kept as the extensions are defined now."""
    stale = sorted(urn for _, urn in _stale(url, definitions(resource_types)))
    if stale:
        named = ", ".join(stale)
        raise SchemaBehindError(
            f"The database does not know these extensions as they are defined now: {named}. {REMEDY}"
        )


def upgrade_extensions(url: str, resource_types: Sequence[ResourceType], announce: Announce) -> int:
    """Make anew what is kept for extensions that are not known as they are defined now; return how many they were.

    In many transactions: after a failure, or when it is stopped, it can be repeated. Raises `DuplicateValuesError`.
    """
    wanted = definitions(resource_types)
    stale = _stale(url, wanted)
    transactions = Transactions(url)
    try:
        for resource_type in resource_types:
            code = TYPE_CODES[resource_type.name]
            urns = tuple(urn for of, urn in stale if of == code)
            if urns:
                told = {urn: wanted[code, urn] for urn in urns if (code, urn) in wanted}
                _Renewal(transactions, resource_type, code, urns, announce).run(told)
    finally:
        transactions.close()
    return len(stale)


def _stale(url: str, wanted: Definitions) -> list[tuple[int, str]]:
    transactions = Transactions(url)
    try:
        with transactions.reading() as link:
            kept = _kept(link)
    finally:
        transactions.close()
    return sorted(key for key in wanted.keys() | kept.keys() if wanted.get(key) != kept.get(key))


def _kept(link: Link) -> Definitions:
    return {(row.type, row.attribute): row.definition for row in link.core.execute(_DEFINED)}


def _definition(schema: Schema) -> str:
    return sha256(orjson.dumps([_traits(attribute) for attribute in schema.attributes])).hexdigest()


def _traits(attribute: Attribute) -> list[Any]:
    """Return what the kept values of an attribute depend on."""
    unique = attribute.uniqueness is not Unique.NONE
    own = [attribute.name, attribute.type, attribute.multi_valued, attribute.case_exact, unique, attribute.indexed]
    return [*own, [_traits(part) for part in attribute.sub_attributes]]


@dataclass(frozen=True, slots=True)
class _Renewal:
    """Makes what is kept of some extensions of one resource type anew, batch after batch."""

    transactions: Transactions
    resource_type: ResourceType
    code: int
    urns: tuple[str, ...]
    announce: Announce
    mark: str = field(default_factory=lambda: f"renewal {secrets.token_hex(8)}")
    same: list[str] = field(default_factory=list)

    def run(self, told: Mapping[str, str]) -> None:
        """Forget, make anew, and then say that it is there, with the definitions in `told`.

        Raises `DuplicateValuesError`, and `SchemaBehindError` where somebody else began to do the same meanwhile.
        """
        with self.transactions.writing() as link:
            for urn in self.urns:
                row = {"type": self.code, "attribute": urn, "definition": self.mark}
                link.core.execute(_MARK[link.core.dialect.name], row)
        self._in_batches("forgotten", self._forget)
        self._in_batches("looked at", self._make)
        if self.same:
            more = f" and {len(self.same) - _MOST_TOLD} more" if len(self.same) > _MOST_TOLD else ""
            raise DuplicateValuesError(
                f"An attribute is to be unique, and these have the same value of it as another resource:"
                f" {'; '.join(self.same[:_MOST_TOLD])}{more}. Change them, or take uniqueness away."
            )
        with self.transactions.writing() as link:
            self._refuse_another(link)
            for urn in self.urns:
                of_it = indexed_attribute.c.type == self.code, indexed_attribute.c.attribute == urn
                known = (
                    update(indexed_attribute).values(definition=told[urn]) if urn in told else delete(indexed_attribute)
                )
                link.core.execute(known.where(*of_it))

    def _refuse_another(self, link: Link) -> None:
        """Raise `SchemaBehindError` unless the mark is still ours, and keep it so until the transaction ends."""
        urns = indexed_attribute.c.type == self.code, indexed_attribute.c.attribute.in_(self.urns)
        marks = select(indexed_attribute.c.definition).where(*urns).with_for_update()
        if list(link.core.execute(marks).scalars()) != [self.mark] * len(self.urns):
            raise SchemaBehindError("Another syncd db upgrade took over. Let it end, and then run yours again.")

    def _in_batches(self, what: str, work: Callable[[Link, int, Sequence[AnyRow]], None]) -> None:
        with self.transactions.reading() as link:
            apps = link.core.execute(_APPS).scalars().all()
        seen = 0
        for number in apps:
            for count in self._batches(number, work):
                seen += count
                self.announce(f"{', '.join(self.urns)}: {seen} resources of type {self.resource_type.name} {what}")

    def _batches(self, number: int, work: Callable[[Link, int, Sequence[AnyRow]], None]) -> Iterator[int]:
        after = 0
        while True:
            with self.transactions.writing() as link:
                rows = link.core.execute(_NEXT, {"app": number, "type": self.code, "after": after}).all()
                if rows:
                    self._refuse_another(link)
                    work(link, number, rows)
            if not rows:
                return
            after = rows[-1].pk
            yield len(rows)

    def _forget(self, link: Link, number: int, rows: Sequence[AnyRow]) -> None:
        pks = [row.pk for row in rows]
        for table in (attr_value, unique_value):
            link.core.execute(
                delete(table).where(table.c.app == number, table.c.resource_pk.in_(pks), _below(table, self.urns))
            )

    def _make(self, link: Link, number: int, rows: Sequence[AnyRow]) -> None:
        for row in rows:
            search = searchable(self.resource_type, row.doc)
            if search != row.search:
                link.core.execute(_RESEARCH, {"row": row.pk, "new_search": search})
            of_row = {"app": number, "resource_pk": row.pk}
            for path, key in sorted(indexed_values(self.resource_type, row.doc)):
                link.core.execute(_KEEP[link.core.dialect.name], {**of_row, "attribute": path, "value": key})
            for path, key in sorted(unique_values(self.resource_type, row.doc)):
                self._claim(link, row, {**of_row, "attribute": path, "value": key})

    def _claim(self, link: Link, row: AnyRow, claim: dict[str, Any]) -> None:
        if link.core.execute(_CLAIM[link.core.dialect.name], claim).first() is None and self._is_anothers(link, claim):
            self.same.append(f"{claim['attribute']} of {self.resource_type.name} {row.id}")

    def _is_anothers(self, link: Link, claim: Mapping[str, Any]) -> bool:
        names = ("app", "attribute", "value")
        owner = select(unique_value.c.resource_pk).where(*(unique_value.c[name] == claim[name] for name in names))
        return bool(link.core.execute(owner).scalar_one() != claim["resource_pk"])


def _below(table: Table, urns: Iterable[str]) -> Any:
    """Return that a row is of an attribute of one of the extensions."""
    attribute = table.c.attribute
    return or_(*((attribute > f"{urn}:") & (attribute < f"{urn};") for urn in urns))  # ";" comes after ":"
