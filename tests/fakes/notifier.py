"""A way to tell people in memory, for tests of what happens around it. Passes `NotifierContract`."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from syncd.core.messages import Message
from syncd.notifying import NotDeliveredError


def _nothing(_: Message) -> None:
    """Let the world stand still."""


@dataclass
class FakeNotifier:
    """Keeps what it is sent. With `trouble` it takes nothing; `before_send` is where a test moves the world."""

    channel: str = "fake"
    messages: list[Message] = field(default_factory=list)
    trouble: str | None = None
    asked: timedelta | None = None
    before_send: Callable[[Message], None] = _nothing

    def send(self, message: Message) -> None:
        """Take the message. Raises `NotDeliveredError` when told to."""
        self.before_send(message)
        if self.trouble:
            raise NotDeliveredError(self.channel, self.trouble, remedy="Mend the test's world", asked=self.asked)
        self.messages.append(message)

    @property
    def titles(self) -> list[str]:
        """Return what was sent, in one line each."""
        return [message.title for message in self.messages]
