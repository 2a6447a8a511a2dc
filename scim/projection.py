"""`attributes` and `excludedAttributes`: which part of a resource an answer carries (RFC 7644 section 3.9)."""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

from scim.attribute_path import resolve
from scim.errors import InvalidValue
from scim.schema import COMMON, Attribute, ResourceType, Returned
from scim.tolerance import Leniency, Tolerance, or_default

Tree = Mapping[str, "Tree"]
"""Keys of a document with what is meant below them: {"name": {"familyName": {}}, "title": {}}; {} means all of it."""

_BRACKETS: Final = re.compile(r'\[(?:"(?:[^"\\]|\\.)*+"|[^]"])*+\]?')


@dataclass(frozen=True, slots=True)
class Projection:
    """The attributes that an answer carries: all, or those `requested`, and of these not those `excluded`."""

    requested: Tree | None = None
    excluded: Tree = field(default_factory=dict)

    def carries(self, name: str) -> bool:
        """Return whether the answer carries the core attribute with that canonical name, in whole or in part."""
        return (self.requested is None or name in self.requested) and self.excluded.get(name) != {}

    def asks_for(self, name: str) -> bool:
        """Return whether the client named the core attribute in `attributes`."""
        return self.requested is not None and self.carries(name)

    def apply(self, attributes: dict[str, Any]) -> dict[str, Any]:
        """Return the part of the attributes of a resource that the answer carries: themselves, where that is all."""
        shown = attributes if self.requested is None else _only(attributes, self.requested)
        return shown if self.excluded.keys().isdisjoint(shown) else _without(shown, self.excluded)


def read_projection(
    query: Mapping[str, str], resource_type: ResourceType, tolerance: Tolerance | None = None
) -> Projection:
    """Return what the parameters of a request ask for. With both, what is excluded is taken from what is requested.

    `returned` decides (RFC 7643 section 7): "always" is never excluded, "request" is carried only where it is named,
    "never" not even then. Brackets, as in `emails[type eq "work"]`, and names that the schema does not have are
    ignored.
    """
    if not query.get("attributes") and not query.get("excludedAttributes"):
        return _of_all(resource_type.withheld)
    attributes = _names(query.get("attributes", ""), tolerance)
    excluded = [
        keys
        for name in _names(query.get("excludedAttributes", ""), tolerance)
        for keys in _hideable(resource_type, name)
    ]
    requested = [keys for name in attributes for keys in _named(resource_type, name)]
    excluded += _withheld(resource_type, requested)
    if not attributes:
        return Projection(None, _tree(excluded))
    return Projection(_tree([*requested, *_keys_returned(resource_type, Returned.ALWAYS)]), _tree(excluded))


def _names(parameter: str, tolerance: Tolerance | None) -> list[str]:
    if not parameter:
        return []
    if "[" in parameter:
        detail = "attributes and excludedAttributes: expected names, without brackets (RFC 7644 section 3.10)."
        or_default(tolerance).forgive(Leniency.BRACKETS_IN_ATTRIBUTES, InvalidValue, detail)
    return [name.strip() for name in _BRACKETS.sub("", parameter).split(",") if name.strip()]


def _named(resource_type: ResourceType, name: str) -> Iterator[tuple[str, ...]]:
    """Yield the keys that lead to what a name stands for: an attribute, a sub-attribute, or a whole extension."""
    extension = resource_type.extension(name)
    path = resolve(resource_type, name)
    if extension is not None:
        yield (extension.urn,)
    if path is not None:
        yield path.keys()
        if path.sub_attribute is not None:
            always = (sub for sub in path.attribute.sub_attributes if sub.returned is Returned.ALWAYS)
            yield from ((*path.keys()[:-1], sub.name) for sub in always)


def _hideable(resource_type: ResourceType, name: str) -> Iterator[tuple[str, ...]]:
    path = resolve(resource_type, name)
    if path is None or path.leaf.returned is not Returned.ALWAYS:
        yield from _named(resource_type, name)


def _keys_returned(resource_type: ResourceType, returned: Returned) -> Iterator[tuple[str, ...]]:
    """Yield the keys of the attributes of the whole resource type that are returned so; sub-attributes are no part."""
    core: tuple[Attribute, ...] = (*COMMON, *resource_type.schema.attributes)
    yield from ((attribute.name,) for attribute in core if attribute.returned is returned)
    for extension in resource_type.extensions:
        yield from ((extension.urn, part.name) for part in extension.attributes if part.returned is returned)


def _withheld(resource_type: ResourceType, requested: Collection[tuple[str, ...]]) -> Iterator[tuple[str, ...]]:
    """Yield the keys of attributes and sub-attributes that are not returned unless requested, or even then."""
    for keys, returned in resource_type.withheld:
        if returned is Returned.NEVER or not _is_named(keys, requested):
            yield keys


@lru_cache(maxsize=64)
def _of_all(withheld: tuple[tuple[tuple[str, ...], Returned], ...]) -> Projection:
    """Return the projection for a request that names nothing, which is most of them."""
    return Projection(None, _tree(keys for keys, _ in withheld))


def _is_named(keys: tuple[str, ...], requested: Iterable[tuple[str, ...]]) -> bool:
    """Return whether something is requested by its own name, or by that of a part."""
    return any(named[: len(keys)] == keys for named in requested)


def _tree(paths: Iterable[tuple[str, ...]]) -> Tree:
    """Return the paths as one tree, in which the whole of something outweighs its parts."""
    root: dict[str, Any] = {}
    for *above, last in sorted(paths, key=len, reverse=True):
        node = root
        for key in above:
            node = node.setdefault(key, {})
        node[last] = {}
    return root


def _only(parts: Mapping[str, Any], tree: Tree) -> dict[str, Any]:
    return {key: _below(value, tree[key], _only) for key, value in parts.items() if key in tree}


def _without(parts: Mapping[str, Any], tree: Tree) -> dict[str, Any]:
    return {key: _below(value, tree.get(key, {}), _without) for key, value in parts.items() if tree.get(key) != {}}


def _below(value: Any, tree: Tree, select: Any) -> Any:
    if not tree:
        return value
    if isinstance(value, list):
        return [_below(item, tree, select) for item in value]
    return select(value, tree) if isinstance(value, Mapping) else value
