"""Tokens are looked up once a second, and haste is slowed down before the database sees it."""

from datetime import timedelta

import pytest

from scim.errors import TooManyRequests
from syncd.ports import Grant, TokenRecord
from syncd.web.gate import DEFAULT_GATE_LIMITS, FRESH_SECONDS, Gate, GateLimits
from syncd.web.tokens import Principal, digest
from tests.web.test_buckets import Hands
from tests.web.test_tokens import NOW, TOKEN, Noon, Tokens, tokens

BEARER = f"Bearer {TOKEN}"
HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"


def gate(store: Tokens, clock: Hands, limits: GateLimits = DEFAULT_GATE_LIMITS) -> Gate:
    return Gate(store, Noon(), limits, clock)


def test_a_token_is_looked_up_once_in_a_second() -> None:
    store, clock = tokens(), Hands()
    door = gate(store, clock)
    for _ in range(5):
        assert door.admit(BEARER, HERE) == Principal("crm", "t1")
    assert store.asked == 1
    clock.now = FRESH_SECONDS
    assert door.admit(BEARER, HERE)
    assert store.asked == 2


def test_a_revoked_token_works_for_a_second_at_most() -> None:
    store, clock = tokens(), Hands()
    door = gate(store, clock)
    assert door.admit(BEARER, HERE)
    store.records = tokens(revoked=NOW).records
    clock.now = FRESH_SECONDS
    assert door.admit(BEARER, HERE) is None
    store.records = tokens().records
    assert door.admit(BEARER, HERE), "what was refused is not remembered"


def test_an_expiry_is_to_the_moment() -> None:
    class Later:
        now_is = NOW

        def now(self) -> object:
            return self.now_is

    later = Later()
    door = Gate(tokens(expires=NOW + timedelta(seconds=1)), later, DEFAULT_GATE_LIMITS, Hands())  # type: ignore[arg-type] # moved by hand
    assert door.admit(BEARER, HERE)
    later.now_is = NOW + timedelta(seconds=1)
    assert door.admit(BEARER, HERE) is None


def test_what_a_token_allows_is_told() -> None:
    grant = Grant(frozenset({"users:read"}), "u1")
    record = TokenRecord("crm", "t1", "", digest(TOKEN), NOW, None, None, None, grant)
    principal = gate(Tokens({record.digest: record}), Hands()).admit(BEARER, HERE)
    assert principal is not None
    assert principal.grant == grant


def test_no_more_tokens_are_remembered_than_there_is_room_for() -> None:
    store, clock = Tokens(), Hands()
    for number in range(400):
        store.records |= tokens(f"token-{number}").records
    door = gate(store, clock)
    for number in range(400):
        assert door.admit(f"Bearer token-{number}", HERE)
    asked = store.asked
    assert door.admit("Bearer token-399", HERE)
    assert store.asked == asked
    assert door.admit("Bearer token-0", HERE)
    assert store.asked == asked + 1


def test_unknown_tokens_from_one_address_wait_before_the_store_is_asked_and_other_addresses_do_not() -> None:
    store, clock = tokens(), Hands()
    door = gate(store, clock)
    for number in range(10):
        assert door.admit(f"Bearer guess-{number}", HERE) is None
    with pytest.raises(TooManyRequests) as raised:
        door.admit("Bearer guess-10", HERE)
    assert raised.value.retry_after == 6
    assert store.asked == 10
    assert door.admit(BEARER, ELSEWHERE)
    clock.now = 6
    assert door.admit("Bearer guess-10", HERE) is None


def test_a_token_that_was_valid_before_does_not_wait_for_guesses_from_the_same_proxy() -> None:
    store, clock = tokens(), Hands()
    door = gate(store, clock)
    assert door.admit(BEARER, HERE)
    for number in range(10):
        door.admit(f"Bearer guess-{number}", HERE)
    clock.now = 2
    assert door.admit(BEARER, HERE)
    store.records = tokens(revoked=NOW).records
    clock.now = 4
    assert door.admit(BEARER, HERE) is None
    with pytest.raises(TooManyRequests):
        door.admit(BEARER, HERE)


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2001:db8::1", "2001:db8::2", True),
        ("2001:db8::1", "2001:db8:0:1::1", False),
        ("fe80::1%eth0", "fe80::2", True),
        ("192.0.2.1", "192.0.2.2", False),
        ("not:an:address", "not:an:address", True),
    ],
)
def test_an_address_is_a_network_of_one_customer(one: str, other: str, same: bool) -> None:
    door = gate(tokens(), Hands(), GateLimits(failures_per_minute=1))
    assert door.admit("Bearer guess", one) is None
    if same:
        with pytest.raises(TooManyRequests):
            door.admit("Bearer guess", other)
    else:
        assert door.admit("Bearer guess", other) is None


def test_a_header_that_holds_no_token_counts_for_nothing() -> None:
    store = tokens()
    door = gate(store, Hands())
    for header in (None, "", "Basic x", "Bearer") * 10:
        assert door.admit(header, HERE) is None
    assert door.admit(BEARER, HERE)
    assert store.asked == 1


def test_a_token_that_is_used_too_often_waits_and_others_do_not() -> None:
    store, clock = tokens(), Hands()
    store.records |= tokens("another-token").records
    door = gate(store, clock, GateLimits(requests_per_second=0.5, burst=2))
    assert door.admit(BEARER, HERE)
    assert door.admit(BEARER, ELSEWHERE)
    with pytest.raises(TooManyRequests) as raised:
        door.admit(BEARER, HERE)
    assert raised.value.retry_after == 2
    assert door.admit("Bearer another-token", HERE)
    clock.now = 2
    assert door.admit(BEARER, HERE)


def test_a_token_is_known_while_nobody_need_be_asked() -> None:
    clock = Hands()
    door = gate(tokens(), clock)
    assert not door.knows(BEARER), "it was not presented yet"
    assert door.admit(BEARER, HERE)
    assert door.knows(BEARER)
    assert not door.knows(None)
    assert not door.knows(f"Bearer {TOKEN}x")
    clock.now = FRESH_SECONDS - 0.05
    assert not door.knows(BEARER), "the store may be asked before the answer is there"
