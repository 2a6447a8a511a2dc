"""Schemas that an operator writes: SCIM schema JSON (RFC 7643 section 7) -> `Schema`, or everything that is wrong.

One member is ours and is not published: `"syncd:indexed": true` in a definition asks for an index of its values.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Final

from scim import urns
from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.schema import COMMON, Attribute, Mutability, ResourceType, Returned, Schema, Type, Uniqueness

INDEXED: Final = "syncd:indexed"

_URN: Final = re.compile(r"urn:[A-Za-z0-9][A-Za-z0-9-]{1,31}(?::[A-Za-z0-9._~-]+)+")
_LONGEST_URN: Final = 200
_NAME: Final = re.compile(r"[A-Za-z$][A-Za-z0-9$_-]{0,63}")
_RESERVED: Final = frozenset({"members", "groups"} | {attribute.name.lower() for attribute in COMMON})
_TOP: Final = frozenset({"schemas", "id", "name", "description", "attributes", "meta"})
_TAKEN: Final = frozenset(
    value.lower() for name, value in vars(urns).items() if name.isupper() and isinstance(value, str)
)
_ENUMS: Final[Mapping[str, type[StrEnum]]] = {
    "type": Type,
    "mutability": Mutability,
    "returned": Returned,
    "uniqueness": Uniqueness,
}
_FLAGS: Final[Mapping[str, str]] = {
    "multiValued": "multi_valued",
    "required": "required",
    "caseExact": "case_exact",
    INDEXED: "indexed",
}
_LISTS: Final[Mapping[str, str]] = {"canonicalValues": "canonical_values", "referenceTypes": "reference_types"}
_MEMBERS: Final = frozenset({"name", "description", "subAttributes", *_ENUMS, *_FLAGS, *_LISTS})
_INDEXABLE: Final = frozenset({Type.STRING, Type.REFERENCE, Type.DATE_TIME})
_COMPARABLE: Final = _INDEXABLE | {Type.INTEGER}
_EXACT: Final = frozenset({Type.REFERENCE, Type.BINARY})
_UNKEPT: Final = frozenset({Mutability.READ_ONLY, Mutability.WRITE_ONLY})


@dataclass(frozen=True, slots=True)
class SchemaProblem:
    """One thing that is wrong: in which file, at which place in it, what is the matter, and what to do.

    `what` completes a sentence that begins with the place; `remedy` is an order.
    """

    file: str
    place: str
    what: str
    remedy: str


def read_extensions(
    user_files: Mapping[str, bytes], group_files: Mapping[str, bytes]
) -> tuple[tuple[ResourceType, ...], tuple[SchemaProblem, ...]]:
    """Return User and Group with the extensions in files of these names, and all that is wrong with the files.

    An extension that is wrong, or whose URN is taken, is left out of the resource types.
    """
    problems: list[SchemaProblem] = []
    read = [
        (base, file, _Reader(file, problems).schema(text))
        for base, files in ((USER_TYPE, user_files), (GROUP_TYPE, group_files))
        for file, text in files.items()
    ]
    found = [(base, file, schema) for base, file, schema in read if schema is not None]
    problems += _clashes([(file, schema) for _, file, schema in found])
    clashing = {problem.file for problem in problems}
    types = (
        replace(
            base, extensions=(*base.extensions, *(s for of, file, s in found if of is base and file not in clashing))
        )
        for base in (USER_TYPE, GROUP_TYPE)
    )
    return tuple(types), tuple(problems)


def _clashes(schemas: Sequence[tuple[str, Schema]]) -> Iterator[SchemaProblem]:
    """Yield where a URN is another's, or the beginning of another: then a path could mean either."""
    known = [(schema.urn, "a schema of SCIM's") for base in (USER_TYPE, GROUP_TYPE) for schema in base.schemas()]
    for place, (file, schema) in enumerate(schemas):
        others = [*known, *((other.urn, named) for named, other in schemas[:place])]
        for urn, owner in others:
            first, second = sorted((urn.lower(), schema.urn.lower()), key=len)
            if first == second or second.startswith(f"{first}:"):
                yield SchemaProblem(file, "id", f"cannot be told from {urn} ({owner})", "Give it a URN of its own")


@dataclass(slots=True)
class _Reader:
    """Reads one file; what is wrong goes to `problems`."""

    file: str
    problems: list[SchemaProblem] = field(repr=False)

    def schema(self, text: bytes) -> Schema | None:
        """Return the schema, or None where anything is wrong with it."""
        before = len(self.problems)
        schema = self._schema(text)
        return schema if len(self.problems) == before else None

    def _schema(self, text: bytes) -> Schema | None:
        try:
            given = json.loads(text, object_pairs_hook=self._object)
        except (ValueError, RecursionError) as error:
            self._wrong("the file", f"is not JSON: {error}", "Write one JSON object, in UTF-8")
            return None
        if not isinstance(given, dict):
            self._wrong("the file", "is no JSON object", "Write one schema, as in RFC 7643 section 8.7.1")
            return None
        self._refuse_unknown("the file", given, _TOP)
        urn = self._text("id", given.get("id"))
        if urn is not None:
            self._check_urn(urn)
        name = self._text("name", given.get("name"))
        description = self._text("description", given.get("description", ""), may_be_empty=True)
        attributes = self._attributes("attributes", given.get("attributes"), deep=False)
        return Schema(urn or "", name or "", description or "", attributes)

    def _object(self, pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        for name, count in Counter(name for name, _ in pairs).items():
            if count > 1:
                self._wrong("the file", f"has an object with {name!r} twice", "Keep one")
        return dict(pairs)

    def _check_urn(self, urn: str) -> None:
        if not _URN.fullmatch(urn) or len(urn) > _LONGEST_URN:
            example = "urn:example:params:scim:schemas:extension:badge:2.0:User"
            self._wrong(
                "id", "is no URN of a schema", f"Write one such as {example}, of at most {_LONGEST_URN} characters"
            )
        elif urn.lower() in _TAKEN:
            self._wrong("id", "is a URN of SCIM itself", "Give the extension a URN of its own")

    def _attributes(self, place: str, given: Any, *, deep: bool) -> tuple[Attribute, ...]:
        if not isinstance(given, list) or not given:
            self._wrong(place, "is no list with definitions", "Define one attribute at least")
            return ()
        read = [self._attribute(f"{place}[{number}]", one, deep=deep) for number, one in enumerate(given)]
        found = [attribute for attribute in read if attribute is not None]
        for name, count in Counter(attribute.name.lower() for attribute in found).items():
            if count > 1:
                self._wrong(place, f"defines {name!r} {count} times, and case does not matter", "Keep one")
        return tuple(found)

    def _attribute(self, place: str, given: Any, *, deep: bool) -> Attribute | None:
        if not isinstance(given, dict):
            self._wrong(place, "is no JSON object", "Write a definition, with name and type at least")
            return None
        name = self._text(f"{place}.name", given.get("name"))
        if name is None:
            return None
        place = f"{place} ({name})"
        self._check_name(place, name, deep=deep)
        self._refuse_unknown(place, given, _MEMBERS)
        traits: dict[str, Any] = {key: self._choice(place, key, given.get(key)) for key in _ENUMS}
        traits |= {key: self._flag(place, written, given.get(written)) for written, key in _FLAGS.items()}
        traits |= {key: self._texts(place, written, given.get(written)) for written, key in _LISTS.items()}
        traits["description"] = self._text(f"{place}.description", given.get("description", ""), may_be_empty=True)
        traits["sub_attributes"] = self._parts(place, given, traits["type"], deep=deep)
        attribute = _completed(
            Attribute(name=name, **{key: value for key, value in traits.items() if value is not None})
        )
        for says, (what, remedy) in _CONTRADICTIONS.items():
            if says(attribute):
                self._wrong(place, what, remedy)
        return attribute

    def _check_name(self, place: str, name: str, *, deep: bool) -> None:
        if not _NAME.fullmatch(name):
            self._wrong(place, "is no name of an attribute", "Use letters, digits, $, - and _, with a letter first")
        elif name.lower() in _RESERVED and not deep:
            self._wrong(place, "is a name that resources have already", "Give the attribute another one")

    def _parts(self, place: str, given: Mapping[str, Any], kind: Type | None, *, deep: bool) -> tuple[Attribute, ...]:
        if kind is Type.COMPLEX and deep:
            self._wrong(
                place, "is complex within a complex attribute, which is too deep", "Make it an attribute of its own"
            )
        elif kind is Type.COMPLEX:
            return self._attributes(f"{place}.subAttributes", given.get("subAttributes"), deep=True)
        elif given.get("subAttributes"):
            self._wrong(f"{place}.subAttributes", "belong to complex attributes only", 'Write "type": "complex"')
        return ()

    def _choice(self, place: str, key: str, given: Any) -> StrEnum | None:
        known = _ENUMS[key]
        if given is None:
            return None
        if isinstance(given, str) and given in set(known):
            return known(given)
        self._wrong(f"{place}.{key}", "is not known", f"Write {', '.join(known)}")
        return None

    def _flag(self, place: str, key: str, given: Any) -> bool | None:
        if given is not None and not isinstance(given, bool):
            self._wrong(f"{place}.{key}", "is neither true nor false", "Write true or false, without quotes")
            return None
        return given

    def _texts(self, place: str, key: str, given: Any) -> tuple[str, ...] | None:
        if given is None:
            return None
        if not isinstance(given, list) or not all(isinstance(item, str) and item for item in given):
            self._wrong(f"{place}.{key}", "is no list of texts", 'Write such as ["one", "two"]')
            return None
        return tuple(given)

    def _text(self, place: str, given: Any, *, may_be_empty: bool = False) -> str | None:
        if not isinstance(given, str) or not (given or may_be_empty):
            self._wrong(place, "is missing" if given is None or given == "" else "is not text", "Write it in quotes")
            return None
        return given

    def _refuse_unknown(self, place: str, given: Mapping[str, Any], known: frozenset[str]) -> None:
        for name in sorted(given.keys() - known):
            self._wrong(place, f"has {name!r}, which means nothing here", f"Known are {', '.join(sorted(known))}")

    def _wrong(self, place: str, what: str, remedy: str) -> None:
        self.problems.append(SchemaProblem(self.file, place, what, remedy))


def _completed(attribute: Attribute) -> Attribute:
    """Return the definition with what follows from it: references and binaries are exact, secrets are not returned."""
    hidden = attribute.mutability is Mutability.WRITE_ONLY and attribute.returned is Returned.DEFAULT
    return replace(
        attribute,
        case_exact=attribute.case_exact or attribute.type in _EXACT,
        returned=Returned.NEVER if hidden else attribute.returned,
    )


_CONTRADICTIONS: Final[Mapping[Callable[[Attribute], bool], tuple[str, str]]] = {
    lambda one: one.required and one.mutability in _UNKEPT: (
        "is required, and no client's value of it is kept",
        "Take required away, or make it readWrite or immutable",
    ),
    lambda one: one.mutability is Mutability.WRITE_ONLY and one.returned is not Returned.NEVER: (
        "is write-only and returned",
        'Write "returned": "never"',
    ),
    lambda one: one.uniqueness is not Uniqueness.NONE and one.type not in _COMPARABLE: (
        "is of a type that cannot be unique",
        "Only string, reference, dateTime and integer can",
    ),
    lambda one: one.indexed and (one.type not in _INDEXABLE or one.mutability in _UNKEPT): (
        "cannot have an index",
        "Only string, reference and dateTime that clients write and that are kept can",
    ),
}
"""What contradicts itself in a definition, and what to do."""
