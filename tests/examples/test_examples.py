"""What the library's guide and its example show, as somebody sees who tries them."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import requests

from scim.conformance import ResourceStoreContract
from tests.support.program import PATIENCE, ROOT, free_port

TOKEN: Final = "let-me-in"
MOST_LINES: Final = 45
ALONE: Final = """
import sys

class OnlyTheLibrary:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] not in ALLOWED | sys.stdlib_module_names:
            raise ImportError(f"{name} is not needed")

sys.meta_path.insert(0, OnlyTheLibrary())
"""


def python_blocks() -> list[str]:
    return re.findall(r"^```python\n(.*?)^```", (ROOT / "scim" / "README.md").read_text(), re.DOTALL | re.MULTILINE)


def test_the_guide_does_what_it_shows() -> None:
    names: dict[str, Any] = {}
    for block in python_blocks():
        exec(compile(block, "scim/README.md", "exec"), names)
    assert issubclass(names["TestMyStore"], ResourceStoreContract)


def test_the_guide_names_every_module() -> None:
    guide = (ROOT / "scim" / "README.md").read_text()
    found = {path.stem for path in (ROOT / "scim").iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    unnamed = {name for name in found if f"`{name}`" not in guide}
    assert unnamed == {"__init__", "errors", "exchange", "provider", "resource", "urns"}


@pytest.fixture
def server(tmp_path: Path) -> Iterator[str]:
    port = free_port()
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "SCIM_TOKEN": TOKEN, "PORT": str(port)}
    example = ROOT / "examples" / "memory_server.py"
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen([sys.executable, str(example)], env=environment, stdout=log, stderr=log)
    url = f"http://127.0.0.1:{port}/scim/v2"
    try:
        deadline = time.monotonic() + PATIENCE
        while not answers(url):
            assert time.monotonic() < deadline, (tmp_path / "log").read_text()
            time.sleep(0.05)
        yield url
    finally:
        process.terminate()
        process.wait(10)


def answers(url: str) -> bool:
    try:
        return bool(requests.get(url, timeout=2).status_code == requests.codes.unauthorized)
    except requests.ConnectionError:
        return False


def test_the_example_is_a_server(server: str) -> None:
    headers = {"Authorization": f"Bearer {TOKEN}"}
    made = requests.post(f"{server}/Users", json={"userName": "ann"}, headers=headers, timeout=5)
    assert made.status_code == 201
    assert requests.get(made.json()["meta"]["location"], headers=headers, timeout=5).json() == made.json()
    for wrong in ({}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {TOKEN}"}):
        assert requests.get(f"{server}/Users", headers=wrong, timeout=5).status_code == 401


def test_the_example_is_short() -> None:
    assert len((ROOT / "examples" / "memory_server.py").read_text().splitlines()) <= MOST_LINES


@pytest.mark.parametrize(
    ("module", "needed"),
    [
        ("scim.service", {"scim", "orjson"}),
        ("scim.memory_store", {"scim", "orjson"}),
        (
            "scim.blueprint",
            {"scim", "orjson", "flask", "werkzeug", "jinja2", "markupsafe", "click", "itsdangerous", "blinker"},
        ),
    ],
)
def test_the_library_needs_nothing_else(module: str, needed: set[str]) -> None:
    program = f"ALLOWED = {needed!r}\n{ALONE}\nimport {module}"
    ended = subprocess.run([sys.executable, "-c", program], cwd=ROOT, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
