"""What every statement of one unit of work needs to know."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sqlalchemy import Connection

from scim.history import Past
from scim.schema import ResourceType
from syncd.core.changes import Cause
from syncd.store.anchors import Walks
from syncd.store.link import Link


@dataclass(slots=True)
class Held:
    """A resource row that this unit of work has locked: nobody else changes it until the unit ends.

    `past` is what its youngest changes replaced, as `scim.history` keeps it. `parks` tells whether somebody waits to
    become a member of it, or, of what was just created, whether it is waited for.
    """

    pk: int
    version: int
    origin: str
    member_count: int | None
    past: Past | None = None
    parks: bool = False


@dataclass(frozen=True, slots=True)
class Scope:
    """One application's rows in one transaction.

    `app` is the application's row number. `cause` is None where nothing may be written. `moment` is the time of
    everything that is written, taken once. `types` are the resource types by name, extensions included. `held` has
    the locked rows by resource type and id, `taken` the ids of the accounts that were closed for a push. `indexed`
    returns the URNs of the extensions whose marked attributes have all their values in the index now. `walks` is
    what this process remembers of lists. `trigrams` returns the columns with an index of their pieces.
    """

    link: Link
    dialect: str
    app: int
    app_name: str
    cause: Cause | None
    moment: int
    new_id: Callable[[], str]
    types: Mapping[str, ResourceType]
    held: dict[tuple[str, str], Held] = field(default_factory=dict)
    taken: list[str] = field(default_factory=list)
    indexed: Callable[[], frozenset[str]] = frozenset
    walks: Walks = field(default_factory=Walks)
    trigrams: Callable[[], frozenset[str]] = frozenset

    @property
    def connection(self) -> Connection:
        """The connection for statements that are made as they are needed."""
        return self.link.core

    def refuse_reading(self) -> Cause:
        """Return who writes. Raises RuntimeError in a unit of work that was opened for reading."""
        if self.cause is None:
            raise RuntimeError("This unit of work was opened for reading: open a transaction to write.")
        return self.cause
