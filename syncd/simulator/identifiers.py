"""Identifiers as Okta makes them: 20 characters, a prefix that tells the kind, and the same ones for the same seed."""

import hashlib
import string
from collections import Counter
from typing import Final
from uuid import UUID

_DIGITS: Final = string.digits + string.ascii_uppercase + string.ascii_lowercase
_CELL: Final = "0h7"


class IdFactory:
    """Makes identifiers that grow in the order of their making, so that a listing by id is one by age."""

    def __init__(self, seed: int) -> None:
        self._seed = seed
        self._made: Counter[str] = Counter()

    def make(self, prefix: str) -> str:
        """Return the next identifier with that prefix of three characters ("00u", "0oa", "00g")."""
        self._made[prefix] += 1
        number = self._made[prefix]
        return f"{prefix}1{_base62(number, 6)}{self._noise(prefix, number, 7)}{_CELL}"

    def uuid(self) -> str:
        """Return the next UUID, as the System Log has them."""
        self._made["uuid"] += 1
        digest = hashlib.blake2b(f"{self._seed}/uuid/{self._made['uuid']}".encode(), digest_size=16).digest()
        return str(UUID(bytes=digest, version=4))

    def secret(self, purpose: str) -> str:
        """Return a text of 42 characters that could be an API token. It protects nothing but a simulated org."""
        return f"00{self._noise(purpose, 0, 40)}"

    def _noise(self, purpose: str, number: int, length: int) -> str:
        digest = hashlib.blake2b(f"{self._seed}/{purpose}/{number}".encode(), digest_size=32).digest()
        return _base62(int.from_bytes(digest), length)


def _base62(number: int, length: int) -> str:
    """Return the last `length` digits of a number to base 62, in an alphabet that sorts as ASCII does."""
    digits = []
    for _ in range(length):
        number, digit = divmod(number, 62)
        digits.append(_DIGITS[digit])
    return "".join(reversed(digits))
