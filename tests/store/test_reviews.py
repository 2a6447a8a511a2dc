"""Access reviews: populations and decisions, on every database."""

import pytest

from scim.resource import Member
from syncd.core.changes import Action, Change
from syncd.core.reviews import (
    Decision,
    Entry,
    Judgement,
    row_digest,
)
from syncd.core.subjects import Origin
from syncd.ports import AlreadyDecidedError
from syncd.store import SqlDatabase, pairing, review_population
from tests.conftest import APP
from tests.store.reviewing import ANN, decide, finished, opened, population, rejected
from tests.store.snapshots import CAUSE, IDENTITY, create


@pytest.fixture
def people(database: SqlDatabase) -> list[str]:
    """The SCIM ids of three people; the last of them is closed."""
    with database.transaction(APP, CAUSE) as unit:
        return [create(unit, number, active=number != 3).id for number in (1, 2, 3)]


@pytest.fixture
def entries(database: SqlDatabase, people: list[str]) -> list[Entry]:
    return population(database, finished(database, 1, 2, 3))


# ------------------------------------------------------------------ what is reviewed


def test_a_review_stands_on_the_youngest_snapshot_that_a_run_has_ended_with(database: SqlDatabase) -> None:
    with database.reading(APP) as unit:
        assert unit.reviews.ground() is None
    older, younger = finished(database, 1), finished(database, 1, 2)
    finished(database, 1, saved=False)
    with database.reading(APP) as unit:
        ground = unit.reviews.ground()
        assert ground
        assert (ground.manifest.snapshot_id, ground.manifest.rows, ground.manifest.identity) == (younger, 2, IDENTITY)
        kept = unit.runs.kept(ground.run_id)
        assert kept
        assert kept.snapshot_id == younger
        that = unit.reviews.ground(older)
        assert that
        assert that.manifest.snapshot_id == older
        assert unit.reviews.ground("nothing") is None


def test_no_review_stands_on_a_run_that_failed_or_on_rows_that_are_gone(database: SqlDatabase) -> None:
    failed = finished(database, 1, exit_code=1)
    with database.reading(APP) as unit:
        assert unit.reviews.ground(failed) is None
    dropped = finished(database, 1)
    for _ in range(3):
        finished(database, 1)
    with database.reading(APP) as unit:
        assert unit.reviews.ground(dropped) is None


def test_a_population_is_the_open_accounts_with_what_okta_said_of_them(
    database: SqlDatabase, people: list[str]
) -> None:
    with database.transaction(APP, CAUSE) as unit:
        before = unit.resources.read("User", people[0])
        more = {
            "emails": [{"value": "ada@work.example"}, {"value": "ada@home.example"}],
            "roles": [{"value": "admin"}, {"display": "Poet"}],
            "userType": "Employee",
            "name": {"givenName": "Ada", "familyName": "Lovelace"},
        }
        unit.record(Change("User", before, {**before.document, **more}))
        inner = unit.resources.create("Group", {"displayName": "Engines"}, [Member(people[0])])
        unit.resources.create("Group", {"displayName": "All"}, [Member(inner.id), Member(people[1])])
        local = create(unit, 9, Origin.LOCAL, externalId=None).id
    one, two, other = population(database, finished(database, 1, 2, 3))
    assert (one.account_id, one.user_name, one.owner, one.origin) == (
        people[0],
        "Person1@example.com",
        "00u1",
        Origin.SCIM,
    )
    assert (one.okta_user_name, one.user_status, one.assignment_status) == ("person1@example.com", "ACTIVE", "ACTIVE")
    assert (one.route, two.route, other.route) == ("GROUP", "USER", None)
    assert (one.groups, two.groups, other.groups) == (("All", "Engines"), ("All",), ())
    assert (one.emails, one.roles) == (("ada@work.example", "ada@home.example"), ("admin", "Poet"))
    assert (one.display_name, one.user_type, one.marks, one.privileged) == ("Ada Lovelace", "Employee", (), None)
    assert one.modified > one.created
    assert (other.account_id, other.owner, other.user_status, other.kind) == (local, None, None, "local")
    with database.reading(APP) as unit:
        count = unit.reviews.headcount()
    assert (count.accounts, count.active) == (4, 3)


def test_a_population_is_read_page_by_page_and_can_be_narrowed(
    database: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    with database.transaction(APP, CAUSE) as unit:
        ids = [create(unit, number).id for number in range(7)]
    snapshot_id = finished(database, *range(7))
    monkeypatch.setattr(pairing, "AT_ONCE", 2)
    monkeypatch.setattr(review_population, "_PAGE", review_population._PAGE.limit(2))
    assert [one.account_id for one in population(database, snapshot_id)] == ids
    chosen = [ids[1], ids[4], ids[5], "nobody"]
    assert {one.account_id for one in population(database, snapshot_id, chosen)} == set(chosen[:3])
    assert population(database, snapshot_id, []) == []


# ------------------------------------------------------------------ deciding


def test_a_review_is_kept_with_its_population(database: SqlDatabase, entries: list[Entry]) -> None:
    review = opened(database, entries)
    with database.reading(APP) as unit:
        found = unit.reviews.find("r-1")
        assert found == review
        items = unit.reviews.items("r-1")
        assert [(one.entry, one.digest, one.decided) for one in items] == [
            (one, row_digest("r-1", one), None) for one in entries
        ]
        assert unit.reviews.all() == ((review, {"approve": 0, "reject": 0, "keep": 0, "undecided": 2}),)
        event = unit.audit_trail(limit=1)[0]
    assert (event.action, event.actor) == (Action.REVIEW_OPENED, "operator:ann")
    assert (event.detail["review"], event.detail["population"], event.detail["size"]) == ("r-1", review.digest, 2)


def test_a_later_decision_replaces_an_earlier_one_and_the_trail_has_both(
    database: SqlDatabase, people: list[str], entries: list[Entry]
) -> None:
    opened(database, entries)
    decide(database, "r-1", Decision.APPROVE, *people[:2])
    decide(database, "r-1", Decision.REJECT, people[0], reviewer="bob")
    with database.reading(APP) as unit:
        one, two = unit.reviews.items("r-1")
        assert one.decided
        assert (one.decided.decision, one.decided.reviewer, one.decided.reason) == (Decision.REJECT, "bob", "because")
        assert two.decided
        assert two.decided.decision is Decision.APPROVE
        later, earlier = unit.audit_trail(subject_id=people[0], limit=2)
    assert (later.action, earlier.action) == (Action.REVIEW_DECIDED, Action.REVIEW_DECIDED)
    assert later.detail["replaces"] == {"decision": "approve", "reviewer": "grace", "why": "because"}
    assert (later.detail["decision"], later.detail["row"]) == ("reject", row_digest("r-1", entries[0]))
    assert earlier.detail["replaces"] is None


def test_a_closed_review_takes_no_decision_and_is_not_closed_again(
    database: SqlDatabase, people: list[str], entries: list[Entry]
) -> None:
    opened(database, entries)
    decide(database, "r-1", Decision.APPROVE, people[0])
    with database.transaction(APP, ANN) as unit:
        review = unit.reviews.close("r-1", "grace", Decision.KEEP, "cd" * 32)
        assert unit.reviews.find("r-1") == review
        event = unit.audit_trail(limit=1)[0]
    assert review.closing
    assert (review.closing.actor, review.closing.sign_off) == ("operator:ann", "grace")
    assert (review.closing.undecided_as, review.closing.digest) == (Decision.KEEP, "cd" * 32)
    assert (event.action, event.detail["signOff"], event.detail["decisions"]) == (
        Action.REVIEW_CLOSED,
        "grace",
        "cd" * 32,
    )
    assert event.detail["counts"] == {"approve": 1, "reject": 0, "keep": 0, "undecided": 1}
    for review_id in ("r-1", "nothing"):
        with pytest.raises(AlreadyDecidedError):
            decide(database, review_id, Decision.REJECT, people[0])
        with database.transaction(APP, ANN) as unit, pytest.raises(AlreadyDecidedError):
            unit.reviews.close(review_id, "grace", None, "")
    assert rejected(database) == set()


def test_reviews_of_another_application_are_not_seen(
    database: SqlDatabase, people: list[str], entries: list[Entry]
) -> None:
    opened(database, entries)
    decide(database, "r-1", Decision.REJECT, people[0])
    database.ensure_app("other", "0oaother000000000001")
    with database.transaction("other", ANN) as unit:
        assert (unit.reviews.all(), unit.reviews.find("r-1"), unit.reviews.items("r-1")) == ((), None, ())
        assert (unit.reviews.rejections(), unit.reviews.remediations("r-1")) == ((), {})
        assert (unit.reviews.ground(), unit.reviews.headcount().accounts) == (None, 0)
        with pytest.raises(AlreadyDecidedError):
            unit.reviews.decide("r-1", [Judgement(people[0], Decision.APPROVE, "eve", "")])
        with pytest.raises(AlreadyDecidedError):
            unit.reviews.close("r-1", "eve", None, "")
