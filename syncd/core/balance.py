"""Whether a report adds up: every subject is in exactly one situation, and nobody is in none."""

from dataclasses import dataclass
from typing import Any


class UnbalancedError(Exception):
    """The subjects of a report are not those that were looked at: it may not be shown, and nothing may follow."""


@dataclass(frozen=True, slots=True)
class Balance:
    """What was looked at, and what was counted.

    A subject is an assignment in Okta, or an account here to which no assignment points. So there are as many as there
    are assignments and accounts, less the accounts to which one points: `linked`. `counted` is the sum over all
    situations of accounts.
    """

    assignments: int
    accounts: int
    linked: int
    counted: int

    @property
    def subjects(self) -> int:
        """How many subjects there are to be in a situation."""
        return self.assignments + self.accounts - self.linked

    def line(self) -> str:
        """Return the balance as a sentence. Raises `UnbalancedError` where it does not balance."""
        lone = self.accounts - self.linked
        if self.counted != self.subjects or lone < 0:
            raise UnbalancedError(
                f"the report does not balance: {self.assignments} assignments and {lone} accounts without one are "
                f"{self.subjects} subjects, and {self.counted} are counted. This is a bug, and nothing follows from it"
            )
        return (
            f"{self.assignments} assignments in Okta and {lone} accounts here without one are {self.subjects} "
            f"subjects; {self.counted} are counted, each in exactly one situation."
        )

    def as_json(self) -> dict[str, Any]:
        """Return the balance as JSON. Raises `UnbalancedError` where it does not balance."""
        return {
            "assignments": self.assignments,
            "accounts": self.accounts,
            "linkedAccounts": self.linked,
            "subjects": self.subjects,
            "counted": self.counted,
            "line": self.line(),
        }
