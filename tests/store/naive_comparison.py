"""The comparison a second time, as plainly as it can be said: every assignment is held against every account."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from scim.resource import fold
from syncd.core.attributes import digest
from syncd.core.subjects import Account, Assignment, Candidate, LinkKey, Origin, Subject
from syncd.ports import Comparison


@dataclass(frozen=True)
class NaiveComparison:
    """A world of two lists. `compare` returns what the store should return, absences aside."""

    accounts: Sequence[Account]
    assignments: Sequence[Assignment]

    def compare(self, also: Collection[str] = ()) -> Comparison:
        settled = [one for one in self.assignments if self.in_sync(one) and not self.is_named(one, also)]
        subjects = [Subject(one, self.candidates(one)) for one in self.assignments if one not in settled]
        pointed_to = {id(candidate.account) for one in self.assignments for candidate in self.candidates(one)}
        alone = [account for account in self.accounts if id(account) not in pointed_to]
        subjects += [Subject(None, (Candidate(account, frozenset()),)) for account in alone if account.active]
        return Comparison(
            assignments=len(self.assignments),
            accounts=len(self.accounts),
            managed_active=sum(account.active and account.origin is Origin.SCIM for account in self.accounts),
            in_sync=len(settled),
            closed=sum(not account.active for account in alone),
            differing=tuple(sorted(subjects, key=order)),
            without_external_id=sum(one.external_id is None for one in settled),
            unlisted=len(alone),
        )

    def is_named(self, assignment: Assignment, keys: Collection[str]) -> bool:
        carriers = {one.id for one in self.accounts if one.external_id == assignment.okta_user_id}
        return not {assignment.okta_user_id, assignment.external_id, *carriers}.isdisjoint(keys)

    def candidates(self, assignment: Assignment) -> tuple[Candidate, ...]:
        found = (Candidate(account, keys_of(assignment, account)) for account in self.accounts)
        return tuple(sorted((one for one in found if one.keys), key=lambda one: one.account.id))

    def in_sync(self, assignment: Assignment) -> bool:
        candidates = self.candidates(assignment)
        if len(candidates) != 1:
            return False
        account, keys = candidates[0].account, candidates[0].keys
        claims = [one for one in self.assignments if keys_of(one, account)]
        return (
            keys != {LinkKey.USER_NAME}
            and claims == [assignment]
            and not any(same_person(assignment, one) for one in self.assignments if one is not assignment)
            and account.external_id in {None, assignment.okta_user_id}
            and assignment.external_id in {None, account.id}
            and account.active
            and assignment.app_status in {"ACTIVE", "PROVISIONED"}
            and assignment.user_status in {"ACTIVE", "PASSWORD_EXPIRED", "RECOVERY", "LOCKED_OUT", "PROVISIONED"}
            and digest(assignment.attributes) == digest(account.attributes)
            and assignment.sync_state not in {"ERROR", "OUT_OF_SYNC"}
        )


def same_person(one: Assignment, other: Assignment) -> bool:
    """Return whether two assignments carry the same id of ours, or the same name, whether or not we know it."""
    same_id = one.external_id is not None and one.external_id == other.external_id
    return same_id or (bool(one.user_name) and fold(one.user_name or "") == fold(other.user_name or ""))


def keys_of(assignment: Assignment, account: Account) -> frozenset[LinkKey]:
    says = {
        LinkKey.SCIM_ID: assignment.external_id == account.id,
        LinkKey.OKTA_USER_ID: assignment.okta_user_id == account.external_id,
        LinkKey.USER_NAME: bool(assignment.user_name) and fold(assignment.user_name or "") == fold(account.user_name),
    }
    return frozenset(key for key, holds in says.items() if holds)


def order(subject: Subject) -> tuple[str, str]:
    account_id = subject.candidates[0].account.id if subject.candidates else ""
    return account_id, subject.assignment.okta_user_id if subject.assignment else ""
