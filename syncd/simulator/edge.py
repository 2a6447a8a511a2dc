"""From a request to what goes on the wire: faults, the API, and the headers that Okta puts on everything."""

from dataclasses import dataclass
from email.utils import format_datetime
from typing import Any

import orjson

from syncd.simulator import page_faults
from syncd.simulator.control_api import PREFIX, Control
from syncd.simulator.errors import OktaError
from syncd.simulator.exchange import JSON_TYPE, Answer, ApiRequest, Header, Reply
from syncd.simulator.faults import RequestRule
from syncd.simulator.management_api import ManagementApi
from syncd.simulator.paging import page_number
from syncd.simulator.rate_limit import Standing


@dataclass(frozen=True, slots=True)
class Edge:
    """Answers every request to the simulated org. Safe to use from several threads."""

    api: ManagementApi
    control: Control

    def respond(self, request: ApiRequest) -> Reply:
        """Return the reply, with the fault that strikes the request."""
        if request.path.startswith(PREFIX):
            return self._steer(request)
        rule = self.control.faults.for_request(request.method, request.path, page_number(request.query))
        reply = None if rule is None else page_faults.instead(rule.kind, rule.seconds)
        if reply is not None:
            return reply
        with self.api.org.lock:
            answer, standing = self.api.respond(request, rule)
            own = self._own_headers(standing)
        reply = _rendered(answer, own, rule)
        return reply if rule is None else page_faults.damaged(rule.kind, reply)

    def _steer(self, request: ApiRequest) -> Reply:
        org = self.api.org
        try:
            with org.lock:
                self.api.credentials.check(request.headers.get("authorization", ""), None)
            answer = self.control.respond(request)
        except OktaError as error:
            answer = Answer(error.status, error.body(org.ids.make("oae")))
        return _rendered(answer, self._own_headers(None), None)

    def _own_headers(self, standing: Standing | None) -> tuple[Header, ...]:
        org = self.api.org
        request_id = org.ids.make("req")
        return (
            ("Date", format_datetime(org.clock(), usegmt=True)),
            ("X-Okta-Request-Id", request_id),
            ("Cache-Control", "no-cache, no-store"),
            ("Set-Cookie", f"JSESSIONID={request_id}; Path=/; HttpOnly"),
            *(() if standing is None else standing.headers()),
        )


def _rendered(answer: Answer, own: tuple[Header, ...], rule: RequestRule | None) -> Reply:
    payload: Any = answer.payload
    links: tuple[Header, ...] = ()
    if answer.page is not None:
        payload, links = page_faults.listed(None if rule is None else rule.kind, answer.page)
    if payload is None:
        return Reply(answer.status, own)
    return Reply(answer.status, (JSON_TYPE, *own, *links), orjson.dumps(payload))
