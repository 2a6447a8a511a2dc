from typing import Any

import pytest

from scim.core_schemas import RESOURCE_TYPES
from scim.service.routes import ENDPOINTS, ITEMS
from tests.scim.endpoint import BASE_URL, Endpoint


@pytest.fixture
def description() -> Any:
    answer = Endpoint().send("GET", "/openapi.json")
    assert answer.status == 200
    return answer.body


def test_it_names_the_address_that_is_configured(description: Any) -> None:
    assert description["openapi"].startswith("3.1")
    assert description["servers"] == [{"url": BASE_URL}]


def test_every_route_is_described_and_no_other(description: Any) -> None:
    described = set(description["paths"])
    fixed = {*ENDPOINTS, *(f"{path}/{{id}}" for path in ITEMS)}
    of_types = {path for one in RESOURCE_TYPES for path in (one.endpoint, f"{one.endpoint}/{{id}}")}
    assert described >= fixed | of_types
    assert description["paths"]["/Users/{id}"].keys() == {"get", "put", "patch", "delete", "parameters"}
    assert description["paths"]["/Groups"].keys() == {"get", "post"}


def test_every_attribute_of_the_table_is_in_the_shape_of_its_resource(description: Any) -> None:
    shapes = description["components"]["schemas"]
    for resource_type in RESOURCE_TYPES:
        shape = shapes[resource_type.name]
        for attribute in resource_type.schema.attributes:
            found = shape["properties"][attribute.name]
            assert (found.get("type") == "array") is attribute.multi_valued
        for extension in resource_type.extensions:
            names = {attribute.name for attribute in extension.attributes}
            assert shape["properties"][extension.urn]["properties"].keys() == names
    assert shapes["User"]["properties"]["password"]["writeOnly"] is True
    assert shapes["User"]["properties"]["id"]["readOnly"] is True


def test_every_reference_leads_somewhere(description: Any) -> None:
    def references(value: Any) -> set[str]:
        if isinstance(value, dict):
            own = {value["$ref"]} if isinstance(value.get("$ref"), str) else set()
            return own.union(*(references(part) for part in value.values()))
        return set().union(*map(references, value)) if isinstance(value, list) else set()

    known = {f"#/components/schemas/{name}" for name in description["components"]["schemas"]}
    assert references(description) <= known
