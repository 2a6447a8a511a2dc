import pytest

from scim.attribute_path import AttributePath, resolve
from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.errors import InvalidPath
from scim.filter.parser import parse_path
from scim.filter.syntax import And, Comparison, Filter, Operator, PatchPath
from scim.schema import ResourceType
from scim.urns import ENTERPRISE_USER, GROUP, USER


def _path(name: str, resource_type: ResourceType = USER_TYPE) -> AttributePath:
    path = resolve(resource_type, name)
    assert path
    return path


def _is(name: str, value: str | bool, resource_type: ResourceType = USER_TYPE) -> Filter:
    return Comparison(_path(name, resource_type), Operator.EQUAL, value)


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("userName", PatchPath(_path("userName"))),
        ("ACTIVE", PatchPath(_path("active"))),
        (" name.familyName ", PatchPath(_path("name.familyName"))),
        ("emails", PatchPath(_path("emails"))),
        ("emails.value", PatchPath(_path("emails.value"))),
        ("password", PatchPath(_path("password"))),
        ("meta.location", PatchPath(_path("meta.location"))),
        (f"{USER}:name.givenName", PatchPath(_path("name.givenName"))),
        (f"{ENTERPRISE_USER}:department", PatchPath(_path(f"{ENTERPRISE_USER}:department"))),
        (f"{ENTERPRISE_USER.upper()}:MANAGER.Value", PatchPath(_path(f"{ENTERPRISE_USER}:manager.value"))),
        ('emails[type eq "work"]', PatchPath(_path("emails"), _is("emails.type", "work"))),
        ('emails[type eq "work"].value', PatchPath(_path("emails.value"), _is("emails.type", "work"))),
        ('Emails[Type EQ "work"].Value', PatchPath(_path("emails.value"), _is("emails.type", "work"))),
        ('roles[primary eq "True"].value', PatchPath(_path("roles.value"), _is("roles.primary", True))),
        (f'{USER}:emails[type eq "work"].value', PatchPath(_path("emails.value"), _is("emails.type", "work"))),
        (
            'addresses[type eq "work" and primary eq true].streetAddress',
            PatchPath(
                _path("addresses.streetAddress"),
                And((_is("addresses.type", "work"), _is("addresses.primary", True))),
            ),
        ),
    ],
)
def test_a_path_names_its_target_among_users(text: str, target: PatchPath) -> None:
    assert parse_path(text, USER_TYPE) == target


@pytest.mark.parametrize(
    ("text", "target"),
    [
        ("members", PatchPath(_path("members", GROUP_TYPE))),
        (
            'members[value eq "2819c223"]',
            PatchPath(_path("members", GROUP_TYPE), _is("members.value", "2819c223", GROUP_TYPE)),
        ),
        (f"{GROUP}:displayName", PatchPath(_path("displayName", GROUP_TYPE))),
    ],
)
def test_a_path_names_its_target_among_groups(text: str, target: PatchPath) -> None:
    assert parse_path(text, GROUP_TYPE) == target


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "expected an attribute name at the end"),
        ("shoeSize", r"shoeSize is no attribute of User \(at character 1\)"),
        ("name.shoeSize", "name.shoeSize is no attribute of User"),
        ("emails.", "emails. is no attribute of User"),
        ("members", "members is no attribute of User"),
        (ENTERPRISE_USER, f"{ENTERPRISE_USER} is no attribute of User"),
        ("userName title", "expected the end of the path at character 10, found title"),
        ('userName eq "x"', "expected the end of the path at character 10, found eq"),
        ("(userName)", r"expected an attribute name at character 1, found \("),
        ("emails[]", r"expected an attribute name at character 8, found \]"),
        ("emails[0]", r"0 is no sub-attribute of emails \(at character 8\)"),
        ('emails["work"]', "expected an attribute name at character 8, found a string"),
        ('emails[type eq "work"', r"expected and, or, or \] at the end"),
        ('emails[type eq "work"]value', "expected the end of the path at character 23, found value"),
        ('emails[type eq "work"].', r"\. is no sub-attribute of emails \(at character 23\)"),
        ('emails[type eq "work"].shoeSize', r"\.shoeSize is no sub-attribute of emails"),
        ('emails[type eq "work"].value.x', r"\.value\.x is no sub-attribute of emails"),
        ('emails[type eq "work"][primary eq true]', "expected the end of the path"),
        ('emails.value[type eq "work"]', "emails.value has no values to select from"),
        ('name[familyName eq "x"]', "name has no values to select from"),
        ('userName[value eq "x"]', "userName has no values to select from"),
        ("emails[primary gt true]", "expected an operator that fits emails.primary"),
    ],
)
def test_a_path_that_names_nothing_is_refused_with_what_and_where(text: str, message: str) -> None:
    with pytest.raises(InvalidPath, match=f"^Invalid path: {message}"):
        parse_path(text, USER_TYPE)
