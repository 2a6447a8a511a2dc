from datetime import timedelta
from hashlib import sha256

import pytest

from syncd.core.changes import Action, Cause
from syncd.ports import EVERYTHING, Grant
from syncd.store import SqlDatabase, TooManyTokensError, UnknownUserError
from tests.conftest import APP, SteppingClock
from tests.store.inspection import rows_of

FIRST, SECOND, THIRD = (sha256(text).digest() for text in (b"first", b"second", b"third"))


def test_a_token_is_found_by_its_digest_and_by_nothing_else(database: SqlDatabase, clock: SteppingClock) -> None:
    expires = clock.moment + timedelta(days=365)
    database.add_token(APP, "t1", FIRST, "Okta", expires)
    found = database.find_token(FIRST)
    assert found is not None
    assert (found.app, found.token_id, found.label, found.digest) == (APP, "t1", "Okta", FIRST)
    assert (found.expires, found.revoked, found.last_used) == (expires, None, None)
    for other in (SECOND, FIRST[:-1], b"", b"first"):
        assert database.find_token(other) is None


def test_a_third_live_token_is_refused_until_one_is_gone(database: SqlDatabase, clock: SteppingClock) -> None:
    database.add_token(APP, "t1", FIRST, "old", clock.moment + timedelta(hours=1))
    database.add_token(APP, "t2", SECOND, "new", None)
    with pytest.raises(TooManyTokensError, match=r"2 live tokens.*Revoke one"):
        database.add_token(APP, "t3", THIRD, "third", None)
    assert database.find_token(THIRD) is None
    clock.moment += timedelta(hours=2)
    database.add_token(APP, "t3", THIRD, "third", None)
    assert database.revoke_token(APP, "t2")
    database.add_token(APP, "t4", sha256(b"fourth").digest(), "fourth", None)
    assert [token.token_id for token in database.list_tokens(APP)] == ["t1", "t2", "t3", "t4"]


def test_a_revoked_token_is_found_as_revoked_and_is_revoked_once(database: SqlDatabase) -> None:
    database.add_token(APP, "t1", FIRST, "Okta", None)
    assert database.revoke_token(APP, "t1")
    assert not database.revoke_token(APP, "t1")
    assert not database.revoke_token(APP, "unknown")
    found = database.find_token(FIRST)
    assert found is not None
    assert found.revoked is not None


def test_the_use_of_a_token_is_noted_once_a_minute(database: SqlDatabase, clock: SteppingClock) -> None:
    database.add_token(APP, "t1", FIRST, "Okta", None)
    database.find_token(FIRST)
    noted = last_use(database)
    assert noted == clock.moment
    database.find_token(FIRST)
    assert last_use(database) == noted
    clock.moment += timedelta(minutes=2)
    database.find_token(FIRST)
    assert last_use(database) == clock.moment


def last_use(database: SqlDatabase) -> object:
    (token,) = database.list_tokens(APP)
    return token.last_used


def test_the_audit_trail_tells_of_tokens_and_holds_none(database: SqlDatabase, database_url: str) -> None:
    database.add_token(APP, "t1", FIRST, "Okta", None)
    database.revoke_token(APP, "t1")
    with database.reading(APP) as unit:
        revoked, created = unit.audit_trail()
        assert (created.action, revoked.action) == (Action.TOKEN_CREATED, Action.TOKEN_REVOKED)
        assert created.actor == revoked.actor == "operator"
        assert created.detail == {
            "token_id": "t1",
            "label": "Okta",
            "expires": None,
            "scopes": None,
            "user_id": None,
        }
        assert revoked.detail == {"token_id": "t1", "label": "Okta"}
    assert FIRST.hex() not in repr(rows_of(database_url)["audit_event"])


def test_what_a_token_allows_is_kept_with_it_and_in_the_audit_trail(database: SqlDatabase) -> None:
    with database.transaction(APP, Cause("test")) as unit:
        ann = unit.resources.create("User", {"userName": "ann"})
    grant = Grant(frozenset({"users:read", "groups:read"}), ann.id)
    database.add_token(APP, "t1", FIRST, "", None, grant)
    database.add_token(APP, "t2", SECOND, "", None)
    found, plain = database.find_token(FIRST), database.find_token(SECOND)
    assert found is not None
    assert plain is not None
    assert (found.grant, plain.grant) == (grant, EVERYTHING)
    assert [token.grant for token in database.list_tokens(APP)] == [grant, EVERYTHING]
    with database.reading(APP) as unit:
        _, created, *_ = unit.audit_trail()
    assert created.detail["scopes"] == ["groups:read", "users:read"]
    assert created.detail["user_id"] == ann.id


def test_a_token_without_any_scope_is_not_one_with_all(database: SqlDatabase) -> None:
    database.add_token(APP, "t1", FIRST, "", None, Grant(frozenset()))
    found = database.find_token(FIRST)
    assert found is not None
    assert found.grant.scopes == frozenset()


def test_a_token_is_not_bound_to_a_user_whom_its_application_does_not_have(database: SqlDatabase) -> None:
    database.ensure_app("other", "0oaother")
    with database.transaction("other", Cause("test")) as unit:
        theirs = unit.resources.create("User", {"userName": "ann"})
    with database.transaction(APP, Cause("test")) as unit:
        group = unit.resources.create("Group", {"displayName": "g"}, ())
    for nobody in (theirs.id, group.id, "", "1"):
        with pytest.raises(UnknownUserError, match="no user"):
            database.add_token(APP, "t1", FIRST, "", None, Grant(user_id=nobody))
    assert database.list_tokens(APP) == ()


def test_one_application_cannot_revoke_or_see_the_tokens_of_another(database: SqlDatabase) -> None:
    database.ensure_app("other", "0oaother")
    database.add_token(APP, "t1", FIRST, "Okta", None)
    database.add_token("other", "t1", SECOND, "Okta", None)
    assert database.revoke_token("other", "t1")
    mine, theirs = database.find_token(FIRST), database.find_token(SECOND)
    assert mine is not None
    assert theirs is not None
    assert (mine.app, mine.revoked) == (APP, None)
    assert theirs.app == "other"
    assert [token.digest for token in database.list_tokens(APP)] == [FIRST]


def test_there_are_no_tokens_of_an_unknown_application(database: SqlDatabase) -> None:
    with pytest.raises(KeyError):
        database.add_token("unknown", "t1", FIRST, "Okta", None)
    with pytest.raises(KeyError):
        database.revoke_token("unknown", "t1")
    with pytest.raises(KeyError):
        database.list_tokens("unknown")
