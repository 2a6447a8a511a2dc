"""/simulator: how an operator steers a simulated org that runs by itself. Needs the org's API token."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any, Final

import orjson

from syncd.simulator.calls import malformed
from syncd.simulator.errors import OktaError, invalid, not_found
from syncd.simulator.event_hooks import EventHooks
from syncd.simulator.exchange import Answer, ApiRequest, Json
from syncd.simulator.faults import ASSIGNMENTS, Faults
from syncd.simulator.org import Org
from syncd.simulator.pushes import PushQueue
from syncd.simulator.rate_limit import RateLimits

PREFIX: Final = "/simulator"
DRAIN_SECONDS: Final = 60.0


@dataclass(frozen=True, slots=True)
class Control:
    """What can be steered and looked at."""

    org: Org
    faults: Faults
    pushes: PushQueue
    rate_limits: RateLimits
    hooks: EventHooks

    def respond(self, request: ApiRequest) -> Answer:
        """Answer a request whose credential was checked. Raises `OktaError`."""
        function = _ROUTES.get((request.method, request.path.removeprefix(PREFIX).rstrip("/")))
        if function is None:
            raise not_found(request.path, "Endpoint")
        return function(self, request)

    def counts(self) -> dict[str, int]:
        """Return how much of everything there is; `assignments` over all apps, `pushes` in requests."""
        with self.org.lock:
            return {
                "users": len(self.org.users),
                "groups": len(self.org.groups),
                "apps": len(self.org.apps),
                "assignments": sum(len(app.users) for app in self.org.apps),
                "pushes": len(self.pushes.records()),
                "tasks": len(self.pushes.tasks()),
                "faults": len(self.faults.in_force()),
            }


def _counts(control: Control, _request: ApiRequest) -> Answer:
    return Answer(payload=control.counts())


def _list_faults(control: Control, _request: ApiRequest) -> Answer:
    return Answer(payload=[asdict(rule) for rule in control.faults.in_force()])


def _add_fault(control: Control, request: ApiRequest) -> Answer:
    body = _object(request.body)
    function = _FAULTS.get(str(body.pop("on", "page")))
    if function is None:
        raise invalid("on", f"The value must be one of {', '.join(_FAULTS)}")
    try:
        rule = function(control.faults, body)
    except (TypeError, ValueError, KeyError) as problem:
        raise invalid("fault", str(problem)) from None
    return Answer(201, asdict(rule))


def _clear_faults(control: Control, _request: ApiRequest) -> Answer:
    control.faults.clear()
    return Answer(204)


def _pushes(control: Control, request: ApiRequest) -> Answer:
    """List the requests of pushes behind number `after`."""
    after = request.query.get("after", "0")
    if not after.isdecimal():
        raise invalid("after", "The value must be the number of a push")
    return Answer(payload=[asdict(record) for record in control.pushes.records()[int(after) :]])


def _tasks(control: Control, _request: ApiRequest) -> Answer:
    return Answer(payload=[asdict(task) for task in control.pushes.tasks()])


def _drain(control: Control, request: ApiRequest) -> Answer:
    seconds = _object(request.body).get("timeoutSeconds", DRAIN_SECONDS)
    if not isinstance(seconds, int | float) or not 0 < seconds <= DRAIN_SECONDS:
        raise invalid("timeoutSeconds", f"The value must be between 0 and {DRAIN_SECONDS:g}")
    try:
        control.pushes.drain(seconds)
    except TimeoutError as problem:
        raise OktaError(504, "E0000009", str(problem)) from None
    return Answer(payload=control.counts())


def _set_rate_limits(control: Control, request: ApiRequest) -> Answer:
    body, limits = _object(request.body), control.rate_limits
    per_minute, otherwise = body.get("perMinute", {}), body.get("otherwise", limits.otherwise)
    if not isinstance(per_minute, dict) or not all(isinstance(n, int) for n in (otherwise, *per_minute.values())):
        raise invalid("perMinute", "The values must be requests per minute, by bucket")
    with control.org.lock:
        limits.enabled = body.get("enabled", True) is True
        limits.otherwise = otherwise
        limits.per_minute.update(per_minute)
    return Answer(payload={"enabled": limits.enabled, "perMinute": limits.per_minute, "otherwise": otherwise})


def _steer_log(control: Control, request: ApiRequest) -> Answer:
    """Hold events back or let them come late, and set how long the log goes back."""
    body, log = _object(request.body), control.org.log
    days = body.get("retentionDays", log.retention / timedelta(days=1))
    if not isinstance(days, int | float) or days <= 0:
        raise invalid("retentionDays", "The value must be a number of days")
    with control.org.lock:
        log.retention = timedelta(days=days)
        if "held" in body:
            (log.hold if body["held"] is True else log.release)()
        return Answer(payload={"events": len(log), "retentionDays": days})


def _add_hook(control: Control, request: ApiRequest) -> Answer:
    body = _object(request.body)
    url, authorization, types = body.get("url"), body.get("authorization"), body.get("eventTypes", [])
    if not (isinstance(url, str) and isinstance(authorization, str) and isinstance(types, list)):
        raise invalid("url", "A hook has url, authorization and perhaps eventTypes")
    hook = control.hooks.register(url, authorization, map(str, types))
    return Answer(201, {"id": hook.id, "url": hook.url, "eventTypes": sorted(hook.event_types)})


def _list_deliveries(control: Control, _request: ApiRequest) -> Answer:
    return Answer(payload=[asdict(delivery) for delivery in control.hooks.deliveries()])


def _object(body: bytes) -> Json:
    try:
        document = orjson.loads(body or b"{}")
    except orjson.JSONDecodeError:
        raise malformed() from None
    if not isinstance(document, dict):
        raise malformed()
    return document


def _on_page(faults: Faults, body: Json) -> Any:
    return faults.on_page(body.pop("kind"), body.pop("page", 1), path=body.pop("path", ASSIGNMENTS), **body)


_FAULTS: Final[Mapping[str, Callable[[Faults, Json], Any]]] = {
    "page": _on_page,
    "request": lambda faults, body: faults.on_request(body.pop("kind"), body.pop("path"), **body),
    "push": lambda faults, body: faults.on_push(body.pop("kind"), **body),
}
_ROUTES: Final[Mapping[tuple[str, str], Callable[[Control, ApiRequest], Answer]]] = {
    ("GET", ""): _counts,
    ("GET", "/faults"): _list_faults,
    ("POST", "/faults"): _add_fault,
    ("DELETE", "/faults"): _clear_faults,
    ("GET", "/pushes"): _pushes,
    ("GET", "/tasks"): _tasks,
    ("POST", "/drain"): _drain,
    ("PUT", "/rate-limits"): _set_rate_limits,
    ("PUT", "/log"): _steer_log,
    ("POST", "/event-hooks"): _add_hook,
    ("GET", "/event-hooks"): _list_deliveries,
}
