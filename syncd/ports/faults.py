"""What can go wrong with what the workflows need, each with what an operator does about it."""

from enum import StrEnum


class SourceFault(StrEnum):
    """Why nothing can be said about the source."""

    UNREACHABLE = "unreachable"
    CREDENTIAL = "credential"
    PERMISSION = "permission"
    APP = "app"
    RATE_LIMIT = "rate-limit"
    LISTING = "listing"


class SourceUnhealthyError(Exception):
    """The source could not be read completely, so nothing may be concluded from it (situation D29, exit code 3).

    `where` names the request, never with a secret; `remedy` is the next thing an operator does.
    """

    def __init__(self, fault: SourceFault, what: str, *, where: str, remedy: str) -> None:
        super().__init__(f"{what} ({where}). {remedy}")
        self.fault, self.what, self.where, self.remedy = fault, what, where, remedy


class CursorLostError(Exception):
    """Okta does not accept the cursor: what it stood before may not be told any more, so a full run is needed."""

    def __init__(self, what: str, *, where: str) -> None:
        super().__init__(f"{what} ({where})")
        self.what, self.where = what, where


class LeaseHeldError(Exception):
    """Another run holds the application's lease (exit code 6)."""


class LeaseLostError(Exception):
    """The lease was taken over by a later run: this one may change nothing more."""


class SnapshotRefusedError(Exception):
    """The staged rows contradict one another, so the snapshot cannot be sealed."""
