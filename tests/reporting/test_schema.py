"""The published schema says what a report is: real ones are valid, and hold no field that it does not know."""

import copy
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import pytest
from hypothesis import given, settings

from syncd.core.evidence import FORMAT, no_document
from syncd.core.situations import Effect, Situation
from tests.reporting.documents import SCHEMA, clean_document, documents, hostile_document


def strict(schema: Any) -> Any:
    """Return the schema with no field beyond those that it names."""
    if isinstance(schema, list):
        return [strict(one) for one in schema]
    if not isinstance(schema, dict):
        return schema
    closed = {name: strict(value) for name, value in schema.items()}
    return {**closed, "additionalProperties": False} if "properties" in closed else closed


STRICT = jsonschema_rs.validator_for(strict(SCHEMA), validate_formats=True)
PUBLISHED = jsonschema_rs.validator_for(SCHEMA, validate_formats=True)


@given(document=documents())
@settings(max_examples=60, deadline=None)
def test_whatever_was_found_is_as_the_schema_says(document: dict[str, Any]) -> None:
    STRICT.validate(document)


def test_a_report_with_everything_in_it_is_as_the_schema_says() -> None:
    for document in (hostile_document(), hostile_document(None), clean_document(), no_document(3, "unreadable")):
        STRICT.validate(document)
        assert document["format"] == FORMAT


@pytest.mark.parametrize("name", ["balance", "seal", "checkpoint", "policy", "a known situation"])
def test_the_published_schema_refuses_what_is_no_report(name: str) -> None:
    document = copy.deepcopy(hostile_document())
    document["report"].pop(name, None)
    if document.pop(name, None) is None:
        document["report"]["findings"][0]["situation"] = "gost"
    assert not PUBLISHED.is_valid(document)


def test_what_a_later_minor_version_adds_is_accepted() -> None:
    assert PUBLISHED.is_valid({**hostile_document(), "more": 1})


def test_the_schema_names_every_situation_and_every_effect() -> None:
    assert SCHEMA["$defs"]["situation"]["enum"] == [one.value for one in Situation]
    assert SCHEMA["$defs"]["item"]["properties"]["effect"]["enum"] == [one.value for one in Effect]


def test_every_object_of_the_schema_requires_all_that_it_names() -> None:
    def objects(schema: Any) -> Iterator[dict[str, Any]]:
        if isinstance(schema, dict):
            if "properties" in schema:
                yield schema
            for value in schema.values():
                yield from objects(value)
        if isinstance(schema, list):
            for value in schema:
                yield from objects(value)

    for one in objects(SCHEMA):
        assert sorted(one["properties"]) == one["required"]
