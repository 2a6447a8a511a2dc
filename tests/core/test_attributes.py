"""The attributes that are compared between Okta and the application."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim.resource import fold
from scim.urns import ENTERPRISE_USER
from syncd.core.attributes import COMPARED, compared_attributes, differences, digest, with_attributes

VALUES = st.dictionaries(st.sampled_from(COMPARED), st.text(min_size=1), max_size=len(COMPARED))
DOCUMENT = {
    "userName": "ada@example.com",
    "name": {"givenName": "Ada", "formatted": "Ada L."},
    "emails": [{"type": "home", "value": "h@example.com"}, {"type": "Work", "value": "w@example.com"}],
    ENTERPRISE_USER: {"department": "Engines", "costCenter": "7"},
}


def test_what_a_document_holds_is_read_by_path() -> None:
    assert compared_attributes(DOCUMENT) == {
        "userName": "ada@example.com",
        "name.givenName": "Ada",
        'emails[type eq "work"].value': "w@example.com",
        f"{ENTERPRISE_USER}:department": "Engines",
    }


@given(VALUES)
def test_what_is_written_is_read_again(values: dict[str, str]) -> None:
    written = with_attributes(DOCUMENT, values)
    assert compared_attributes(written) == {**compared_attributes(DOCUMENT), **values}


def test_writing_changes_a_copy_and_nothing_beside_it() -> None:
    written = with_attributes(DOCUMENT, {"name.givenName": "Augusta", 'emails[type eq "work"].value': "n@example.com"})
    assert written["name"] == {"givenName": "Augusta", "formatted": "Ada L."}
    assert written["emails"][0] == DOCUMENT["emails"][0]  # type: ignore[index]  # JSON
    assert DOCUMENT["name"] == {"givenName": "Ada", "formatted": "Ada L."}


@given(VALUES, VALUES)
def test_equal_digests_mean_no_difference_either_way(left: dict[str, str], right: dict[str, str]) -> None:
    same = not differences(left, right) and not differences(right, left)
    assert (digest(left) == digest(right)) is same


@pytest.mark.parametrize(("one", "other"), [("ADA", "ada"), ("Stra\u00dfe", "STRASSE"), ("e\u0301", "\u00c9")])
def test_user_names_are_compared_folded(one: str, other: str) -> None:
    assert fold(one) == fold(other)
    assert differences({"userName": one}, {"userName": other}) == {}
    assert digest({"userName": one}) == digest({"userName": other})


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)
