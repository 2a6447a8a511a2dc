"""An incoming webhook of Slack, or of what understands the same JSON (Mattermost, Rocket.Chat, Discord with /slack).

The address is the secret: whoever has it can post. There is no idempotency: a repeat shows as one, by its id.
"""

import ssl
from typing import Any, Final

import orjson

from syncd.core.messages import Message, MessageKind
from syncd.core.notices import Severity
from syncd.delivery.posting import PATIENCE, Patience, Poster

_ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})
"""What Slack takes for markup: without these nothing mentions a channel or is a link."""

_TITLE: Final = 150
_SECTION: Final = 3000
_SECTIONS: Final = 45
"""Slack's limits: characters of a header and of a section, and blocks of a message, of which we need some others."""

_TEXT: Final = 30_000
"""Slack cuts a text off at 40,000 characters."""


class Slack:
    """Posts messages as text and blocks; see `syncd.notifying.Notifier`."""

    channel: Final = "slack"

    def __init__(self, url: str, *, patience: Patience = PATIENCE, trust: ssl.SSLContext | None = None) -> None:
        """Take the address of the incoming webhook. `trust` says whose certificates are taken, as in `Webhook`."""
        self._poster = Poster(self.channel, url, patience, trust)

    def send(self, message: Message) -> None:
        """Post the message. Raises `NotDeliveredError`."""
        self._poster.post(orjson.dumps(payload(message)), {})


def payload(message: Message) -> dict[str, Any]:
    """Return what Slack takes: `text` says all of it for receivers that know no blocks."""
    sections = message.paragraphs()
    text = "\n\n".join((f"*{_escaped(message.title)}*", *map(_escaped, sections), f"({_escaped(message.id)})"))
    return {
        "text": text[:_TEXT],
        "blocks": [
            {"type": "header", "text": _plain(f"{_sign(message)} {message.title}", _TITLE)},
            *({"type": "section", "text": _plain(one, _SECTION)} for one in sections[:_SECTIONS]),
            {"type": "context", "elements": [_plain(message.id, _TITLE)]},
        ],
    }


def _plain(text: str, most: int) -> dict[str, Any]:
    """Return a text in which Slack looks for no markup at all."""
    return {"type": "plain_text", "text": text[:most], "emoji": False}


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)


def _sign(message: Message) -> str:
    if message.kind is MessageKind.TEST:
        return "\N{WHITE HEAVY CHECK MARK}"
    urgent = any(one.notice.severity is Severity.CRITICAL for one in message.reasons)
    return "\N{POLICE CARS REVOLVING LIGHT}" if urgent else "\N{WARNING SIGN}"
