"""The ways on which people are told what needs them."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field

from syncd.config import checks
from syncd.config.checks import Disagreement
from syncd.config.section import Secret, Section

Address = Annotated[str, AfterValidator(checks.check_mail_address)]


class NotifySettings(Section):
    """[notify]: whom to tell when a run needs somebody. Each way that is set is used."""

    webhook_url: Annotated[str, AfterValidator(checks.check_post_url)] | None = Field(
        None, description="Where signed JSON is posted.", examples=["https://hooks.example.com/syncd"]
    )
    webhook_secret: Annotated[Secret, AfterValidator(checks.check_webhook_secret)] | None = Field(
        None,
        description="What it is signed with: at least 24 characters, or whsec_ and base64.",
        examples=["whsec_YW4gZXhhbXBsZSwgbmV2ZXIgYSBzZWNyZXQ="],
    )
    webhook_secret_file: Path | None = Field(
        None, description="A file that holds that secret.", examples=["/run/secrets/webhook"]
    )
    slack_url: Annotated[Secret, AfterValidator(checks.check_secret_post_url)] | None = Field(
        None,
        description="Incoming webhook of Slack, or of what takes the same; whoever knows it can post.",
        examples=["https://hooks.slack.com/services/T/B/X"],
    )
    slack_url_file: Path | None = Field(
        None, description="A file that holds that address.", examples=["/run/secrets/slack"]
    )
    smtp_host: str | None = Field(
        None, min_length=1, description="Mail server that takes mail from here.", examples=["smtp.example.com"]
    )
    smtp_port: int = Field(587, ge=1, le=65_535, description="Its port: 587 with starttls, 465 with implicit.")
    smtp_tls: Literal["starttls", "implicit", "none"] = Field(
        "starttls", description="How the way there is secured: starttls, implicit, or none for this machine only."
    )
    smtp_from: Address | None = Field(None, description="Who writes the mail.", examples=["syncd@example.com"])
    smtp_to: Annotated[tuple[Address, ...], BeforeValidator(checks.split_list)] = Field(
        (), description="Who gets the mail.", examples=[["identity-team@example.com"]]
    )
    smtp_username: str | None = Field(
        None, min_length=1, description="Name to log in with, where the server asks for one.", examples=["syncd"]
    )
    smtp_password: Secret | None = Field(None, description="Password for that.", examples=["correct horse battery"])
    smtp_password_file: Path | None = Field(
        None, description="A file that holds that password.", examples=["/run/secrets/smtp"]
    )
    digest_hours: float = Field(
        24.0, ge=1, le=168, description="Hours after which what still stands is told again, all in one message."
    )

    def disagreements(self) -> Iterator[Disagreement]:
        """Mail needs both ends, and must not travel in the clear between machines."""
        missing = [name for name in ("smtp_from", "smtp_to") if not getattr(self, name)]
        if self.smtp_host and missing:
            yield Disagreement(("smtp_host", *missing), "go together", "Set smtp_host, smtp_from and smtp_to")
        if self.smtp_host and self.smtp_tls == "none" and not checks.is_loopback(self.smtp_host):
            what = "would send names, and perhaps a password, in the clear"
            yield Disagreement(("smtp_tls",), what, 'Write "starttls" or "implicit"')

    def secret_values(self) -> tuple[str, ...]:
        """Return every secret value; of an address that is one, also the part that libraries tell without the rest."""
        given = (self.webhook_secret, self.slack_url, self.smtp_password)
        values = tuple(secret.get_secret_value() for secret in given if secret)
        paths = (urlsplit(self.slack_url.get_secret_value()).path,) if self.slack_url else ()
        return (*values, *(path for path in paths if path.strip("/")))
