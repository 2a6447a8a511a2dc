import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim import urns
from scim.discovery import resource_types, schemas
from scim.provider import Provider
from scim.schema import Mutability, Returned, Type, Uniqueness
from scim.schema_files import SchemaProblem, read_extensions

EXAMPLE = Path(__file__).parents[2] / "examples" / "badge.schema.json"
URN = "urn:example:params:scim:schemas:extension:badge:2.0:User"


def schema(*attributes: Any, **more: Any) -> dict[str, Any]:
    return {
        "id": URN,
        "name": "Badge",
        "attributes": list(attributes) or [{"name": "number", "type": "string"}],
        **more,
    }


def problems(*files: Any) -> tuple[SchemaProblem, ...]:
    texts = [text if isinstance(text, bytes) else json.dumps(text).encode() for text in files]
    return read_extensions({f"{number}.json": text for number, text in enumerate(texts)}, {})[1]


def test_the_example_says_what_it_says() -> None:
    (user, group), wrong = read_extensions({"badge.json": EXAMPLE.read_bytes()}, {})
    assert not wrong
    assert [extension.urn for extension in user.extensions] == [urns.ENTERPRISE_USER, URN]
    assert group.extensions == ()
    badge = user.extensions[1]
    number, office, issued, pin, note, doors = badge.attributes
    assert (number.uniqueness, number.indexed, number.case_exact) == (Uniqueness.SERVER, True, False)
    assert (office.required, office.canonical_values) == (True, ("Berlin", "Paris"))
    assert (issued.type, issued.mutability) == (Type.DATE_TIME, Mutability.IMMUTABLE)
    assert (pin.mutability, pin.returned) == (Mutability.WRITE_ONLY, Returned.NEVER)
    assert note.returned is Returned.REQUEST
    assert doors.multi_valued
    assert [(part.name, part.required, part.indexed) for part in doors.sub_attributes] == [
        ("value", True, True),
        ("type", False, False),
    ]


def test_what_was_read_is_published_as_it_was_written_without_our_own_marker() -> None:
    types, _ = read_extensions({}, {"badge.json": EXAMPLE.read_bytes()})
    provider = Provider("https://syncd.example/scim/v2", resource_types=types)
    published = json.loads(json.dumps(next(one for one in schemas(provider) if one["id"] == URN)))
    assert "syncd:indexed" not in str(published)
    written = json.loads(EXAMPLE.read_bytes())
    for shown, told in zip(published["attributes"], written["attributes"], strict=True):
        told.pop("syncd:indexed", None)
        told.pop("subAttributes", None)
        assert {name: shown[name] for name in told} == told
    group = resource_types(provider)[1]
    assert group["schemaExtensions"] == [{"schema": URN, "required": False}]


WRONG: list[tuple[Any, str, str]] = [
    (b"{", "the file", "JSON"),
    (b"\xff", "the file", "JSON"),
    (b'{"id": "a", "id": "b"}', "the file", "twice"),
    ([], "the file", "object"),
    ({}, "id", "missing"),
    (schema(name=""), "name", "missing"),
    (schema(name=7), "name", "text"),
    (schema(descripton="x"), "the file", "'descripton'"),
    (schema(id="badge"), "id", "URN"),
    (schema(id="urn:example:a b"), "id", "URN"),
    (schema(id=f"urn:example:{'x' * 200}"), "id", "URN"),
    (schema(id=f"urn:{urns.ENTERPRISE_USER[4:].upper()}"), "id", "SCIM itself"),
    (schema(id=f"{urns.USER}:badge"), "id", "cannot be told"),
    ({**schema(), "attributes": []}, "attributes", "list"),
    ({**schema(), "attributes": {"name": "number"}}, "attributes", "list"),
    (schema("number"), "attributes[0]", "object"),
    (schema({"type": "string"}), "attributes[0].name", "missing"),
    (schema({"name": "a.b"}), "attributes[0] (a.b)", "name"),
    (schema({"name": "ID"}), "attributes[0] (ID)", "already"),
    (schema({"name": "a"}, {"name": "A"}), "attributes", "2 times"),
    (schema({"name": "a", "type": "text"}), "attributes[0] (a).type", "known"),
    (schema({"name": "a", "type": ["string"]}), "attributes[0] (a).type", "known"),
    (schema({"name": "a", "mutability": "readwrite"}), "attributes[0] (a).mutability", "known"),
    (schema({"name": "a", "returned": "sometimes"}), "attributes[0] (a).returned", "known"),
    (schema({"name": "a", "uniqueness": True}), "attributes[0] (a).uniqueness", "known"),
    (schema({"name": "a", "required": "yes"}), "attributes[0] (a).required", "true nor false"),
    (schema({"name": "a", "canonicalValues": "x"}), "attributes[0] (a).canonicalValues", "list"),
    (schema({"name": "a", "mulitValued": True}), "attributes[0] (a)", "'mulitValued'"),
    (schema({"name": "a", "type": "complex"}), "attributes[0] (a).subAttributes", "list"),
    (schema({"name": "a", "subAttributes": [{"name": "b"}]}), "attributes[0] (a).subAttributes", "complex"),
    (
        schema({"name": "a", "type": "complex", "subAttributes": [{"name": "b", "type": "complex"}]}),
        "attributes[0] (a).subAttributes[0] (b)",
        "too deep",
    ),
    (
        schema({"name": "a", "type": "complex", "subAttributes": [{"name": "b"}, {"name": "B"}]}),
        "attributes[0] (a).subAttributes",
        "2 times",
    ),
    (schema({"name": "a", "mutability": "readOnly", "required": True}), "attributes[0] (a)", "required"),
    (schema({"name": "a", "mutability": "writeOnly", "returned": "always"}), "attributes[0] (a)", "returned"),
    (schema({"name": "a", "type": "boolean", "uniqueness": "server"}), "attributes[0] (a)", "unique"),
    (schema({"name": "a", "type": "integer", "syncd:indexed": True}), "attributes[0] (a)", "index"),
]


@pytest.mark.parametrize(("text", "place", "what"), WRONG)
def test_what_is_wrong_is_told_by_its_place_with_a_remedy(text: Any, place: str, what: str) -> None:
    found = problems(text)
    assert any(one.place == place and what in one.what and one.remedy for one in found), found


def test_everything_that_is_wrong_is_told_at_once() -> None:
    found = problems(schema({"name": "a", "type": "text"}, {"name": "id"}, {"name": "b", "required": 1}, id="x"), b"[")
    assert [(one.file, one.place) for one in found] == [
        ("0.json", "id"),
        ("0.json", "attributes[0] (a).type"),
        ("0.json", "attributes[1] (id)"),
        ("0.json", "attributes[2] (b).required"),
        ("1.json", "the file"),
    ]


@pytest.mark.parametrize("second", [URN, f"urn:{URN[4:].upper()}", f"{URN}:more", URN.rpartition(":")[0]])
def test_two_extensions_that_cannot_be_told_apart_are_refused(second: str) -> None:
    files = {"a.json": json.dumps(schema()).encode()}
    types, found = read_extensions(files, {"b.json": json.dumps(schema(id=second)).encode()})
    assert [(one.file, one.place) for one in found] == [("b.json", "id")]
    assert "a.json" in found[0].what
    assert [len(one.extensions) for one in types] == [2, 0]


_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.sampled_from(["", "a", "string", "complex", URN]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["id", "name", "type", "attributes", "subAttributes", "required", "uniqueness"]), inner
        )
    ),
    max_leaves=20,
)


@given(_values)
def test_whatever_a_file_holds_it_is_read_or_told(value: Any) -> None:
    types, found = read_extensions({"a.json": json.dumps(value).encode()}, {})
    assert bool(found) != (len(types[0].extensions) == 2)
