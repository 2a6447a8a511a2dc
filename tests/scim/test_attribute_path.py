import pytest

from scim.attribute_path import resolve
from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.schema import ResourceType
from scim.urns import ENTERPRISE_USER, GROUP, USER

DEPARTMENT = f"{ENTERPRISE_USER}:department"


@pytest.mark.parametrize(
    ("text", "name", "keys"),
    [
        ("userName", "userName", ("userName",)),
        ("USERNAME", "userName", ("userName",)),
        ("name.familyName", "name.familyName", ("name", "familyName")),
        ("NAME.FamilyNAME", "name.familyName", ("name", "familyName")),
        ("emails", "emails", ("emails",)),
        ("emails.value", "emails.value", ("emails", "value")),
        ("groups.$REF", "groups.$ref", ("groups", "$ref")),
        ("externalid", "externalId", ("externalId",)),
        ("id", "id", ("id",)),
        ("schemas", "schemas", ("schemas",)),
        ("meta.LastModified", "meta.lastModified", ("meta", "lastModified")),
        (f"{USER}:userName", "userName", ("userName",)),
        (f"{USER.upper()}:NAME.GIVENNAME", "name.givenName", ("name", "givenName")),
        (f"{USER}:meta.created", "meta.created", ("meta", "created")),
        (DEPARTMENT, DEPARTMENT, (ENTERPRISE_USER, "department")),
        (DEPARTMENT.swapcase(), DEPARTMENT, (ENTERPRISE_USER, "department")),
        (f"{ENTERPRISE_USER}:manager.value", f"{ENTERPRISE_USER}:manager.value", (ENTERPRISE_USER, "manager", "value")),
    ],
)
def test_a_name_in_any_case_resolves_to_the_schemas_name(text: str, name: str, keys: tuple[str, ...]) -> None:
    path = resolve(USER_TYPE, text)
    assert path
    assert str(path) == name
    assert path.keys() == keys


def test_the_leaf_is_the_attribute_whose_values_are_meant() -> None:
    whole, part = resolve(USER_TYPE, "emails"), resolve(USER_TYPE, "emails.type")
    assert whole
    assert part
    assert (whole.leaf.name, part.leaf.name, part.attribute.name) == ("emails", "type", "emails")


def test_a_resolved_name_resolves_to_itself() -> None:
    for resource_type in (USER_TYPE, GROUP_TYPE):
        for schema in resource_type.schemas():
            for attribute in schema.attributes:
                path = resolve(resource_type, f"{schema.urn}:{attribute.name}")
                assert path
                assert resolve(resource_type, str(path)) == path


@pytest.mark.parametrize(
    ("resource_type", "text"),
    [
        (USER_TYPE, ""),
        (USER_TYPE, "."),
        (USER_TYPE, "userName."),
        (USER_TYPE, ".userName"),
        (USER_TYPE, "name."),
        (USER_TYPE, "name.familyName.value"),
        (USER_TYPE, "userName.value"),
        (USER_TYPE, "nickname2"),
        (USER_TYPE, " userName"),
        (USER_TYPE, "department"),
        (USER_TYPE, "members"),
        (USER_TYPE, ENTERPRISE_USER),
        (USER_TYPE, f"{ENTERPRISE_USER}:"),
        (USER_TYPE, f"{ENTERPRISE_USER}:userName"),
        (USER_TYPE, f"{ENTERPRISE_USER}:id"),
        (USER_TYPE, f"{ENTERPRISE_USER}.department"),
        (USER_TYPE, f"{GROUP}:displayName"),
        (USER_TYPE, "urn:example:unknown:department"),
        (USER_TYPE, "urn:"),
        (GROUP_TYPE, "userName"),
        (GROUP_TYPE, DEPARTMENT),
    ],
)
def test_a_name_that_the_schema_does_not_have_resolves_to_nothing(resource_type: ResourceType, text: str) -> None:
    assert resolve(resource_type, text) is None


def test_a_path_shows_its_name_and_not_the_schema() -> None:
    assert repr(resolve(USER_TYPE, "emails.value")) == "AttributePath(emails.value)"
