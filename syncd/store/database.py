"""The database: opens units of work, and knows the applications and their tokens."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from datetime import datetime
from functools import partial
from typing import Final, NamedTuple

from sqlalchemy import bindparam, insert, select

from scim.core_schemas import RESOURCE_TYPES
from scim.errors import Unavailable
from scim.schema import ResourceType
from syncd.core.changes import Cause
from syncd.ports import EVERYTHING, Clock, Grant, TokenRecord
from syncd.store import leniencies, tokens
from syncd.store.anchors import Walks
from syncd.store.audit_log import SqlAuditLog
from syncd.store.bells import SqlBell
from syncd.store.constructs import insert_on_each
from syncd.store.engine import Transactions
from syncd.store.extensions import complete, definitions
from syncd.store.keys import find_key, keep_key
from syncd.store.leniencies import LeniencyUse
from syncd.store.link import Link
from syncd.store.moments import microseconds
from syncd.store.prepared import Prepared
from syncd.store.scope import Scope
from syncd.store.tables import app, lease
from syncd.store.trigrams import trigrams_there
from syncd.store.unit_of_work import SqlUnitOfWork

_FIND_APP: Final = Prepared(select(app.c.pk).where(app.c.name == bindparam("name")))
_LIST_APPS: Final = select(app.c.name, app.c.okta_app_id).order_by(app.c.name)
_ADD_APP: Final = insert_on_each(
    app, lambda statement: statement.on_conflict_do_nothing(index_elements=["name"]).returning(app.c.pk)
)
_ADD_LEASE: Final = insert(lease)
_SET_OKTA_APP: Final = (
    app.update().where(app.c.name == bindparam("of_name")).values(okta_app_id=bindparam("new_okta_app_id"))
)


class AppRecord(NamedTuple):
    """An application as the store knows it."""

    name: str
    okta_app_id: str


class SqlDatabase:
    """A database of syncd, on SQLite or PostgreSQL; see `syncd.ports.Database` and `TokenStore`.

    May be used by any number of threads, and after a fork. `close` gives its connections back.
    """

    def __init__(
        self,
        url: str,
        clock: Clock,
        new_id: Callable[[], str],
        resource_types: Iterable[ResourceType] = RESOURCE_TYPES,
    ) -> None:
        self._transactions = Transactions(url)
        self._types = {one.name: one for one in resource_types}
        self._clock = clock
        self._new_id = new_id
        self._app_pks: dict[str, int] = {}
        self._walks = Walks()
        self._with_trigrams: frozenset[str] | None = None
        self._definitions = definitions(self._types.values())
        self._has_marks = any(schema.indexed for one in self._types.values() for schema in one.extensions)

    @property
    def in_use(self) -> int:
        """How many units of work are open now."""
        return self._transactions.in_use

    @contextmanager
    def transaction(self, app: str, cause: Cause) -> Iterator[SqlUnitOfWork]:
        """Open a unit of work that may write. Raises KeyError, and `Unavailable` when the database cannot be used."""
        with self._writing(app, cause) as scope:
            yield SqlUnitOfWork(scope)

    @contextmanager
    def reading(self, app: str) -> Iterator[SqlUnitOfWork]:
        """Open a unit of work that sees one state of the database and may not write. Raises as `transaction` does."""
        with self._transactions.reading() as link:
            yield SqlUnitOfWork(self._scope(link, app, None))

    @contextmanager
    def asking(self, app: str) -> Iterator[SqlUnitOfWork]:
        """Open a unit of work for questions of which each sees one state of the database. Raises as `transaction`."""
        with self._transactions.asking() as link:
            yield SqlUnitOfWork(self._scope(link, app, None))

    def close(self) -> None:
        """Close all connections. No unit of work may be open."""
        self._transactions.close()

    # -------------------------------------------------------------- applications

    def ensure_app(self, name: str, okta_app_id: str) -> None:
        """Make the application if there is none of that name, and let it stand for that Okta application."""
        with self._transactions.writing() as link:
            row = {"name": name, "okta_app_id": okta_app_id, "created": microseconds(self._clock.now())}
            pk = link.core.execute(_ADD_APP[self._transactions.dialect], row).scalar()
            if pk is None:
                link.core.execute(_SET_OKTA_APP, {"of_name": name, "new_okta_app_id": okta_app_id})
            else:
                link.core.execute(_ADD_LEASE, {"app": pk, "token": 0, "expires": 0})

    def apps(self) -> tuple[AppRecord, ...]:
        """Return the applications, by name."""
        with self._transactions.reading() as link:
            return tuple(AppRecord(*row) for row in link.core.execute(_LIST_APPS))

    # -------------------------------------------------------------- tokens

    def add_token(
        self, app: str, token_id: str, digest: bytes, label: str, expires: datetime | None, grant: Grant = EVERYTHING
    ) -> None:
        """Keep a token's SHA-256, and what it lets its bearer do.

        Raises KeyError, `TooManyTokensError` when two tokens of the application live, and `UnknownUserError` when the
        application does not have the user that it is to be bound to.
        """
        with self._writing(app, Cause("operator")) as scope:
            tokens.add(scope, token_id, digest, label, expires, grant)

    def revoke_token(self, app: str, token_id: str) -> bool:
        """Revoke a token for good. Returns False when the application has no live token of that id. Raises KeyError."""
        with self._writing(app, Cause("operator")) as scope:
            return tokens.revoke(scope, token_id)

    def list_tokens(self, app: str) -> tuple[TokenRecord, ...]:
        """Return the application's tokens, oldest first, revoked and expired ones included. Raises KeyError."""
        with self._transactions.reading() as link:
            return tokens.list_all(self._scope(link, app, None))

    def find_token(self, digest: bytes) -> TokenRecord | None:
        """Return the token with that SHA-256, expired and revoked ones included, or None. Notes that it was used."""
        row = self._transactions.first_row(tokens.FIND, digest=digest)
        found = tokens.record_of(row, digest) if row else None
        if found and not found.revoked:
            self._note_use(found)
        return found

    def _note_use(self, found: TokenRecord) -> None:
        now = self._clock.now()
        if found.last_used and now - found.last_used < tokens.USE_NOTED_EVERY:
            return
        # A database that cannot be written just now still answers who somebody is.
        with suppress(Unavailable), self._transactions.writing() as link:
            tokens.NOTE_USE.all(link, of_digest=found.digest, moment=microseconds(now))

    # -------------------------------------------------------------- leniencies

    def add_leniency_uses(self, counts: Mapping[tuple[str, str], int]) -> None:
        """Add uses of leniencies, by the names of the application and of the leniency.

        Those of an application that is not known are dropped. Raises `Unavailable`; then nothing was written.
        """
        if not counts:
            return
        moment = microseconds(self._clock.now())
        with self._transactions.writing() as link:
            for (name, leniency), uses in sorted(counts.items()):
                with suppress(KeyError):
                    leniencies.add(link, self._app_pk(link, name), leniency, uses, moment)

    def leniency_uses(self, app: str | None = None) -> tuple[LeniencyUse, ...]:
        """Return how often leniencies were needed, by application and name."""
        with self._transactions.reading() as link:
            return leniencies.list_all(link, app)

    # -------------------------------------------------------------- keys

    def shared_key(self, name: str, fresh: Callable[[], bytes]) -> bytes:
        """Return the key of that name, the same in every process. The first one who asks makes it, by `fresh`.

        Raises `Unavailable`.
        """
        key = find_key(self._transactions, name)
        if key is None:
            keep_key(self._transactions, name, fresh(), microseconds(self._clock.now()))
            key = find_key(self._transactions, name)
        if key is None:
            raise Unavailable("A key was lost while it was made. Try again.")
        return key

    # -------------------------------------------------------------- the audit log

    @property
    def audit_log(self) -> SqlAuditLog:
        """The audit log of the installation."""
        return SqlAuditLog(self._transactions)

    # -------------------------------------------------------------- bells

    def bell(self, name: str) -> SqlBell:
        """Return the bell of that name."""
        return SqlBell(self._transactions, name)

    # -------------------------------------------------------------- scopes

    @contextmanager
    def _writing(self, app: str, cause: Cause) -> Iterator[Scope]:
        with self._transactions.writing() as link:
            yield self._scope(link, app, cause)

    def _scope(self, link: Link, app: str, cause: Cause | None) -> Scope:
        pk = self._app_pk(link, app)
        moment = microseconds(self._clock.now()) if cause else 0
        dialect, new_id, types, walks = self._transactions.dialect, self._new_id, self._types, self._walks
        indexed = partial(self._indexed, link) if self._has_marks else frozenset
        return Scope(
            *(link, dialect, pk, app, cause, moment, new_id, types),
            indexed=indexed,
            walks=walks,
            trigrams=partial(self._trigrams, link),
        )

    def _trigrams(self, link: Link) -> frozenset[str]:
        """Return the columns with an index of pieces. It is looked up once: an upgrade comes with a restart."""
        if self._with_trigrams is None:
            self._with_trigrams = trigrams_there(link.core)
        return self._with_trigrams

    def _app_pk(self, link: Link, app: str) -> int:
        pk = self._app_pks.get(app)
        if pk is None:
            found = _FIND_APP.first(link, name=app)
            if found is None:
                raise KeyError(app)
            pk = self._app_pks[app] = int(found.pk)
        return pk

    def _indexed(self, link: Link) -> frozenset[str]:
        """Return the URNs of the extensions with a complete index. It is asked anew: somebody may be remaking it."""
        return frozenset(urn for _, urn in complete(link, self._definitions))


def open_database(
    url: str,
    *,
    clock: Clock,
    new_id: Callable[[], str],
    resource_types: Iterable[ResourceType] = RESOURCE_TYPES,
) -> SqlDatabase:
    """Return the database of a URL: sqlite:////absolute/path.db or postgresql://user@host/database.

    Nothing is created or checked; `syncd.store.check` and `check_extensions` do that. `clock` gives the time of
    changes, `new_id` the ids of resources, runs and snapshots, `resource_types` are what may be stored. Raises
    ValueError for a URL that is not understood.
    """
    return SqlDatabase(url, clock, new_id, resource_types)
