"""Okta's own published suites, against the running program. They are not part of this repository.

SYNCD_OKTA_SUITES names the folder with `okta_spec.sh` and `okta_crud.sh`. The CRUD suite drives an Okta org: here that
is the simulated one, so its assertions are Okta's and its pushes are our model of Okta's.
"""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import requests

from tests.support.program import free_port, running

SUITES = os.environ.get("SYNCD_OKTA_SUITES")
POSTGRES = os.environ.get("SYNCD_TEST_POSTGRES_URL")
TOKEN, OKTA_TOKEN, APP_ID = (
    "token-of-the-suite-0123456789abcdef0123456789",
    "00okta-token-of-the-suite",
    "0oasuite0000000app01",
)

# Part of the pauses that the suite makes for Okta's pushes: 20 seconds become one.
PAUSE_SCALE = "0.05"

pytestmark = [
    pytest.mark.okta_suites,
    pytest.mark.skipif(not SUITES, reason="SYNCD_OKTA_SUITES is unset"),
    pytest.mark.skipif(not shutil.which("node"), reason="the suites' scripts need node"),
]

DATABASES = [
    pytest.param("", id="sqlite"),
    pytest.param(
        POSTGRES or "",
        id="postgres",
        marks=[pytest.mark.postgres, pytest.mark.skipif(not POSTGRES, reason="SYNCD_TEST_POSTGRES_URL is unset")],
    ),
]


@pytest.fixture(params=DATABASES)
def server(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """Run a throwaway server and give the address of its SCIM endpoint."""
    port = free_port()
    chosen = ["--database-url", request.param] if request.param else []
    arguments = ["serve", "--ephemeral", "--host", "127.0.0.1", "--port", str(port), "--token", TOKEN, *chosen]
    with running(*arguments, log=tmp_path / "serve.log", ready=f"http://127.0.0.1:{port}/readyz"):
        yield f"http://127.0.0.1:{port}/scim/v2"


def run_suite(script: str, **environment: str) -> str:
    """Run one of the scripts and return its last line; a failing script shows all it said."""
    done = subprocess.run(
        ["bash", str(Path(SUITES or "") / script)],
        env={**os.environ, "PYTHON": sys.executable, "TOKEN": TOKEN, "PAUSE_SCALE": PAUSE_SCALE, **environment},
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    last = done.stdout.strip().splitlines()[-1:] or [""]
    assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-2000:]
    return last[0]


def all_passed(line: str) -> int:
    passed, total = map(int, re.findall(r"\d+", line.split(":")[1])[:2])
    assert passed == total, line
    return total


def test_the_specification_suite_passes(server: str) -> None:
    assert all_passed(run_suite("okta_spec.sh", BASE_URL=server)) == 53


@pytest.mark.parametrize("style", ["oin", "aiw"])
def test_the_crud_suite_passes_with_a_simulated_org(server: str, style: str, tmp_path: Path) -> None:
    port = free_port()
    arguments = ["simulate", "--port", str(port), "--scim-url", server, "--scim-token", TOKEN]
    arguments += ["--okta-token", OKTA_TOKEN, "--app-id", APP_ID, "--style", style]
    org = f"http://127.0.0.1:{port}"
    with running(*arguments, log=tmp_path / "simulate.log", ready=f"{org}/.well-known/okta-organization"):
        line = run_suite("okta_crud.sh", BASE_URL=server, OKTA_ORG_URL=org, OKTA_TOKEN=OKTA_TOKEN, OKTA_APP_ID=APP_ID)
    assert all_passed(line) == 43
    listed = requests.get(f"{server}/Users", headers={"Authorization": f"Bearer {TOKEN}"}, timeout=10).json()
    assert [user["active"] for user in listed["Resources"]] == [False, False]
