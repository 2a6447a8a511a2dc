"""A work address proposes, and never decides."""

from hypothesis import given

from syncd.core.attributes import WORK_EMAIL
from syncd.core.classification import classify
from syncd.core.correlation import correlate_by_address
from syncd.core.policy import Policy
from syncd.core.situations import Situation
from syncd.core.subjects import Account, Subject
from tests.core.builders import account, assignment, missing, subjects


def wanted(okta_user_id: str, address: str) -> Subject:
    return Subject(assignment(okta_user_id=okta_user_id, external_id=None, attributes={WORK_EMAIL: address}), ())


def there(account_id: str, address: str, **changes: object) -> Account:
    return account(id=account_id, external_id=None, attributes={WORK_EMAIL: address}, **changes)


def test_the_one_account_with_the_address_is_proposed() -> None:
    world = [wanted("00u1", "Ada@example.com"), missing(there("a1", "ada@EXAMPLE.com"))]
    (subject,) = correlate_by_address(world)
    (finding,) = classify([subject], Policy().protects)
    assert (finding.situation, finding.account and finding.account.id) == (Situation.UNLINKED, "a1")


def test_an_address_that_is_there_twice_says_nothing() -> None:
    for world in (
        [wanted("00u1", "a@b"), missing(there("a1", "a@b")), missing(there("a2", "a@b"))],
        [wanted("00u1", "a@b"), wanted("00u2", "a@b"), missing(there("a1", "a@b"))],
    ):
        assert correlate_by_address(world) == tuple(world)


def test_an_account_of_somebody_else_is_never_proposed() -> None:
    world = [wanted("00u1", "a@b"), missing(account(id="a1", external_id="00u9", attributes={WORK_EMAIL: "a@b"}))]
    assert correlate_by_address(world) == tuple(world)


@given(subjects())
def test_every_account_and_every_assignment_is_still_there_once(world: tuple[Subject, ...]) -> None:
    joined = correlate_by_address(world)
    for side in (lambda one: one.assignment, lambda one: [each.account.id for each in one.candidates]):
        before, after = [side(one) for one in world], [side(one) for one in joined]
        assert sorted(map(str, filter(None, before))) == sorted(map(str, filter(None, after)))
