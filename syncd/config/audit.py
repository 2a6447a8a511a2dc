"""The audit log: its name, the key that signs it, and where its heads go."""

from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from syncd.config import checks
from syncd.config.checks import Disagreement
from syncd.config.section import Secret, Section


class AuditSettings(Section):
    """[audit]: the log of what happened, that nobody can change unseen."""

    origin: Annotated[str, AfterValidator(checks.check_origin)] = Field(
        "localhost/syncd", description="Name of the log, for good: a host of yours and a path, without a scheme."
    )
    signing_key: Annotated[Secret, AfterValidator(checks.check_signing_key)] | None = Field(
        None,
        description="Private key that signs it, made by syncd audit init-key. Only the worker needs it.",
        examples=["PRIVATE+KEY+scim.example.com/syncd+1a2b3c4d+AbC..."],
    )
    signing_key_file: Path | None = Field(
        None, description="A file that holds that key.", examples=["/etc/syncd/audit.key"]
    )
    public_key: Annotated[str, AfterValidator(checks.check_public_key)] | None = Field(
        None,
        description="Public key that belongs to it, for those who verify and must not sign.",
        examples=["scim.example.com/syncd+1a2b3c4d+AbC..."],
    )
    heads_folder: Path | None = Field(
        None,
        description="Folder for what is signed, on a file system that this machine's administrator cannot rewrite.",
        examples=["/mnt/audit-heads"],
    )

    heads_url: Annotated[str, AfterValidator(checks.check_post_url)] | None = Field(
        None, description="Where each head is posted, as signed JSON.", examples=["https://heads.example.com/syncd"]
    )
    heads_secret: Annotated[Secret, AfterValidator(checks.check_webhook_secret)] | None = Field(
        None,
        description="What it is signed with: at least 24 characters, or whsec_ and base64.",
        examples=["whsec_YW4gZXhhbXBsZSwgbmV2ZXIgYSBzZWNyZXQ="],
    )
    heads_secret_file: Path | None = Field(
        None, description="A file that holds that secret.", examples=["/run/secrets/audit-heads"]
    )
    witnesses: Annotated[
        tuple[Annotated[str, AfterValidator(checks.check_witness)], ...], BeforeValidator(checks.split_list)
    ] = Field(
        (),
        description="Witnesses that cosign heads, each as its address, a blank, and its public key.",
        examples=[["https://witness.example.com example.com/w1+1a2b3c4d+BAbC..."]],
    )

    def disagreements(self) -> Iterator[Disagreement]:
        """Find a key that goes by another name than the log."""
        name = self.public_key.partition("+")[0] if self.public_key else self.origin
        if name != self.origin:
            what = f"are two names: the key is that of {name}"
            yield Disagreement(("origin", "public_key"), what, f'Write origin = "{name}", or the key of this log')
