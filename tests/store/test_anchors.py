from hypothesis import given
from hypothesis import strategies as st

from syncd.store.anchors import MOST_PLACES, START, Anchors, Horizon, Place


@given(rows=st.lists(st.integers(1, 500), max_size=40), asked=st.integers(0, 600))
def test_the_nearest_place_is_the_last_one_that_is_not_beyond(rows: list[int], asked: int) -> None:
    anchors = Anchors()
    for number in rows:
        anchors.remember("users", 3, Place(number, number * 10))
    before = max((number for number in rows if number <= asked), default=0)
    assert anchors.nearest("users", asked) == (Place(before, before * 10), 3 if rows else 0)
    assert anchors.nearest("groups", asked) == (START, 0)


def test_a_deletion_makes_all_earlier_places_forgotten_and_late_news_do_not_count() -> None:
    anchors = Anchors()
    anchors.remember("users", 0, Place(100, 100))
    anchors.remember("users", 1, Place(50, 51))
    anchors.remember("users", 0, Place(200, 200))
    assert anchors.nearest("users", 1000) == (Place(50, 51), 1)


def test_however_many_places_there_are_some_of_them_are_kept_everywhere() -> None:
    anchors = Anchors()
    last = 3 * MOST_PLACES
    for number in range(1, last + 1):
        anchors.remember("users", 0, Place(number, number))
    assert anchors.nearest("users", last)[0] == Place(last, last)
    for asked in range(1, last, 97):
        assert asked - anchors.nearest("users", asked)[0].rows < 64


def test_of_many_lists_those_that_are_used_are_remembered() -> None:
    anchors = Anchors()
    for number in range(200):
        anchors.remember(number, 0, Place(1, 1))
        anchors.nearest(0, 1)
    assert anchors.nearest(0, 1)[0] == Place(1, 1)
    assert anchors.nearest(5, 1)[0] == START


def test_a_row_number_is_settled_when_all_who_could_have_taken_a_smaller_one_have_ended() -> None:
    horizon = Horizon()
    assert horizon.settled(1000) == 0
    assert horizon.needs_mark(5)
    horizon.mark(20, 100)
    assert not horizon.needs_mark(5)
    assert horizon.settled(19) == 0
    assert horizon.settled(20) == 100
    assert (horizon.needs_mark(100), horizon.needs_mark(101)) == (False, True)


def test_a_later_mark_takes_nothing_back() -> None:
    horizon = Horizon()
    horizon.mark(20, 100)
    horizon.mark(10, 500)
    assert horizon.settled(20) == 100
    horizon.mark(30, 50)
    assert horizon.settled(30) == 100
