"""Make a pack of what was collected: its files, its manifest, the signature of that, and the zip around them."""

import tomllib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import sha256
from importlib.resources import files as files_of
from typing import Any, Final

from scim.resource import timestamp
from syncd import __version__
from syncd.core.controls import ControlsError, Mapped, read_controls
from syncd.core.movements import Movement, Outcome, Place
from syncd.core.notes import Note
from syncd.core.occurrences import Kept
from syncd.core.proofs import Proof, Record
from syncd.core.sampling import ALGORITHM, draw
from syncd.evidence import tables
from syncd.evidence.archive import write
from syncd.evidence.entries import head_line, lines, proof_name, record_line
from syncd.evidence.manifest import FORMAT, MANIFEST, SIGNATURE, File, pretty, signed_text
from syncd.evidence.oscal import as_oscal
from syncd.evidence.summary import as_page
from syncd.ports.audit import Signer
from syncd.workflows.collect_evidence import Evidence
from syncd.workflows.log_records import root_of

CONTROLS: Final = "controls.toml"


@dataclass(frozen=True, slots=True)
class Supplement:
    """A file that somebody else made for the pack, such as an access review. `kind` is counted under the controls."""

    name: str
    content: bytes
    holds: str
    kind: str | None = None


@dataclass(frozen=True, slots=True)
class Choices:
    """What is chosen of a pack: the seed of its samples (None: the root of the checkpoint), and how large each is.

    `controls` is the mapping as its TOML file has it, `configuration` the settings of the application without secrets.
    """

    controls: bytes
    configuration: Mapping[str, Any]
    sample: int = 25
    seed: str | None = None
    supplements: Sequence[Supplement] = field(default=())


@dataclass(frozen=True, slots=True)
class Pack:
    """A pack: its bytes, its manifest as bytes, and what is in it, in numbers."""

    content: bytes
    manifest: bytes
    counts: Mapping[str, int]

    @property
    def manifest_digest(self) -> str:
        """The SHA-256 of the manifest, in hexadecimal."""
        return sha256(self.manifest).hexdigest()


def shipped_controls() -> bytes:
    """Return the mapping of records to controls that comes with syncd."""
    return files_of("syncd.evidence").joinpath(CONTROLS).read_bytes()


def parse_controls(content: bytes) -> tuple[Mapped, ...]:
    """Return the mapping of a TOML file. Raises `ControlsError`."""
    try:
        return read_controls(tomllib.loads(content.decode()))
    except ControlsError:
        raise
    except (UnicodeDecodeError, ValueError) as error:
        raise ControlsError([f"it is no TOML: {error}"]) from error


def build(evidence: Evidence, choices: Choices, signer: Signer) -> Pack:
    """Return the pack: the same bytes for the same evidence and choices.

    Raises `ControlsError` for a mapping that cannot be used, and `PackError` where the files do not fit into a pack.
    """
    mapping = parse_controls(choices.controls)
    seed = choices.seed or root_of(evidence.newest).root.hex()
    drawn = _drawn(evidence, seed, choices.sample)
    counts = count(evidence)
    made = [
        *_tables(evidence, drawn, seed),
        *_proof(evidence, signer),
        *_proofs_of_sample(evidence, drawn),
        File(CONTROLS, choices.controls, "which records support which controls"),
        File("controls.csv", tables.controls(mapping, _kinds(evidence, choices)), "the same as a table, with counts"),
        File("configuration.json", pretty(choices.configuration), "the settings of the application now"),
        File("oscal.json", as_oscal(evidence, mapping), "OSCAL 1.2.1 assessment results"),
        File("summary.html", as_page(evidence), "a summary for people"),
        *(File(one.name, one.content, one.holds) for one in choices.supplements),
    ]
    made.append(File("README.md", _instructions(evidence, made, seed), "what this is, and how to check it"))
    made.sort(key=lambda file: file.name)
    told = _manifest(evidence, made, counts)
    told["sample"] = {"seed": seed, "size": choices.sample, "algorithm": ALGORITHM}
    manifest = pretty(told)
    text = signed_text(manifest)
    signature = str(Note(text, (signer.sign_note(text),))).encode()
    content = write({MANIFEST: manifest, SIGNATURE: signature, **{file.name: file.content for file in made}})
    return Pack(content, manifest, counts)


def count(evidence: Evidence) -> dict[str, int]:
    """Return what is in a pack, in numbers; `population` is the sum of `matched` and `unmatched`."""
    cases = evidence.population.cases
    matched = sum(case.outcome is Outcome.MATCHED for case in cases)
    slas, now = evidence.wanted.slas, evidence.wanted.now
    return {
        "events": len(evidence.population.places),
        "population": len(cases),
        "matched": matched,
        "unmatched": len(cases) - matched,
        "breaches": sum(case.breaches(slas[case.movement], now) for case in cases),
        "unexplained": len(evidence.population.unexplained),
        "records": len(evidence.records),
        "checkpoints": len(evidence.heads),
        "runs": len(evidence.runs),
        "missed": sum(one.kept is Kept.MISSED for one in evidence.schedule),
        "quarantines": len(evidence.quarantines),
    }


def _tables(evidence: Evidence, drawn: Mapping[Movement, Sequence[str]], seed: str) -> list[File]:
    events = sorted(evidence.read.events, key=lambda event: (event.published, event.uuid))
    told = lines(tables.event_line(evidence, event) for event in events)
    return [
        File("population.csv", tables.population(evidence), "joiners, movers and leavers, with t0 to t4"),
        File("unmatched.csv", tables.unmatched(evidence), "what is on one side only, with the reason"),
        File("okta_events.ndjson", told, "every event of the System Log that was read"),
        File("sample.csv", tables.sample(evidence, drawn, seed), "a sample of each movement"),
        File("runs.csv", tables.runs(evidence), "every run of the period"),
        File("schedule.csv", tables.schedule(evidence), "whether the schedule was kept, missed runs included"),
        File("quarantines.csv", tables.quarantines(evidence), "plans that were stopped, and who released them"),
        File(
            "decisions.csv",
            tables.decisions(evidence),
            "what people decided beside the rules, and keys and tokens",
        ),
        File(
            "configuration_history.csv",
            tables.configuration_history(evidence),
            "the policy of each run, and its changes",
        ),
    ]


def _proof(evidence: Evidence, signer: Signer) -> list[File]:
    heads = sorted(evidence.heads, key=lambda head: head.checkpoint.size)
    return [
        File(
            "records.ndjson", lines(map(record_line, evidence.records)), "entries of the audit log, with their proofs"
        ),
        File("checkpoints.ndjson", lines(map(head_line, heads)), "the checkpoints of t4, with proofs of consistency"),
        File("checkpoint.txt", evidence.newest.note.encode(), "the signed head of the log that all proofs lead to"),
        File("public.key", f"{signer.key}\n".encode(), "the public key that this pack claims"),
    ]


def _proofs_of_sample(evidence: Evidence, drawn: Mapping[Movement, Sequence[str]]) -> Iterator[File]:
    """Yield a proof that stands alone for each row of the samples to which something was done here."""
    rows = {row for ids in drawn.values() for row in ids}
    cases = evidence.population.cases
    wanted = {case.effect.entry for case in cases if case.effect and tables.row_id(case) in rows}
    note = Note.parse(evidence.newest.note)
    for one in evidence.records:
        raw = one.entry.raw
        if raw.seq in wanted:
            record = Record(raw.body or b"", raw.leaf, raw.salt, raw.personal)
            content = str(Proof(raw.seq, one.path, note, record)).encode()
            yield File(proof_name(raw.seq), content, "a proof of one entry (c2sp.org/tlog-proof)")


def _drawn(evidence: Evidence, seed: str, size: int) -> dict[Movement, Sequence[str]]:
    cases = evidence.population.cases
    return {
        movement: draw(seed, (tables.row_id(case) for case in cases if case.movement is movement), size)
        for movement in Movement
    }


def _kinds(evidence: Evidence, choices: Choices) -> dict[str, int]:
    counted = Counter(one.entry.action for one in evidence.records)
    counted |= Counter(one.kind for one in choices.supplements if one.kind)
    changes = sum(one.entry.action == "run:started" for one in evidence.records)
    artefacts = {
        "population": len(evidence.population.cases),
        "run-ledger": len(evidence.runs),
        "configuration": changes,
        "checkpoint": len(evidence.heads),
    }
    return {**counted, **artefacts}


def _manifest(evidence: Evidence, made: Iterable[File], counts: Mapping[str, int]) -> dict[str, Any]:
    wanted = evidence.wanted
    head = root_of(evidence.newest)
    places = Counter(evidence.population.places.values())
    return {
        "format": FORMAT,
        "app": wanted.app,
        "oktaApp": wanted.okta_app_id,
        "period": {"from": timestamp(wanted.period.start), "to": timestamp(wanted.period.end)},
        "made": timestamp(wanted.now),
        "syncd": __version__,
        "systemLog": {"from": evidence.read.where, "since": timestamp(evidence.read.since)},
        "complete": not evidence.gaps,
        "gaps": list(evidence.gaps),
        "counts": dict(counts),
        "events": {place.value: places[place] for place in Place},
        "checkpoint": {"origin": head.origin, "size": head.size, "root": head.root.hex()},
        "files": [file.as_json() for file in made],
    }


def _instructions(evidence: Evidence, made: Iterable[File], seed: str) -> bytes:
    wanted = evidence.wanted
    template = files_of("syncd.evidence").joinpath("instructions.md").read_text(encoding="utf-8")
    listed = "\n".join(
        f"- `{file.name}`: {file.holds}" for file in sorted(made, key=lambda file: file.name) if "/" not in file.name
    )
    gaps = "\n".join(f"- {gap}" for gap in evidence.gaps)
    complete = f"It is **not complete**:\n\n{gaps}" if gaps else f"It is complete: {evidence.read.where}."
    return template.format(
        app=wanted.app,
        start=timestamp(wanted.period.start),
        end=timestamp(wanted.period.end),
        made=timestamp(wanted.now),
        version=__version__,
        completeness=complete,
        files=listed,
        seed=seed,
        algorithm=ALGORITHM,
    ).encode()
