"""Drift reports as files of a pack, each as it was kept: the entry of the log that ends its run has its SHA-256."""

from collections.abc import Iterator, Mapping
from typing import Final

from syncd.evidence.packing import Supplement
from syncd.evidence.problems import PackError
from syncd.workflows.evidence import digest

FOLDER: Final = "drift-reports/"
KIND: Final = "drift-report"
_ENDING: Final = ".json"


def report_supplements(documents: Mapping[str, bytes]) -> Iterator[Supplement]:
    """Yield the files, by run."""
    for run_id, document in documents.items():
        yield Supplement(f"{FOLDER}{run_id}{_ENDING}", document, "the drift report of a run, as it was kept", KIND)


def refuse_report(name: str, content: bytes, named: Mapping[str, object]) -> None:
    """Raise `PackError` unless the document is the one that the log names. `named` has the digests by run."""
    run_id = name.removeprefix(FOLDER).removesuffix(_ENDING)
    if named.get(run_id) != digest(content):
        raise PackError(name, f"it is not the report that the audit log names where run {run_id} ends")
