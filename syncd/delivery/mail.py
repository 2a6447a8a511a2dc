"""Mail by SMTP, with TLS: by STARTTLS (RFC 3207) or from the first byte (RFC 8314)."""

import smtplib
import ssl
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from email.utils import format_datetime
from typing import Final, Literal

import structlog

from syncd.core.messages import Message, one_line
from syncd.notifying import NotDeliveredError

_SUBJECT: Final = 200

_log = structlog.get_logger("syncd.delivery")

_REMEDIES: Final = (
    (smtplib.SMTPAuthenticationError, "See whether smtp_username and smtp_password are right"),
    (smtplib.SMTPNotSupportedError, "The server offers no STARTTLS or no login: see smtp_tls and smtp_port"),
    (smtplib.SMTPRecipientsRefused, "The server takes no mail for them: see smtp_to"),
    (smtplib.SMTPSenderRefused, "The server takes no mail from it: see smtp_from"),
    (ssl.SSLError, "The server's certificate, or smtp_tls, does not fit: see smtp_host, smtp_port and smtp_tls"),
    (Exception, "See whether smtp_host and smtp_port are right and reachable from here"),
)


@dataclass(frozen=True, slots=True)
class MailServer:
    """Where mail goes, and how. `password` is None where the server asks for none; `seconds` is for each step."""

    host: str
    port: int
    tls: Literal["starttls", "implicit", "none"] = "starttls"
    username: str | None = None
    password: str | None = None
    seconds: float = 10.0


class Mail:
    """Sends messages by mail; see `syncd.notifying.Notifier`. One message names all of its receivers."""

    channel: Final = "smtp"

    def __init__(
        self, server: MailServer, sender: str, receivers: tuple[str, ...], *, trust: ssl.SSLContext | None = None
    ) -> None:
        """Take addresses without display names. `trust` says whose certificates are taken, as in `Webhook`."""
        self._server, self._sender, self._receivers = server, sender, receivers
        self._trust = trust or ssl.create_default_context()

    def send(self, message: Message) -> None:
        """Hand the message to the server. Raises `NotDeliveredError` unless it took it for one of the receivers.

        Where it refuses others of them, that is logged: those who have the mail should not get it again and again.
        """
        mail = compose(message, self._sender, self._receivers)
        try:
            refused = self._hand_over(mail)
        except (smtplib.SMTPException, OSError, ValueError) as error:
            # Servers repeat addresses and what they were sent: of their words, only the number is told.
            raise NotDeliveredError(self.channel, _what(error), remedy=_remedy(error)) from None
        if refused:
            _log.warning("mail refused", receivers=len(refused), codes=sorted({code for code, _ in refused.values()}))

    def _hand_over(self, mail: EmailMessage) -> dict[str, tuple[int, bytes]]:
        server = self._server
        connection = self._connected()
        try:
            if server.tls == "starttls":
                connection.starttls(context=self._trust)
            if server.username is not None:
                connection.login(server.username, server.password or "")
            refused = connection.send_message(mail)
            with suppress(smtplib.SMTPException, OSError):  # it has the mail, however it says goodbye
                connection.quit()
            return refused
        finally:
            connection.close()

    def _connected(self) -> smtplib.SMTP:
        server = self._server
        if server.tls == "implicit":
            return smtplib.SMTP_SSL(server.host, server.port, timeout=server.seconds, context=self._trust)
        return smtplib.SMTP(server.host, server.port, timeout=server.seconds)


def compose(message: Message, sender: str, receivers: tuple[str, ...]) -> EmailMessage:
    """Return the message as mail: plain text, with an id of its own that a repeat has too."""
    mail = EmailMessage()
    mail["Subject"] = one_line(message.title)[:_SUBJECT]
    mail["From"] = sender
    mail["To"] = ", ".join(receivers)
    mail["Date"] = format_datetime(message.made)
    mail["Message-ID"] = f"<{message.id}@{sender.rpartition('@')[2]}>"
    mail["Auto-Submitted"] = "auto-generated"  # RFC 3834: no out-of-office answers
    mail.set_content("\n\n".join((message.title, *message.paragraphs(), f"({message.id})")) + "\n")
    return mail


def _what(error: Exception) -> str:
    code = getattr(error, "smtp_code", None)
    return f"not taken ({type(error).__name__}{f' {code}' if isinstance(code, int) else ''})"


def _remedy(error: Exception) -> str:
    return next(remedy for kind, remedy in _REMEDIES if isinstance(error, kind))
