"""Seeing each statement that the store sends, by whichever way: through SQLAlchemy, or prepared."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy import Engine, event

from syncd.store.link import Compiled
from syncd.store.postgresql_link import PostgresqlLink
from syncd.store.sqlite_link import SqliteLink

See = Callable[[str, Any], None]


@contextmanager
def watched(see: See) -> Iterator[None]:
    """Call `see` with each statement and its parameters before it is sent; what it raises comes instead of it."""

    def see_event(_connection: Any, _cursor: Any, sql: str, parameters: Any, _context: Any, many: bool) -> None:
        see(sql, parameters[0] if many else parameters)

    event.listen(Engine, "before_cursor_execute", see_event)
    with pytest.MonkeyPatch.context() as patch:
        for kind in (SqliteLink, PostgresqlLink):
            patch.setattr(kind, "run", _seen_run(kind.run, see))
            patch.setattr(kind, "run_each", _seen_each(kind.run_each, see))
            patch.setattr(kind, "run_later", _seen_run(kind.run_later, see))
            patch.setattr(kind, "command", _seen_command(kind.command, see))
        try:
            yield
        finally:
            event.remove(Engine, "before_cursor_execute", see_event)


def _seen_run(run: Callable[..., Any], see: See) -> Callable[..., Any]:
    def seen(link: Any, statement: Compiled, parameters: dict[str, Any]) -> Any:
        see(statement.sql, statement.values(parameters))
        return run(link, statement, parameters)

    return seen


def _seen_each(run_each: Callable[..., Any], see: See) -> Callable[..., Any]:
    def seen(link: Any, statement: Compiled, each: Iterable[dict[str, Any]]) -> Any:
        def told() -> Iterator[dict[str, Any]]:
            for parameters in each:
                see(statement.sql, statement.values(parameters))
                yield parameters

        return run_each(link, statement, told())

    return seen


def _seen_command(command: Callable[..., Any], see: See) -> Callable[..., Any]:
    def seen(link: Any, sql: str) -> None:
        see(sql, ())
        command(link, sql)

    return seen
