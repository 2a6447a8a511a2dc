"""A drift report in every format that people ask for.

Owns: how the document of a run (`core.evidence`) is written as JSON, CSV and the like. Never: reads a clock, the
network, a file of the system or the database, or adds a fact to the document: the same document is the same bytes. May
import: `core`, orjson, jinja2.
"""

from syncd.reporting.document import check
from syncd.reporting.forms import FORMATS, Form, render

__all__ = ["FORMATS", "Form", "check", "render"]
