import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim.errors import InvalidValue
from scim.exchange import Limits
from scim.listing import list_response, read_paging

LIMITS = Limits(page_default=100, page_maximum=1000)
LARGEST = 2**31 - 1


@pytest.mark.parametrize(
    ("text", "start_index"),
    [
        (None, 1),
        ("", 1),
        (" ", 1),
        ("1", 1),
        (" 7 ", 7),
        ("+7", 7),
        ("007", 7),
        ("0", 1),
        ("-5", 1),
        ("-0", 1),
        ("2147483648", LARGEST),
        ("9" * 5000, LARGEST),
        ("-" + "9" * 5000, 1),
        ("0" * 9999 + "7", 7),
    ],
)
def test_start_index_is_brought_into_range(text: str | None, start_index: int) -> None:
    query = {} if text is None else {"startIndex": text}
    assert read_paging(query, LIMITS) == (start_index, 100)


@pytest.mark.parametrize(
    ("text", "count"),
    [(None, 100), ("", 100), ("0", 0), ("-1", 0), ("5", 5), ("1000", 1000), ("1001", 1000), ("9" * 5000, 1000)],
)
def test_count_is_brought_into_range(text: str | None, count: int) -> None:
    query = {} if text is None else {"count": text}
    assert read_paging(query, LIMITS) == (1, count)


@pytest.mark.parametrize("name", ["startIndex", "count"])
@pytest.mark.parametrize(
    "text", ["abc", "1.5", "1e3", "0x10", "1 2", "1_000", "--1", "\u0667", "\u00b2", "null", "1\x00", "NaN"]
)
def test_what_is_no_integer_is_refused_by_its_name(name: str, text: str) -> None:
    with pytest.raises(InvalidValue, match=name):
        read_paging({name: text}, LIMITS)


@given(st.text(max_size=30), st.text("0123456789+-. ", max_size=30))
def test_any_text_gives_a_page_in_range_or_invalid_value(start: str, count: str) -> None:
    try:
        start_index, size = read_paging({"startIndex": start, "count": count}, LIMITS)
    except InvalidValue:
        return
    assert 1 <= start_index <= LARGEST
    assert 0 <= size <= LIMITS.page_maximum


def test_items_per_page_is_what_is_in_the_answer() -> None:
    answer = list_response([{"id": "1"}, {"id": "2"}], 9, 8)
    assert (answer["totalResults"], answer["startIndex"], answer["itemsPerPage"]) == (9, 8, 2)
    assert answer["Resources"] == [{"id": "1"}, {"id": "2"}]
