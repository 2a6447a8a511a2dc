"""The lifecycle of a user, as one table (Okta Management API, user lifecycle operations)."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from typing import Final

from syncd.simulator.errors import OktaError, not_in_this_status
from syncd.simulator.records import UserStatus

_S = UserStatus


class Action(StrEnum):
    """Lifecycle operations, by their name in the path; `lock` is what failed sign-ins do and has no path."""

    ACTIVATE = "activate"
    REACTIVATE = "reactivate"
    DEACTIVATE = "deactivate"
    SUSPEND = "suspend"
    UNSUSPEND = "unsuspend"
    UNLOCK = "unlock"
    EXPIRE_PASSWORD = "expire_password"
    RESET_PASSWORD = "reset_password"
    LOCK = "lock"


LOGGED_AS: Final[Mapping[Action, str]] = {
    Action.ACTIVATE: "user.lifecycle.activate",
    Action.REACTIVATE: "user.lifecycle.reactivate",
    Action.DEACTIVATE: "user.lifecycle.deactivate",
    Action.SUSPEND: "user.lifecycle.suspend",
    Action.UNSUSPEND: "user.lifecycle.unsuspend",
    Action.UNLOCK: "user.account.unlock",
    Action.EXPIRE_PASSWORD: "user.account.expire_password",
    Action.RESET_PASSWORD: "user.account.reset_password",
    Action.LOCK: "user.account.lock",
}
"""The type of event that the System Log has for each operation."""


@dataclass(frozen=True, slots=True)
class Transition:
    """From which statuses an operation may start, and where it ends."""

    sources: frozenset[UserStatus]
    target: UserStatus
    refusal: Callable[[], OktaError] = not_in_this_status


_WITH_PASSWORD: Final = frozenset({_S.ACTIVE, _S.LOCKED_OUT, _S.PASSWORD_EXPIRED, _S.RECOVERY})

TRANSITIONS: Final[Mapping[Action, Transition]] = {
    Action.ACTIVATE: Transition(
        frozenset({_S.STAGED, _S.DEPROVISIONED}),
        _S.ACTIVE,
        partial(OktaError, 403, "E0000016", "Activation failed because the user is already active"),
    ),
    Action.REACTIVATE: Transition(frozenset({_S.PROVISIONED, _S.RECOVERY}), _S.PROVISIONED),
    Action.DEACTIVATE: Transition(frozenset(_S) - {_S.DEPROVISIONED}, _S.DEPROVISIONED),
    Action.SUSPEND: Transition(
        frozenset({_S.ACTIVE}),
        _S.SUSPENDED,
        partial(
            OktaError, 400, "E0000001", "Api validation failed: suspendUser", "Cannot suspend a user that is not active"
        ),
    ),
    Action.UNSUSPEND: Transition(
        frozenset({_S.SUSPENDED}),
        _S.ACTIVE,
        partial(
            OktaError,
            400,
            "E0000001",
            "Api validation failed: unsuspendUser",
            "Cannot unsuspend a user that is not suspended",
        ),
    ),
    Action.UNLOCK: Transition(
        frozenset({_S.LOCKED_OUT}),
        _S.ACTIVE,
        partial(OktaError, 403, "E0000032", "Unlock is not allowed for this user."),
    ),
    Action.EXPIRE_PASSWORD: Transition(_WITH_PASSWORD, _S.PASSWORD_EXPIRED),
    Action.RESET_PASSWORD: Transition(_WITH_PASSWORD, _S.RECOVERY),
    Action.LOCK: Transition(_WITH_PASSWORD, _S.LOCKED_OUT),
}


def next_status(action: Action, status: UserStatus, *, has_password: bool) -> UserStatus:
    """Return the status that the operation leads to. Raises `OktaError` where the status does not allow it.

    Somebody without a password is PROVISIONED after activation: the welcome mail has not been followed yet.
    """
    transition = TRANSITIONS[action]
    if status not in transition.sources:
        raise transition.refusal()
    if action is Action.ACTIVATE and not has_password:
        return UserStatus.PROVISIONED
    return transition.target
