from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scim.errors import ExpiredCursor, InvalidCursor
from syncd.web.cursor_seal import CURSOR_SECONDS, CursorSealer
from tests.conftest import SteppingClock

KEY = bytes(range(32))
UNRESERVED = frozenset("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")


def sealer(clock: SteppingClock, key: bytes = KEY) -> CursorSealer:
    return CursorSealer(lambda: key, clock)


@given(content=st.binary(max_size=300), context=st.binary(max_size=300))
def test_what_was_sealed_is_opened_by_every_process_that_has_the_key(content: bytes, context: bytes) -> None:
    clock = SteppingClock()
    cursor = sealer(clock).seal(content, context)
    assert set(cursor) <= UNRESERVED
    assert sealer(clock).open(cursor, context) == content


def test_a_cursor_tells_nothing_and_is_another_one_each_time(clock: SteppingClock) -> None:
    seal = sealer(clock)
    cursors = {seal.seal(b"ann@x.example", b"acme") for _ in range(50)}
    assert len(cursors) == 50
    assert len({len(cursor) for cursor in cursors}) == 1


def test_another_context_or_another_key_does_not_open_it(clock: SteppingClock) -> None:
    cursor = sealer(clock).seal(b"content", b"acme")
    for other, context in ((sealer(clock), b"other"), (sealer(clock, bytes(32)), b"acme")):
        with pytest.raises(InvalidCursor):
            other.open(cursor, context)


@given(data=st.data())
def test_whatever_is_changed_about_a_cursor_it_is_invalid(data: st.DataObject) -> None:
    seal = sealer(SteppingClock())
    cursor = seal.seal(b"content", b"acme")
    at = data.draw(st.integers(0, len(cursor) - 2))
    other = data.draw(st.sampled_from(sorted(UNRESERVED - {cursor[at]})))
    for changed in (cursor[:at] + other + cursor[at + 1 :], cursor[:at], cursor + "A", "", "~", "=", cursor * 200):
        with pytest.raises(InvalidCursor):
            seal.open(changed, b"acme")


def test_a_cursor_is_good_for_as_long_as_is_said_and_no_longer(clock: SteppingClock) -> None:
    seal = sealer(clock)
    cursor = seal.seal(b"content", b"acme")
    clock.moment += timedelta(seconds=CURSOR_SECONDS - 5)
    assert seal.open(cursor, b"acme") == b"content"
    clock.moment += timedelta(seconds=10)
    with pytest.raises(ExpiredCursor):
        seal.open(cursor, b"acme")
