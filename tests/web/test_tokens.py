"""Only one well-formed, known and valid bearer token lets somebody in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest

from syncd.ports import TokenRecord
from syncd.web.gate import DEFAULT_GATE_LIMITS, Gate
from syncd.web.tokens import PREFIX, Principal, digest, mint

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
TOKEN = "syncd_abc-DEF_123"


class Noon:
    def now(self) -> datetime:
        return NOW


@dataclass
class Tokens:
    """Tokens in a dictionary; counts how often it is asked."""

    records: dict[bytes, TokenRecord] = field(default_factory=dict)
    asked: int = 0

    def find_token(self, digest: bytes) -> TokenRecord | None:
        self.asked += 1
        return self.records.get(digest)


def authenticate(header: str | None, store: Tokens, clock: Noon) -> Principal | None:
    return Gate(store, clock, DEFAULT_GATE_LIMITS, lambda: 0.0).admit(header, "192.0.2.1")


def tokens(token: str = TOKEN, *, expires: datetime | None = None, revoked: datetime | None = None) -> Tokens:
    record = TokenRecord("crm", "t1", "first", digest(token), NOW, expires, revoked, None)
    return Tokens({record.digest: record})


@pytest.mark.parametrize("scheme", ["Bearer ", "bearer ", "BEARER ", "Bearer   "])
def test_a_known_token_is_accepted_whatever_the_case_of_the_scheme(scheme: str) -> None:
    assert authenticate(scheme + TOKEN, tokens(), Noon()) == Principal("crm", "t1")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Bearer",
        "Bearer ",
        "bearer\t" + TOKEN,
        " Bearer " + TOKEN,
        "Bearer " + TOKEN + " ",
        "Bearer " + TOKEN + "\n",
        f"Bearer {TOKEN},Bearer {TOKEN}",
        f"Bearer {TOKEN} {TOKEN}",
        "Basic " + TOKEN,
        TOKEN,
        "Bearer tökén",
        "Bearer \u212aey",
        "Bearer " + "a" * 1_000_000,
    ],
)
def test_anything_that_is_not_one_token_is_refused_before_the_store_is_asked(header: str | None) -> None:
    store = tokens()
    assert authenticate(header, store, Noon()) is None
    assert store.asked == 0


@pytest.mark.parametrize("other", ["syncd_", TOKEN[:-1], TOKEN + "4", TOKEN.lower()])
def test_another_token_is_refused(other: str) -> None:
    assert authenticate(f"Bearer {other}", tokens(), Noon()) is None


def test_a_token_is_valid_until_it_expires() -> None:
    second = timedelta(seconds=1)
    assert authenticate(f"Bearer {TOKEN}", tokens(expires=NOW + second), Noon())
    assert authenticate(f"Bearer {TOKEN}", tokens(expires=NOW), Noon()) is None


def test_a_revoked_token_is_refused() -> None:
    assert authenticate(f"Bearer {TOKEN}", tokens(revoked=NOW), Noon()) is None


def test_a_record_that_the_store_found_for_another_digest_is_refused() -> None:
    wrong = Tokens({digest(TOKEN): TokenRecord("crm", "t1", "first", digest("other"), NOW, None, None, None)})
    assert authenticate(f"Bearer {TOKEN}", wrong, Noon()) is None


def test_new_tokens_are_recognisable_distinct_and_accepted() -> None:
    minted = {mint() for _ in range(100)}
    assert len(minted) == 100
    for token in minted:
        assert token.startswith(PREFIX)
        assert len(token) == len(PREFIX) + 43
        assert authenticate(f"Bearer {token}", tokens(token), Noon())
