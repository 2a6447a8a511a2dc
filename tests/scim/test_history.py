from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from scim.history import MOST_BYTES, MOST_CHANGES, Past, as_it_was, remember
from scim.resource import Document

DOCUMENTS = st.fixed_dictionaries(
    {"userName": st.sampled_from("ab")},
    optional={"title": st.sampled_from("xy"), "active": st.booleans(), "name": st.just({"givenName": "Ann"})},
)


def remembered(documents: list[Document], start: int = 1) -> Past | None:
    """Return the memory after a resource has had each of the documents in turn, from version `start` on."""
    past: Past | None = None
    for version, (before, after) in enumerate(pairwise(documents), start):
        past = remember(past, version, before, after)
    return past


@given(st.lists(DOCUMENTS, min_size=1, max_size=MOST_CHANGES + 1))
def test_every_version_since_the_beginning_is_known(documents: list[Document]) -> None:
    past, last = remembered(documents), len(documents)
    assert [as_it_was(past, last, documents[-1], version) for version in range(1, last + 1)] == documents


@given(st.lists(DOCUMENTS, min_size=2, max_size=3 * MOST_CHANGES), st.integers(2, 100))
def test_what_is_known_is_right_and_the_rest_is_unknown(documents: list[Document], start: int) -> None:
    past, last = remembered(documents, start), start + len(documents) - 1
    for version in range(start - 1, last + 2):
        then = as_it_was(past, last, documents[-1], version)
        known = start <= version <= last and version >= last - MOST_CHANGES
        assert then == (documents[version - start] if known else None)


def test_large_changes_are_forgotten_sooner() -> None:
    documents: list[Document] = [{"userName": "ann", "title": str(number) * 3000} for number in range(10)]
    past = remembered(documents)
    assert past is not None
    known = [version for version in range(1, 11) if as_it_was(past, 10, documents[-1], version)]
    assert known == list(range(11 - len(known), 11))
    assert 1 < len(known) < 10
    assert sum(len(str(change)) for change in past["changes"]) < MOST_BYTES * 1.1


def test_without_a_memory_only_today_is_known() -> None:
    assert as_it_was(None, 3, {"userName": "ann"}, 3) == {"userName": "ann"}
    assert as_it_was(None, 3, {"userName": "ann"}, 2) is None
