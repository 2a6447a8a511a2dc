"""What the workflows need from outside, as protocols that say how it behaves.

Owns: the protocols, and the values that pass through them. Never: does anything. May import: `core`, `scim`. Adapters
implement these; `tests/contracts` hold the rules as tests that every implementation passes.
"""

from syncd.ports.decisions import (
    AlreadyDecidedError,
    Decisions,
    Mark,
    Quarantine,
)
from syncd.ports.events import (
    Bell,
    EventLog,
    Hint,
    Hints,
    KeptEvent,
    LogPage,
    Place,
    Position,
)
from syncd.ports.evidence import AuditEvent, Evidence, Removable, Told, Traces
from syncd.ports.faults import (
    CursorLostError,
    LeaseHeldError,
    LeaseLostError,
    SnapshotRefusedError,
    SourceFault,
    SourceUnhealthyError,
)
from syncd.ports.groups import Groups
from syncd.ports.ledger import (
    OF_SOME,
    KeptReport,
    KeptRun,
    Lease,
    LedgerItem,
    OutcomeKind,
    RunRecord,
    Runs,
    SavedPlan,
)
from syncd.ports.reviews import (
    Ground,
    Headcount,
    Reviews,
)
from syncd.ports.snapshots import (
    Comparison,
    Manifest,
    Resumed,
    Staging,
)
from syncd.ports.source import (
    Announce,
    AssignmentPage,
    AssignmentSource,
    Clock,
    SourceIdentity,
)
from syncd.ports.store import (
    EVERYTHING,
    Database,
    Grant,
    TokenRecord,
    TokenStore,
    UnitOfWork,
)

__all__ = [
    "EVERYTHING",
    "OF_SOME",
    "AlreadyDecidedError",
    "Announce",
    "AssignmentPage",
    "AssignmentSource",
    "AuditEvent",
    "Bell",
    "Clock",
    "Comparison",
    "CursorLostError",
    "Database",
    "Decisions",
    "EventLog",
    "Evidence",
    "Grant",
    "Ground",
    "Groups",
    "Headcount",
    "Hint",
    "Hints",
    "KeptEvent",
    "KeptReport",
    "KeptRun",
    "Lease",
    "LeaseHeldError",
    "LeaseLostError",
    "LedgerItem",
    "LogPage",
    "Manifest",
    "Mark",
    "OutcomeKind",
    "Place",
    "Position",
    "Quarantine",
    "Removable",
    "Resumed",
    "Reviews",
    "RunRecord",
    "Runs",
    "SavedPlan",
    "SnapshotRefusedError",
    "SourceFault",
    "SourceIdentity",
    "SourceUnhealthyError",
    "Staging",
    "TokenRecord",
    "TokenStore",
    "Told",
    "Traces",
    "UnitOfWork",
]
