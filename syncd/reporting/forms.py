"""The formats by name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

from syncd.reporting.document import Document, check
from syncd.reporting.json_forms import as_json, as_lines
from syncd.reporting.oscal import as_oscal
from syncd.reporting.page import as_page
from syncd.reporting.sarif import as_sarif
from syncd.reporting.separated import as_csv, as_vanta_csv


@dataclass(frozen=True, slots=True)
class Form:
    """A format: how a document is written in it, and for whom it is, in words."""

    write: Callable[[Document], bytes]
    for_whom: str


FORMATS: Final[Mapping[str, Form]] = {
    "json": Form(as_json, "programs: everything, as docs/drift-report.schema.json has it"),
    "ndjson": Form(as_lines, "log pipelines: one JSON object on a line"),
    "csv": Form(as_csv, "spreadsheets: a row for each finding"),
    "html": Form(as_page, "people who decide and people who audit: one file, works offline, prints"),
    "oscal": Form(as_oscal, "tools of governance and compliance: OSCAL assessment results"),
    "sarif": Form(as_sarif, "dashboards that collect findings: SARIF 2.1.0"),
    "csv:vanta": Form(as_vanta_csv, "Vanta's access file upload"),
}
"""Each format by name; a profile of a format comes after a colon."""


def render(document: Document, form: str) -> bytes:
    """Return the document in one of `FORMATS`: the same bytes for the same document.

    Raises `UnbalancedError` where the document does not add up, and KeyError for another format.
    """
    check(document)
    return FORMATS[form].write(document)
