"""The reports of runs, kept as they were made: whoever asks again gets the same bytes."""

import zlib
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import LargeBinary, bindparam, delete, func, insert, select

from syncd.store.constructs import database_now
from syncd.store.moments import microseconds
from syncd.store.report_tables import kept_report
from syncd.store.scope import Scope
from syncd.store.tables import AnyRow, run

_IS_IT: Final = (run.c.app == bindparam("of_app"), run.c.id == bindparam("of_run"))
_KEEP: Final = insert(kept_report).from_select(
    ["app", "run_pk", "kept", "body"],
    select(run.c.app, run.c.pk, database_now(), bindparam("new_body", type_=LargeBinary())).where(*_IS_IT),
)
_IS_KEPT: Final = select(func.count()).where(kept_report.c.run_pk == bindparam("of_pk"))
_PK: Final = select(run.c.pk).where(*_IS_IT).with_for_update(key_share=True)
_DROP: Final = delete(kept_report).where(
    kept_report.c.app == bindparam("of_app"),
    kept_report.c.kept < database_now() - bindparam("lasting", type_=kept_report.c.kept.type),
)
_FIND: Final = select(run, kept_report.c.body).outerjoin(kept_report, kept_report.c.run_pk == run.c.pk).where(*_IS_IT)


def keep_report(scope: Scope, run_id: str, document: bytes, lasting: timedelta) -> None:
    """Keep the report of a run, and drop what is too old; see `syncd.ports.Runs`."""
    scope.refuse_reading()
    named = {"of_app": scope.app, "of_run": run_id}
    pk = scope.connection.execute(_PK, named).scalar()
    if pk is None:
        raise ValueError(f"there is no run {run_id}")
    if scope.connection.execute(_IS_KEPT, {"of_pk": pk}).scalar_one():
        raise ValueError(f"run {run_id} has a report already")
    scope.connection.execute(_KEEP, {**named, "new_body": zlib.compress(document)})
    scope.connection.execute(_DROP, {"of_app": scope.app, "lasting": microseconds(lasting)})


def find_report(scope: Scope, run_id: str) -> tuple[AnyRow, bytes | None] | None:
    """Return the row of a run and its report, or None when there is no such run."""
    row: Any = scope.connection.execute(_FIND, {"of_app": scope.app, "of_run": run_id}).first()
    if row is None:
        return None
    return row, zlib.decompress(row.body) if row.body is not None else None
