import pytest

from scim.attribute_path import AttributePath, resolve
from scim.core_schemas import GROUP_TYPE, USER_TYPE
from scim.errors import InvalidFilter
from scim.filter.parser import parse_filter
from scim.filter.syntax import And, Comparison, Filter, Literal, Not, Operator, Or, Present, ValuePath
from scim.schema import Attribute, ResourceType, Schema, Type
from scim.urns import ENTERPRISE_USER, USER

GAUGE = ResourceType(
    "Gauge",
    "/Gauges",
    "Something with numbers",
    Schema(
        "urn:example:Gauge",
        "Gauge",
        "Gauge",
        (Attribute(name="floor", type=Type.INTEGER), Attribute(name="level", type=Type.DECIMAL)),
    ),
)


def _path(name: str, resource_type: ResourceType = USER_TYPE) -> AttributePath:
    path = resolve(resource_type, name)
    assert path
    return path


def _is(name: str, operator: str, value: Literal, resource_type: ResourceType = USER_TYPE) -> Comparison:
    return Comparison(_path(name, resource_type), Operator(operator), value)


A, B, C, D = (Present(_path(name)) for name in ("title", "userType", "nickName", "locale"))
WORK = _is("emails.type", "eq", "work")


def _work(*terms: Filter) -> ValuePath:
    return ValuePath(_path("emails"), And((WORK, *terms)))


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('userName eq "bjensen"', _is("userName", "eq", "bjensen")),
        ('name.familyName co "O\'Malley"', _is("name.familyName", "co", "O'Malley")),
        ('userName sw "J"', _is("userName", "sw", "J")),
        (f'{USER}:userName sw "J"', _is("userName", "sw", "J")),
        (f'{ENTERPRISE_USER}:department eq "Sales"', _is(f"{ENTERPRISE_USER}:department", "eq", "Sales")),
        (f'{ENTERPRISE_USER}:manager eq "7"', _is(f"{ENTERPRISE_USER}:manager.value", "eq", "7")),
        (f"{ENTERPRISE_USER}:manager pr", Present(_path(f"{ENTERPRISE_USER}:manager"))),
        ("title pr", A),
        ("name pr", Present(_path("name"))),
        ("meta.lastModified pr", Present(_path("meta.lastModified"))),
        ('emails eq "a@b"', _is("emails.value", "eq", "a@b")),
        ('emails.type ne "work"', _is("emails.type", "ne", "work")),
        ('id eq "1"', _is("id", "eq", "1")),
        (f'schemas eq "{USER}"', _is("schemas", "eq", USER)),
        ("active eq true", _is("active", "eq", True)),
        ("active ne FALSE", _is("active", "ne", False)),
        ('active eq "True"', _is("active", "eq", True)),
        ('active eq "false"', _is("active", "eq", False)),
        ("title eq null", _is("title", "eq", None)),
        ("title ne NULL", _is("title", "ne", None)),
        ("active eq null", _is("active", "eq", None)),
        ('USERNAME EQ "x"', _is("userName", "eq", "x")),
        ('  userName\teq\n"x"  ', _is("userName", "eq", "x")),
        ('emails[type eq "work"]', ValuePath(_path("emails"), WORK)),
        ('emails[ TYPE eq "work" and value co "@x" ]', _work(_is("emails.value", "co", "@x"))),
        ("emails[not (primary eq true)]", ValuePath(_path("emails"), Not(_is("emails.primary", "eq", True)))),
    ],
)
def test_a_filter_becomes_its_tree(text: str, tree: Filter) -> None:
    assert parse_filter(text, USER_TYPE) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("title pr and userType pr", And((A, B))),
        ("title pr and userType pr and nickName pr", And((A, B, C))),
        ("title pr or userType pr or nickName pr", Or((A, B, C))),
        ("title pr or userType pr and nickName pr", Or((A, And((B, C))))),
        ("title pr and userType pr or nickName pr and locale pr", Or((And((A, B)), And((C, D))))),
        ("(title pr or userType pr) and nickName pr", And((Or((A, B)), C))),
        ("title pr and (userType pr and nickName pr)", And((A, B, C))),
        ("(title pr or (userType pr or nickName pr))", Or((A, B, C))),
        ("not (title pr) and userType pr", And((Not(A), B))),
        ("not (title pr and userType pr)", Not(And((A, B)))),
        ("not(not(title pr))", Not(Not(A))),
        ("((title pr))", A),
        ("title pr AND NOT(userType pr)OR(nickName pr)", Or((And((A, Not(B))), C))),
    ],
)
def test_not_binds_closest_then_and_then_or(text: str, tree: Filter) -> None:
    assert parse_filter(text, USER_TYPE) == tree


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ('emails[type eq "work"].value eq "x"', _work(_is("emails.value", "eq", "x"))),
        ('emails[type eq "work"].VALUE co "x"', _work(_is("emails.value", "co", "x"))),
        ('emails[type eq "work"].value pr', _work(Present(_path("emails.value")))),
        ('emails[type eq "work"].value ne null', _work(_is("emails.value", "ne", None))),
        ('emails[type eq "work"].value eq null', Not(_work(Present(_path("emails.value"))))),
        ('emails[type eq "work"].value ne "x"', Not(_work(_is("emails.value", "eq", "x")))),
        (
            'emails[type eq "work" or primary eq true].value eq "x"',
            ValuePath(
                _path("emails"), And((Or((WORK, _is("emails.primary", "eq", True))), _is("emails.value", "eq", "x")))
            ),
        ),
    ],
)
def test_a_comparison_of_selected_values_becomes_a_value_path(text: str, tree: Filter) -> None:
    assert parse_filter(text, USER_TYPE) == tree


@pytest.mark.parametrize(
    ("literal", "value"),
    [
        ('""', ""),
        ('"a b"', "a b"),
        (r'"a\"b"', 'a"b'),
        (r'"a\\"', "a\\"),
        (r'"\/\b\f\n\r\t"', "/\b\f\n\r\t"),
        (r'"\u0041\u00e9"', "Aé"),
        (r'"\ud83d\ude00"', "😀"),
        ('"😀 (a] or b"', "😀 (a] or b"),
        ('"\u00a0"', "\u00a0"),
        (r'"\u0001"', "\x01"),
    ],
)
def test_a_string_is_a_json_string(literal: str, value: str) -> None:
    assert parse_filter(f"title eq {literal}", USER_TYPE) == _is("title", "eq", value)


@pytest.mark.parametrize(
    "literal",
    [
        '"',
        '"abc',
        r'"abc\"',
        r'"\x41"',
        r'"\u12"',
        r'"\u0000"',
        '"\x00"',
        '"a\nb"',
        r'"\ud800"',
        r'"\ude00\ud83d"',
        '"\ud800"',
        "'abc'",
        "abc",
        "1",
        "true",
        "",
        "(",
    ],
)
def test_what_is_no_json_string_is_refused_for_text(literal: str) -> None:
    with pytest.raises(InvalidFilter, match=r"at character 10|at the end"):
        parse_filter(f"title eq {literal}", USER_TYPE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("0", 0),
        ("-1", -1),
        ("42", 42),
        ("1.5", 1.5),
        ("-0.25", -0.25),
        ("1e3", 1000.0),
        ("2E-2", 0.02),
        ("1E+2", 100),
        ("-12345678901234567", -12345678901234567),
    ],
)
def test_a_number_is_a_json_number(text: str, value: float) -> None:
    assert parse_filter(f"level ge {text}", GAUGE) == _is("level", "ge", value, GAUGE)
    assert parse_filter(f"floor lt {text}", GAUGE) == _is("floor", "lt", value, GAUGE)


def test_an_integer_too_large_for_64_bits_is_a_double() -> None:
    tree = parse_filter(f"level lt {10**30}", GAUGE)
    assert isinstance(tree, Comparison)
    assert isinstance(tree.value, float)
    assert tree.value == 1e30


@pytest.mark.parametrize(
    "text",
    ["01", "+1", ".5", "1.", "1e", "0x10", "1_000", "NaN", "Infinity", "\u0661", "1e999", "9" * 4000, '"5"', "true"],
)
def test_what_is_no_json_number_of_a_common_size_is_refused_for_numbers(text: str) -> None:
    with pytest.raises(InvalidFilter, match="at character 10"):
        parse_filter(f"level eq {text}", GAUGE)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("2026-05-13T04:42:34Z", "2026-05-13T04:42:34.000Z"),
        ("2026-05-13T06:42:34.5+02:00", "2026-05-13T04:42:34.500Z"),
        ("2026-05-13T04:42:34.123456Z", "2026-05-13T04:42:34.123Z"),
    ],
)
def test_a_date_time_becomes_its_moment_in_utc(text: str, value: str) -> None:
    assert parse_filter(f'meta.lastModified gt "{text}"', USER_TYPE) == _is("meta.lastModified", "gt", value)


@pytest.mark.parametrize(
    ("kind", "allowed"),
    [
        ("title", "eq ne co sw ew gt ge lt le"),
        ("profileUrl", "eq ne co sw ew gt ge lt le"),
        ("meta.created", "eq ne gt ge lt le"),
        ("active", "eq ne"),
        ("x509Certificates", "eq ne"),
        ("name", ""),
        ("addresses", ""),
        ("meta", ""),
    ],
)
@pytest.mark.parametrize("operator", list(Operator))
def test_an_operator_fits_the_type_or_is_refused(kind: str, allowed: str, operator: Operator) -> None:
    literal = {"active": "true", "meta.created": '"2026-05-13T04:42:34Z"'}.get(kind, '"x"')
    text = f"{kind} {operator} {literal}"
    if operator in allowed.split():
        assert isinstance(parse_filter(text, USER_TYPE), Comparison)
    else:
        with pytest.raises(InvalidFilter, match="an operator that fits"):
            parse_filter(text, USER_TYPE)


@pytest.mark.parametrize(
    ("text", "resource_type", "message"),
    [
        ("", USER_TYPE, "expected an attribute name at the end"),
        ('shoeSize eq "42"', USER_TYPE, r"shoeSize is no attribute of User \(at character 1\)"),
        ('title pr and members eq "1"', USER_TYPE, r"members is no attribute of User \(at character 14\)"),
        ('userName eq "x"', GROUP_TYPE, "userName is no attribute of Group"),
        ('urn:example:x:title eq "x"', USER_TYPE, "urn:example:x:title is no attribute"),
        ('emails[kind eq "work"]', USER_TYPE, "kind is no sub-attribute of emails"),
        ('emails[emails.type eq "work"]', USER_TYPE, "emails.type is no sub-attribute of emails"),
        ('emails[type eq "work"].kind eq "x"', USER_TYPE, r"\.kind is no sub-attribute of emails"),
        ('emails[type[value eq "x"]]', USER_TYPE, "expected an operator that fits emails.type"),
        ('name[familyName eq "x"]', USER_TYPE, "name has no values to select from"),
        (f'schemas[value eq "{USER}"]', USER_TYPE, "schemas has no values to select from"),
        ('emails.type[value eq "x"]', USER_TYPE, "emails.type has no values to select from"),
        ('password eq "hunter2"', USER_TYPE, "password cannot be searched"),
        ("password pr", USER_TYPE, "password cannot be searched"),
        ('meta.location eq "https://x"', USER_TYPE, "meta.location cannot be searched: use id"),
        ('members.$ref eq "https://x"', GROUP_TYPE, r"members.\$ref cannot be searched: use members.value"),
        ('members[$ref eq "https://x"]', GROUP_TYPE, r"members.\$ref cannot be searched: use members.value"),
        ("title gt null", USER_TYPE, "expected a string in double quotes: null goes with eq and ne only"),
        ('active eq "yes"', USER_TYPE, "expected true or false for active at character 11, found a string"),
        ("active eq 1", USER_TYPE, "expected true or false for active"),
        ('meta.created gt "yesterday"', USER_TYPE, "expected a dateTime such as"),
        ("meta.created gt 2026", USER_TYPE, "expected a dateTime such as"),
        (
            'title == "x"',
            USER_TYPE,
            r"expected an operator that fits title \(eq, ne, .*, pr\) at character 7, found ==",
        ),
        ("title", USER_TYPE, "expected an operator that fits title .* at the end, found nothing"),
        ("title eq", USER_TYPE, "expected a value: .* at the end, found nothing"),
        ("title pr title pr", USER_TYPE, "expected and, or, or the end of the filter at character 10, found title"),
        ("title pr)", USER_TYPE, "expected and, or, or the end of the filter"),
        ("(title pr", USER_TYPE, r"expected and, or, or \) at the end"),
        ("(title pr]", USER_TYPE, r"expected and, or, or \) at character 10, found \]"),
        ('emails[type eq "work"', USER_TYPE, r"expected and, or, or \] at the end"),
        ("not title pr", USER_TYPE, r"expected \( after not at character 5, found title"),
        ("title pr and", USER_TYPE, "expected an attribute name at the end"),
        ("and title pr", USER_TYPE, "and is no attribute of User"),
        ("()", USER_TYPE, r"expected an attribute name at character 2, found \)"),
        ('"title" eq "x"', USER_TYPE, "expected an attribute name at character 1, found a string"),
        ('title\u00a0eq "x"', USER_TYPE, r"title\\xa0eq is no attribute"),
    ],
)
def test_a_filter_that_means_nothing_is_refused_with_what_and_where(
    text: str, resource_type: ResourceType, message: str
) -> None:
    with pytest.raises(InvalidFilter, match=f"^Invalid filter: {message}") as caught:
        parse_filter(text, resource_type)
    assert "hunter2" not in caught.value.detail


def test_an_error_shows_no_more_than_the_beginning_of_a_word() -> None:
    with pytest.raises(InvalidFilter) as caught:
        parse_filter("x" * 4000, USER_TYPE)
    assert len(caught.value.detail) < 200
