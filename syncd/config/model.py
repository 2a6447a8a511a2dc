"""Every setting: its name, type, default, bounds, and one line of meaning.

The lines of meaning are what `config.example.toml` shows; a test holds the two together.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import fields
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr

from scim.exchange import Limits
from scim.reprovision import Reprovision
from scim.resource import fold
from syncd.config import checks
from syncd.config.audit import AuditSettings
from syncd.config.checks import Disagreement
from syncd.config.evidence import EvidenceSettings
from syncd.config.guarding import GuardSettings, RuleSettings
from syncd.config.notify import NotifySettings
from syncd.config.section import Secret, Section
from syncd.core.alarms import StormRule
from syncd.core.policy import Policy
from syncd.core.situations import DEFAULT_MODES, EFFECTS, Mode, Situation


class DatabaseSettings(Section):
    """[database]: where everything is kept."""

    url: Annotated[Secret, AfterValidator(checks.check_database_url)] = Field(
        SecretStr("sqlite:////var/lib/syncd/syncd.db"),
        description="sqlite:////absolute/path, or postgresql://user@host/name for production.",
    )
    url_file: Path | None = Field(
        None,
        description="A file that holds the URL, where it has a password in it.",
        examples=["/run/secrets/database"],
    )


class LimitSettings(Section):
    """[server.limits]: what one SCIM request may cost, and how many there may be."""

    body_bytes: int = Field(1_048_576, ge=1024, le=67_108_864, description="Size of a request body.")
    body_depth: int = Field(16, ge=8, le=64, description="How deep the JSON of a body may be nested.")
    filter_bytes: int = Field(4096, ge=256, le=65_536, description="Length of a filter.")
    filter_depth: int = Field(32, ge=4, le=64, description="How deep a filter may be nested.")
    filter_terms: int = Field(50, ge=4, le=500, description="Comparisons in one filter.")
    page_default: int = Field(100, ge=1, le=10_000, description="Resources on a page when the client names no count.")
    page_maximum: int = Field(
        1000, ge=1, le=10_000, description="Resources on a page, whatever count the client names."
    )
    patch_operations: int = Field(1000, ge=10, le=100_000, description="Operations in one PATCH.")
    bulk_operations: int = Field(1000, ge=1, le=100_000, description="Operations in one bulk request.")
    members_in_answer: int = Field(
        100, ge=0, le=1_000_000, description="Members up to which a PATCH of a group answers with the group."
    )
    max_scan_rows: int = Field(
        100_000, ge=0, le=100_000_000, description="Resources that a filter or an order without an index may look at."
    )

    requests_per_second: float = Field(
        200.0, ge=0, le=100_000, description="Requests of one token, all processes together; 0 takes any number."
    )
    burst: int = Field(1000, ge=1, le=1_000_000, description="Requests of one token at once, before that counts.")
    failures_per_minute: int = Field(
        10, ge=0, le=10_000, description="Wrong tokens from one address, before it has to wait; 0 never lets it wait."
    )

    def as_limits(self) -> Limits:
        """Return what one request may cost, as the SCIM library takes it."""
        known = {field.name for field in fields(Limits)}
        return Limits(**self.model_dump(include=known))


def _default_public_url(server: dict[str, Any]) -> str:
    scheme = "https" if server.get("tls_certificate") else "http"
    host = server.get("host", "127.0.0.1")
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{server.get('port', 8080)}"


class ServerSettings(Section):
    """[server]: the SCIM endpoint."""

    host: str = Field(
        "127.0.0.1", min_length=1, description="Address to listen on; a started socket unit outweighs it."
    )
    port: int = Field(8080, ge=0, le=65_535, description="Port to listen on; 0 takes a free one.")
    behind_proxy: bool = Field(
        False, description="Allow an address that others reach without TLS here, because a proxy before it ends TLS."
    )
    tls_certificate: Path | None = Field(
        None, description="PEM file with the certificate and its chain.", examples=["/etc/syncd/tls.crt"]
    )
    tls_key: Path | None = Field(None, description="PEM file with the private key.", examples=["/etc/syncd/tls.key"])
    public_url: Annotated[str, AfterValidator(checks.check_public_url)] = Field(
        default_factory=_default_public_url,
        description="How clients reach this server: /scim/v2 comes after it. By default made of host and port.",
    )
    workers: int = Field(1, ge=1, le=64, description="Processes; as many as there are cores is fastest.")
    threads: int = Field(8, ge=1, le=256, description="Requests that one process works on at a time.")
    queue: int = Field(200, ge=0, le=10_000, description="Requests that wait for a thread; more are told to come back.")
    body_deadline: float = Field(10.0, gt=0, le=300, description="Seconds a client has to send a request body.")
    graceful_timeout: int = Field(25, ge=1, le=300, description="Seconds that requests have to end when syncd stops.")
    event_hook_secret: Annotated[Secret, AfterValidator(checks.check_hook_secret)] | None = Field(
        None,
        description="What Okta's event hook sends in Authorization; set, /okta/events is served.",
        examples=["put-32-random-characters-here..."],
    )
    event_hook_secret_file: Path | None = Field(
        None, description="A file that holds that secret.", examples=["/run/secrets/event-hook"]
    )
    limits: LimitSettings = LimitSettings()

    def disagreements(self) -> Iterator[Disagreement]:
        """Tokens must not travel in the clear between machines."""
        if (self.tls_certificate is None) != (self.tls_key is None):
            yield Disagreement(
                ("tls_certificate", "tls_key"), "go together, and only one is set", "Set both, or neither"
            )
        if not (self.tls_certificate or self.behind_proxy or checks.is_loopback(self.host)):
            yield Disagreement(
                ("host",),
                "would take tokens from other machines without TLS",
                "Set tls_certificate and tls_key, or behind_proxy = true where a proxy ends TLS",
            )
        public = urlsplit(self.public_url)
        if public.scheme != "https" and not checks.is_loopback(public.hostname or ""):
            yield Disagreement(
                ("public_url",),
                "must be https, because tokens travel over it",
                'Write how clients reach the server, such as "https://scim.example.com"',
            )


class ScimSettings(Section):
    """[scim]: the operator's own extensions, as SCIM schema files. Paths begin where this file is."""

    user_schemas: Annotated[tuple[Path, ...], BeforeValidator(checks.split_list)] = Field(
        (), description="Files with extensions of users.", examples=[["badge.schema.json"]]
    )
    group_schemas: Annotated[tuple[Path, ...], BeforeValidator(checks.split_list)] = Field(
        (), description="Files with extensions of groups."
    )


APP_CREDENTIAL: Final = ("client_id", "private_key", "key_id")
"""What an API services app authenticates with: all three."""


class OktaSettings(Section):
    """[okta]: the org that the reconciler reads. One kind of credential: an API token, or an API services app."""

    org_url: Annotated[str, AfterValidator(checks.check_org_url)] | None = Field(
        None, description="Address of the org, without -admin.", examples=["https://example.okta.com"]
    )
    api_token: Secret | None = Field(
        None, description="API token of a read-only administrator.", examples=["00aBcD..."]
    )
    api_token_file: Path | None = Field(
        None, description="A file that holds the API token.", examples=["/run/secrets/okta-token"]
    )
    client_id: str | None = Field(
        None, min_length=1, description="Client id of an API services app.", examples=["0oa1b2c3d4E5F6G7H8i9"]
    )
    private_key: Secret | None = Field(
        None, description="The app's private key, PEM or JWK.", examples=["-----BEGIN PRIVATE KEY-----..."]
    )
    private_key_file: Path | None = Field(
        None, description="A file that holds the private key.", examples=["/run/secrets/okta-key.pem"]
    )
    key_id: str | None = Field(None, min_length=1, description="Id of that key in Okta (kid).", examples=["k1"])
    dpop: bool = Field(False, description="Whether the app demands proof of possession (DPoP).")
    request_timeout: float = Field(30.0, gt=0, le=600, description="Seconds that Okta has to answer a request.")
    max_wait: float = Field(300.0, ge=0, le=3600, description="Seconds to wait in all for Okta's rate limit.")
    poll_seconds: float = Field(
        60.0,
        ge=0,
        le=3600,
        description="Seconds between two looks of the worker into Okta's System Log; 0 never looks.",
    )
    log_retention_days: float = Field(
        90.0,
        gt=0,
        le=3650,
        description="Days that Okta keeps its System Log: after a longer gap everybody is looked at.",
    )

    def disagreements(self) -> Iterator[Disagreement]:
        """One kind of credential. None, or half of one, is right here: only the reconciler is given the secrets."""
        given = tuple(name for name in APP_CREDENTIAL if getattr(self, name) is not None)
        if self.api_token is not None and given:
            instead = f"Keep api_token, or {', '.join(APP_CREDENTIAL[:-1])} and {APP_CREDENTIAL[-1]}"
            yield Disagreement(("api_token", *given), "are two kinds of credential", instead)


class LogSettings(Section):
    """[log]: what syncd says about itself, on standard error."""

    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="How much: debug, info, warning or error."
    )
    format: Literal["auto", "plain", "json"] = Field(
        "auto", description="plain for people, json for machines; auto is plain on a terminal and json elsewhere."
    )


class AppSettings(Section):
    """[apps.NAME]: one application in Okta, and what the reconciler may do to its accounts."""

    okta_app_id: Annotated[str, AfterValidator(checks.check_okta_id)] = Field(
        description="Id of the application in Okta.", examples=["0oa1b2c3d4E5F6G7H8i9"]
    )
    expected_label: str | None = Field(
        None, min_length=1, description="Its name in Okta: a run stops when Okta tells another one.", examples=["CRM"]
    )
    profile: Literal["strict", "rfc", "okta", "entra", "onelogin", "jumpcloud"] = Field(
        "okta",
        description="What its client is forgiven beyond the standard: strict, rfc, okta, entra, onelogin or jumpcloud.",
    )
    reprovision: Reprovision = Field(
        Reprovision.CONFLICT,
        description="What a creation takes up: conflict (nothing), reactivate (closed accounts), adopt (deleted too).",
    )
    schedule: Annotated[str, AfterValidator(checks.check_schedule)] = Field(
        "17 2 * * *", description="When the worker reconciles, as a cron expression in UTC."
    )
    apply: bool = Field(False, description="Whether the nightly run repairs; otherwise it only reports.")
    protected: Annotated[tuple[str, ...], BeforeValidator(checks.split_list)] = Field(
        (),
        description="Accounts never to touch: user names, SCIM ids or Okta user ids.",
        examples=[["admin@example.com"]],
    )
    max_deactivations: int = Field(20, ge=0, description="Deactivations in one run above which nothing is done.")
    max_percent: float = Field(5.0, ge=0, le=100, description="The same, in percent of the active managed accounts.")
    small_population: int = Field(100, ge=0, description="Accounts below which only the count decides.")
    min_listing_percent: float = Field(
        80.0, ge=0, le=100, description="A listing smaller than this, in percent of the last one, is not believed."
    )
    absence_grace_hours: float = Field(
        24.0, ge=0, description="Hours that a person must be missing before it counts as gone."
    )
    lookup_limit: int = Field(
        200, ge=0, description="Single questions to Okta in one run; what is not asked stays unknown."
    )
    freshness_hours: float = Field(
        26.0,
        ge=0,
        description="Hours without a complete listing from Okta after which somebody is told; 0 never tells.",
    )
    report_days: int = Field(
        400, ge=0, le=36_500, description="Days that the drift report of a run is kept; 0 keeps none."
    )
    revocation_sla_minutes: int = Field(
        2880,
        ge=0,
        description="Minutes that an account may stay open after its assignment ended before somebody is told; 0: any.",
    )
    storm_deactivations: int = Field(
        20, ge=0, description="Accounts that pushes may close within storm_minutes before somebody is told; 0: any."
    )
    storm_minutes: int = Field(10, ge=1, le=1440, description="Minutes in which they are counted.")
    storm_action: Literal["honour", "hold"] = Field(
        "honour", description="What becomes of more: honour them, or hold them (429) until somebody releases them."
    )
    groups: bool = Field(
        False,
        description="Whether pushed groups and their members are looked at: needs the scope okta.groups.read.",
    )
    guard: GuardSettings = GuardSettings()
    modes: dict[Situation, Mode] = Field(
        default_factory=dict, description="What to do in a situation: off, report, propose or auto."
    )
    rules: dict[Situation, RuleSettings] = Field(
        default_factory=dict,
        description="What else holds in one situation: confirm, grace_hours, max_count, max_percent.",
    )

    def disagreements(self) -> Iterator[Disagreement]:
        """Only a situation that has a safe effect can be repaired."""
        for situation, mode in self.modes.items():
            if mode in {Mode.AUTO, Mode.PROPOSE} and situation not in EFFECTS:
                what = f"cannot be {mode}: there is nothing safe to do about it"
                yield Disagreement((f"modes.{situation}",), what, 'Write "report" or "off"')

    def policy(self) -> Policy:
        """Return what the reconciler may do, as the core takes it."""
        return Policy(
            modes={**DEFAULT_MODES, **self.modes},
            rules={situation: rule.rule() for situation, rule in self.rules.items()},
            protected=frozenset(self.protected) | frozenset(map(fold, self.protected)),
            max_deactivations=self.max_deactivations,
            max_percent=self.max_percent,
            small_population=self.small_population,
            absence_grace=timedelta(hours=self.absence_grace_hours),
            lookup_limit=self.lookup_limit,
            min_listing_percent=self.min_listing_percent,
            groups=self.groups,
            **self.guard.as_policy(),
        )

    def storm_rule(self) -> StormRule:
        """Return how many pushed deactivations are a storm, as the core takes it."""
        return StormRule(self.storm_deactivations, timedelta(minutes=self.storm_minutes), self.storm_action == "hold")


class Settings(Section):
    """Everything that can be set."""

    database: DatabaseSettings = DatabaseSettings()
    server: ServerSettings = Field(default_factory=ServerSettings)
    scim: ScimSettings = ScimSettings()
    okta: OktaSettings = OktaSettings()
    log: LogSettings = LogSettings()
    audit: AuditSettings = AuditSettings()
    notify: NotifySettings = NotifySettings()
    evidence: EvidenceSettings = EvidenceSettings()
    apps: dict[Annotated[str, AfterValidator(checks.check_app_name)], AppSettings] = Field(default_factory=dict)

    def disagreements(self) -> Iterator[Disagreement]:
        """Two applications here for one in Okta would deactivate each other's people."""
        for okta_app_id, count in Counter(app.okta_app_id for app in self.apps.values()).items():
            if count > 1:
                keys = tuple(
                    f"apps.{name}.okta_app_id" for name, app in self.apps.items() if app.okta_app_id == okta_app_id
                )
                yield Disagreement(keys, "are the same", "Keep one of these applications")

    def secrets(self) -> tuple[str, ...]:
        """Return every secret value, for the redaction of logs; a password in the database URL on its own too."""
        url = self.database.url.get_secret_value()
        others = (
            self.okta.api_token,
            self.okta.private_key,
            self.server.event_hook_secret,
            self.audit.signing_key,
        )
        given = (secret.get_secret_value() for secret in others if secret)
        return tuple(filter(None, [urlsplit(url).password, *given, *self.notify.secret_values()]))
