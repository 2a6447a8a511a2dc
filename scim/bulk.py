"""The body of a bulk request -> its operations, what they refer to, and the order to do them in (RFC 7644 section 3.7).

Only a POST makes what others can refer to by `bulkId:NAME`: in a path instead of an id, as any value of `data`, and in
quotes in the path of a PATCH operation. Whatever is wrong with one operation is kept with it, and refuses no other.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

from scim.errors import InvalidSyntax, InvalidValue, PayloadTooLarge, ScimError
from scim.exchange import Limits

CREATE: Final = "POST"
METHODS: Final = (CREATE, "PUT", "PATCH", "DELETE")

_PREFIX: Final = "bulkId:"
_QUOTED: Final = re.compile(r'"bulkId:([^"\\]+)"')


@dataclass(frozen=True, slots=True)
class BulkOperation:
    """One operation. `data` is a JSON object, empty for DELETE; `fault` says why it cannot be done, if so."""

    method: str
    path: str
    bulk_id: str | None = None
    version: str | None = None
    data: Mapping[str, Any] | None = None
    fault: ScimError | None = None

    def refers_to(self) -> frozenset[str]:
        """Return the bulkIds that the path and the data name."""
        return frozenset(references([self.path.rpartition("/")[2], self.data]))


@dataclass(frozen=True, slots=True)
class BulkRequest:
    """What a bulk request asks for. `fail_on_errors` is after how many errors to stop; None: never."""

    operations: tuple[BulkOperation, ...]
    fail_on_errors: int | None


def read_bulk(body: Mapping[str, Any], limits: Limits) -> BulkRequest:
    """Return the operations of a bulk request in its order.

    `schemas` is for the client's profile to judge. Raises `InvalidSyntax` for what is no bulk request, and
    `PayloadTooLarge` for more than `limits.bulk_operations` operations.
    """
    fields = _lower(body)
    given, errors = fields.get("operations"), fields.get("failonerrors")
    if not isinstance(given, list) or not given or not all(isinstance(item, dict) for item in given):
        raise InvalidSyntax("The body needs a list of Operations, which are objects (RFC 7644 section 3.7).")
    if len(given) > limits.bulk_operations:
        raise PayloadTooLarge(f"At most {limits.bulk_operations} operations in one request, got {len(given)}.")
    if errors is not None and (not isinstance(errors, int) or isinstance(errors, bool) or errors < 1):
        raise InvalidSyntax("failOnErrors must be an integer of 1 or more.")
    operations = [_read(_lower(item)) for item in given]
    names = Counter(one.bulk_id for one in operations if one.method == CREATE and one.bulk_id is not None)
    return BulkRequest(tuple(_judged(one, names) for one in operations), errors)


def in_order(operations: Sequence[BulkOperation]) -> list[list[int]]:
    """Return the positions of the operations in the order to do them in: what is referred to comes first.

    Apart from that, the order is the request's. Positions in one list refer to one another in a circle, and can only be
    done together.
    """
    makers = {one.bulk_id: place for place, one in enumerate(operations) if one.method == CREATE and not one.fault}
    return _Circles([[makers[name] for name in one.refers_to() if name in makers] for one in operations]).found()


def references(value: Any) -> Iterator[str]:
    """Yield every bulkId that a JSON value refers to."""
    if isinstance(value, str):
        yield from _named(value)
    elif isinstance(value, Mapping):
        for name, part in value.items():
            yield from _QUOTED.findall(part) if _is_path(name, part) else references(part)
    elif isinstance(value, list):
        for item in value:
            yield from references(item)


def resolved(value: Any, ids: Mapping[str, str]) -> Any:
    """Return the JSON value with every bulkId replaced by the id it stands for. Raises KeyError for one without."""
    if isinstance(value, str):
        return ids[value.removeprefix(_PREFIX)] if value.startswith(_PREFIX) else value
    if isinstance(value, Mapping):
        return {
            name: _QUOTED.sub(lambda found: f'"{ids[found[1]]}"', part) if _is_path(name, part) else resolved(part, ids)
            for name, part in value.items()
        }
    return [resolved(item, ids) for item in value] if isinstance(value, list) else value


def resolved_path(path: str, ids: Mapping[str, str]) -> str:
    """Return the path with a bulkId at its end replaced by the id it stands for. Raises KeyError for one without."""
    endpoint, slash, name = path.rpartition("/")
    return f"{endpoint}{slash}{resolved(name, ids)}"


def _read(fields: Mapping[str, Any]) -> BulkOperation:
    texts = {name: fields.get(name) for name in ("method", "path", "bulkid", "version")}
    method, path, bulk_id, version = (text if isinstance(text, str) else None for text in texts.values())
    data = fields.get("data")
    operation = BulkOperation(method or "", path or "", bulk_id, version, data if isinstance(data, dict) else None)
    wrong = [name for name, text in texts.items() if text is not None and not isinstance(text, str)]
    return replace(operation, fault=_fault(operation, wrong))


def _fault(operation: BulkOperation, wrong: Sequence[str]) -> ScimError | None:
    """Return why the operation cannot be done as it is written."""
    reasons = {
        f"{', '.join(wrong)} must be text.": bool(wrong),
        f"method must be {', '.join(METHODS[:-1])} or {METHODS[-1]}.": operation.method not in METHODS,
        "path is missing, such as /Users.": not operation.path,
        "POST needs a bulkId of its own.": operation.method == CREATE and not operation.bulk_id,
        f"{operation.method} needs data, which is an object.": operation.method != "DELETE" and operation.data is None,
    }
    return next((InvalidSyntax(reason) for reason, holds in reasons.items() if holds), None)


def _judged(operation: BulkOperation, names: Counter[str]) -> BulkOperation:
    """Return the operation with what the others tell against it: its name is taken, or it refers to none of them."""
    if operation.fault is not None:
        return operation
    if operation.method == CREATE and names[operation.bulk_id or ""] > 1:
        return replace(operation, fault=InvalidValue("bulkId: several operations of the request have the same one."))
    if unknown := sorted(operation.refers_to() - names.keys()):
        return replace(operation, fault=InvalidValue(f"No POST of the request has the bulkId {unknown[0]!r}."))
    return operation


def _named(text: str) -> Iterator[str]:
    if text.startswith(_PREFIX):
        yield text.removeprefix(_PREFIX)


def _is_path(name: str, part: Any) -> bool:
    return name.lower() == "path" and isinstance(part, str)


def _lower(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {name.lower(): value for name, value in fields.items()}


class _Circles:
    """The circles of a graph, and single nodes beside them, each after all that it refers to.

    It is Tarjan's algorithm (strongly connected components) with a stack of its own: a client decides how long the
    chains are.
    """

    def __init__(self, edges: Sequence[Sequence[int]]) -> None:
        self._edges = edges
        self._order: dict[int, int] = {}
        self._low: dict[int, int] = {}
        self._open: list[int] = []
        self._is_open: set[int] = set()
        self._found: list[list[int]] = []

    def found(self) -> list[list[int]]:
        """Return the circles, the nodes of each in ascending order."""
        for node in range(len(self._edges)):
            if node not in self._order:
                self._visit(node)
        return self._found

    def _visit(self, root: int) -> None:
        way = [(root, self._enter(root))]
        while way:
            node, rest = way[-1]
            target = next(rest, None)
            if target is None:
                way.pop()
                self._leave(node, way[-1][0] if way else None)
            elif target not in self._order:
                way.append((target, self._enter(target)))
            elif target in self._is_open:
                self._low[node] = min(self._low[node], self._order[target])

    def _enter(self, node: int) -> Iterator[int]:
        self._order[node] = self._low[node] = len(self._order)
        self._open.append(node)
        self._is_open.add(node)
        return iter(self._edges[node])

    def _leave(self, node: int, came_from: int | None) -> None:
        if came_from is not None:
            self._low[came_from] = min(self._low[came_from], self._low[node])
        if self._low[node] == self._order[node]:
            circle = [self._open.pop()]
            while circle[-1] != node:
                circle.append(self._open.pop())
            self._is_open.difference_update(circle)
            self._found.append(sorted(circle))
