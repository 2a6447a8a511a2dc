from typing import Any

import pytest

from scim import urns
from scim.core_schemas import RESOURCE_TYPES
from scim.discovery import resource_types, schemas, service_provider_config
from scim.exchange import Limits
from scim.provider import Provider
from scim.schema import Attribute
from tests.scim.endpoint import BASE_URL, Endpoint

PROVIDER = Provider(BASE_URL, Limits(page_maximum=77), "https://syncd.example/docs")


def test_the_configuration_says_what_is_so() -> None:
    config = service_provider_config(PROVIDER)
    supported = {
        name: part["supported"] for name, part in config.items() if isinstance(part, dict) and "supported" in part
    }
    assert supported == {
        "patch": True,
        "filter": True,
        "bulk": True,
        "changePassword": False,
        "sort": True,
        "etag": True,
    }  # fmt: skip
    assert config["filter"]["maxResults"] == 77
    assert config["documentationUri"] == "https://syncd.example/docs"
    assert [scheme["type"] for scheme in config["authenticationSchemes"]] == ["oauthbearertoken"]
    assert config["meta"]["location"] == f"{BASE_URL}/ServiceProviderConfig"


def test_a_documentation_address_that_is_not_set_is_left_out() -> None:
    assert "documentationUri" not in service_provider_config(Provider(BASE_URL))


def test_resource_types_name_their_endpoint_schema_and_extensions() -> None:
    user, group = resource_types(PROVIDER)
    assert (user["id"], user["name"], user["endpoint"], user["schema"]) == ("User", "User", "/Users", urns.USER)
    assert user["schemaExtensions"] == [{"schema": urns.ENTERPRISE_USER, "required": False}]
    assert (group["id"], group["endpoint"], group["schemaExtensions"]) == ("Group", "/Groups", [])
    assert user["meta"] == {"resourceType": "ResourceType", "location": f"{BASE_URL}/ResourceTypes/User"}


def test_schemas_are_the_table_that_validates() -> None:
    published = {schema["id"]: schema for schema in schemas(PROVIDER)}
    tables = {schema.urn: schema for resource_type in RESOURCE_TYPES for schema in resource_type.schemas()}
    assert published.keys() == tables.keys()
    for urn, schema in tables.items():
        assert [_facts(attribute) for attribute in schema.attributes] == published[urn]["attributes"]
        assert published[urn]["meta"]["location"] == f"{BASE_URL}/Schemas/{urn}"


def _facts(attribute: Attribute) -> dict[str, Any]:
    lists = {
        "canonicalValues": attribute.canonical_values,
        "referenceTypes": attribute.reference_types,
        "subAttributes": [_facts(part) for part in attribute.sub_attributes],
    }
    return {
        "name": attribute.name,
        "type": attribute.type.value,
        "multiValued": attribute.multi_valued,
        "description": attribute.description,
        "required": attribute.required,
        "caseExact": attribute.case_exact,
        "mutability": attribute.mutability.value,
        "returned": attribute.returned.value,
        "uniqueness": attribute.uniqueness.value,
    } | {name: values for name, values in lists.items() if values}


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/ServiceProviderConfig", urns.SERVICE_PROVIDER_CONFIG),
        ("/ServiceProviderConfig/", urns.SERVICE_PROVIDER_CONFIG),
        ("/ResourceTypes/User", urns.RESOURCE_TYPE),
        (f"/Schemas/{urns.USER}", urns.SCHEMA),
        (f"/Schemas/{urns.ENTERPRISE_USER.lower()}", urns.SCHEMA),
        ("/ResourceTypes", urns.LIST_RESPONSE),
        ("/Schemas", urns.LIST_RESPONSE),
    ],
)
def test_every_discovery_endpoint_answers_even_with_a_filter(path: str, found: str) -> None:
    answer = Endpoint().send("GET", path, filter='name eq "x"')
    assert answer.status == 200
    assert answer.body["schemas"] == [found]


def test_users_come_first_and_everything_is_on_one_page() -> None:
    answer = Endpoint().send("GET", "/ResourceTypes").body
    assert (answer["totalResults"], answer["itemsPerPage"], answer["startIndex"]) == (2, 2, 1)
    assert [resource_type["id"] for resource_type in answer["Resources"]] == ["User", "Group"]


@pytest.mark.parametrize("path", ["/ResourceTypes/Device", "/Schemas/urn:example:unknown", "/Schemas/User"])
def test_what_is_not_there_is_not_found(path: str) -> None:
    assert Endpoint().send("GET", path).status == 404


@pytest.mark.parametrize("path", ["/ServiceProviderConfig", "/ResourceTypes", "/ResourceTypes/User", "/Schemas"])
@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_only_get_is_defined(path: str, method: str) -> None:
    answer = Endpoint().send(method, path, {})
    assert (answer.status, answer.headers["Allow"]) == (405, "GET")
