"""What telling people needs from outside, as protocols that say how it behaves.

Adapters implement these; `tests/contracts` hold the rules as tests that every implementation passes.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from syncd.core.messages import Message
from syncd.core.notices import Notice, Standing


class NotDeliveredError(Exception):
    """A message did not get through, or it is not known whether it did: it has to be sent again.

    `channel` is the way it was to go, `what` says what happened, `remedy` what an operator does about it; none of them
    holds an address or a secret. `asked` is how long the receiver asked us to wait, if it did.
    """

    def __init__(self, channel: str, what: str, *, remedy: str, asked: timedelta | None = None) -> None:
        super().__init__(f"{channel}: {what}. {remedy}")
        self.channel, self.what, self.remedy, self.asked = channel, what, remedy, asked


class Notifier(Protocol):
    """A way to tell people something."""

    @property
    def channel(self) -> str:
        """The name of the way, such as "webhook": the same from one start of the program to the next."""

    def send(self, message: Message) -> None:
        """Send the message, and return when the receiver has taken it. Takes less than a minute, whatever happens.

        A message that was sent before carries the same id. Raises `NotDeliveredError`, and nothing else.
        """


@dataclass(frozen=True, slots=True)
class Delivery:
    """One message that is to go one way. `attempts` counts the one that is being made now."""

    key: int
    channel: str
    message: Message
    attempts: int


@dataclass(frozen=True, slots=True)
class InboundDeactivation:
    """An account that a push closed or, with `deleted`, deleted. `version` is that of the account afterwards."""

    at: datetime
    subject_id: str
    version: int
    deleted: bool


@dataclass(frozen=True, slots=True)
class PushHold:
    """Whether pushes that close accounts are refused: since when, None when they are not, and until when they may."""

    since: datetime | None = None
    released_until: datetime | None = None


class Notices(Protocol):
    """The reasons of one application and the messages about them, in one unit of work; its time is `moment`."""

    def raise_notice(self, notice: Notice) -> None:
        """Keep that the reason stands, with its youngest notice. One that had ended begins anew, untold."""

    def end(self, reason: str) -> bool:
        """Write that the reason is over. Returns False when none of that name stands."""

    def standing(self) -> tuple[Standing, ...]:
        """Return the reasons that stand, and those that ended and were never told, oldest first."""

    def latest(self, limit: int = 50) -> tuple[Standing, ...]:
        """Return the reasons that were seen last, ended ones included, youngest first."""

    def last_digest(self) -> datetime | None:
        """Return when the application's last digest was written, or None."""

    def mark_told(self, told: Iterable[Standing], *, digest: bool) -> tuple[Standing, ...]:
        """Write that these are told from now on. Returns those of them that nobody else has told meanwhile."""

    def queue(self, message: Message, channels: Collection[str]) -> None:
        """Let the message go each of these ways, at once."""

    def claim(self, limit: int, lasting: timedelta) -> tuple[Delivery, ...]:
        """Return messages whose time has come, oldest first. Nobody else gets them for as long as `lasting`."""

    def delivered(self, delivery: Delivery) -> None:
        """Write that the message got there."""

    def failed(self, delivery: Delivery, again: datetime | None, why: str) -> None:
        """Write that it did not, and when it is tried again: None gives it up."""

    def waiting(self) -> int:
        """Return how many messages are still to be delivered."""

    def known_since(self) -> datetime:
        """Return when the application became known."""

    def taken(self) -> int:
        """Return how many accounts this unit of work has closed for a push."""

    def push_hold(self) -> PushHold:
        """Return whether pushes that close accounts are refused."""

    def hold_pushes(self) -> bool:
        """Refuse them from now on. Returns False when they were refused already."""

    def release_pushes(self, until: datetime) -> None:
        """Refuse them no longer, however many they are until that moment."""

    def count_inbound(self, since: datetime) -> int:
        """Return how many accounts pushes have closed since that moment."""

    def inbound(self, since: datetime, limit: int) -> tuple[InboundDeactivation, ...]:
        """Return the accounts that pushes have closed since that moment, oldest first."""

    def tidy(self, before: datetime) -> None:
        """Forget messages that were delivered or given up, and pushes that closed accounts, before that moment."""
