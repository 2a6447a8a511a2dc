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
from syncd.ports.faults import (
    LeaseHeldError,
    LeaseLostError,
    SnapshotRefusedError,
    SourceFault,
    SourceUnhealthyError,
)
from syncd.ports.groups import Groups
from syncd.ports.ledger import (
    KeptRun,
    Lease,
    LedgerItem,
    OutcomeKind,
    RunRecord,
    Runs,
    SavedPlan,
)
from syncd.ports.snapshots import (
    Comparison,
    Manifest,
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
    AuditEvent,
    Database,
    Grant,
    TokenRecord,
    TokenStore,
    UnitOfWork,
)

__all__ = [
    "EVERYTHING",
    "AlreadyDecidedError",
    "Announce",
    "AssignmentPage",
    "AssignmentSource",
    "AuditEvent",
    "Clock",
    "Comparison",
    "Database",
    "Decisions",
    "Grant",
    "Groups",
    "KeptRun",
    "Lease",
    "LeaseHeldError",
    "LeaseLostError",
    "LedgerItem",
    "Manifest",
    "Mark",
    "OutcomeKind",
    "Quarantine",
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
    "UnitOfWork",
]
