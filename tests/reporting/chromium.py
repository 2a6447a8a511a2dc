"""A browser for tests: Chromium, driven over W3C WebDriver by chromedriver. What it logs is part of the answer."""

import json
import os
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import requests

from tests.support.program import free_port

REQUIRED = "SYNCD_TEST_REQUIRE_CHROMIUM"
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
    "--window-size=1100,1400",
)


@dataclass(frozen=True)
class Browser:
    """One window."""

    session: str

    def open(self, path: Path) -> None:
        """Show a file."""
        self.ask("url", {"url": path.as_uri()})

    def run(self, script: str) -> Any:
        """Return what a script returns."""
        return self.ask("execute/sync", {"script": script, "args": []})

    def console(self) -> list[str]:
        """Return what the console has said since the last question."""
        return [entry["message"] for entry in self.ask("se/log", {"type": "browser"})]

    def requests(self) -> list[str]:
        """Return the addresses that were asked since the last question."""
        messages = [json.loads(entry["message"])["message"] for entry in self.ask("se/log", {"type": "performance"})]
        sent = [one["params"]["request"]["url"] for one in messages if one["method"] == "Network.requestWillBeSent"]
        return [url for url in sent if not url.startswith(("chrome:", "data:"))]  # its own first page

    def tell(self, command: str, **parameters: Any) -> Any:
        """Return the answer to a command of the DevTools protocol."""
        return self.ask("goog/cdp/execute", {"cmd": command, "params": parameters})

    def ask(self, command: str, body: dict[str, Any]) -> Any:
        """Return the value that WebDriver answers."""
        answer = requests.post(f"{self.session}/{command}", json=body, timeout=60)
        assert answer.ok, answer.text
        return answer.json()["value"]


@contextmanager
def started(folder: Path) -> Iterator[Browser]:
    """Start a browser whose profile is in that folder; skip the test where there is none, unless it is required."""
    driver, program = shutil.which("chromedriver"), shutil.which("chromium") or shutil.which("chromium-browser")
    if driver is None or program is None:
        if os.environ.get(REQUIRED):
            pytest.fail(f"chromium and chromedriver are not installed, and {REQUIRED} is set")
        pytest.skip("chromium and chromedriver are not installed")
    port = free_port()
    process = subprocess.Popen([driver, f"--port={port}"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    base = f"http://127.0.0.1:{port}"
    try:
        _wait_for(base)
        options = {"binary": program, "args": [*ARGUMENTS, f"--user-data-dir={folder}"]}
        wanted = {"goog:chromeOptions": options, "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}
        made = requests.post(f"{base}/session", json={"capabilities": {"alwaysMatch": wanted}}, timeout=60)
        assert made.ok, made.text
        session = f"{base}/session/{made.json()['value']['sessionId']}"
        yield Browser(session)
        requests.delete(session, timeout=60)
    finally:
        process.terminate()
        process.wait()


def _wait_for(base: str) -> None:
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        try:
            if requests.get(f"{base}/status", timeout=2).json()["value"]["ready"]:
                return
        except requests.ConnectionError:
            time.sleep(0.05)
    pytest.fail("chromedriver did not come up")
