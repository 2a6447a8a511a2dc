"""Empty databases, one of each kind that is at hand."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from tempfile import TemporaryDirectory
from typing import Final

from bench.document import RESULTS
from bench.servers import postgres
from syncd.store import upgrade, with_schema

SQLITE: Final = "SQLite"
POSTGRESQL: Final = "PostgreSQL"


@contextmanager
def databases(postgres_url: str | None) -> Iterator[dict[str, str]]:
    """Make the databases and give their URLs by kind; they are gone when the block has ended."""
    RESULTS.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = stack.enter_context(TemporaryDirectory(dir=RESULTS.parent, prefix="large-"))
        urls = {SQLITE: f"sqlite:///{folder}/syncd.db"}
        if postgres_url:
            name = stack.enter_context(postgres.schema(postgres_url))
            urls[POSTGRESQL] = with_schema(postgres_url, name)
        for url in urls.values():
            upgrade(url)
        yield urls
