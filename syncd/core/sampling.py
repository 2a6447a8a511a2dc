"""Samples that somebody else can draw again: no chance, a seed that is written down, and an order made of hashes."""

from collections.abc import Iterable
from hashlib import sha256
from typing import Final

ALGORITHM: Final = (
    "rank(row) = SHA-256 of the seed, a line feed, and the row's id, all as UTF-8, in lower-case hexadecimal; "
    "the sample of a movement is its rows with the smallest ranks, in that order"
)
LONGEST_SEED: Final = 200


def rank(seed: str, row_id: str) -> str:
    """Return by what a row is ordered: 64 hexadecimal digits."""
    return sha256(f"{seed}\n{row_id}".encode()).hexdigest()


def draw(seed: str, row_ids: Iterable[str], size: int) -> tuple[str, ...]:
    """Return the sample: at most `size` rows, each once, in the order of their ranks."""
    return tuple(sorted(set(row_ids), key=lambda row_id: rank(seed, row_id))[:size])


def refuse_seed(seed: str) -> str | None:
    """Return why a text is no seed, or None."""
    if not seed or len(seed) > LONGEST_SEED or not seed.isprintable():
        return f"a seed is one line of 1 to {LONGEST_SEED} printable characters"
    return None
