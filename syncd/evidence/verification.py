"""Check a pack with nothing but itself and public keys. Nothing in it is believed before its signature holds."""

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from scim.resource import timestamp
from syncd.core.audit_log import PERSONAL, commitment, epoch_of
from syncd.core.changes import Action
from syncd.core.checkpoints import Checkpoint
from syncd.core.merkle import is_consistent, is_included, leaf_hash
from syncd.core.movements import Movement, Outcome, Place
from syncd.core.notes import IsSigned, Note, NoteError, VerifierKey
from syncd.core.proofs import Proof, ProofError, check
from syncd.core.sampling import draw
from syncd.evidence.archive import read, refuse_other_form
from syncd.evidence.drift_reports import FOLDER, refuse_report
from syncd.evidence.entries import PROOFS, path_of, proof_name, read_lines
from syncd.evidence.manifest import MANIFEST, SIGNATURE, read_manifest, refuse_files, refuse_signature
from syncd.evidence.problems import PackError
from syncd.evidence.separated import read_csv

_EVENTS: Final = "okta_events.ndjson"


@dataclass(frozen=True, slots=True)
class Verified:
    """A pack that holds.

    `erased` counts the records whose personal part was removed, `older_keys` the checkpoints that another key signed
    and that are proved to be the beginning of what this one signed. `witnesses` cosigned the newest checkpoint.
    """

    manifest: Mapping[str, Any]
    files: int
    records: int
    erased: int
    older_keys: int
    witnesses: tuple[str, ...]


def verify(data: bytes, key: VerifierKey, witnesses: Sequence[VerifierKey], is_signed: IsSigned) -> Verified:
    """Return what a pack is, where it holds. Raises `PackError` with the first file that does not.

    The key is the log's, each of `witnesses` has to have cosigned the newest checkpoint.
    """
    files = read(data)
    for name in (MANIFEST, SIGNATURE):
        if name not in files:
            raise PackError(name, "it is missing: this is no evidence pack of syncd")
    refuse_signature(files[MANIFEST], files[SIGNATURE], key, is_signed)
    manifest = read_manifest(files[MANIFEST])
    try:
        refuse_files(manifest, files)
        refuse_other_form(data, files)
        checks = _Check(files, manifest, key, is_signed)
        checks.head(witnesses)
        checks.records()
        checks.heads()
        checks.proofs(witnesses)
        checks.reports()
        checks.population()
        checks.sample()
    except (KeyError, TypeError, ValueError) as error:
        if isinstance(error, PackError):
            raise
        raise PackError(MANIFEST, f"what was signed does not fit together: {error!r}") from error
    named = tuple(one.name for one in witnesses)
    return Verified(manifest, len(files), len(checks.seen), checks.erased, checks.older_keys, named)


class _Check:
    """One pack whose files are those that were signed, on its way through the checks of what is in them."""

    def __init__(
        self, files: Mapping[str, bytes], manifest: Mapping[str, Any], key: VerifierKey, is_signed: IsSigned
    ) -> None:
        self._files = files
        self._manifest = manifest
        self._key = key
        self._is_signed = is_signed
        self.seen: dict[int, Mapping[str, Any]] = {}
        self._reports: dict[str, object] = {}
        self.erased = 0
        self.older_keys = 0

    def head(self, witnesses: Sequence[VerifierKey]) -> None:
        """Check the newest checkpoint: by whom it is signed, and that the manifest is bound to it."""
        name = "checkpoint.txt"
        note, checkpoint = self._note(name, self._files[name].decode())
        lacking = [one.name for one in witnesses if one not in self._signed_by(name, note, [one])]
        if self._key not in self._signed_by(name, note, [self._key]):
            raise PackError(name, f"the key of {self._key.name} did not sign it")
        if lacking:
            raise PackError(name, f"the witness {', '.join(lacking)} did not sign it")
        told = {"origin": checkpoint.origin, "size": checkpoint.size, "root": checkpoint.root.hex()}
        if told != self._manifest["checkpoint"]:
            raise PackError(name, "it is not the checkpoint that the manifest names")
        self._newest = checkpoint

    def records(self) -> None:
        """Check each entry: that the log has it, of this application, and its personal part."""
        name, before = "records.ndjson", -1
        for line in read_lines(name, self._files[name]):
            entry, body = line["entry"], line["body"].encode()
            where = f"entry {entry}"
            if entry <= before:
                raise PackError(name, f"{where} comes after entry {before}")
            newest = self._newest
            if not is_included(leaf_hash(body), entry, newest.size, newest.root, path_of(name, line)):
                raise PackError(name, f"{where} is not in the log that was signed")
            event = json.loads(body)
            if event.get("app", self._manifest["app"]) != self._manifest["app"]:
                raise PackError(name, f"{where} is of another application")
            self._personal(name, where, event, line)
            self.seen[entry] = event
            before = entry
        self._balance(name, "records", len(self.seen))

    def proofs(self, witnesses: Sequence[VerifierKey]) -> None:
        """Check the proofs that stand alone: each is of an entry of the records, and holds by itself."""
        for name, content in self._files.items():
            if not name.startswith(PROOFS):
                continue
            try:
                proof = Proof.parse(content.decode())
                check(proof, [self._key, *witnesses], self._is_signed)
            except ProofError as error:
                raise PackError(name, str(error)) from error
            if name != proof_name(proof.index) or self.seen.get(proof.index) != json.loads(proof.record.body):
                raise PackError(name, "it proves another entry than the one of its name")

    def reports(self) -> None:
        """Check that each drift report is the one that the log names."""
        for name, content in self._files.items():
            if name.startswith(FOLDER):
                refuse_report(name, content, self._reports)

    def heads(self) -> None:
        """Check that each checkpoint is the beginning of the newest one."""
        name, number = "checkpoints.ndjson", 0
        for line in read_lines(name, self._files[name]):
            note, checkpoint = self._note(name, line["note"])
            self.older_keys += not self._signed_by(name, note, [self._key])
            newest, path = self._newest, path_of(name, line)
            if not is_consistent(checkpoint.size, checkpoint.root, newest.size, newest.root, path):
                raise PackError(name, f"the checkpoint of {checkpoint.size} entries is not the beginning of the log")
            if checkpoint.size != line["size"]:
                raise PackError(name, f"the checkpoint of {checkpoint.size} entries is listed as one of {line['size']}")
            number += 1
        self._balance(name, "checkpoints", number)

    def population(self) -> None:
        """Check that the rows add up, and say what Okta's events and the entries say."""
        name, matched, number = "population.csv", 0, 0
        told = {line["uuid"]: line for line in read_lines(_EVENTS, self._files[_EVENTS])}
        listed: set[str] = set()
        for number, row in enumerate(read_csv(name, self._files[name]), 1):
            self._times_of_okta(f"row {number}", row, told)
            listed.update(row["events"].split())
            if row["outcome"] == Outcome.MATCHED.value:
                matched += 1
                self._times_here(f"row {number}", row)
        self._balance(name, "population", number)
        self._balance(name, "matched", matched)
        self._balance(name, "unmatched", number - matched)
        self._balance(_EVENTS, "events", len(told))
        if listed != {uuid for uuid, line in told.items() if line["place"] == Place.POPULATION.value}:
            raise PackError(name, f"its events are not those that {_EVENTS} counts to the population")
        if self._manifest["events"] != count_places(line["place"] for line in told.values()):
            raise PackError(_EVENTS, "its events are not in the places that the manifest counts")

    def _times_of_okta(self, where: str, row: Mapping[str, str], told: Mapping[str, Mapping[str, Any]]) -> None:
        for step in ("t0", "t1"):
            line = told.get(row[f"{step}Uuid"])
            if line is None or (line["published"], line["eventType"]) != (row[step], row[f"{step}Event"]):
                raise PackError("population.csv", f"{step} of {where} is not the event in {_EVENTS}")

    def _times_here(self, where: str, row: Mapping[str, str]) -> None:
        name, event = "population.csv", self.seen.get(int(row["t4Entry"]))
        if event is None or event["subject_id"] != row["account"]:
            raise PackError(name, f"{where} names entry {row['t4Entry']}, which is not about this account")
        if timestamp(datetime.fromisoformat(event["at"])) != row["t3"]:
            raise PackError(name, f"t3 of {where} is not the time of entry {row['t4Entry']}")

    def sample(self) -> None:
        """Draw the sample again."""
        name, chosen = "sample.csv", self._manifest["sample"]
        rows = [(row["movement"], row["row"]) for row in read_csv("population.csv", self._files["population.csv"])]
        wanted = [
            (movement.value, one)
            for movement in Movement
            for one in draw(chosen["seed"], (row for of, row in rows if of == movement.value), chosen["size"])
        ]
        found = [(row["movement"], row["row"]) for row in read_csv(name, self._files[name])]
        if found != wanted:
            raise PackError(name, "it is not the sample that the seed draws")

    # -------------------------------------------------------------- parts

    def _note(self, name: str, text: str) -> tuple[Note, Checkpoint]:
        try:
            note = Note.parse(text)
            checkpoint = Checkpoint.of(note)
        except NoteError as error:
            raise PackError(name, str(error)) from error
        if epoch_of(self._key.name, checkpoint.origin) is None:
            raise PackError(name, f"it is of the log {checkpoint.origin!r}, and the key is of {self._key.name!r}")
        return note, checkpoint

    def _signed_by(self, name: str, note: Note, keys: Sequence[VerifierKey]) -> tuple[VerifierKey, ...]:
        try:
            return note.signed_by(keys, self._is_signed)
        except NoteError as error:
            raise PackError(name, str(error)) from error

    def _personal(self, name: str, where: str, event: Mapping[str, Any], line: Mapping[str, Any]) -> None:
        salt, personal = line["salt"], line["personal"]
        if PERSONAL not in event:
            return
        if salt is None or personal is None:
            self.erased += 1
        elif commitment(bytes.fromhex(salt), personal.encode()) != event[PERSONAL]:
            raise PackError(name, f"the personal part of {where} is not the one that was written")
        elif event["action"] == Action.RUN_ENDED:
            detail = json.loads(personal)["detail"]
            self._reports[detail["run"]] = detail.get("report")

    def _balance(self, name: str, what: str, found: int) -> None:
        told = self._manifest["counts"][what]
        if told != found:
            raise PackError(name, f"it has {found} of {what}, and the manifest says {told}")


def count_places(places: Iterable[str]) -> dict[str, int]:
    """Return how many events are in each place, as the manifest has it."""
    counted = Counter(places)
    return {place.value: counted.pop(place.value, 0) for place in Place} | counted
