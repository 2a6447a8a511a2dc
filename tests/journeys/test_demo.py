"""The demonstration plays on the real thing and says what it counted."""

import json
import subprocess
import sys

from tests.support.program import ROOT


def test_the_demonstration_finds_repairs_and_rests() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "syncd", "demo", "--users", "30", "--json"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    summary = json.loads(done.stdout.splitlines()[-1])
    assert summary["pushed"] == 30
    assert summary["drift_before"] == {
        "ghost": 2,
        "zombie-deprovisioned": 3,
        "zombie-suspended": 1,
        "orphan-unassigned": 2,
        "orphan-gone": 1,
        "unmanaged": 1,
        "attribute-mismatch": 1,
        "protected-drift": 1,
    }
    assert summary["plan"]["actions"] == summary["applied"] == 7
    assert (summary["drift_after_actionable"], summary["second_run_actions"]) == (0, 0)
    assert summary["audit_events"] > 30 + 7


def test_the_demonstration_reads_well_in_a_terminal() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "syncd", "demo", "--users", "20"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    assert max(map(len, done.stdout.splitlines())) <= 160
    for said in (
        "drift-report",
        "reconcile --apply --expect-digest",
        "break.glass@example.com",
        "Nothing to repair",
        "account:deactivated",
    ):
        assert said in done.stdout
