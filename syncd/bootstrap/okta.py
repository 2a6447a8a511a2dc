"""The Okta side of a run: settings -> source -> desk."""

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from syncd.bootstrap.stores import open_store
from syncd.bootstrap.system import SystemClock, random_sample
from syncd.bootstrap.windows import closed_now
from syncd.config import OktaSettings, Settings, require_okta
from syncd.core.okta_events import EVENT_TYPES, PROFILE, PROFILE_TYPES
from syncd.core.situations import Situation
from syncd.okta_source.client import Patience
from syncd.okta_source.event_log import OktaEventLog, open_event_log
from syncd.okta_source.settings import GROUP_SCOPES, SCOPES
from syncd.okta_source.settings import OktaSettings as SourceSettings
from syncd.okta_source.source import OktaSource, open_source
from syncd.ports import Announce
from syncd.workflows.desk import Desk


@dataclass(frozen=True, slots=True)
class Wishes:
    """What an operator wants of one run; see `workflows.desk.Desk`."""

    accepted_rows: int | None = None
    only: frozenset[Situation] | None = None
    despite: str | None = None


NO_WISHES: Final = Wishes()


@contextmanager
def run_desk(
    settings: Settings, app: str, announce: Announce, wishes: Wishes = NO_WISHES, *, actor: str = "reconciler"
) -> Iterator[Desk]:
    """Open what a run of one application needs, and give all of it back afterwards.

    Raises `ConfigurationError` when the settings do not suffice to read Okta, and `SchemaBehindError` when the database
    needs an upgrade.
    """
    okta = require_okta(settings)
    with (
        open_store(settings) as store,
        closing(open_okta(settings, okta, app, announce)) as source,
        closing(open_log(settings, app, announce)) as log,
    ):
        yield Desk(
            app=app,
            policy=settings.apps[app].policy(),
            source=source,
            database=store,
            announce=announce,
            actor=actor,
            accepted_rows=wishes.accepted_rows,
            only=wishes.only,
            closed=lambda: None if wishes.despite else closed_now(settings.apps[app], SystemClock().now()),
            despite=wishes.despite,
            sample=random_sample,
            log=log,
            revocation_sla=timedelta(minutes=settings.apps[app].revocation_sla_minutes),
            freshness=timedelta(hours=settings.apps[app].freshness_hours),
            reports_last=timedelta(days=settings.apps[app].report_days),
        )


def open_okta(settings: Settings, okta: OktaSettings, app: str, announce: Announce) -> OktaSource:
    """Return the source of one application's assignments; nothing is asked yet."""
    return open_source(_source_settings(settings, okta, app), announce=announce, clock=SystemClock())


def open_log(settings: Settings, app: str, announce: Announce, patience: Patience | None = None) -> OktaEventLog:
    """Return the System Log as far as it concerns one application; nothing is asked yet.

    Raises `ConfigurationError` when the settings do not suffice to read Okta.
    """
    return open_event_log(_source_settings(settings, require_okta(settings), app), announce=announce, patience=patience)


def open_whole_log(settings: Settings, app: str, announce: Announce) -> OktaEventLog:
    """Return the System Log with what evidence asks for beside: changes of profiles. Raises as `open_log` does."""
    types = {**EVENT_TYPES, PROFILE: PROFILE_TYPES}
    return open_event_log(_source_settings(settings, require_okta(settings), app), announce=announce, types=types)


def _source_settings(settings: Settings, okta: OktaSettings, app: str) -> SourceSettings:
    chosen = settings.apps[app]
    return SourceSettings(
        org_url=okta.org_url or "",
        okta_app_id=chosen.okta_app_id,
        api_token=okta.api_token.get_secret_value() if okta.api_token else None,
        client_id=okta.client_id,
        private_key=okta.private_key.get_secret_value() if okta.private_key else None,
        key_id=okta.key_id,
        scopes=GROUP_SCOPES if chosen.groups else SCOPES,
        dpop=okta.dpop,
        request_timeout=okta.request_timeout,
        max_wait_total=okta.max_wait,
        expected_label=chosen.expected_label,
    )
