"""compliance-trestle, asked whether OSCAL assessment results are valid; `make oscal` makes what SYNCD_TRESTLE names."""

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

TRESTLE = "SYNCD_TRESTLE"


def trestle_workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make a workspace of trestle, which reads files in one only. Skips where trestle is not named."""
    program = os.environ.get(TRESTLE)
    if not program:
        pytest.skip(f"{TRESTLE} is not set; make oscal makes what it names")
    folder = tmp_path_factory.mktemp("trestle")
    subprocess.run([program, "init"], cwd=folder, check=True, capture_output=True)
    return folder


def trestle(folder: Path, made: dict[str, Any]) -> subprocess.CompletedProcess[str]:
    """Have assessment results validated."""
    path = folder / "assessment-results" / "made" / "assessment-results.json"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(made), encoding="utf-8")
    command = [os.environ[TRESTLE], "validate", "-f", str(path)]
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
