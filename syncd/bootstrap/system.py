"""The real clock and the real source of identifiers: the only places that read either."""

import secrets
import uuid
from collections.abc import Sequence
from datetime import UTC, datetime


class SystemClock:
    """The machine's clock, in UTC; implements `ports.Clock`."""

    def now(self) -> datetime:
        """Return the current time."""
        return datetime.now(UTC)  # noqa: TID251  # the one place that the ban leaves over


def new_id() -> str:
    """Return a random identifier that is never used again: what SCIM ids, runs and snapshots are named by."""
    return str(uuid.uuid4())  # noqa: TID251  # the one place that the ban leaves over


def new_key() -> bytes:
    """Return a random key of 256 bits."""
    return secrets.token_bytes(32)


def random_sample(ids: Sequence[str], most: int) -> Sequence[str]:
    """Return so many of the ids, or all of them, chosen so that nobody can tell which beforehand."""
    return secrets.SystemRandom().sample(ids, min(most, len(ids)))
