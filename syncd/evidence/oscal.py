"""The pack as OSCAL assessment results: what was looked at, and what stood out. Findings are the auditor's to make.

Ids are made of the pack's application and period and of what they name (UUID version 5, RFC 9562).
Source: NIST, OSCAL 1.2.1, assessment results model.
"""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, Final
from uuid import UUID, uuid5

from scim.resource import timestamp
from syncd.core.controls import Mapped
from syncd.core.movements import REASONS, Case, Movement, Outcome
from syncd.core.occurrences import Kept
from syncd.evidence.manifest import pretty
from syncd.evidence.tables import row_id
from syncd.workflows.collect_evidence import Evidence

OSCAL_VERSION: Final = "1.2.1"
_IDS: Final = UUID("0b0f7a5e-6c3c-5d8a-8a52-3b8a3f0f4c19")
_NAMESPACE: Final = "urn:syncd:oscal"
_NIST: Final = "NIST 800-53r5"
_CONTROL: Final = re.compile(r"([A-Z]{2}-\d+)(?:\((\d+)\))?.*")
_PLAN: Final = (
    "The standing plan: every event of Okta's System Log that gives somebody access to the application, takes it away "
    "or changes them is held against the audit log of the application, and against the time that it may take."
)


def as_oscal(evidence: Evidence, mapping: Iterable[Mapped]) -> bytes:
    """Return the assessment results as JSON."""
    return pretty({"assessment-results": _Results(evidence, tuple(mapping)).all()})


class _Results:
    def __init__(self, evidence: Evidence, mapping: Sequence[Mapped]) -> None:
        self._evidence = evidence
        self._wanted = evidence.wanted
        period = self._wanted.period
        self._base = uuid5(_IDS, f"{self._wanted.app}/{timestamp(period.start)}/{timestamp(period.end)}")
        self._mapping = mapping

    def all(self) -> dict[str, Any]:
        """Return the model, without the name around it."""
        plan = self._id("plan")
        return {
            "uuid": self._id("assessment-results", timestamp(self._wanted.now)),
            "metadata": {
                "title": f"Evidence of {self._wanted.app}",
                "last-modified": timestamp(self._wanted.now),
                "version": "1",
                "oscal-version": OSCAL_VERSION,
            },
            "import-ap": {"href": f"#{plan}"},
            "results": [self._result()],
            "back-matter": {"resources": [{"uuid": plan, "title": "Assessment plan", "description": _PLAN}]},
        }

    def _result(self) -> dict[str, Any]:
        period = self._wanted.period
        controls = [{"control-id": one} for one in self._controls()]
        late = [case for case in self._evidence.population.cases if self._stands_out(case)]
        exceptions = [self._exception(case) for case in late]
        return {
            "uuid": self._id("result"),
            "title": f"{self._wanted.app}, {timestamp(period.start)} to {timestamp(period.end)}",
            "description": "; ".join(self._evidence.gaps) or "The evidence of the period is complete.",
            "start": timestamp(period.start),
            "end": timestamp(period.end),
            "props": [
                {"name": "checkpoint-size", "ns": _NAMESPACE, "value": str(self._evidence.newest.size)},
                {"name": "complete", "ns": _NAMESPACE, "value": "no" if self._evidence.gaps else "yes"},
            ],
            "reviewed-controls": {
                "control-selections": [{"include-controls": controls} if controls else {"include-all": {}}]
            },
            "observations": [*self._populations(), *exceptions, *self._missed()],
        }

    def _populations(self) -> Iterator[dict[str, Any]]:
        for movement in Movement:
            own = [case for case in self._evidence.population.cases if case.movement is movement]
            done = sum(case.outcome is Outcome.MATCHED for case in own)
            text = f"{len(own)} {movement.value}s: {done} joined to what was done here, {len(own) - done} not."
            yield self._observation(f"Population: {movement.value}s", text, "control-objective", "population.csv")

    def _exception(self, case: Case) -> dict[str, Any]:
        elapsed = f"{round(case.elapsed.total_seconds())} seconds" if case.elapsed else REASONS[case.outcome]
        allowed = round(self._wanted.slas[case.movement].total_seconds())
        text = f"{row_id(case)}: {elapsed}; {allowed} seconds are allowed."
        return self._observation(f"{case.movement.value}: {case.okta_user_id}", text, "finding", "population.csv")

    def _missed(self) -> Iterator[dict[str, Any]]:
        for one in self._evidence.schedule:
            if one.kept in {Kept.MISSED, Kept.FAILED}:
                text = f"The run that was due at {timestamp(one.due)}: {one.kept.value}."
                yield self._observation(f"Run: {one.kept.value}", text, "finding", "schedule.csv")

    def _observation(self, title: str, text: str, kind: str, file: str) -> dict[str, Any]:
        return {
            "uuid": self._id("observation", title, text),
            "title": title,
            "description": text,
            "methods": ["EXAMINE"],
            "types": [kind],
            "relevant-evidence": [{"href": file, "description": "The file of this pack that it is taken from"}],
            "collected": timestamp(self._wanted.now),
        }

    def _stands_out(self, case: Case) -> bool:
        return case.breaches(self._wanted.slas[case.movement], self._wanted.now)

    def _controls(self) -> list[str]:
        """Return the NIST controls of the mapping as OSCAL's catalog names them: AC-2(1) is ac-2.1."""
        named = {control for one in self._mapping for control in one.controls.get(_NIST, ())}
        found = (_CONTROL.fullmatch(one) for one in named)
        return sorted({f"{one[1].lower()}{f'.{one[2]}' if one[2] else ''}" for one in found if one})

    def _id(self, *names: str) -> str:
        return str(uuid5(self._base, "/".join(names)))
