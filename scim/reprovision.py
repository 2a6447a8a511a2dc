"""What becomes of a creation that names an account which is here already, or was here once."""

from collections.abc import Mapping
from enum import StrEnum
from typing import Any


class Reprovision(StrEnum):
    """How far a creation of a user may take up an account of the same userName."""

    CONFLICT = "conflict"
    REACTIVATE = "reactivate"
    ADOPT = "adopt"


def may_take_up(policy: Reprovision, there: Mapping[str, Any], given: Mapping[str, Any]) -> bool:
    """Return whether a creation takes up the account that has its userName. Both are documents.

    A closed account is taken up, unless externalIds say that it was another person's. An open one is only where they
    say that it is the same person's, and the policy is to adopt: that is a request which was repeated.
    """
    theirs, ours = given.get("externalId"), there.get("externalId")
    if there.get("active") is True:
        return policy is Reprovision.ADOPT and theirs is not None and theirs == ours
    return policy is not Reprovision.CONFLICT and (None in (theirs, ours) or theirs == ours)
