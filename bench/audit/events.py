"""Many events, quickly: those of accounts that were made and closed, as the front door has written them for one.

Of another account the number and the id are different, and with them what is personal, its salt and the commitment. The
database's own trigger lets each of them wait to be sealed.
"""

from collections.abc import Callable, Iterator
from itertools import islice
from secrets import token_bytes

import orjson

from bench import bodies
from bench.in_process.bulk import Row, bulk
from bench.in_process.front_door import front_door, send
from bench.in_process.loading import CHUNK, LoadError
from bench.in_process.world import identity, user_body
from bench.reconciler.accounts import MODEL, rewritten, texts_of
from syncd.core.audit_log import PERSONAL, SALT_SIZE, commitment
from syncd.ports import Clock
from syncd.store.engine import make_engine
from syncd.store.tables import audit_event


def write_events(url: str, events: int, clock: Clock, say: Callable[[str], None]) -> None:
    """Write events until there are that many, in a database that is current and empty. Raises `LoadError`."""
    models = _models(url, clock)
    rows = _rows(models, events - len(models))
    with bulk(url) as target:
        done = 0
        while chunk := list(islice(rows, CHUNK)):
            target.write(audit_event, chunk)
            done += len(chunk)
            if done % (100 * CHUNK) == 0:
                say(f"  {done:,} events written")


def _models(url: str, clock: Clock) -> list[Row]:
    """Make an account, close it, and return the rows of the events about it."""
    name = identity("User", MODEL)
    close = send("PATCH", f"/Users/{name}", bodies.set_active(False))
    with front_door(url, clock, lambda: name) as door:
        for request, status in ((send("POST", "/Users", user_body(MODEL)), 201), (close, 200)):
            answer = door.answer(request)
            if answer.status != status:
                raise LoadError(f"{request.method} {request.path}: {answer.status} {answer.body.decode()}")
    with make_engine(url).connect() as connection:
        found = connection.execute(audit_event.select().order_by(audit_event.c.pk)).mappings()
        return [{key: value for key, value in row.items() if key != "pk"} for row in found]


def _rows(models: list[Row], events: int) -> Iterator[Row]:
    """Yield so many events: of each account those of the model, one after the other."""
    known_id = identity("User", MODEL)
    texts = [model["personal"].decode() for model in models]
    told = [orjson.loads(model["body"])[PERSONAL].encode() for model in models]
    for place in range(events):
        number, which = divmod(place, len(models))
        model, new_id, salt = models[which], identity("User", number), token_bytes(SALT_SIZE)
        personal = rewritten(texts[which], texts_of(number)).encode()
        body = model["body"].replace(known_id.encode(), new_id.encode())
        committed = commitment(salt, personal).encode()
        new = {"subject_id": new_id, "body": body.replace(told[which], committed), "salt": salt, "personal": personal}
        yield model | new
