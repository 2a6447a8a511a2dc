"""Pydantic's findings, in words for an operator."""

import difflib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, get_args, get_origin

from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails

from syncd.config.checks import DISAGREEMENT, WRONG
from syncd.config.model import Settings
from syncd.config.problems import Key
from syncd.config.section import Section

_ENTRY: Final = "[key]"
"""Pydantic's last step to an entry of which the name is wrong, not the value."""

_FOLLOWS: Final = "default_factory_not_called"
"""Pydantic's word for a default that is made of settings which are themselves wrong."""

_NO_INTEGER: Final = ("is not a whole number", "Write one, such as {example}")
_NO_NUMBER: Final = ("is not a number", "Write one, such as {example}")
_NO_BOOLEAN: Final = ("is neither true nor false", "Write true or false")
_NO_CHOICE: Final = ("is not known", "Write {expected}")
_NO_TABLE: Final = ("is not a table", "Write its settings below a line [{key}]")
_EMPTY: Final = ("is empty", "Write a value, or leave the setting out")

_SHOWING: Final[Mapping[str, tuple[str, str]]] = {
    "int_parsing": _NO_INTEGER,
    "int_type": _NO_INTEGER,
    "int_from_float": _NO_INTEGER,
    "float_parsing": _NO_NUMBER,
    "float_type": _NO_NUMBER,
    "bool_parsing": _NO_BOOLEAN,
    "bool_type": _NO_BOOLEAN,
    "literal_error": _NO_CHOICE,
    "enum": _NO_CHOICE,
    "greater_than": ("is too small", "Write more than {gt}"),
    "greater_than_equal": ("is too small", "Write {ge} or more"),
    "less_than_equal": ("is too large", "Write {le} or less"),
}
"""Messages with the value that was written; no secret is of such a type."""

_HIDING: Final[Mapping[str, tuple[str, str]]] = {
    WRONG: ("{what}", "{instead}"),
    "missing": ("is missing", "Add it, such as {example}"),
    "string_type": ("is not text", "Write it in quotes"),
    "string_too_short": _EMPTY,
    "too_short": _EMPTY,
    "path_type": ("is not a path", "Write it in quotes"),
    "tuple_type": ("is not a list", "Write one, such as {example}"),
    "model_type": _NO_TABLE,
    "dict_type": _NO_TABLE,
}
"""Messages without the value."""

_OTHER: Final = ("is wrong", "See config.example.toml")


@dataclass(frozen=True, slots=True)
class Finding:
    """What is wrong with which settings; `subject` is how the sentence names them, `type` pydantic's word for it."""

    type: str
    keys: tuple[Key, ...]
    subject: str
    what: str
    instead: str


def findings(errors: Iterable[ErrorDetails]) -> Iterator[Finding]:
    """Yield each of pydantic's errors in words, and each disagreement of a section on its own."""
    for error in errors:
        if error["type"] == _FOLLOWS:
            continue
        location = tuple(str(part) for part in error["loc"] if part != _ENTRY)
        if error["type"] == DISAGREEMENT:
            for found in error["ctx"]["found"]:
                keys = tuple((*location, *key.split(".")) for key in found.keys)
                yield Finding(DISAGREEMENT, keys, " and ".join(map(dotted, keys)), found.what, found.instead)
        else:
            subject, what, instead = _sentence(location, error)
            yield Finding(error["type"], (location,), subject, what, instead)


def dotted(key: Key) -> str:
    """Return a setting's name as messages write it."""
    return ".".join(key)


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """Return the order that helps somebody who wrote a name that is not known."""
    names = sorted(known)
    close = difflib.get_close_matches(name, names, n=1)
    return f"Did you mean {close[0]}?" if close else f"Known here: {', '.join(names)}"


def _sentence(location: Key, error: ErrorDetails) -> tuple[str, str, str]:
    kind, subject = error["type"], dotted(location)
    if kind == "extra_forbidden":
        return subject, "is no setting", _replacement(location)
    if kind == "enum" and error["loc"][-1] == _ENTRY:
        known = re.findall(r"'([^']+)'", error["ctx"]["expected"])
        return subject, "is no situation", did_you_mean(location[-1], known)
    if kind in _SHOWING:
        subject += f" = {_literal(error['input'])}"
    words = {**error.get("ctx", {}), "key": dotted(location), "example": _literal(example_at(location))}
    what, instead = {**_SHOWING, **_HIDING}.get(kind, _OTHER)
    return subject, what.format_map(words), instead.format_map(words)


def _replacement(location: Key) -> str:
    """Return what was probably meant by an unknown name: one of the same table, or of that name in another."""
    section = _section_at(location[:-1])
    siblings = section.model_fields if section else {}
    elsewhere = [key for key in setting_names() if key.rpartition(".")[2] == location[-1]]
    if elsewhere and not difflib.get_close_matches(location[-1], siblings, n=1):
        return f"Did you mean {elsewhere[0]}?"
    return did_you_mean(location[-1], siblings)


def setting_names(section: type[Section] = Settings, prefix: str = "") -> Iterator[str]:
    """Yield the dotted name of every setting that is not in a table with names of the operator's choice."""
    for name, field in section.model_fields.items():
        below = _section(field.annotation)
        if below:
            yield from setting_names(below, f"{prefix}{name}.")
        else:
            yield prefix + name


def _section(annotation: Any) -> type[Section] | None:
    return annotation if isinstance(annotation, type) and issubclass(annotation, Section) else None


def _annotation_at(location: Key) -> tuple[Any, FieldInfo | None]:
    annotation: Any = Settings
    field: FieldInfo | None = None
    for part in location:
        section = _section(annotation)
        field = section.model_fields.get(part) if section else None
        annotation = field.annotation if field else get_args(annotation)[1] if get_origin(annotation) is dict else None
    return annotation, field


def _section_at(location: Key) -> type[Section] | None:
    return _section(_annotation_at(location)[0])


def example_at(location: Key) -> Any:
    """Return what a setting could be: its first example, else its default; None where there is no such setting."""
    field = _annotation_at(location)[1]
    return field and (field.examples[0] if field.examples else field.default)


def _literal(value: Any) -> str:
    """Return a value as TOML writes it, cut to what fits into a sentence."""
    return json.dumps(value, default=str)[:60]
