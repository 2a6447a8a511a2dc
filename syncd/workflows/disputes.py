"""Who else an account was said to belong to, and what Okta says of them now."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from syncd.core.classification import can_be_contended
from syncd.core.subjects import NEGATIVE, Presence, Subject
from syncd.ports import AssignmentSource
from syncd.workflows.desk import Desk


@dataclass(frozen=True, slots=True)
class Disputes:
    """The claimants of each account by SCIM id, as `Subject.claimants` has them."""

    claimants: Mapping[str, Mapping[str, Presence | None]]

    @property
    def settled(self) -> frozenset[str]:
        """The Okta user ids of the claimants who have no access, Okta says."""
        return frozenset(one for each in self.claimants.values() for one, said in each.items() if said in NEGATIVE)

    @property
    def contended(self) -> frozenset[str]:
        """The SCIM ids of the accounts of which it is not certain whose they are."""
        return frozenset(one for one, each in self.claimants.items() if not NEGATIVE.issuperset(each.values()))

    def tell(self, subjects: Iterable[Subject]) -> tuple[Subject, ...]:
        """Return the subjects, each with the claimants of its account. Several candidates are a dispute already."""
        return tuple(
            replace(one, claimants=self.claimants[one.candidates[0].account.id])
            if len(one.candidates) == 1 and one.candidates[0].account.id in self.claimants
            else one
            for one in subjects
        )


def ask_claimants(
    source: AssignmentSource, told: Mapping[str, frozenset[str]], most: int, listed: Collection[str] = ()
) -> Disputes:
    """Ask Okta about the claimants, at most so many of them, and not about those who are `listed`.

    Whoever is not asked about stays a claimant: what is not known is not negative.
    """
    asked = sorted({one for others in told.values() for one in others}.difference(listed))[:most]
    said = {one: source.look_up(one).presence for one in asked}
    return Disputes({account: {one: said.get(one) for one in others} for account, others in told.items()})


def ask_about_claimants(
    desk: Desk, subjects: Sequence[Subject], besides: Mapping[str, frozenset[str]] | None = None
) -> Disputes:
    """Return the disputes about these subjects, after Okta was asked about whoever its listing does not hold.

    `besides` has further people by the SCIM id of the account that may be theirs.
    """
    concerned = {one.candidates[0].account.id for one in subjects if can_be_contended(one)}
    with desk.database.reading(desk.app) as unit:
        told = dict(unit.staging.claimants(concerned))
    for account, others in (besides or {}).items():
        if account in concerned:
            told[account] = told.get(account, frozenset()) | others
    if not told:
        return Disputes({})
    desk.announce(f"asking Okta who has {len(told)} accounts that were said to belong to several people")
    listed = {one.assignment.okta_user_id for one in subjects if one.assignment}
    return ask_claimants(desk.source, told, desk.policy.lookup_limit, listed)
