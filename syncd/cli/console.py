"""What a person sees: lines, tables, progress. Plain lines where standard output is no terminal, or NO_COLOR is set."""

import json
import sys
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import click


def say(text: str = "") -> None:
    """Print a line of the result on standard output."""
    click.echo(text)


def announce(message: str, /) -> None:
    """Print a line of progress on standard error."""
    click.echo(f"  {message}", err=True)


def silent(_message: str, /) -> None:
    """Swallow progress, for --quiet and for machines."""


def heading(text: str) -> None:
    """Print a heading, bold on a terminal."""
    click.secho(text, bold=True)


def print_json(value: Mapping[str, Any] | Sequence[Any]) -> None:
    """Print a JSON document with stable key order as it was built."""
    click.echo(json.dumps(value, indent=2, ensure_ascii=False))


def print_table(columns: Sequence[str], rows: Iterable[Sequence[object]], whole: Collection[str] = ()) -> None:
    """Print a table: with lines on a terminal, in aligned plain columns elsewhere.

    The columns in `whole` have what people copy: elsewhere, what is in them is never broken into lines.
    """
    from rich.box import SIMPLE_HEAD
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=SIMPLE_HEAD, pad_edge=False, show_edge=False)
    is_terminal = sys.stdout.isatty()
    for column in columns:
        table.add_column(column, overflow="fold", no_wrap=column in whole and not is_terminal)
    for row in rows:
        table.add_row(*(Text("" if cell is None else str(cell)) for cell in row))
    console = Console(width=None if is_terminal else 160)
    console.print(table)
