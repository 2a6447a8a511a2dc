"""A sample is drawn again by anybody, by the words of its algorithm."""

from hashlib import sha256

from hypothesis import given
from hypothesis import strategies as st

from syncd.core.sampling import draw, refuse_seed


def drawn_by_hand(seed: str, rows: list[str], size: int) -> list[str]:
    ranked = sorted((sha256(seed.encode() + b"\n" + row.encode()).hexdigest(), row) for row in rows)
    return [row for _, row in ranked][:size]


@given(st.text(min_size=1), st.lists(st.text(), unique=True), st.integers(0, 40))
def test_who_follows_the_algorithm_draws_the_same(seed: str, rows: list[str], size: int) -> None:
    assert list(draw(seed, rows, size)) == drawn_by_hand(seed, rows, size)
    assert draw(seed, reversed(rows), size) == draw(seed, [*rows, *rows], size)


def test_another_seed_draws_another_sample() -> None:
    rows = [f"row-{number}" for number in range(100)]
    assert draw("one", rows, 10) != draw("two", rows, 10)


def test_a_seed_is_a_line_that_can_be_written_down() -> None:
    assert refuse_seed("auditor 2026-03") is None
    assert all(refuse_seed(seed) for seed in ("", "a\nb", "x" * 201))
