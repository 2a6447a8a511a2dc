"""Witnesses on other hosts, asked as c2sp.org/tlog-witness has it. Nothing that one answers is believed unchecked."""

import re
import ssl
from collections.abc import Sequence
from typing import Final

from syncd.core.notes import IsSigned, Note, NoteError, Signature, VerifierKey
from syncd.core.witnessing import LARGEST, Submission, cosignature_in
from syncd.delivery.in_time import LONGEST, within
from syncd.delivery.posting import PATIENCE, Address, Answered, NoAnswerError, Patience
from syncd.ports.witnesses import WitnessConflictError, WitnessRefusedError, WitnessUnreachableError

_PATH: Final = "/add-checkpoint"
_ANSWER: Final = 16_384
_OK, _CONFLICT, _TOO_MANY, _SERVERS_FAULT = 200, 409, 429, 500
_SIZE: Final = re.compile(rb"(0|[1-9][0-9]{0,18})\n")
_WHY: Final = {
    400: "it does not understand what it was sent. See whether it speaks tlog-witness",
    403: "it trusts another key for this log. Tell its operator the public key (--log)",
    404: "it was not told of this log, or not of this epoch of it. Tell its operator the key (--log) or the epoch "
    "(--epoch), who has to find out first why there is a new one",
    422: "this log does not go on from what it has cosigned. Run: syncd audit verify",
}


class Witness:
    """A witness at an address; see `syncd.ports.witnesses.Witness`."""

    def __init__(
        self,
        url: str,
        key: VerifierKey,
        is_signed: IsSigned,
        *,
        patience: Patience = PATIENCE,
        longest: float = LONGEST,
        trust: ssl.SSLContext | None = None,
    ) -> None:
        """Take the submission prefix, and the public key of the witness. `longest` is in seconds, for each answer."""
        self._address = Address(f"{url.rstrip('/')}{_PATH}", patience, trust)
        self._key, self._is_signed, self._longest = key, is_signed, longest

    @property
    def key(self) -> VerifierKey:
        """The public key that it cosigns with, and is believed by."""
        return self._key

    def cosign(self, old: int, proof: Sequence[bytes], note: Note) -> Signature:
        """Have a checkpoint cosigned, and return the line, checked. Raises `WitnessError`."""
        body = str(Submission.of(old, proof, note)).encode()
        answered = self._asked(body)
        if answered.status == _OK:
            return self._believed(answered.body, note)
        size = _SIZE.fullmatch(answered.body) if answered.status == _CONFLICT else None
        if size and int(size.group(1)) <= LARGEST:
            raise WitnessConflictError(self._key.name, int(size.group(1)))
        raise self._refusal(answered)

    def _asked(self, body: bytes) -> Answered:
        headers = {"Content-Type": "text/plain; charset=utf-8"}
        try:
            return within(self._longest, "witness", lambda: self._address.post(body, headers, _ANSWER))
        except NoAnswerError as error:
            raise WitnessUnreachableError(
                f"{self._key.name}: {error}. See whether the address is right and reachable from here"
            ) from None
        except TimeoutError:
            raise WitnessUnreachableError(f"{self._key.name}: no answer within {self._longest:g} seconds") from None

    def _believed(self, answer: bytes, note: Note) -> Signature:
        try:
            return cosignature_in(answer.decode(), note, self._key, self._is_signed)
        except (UnicodeDecodeError, NoteError):
            raise WitnessRefusedError(
                f"{self._key.name}: what it answered is no cosignature by its key. See whether the public key is right"
            ) from None

    def _refusal(self, answered: Answered) -> WitnessRefusedError | WitnessUnreachableError:
        told = f"{self._key.name}: answered {answered.status}"
        if answered.status == _TOO_MANY or answered.status >= _SERVERS_FAULT:
            return WitnessUnreachableError(f"{told}. See what is the matter on its host")
        redirected = "redirects are not followed. Name the address that it has now"
        why = redirected if answered.is_redirect else _WHY.get(answered.status, "see whether it speaks tlog-witness")
        return WitnessRefusedError(f"{told}: {why}")
