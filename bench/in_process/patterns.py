"""From the rows of one resource to those of another."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import orjson

from bench.in_process.bulk import Row
from scim.resource import Document
from scim.schema import ResourceType
from scim.validation import read_resource
from syncd.store.audit import committed, document_detail, membership_detail
from syncd.store.documents import columns_of, indexed_values, label_of
from syncd.store.membership import MembershipEffect
from syncd.store.tables import attr_value, audit_event, member, outbox, resource

_OF_ONE_RESOURCE: Final = frozenset({"before", "after", "members_added", "members_added_beyond"})
"""What an audit event says of the one resource that it is about."""

Written = Mapping[str, list[Row]]
"""Rows by the name of their table."""


@dataclass(slots=True)
class Pattern:
    """The rows that the front door wrote for the first resource of a type; an empty one where it wrote none."""

    resource_type: ResourceType
    resource: Row
    event: Row
    outbox: Row
    member: Row
    indexed: Row
    told: Row = field(init=False)
    detail: Row = field(init=False)

    def __post_init__(self) -> None:
        self.told = orjson.loads(self.event["body"])
        detail = orjson.loads(self.event["personal"])["detail"]
        self.detail = {key: value for key, value in detail.items() if key not in _OF_ONE_RESOURCE}

    @property
    def first_pk(self) -> int:
        """The row number of the first resource; the others follow it without a gap."""
        pk: int = self.resource["pk"]
        return pk

    def rows(self, number: int, name: str, body: Mapping[str, Any], members: Sequence[tuple[int, str]]) -> Written:
        """Return the rows of resource `number`, whose id is `name`, with members as (row number, id)."""
        document, _ = read_resource(body, self.resource_type)
        pk = self.first_pk + number - 1
        event_pk = self.event["pk"] + number - 1
        row = self.resource | columns_of(self.resource_type, document) | {"pk": pk, "id": name}
        if self.resource["member_count"] is not None:
            row["member_count"] = len(members)
        return {
            resource.name: [row],
            attr_value.name: [
                self.indexed | {"attribute": path, "value": key, "resource_pk": pk}
                for path, key in indexed_values(self.resource_type, document)
            ],
            member.name: [self.member | {"group_pk": pk, "member_pk": member_pk} for member_pk, _ in members],
            audit_event.name: [self.event | {"pk": event_pk, "subject_id": name} | self._told(name, document, members)],
            outbox.name: [self.outbox | {"pk": self.outbox["pk"] + number - 1, "event_pk": event_pk}],
        }

    def _told(self, name: str, document: Document, members: Sequence[tuple[int, str]]) -> Row:
        """Return what the audit event has to tell: what the first one told, about this resource."""
        changed = document_detail(self.resource_type, None, document) | membership_detail(
            MembershipEffect(tuple(one for _, one in members))
        )
        return committed(self.told | {"subject_id": name}, label_of(document), self.detail | changed)
