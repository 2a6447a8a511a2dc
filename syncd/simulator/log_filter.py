"""The filter of the System Log: comparisons joined by `and`, `or` and parentheses (Okta: System Log query)."""

import re
from collections.abc import Callable, Mapping
from typing import Final

from syncd.simulator.errors import OktaError
from syncd.simulator.system_log import LogEvent

Test = Callable[[LogEvent], bool]

_TOKEN: Final = re.compile(r'\s*(?:(?P<mark>[()])|"(?P<text>(?:[^"\\]|\\.)*)"|(?P<word>[\w.]+))\s*')
_ATTRIBUTES: Final[Mapping[str, Callable[[LogEvent], tuple[str, ...]]]] = {
    "eventType": lambda event: (event.event_type,),
    "uuid": lambda event: (event.uuid,),
    "outcome.result": lambda event: ("SUCCESS" if event.failure is None else "FAILURE",),
    "target.id": lambda event: tuple(target.id for target in event.targets),
    "target.type": lambda event: tuple(target.type for target in event.targets),
    "target.alternateId": lambda event: tuple(target.alternate_id for target in event.targets),
}
_OPERATORS: Final[Mapping[str, Callable[[str, str], bool]]] = {
    "eq": str.__eq__,
    "sw": str.startswith,
    "co": str.__contains__,
}


def compile_filter(text: str | None) -> Test:
    """Return what the filter lets through; without one, everything. Raises `OktaError` 400.

    A comparison with `target` holds when it does for one of the targets, whichever.
    """
    if not text:
        return lambda _event: True
    parser = _Parser(text)
    test = parser.either()
    parser.end()
    return test


class _Parser:
    """Recursive descent over the tokens; `and` binds more tightly than `or`."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._position = 0

    def either(self) -> Test:
        tests = [self._both()]
        while self._took("word", "or"):
            tests.append(self._both())
        return lambda event: any(test(event) for test in tests)

    def end(self) -> None:
        if self._position < len(self._tokens):
            raise _refused(f"unexpected {self._tokens[self._position][1]}")

    def _both(self) -> Test:
        tests = [self._one()]
        while self._took("word", "and"):
            tests.append(self._one())
        return lambda event: all(test(event) for test in tests)

    def _one(self) -> Test:
        if self._took("mark", "("):
            test = self.either()
            if not self._took("mark", ")"):
                raise _refused("a parenthesis is not closed")
            return test
        attribute, operator, value = self._next("word"), self._next("word"), self._next("text")
        if attribute not in _ATTRIBUTES or operator not in _OPERATORS:
            raise _refused(f"{attribute} {operator} cannot be asked for")
        values, compare = _ATTRIBUTES[attribute], _OPERATORS[operator]
        return lambda event: any(compare(found, value) for found in values(event))

    def _took(self, kind: str, token: str) -> bool:
        found = self._tokens[self._position : self._position + 1] == [(kind, token)]
        self._position += found
        return found

    def _next(self, kind: str) -> str:
        if self._position == len(self._tokens) or self._tokens[self._position][0] != kind:
            raise _refused("a comparison is attribute, operator and a value in quotes")
        self._position += 1
        return self._tokens[self._position - 1][1]


def _tokens(text: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    position = 0
    while position < len(text):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise _refused(f"character {position} is not understood")
        found.append((match.lastgroup, re.sub(r"\\(.)", r"\1", match[match.lastgroup])))
        position = match.end()
    return found


def _refused(cause: str) -> OktaError:
    return OktaError(400, "E0000053", f"Invalid filter: {cause}")
