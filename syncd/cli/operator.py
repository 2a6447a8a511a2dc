"""What commands by which people decide have in common: who asks, the open store, and moments as they are typed."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from getpass import getuser
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from syncd.cli.options import choose_app

if TYPE_CHECKING:
    from syncd.config import Settings
    from syncd.core.changes import Cause
    from syncd.store import SqlDatabase


def actor() -> str:
    """Return to whom a decision is attributed: the account of the operating system that typed it."""
    return f"operator:{getuser()}"


def cause(reason: str | None = None) -> "Cause":
    """Return to whom and why a decision is attributed."""
    from syncd.core.changes import Cause

    return Cause(actor(), reason=reason)


@contextmanager
def opened(config_path: Path | None, app_name: str | None) -> Iterator[tuple["Settings", str, "SqlDatabase"]]:
    """Open the store of the one application that is meant."""
    from syncd.bootstrap.settings import load_settings
    from syncd.bootstrap.stores import open_store

    settings = load_settings(config_path)
    name, _ = choose_app(settings, app_name)
    with open_store(settings) as store:
        yield settings, name, store


class Moment(click.ParamType):  # type: ignore[type-arg]  # generic only to the checker
    """A moment in UTC: 2026-12-24, 2026-12-24T18:00 or 2026-12-24T18:00:00Z."""

    name = "moment"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> datetime:
        """Return the moment, aware; refuse what is none."""
        if isinstance(value, datetime):
            return value
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            self.fail(f"{value!r} is no moment: write 2026-12-24 or 2026-12-24T18:00 (UTC)", param, ctx)
        return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def told(moment: datetime | None) -> str | None:
    """Return a moment as tables and JSON show it."""
    return f"{moment.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}" if moment else None
