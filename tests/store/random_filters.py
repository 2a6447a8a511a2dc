"""Random resources and random filters over them, drawn from the schemas."""

import json
from dataclasses import dataclass
from typing import Any

from hypothesis import strategies as st

from scim.core_schemas import GROUP_TYPE, RESOURCE_TYPES, USER_TYPE
from scim.filter.literals import operators_for
from scim.resource import Member, StoredResource
from scim.schema import COMMON, Attribute, Mutability, ResourceType, Returned, Type
from scim.store import ResourceStore
from scim.urns import ENTERPRISE_USER

# Letters whose case folding is special, letters that compose, the last code points, and what LIKE and JSON treat so.
TEXTS = (
    "a", "A", "aa", "ab", "b", "B", "Ann", "ANN", "anna", "ß", "SS", "ss", "straße", "İ", "i̇", "\u0131", "I", "\u212a",
    "k", "é", "e\u0301", "É", "ﬃ", "ffi", "Ǆ", "ǆ", "\U00010400", "\U00010428", "%", "_", "a%", "\\", "'", '"',
    "a b", "中", "\ud7ff", "\ue000", "\ufffd", "\U0010ffff", "a\U0010ffff", "~", "Z", "[", "{}", "$",
    "null", "true", "1", "work",
)  # fmt: skip
MOMENTS = ("2026-03-01T12:00:01Z", "2026-03-01T12:00:02.000Z", "2026-03-01T13:00:03+01:00", "2001-01-01T00:00:00Z")
LITERALS = (*TEXTS, "", "User", "Group", "direct", "indirect", ENTERPRISE_USER, 'W/"1"', 'W/"2"', "W")

texts = st.sampled_from(TEXTS)


@dataclass(frozen=True)
class World:
    """Documents of users and groups, and (group, member, display) by their positions."""

    users: list[dict[str, Any]]
    groups: list[dict[str, Any]]
    memberships: list[tuple[int, int, str | None]]


def populate(store: ResourceStore, world: World) -> None:
    """Write the world, with names that do not clash. Groups are members of later groups."""
    created: list[StoredResource] = []
    for number, document in enumerate(world.users):
        named = document | {"userName": f"{document.get('userName', 'x')}{number}"}
        created.append(store.create("User", named))
    for number, document in enumerate(world.groups):
        chosen = [(member, display) for group, member, display in world.memberships if group == number]
        members = {created[member % len(created)].id: display for member, display in chosen}
        named = document | {"displayName": f"{document.get('displayName', 'x')}{number}"}
        created.append(store.create("Group", named, [Member(one, display) for one, display in members.items()]))


# ------------------------------------------------------------------ resources


def _is_stored(attribute: Attribute) -> bool:
    return attribute.mutability is not Mutability.READ_ONLY and attribute.returned is not Returned.NEVER


def _value_of(attribute: Attribute) -> st.SearchStrategy[Any]:
    if attribute.type is Type.COMPLEX:
        one: st.SearchStrategy[Any] = _object_of(attribute.sub_attributes)
    else:
        one = st.booleans() if attribute.type is Type.BOOLEAN else texts
    return st.lists(one, min_size=1, max_size=3) if attribute.multi_valued else one


def _object_of(attributes: tuple[Attribute, ...]) -> st.SearchStrategy[dict[str, Any]]:
    stored = {one.name: _value_of(one) for one in attributes if _is_stored(one)}
    names = st.lists(st.sampled_from(sorted(stored)), min_size=1, max_size=4, unique=True)
    return names.flatmap(lambda chosen: st.fixed_dictionaries({name: stored[name] for name in chosen}))


def _documents(resource_type: ResourceType) -> st.SearchStrategy[dict[str, Any]]:
    external_id = Attribute(name="externalId", case_exact=True)
    kept = tuple(one for one in resource_type.schema.attributes if one.name != "members")
    core = _object_of((*kept, external_id))
    if not resource_type.extensions:
        return core
    extension = resource_type.extensions[0]
    nothing: st.SearchStrategy[dict[str, Any]] = st.just({})
    inner = st.fixed_dictionaries({extension.urn: _object_of(extension.attributes)}) | nothing
    return st.builds(lambda outer, more: outer | more, core, inner)


worlds = st.builds(
    World,
    users=st.lists(_documents(USER_TYPE), min_size=1, max_size=4),
    groups=st.lists(_documents(GROUP_TYPE), min_size=1, max_size=3),
    memberships=st.lists(st.tuples(st.integers(0, 2), st.integers(0, 6), st.none() | texts), max_size=6),
)

# ------------------------------------------------------------------ filters


def _leaves(attribute: Attribute, prefix: str = "") -> list[tuple[str, Attribute]]:
    """Every path from an attribute down that a filter may name, with the attribute that it ends at."""
    if attribute.returned is Returned.NEVER or attribute.name in {"$ref", "location"}:
        return []
    name = f"{prefix}{attribute.name}"
    return [(name, attribute), *(leaf for part in attribute.sub_attributes for leaf in _leaves(part, f"{name}."))]


def _paths(resource_type: ResourceType) -> list[tuple[str, Attribute]]:
    paths = [leaf for one in (*resource_type.schema.attributes, *COMMON) for leaf in _leaves(one)]
    for schema in resource_type.extensions:
        paths += [leaf for one in schema.attributes for leaf in _leaves(one, f"{schema.urn}:")]
    return [(path, leaf) for path, leaf in paths if not path.endswith("manager.$ref")]


def _listed(resource_type: ResourceType) -> list[Attribute]:
    return [one for one in resource_type.schema.attributes if one.multi_valued and one.type is Type.COMPLEX]


# By the resource type, or by its multi-valued attribute: what may be named there.
CHOICES = {one.name: _paths(one) for one in RESOURCE_TYPES} | {
    f"{one.name}.{attribute.name}": [leaf for part in attribute.sub_attributes for leaf in _leaves(part)]
    for one in RESOURCE_TYPES
    for attribute in _listed(one)
}


@st.composite
def _terms(draw: st.DrawFn, place: str) -> str:
    path, leaf = draw(st.sampled_from(CHOICES[place]))
    operator = draw(st.sampled_from([*sorted(operators_for(leaf.type)), "pr"]))
    if operator == "pr":
        return f"{path} pr"
    value = "null" if operator in {"eq", "ne"} and draw(st.integers(0, 9)) == 0 else draw(_literal_of(leaf))
    return f"{path} {operator} {value}"


def _literal_of(leaf: Attribute) -> st.SearchStrategy[str]:
    if leaf.type is Type.BOOLEAN:
        return st.sampled_from(["true", "false"])
    return st.sampled_from(MOMENTS if leaf.type is Type.DATE_TIME else LITERALS).map(json.dumps)


def _joined(base: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    def longer(below: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
        both = st.tuples(below, st.sampled_from(["and", "or"]), below)
        return below.map(lambda term: f"not ({term})") | both.map(lambda parts: f"({' '.join(parts)})")

    return st.recursive(base, longer, max_leaves=4)


@st.composite
def _bracketed(draw: st.DrawFn, resource_type_name: str) -> str:
    places = sorted(place for place in CHOICES if place.startswith(f"{resource_type_name}."))
    place = draw(st.sampled_from(places))
    return f"{place.partition('.')[2]}[{draw(conditions(place))}]"


def conditions(place: str) -> st.SearchStrategy[str]:
    """What may stand in brackets: `place` is "Group.members" and the like."""
    return _joined(_terms(place))


def filters(resource_type: ResourceType) -> st.SearchStrategy[str]:
    """Filters over resources of a type."""
    return _joined(_terms(resource_type.name) | _bracketed(resource_type.name))
