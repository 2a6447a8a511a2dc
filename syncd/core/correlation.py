"""Who belongs to whom by the weakest key: the work address (K4).

The stronger keys are joined where the rows are. An address only ever proposes, and only for people that nothing else
says anything about.
"""

from collections import Counter
from collections.abc import Iterable, Iterator
from typing import TypeVar

from scim.resource import fold
from syncd.core.attributes import WORK_EMAIL
from syncd.core.subjects import Account, Candidate, LinkKey, Subject

T = TypeVar("T")


def correlate_by_address(subjects: Iterable[Subject]) -> tuple[Subject, ...]:
    """Return the subjects, each assignment without a candidate joined with the one account that has its work address.

    Only an account that no assignment points to and that carries no Okta user id is taken, and only where the address
    is on one assignment and one account: its subject and the assignment's become one. The order stays.
    """
    listed = tuple(subjects)
    lonely = dict(_once(_lonely_accounts(listed)))
    wanted = dict(_once(_lonely_assignments(listed)))
    pairs = {wanted[address]: lonely[address] for address in wanted.keys() & lonely.keys()}
    taken = {account.id for account in pairs.values()}
    return tuple(_joined(listed, pairs, taken))


def _joined(listed: tuple[Subject, ...], pairs: dict[str, Account], taken: set[str]) -> Iterator[Subject]:
    for subject in listed:
        if subject.assignment is None:
            if subject.candidates[0].account.id not in taken:
                yield subject
        elif not subject.candidates and subject.assignment.okta_user_id in pairs:
            account = pairs[subject.assignment.okta_user_id]
            yield Subject(subject.assignment, (Candidate(account, frozenset({LinkKey.WORK_EMAIL})),))
        else:
            yield subject


def _lonely_accounts(listed: tuple[Subject, ...]) -> Iterator[tuple[str, Account]]:
    for subject in listed:
        if subject.assignment is None and (account := subject.candidates[0].account).external_id is None:
            yield account.attributes.get(WORK_EMAIL, ""), account


def _lonely_assignments(listed: tuple[Subject, ...]) -> Iterator[tuple[str, str]]:
    for subject in listed:
        if subject.assignment is not None and not subject.candidates:
            yield subject.assignment.attributes.get(WORK_EMAIL, ""), subject.assignment.okta_user_id


def _once(addressed: Iterator[tuple[str, T]]) -> Iterator[tuple[str, T]]:
    """Yield what is addressed by something that nothing else has, the address folded."""
    found = [(fold(address), one) for address, one in addressed if address]
    often = Counter(address for address, _ in found)
    return ((address, one) for address, one in found if often[address] == 1)
