"""What runs for long: the SCIM endpoint and the worker."""

import atexit
import signal
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Final

import structlog

from scim.core_schemas import RESOURCE_TYPES
from scim.errors import Unavailable
from scim.exchange import ScimRequest, ScimResponse
from scim.provider import Provider
from scim.schema import ResourceType
from scim.tolerance import PROFILES
from syncd.bootstrap.auditing import sealing
from syncd.bootstrap.following import log_watch
from syncd.bootstrap.freshness import Freshness
from syncd.bootstrap.head_courier import carrying
from syncd.bootstrap.leniencies import LeniencyCounter
from syncd.bootstrap.notifications import minding
from syncd.bootstrap.okta import run_desk
from syncd.bootstrap.ringing import BELL, Ringer
from syncd.bootstrap.stores import check_schema, database_url, open_store
from syncd.bootstrap.system import SystemClock, new_id, new_key
from syncd.config import ServerSettings, Settings, listening_at, require_okta, resource_types
from syncd.core.alarms import StormRule
from syncd.core.changes import Cause
from syncd.ports import Announce, Database
from syncd.scheduler import NightlyJob, run_scheduler
from syncd.store import SchemaBehindError, SqlDatabase, check, check_extensions, open_database, reads_in_process
from syncd.web.app import Edge, add_freshness, create_app
from syncd.web.cursor_seal import CursorSealer
from syncd.web.event_hook import EventHook, add_event_hook, is_call
from syncd.web.front import Bounds, Front, no_request
from syncd.web.gate import DEFAULT_GATE_LIMITS, GateLimits
from syncd.web.options import ServerOptions, TlsFiles
from syncd.web.server import serve as serve_app
from syncd.workflows.accept_push import accept_push
from syncd.workflows.follow_events import FULL_RUNS
from syncd.workflows.hold_storm import HoldingDatabase
from syncd.workflows.reconcile import reconcile

_log = structlog.get_logger("syncd")

NO_PROVIDERS: Final[Mapping[str, Provider]] = {}
DOCUMENTATION = "https://developer.okta.com/docs/concepts/scim/"


@dataclass(frozen=True, slots=True)
class Extras:
    """What an endpoint does beside SCIM.

    It answers Okta's event hook, with that secret, holds storms of pushes, and tells whether each of these applications
    has had a complete listing within so long.
    """

    hook_secret: str | None = None
    holding: Mapping[str, StormRule] = field(default_factory=dict)
    fresh_within: Mapping[str, timedelta] = field(default_factory=dict)


NO_EXTRAS: Final = Extras()


def serve(settings: Settings, announce: Announce, *, host: str | None = None, port: int | None = None) -> int:
    """Serve the SCIM endpoint until told to stop, and return the exit code.

    Raises `SchemaBehindError` when the database needs an upgrade, `ServeError` when the address cannot be used.
    """
    settings = listening_at(settings, host, port)
    check_schema(settings)
    with open_store(settings):  # makes the configured applications known before the first worker asks for them
        pass
    server = settings.server
    base_url, limits = f"{server.public_url}/scim/v2", server.limits.as_limits()
    provider = Provider(base_url, limits, DOCUMENTATION, resource_types(settings))
    secret = server.event_hook_secret.get_secret_value() if server.event_hook_secret else None
    fresh_within = {name: timedelta(hours=app.freshness_hours) for name, app in settings.apps.items()}
    of_app, extras = providers(settings, provider), Extras(secret, storms_to_hold(settings), fresh_within)
    build = partial(build_front, database_url(settings), provider, gate_limits(server), of_app, extras=extras)
    return serve_app(build, server_options(server), lambda address: announce(f"listening at {address}"))


def providers(settings: Settings, provider: Provider) -> Mapping[str, Provider]:
    """Return what each configured application's clients meet: the provider, with their profile."""
    return {
        name: replace(provider, profile=PROFILES[app.profile], reprovision=app.reprovision)
        for name, app in settings.apps.items()
    }


def storms_to_hold(settings: Settings) -> Mapping[str, StormRule]:
    """Return the applications of which a storm of pushed deactivations is held, with what is one."""
    rules = {name: app.storm_rule() for name, app in settings.apps.items()}
    return {name: rule for name, rule in rules.items() if rule.hold}


def build_front(
    url: str,
    provider: Provider,
    limits: GateLimits,
    of_app: Mapping[str, Provider],
    bounds: Bounds,
    extras: Extras = NO_EXTRAS,
) -> Front:
    """Return what one worker process serves; see `build_app`."""
    app = build_app(url, provider, limits, of_app, extras)
    prompt = app.is_prompt if reads_in_process(url) else no_request
    return Front(app.wsgi_app, bounds, lambda environ: is_call(environ) or prompt(environ))


def build_app(
    url: str,
    provider: Provider,
    limits: GateLimits = DEFAULT_GATE_LIMITS,
    of_app: Mapping[str, Provider] = NO_PROVIDERS,
    extras: Extras = NO_EXTRAS,
) -> Edge:
    """Return the application of one worker process, with a store of its own.

    `of_app` has the providers of applications whose clients meet another one.
    """
    store = open_database(url, clock=SystemClock(), new_id=new_id, resource_types=provider.resource_types)
    seal = CursorSealer(partial(store.shared_key, "cursors", new_key), SystemClock())
    provider = replace(provider, cursors=seal)
    of_app = {name: replace(one, cursors=seal) for name, one in of_app.items()}
    counter = LeniencyCounter(store, SystemClock())
    atexit.register(counter.flush)
    database = HoldingDatabase(store, extras.holding, SystemClock()) if extras.holding else store
    handler = _handler(database, provider, of_app, counter)
    ready = partial(readiness, url, provider.resource_types)
    app = create_app(store, SystemClock(), handler, provider.limits, ready, limits)
    add_freshness(app, Freshness(store, extras.fresh_within, SystemClock(), time.monotonic))
    if extras.hook_secret is not None:
        add_event_hook(app, EventHook(extras.hook_secret, Ringer(store.bell(BELL)).ring))
    return app


def readiness(url: str, types: Sequence[ResourceType] = RESOURCE_TYPES) -> str | None:
    """Return None when requests can be answered, else the reason in a word."""
    try:
        check(url)
        check_extensions(url, types)
    except SchemaBehindError:
        return "schema"
    except Unavailable:
        return "database"
    return None


def gate_limits(server: ServerSettings) -> GateLimits:
    """Return how often somebody may ask one of the processes: its share, because they count by themselves."""
    limits, share = server.limits, server.workers
    return GateLimits(limits.requests_per_second / share, max(1, limits.burst / share), limits.failures_per_minute)


def server_options(server: ServerSettings) -> ServerOptions:
    """Return the server's options."""
    tls = TlsFiles(server.tls_certificate, server.tls_key) if server.tls_certificate and server.tls_key else None
    return ServerOptions(
        host=server.host,
        port=server.port,
        tls=tls,
        workers=server.workers,
        graceful_timeout=server.graceful_timeout,
        bounds=Bounds(
            body_bytes=server.limits.body_bytes,
            body_deadline=server.body_deadline,
            threads=server.threads,
            queue=server.queue,
        ),
    )


def _handler(
    database: Database, provider: Provider, of_app: Mapping[str, Provider], counter: LeniencyCounter
) -> Callable[[str, Cause, ScimRequest], ScimResponse]:
    def handle(app: str, cause: Cause, request: ScimRequest) -> ScimResponse:
        return accept_push(database, app, cause, request, of_app.get(app, provider), counter.count)

    return handle


# ------------------------------------------------------------------ the worker


def run_worker(settings: Settings) -> int:
    """Run every application's reconciliation on its schedule, follow Okta's System Log and seal the audit log.

    Goes on until told to stop, and returns the exit code.

    Raises `ConfigurationError` when Okta cannot be read or nobody be told with these settings, and `SchemaBehindError`.
    """
    require_okta(settings)
    check_schema(settings)
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    jobs = [NightlyJob(name, app.schedule, partial(_nightly, settings, name)) for name, app in settings.apps.items()]
    with open_store(settings) as store, minding(settings, store), sealing(settings, store), carrying(settings, store):
        watch = log_watch(settings, store, _log_progress)
        return run_scheduler(
            [*jobs, *([watch] if watch else [])],
            clock=SystemClock(),
            last_run=partial(_last_run, store),
            announce=_log_progress,
            stop=stop,
        )


def _log_progress(message: str, /) -> None:
    """Tell progress where nobody watches a terminal: as a log line, redacted like every other."""
    _log.info("progress", message=message)


def _nightly(settings: Settings, app: str) -> int:
    with run_desk(settings, app, _log_progress, actor="worker") as desk:
        result = reconcile(desk, apply=settings.apps[app].apply)
    _log.info("run told", app=app, message=result.message)
    return int(result.exit_code)


def _last_run(store: SqlDatabase, app: str) -> datetime | None:
    """Return when the youngest reconciliation of an application that ended had begun, or None."""
    with store.reading(app) as unit:
        began = (run.started for run in unit.runs.latest(50, FULL_RUNS) if run.ended)
        return next(began, None)
