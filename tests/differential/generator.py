"""Random resources, filters and PATCHes, drawn from the schemas with a seeded generator: the same in every run.

Values are few and alike, so that filters find some of them and operations hit what is there.
"""

import json
from dataclasses import dataclass
from random import Random
from typing import Any, Final

from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.filter.literals import operators_for
from scim.schema import COMMON, Attribute, ResourceType, Type, Uniqueness
from scim.values import is_kept
from tests.store.random_filters import CHOICES, MOMENTS, TEXTS

REFERENCES: Final = ("https://example.com/a", "https://example.com/A", "https://example.com/b", "https://example.net/a")
BINARIES: Final = ("YQ==", "YWI=", "QUI=", "YWJj")
KINDS: Final = ("work", "home", "Work", "other")
EMPTY: Final[tuple[Any, ...]] = (None, [], {}, "")
WRONG: Final[tuple[Any, ...]] = (1, "text", ["text"], {"value": 1}, True)
OFTEN: Final = 0.75


@dataclass(frozen=True)
class Scene:
    """Users and groups as bodies of creation requests; members are named by position among the users."""

    users: list[dict[str, Any]]
    groups: list[tuple[dict[str, Any], list[int]]]


class Generator:
    """Draws from one seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)

    # -------------------------------------------------------------- resources

    def scene(self) -> Scene:
        """Return three or four users, and two groups with some of them."""
        users = [self.document(USER_TYPE, f"user{number}") for number in range(self.random.randint(3, 4))]
        groups = [
            (
                self.document(GROUP_TYPE, f"group{number}"),
                self.random.sample(range(len(users)), self.random.randint(0, 3)),
            )
            for number in range(2)
        ]
        return Scene(users, groups)

    def document(self, resource_type: ResourceType, name: str) -> dict[str, Any]:
        """Return a canonical document whose unique name is the one given."""
        document = self.parts(_writable(resource_type.schema.attributes), most=5)
        for schema in resource_type.extensions:
            if self.random.random() < OFTEN:
                document[schema.urn] = self.parts(_writable(schema.attributes), most=3)
        unique = "userName" if resource_type is USER_TYPE else "displayName"
        external = {"externalId": self.random.choice(TEXTS)} if self.random.random() < OFTEN else {}
        return {**document, **external, unique: self.random.choice((name, name.upper()))}

    def parts(self, attributes: list[Attribute], most: int) -> dict[str, Any]:
        chosen = self.random.sample(attributes, min(self.random.randint(1, most), len(attributes)))
        return {one.name: self.value(one) for one in chosen}

    def value(self, attribute: Attribute) -> Any:
        """Return a canonical value of an attribute: a list where it is multi-valued, with one primary at most."""
        if not attribute.multi_valued:
            return self.single(attribute)
        values = [self.single(attribute) for _ in range(self.random.randint(1, 3))]
        primary = [one for one in values if isinstance(one, dict) and one.get("primary")]
        for one in primary[1:]:
            one["primary"] = False
        return values

    def single(self, attribute: Attribute) -> Any:
        """Return one canonical value of an attribute."""
        if attribute.type is Type.COMPLEX:
            return self.parts(_writable(attribute.sub_attributes), most=3)
        if attribute.type is Type.BOOLEAN:
            return self.random.random() < 0.5
        return self.random.choice(_texts_of(attribute))

    # -------------------------------------------------------------- filters

    def filter(self, place: str, depth: int = 2) -> str:
        """Return a filter over a resource type ("User"), or a condition in brackets ("User.emails")."""
        shape = self.random.random()
        if depth and shape < 0.15:
            return f"not ({self.filter(place, depth - 1)})"
        if depth and shape < 0.4:
            joint = self.random.choice(("and", "or"))
            return f"({self.filter(place, depth - 1)} {joint} {self.filter(place, depth - 1)})"
        brackets = [one for one in CHOICES if one.startswith(f"{place}.")]
        if brackets and shape > 0.85:
            chosen = self.random.choice(brackets)
            return f"{chosen.partition('.')[2]}[{self.filter(chosen, depth=1)}]"
        return self.term(place)

    def term(self, place: str) -> str:
        path, leaf = self.random.choice(CHOICES[place])
        operator = self.random.choice([*sorted(operators_for(leaf.type)), "pr"])
        if operator == "pr":
            return f"{path} pr"
        if operator in {"eq", "ne"} and self.random.random() < 0.1:
            return f"{path} {operator} null"
        return f"{path} {operator} {json.dumps(self.literal(leaf))}"

    def literal(self, leaf: Attribute) -> Any:
        if leaf.type is Type.BOOLEAN:
            return self.random.random() < 0.5
        if leaf.type is Type.DATE_TIME:
            return self.random.choice(MOMENTS)
        return self.random.choice((*_texts_of(leaf), *(("id-0001", "id-0002") if leaf.name in {"id", "value"} else ())))


def _writable(attributes: tuple[Attribute, ...]) -> list[Attribute]:
    return [one for one in attributes if is_kept(one) and one.name not in {"members", "$ref"}]


def _texts_of(attribute: Attribute) -> tuple[str, ...]:
    """Return texts that an attribute takes, whoever reads it."""
    by_type = {Type.REFERENCE: REFERENCES, Type.BINARY: BINARIES}
    return KINDS if attribute.name == "type" else by_type.get(attribute.type, TEXTS)


class PatchGenerator(Generator):
    """Draws PATCH requests too. `ids` are those of the users that may become members."""

    def __init__(self, seed: int, ids: list[str]) -> None:
        super().__init__(seed)
        self.ids = ids

    def patch(self, resource_type: ResourceType) -> list[dict[str, Any]]:
        """Return one to three operations on a resource of a type."""
        return [self.operation(resource_type) for _ in range(self.random.choice((1, 1, 2, 3)))]

    def operation(self, resource_type: ResourceType) -> dict[str, Any]:
        op = self.random.choice(("add", "replace", "remove"))
        if op != "remove" and self.random.random() < 0.2:
            return {"op": op, "value": self.without_path(resource_type)}
        path, attribute, many = self.target(resource_type)
        if op == "remove" and self.random.random() < 0.9:
            return {"op": op, "path": path}
        return {"op": op, "path": path, "value": self.assigned(attribute, many=many)}

    def without_path(self, resource_type: ResourceType) -> dict[str, Any]:
        chosen = self.random.sample(_patchable(resource_type), 2)
        return {path: self.assigned(attribute, many=attribute.multi_valued) for path, attribute in chosen}

    def target(self, resource_type: ResourceType) -> tuple[str, Attribute, bool]:
        """Return a path, the attribute that it ends at, and whether it ends at a list of values."""
        path, attribute = self.random.choice(_patchable(resource_type))
        shape = self.random.random()
        if attribute.type is not Type.COMPLEX or shape < 0.4:
            return path, attribute, attribute.multi_valued
        part = self.random.choice(_writable(attribute.sub_attributes) or [attribute])
        if not attribute.multi_valued or shape < 0.5:
            return f"{path}.{part.name}", part, False
        selected = f"{path}[{self.selection(attribute)}]"
        return (selected, attribute, False) if shape < 0.65 else (f"{selected}.{part.name}", part, False)

    def selection(self, attribute: Attribute) -> str:
        """Return a condition on one value: mostly by type or by value, as clients do."""
        if attribute.name == "members":
            return f'value eq "{self.random.choice(self.ids)}"'
        named = [one for one in _writable(attribute.sub_attributes) if one.name in {"type", "value", "primary"}]
        part = self.random.choice(named or list(attribute.sub_attributes))
        operator = self.random.choice(("eq", "eq", "eq", "ne", "pr"))
        return f"{part.name} pr" if operator == "pr" else f"{part.name} {operator} {json.dumps(self.literal(part))}"

    def assigned(self, attribute: Attribute, *, many: bool) -> Any:
        """Return what is written: mostly a value of the right type, now and then none, or one of a wrong type."""
        shape = self.random.random()
        if shape < 0.08:
            return self.random.choice(EMPTY)
        if shape < 0.12:
            return self.random.choice(WRONG)
        if attribute.uniqueness is not Uniqueness.NONE and attribute.name != "id":
            return f"{self.random.choice(TEXTS)}{self.random.randrange(10**9)}"
        if attribute.name == "members":
            chosen = [{"value": one} for one in self.random.sample(self.ids, self.random.randint(1, 2))]
            return chosen if many else chosen[0]
        return self.value(attribute) if many else self.single(attribute)


def _patchable(resource_type: ResourceType) -> list[tuple[str, Attribute]]:
    """Return the attributes that an operation may name, the read-only and the required ones among them."""
    core = [(one.name, one) for one in (*resource_type.schema.attributes, *COMMON)]
    extended = [(f"{urn.urn}:{one.name}", one) for urn in resource_type.extensions for one in urn.attributes]
    return [(path, one) for path, one in core + extended if one.name not in {"password", "schemas"}]
