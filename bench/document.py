"""The measured sections of a document: text between two markers, replaced as a whole; the prose around it stays."""

from pathlib import Path
from typing import Final

from bench.servers.process import ROOT

RESULTS: Final = ROOT / "build" / "bench" / "results"
DOCUMENT: Final = ROOT / "docs" / "performance.md"


def replace_section(text: str, name: str, content: str) -> str:
    """Return the document with the content between the markers of that name. Raises ValueError without markers."""
    begin, end = f"<!-- measured: {name} -->", f"<!-- end: {name} -->"
    before, found, rest = text.partition(begin)
    _, ended, after = rest.partition(end)
    if not (found and ended):
        raise ValueError(f"The document has no section between {begin} and {end}.")
    return f"{before}{begin}\n\n{content.strip()}\n\n{end}{after}"


def write_section(path: Path, name: str, content: str) -> None:
    """Replace that section of a file. Raises ValueError as `replace_section` does."""
    path.write_text(replace_section(path.read_text(encoding="utf-8"), name, content), encoding="utf-8")
