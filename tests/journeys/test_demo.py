"""The demonstration plays on the real thing and says what it counted."""

import json
import subprocess
import sys

from tests.support.program import ROOT


def play(*options: str) -> list[str]:
    """Run the demonstration and return the lines of its standard output."""
    done = subprocess.run(
        [sys.executable, "-m", "syncd", "demo", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return done.stdout.splitlines()


def test_the_demonstration_finds_repairs_and_rests() -> None:
    summary = json.loads(play("--users", "30", "--json")[-1])
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
    lines = play("--users", "20")
    assert max(map(len, lines)) <= 160
    told = "\n".join(lines)
    for said in ("drift-report", "reconcile --apply --expect-digest", "break.glass@example.com", "account:deactivated"):
        assert said in told
