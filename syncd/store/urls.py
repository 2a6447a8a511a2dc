"""Database URLs: which ones are understood, how they are shown, and the one that means a schema of its own."""

from pathlib import Path
from typing import Final

from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

_DRIVERS: Final = {
    "sqlite": "sqlite+pysqlite",
    "sqlite+pysqlite": "sqlite+pysqlite",
    "postgres": "postgresql+psycopg",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
_SHAPES: Final = "Write sqlite:////absolute/path.db or postgresql://user@host/database"


def parse_url(url: str) -> URL:
    """Return the URL with its driver. Raises ValueError saying what to write instead."""
    try:
        parsed = make_url(url)
    except ArgumentError:
        raise ValueError(f"The database URL cannot be read. {_SHAPES}.") from None
    driver = _DRIVERS.get(parsed.drivername)
    if driver is None:
        raise ValueError(f"There is no support for {parsed.drivername} databases. {_SHAPES}.")
    if driver.startswith("sqlite") and parsed.database in {None, "", ":memory:"}:
        raise ValueError(f"A SQLite database is a file here: one in memory would be lost. {_SHAPES}.")
    return parsed.set(drivername=driver)


def display_url(url: str) -> str:
    """Return the URL as people may see it: without its password."""
    return parse_url(url).render_as_string(hide_password=True)


def is_missing_file(url: str) -> bool:
    """Return whether the URL is that of a SQLite file that is not there."""
    parsed = parse_url(url)
    return parsed.get_backend_name() == "sqlite" and not Path(parsed.database or "").exists()


def reads_in_process(url: str) -> bool:
    """Return whether reading waits for no server: a SQLite file with a write-ahead log is read beside its writer."""
    return parse_url(url).get_backend_name() == "sqlite"


def with_schema(url: str, schema: str) -> str:
    """Return the URL of a PostgreSQL schema in the database of `url`, as text that works wherever `url` does."""
    parsed = parse_url(url)
    options = " ".join(filter(None, [_text(parsed.query.get("options")), f"-csearch_path={schema}"]))
    return parsed.update_query_dict({"options": options}).render_as_string(hide_password=False)


def _text(value: str | tuple[str, ...] | None) -> str | None:
    return " ".join(value) if isinstance(value, tuple) else value
