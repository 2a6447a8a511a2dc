"""A browser shows the page as it is meant: without an error, without asking anybody, with the document's figures."""

import base64
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from syncd.reporting import render
from tests.reporting.chromium import Browser, started
from tests.reporting.documents import clean_document, hostile_document

pytestmark = pytest.mark.xdist_group("chromium")


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    with started(tmp_path_factory.mktemp("profile")) as browser:
        yield browser


def show(browser: Browser, document: dict[str, Any], folder: Path) -> Path:
    path = folder / "report.html"
    path.write_bytes(render(document, "html"))
    browser.console()
    browser.requests()
    browser.open(path)
    return path


@pytest.mark.parametrize("document", [hostile_document(), hostile_document(None), clean_document()])
def test_it_is_shown_without_an_error_and_without_a_request(
    browser: Browser, tmp_path: Path, document: dict[str, Any]
) -> None:
    path = show(browser, document, tmp_path)
    assert browser.console() == []
    assert browser.requests() == [path.as_uri()]
    assert browser.run("return document.scripts.length") == 0


def test_the_console_and_the_requests_would_show(browser: Browser, tmp_path: Path) -> None:
    path = tmp_path / "bad.html"
    path.write_text("<link rel=stylesheet href=other.css><script>console.error('heard')</script>", encoding="utf-8")
    browser.console()
    browser.requests()
    browser.open(path)
    assert any("heard" in line for line in browser.console())
    assert (tmp_path / "other.css").as_uri() in browser.requests()


def test_the_figures_on_the_page_are_those_of_the_json_report(browser: Browser, tmp_path: Path) -> None:
    document = hostile_document()
    show(browser, document, tmp_path)
    texts = browser.run(
        "return Object.fromEntries([...document.querySelectorAll('[id]')].map(one => [one.id, one.textContent.trim()]))"
    )
    report = document["report"]
    assert texts["drifted"] == str(report["drifted"])
    assert texts["unknown"] == str(document["unknown"])
    assert texts["coverage"] == f"{report['coveragePercent']:.1f} %"
    assert texts["balance"] == document["balance"]["line"]
    assert texts["from-policy"] == report["policy"]
    assert texts["from-seal"] == document["seal"]["digest"]
    rows = browser.run(
        "return [...document.querySelectorAll('[data-of=accounts]')]"
        ".map(one => [one.cells[1].textContent, Number(one.cells[2].textContent)])"
    )
    assert dict(rows) == report["counts"]
    bars = browser.run(
        "return [...document.querySelectorAll('[aria-labelledby^=histogram] .value')]"
        ".map(one => Number(one.textContent))"
    )
    assert bars == [bar["count"] for bar in document["revocations"]["histogram"]]


def test_the_style_sheet_is_allowed_by_its_digest(browser: Browser, tmp_path: Path) -> None:
    show(browser, clean_document(), tmp_path)
    assert browser.run("return getComputedStyle(document.querySelector('.figures')).display") == "grid"


def test_what_a_screen_reader_is_told_has_names(browser: Browser, tmp_path: Path) -> None:
    show(browser, hostile_document(), tmp_path)
    nodes = browser.tell("Accessibility.getFullAXTree")["nodes"]
    named: dict[str, list[str]] = {}
    for node in nodes:
        if not node["ignored"]:
            named.setdefault(node["role"]["value"], []).append(node.get("name", {}).get("value", ""))
    assert len(named["image"]) == 3
    assert all(named["image"])
    assert len(named["table"]) >= 6
    assert all(named["table"]), "a table is named by its caption"
    assert named["heading"][:2] == ["crm: accounts beside Okta's assignments", "Summary"]
    assert {"main", "banner", "contentinfo"} <= named.keys()


def test_no_column_is_cut_off_on_a_small_screen_and_in_print(browser: Browser, tmp_path: Path) -> None:
    show(browser, clean_document(), tmp_path)
    for width in (1100, 420):
        browser.tell(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=width < 500
        )
        assert browser.run("return document.documentElement.scrollWidth <= window.innerWidth"), width
    browser.tell("Emulation.clearDeviceMetricsOverride")
    printed = base64.b64decode(browser.tell("Page.printToPDF", printBackground=True)["data"])
    assert printed.startswith(b"%PDF-")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_text_stands_out_from_its_ground_as_wcag_wants(browser: Browser, tmp_path: Path, scheme: str) -> None:
    show(browser, hostile_document(), tmp_path)
    browser.tell("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": scheme}])
    worst = browser.run(CONTRAST)
    browser.tell("Emulation.setEmulatedMedia", features=[])
    assert worst[0] >= 4.5, worst


CONTRAST = """
const light = text => {
  const parts = text.match(/[0-9.]+/g).slice(0, 3).map(one => one / 255);
  const [r, g, b] = parts.map(one => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ground = element => {
  for (let one = element; one; one = one.parentElement) {
    const colour = getComputedStyle(one).backgroundColor;
    if (!/, 0\\)$/.test(colour) && colour !== 'transparent') return colour;
  }
  return 'rgb(255, 255, 255)';
};
let worst = [99, ''];
for (const element of document.querySelectorAll('main *, header *, footer *')) {
  const own = [...element.childNodes].some(node => node.nodeType === 3 && node.textContent.trim());
  if (!own || ['title', 'desc'].includes(element.tagName)) continue;
  const style = getComputedStyle(element);
  const front = light(element.namespaceURI.endsWith('svg') ? style.fill : style.color), back = light(ground(element));
  const ratio = (Math.max(front, back) + 0.05) / (Math.min(front, back) + 0.05);
  if (ratio < worst[0]) worst = [ratio, element.outerHTML];
}
return worst;
"""
