"""`POST /add-checkpoint` (c2sp.org/tlog-witness), as a WSGI application."""

from collections.abc import Iterable
from http import HTTPStatus
from typing import TYPE_CHECKING, Final, NamedTuple

import structlog

from syncd.core.notes import IsSigned
from syncd.core.witnessing import Logs, Seen, Submission, SubmissionError, Verdict, judge, refused
from syncd.ports import Clock
from syncd.ports.witnesses import Cosigner
from syncd.witness.memory import MemoryFile, MemoryFileError

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PATH: Final = "/add-checkpoint"
MAXIMUM_BODY: Final = 65_536

_TEXT: Final = "text/plain; charset=utf-8"
_SIZE: Final = "text/x.tlog.size"
_log = structlog.get_logger("syncd.witness")


class _Answer(NamedTuple):
    status: HTTPStatus
    body: str
    kind: str = _TEXT


_REFUSALS: Final = {
    Verdict.MALFORMED: _Answer(HTTPStatus.BAD_REQUEST, "the old size is larger than the checkpoint's\n"),
    Verdict.UNKNOWN_LOG: _Answer(HTTPStatus.NOT_FOUND, "this witness was not told of a log of that origin\n"),
    Verdict.UNSIGNED: _Answer(HTTPStatus.FORBIDDEN, "no key that is trusted for this origin has signed this\n"),
    Verdict.UNPROVEN: _Answer(
        HTTPStatus.UNPROCESSABLE_ENTITY, "the proof does not lead from what was cosigned to this\n"
    ),
}
_EVIDENCE: Final = frozenset({Verdict.CONTRADICTED, Verdict.UNPROVEN})
"""A log signed what does not go on from what it signed before, or proved it badly: what it signed is logged."""


class WitnessApp:
    """Cosigns what goes on from what it has seen. Safe to use from several threads and several processes."""

    def __init__(self, logs: Logs, memory: MemoryFile, cosigner: Cosigner, clock: Clock, is_signed: IsSigned) -> None:
        """Take the keys of the logs by their origins, what was seen of them, and the key to cosign with."""
        self._logs, self._memory, self._cosigner = logs, memory, cosigner
        self._clock, self._is_signed = clock, is_signed

    def __call__(self, environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
        """Answer a request."""
        answer = self._routed(environ)
        body = answer.body.encode()
        headers = [("Content-Type", answer.kind), ("Content-Length", str(len(body)))]
        if answer.status is HTTPStatus.METHOD_NOT_ALLOWED:
            headers.append(("Allow", "POST"))
        start_response(f"{answer.status.value} {answer.status.phrase}", headers)
        return [body]

    def _routed(self, environ: "WSGIEnvironment") -> _Answer:
        if environ["PATH_INFO"] != PATH:
            return _Answer(HTTPStatus.NOT_FOUND, f"there is nothing here but {PATH}\n")
        if environ["REQUEST_METHOD"] != "POST":
            return _Answer(HTTPStatus.METHOD_NOT_ALLOWED, "send a checkpoint with POST\n")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        if length > MAXIMUM_BODY:
            return _Answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"no submission is larger than {MAXIMUM_BODY} bytes\n")
        return self._add_checkpoint(environ["wsgi.input"].read(length))

    def _add_checkpoint(self, body: bytes) -> _Answer:
        try:
            submission = Submission.parse(body)
        except SubmissionError as error:
            return _Answer(HTTPStatus.BAD_REQUEST, f"{error}\n")
        refusal = refused(submission, self._logs, self._is_signed)
        if refusal:
            return _REFUSALS[refusal]
        try:
            return self._memory.exchange(submission.checkpoint.origin, lambda seen: self._judged(submission, seen))
        except MemoryFileError as error:
            _log.error("nothing is cosigned", why=str(error))
            return _Answer(HTTPStatus.INTERNAL_SERVER_ERROR, "what was seen cannot be kept, so nothing is cosigned\n")

    def _judged(self, submission: Submission, seen: Seen) -> tuple[_Answer, Seen]:
        """Decide and sign in one: what is signed is that this is, now, the largest checkpoint that was seen."""
        verdict, after = judge(seen, submission)
        if verdict in _EVIDENCE:
            _log.warning("a log does not go on from what was cosigned", **_evidence(verdict, submission, seen))
        if verdict is Verdict.COSIGNED:
            line = self._cosigner.cosign(submission.note.text, int(self._clock.now().timestamp()))
            return _Answer(HTTPStatus.OK, str(line)), after
        if verdict in _REFUSALS:
            return _REFUSALS[verdict], after
        return _Answer(HTTPStatus.CONFLICT, f"{seen.size}\n", _SIZE), after


def _evidence(verdict: Verdict, submission: Submission, seen: Seen) -> dict[str, str | int]:
    told = {"verdict": verdict.value, "origin": submission.checkpoint.origin, "note": str(submission.note)}
    return {**told, "seen_size": seen.size, "seen_root": seen.root.hex(), "old": submission.old}
