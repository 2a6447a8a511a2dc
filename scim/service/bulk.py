"""Several operations in one request (RFC 7644 section 3.7).

Each operation is done wholly or not at all, and none refuses another one, unless that one refers to it. Resources that
refer to one another in a circle are made without those references first and linked afterwards: they stand or fall
together.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace as with_fields
from typing import Any, Final

from scim import urns
from scim.bulk import CREATE, BulkOperation, in_order, read_bulk, references, resolved, resolved_path
from scim.errors import Conflict, InvalidValue, NotFound, ScimError
from scim.exchange import ScimResponse
from scim.provider import Provider
from scim.representation import encode, error_message
from scim.schema import ResourceType
from scim.service.call import Call, OfType, serve
from scim.service.resources import create, delete, patch, replace

_HANDLERS: Final[Mapping[str, OfType]] = {CREATE: create, "PUT": replace, "PATCH": patch, "DELETE": delete}
_BRIEF: Final = {"attributes": "id"}
"""What is asked of each answer: none of them is sent, so members are not read for it."""

_OUR_TROUBLE: Final = 500

Outcome = dict[str, Any]


def bulk(call: Call) -> ScimResponse:
    """Do the operations of a request, and tell in its order what became of each.

    After `failOnErrors` errors the rest is left undone and untold. Raises what refuses the request as a whole, and any
    error that is not the client's: then nothing of it may be kept.
    """
    body = call.body()
    call.tolerance.judge_schemas(body, urns.BULK_REQUEST)
    request = read_bulk(body, call.provider.limits)
    job = _Job(call, request.operations)
    for places in in_order(request.operations):
        if request.fail_on_errors is not None and job.errors >= request.fail_on_errors:
            break
        job.take(places)
    return ScimResponse(200, encode({"schemas": [urns.BULK_RESPONSE], "Operations": job.told()}))


class _Job:
    """What was done so far. `errors` is how many operations were refused."""

    def __init__(self, call: Call, operations: Sequence[BulkOperation]) -> None:
        self._call = call
        self._operations = operations
        self._ids: dict[str, str] = {}
        self._outcomes: dict[int, Outcome] = {}
        self._at = 0
        self.errors = 0

    def told(self) -> list[Outcome]:
        """Return what became of the operations, in the order of the request."""
        return [self._outcomes[place] for place in sorted(self._outcomes)]

    def take(self, places: Sequence[int]) -> None:
        """Do one operation, or those that refer to one another in a circle: all of them, or none."""
        ids = dict(self._ids)
        try:
            with self._call.store.attempt():
                done = self._done(places, ids)
        except ScimError as error:
            if error.status >= _OUR_TROUBLE:
                raise
            self._refuse(places, error)
        else:
            self._ids = ids
            self._outcomes |= done

    def _done(self, places: Sequence[int], ids: dict[str, str]) -> dict[int, Outcome]:
        """Return what became of operations, and add to `ids` what was made. Raises `ScimError` of the one `_at`."""
        operations = [self._operations[place] for place in places]
        circle = frozenset(one.bulk_id for one in operations if one.method == CREATE and one.bulk_id is not None)
        outcomes: dict[int, Outcome] = {}
        unlinked: list[int] = []
        for place in places:
            self._at, operation = place, self._operations[place]
            unmade = _unmade(operation, circle, ids)
            outcomes[place] = self._made(operation, unmade, ids)
            unlinked += [place] if unmade else []
        for place in unlinked:
            self._at = place
            outcomes[place]["version"] = self._linked(self._operations[place], ids)
        return outcomes

    def _made(self, operation: BulkOperation, unmade: frozenset[str], ids: dict[str, str]) -> Outcome:
        """Do one operation, without the attributes that refer to what is `unmade`."""
        data = {name: part for name, part in (operation.data or {}).items() if unmade.isdisjoint(references(part))}
        path = operation.path if operation.method == CREATE else resolved_path(operation.path, ids)
        try:
            answer = self._answer(operation.method, path, resolved(data, ids), operation.version)
        except InvalidValue as error:
            raise Conflict(f"{_NO_CIRCLE} {error.detail}") if unmade else error from None
        headers = dict(answer.headers)
        where = headers.get("Location", self._call.provider.base_url + path)
        if operation.method == CREATE and operation.bulk_id is not None:
            ids[operation.bulk_id] = where.rpartition("/")[2]
        return _told(operation, answer.status, location=where, version=headers.get("ETag"))

    def _linked(self, operation: BulkOperation, ids: Mapping[str, str]) -> str:
        """Give what was made the references that it was made without, and return its version."""
        path = f"{operation.path.removesuffix('/')}/{ids[operation.bulk_id or '']}"
        data = {name: part for name, part in (operation.data or {}).items() if name.lower() != "meta"}
        try:
            answer = self._answer("PUT", path, resolved(data, ids), None)
        except ScimError as error:
            raise error if error.status >= _OUR_TROUBLE else Conflict(f"{_NO_CIRCLE} {error.detail}") from None
        return dict(answer.headers)["ETag"]

    def _answer(self, method: str, path: str, data: Mapping[str, Any], version: str | None) -> ScimResponse:
        resource_type, name = _target(method, path, self._call.provider)
        whole = self._call.request
        request = with_fields(whole, method=method, path=path, query=_BRIEF, if_match=version, if_none_match=None)
        return serve(_HANDLERS[method], resource_type, with_fields(self._call, request=request, name=name, data=data))

    def _refuse(self, places: Sequence[int], error: ScimError) -> None:
        self.errors += len(places)
        others = Conflict(
            f"It refers to operation {self._at + 1} of the request, and the other way round; that failed."
        )
        for place in places:
            cause, operation = error if place == self._at else others, self._operations[place]
            where = _location(operation, self._ids, self._call.provider)
            self._outcomes[place] = _told(operation, cause.status, location=where, response=error_message(cause))


_NO_CIRCLE: Final = "The references in a circle cannot be resolved:"


def _unmade(operation: BulkOperation, circle: frozenset[str], ids: Mapping[str, str]) -> frozenset[str]:
    """Return what the operation refers to and is yet to be made, in its circle.

    Raises the fault of the operation, and `Conflict` where it refers to what was not made at all.
    """
    if operation.fault is not None:
        raise operation.fault
    unmade = operation.refers_to() - ids.keys()
    if failed := unmade - circle:
        raise Conflict(f"It refers to bulkId {min(failed)!r}, and that operation failed (RFC 7644 section 3.7.1).")
    return unmade


def _target(method: str, path: str, provider: Provider) -> tuple[ResourceType, str]:
    """Return the resource type that an operation is about, and the id of the resource unless it is to be made."""
    endpoint, _, name = (path.removesuffix("/"), "", "") if method == CREATE else path.rpartition("/")
    resource_type = provider.at_endpoint(endpoint)
    if resource_type is None:
        raise NotFound("There is no such place. An operation is POST /Users, or PUT, PATCH or DELETE /Users/ID.")
    return resource_type, name


def _location(operation: BulkOperation, ids: Mapping[str, str], provider: Provider) -> str | None:
    """Return where the resource of a refused operation is: nowhere if it was to be made, or is not known."""
    known = operation.fault is None and operation.refers_to() <= ids.keys()
    return provider.base_url + resolved_path(operation.path, ids) if known and operation.method != CREATE else None


def _told(operation: BulkOperation, status: int, **more: Any) -> Outcome:
    parts = {"method": operation.method or None, "bulkId": operation.bulk_id, **more, "status": str(status)}
    return {name: part for name, part in parts.items() if part is not None}
