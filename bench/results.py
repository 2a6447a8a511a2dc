"""All that was measured, by what, at which size, on which server."""

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import product
from pathlib import Path
from typing import Any, NamedTuple

from bench.samples import Figure, Sample


class Key(NamedTuple):
    """What a figure is of. `size` is that of the directory, or of the group where `operation` begins with "big_"."""

    operation: str
    size: int
    server: str


class Results:
    """Samples by key, memory by server and size, and what no sample says."""

    def __init__(self, scale: str, patience: float) -> None:
        self.scale = scale
        self._patience = patience
        self._samples: defaultdict[Key, list[Sample]] = defaultdict(list)
        self._memory: dict[tuple[str, int], tuple[float, int]] = {}
        self._missed: dict[Key, str] = {}

    def add(self, key: Key, sample: Sample) -> None:
        """Keep the sample of one round."""
        self._samples[key].append(sample)

    def add_memory(self, server: str, size: int, megabytes: float, processes: int) -> None:
        """Keep the memory of a server's processes at a size of the directory."""
        self._memory[server, size] = (megabytes, processes)

    def miss(self, operations: Iterable[str], sizes: Iterable[int], server: str) -> None:
        """Note that a server did not come to what has not been measured of it yet."""
        for operation, size in product(operations, sizes):
            key = Key(operation, size, server)
            if key not in self._samples:
                self._missed[key] = "-"

    def is_hopeless(self, key: Key) -> bool:
        """Return whether a round brought no right answer at all: another one would not either."""
        return any(not sample.seconds for sample in self._samples.get(key, ()))

    def figure(self, operation: str, size: int, server: str) -> Figure:
        """Return the medians, or a figure that says why there are none."""
        key = Key(operation, size, server)
        if key in self._missed:
            return Figure(note=self._missed[key])
        return Figure.of(self._samples.get(key, ()), self._patience)

    def memory(self, server: str, size: int) -> tuple[float, int] | None:
        """Return megabytes and number of processes, or None where it was not measured."""
        return self._memory.get((server, size))

    def sizes(self, operation: str) -> list[int]:
        """Return the sizes at which an operation was measured, smallest first."""
        return sorted({key.size for key in [*self._samples, *self._missed] if key.operation == operation})

    def has(self, operation: str, size: int) -> bool:
        """Return whether an operation was measured on any server at a size."""
        return size in self.sizes(operation)

    def save(self, path: Path, about: dict[str, Any]) -> None:
        """Write everything as JSON."""
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps({"about": about, "figures": list(self._rows())}, indent=1), encoding="utf-8")

    def _rows(self) -> Iterator[dict[str, Any]]:
        for key, samples in self._samples.items():
            yield {**key._asdict(), "rounds": [sample.summary() for sample in samples]}
        for key, reason in self._missed.items():
            yield {**key._asdict(), "missed": reason}
        for (server, size), (megabytes, processes) in self._memory.items():
            row = {"operation": "memory", "size": size, "server": server}
            yield {**row, "megabytes": round(megabytes, 1), "processes": processes}
