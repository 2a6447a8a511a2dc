"""The kinds of disagreement with scim2-models that `scim/DIVERGENCES.md` lists and justifies."""

import re
from pathlib import Path

import scim

_FILE = Path(scim.__file__).parent / "DIVERGENCES.md"


def told(subject: str) -> set[str]:
    """Return the kinds in the table of a subject: "filters" or "PATCH"."""
    text = _FILE.read_text(encoding="utf-8")
    section = re.search(rf"^### scim2-models: {subject}$(.*?)(?=^##|\Z)", text, re.MULTILINE | re.DOTALL)
    assert section, f"DIVERGENCES.md has no table about {subject}"
    rows = [line.split("|") for line in section[1].splitlines() if line.startswith("| ")][1:]
    assert all(re.search(r"RFC \d{4}", row[3]) for row in rows), "a kind is not justified by an RFC"
    return {row[1].strip() for row in rows}
